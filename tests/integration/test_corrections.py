"""Corrections: one student's word and the word for all, in the gradebook at once and after every result."""

import csv
import datetime as dt
import shutil
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from classroom.cli import main
from classroom.corrections import Corrector, Kind, find_cell, in_force, load_corrections
from classroom.db.tables import Correction
from classroom.errors import NotFound, Refused
from classroom.feedback import make_feedback
from classroom.grading.pool import open_pool
from classroom.grading.runner import Workshop, work_off
from classroom.ids import GradeId, NotebookId, StudentId
from classroom.ops.autograding import queue_run
from classroom.ops.steps import Class, open_class
from classroom.scores import AutoCell
from tests.tiny_course import PARTLY, PS1, RIGHT, environment, filled, hand_in, make_course, run

NB, GREET, DOUBLE = NotebookId("ps1"), GradeId("greet_by_name"), GradeId("double_numbers")
ADA, BOB = StudentId("ada"), StudentId("bob")
NOON = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)
TWO_DAYS_LATE = "2026-11-15 12:00:00.0"  # two tenths are taken


@dataclass
class Desk:
    """The class, and its instructor."""

    here: Class
    ivy: Corrector

    def cell(self, name: str = GREET) -> AutoCell:
        return find_cell(self.here.gradebook, PS1, name)

    def scores(self) -> dict[str, float]:
        return {row.student: row.raw_score for row in self.here.gradebook.scores(PS1)}

    def record_again(self) -> None:
        """A new run. What didn't change isn't graded again, but its result is recorded."""
        run_id = queue_run(self.here, PS1, None)
        with open_pool(self.here.settings) as pool:
            shop = Workshop(self.here.settings, self.here.course, self.here.database, self.here.gradebook, pool)
            assert work_off(shop, run_id=run_id) > 0


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """ada has all 6 points; bob, late, has 1 of 2 for double and 0 of 1 for greet."""
    folder = tmp_path_factory.mktemp("class")
    settings = make_course(folder)
    run(settings, "classroom", "generate", "ps1")
    released = settings.course_dir("release") / "ps1" / "ps1.ipynb"
    hand_in(settings, ADA, {"ps1.ipynb": filled(RIGHT, released)})
    hand_in(settings, BOB, {"ps1.ipynb": filled(PARTLY, released)}, at=TWO_DAYS_LATE)
    run(settings, "classroom", "autograde", "ps1")
    return folder


@pytest.fixture
def desk(graded: Path, tmp_path: Path) -> Iterator[Desk]:
    settings = make_course(tmp_path)
    shutil.copytree(graded / "state", settings.state)
    with open_class(settings) as here:
        yield Desk(here, Corrector(settings, here.course, here.database, here.gradebook, "ivy", lambda: NOON))


def test_an_override_counts_at_once_and_after_a_regrade(desk: Desk) -> None:
    desk.ivy.override(desk.cell(), BOB, 0.5, "The greeting was right but for the comma.")
    at_once = desk.scores()

    desk.record_again()

    assert at_once == {"ada": 6.0, "bob": 4.5}
    assert desk.scores() == at_once
    found = desk.here.gradebook.submission(PS1, BOB)
    assert found is not None
    assert found.row.penalty == pytest.approx(0.2 * 4.5)
    (task,) = [task for task in found.tasks if task.grade_id == GREET]
    assert (task.auto_score, task.manual_score, task.needs_manual_grade) == (0.0, 0.5, False)


def test_an_excused_cell_pays_all_its_points_to_everybody_also_to_those_who_come_later(desk: Desk) -> None:
    desk.ivy.excuse(desk.cell(DOUBLE), "The hidden test asked for negative numbers.")
    at_once = desk.scores()
    released = desk.here.settings.course_dir("release") / "ps1" / "ps1.ipynb"
    hand_in(desk.here.settings, "cem", {"ps1.ipynb": filled(PARTLY, released)})

    desk.record_again()

    assert at_once == {"ada": 6.0, "bob": 5.0}
    assert desk.scores() == {**at_once, "cem": 5.0}
    assert {row.max_score for row in desk.here.gradebook.scores(PS1)} == {10.0}


def test_a_students_own_override_goes_before_the_word_for_all_whichever_came_first(desk: Desk) -> None:
    desk.ivy.override(desk.cell(DOUBLE), ADA, 0, "Copied from bob.")
    desk.ivy.excuse(desk.cell(DOUBLE), "The test was wrong.")
    both = desk.scores()

    desk.ivy.withdraw(desk.cell(DOUBLE), ADA, "It was bob who copied.")

    assert both == {"ada": 4.0, "bob": 5.0}
    assert desk.scores() == {"ada": 6.0, "bob": 5.0}


def test_what_is_withdrawn_counts_as_autograding_found_it(desk: Desk) -> None:
    desk.ivy.override(desk.cell(), BOB, 1, "It is right.")
    desk.ivy.excuse(desk.cell(DOUBLE), "The test was wrong.")

    desk.ivy.withdraw(desk.cell(), BOB, "It is not.")
    desk.ivy.withdraw(desk.cell(DOUBLE), None, "It was not.")
    at_once = desk.scores()
    desk.record_again()

    assert at_once == {"ada": 6.0, "bob": 4.0}
    assert desk.scores() == at_once


def test_a_correction_whose_gradebook_was_not_written_is_in_it_after_the_next_result(desk: Desk) -> None:
    """As a kill between the two databases leaves it."""
    desk.ivy.override(desk.cell(), BOB, 1, "It is right.")
    desk.here.gradebook.correct(desk.cell(), {BOB: None})
    without = desk.scores()

    desk.record_again()

    assert (without["bob"], desk.scores()["bob"]) == (4.0, 5.0)


def test_the_feedback_says_that_points_were_corrected_and_why(desk: Desk) -> None:
    desk.ivy.override(desk.cell(), BOB, 0.5, "Right but for the <comma>.")
    desk.ivy.excuse(desk.cell(DOUBLE), "Its test was wrong.")

    made = make_feedback(desk.here.settings, desk.here.course, PS1, BOB, gradebook=desk.here.gradebook)

    html = made["ps1.html"].decode()
    assert "greet by name: 0.5 of 1" in html
    assert "The points of this task were set by hand: Right but for the &lt;comma&gt;." in html
    assert "double numbers: 2 of 2" in html
    assert "This task pays its full points to everybody: Its test was wrong." in html
    assert html.count('<span class="state">corrected</span>') == 2


def test_each_correction_is_a_row_and_an_event_and_no_row_is_ever_changed(desk: Desk) -> None:
    desk.ivy.override(desk.cell(), BOB, 1, "It is right.")
    desk.ivy.withdraw(desk.cell(), BOB, "It is not.")

    with desk.here.database.reading() as session:
        rows = load_corrections(session, desk.here.course.id, PS1)
    with closing(sqlite3.connect(desk.here.settings.state / "classroom.db")) as connection:
        events = connection.execute("select actor, student from event where kind = 'correction'").fetchall()
    assert [(row.kind, row.points, row.reason, row.actor, row.at) for row in rows] == [
        ("override", 1.0, "It is right.", "ivy", NOON),
        ("withdrawn", None, "It is not.", "ivy", NOON),
    ]
    assert events == [("ivy", "bob"), ("ivy", "bob")]
    with pytest.raises(IntegrityError, match="append-only"), desk.here.database.session() as session:
        session.execute(text("UPDATE correction SET points = 2"))


@pytest.mark.parametrize(
    ("student", "points", "reason", "error"),
    [
        ("bob", 1.5, "More.", "give 0 to 1"),
        ("bob", -1, "Less.", "give 0 to 1"),
        ("bob", float("nan"), "None.", "give 0 to 1"),
        ("bob", 1, "  ", "say why"),
        ("bob", 1, "x" * 501, "say why"),
        ("eve", 1, "New.", "eve has no autograded submission"),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(
    desk: Desk, student: str, points: float, reason: str, error: str
) -> None:
    with pytest.raises((Refused, NotFound), match=error):
        desk.ivy.override(desk.cell(), StudentId(student), points, reason)

    assert desk.scores() == {"ada": 6.0, "bob": 4.0}


def test_only_a_cell_that_is_autograded_can_be_corrected_and_only_what_stands_withdrawn(desk: Desk) -> None:
    with pytest.raises(NotFound, match="A written task is marked again"):
        desk.cell("explain")
    with pytest.raises(NotFound, match="no correction of bob stands"):
        desk.ivy.withdraw(desk.cell(), BOB, "Why not.")
    with pytest.raises(NotFound, match="no correction for all stands"):
        desk.ivy.withdraw(desk.cell(), None, "Why not.")


def test_the_commands_say_what_happened_and_nbgraders_export_has_it(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """bob: 4 points and 1 more, of which the late rule takes two tenths."""
    settings = desk.here.settings
    for name, value in environment(settings).items():
        if name.startswith("CLASSROOM_"):
            monkeypatch.setenv(name, value)

    def classroom(*arguments: str) -> str:
        monkeypatch.setattr(sys, "argv", ["classroom", *arguments])
        with pytest.raises(SystemExit):
            main()
        said = capsys.readouterr()
        return said.out + said.err

    said = classroom("override", "bob", "ps1", "greet_by_name", "1", "--reason", "It is right.")
    neither = classroom("override", "bob", "ps1", "greet_by_name", "--reason", "Why?")
    unsaid = classroom("excuse", "ps1", "greet_by_name")
    excused = classroom("excuse", "ps1", "ps1/double_numbers", "--reason", "Its test was wrong.")
    undone = classroom("excuse", "ps1", "double_numbers", "--undo", "--reason", "It was not.")
    run(settings, "nbgrader", "export", f"--to={settings.state / 'grades.csv'}")

    assert said == "bob has 1 of 1 points for greet_by_name, also after regrades.\n"
    assert neither == "classroom: give either POINTS or --undo\n"
    assert unsaid == "classroom: say why, in 1 to 500 characters: the students whom it concerns read it\n"
    assert excused == "double_numbers pays its 2 points to everybody who handed in, also after regrades.\n"
    assert undone == "double_numbers counts again as autograding finds it.\n"
    with (settings.state / "grades.csv").open() as file:
        exported = {row["student_id"]: float(row["score"]) for row in csv.DictReader(file) if row["score"]}
    assert exported == pytest.approx({"ada": 6.0, "bob": 5.0 * 0.8})


def row(kind: Kind, student: str | None, points: float | None = None) -> Correction:
    where = {"course": "tiny", "assignment": "ps1", "notebook": "ps1", "cell": "greet_by_name"}
    return Correction(**where, student=student, kind=kind, points=points, reason="Why.", actor="ivy", at=NOON)


@pytest.mark.parametrize(
    ("rows", "score"),
    [
        ([row(Kind.excuse, None)], 1.0),
        ([row(Kind.override, "ada", 0.25)], 0.25),
        ([row(Kind.override, "bob", 0.25)], "no correction"),
        ([row(Kind.override, "ada", 0.25), row(Kind.excuse, None)], 0.25),
        ([row(Kind.override, "ada", 0.25), row(Kind.excuse, None), row(Kind.withdrawn, "ada")], 1.0),
        ([row(Kind.excuse, None), row(Kind.override, "ada", 0.25), row(Kind.withdrawn, None)], 0.25),
        ([row(Kind.override, "ada", 0.25), row(Kind.override, "ada", 0.75)], 0.75),
        ([row(Kind.override, "ada", 0.25), row(Kind.withdrawn, "ada")], "withdrawn"),
        ([row(Kind.override, "ada", 5.0)], 1.0),
    ],
    ids=["all", "own", "other's", "own-before-all", "back-to-all", "own-stays", "newest", "withdrawn", "cell-shrank"],
)
def test_what_is_in_force_for_ada(rows: list[Correction], score: float | str) -> None:
    held = in_force(rows, ADA)

    word = held.get((NB, GREET))
    assert (word.score(1.0) if word else "withdrawn" if held else "no correction") == score
