"""The one door to nbgrader's gradebook. Importing it costs 2 s: nbgrader loads its server extensions; do it late.

One instance a process: nbgrader's Gradebook creates and inspects all tables at each construction. Each method is one
transaction. Writers in other processes wait for SQLite's lock.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from classroom.assignments import Course
from classroom.ids import AssignmentId, GradeId, NotebookId, StudentId


@dataclass(frozen=True)
class TaskRecord:
    """What autograding found for one grade cell. auto_score None: a person marks it."""

    grade_id: GradeId
    auto_score: float | None


@dataclass(frozen=True)
class TaskScore:
    """One grade cell of a submission as the gradebook has it. score: manual before auto, 0 when there's neither."""

    notebook: NotebookId
    grade_id: GradeId
    max_score: float
    auto_score: float | None
    manual_score: float | None
    score: float
    needs_manual_grade: bool
    written: bool  # marked by a person: a markdown task, or a code cell that is solution and grade in one
    comment: str | None  # a grader's


@dataclass(frozen=True)
class ScoreRow:
    """One submission. raw_score: the sum of the tasks; penalty: points taken for lateness; score: what counts."""

    student: StudentId
    submitted_at: dt.datetime | None
    raw_score: float
    penalty: float
    score: float
    max_score: float
    needs_manual_grade: bool


@dataclass(frozen=True)
class SubmissionScores:
    """One submission with its tasks, in no particular order; sort by the notebook's cells."""

    row: ScoreRow
    tasks: tuple[TaskScore, ...]


class Gradebook:
    """nbgrader's gradebook of one course. Safe to share between threads."""

    def __init__(self, url: str, course: Course) -> None:
        """Opens it, made anew where it isn't there, in SQLite's WAL mode and with the indexes nbgrader forgot."""
        raise NotImplementedError

    def ensure_assignment(self, assignment: AssignmentId, notebooks: Mapping[NotebookId, Sequence[Any]]) -> None:
        """Creates the assignment with its due date and grade cells where they aren't there yet."""
        raise NotImplementedError

    def record_result(
        self,
        assignment: AssignmentId,
        student: StudentId,
        submitted_at: dt.datetime | None,
        tasks: Mapping[NotebookId, Sequence[TaskRecord]],
    ) -> None:
        """Writes the auto scores of one submission, in one transaction. Manual scores and comments stay."""
        raise NotImplementedError

    def scores(self, assignment: AssignmentId) -> list[ScoreRow]:
        """One row a submission, by student; empty when the assignment isn't there."""
        raise NotImplementedError

    def submission(self, assignment: AssignmentId, student: StudentId) -> SubmissionScores | None:
        """The scores of one submission; None when it was never recorded."""
        raise NotImplementedError

    def set_manual(
        self,
        assignment: AssignmentId,
        notebook: NotebookId,
        task: GradeId,
        student: StudentId,
        points: float,
        comment: str | None,
    ) -> None:
        """A grader's points and comment for one task; the task then needs no manual grade. Raises NotFound."""
        raise NotImplementedError

    def close(self) -> None:
        """Gives the connections back."""
