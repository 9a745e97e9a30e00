"""`classroom restore`: a class from its backup, into an empty place, checked before and after."""

import itertools
from collections.abc import Iterable, Iterator
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from classroom.config import Settings
from classroom.db.engine import Database, parse_url
from classroom.db.snapshot import is_empty, read_in
from classroom.db.tables import Attempt
from classroom.errors import GraderError, SettingsError
from classroom.exchange.receipts import ReceiptKey, is_genuine
from classroom.exchange.store import Store
from classroom.ops import processes
from classroom.ops.backup import CLASSROOM, HUB, STEPS, Place, check_store, count_rows, databases_of, file_of, places_of
from classroom.ops.files import private_folder
from classroom.ops.instance import load_instance
from classroom.ops.manifest import HALF, Item, Manifest, complaints, put_back, read_manifest

_SHOWN = 5
_KEPT_IN_CHECKOUT = {"README.md", ".gitignore"}


def check_backup(folder: Path) -> Manifest:
    """What a backup holds, once every file of it was compared with its digest; raises SettingsError."""
    manifest = read_manifest(folder)
    _insist(complaints(folder, manifest.files), f"{folder} is damaged", "restore another backup")
    return manifest


def restore(settings: Settings, folder: Path) -> Manifest:
    """Fill the class's empty places from the backup; raises SettingsError, and GraderError when it didn't come out.

    Nothing is written before the whole backup was compared with its digests, and all places were found empty.
    """
    _insist(_hindrances(settings), "nothing is restored over a class", "stop it and move its folders away")
    manifest = check_backup(folder)
    databases = {name: url for name, url in databases_of(settings).items() if name in manifest.databases}
    for name, url in databases.items():
        kind = parse_url(url).get_backend_name()
        if kind != manifest.databases[name]:
            raise SettingsError(
                f"the backup's {name} database is of {manifest.databases[name]}, the settings say {kind}; "
                f"set CLASSROOM{'_HUB' if name == HUB else ''}_DATABASE_URL as it was"
            )
    private_folder(settings.state)
    half = settings.state / HALF
    half.touch()
    for name, url in databases.items():
        read_in(folder / file_of(name, manifest.databases[name]), url)
    for place in places_of(settings):
        files = _files_of(manifest, place)
        put_back(folder / place.name, files, place.folder)
        _insist(complaints(place.folder, files, only_listed=False), "it came out wrong", "look at the disk, try again")
    _check_class(settings, manifest)
    half.unlink()
    return manifest


def _hindrances(settings: Settings) -> Iterator[str]:
    """What would be lost."""
    running = load_instance(settings.state)
    if running is not None and processes.is_running(running):
        yield f"the class in {settings.state} is running"
    for place in places_of(settings):
        kept = _KEPT_IN_CHECKOUT if place.name in STEPS else set()
        if place.folder.exists() and any(one.name not in kept for one in place.folder.iterdir()):
            yield f"{place.folder} isn't empty"
    for name, url in databases_of(settings).items():
        if parse_url(url).get_backend_name() != "sqlite" and not is_empty(url):
            yield f"the {name} database {parse_url(url).render_as_string()} has tables"


def _files_of(manifest: Manifest, place: Place) -> dict[str, Item]:
    start = f"{place.name}/"
    return {path.removeprefix(start): item for path, item in manifest.files.items() if path.startswith(start)}


def _check_class(settings: Settings, manifest: Manifest) -> None:
    """Raises GraderError unless every row came back, and every receipt is genuine and has its files."""
    database = Database(databases_of(settings)[CLASSROOM])
    try:
        with database.reading() as session:
            found = count_rows(session)
            check_store(session, Store(settings.store))
            forged = _forged(session, settings)
    finally:
        database.dispose()
    if {name: found.get(name) for name in manifest.counts} != dict(manifest.counts):
        raise GraderError(f"the restored database has {found}, the backup had {dict(manifest.counts)}")
    if forged:
        raise GraderError(f"receipts that the restored key didn't sign: {', '.join(forged[:_SHOWN])}")


def _forged(session: Session, settings: Settings) -> list[str]:
    rows = session.scalars(select(Attempt)).all()
    if not rows:
        return []
    public = ReceiptKey.load(settings.secrets).public_pem
    return [
        f"{row.student}/{row.assignment}/{row.number}"
        for row in rows
        if row.receipt and not is_genuine(row.receipt, public)
    ]


def _insist(faults: Iterable[str], what: str, remedy: str) -> None:
    """Raises SettingsError with the first faults, if there are any."""
    found = list(itertools.islice(faults, _SHOWN + 1))
    if found:
        more = " and more" if len(found) > _SHOWN else ""
        raise SettingsError(f"{what}: {'; '.join(found[:_SHOWN])}{more}; {remedy}")
