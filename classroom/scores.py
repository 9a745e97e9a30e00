"""Scores as the gradebook takes and gives them: of a cell, of a submission. Plain data."""

import datetime as dt
from dataclasses import dataclass
from typing import NamedTuple

from classroom.ids import AssignmentId, GradeId, NotebookId, StudentId


@dataclass(frozen=True)
class TaskRecord:
    """What autograding found for one grade cell. auto_score None: a person marks it."""

    grade_id: str
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
class AutoCell:
    """A cell that autograding scores, as it was generated."""

    assignment: AssignmentId
    notebook: NotebookId
    grade_id: GradeId
    max_score: float


@dataclass(frozen=True)
class ManualScore:
    """What graders gave for one task of one submission."""

    points: float
    comment: str | None


class ScoreRow(NamedTuple):
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
