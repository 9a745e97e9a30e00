"""A term ends: the class is in an archive that nobody changes, and the course begins anew."""

import datetime as dt
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from classroom.errors import SettingsError
from classroom.ops.accounts import load_accounts, make_account, write_accounts
from classroom.ops.files import private_folder
from classroom.ops.restore import restore
from classroom.ops.terms import archive_class
from tests.small_class import COURSE, RELEASE, RELEASED, classroom, tar

STARTS, NOW = dt.date(2027, 3, 1), dt.datetime(2027, 2, 1, tzinfo=dt.UTC)


def test_the_next_term_begins_empty_and_the_last_one_can_be_looked_at(
    tmp_path: Path, new_database_url: Callable[[], str]
) -> None:
    with classroom(tmp_path / "class", database_url=new_database_url()) as room:
        room.release()
        with room.client("ada") as ada:
            receipt = ada.submit(COURSE, RELEASED, tar(RELEASE)).receipt
    state = private_folder(room.settings.state)
    accounts = [make_account("ivy", "instructors", "a"), make_account("ada", "students", "b")]
    write_accounts(state / "accounts.json", accounts)
    (state / "homes" / "ada").mkdir(parents=True)
    key = (state / "secrets" / "receipts.pem").read_bytes()

    archive_class(room.settings, tmp_path / "archive", STARTS, NOW)

    assert list(load_accounts(state / "accounts.json")) == ["ivy"]
    assert json.loads((state / "settings.json").read_text())["CLASSROOM_STARTS"] == "2027-03-01"
    assert (state / "secrets" / "receipts.pem").read_bytes() == key
    assert {path.name for path in state.iterdir()} <= {"secrets", "settings.json", "accounts.json", "classroom.db"}
    assert not [path for path in (tmp_path / "archive").rglob("*") if path.stat().st_mode & 0o222]
    again = replace(room.settings, state=tmp_path / "again", database_url=new_database_url())
    restore(again, tmp_path / "archive")
    blobs = {path.name for path in (again.store / "sha256").glob("??/*")}
    assert str(receipt["sha256"])[2:] in blobs
    with classroom(tmp_path / "next", database_url=room.settings.database_url) as room, room.client("ada") as ada:
        assert not ada.own_attempts(COURSE).attempts


def test_a_class_stays_as_it_is_when_its_archive_can_not_be_written(tmp_path: Path) -> None:
    with classroom(tmp_path / "class") as room:
        room.release()
        before = room.blobs()

    with pytest.raises(SettingsError, match="lies within"):
        archive_class(room.settings, room.settings.state / "archive", STARTS, NOW)

    assert room.blobs() == before
