"""Assignments that people alone mark: nothing is to be run, so what was collected is recorded as it lies there."""

import contextlib
import datetime as dt
from pathlib import Path

from classroom.assignments import Course
from classroom.config import Settings
from classroom.db.engine import Database
from classroom.extensions import find_due
from classroom.gradebook import Gradebook
from classroom.grading.models import NotebookIntake, SubmissionIntake, SubmissionResult
from classroom.grading.recorder import record
from classroom.grading.submissions import (
    MAX_STAMP_BYTES,
    TIMESTAMP,
    AssignmentSource,
    NoRegularFile,
    collected_students,
    read_regular,
    read_source,
    read_submission,
    submission_folder,
)
from classroom.ids import AssignmentId, StudentId
from judge.plan import GradingResult, State

NOTHING_RAN = "none"  # stands where else the engine's name does


def is_by_hand(source: AssignmentSource) -> bool:
    """Whether no graded cell is a test."""
    return not any(cell.is_test for notebook in source.graded for cell in notebook.cells)


def record_by_hand(
    settings: Settings, course: Course, database: Database, gradebook: Gradebook, assignment: AssignmentId
) -> int:
    """Records what was collected since the last time, so that it can be marked; how many. 0 where there is a test.

    May be killed and run again. Raises CourseError when the source or the gradebook doesn't fit.
    """
    rules = course.assignment(assignment)
    if not rules.written or not is_by_hand(source := read_source(settings, rules.id)):
        return 0

    def due() -> dt.datetime | None:
        with database.reading() as session:
            return find_due(session, course.id, rules, student)

    new = [one for one in collected_students(settings, rules.id) if not _is_recorded(settings, rules.id, one)]
    for student in new:
        folder = submission_folder(settings, rules.id, student)
        intake = read_submission(folder, student, source, rules, engine=NOTHING_RAN)
        record(settings, gradebook, intake, _result(intake), due=due)
    return len(new)


def _result(intake: SubmissionIntake) -> SubmissionResult:
    return SubmissionResult({one.source.id: _unrun(one) for one in intake.notebooks}, State.ok, None)


def _unrun(notebook: NotebookIntake) -> GradingResult:
    return GradingResult(notebook.source.id, (), (), State.ok, notebook.reason, 0.0, 0.0, NOTHING_RAN)


def _is_recorded(settings: Settings, assignment: AssignmentId, student: StudentId) -> bool:
    """Recording ends with autograded/, whose timestamp is the submission's."""
    recorded = settings.course_dir("autograded") / student / assignment
    submitted = submission_folder(settings, assignment, student)
    return recorded.is_dir() and _stamp(recorded / TIMESTAMP) == _stamp(submitted / TIMESTAMP)


def _stamp(path: Path) -> bytes:
    with contextlib.suppress(OSError, NoRegularFile):
        return read_regular(path, MAX_STAMP_BYTES)
    return b""
