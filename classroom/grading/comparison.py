"""What a dry run would change if it were recorded: each student's autograded cells before and after."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from classroom.corrections import Cell, in_force, load_corrections
from classroom.db.tables import Correction, Job, Run
from classroom.grading.jobs import GRADER_FAULT
from classroom.grading.models import SubmissionResult
from classroom.ids import AssignmentId, CourseId, GradeId, NotebookId, StudentId


@dataclass(frozen=True)
class CellChange:
    """A cell whose score differs. before None: the cell is new; after None: it's gone."""

    notebook: NotebookId
    grade_id: GradeId
    before: float | None
    after: float | None


@dataclass(frozen=True)
class StudentChange:
    """Scores over the autograded cells, corrections included, the late rule not.

    before None: there's no result yet; after None: the grader failed. cells: those that differ.
    """

    student: StudentId
    status: str
    before: float | None
    after: float | None
    cells: tuple[CellChange, ...]

    @property
    def is_changed(self) -> bool:
        return bool(self.cells) or self.before is None

    @property
    def difference(self) -> float:
        return (self.after or 0.0) - (self.before or 0.0)


def load_changes(
    session: Session, run_id: int, before: Mapping[StudentId, Mapping[Cell, float]]
) -> list[StudentChange]:
    """What a dry run found, against the gradebook's scores: those who lose most first, the unchanged last.

    before: Gradebook.cell_scores of the run's assignment. Only jobs that are done are told.
    """
    run = session.get_one(Run, run_id)
    rows = load_corrections(session, CourseId(run.course), AssignmentId(run.assignment))
    jobs = session.scalars(select(Job).where(Job.run_id == run_id, Job.state == "done"))
    changes = [_change(job, before.get(StudentId(job.student)), rows) for job in jobs]
    return sorted(changes, key=lambda one: (not one.is_changed, one.difference, one.student))


def compare(before: Mapping[Cell, float], after: Mapping[Cell, float]) -> tuple[CellChange, ...]:
    """The cells that differ, in the order of the new ones, gone ones last. Pure."""
    cells = [*after, *(cell for cell in before if cell not in after)]
    return tuple(
        CellChange(*cell, before.get(cell), after.get(cell)) for cell in cells if before.get(cell) != after.get(cell)
    )


def as_json(assignment: AssignmentId, run_id: int, changes: Sequence[StudentChange]) -> dict[str, Any]:
    """The object that `autograde --dry-run --json` prints."""
    students = [
        {
            "student": one.student,
            "status": one.status,
            "before": one.before,
            "after": one.after,
            "cells": [
                {"notebook": cell.notebook, "grade_id": cell.grade_id, "before": cell.before, "after": cell.after}
                for cell in one.cells
            ],
        }
        for one in changes
    ]
    changed = sum(one.is_changed for one in changes)
    return {"assignment": assignment, "run": run_id, "changed": changed, "students": students}


def _change(job: Job, before: Mapping[Cell, float] | None, rows: Sequence[Correction]) -> StudentChange:
    student, status = StudentId(job.student), job.status or ""
    total = None if before is None else sum(before.values())
    if status == GRADER_FAULT or job.result is None:
        return StudentChange(student, status, total, None, ())
    after = _scores(SubmissionResult.from_json(job.result), student, rows)
    cells = () if before is None else compare(before, after)
    return StudentChange(student, status, total, sum(after.values()), cells)


def _scores(result: SubmissionResult, student: StudentId, rows: Sequence[Correction]) -> dict[Cell, float]:
    held = in_force(rows, student)
    scores = {}
    for notebook, graded in result.notebooks.items():
        for verdict in graded.verdicts:
            cell = NotebookId(notebook), GradeId(verdict.id)
            word = held.get(cell)
            scores[cell] = word.score(verdict.max_points) if word else verdict.points
    return scores
