"""The door to nbgrader's gradebook: one transaction a submission, manual grades kept, lateness paid once."""

import datetime as dt
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import nbgrader.api as nb
import pytest

from classroom.assignments import load_course
from classroom.errors import CourseError, NotFound
from classroom.gradebook import Gradebook
from classroom.ids import GradeId, NotebookId, StudentId
from classroom.scores import TaskRecord
from tests.tiny_course import PS1, ROOT, TINY

NB, TEST, TASK = NotebookId("ps1"), GradeId("double_numbers"), GradeId("explain")
ADA = StudentId("ada")
IN_TIME = dt.datetime(2026, 11, 10, 12, tzinfo=dt.UTC)
LATE = dt.datetime(2026, 11, 15, 12, tzinfo=dt.UTC)  # two days begun: two tenths
RESULT = {NB: [TaskRecord(TEST, 2.0), TaskRecord(TASK, None)]}


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Gradebook]:
    url = f"sqlite:///{tmp_path / 'gradebook.db'}"
    book = Gradebook(url, load_course(TINY))
    with nb.Gradebook(url, "tiny") as generated:
        generated.add_assignment(PS1)
        generated.add_notebook(NB, PS1)
        generated.add_grade_cell(TEST, NB, PS1, max_score=2, cell_type="code")
        generated.add_grade_cell(TASK, NB, PS1, max_score=4, cell_type="markdown")
        generated.add_solution_cell(TASK, NB, PS1)
    yield book
    book.close()


def totals(book: Gradebook) -> tuple[float, float, bool]:
    (row,) = book.scores(PS1)
    return row.score, row.penalty, row.needs_manual_grade


def test_a_result_is_recorded_once_however_often_it_is_written(book: Gradebook) -> None:
    for _ in range(3):
        book.record_result(PS1, ADA, IN_TIME, RESULT)

    assert totals(book) == (2.0, 0.0, True)
    found = book.submission(PS1, ADA)
    assert found is not None
    assert [(task.grade_id, task.written) for task in found.tasks] == [(TEST, False), (TASK, True)]
    assert found.row.submitted_at == IN_TIME


def test_a_manual_grade_outlives_a_regrade(book: Gradebook) -> None:
    book.record_result(PS1, ADA, IN_TIME, RESULT)
    book.set_manual(PS1, NB, TASK, ADA, 3.5, "Clear.")

    book.record_result(PS1, ADA, IN_TIME, {NB: [TaskRecord(TEST, 1.0), TaskRecord(TASK, None)]})

    assert totals(book) == (4.5, 0.0, False)
    found = book.submission(PS1, ADA)
    assert found is not None
    assert {task.comment for task in found.tasks} == {None, "Clear."}


def test_a_manual_grade_of_an_earlier_submission_is_kept_and_wants_another_look(book: Gradebook) -> None:
    book.record_result(PS1, ADA, IN_TIME, RESULT)
    book.set_manual(PS1, NB, TASK, ADA, 3.5, None)

    book.record_result(PS1, ADA, IN_TIME + dt.timedelta(hours=1), RESULT)

    assert totals(book) == (5.5, 0.0, True)


def test_a_submission_waits_for_a_person_until_all_of_it_is_marked(book: Gradebook) -> None:
    assert book.waiting_of([PS1]) == {PS1: {}}
    book.record_result(PS1, ADA, IN_TIME, RESULT)
    assert book.waiting_of([PS1]) == {PS1: {ADA: True}}

    book.set_manual(PS1, NB, TASK, ADA, 3.5, None)

    assert book.waiting_of([PS1]) == {PS1: {ADA: False}}


def test_lateness_costs_a_share_of_all_points_also_of_those_given_later(book: Gradebook) -> None:
    book.record_result(PS1, ADA, LATE, RESULT)
    before = totals(book)

    book.set_manual(PS1, NB, TASK, ADA, 3.0, None)

    assert before == pytest.approx((1.6, 0.4, True))
    assert totals(book) == pytest.approx((4.0, 1.0, False))


def test_a_cell_that_was_never_generated_is_the_authors_to_mend_and_nothing_is_written(book: Gradebook) -> None:
    book.record_result(PS1, ADA, IN_TIME, RESULT)

    with pytest.raises(CourseError, match="has no cell 'new_test'; run classroom generate ps1"):
        book.record_result(PS1, ADA, LATE, {NB: [TaskRecord(TEST, 0.0), TaskRecord("new_test", 1.0)]})

    assert totals(book) == (2.0, 0.0, True)


def test_only_what_was_autograded_can_be_marked(book: Gradebook) -> None:
    with pytest.raises(NotFound, match="autograde it first"):
        book.set_manual(PS1, NB, TASK, ADA, 1.0, None)
    book.record_result(PS1, ADA, IN_TIME, RESULT)
    with pytest.raises(NotFound, match="no task 'other'"):
        book.set_manual(PS1, NB, GradeId("other"), ADA, 1.0, None)


def test_several_processes_may_open_a_new_gradebook_at_once(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'gradebook.db'}"
    code = (
        "from pathlib import Path\n"
        "from classroom.assignments import load_course\n"
        "from classroom.gradebook import Gradebook\n"
        f"Gradebook({url!r}, load_course(Path({str(TINY)!r}))).close()"
    )

    # PATH without the environment's programs: nbgrader would ask `alembic` for the revision.
    started = [
        subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, env={"PATH": "/usr/bin:/bin"}) for _ in range(3)
    ]

    assert [process.wait() for process in started] == [0, 0, 0]
