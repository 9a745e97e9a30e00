"""Importing a roster with the command, and what it does to hub, gradebook and pages."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbgrader.api as nb
import pytest
from sqlalchemy import func, select
from typer.testing import CliRunner

from classroom.cli import app
from classroom.db.tables import Event, RosterRow
from classroom.errors import Refused
from classroom.ledger import Kind
from classroom.ops.accounts import Account, load_groups
from classroom.ops.hub import AccountsAuthenticator
from classroom.roster import section_of
from tests.pages_class import COURSE, GRADED, TASK, PagesClass, open_class, pages_class, url

TABLE = """name,id,section,role
Ada Lovelace,ada,A,student
Bob Noyce,bob,B,student
Nia Newcomer,nia,A,student
Gil Amelio,gil,A,grader
Ivy Teacher,ivy,,instructor
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("class") / "made"
    with pages_class(folder):
        pass
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The class of the environment, as the command finds it."""
    folder = shutil.copytree(made, tmp_path / "class")
    monkeypatch.setenv("CLASSROOM_COURSE", str(folder / "course"))
    monkeypatch.setenv("CLASSROOM_STATE", str(folder / "state"))
    return folder


@pytest.fixture
def room(folder: Path) -> Iterator[PagesClass]:
    with open_class(folder) as opened:
        yield opened


def run_import(folder: Path, table: str, *options: str) -> str:
    path = folder / "students.csv"
    path.write_text(table, encoding="utf-8")
    done = CliRunner().invoke(app, ["roster", "import", str(path), *options], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def rows(room: PagesClass, table: type[Any]) -> int:
    with room.transfers.database.reading() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def text(room: PagesClass, who: str, path: str) -> str:
    with room.browser(who) as browser:
        return browser.get(url(path)).text


def test_an_import_fills_roster_gradebook_and_groups(folder: Path, room: PagesClass) -> None:
    said = run_import(folder, TABLE)

    assert "5 people: 5 new, 0 changed, 0 left, 0 as before" in said
    with nb.Gradebook(room.settings.gradebook_url, COURSE) as book:
        nia = book.find_student("nia")
        assert (nia.first_name, nia.last_name) == ("Nia", "Newcomer")
        assert "ivy" not in {student.id for student in book.students}
    assert load_groups(room.settings.state / "groups.json")["gil"] == [f"{COURSE}-graders", f"{COURSE}-section-A"]


def test_a_dry_run_says_the_same_and_writes_nothing(folder: Path, room: PagesClass) -> None:
    before = rows(room, Event)

    said = run_import(folder, TABLE, "--dry-run")

    assert said == run_import(folder, TABLE)
    assert (rows(room, RosterRow), rows(room, Event)) == (5, before + 1)


def test_a_second_import_of_the_same_table_adds_no_row_and_no_event(folder: Path, room: PagesClass) -> None:
    run_import(folder, TABLE)
    before = rows(room, RosterRow), rows(room, Event)

    said = run_import(folder, TABLE)

    assert "0 new, 0 changed, 0 left, 5 as before" in said
    assert (rows(room, RosterRow), rows(room, Event)) == before


def test_a_table_with_a_fault_imports_nobody(folder: Path, room: PagesClass) -> None:
    with pytest.raises(Refused, match="line 3: the role 'boss'"):
        run_import(folder, TABLE.replace("bob,B,student", "bob,B,boss"))

    assert rows(room, RosterRow) == 0
    assert not (room.settings.state / "groups.json").exists()


def test_who_left_is_marked_loses_the_groups_and_keeps_the_work(folder: Path, room: PagesClass) -> None:
    run_import(folder, TABLE)
    run_import(folder, TABLE.replace("Bob Noyce,bob,B,student\n", ""))

    assert load_groups(room.settings.state / "groups.json")["bob"] == []
    assert "has left" in text(room, "ivy", "roster")
    assert "Bob Noyce, section B, has left" in text(room, "ivy", f"assignments/{GRADED}/submissions/bob")
    with room.transfers.database.reading() as session:
        imports = session.scalars(select(Event).where(Event.kind == Kind.roster).order_by(Event.id)).all()
    assert [event.data["left"] for event in imports] == [0, 1]


def test_the_roster_s_students_come_first_also_without_a_submission(folder: Path, room: PagesClass) -> None:
    run_import(folder, TABLE)

    page = text(room, "ivy", f"assignments/{GRADED}/submissions")

    order = [page.index(f">{student}</a>") for student in ("ada", "bob", "nia", "cem", "dora", "zoe-canary")]
    assert order == sorted(order)
    assert "Nia Newcomer" in text(room, "ivy", f"assignments/{GRADED}/submissions?q=newcomer")


def test_only_instructors_read_the_roster(room: PagesClass) -> None:
    with room.browser("gil") as gil, room.browser("ada") as ada:
        assert (gil.get(url("roster")).status_code, ada.get(url("roster")).status_code) == (403, 403)


@pytest.mark.parametrize(
    ("who", "seen"),
    [("gil", {"ada", "nia"}), ("ivy", None), ("gus", set())],
    ids=["grader", "instructor", "not in the roster"],
)
def test_with_sections_a_grader_sees_the_own_section_s_students_alone(
    folder: Path, who: str, seen: set[str] | None
) -> None:
    declared = folder / "course" / "course.yaml"
    declared.write_text(declared.read_text().replace("starts:", "graders_see: section\nstarts:"))
    run_import(folder, TABLE)

    with open_class(folder) as room, room.transfers.database.reading() as session:
        section = section_of(session, room.course, who)
        queue = text(room, who, "grading")

    assert (section.students if section else None) == seen
    assert (f"/grading/{TASK}/" in queue) == (seen != set())


def test_the_hub_takes_groups_from_the_roster_and_else_from_the_account(folder: Path) -> None:
    run_import(folder, TABLE)
    hub = AccountsAuthenticator(course=COURSE, groups=str(folder / "state" / "groups.json"))

    listed, other = (hub._model(Account(name, "students", "", ""))["groups"] for name in ("gil", "guest"))

    assert listed == [f"{COURSE}-graders", f"{COURSE}-section-A"]
    assert other == [f"{COURSE}-students"]
