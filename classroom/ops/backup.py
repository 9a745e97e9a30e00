"""`classroom backup`: everything of a class that can't be made again, while the class works.

Why the copy fits together, though nothing is stopped:

1. For a moment both locks are held: that of the gradebook's one writer and the write lock of the class's database. In
   it a snapshot of each is opened. So what was recorded or marked is in both or in neither. Then everybody goes on.
2. The store is copied after the database. A blob is on disk before a row refers to it, and none that is referred to is
   ever removed: each receipt in the copy has its files there, which is checked at the end.
3. The working folders (submitted/, autograded/, ...) are replaced whole, one of a student at a time, and come from
   what is already copied: what is newer than the databases does no harm, what is older is brought up by the next
   collecting and grading.
4. The people's homes are copied as they lie. A file that is being written may be half new in the copy.

It's written beside its place and gets its name when it's complete.
"""

import datetime as dt
import shutil
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from classroom.assignments import load_course
from classroom.config import Settings
from classroom.db.engine import Database, parse_url
from classroom.db.snapshot import Snapshot, take_snapshot
from classroom.db.tables import Base
from classroom.errors import GraderError, NotFound, SettingsError
from classroom.exchange.rows import all_trees
from classroom.exchange.store import Store
from classroom.ops.files import private_folder
from classroom.ops.manifest import Item, Manifest, copy_tree, digest_of, write_manifest
from classroom.writer import only_writer

CLASSROOM, GRADEBOOK, HUB = "classroom", "gradebook", "hub"
STEPS = ("release", "submitted", "autograded", "feedback")
STATE, PEOPLE = "state", "people"
# Databases are copied by themselves; the rest of these is made anew by whoever needs it.
_MADE_ANEW = ("logs", "metrics", "store/incoming", "instance.json", "recorder.lock", ".lock", "proxy.pid")
_DATABASE_FILES = ("", "-wal", "-shm", "-journal", ".migrating", ".opening")
_TRIES = 10


@dataclass(frozen=True)
class Place:
    """A folder that is backed up as a whole, under its name in the backup. leave_out: paths in it."""

    name: str
    folder: Path
    leave_out: tuple[str, ...] = ()


def databases_of(settings: Settings) -> dict[str, str]:
    """The address of each database that a class has."""
    return {
        CLASSROOM: settings.service_db_url,
        GRADEBOOK: settings.gradebook_url,
        HUB: settings.hub_database_url or f"sqlite:///{settings.state / 'jupyterhub.sqlite'}",
    }


def places_of(settings: Settings) -> list[Place]:
    """The folders that a class has: the state folder, and where they stand elsewhere those of nbgrader's steps."""
    files = ["classroom.db", "gradebook.db", "jupyterhub.sqlite"]
    left_out = [f"{name}{ending}" for name in files for ending in _DATABASE_FILES]
    places = [Place(STATE, settings.state, (*_MADE_ANEW, *left_out))]
    if settings.people != settings.state:
        places.append(Place(PEOPLE, settings.people))
    if settings.default_state:
        places += [Place(step, settings.course_dir(step), ("README.md", ".gitignore")) for step in STEPS]
    return places


def file_of(name: str, kind: str) -> str:
    """The name in a backup of the copy of a database of this kind."""
    return f"{name}.db" if kind == "sqlite" else f"{name}.dump"


def make_backup(settings: Settings, target: Path, now: dt.datetime) -> Manifest:
    """A new folder `target` with the whole class; raises SettingsError, DatabaseAway, and GraderError for a damaged
    store."""
    if target.exists():
        raise SettingsError(f"{target} is there already; give the backup a name of its own")
    if any(target.resolve().is_relative_to(place.folder.resolve()) for place in places_of(settings)):
        raise SettingsError(f"{target} lies within what is backed up; choose a place outside, best on another disk")
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = target.with_name(f".{target.name}.part")
    shutil.rmtree(beside, ignore_errors=True)
    private_folder(beside)
    try:
        made = _write(settings, beside, now)
        beside.rename(target)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return made


def _write(settings: Settings, folder: Path, now: dt.datetime) -> Manifest:
    files: dict[str, Item] = {}
    with _moment(settings) as snapshots:
        kinds = {name: snapshot.url.get_backend_name() for name, snapshot in snapshots.items()}
        for name, snapshot in snapshots.items():
            copy = folder / file_of(name, kinds[name])
            snapshot.write(copy)
            files[copy.name] = digest_of(copy)
        for place in places_of(settings):
            if place.folder.is_dir():
                copied = _copy_place(place, folder)
                files |= {f"{place.name}/{path}": item for path, item in copied.items()}
        _check_blobs(files)
        with Session(snapshots[CLASSROOM].connection) as session:
            counts = count_rows(session)
            check_store(session, Store(folder / STATE / "store"))
    course = load_course(settings.course_root, starts=settings.starts)
    made = Manifest(course.id, now.isoformat(), version("classroom"), kinds, counts, files)
    write_manifest(folder, made)
    return made


@contextmanager
def _moment(settings: Settings) -> Iterator[dict[str, Snapshot]]:
    """A snapshot of every database; those of the class and its gradebook are of one moment."""
    urls = databases_of(settings)
    database = Database(settings.service_db_url)
    with ExitStack() as open_ones:
        open_ones.callback(database.dispose)
        snapshots = {}
        with only_writer(settings.state), database.session() as session:
            session.execute(text("SELECT count(*) FROM event"))
            for name in (CLASSROOM, GRADEBOOK):
                if name == CLASSROOM or _is_there(urls[name]):
                    snapshots[name] = open_ones.enter_context(take_snapshot(urls[name]))
        if _is_there(urls[HUB]):
            snapshots[HUB] = open_ones.enter_context(take_snapshot(urls[HUB]))
        yield snapshots


def _is_there(url: str) -> bool:
    """False for a SQLite file that nobody has made yet."""
    parsed = parse_url(url)
    return parsed.get_backend_name() != "sqlite" or Path(parsed.database or "").is_file()


def _copy_place(place: Place, folder: Path) -> dict[str, Item]:
    """Its files; each folder of a student's once more when it was replaced in the same moment."""
    units = [
        one.relative_to(place.folder).as_posix()
        for step in ([""] if place.name in STEPS else STEPS)
        if (place.folder / step).is_dir()
        for one in sorted((place.folder / step).iterdir())
        if one.is_dir() and not one.is_symlink() and not one.name.startswith(".")
    ]
    target = folder / place.name
    files, _ = copy_tree(place.folder, target, leave_out={*place.leave_out, *units})
    for unit in units:
        for _ in range(_TRIES):
            copied, has_vanished = copy_tree(place.folder / unit, target / unit)
            if not has_vanished:
                break
            shutil.rmtree(target / unit)
        else:
            raise GraderError(f"{place.folder / unit} changes all the time; back up again in a moment")
        files |= {f"{unit}/{path}": replace(item) for path, item in copied.items()}
    return files


def _check_blobs(files: Mapping[str, Item]) -> None:
    """Raises GraderError when a blob isn't what its name says: then the disk lost a bit, and only here is it seen."""
    start = f"{STATE}/store/sha256/"
    for path, item in files.items():
        if path.startswith(start) and path.removeprefix(start).replace("/", "") != item.sha256:
            raise GraderError(f"the store's {path.removeprefix(start)} is damaged; restore it from an older backup")


def count_rows(session: Session) -> dict[str, int]:
    """How many rows each table of the class has."""
    tables = Base.metadata.sorted_tables
    return {table.name: session.scalar(select(func.count()).select_from(table)) or 0 for table in tables}


def check_store(session: Session, store: Store) -> None:
    """Raises GraderError unless the store has, undamaged, every file that a row refers to."""
    try:
        for tree in all_trees(session):
            for blob in store.tree(tree).values():
                store.size_bytes(blob)
    except NotFound as error:
        raise GraderError(f"the backup would lack a file that a receipt or a release names: {error}") from error
