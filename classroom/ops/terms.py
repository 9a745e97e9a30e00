"""`classroom new-term`: the class goes into an archive that nobody changes, and the course begins anew."""

import datetime as dt
import json
import os
import shutil
from contextlib import closing
from pathlib import Path

from sqlalchemy import text

from classroom.config import SAVED_SETTINGS, Settings
from classroom.db.engine import make_engine, parse_url
from classroom.db.tables import Base
from classroom.errors import Conflict
from classroom.ops import processes
from classroom.ops.accounts import load_accounts, write_accounts
from classroom.ops.backup import CLASSROOM, PEOPLE, STATE, databases_of, make_backup, places_of
from classroom.ops.files import write_private
from classroom.ops.instance import load_instance
from classroom.ops.manifest import Manifest
from classroom.ops.restore import check_backup

# The next class goes on with these: its keys, so that receipts of every term are checked with one, and its settings.
_STAYS = {"secrets", SAVED_SETTINGS, "accounts.json"}


def archive_class(settings: Settings, archive: Path, starts: dt.date, now: dt.datetime) -> Manifest:
    """Writes the archive, compares it with its digests, closes it to changes, and only then empties the class.

    The term begins at `starts`. Graders' and instructors' accounts stay, students' go. Raises Conflict while the class
    runs, and what a backup raises.
    """
    running = load_instance(settings.state)
    if running is not None and processes.is_running(running):
        raise Conflict("the class is running; stop it first: make down")
    made = make_backup(settings, archive, now)
    check_backup(archive)
    _close(archive)
    _empty(settings)
    _begin(settings, starts)
    return made


def _close(folder: Path) -> None:
    for where, _, names in os.walk(folder):
        for name in names:
            path = Path(where, name)
            if not path.is_symlink():
                path.chmod(0o400)
        Path(where).chmod(0o500)


def _empty(settings: Settings) -> None:
    _drop_tables(databases_of(settings)[CLASSROOM])
    for place in places_of(settings):
        kept = _STAYS if place.name in (STATE, PEOPLE) else set(place.leave_out)
        for path in place.folder.iterdir() if place.folder.is_dir() else ():
            if path.name in kept:
                continue
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()


def _drop_tables(url: str) -> None:
    parsed = parse_url(url)
    if parsed.get_backend_name() == "sqlite":
        for ending in ("", "-wal", "-shm"):
            Path(f"{parsed.database}{ending}").unlink(missing_ok=True)
        return
    engine = make_engine(url)
    with closing(engine.connect()) as connection, connection.begin():
        Base.metadata.drop_all(connection)
        connection.execute(text("DROP TABLE IF EXISTS alembic_version"))
        connection.execute(text("DROP FUNCTION IF EXISTS classroom_append_only()"))
    engine.dispose()


def _begin(settings: Settings, starts: dt.date) -> None:
    path = settings.state / SAVED_SETTINGS
    saved = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    write_private(path, json.dumps({**saved, "CLASSROOM_STARTS": starts.isoformat()}, indent=1))
    (settings.secrets / "demo_accounts.json").unlink(missing_ok=True)
    accounts = settings.people / "accounts.json"
    if accounts.is_file():
        write_accounts(accounts, [one for one in load_accounts(accounts).values() if one.role != "students"])
