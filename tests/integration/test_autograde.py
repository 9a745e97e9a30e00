"""`classroom autograde` and `nbgrader autograde` on one class: exact states and scores, the same through both doors."""

import csv
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from classroom.assignments import load_course
from classroom.config import Settings
from classroom.errors import CourseError
from classroom.gradebook import Gradebook
from classroom.grading.models import SubmissionResult
from classroom.ids import GradeId, NotebookId, StudentId
from classroom.ops.autograding import queue_run
from classroom.ops.steps import open_class
from tests.tiny_course import ERRORS, EXITS, LOOPS, PARTLY, PS1, RIGHT, TESTS, filled, hand_in, make_course, run

LATE = "2026-11-15 12:00:00.0"  # due on the 13th at 23:59: the second day has begun, two tenths are taken
STATUS = {
    "exits": "crashed",
    "errors": "error",
    "honest": "ok",
    "late": "ok",
    "loops": "timeout",
    "nothing": "missing",
    "partly": "wrong",
    "torn": "unreadable",
    "untouched": "error",
}
# By hand from the tests: double 1 + 1 points, mean 3, greet 1.
AUTO = {
    "exits": {"double_numbers": 2.0, "mean_of_numbers": 0.0, "greet_by_name": 0.0},
    "errors": {"double_numbers": 2.0, "mean_of_numbers": 3.0, "greet_by_name": 0.0},
    "honest": {"double_numbers": 2.0, "mean_of_numbers": 3.0, "greet_by_name": 1.0},
    "late": {"double_numbers": 2.0, "mean_of_numbers": 3.0, "greet_by_name": 1.0},
    "loops": {"double_numbers": 2.0, "mean_of_numbers": 3.0, "greet_by_name": 0.0},
    "nothing": {"double_numbers": 0.0, "mean_of_numbers": 0.0, "greet_by_name": 0.0},
    "partly": {"double_numbers": 1.0, "mean_of_numbers": 3.0, "greet_by_name": 0.0},
    "torn": {"double_numbers": 0.0, "mean_of_numbers": 0.0, "greet_by_name": 0.0},
    "untouched": {"double_numbers": 0.0, "mean_of_numbers": 0.0, "greet_by_name": 0.0},
}
GONE = {"nothing", "torn", "untouched"}  # no answer to the written task, so nobody waits for a grader


@pytest.fixture(scope="module")
def handed_in(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Generated and collected, not graded."""
    settings = make_course(tmp_path_factory.mktemp("class"))
    run(settings, "classroom", "generate", "ps1")
    released = settings.course_dir("release") / "ps1" / "ps1.ipynb"
    for student, answers in {
        "honest": RIGHT,
        "partly": PARTLY,
        "errors": ERRORS,
        "loops": LOOPS,
        "exits": EXITS,
        "untouched": {},
    }.items():
        hand_in(settings, student, {"ps1.ipynb": filled(answers, released)})
    hand_in(settings, "late", {"ps1.ipynb": filled(RIGHT, released)}, at=LATE)
    hand_in(settings, "nothing", {"ps1.pdf": b"%PDF"})
    hand_in(settings, "torn", {"ps1.ipynb": filled(RIGHT, released)[:100]})
    return settings


@pytest.fixture(scope="module")
def by_classroom(handed_in: Settings, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    settings = _copy(handed_in, tmp_path_factory.mktemp("classroom"))
    run(settings, "classroom", "autograde", "ps1")
    return settings


@pytest.fixture(scope="module")
def by_nbgrader(handed_in: Settings, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    settings = _copy(handed_in, tmp_path_factory.mktemp("nbgrader"))
    # It ends with 1: the torn notebook and the folder without one are errors to nbgrader.
    run(settings, "nbgrader", "autograde", "ps1", check=False)
    return settings


def _copy(settings: Settings, folder: Path) -> Settings:
    state = folder / "state"
    shutil.copytree(settings.state, state)
    return Settings(course_root=settings.course_root, state=state, workers=2)


def jobs(settings: Settings) -> list[dict[str, Any]]:
    with sqlite3.connect(settings.state / "classroom.db") as connection:
        connection.row_factory = sqlite3.Row
        rows = [dict(row) for row in connection.execute("select * from job order by id")]
    connection.close()
    return rows


def scores(settings: Settings) -> dict[str, tuple[float, float, bool]]:
    book = Gradebook(settings.gradebook_url, load_course(settings.course_root))
    rows = book.scores(PS1)
    book.close()
    return {row.student: (row.raw_score, round(row.penalty, 6), row.needs_manual_grade) for row in rows}


def auto_scores(settings: Settings, student: str) -> dict[str, float | None]:
    book = Gradebook(settings.gradebook_url, load_course(settings.course_root))
    found = book.submission(PS1, StudentId(student))
    book.close()
    assert found is not None
    return {str(task.grade_id): task.auto_score for task in found.tasks}


def test_each_submission_ends_in_its_state_and_none_stops_the_batch(by_classroom: Settings) -> None:
    rows = jobs(by_classroom)

    assert {row["student"]: row["status"] for row in rows} == STATUS
    assert {row["tries"] for row in rows} == {1}
    assert {row["max_score"] for row in rows} == {sum(TESTS.values())}


def test_each_test_earns_what_was_counted_by_hand(by_classroom: Settings) -> None:
    found = {student: auto_scores(by_classroom, student) for student in AUTO}

    for student, wanted in AUTO.items():
        assert {name: found[student][name] for name in wanted} == wanted, student
        assert found[student]["explain"] == (0.0 if student in GONE else None)


def test_the_job_keeps_verdicts_with_reasons_for_the_instructor(by_classroom: Settings) -> None:
    row = next(row for row in jobs(by_classroom) if row["student"] == "partly")

    verdicts = {one.id: one for one in SubmissionResult.from_json(row["result"]).notebooks["ps1"].verdicts}

    assert verdicts["double_numbers"].reason == "positive numbers: yes\nnegative numbers: no"
    assert verdicts["double_numbers"].hint == "Try it with -1."
    assert "CANARY-5e1f-message" in (verdicts["greet_by_name"].reason or "")


def test_only_a_late_submission_pays_for_it(by_classroom: Settings) -> None:
    found = scores(by_classroom)

    assert found["late"] == (6.0, 1.2, True)
    assert {student for student, (_, penalty, _) in found.items() if penalty} == {"late"}
    assert {student for student, (_, _, waits) in found.items() if not waits} == GONE


def test_nbgrader_autograde_gives_the_same_scores(by_classroom: Settings, by_nbgrader: Settings) -> None:
    ours, theirs = scores(by_classroom), scores(by_nbgrader)

    # A notebook that isn't JSON, or isn't there, never reaches grading under plain nbgrader.
    assert {name: row for name, row in theirs.items() if name not in {"nothing", "torn"}} == {
        name: row for name, row in ours.items() if name not in {"nothing", "torn"}
    }
    for student in set(AUTO) - {"nothing", "torn"}:
        assert auto_scores(by_nbgrader, student) == auto_scores(by_classroom, student), student


def test_the_autograded_notebook_shows_points_and_outputs_and_no_word_of_a_test(by_classroom: Settings) -> None:
    path = by_classroom.course_dir("autograded") / "partly" / "ps1" / "ps1.ipynb"

    text = path.read_text()

    assert '"text/plain": "1.0"' in text
    assert "CANARY-5e1f-message" not in text.replace('CANARY-5e1f-greet!\\", \\"CANARY-5e1f-message', "")
    assert (path.parent / "timestamp.txt").read_text() == "2026-11-10 12:00:00.000000 UTC"


def test_nbgraders_export_shows_what_counts(by_classroom: Settings, tmp_path: Path) -> None:
    run(by_classroom, "nbgrader", "export", f"--to={tmp_path / 'grades.csv'}")

    with open(tmp_path / "grades.csv", newline="") as file:
        rows = {row["student_id"]: row for row in csv.DictReader(file)}
    assert {name: float(row["raw_score"]) for name, row in rows.items()} == {
        name: sum(points.values()) for name, points in AUTO.items()
    }
    assert (rows["late"]["score"], rows["late"]["max_score"]) == ("4.8", "10.0")


def test_grading_again_keeps_what_a_person_gave_and_runs_nothing_that_is_unchanged(by_classroom: Settings) -> None:
    book = Gradebook(by_classroom.gradebook_url, load_course(by_classroom.course_root))
    book.set_manual(PS1, NotebookId("ps1"), GradeId("explain"), StudentId("honest"), 3.5, "Clear.")

    run(by_classroom, "classroom", "autograde", "ps1", "--student", "honest", "--student", "loops")

    found = book.submission(PS1, StudentId("honest"))
    book.close()
    again = jobs(by_classroom)[-2:]
    assert found is not None
    assert (found.row.score, found.row.needs_manual_grade) == (9.5, False)
    assert [(row["student"], row["status"]) for row in again] == [("honest", "ok"), ("loops", "timeout")]
    results = [SubmissionResult.from_json(row["result"]) for row in (*jobs(by_classroom)[:9], *again)]
    # The time that the first run took comes with the result that was taken over.
    assert [one.notebooks["ps1"].wall_s for one in results[-2:]] == [
        results[index].notebooks["ps1"].wall_s
        for index, row in enumerate(jobs(by_classroom)[:9])
        if row["student"] in {"honest", "loops"}
    ]


def test_a_student_without_a_submission_is_named(by_classroom: Settings) -> None:
    with open_class(by_classroom) as here, pytest.raises(CourseError, match="nobody: no collected submission of ps1"):
        queue_run(here, "ps1", ["honest", "nobody"], force=False)
