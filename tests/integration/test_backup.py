"""A backup is whole or none, and comes back only where nothing is lost by it."""

import datetime as dt
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from classroom.config import Settings
from classroom.db.engine import Database
from classroom.db.snapshot import Snapshot
from classroom.db.tables import Attempt, Event
from classroom.errors import GraderError, SettingsError
from classroom.exchange.store import Store
from classroom.ids import Digest
from classroom.ops import backup as backing_up
from classroom.ops.backup import make_backup
from classroom.ops.manifest import HALF, NAME, Manifest, read_manifest
from classroom.ops.restore import check_backup, restore
from tests.postgres import Postgres
from tests.small_class import COURSE, RELEASE, RELEASED, Classroom, classroom, notebook, tar

NOON = dt.datetime(2026, 11, 10, 12, tzinfo=dt.UTC)


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Classroom]:
    with classroom(tmp_path / "class") as opened:
        opened.release()
        with opened.client("ada") as ada:
            ada.submit(COURSE, RELEASED, tar(RELEASE))
        yield opened


@pytest.fixture
def backup(room: Classroom, tmp_path: Path) -> Path:
    make_backup(room.settings, tmp_path / "backup", NOON)
    return tmp_path / "backup"


def elsewhere(room: Classroom, tmp_path: Path) -> Settings:
    return replace(room.settings, state=tmp_path / "again")


def test_homes_and_keys_come_back_with_their_modes_and_links_as_links(room: Classroom, tmp_path: Path) -> None:
    home = room.settings.state / "homes" / "ada"
    home.mkdir(parents=True)
    (home / "tool.sh").write_text("#!/bin/sh\n")
    (home / "tool.sh").chmod(0o750)
    (home / "away").symlink_to(room.settings.secrets)
    (home / "gone").symlink_to("nowhere")
    make_backup(room.settings, tmp_path / "backup", NOON)

    restore(elsewhere(room, tmp_path), tmp_path / "backup")

    again = tmp_path / "again"
    assert (again / "homes/ada/tool.sh").stat().st_mode & 0o777 == 0o750
    assert (again / "homes/ada/away").readlink() == room.settings.secrets
    assert (again / "homes/ada/gone").readlink() == Path("nowhere")
    assert (again / "secrets/receipts.pem").read_bytes() == (room.settings.secrets / "receipts.pem").read_bytes()
    assert (again / "secrets/receipts.pem").stat().st_mode & 0o777 == 0o600
    assert not (again / HALF).exists()


@pytest.mark.parametrize("moment", ["before it", "with the databases", "with the files"])
def test_what_is_acknowledged_during_a_backup_is_wholly_in_it_or_wholly_not(
    tmp_path: Path, new_database_url: Callable[[], str], monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    """A submission comes in the middle of it. Restored, the class has one or two, rows, ledger and files alike."""
    second = {"ps1.ipynb": notebook("# a second answer"), "more.csv": b"1,2\n" * 1000}
    with classroom(tmp_path / "class", database_url=new_database_url()) as room:
        room.release()

        def submit(files: Mapping[str, bytes]) -> None:
            with room.client("ada") as ada:
                ada.submit(COURSE, RELEASED, tar(files))

        def first(then: Callable[..., Any], *given: Any) -> Any:
            submit(second)
            return then(*given)

        submit(RELEASE)
        if moment == "before it":
            submit(second)
        elif moment == "with the databases":
            write = Snapshot.write
            monkeypatch.setattr(Snapshot, "write", lambda *given: first(write, *given))
        else:
            monkeypatch.setattr(backing_up, "_copy_place", partial(first, backing_up._copy_place))
        make_backup(room.settings, tmp_path / "backup", NOON)
        assert submissions(room.settings) == {1: RELEASE, 2: second}
    again = replace(elsewhere(room, tmp_path), database_url=new_database_url())

    restore(again, tmp_path / "backup")

    assert submissions(again) == {1: RELEASE, **({2: second} if moment == "before it" else {})}


def submissions(settings: Settings) -> dict[int, dict[str, bytes]]:
    """The files of each submission by number, as the rows, the ledger and the store agree on them."""
    database, store = Database(settings.service_db_url), Store(settings.store)
    with database.reading() as session:
        rows = session.scalars(select(Attempt).order_by(Attempt.number)).all()
        told = [event.data for event in session.scalars(select(Event).where(Event.kind == "submit").order_by(Event.id))]
    database.dispose()
    assert [(row.number, row.tree) for row in rows] == [(event["attempt"], event["tree"]) for event in told]
    return {
        row.number: {str(path): store.read_bytes(blob) for path, blob in store.tree(Digest(row.tree)).items()}
        for row in rows
    }


def flip(backup: Path) -> None:
    blob = next((backup / "state/store/sha256").glob("??/*"))
    blob.chmod(0o600)
    blob.write_bytes(blob.read_bytes()[:-1] + b"?")


DAMAGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "another content": (flip, "has other content"),
    "a lost file": (lambda backup: (backup / "classroom.db").unlink(), "classroom.db is missing"),
    "a file more": (lambda backup: (backup / "state/more").touch(), "state/more isn't in the list"),
    "no manifest": (lambda backup: (backup / NAME).unlink(), "no complete backup"),
    "another format": (
        lambda backup: (backup / NAME).write_text((backup / NAME).read_text().replace('"format": 1', '"format": 2')),
        "another format",
    ),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_backup_restores_nothing(room: Classroom, backup: Path, tmp_path: Path, damage: str) -> None:
    spoil, told = DAMAGES[damage]
    spoil(backup)

    with pytest.raises(SettingsError, match=told):
        restore(elsewhere(room, tmp_path), backup)

    assert not (tmp_path / "again").exists()


def test_nothing_is_restored_over_a_class(room: Classroom, backup: Path) -> None:
    with pytest.raises(SettingsError, match="isn't empty"):
        restore(room.settings, backup)


@pytest.mark.needs("postgres")
def test_nothing_is_restored_over_tables(room: Classroom, backup: Path, tmp_path: Path, postgres: Postgres) -> None:
    url = postgres.new_database()
    with classroom(tmp_path / "other", database_url=url):
        pass

    with pytest.raises(SettingsError, match="has tables"):
        restore(replace(elsewhere(room, tmp_path), database_url=url), backup)
    with pytest.raises(SettingsError, match="CLASSROOM_DATABASE_URL"):
        restore(replace(elsewhere(room, tmp_path), database_url=postgres.new_database()), backup)


@pytest.mark.parametrize(
    ("place", "told"), [("state/backup", "lies within"), ("taken", "is there already")], ids=["within", "taken"]
)
def test_a_backup_needs_a_new_place_outside_the_class(room: Classroom, tmp_path: Path, place: str, told: str) -> None:
    (tmp_path / "class" / "taken").mkdir()

    with pytest.raises(SettingsError, match=told):
        make_backup(room.settings, tmp_path / "class" / place, NOON)


def test_a_backup_that_lacks_a_file_of_a_receipt_is_none(room: Classroom, tmp_path: Path) -> None:
    shutil.rmtree(room.settings.store / "sha256")

    with pytest.raises(GraderError, match="would lack a file"):
        make_backup(room.settings, tmp_path / "backup", NOON)

    assert [path.name for path in tmp_path.iterdir()] == ["class"]


def test_a_damaged_store_is_no_backup(room: Classroom, tmp_path: Path) -> None:
    blob = next((room.settings.store / "sha256").glob("??/*"))
    blob.chmod(0o600)
    blob.write_bytes(blob.read_bytes() + b"?")

    with pytest.raises(GraderError, match="is damaged"):
        make_backup(room.settings, tmp_path / "backup", NOON)


def test_a_check_says_what_a_backup_holds(room: Classroom, backup: Path) -> None:
    held: Manifest = check_backup(backup)

    assert held == read_manifest(backup)
    assert (held.course, held.counts["attempt"], held.databases) == (COURSE, 1, {"classroom": "sqlite"})
