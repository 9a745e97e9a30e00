"""The one writer: a result goes into the gradebook and autograded/, a transaction and a rename per submission."""

import contextlib
import datetime as dt
import json
from collections.abc import Callable, Mapping
from typing import Any

from classroom.config import Settings
from classroom.corrections import Cell, Standing
from classroom.gradebook import Gradebook
from classroom.grading.folders import replace_folder
from classroom.grading.models import NotebookIntake, SubmissionIntake, SubmissionResult
from classroom.grading.notebooks import build_notebook, is_unanswered
from classroom.grading.submissions import (
    MAX_STAMP_BYTES,
    TIMESTAMP,
    NoRegularFile,
    read_regular,
    submission_folder,
    submitted_at,
)
from classroom.scores import TaskRecord
from classroom.writer import only_writer
from judge.plan import GradingResult


def record(
    settings: Settings,
    gradebook: Gradebook,
    intake: SubmissionIntake,
    result: SubmissionResult,
    corrections: Callable[[], Mapping[Cell, Standing | None]] = dict,
    due: Callable[[], dt.datetime | None] = lambda: None,
) -> None:
    """Writes one result; doing it again changes nothing. Raises CourseError when the gradebook doesn't fit.

    corrections, due: read what stands for the student, and the own due date; asked when no other process can change
    the gradebook any more.
    """
    received = submitted_at(settings, intake.assignment, intake.student)
    notebooks = {
        notebook.source.id: build_notebook(
            notebook,
            result.notebooks[notebook.source.id],
            gradebook.untouched(intake.assignment, notebook.source.id),
        )
        for notebook in intake.notebooks
    }
    tasks = {
        notebook.source.id: task_records(notebook, result.notebooks[notebook.source.id], notebooks[notebook.source.id])
        for notebook in intake.notebooks
    }
    with only_writer(settings.state):
        corrected = {cell: _score_of(standing) for cell, standing in corrections().items()}
        gradebook.ensure_assignment(intake.assignment)
        gradebook.record_result(intake.assignment, intake.student, received, tasks, corrected, due())
        _write_autograded(settings, intake, notebooks)


def task_records(notebook: NotebookIntake, result: GradingResult, built: dict[str, Any]) -> list[TaskRecord]:
    """One record a grade cell. A written task that was left as it came, or is missing, has 0 and waits for nobody."""
    points = {verdict.id: verdict.points for verdict in result.verdicts}
    unanswered = {cell["metadata"]["nbgrader"]["grade_id"] for cell in built["cells"] if is_unanswered(cell)}
    records = []
    for cell in notebook.cells:
        if cell.origin is None or not (cell.origin.is_test or cell.origin.is_written):
            continue
        if cell.origin.is_test:
            records.append(TaskRecord(cell.plan.id, points.get(cell.plan.id, 0.0)))
        else:
            gone = cell.plan.id in unanswered or not cell.answered or notebook.fault is not None
            records.append(TaskRecord(cell.plan.id, 0.0 if gone else None))
    return records


def _score_of(standing: Standing | None) -> Callable[[float], float | None]:
    return standing.score if standing else lambda _: None


def _write_autograded(settings: Settings, intake: SubmissionIntake, notebooks: dict[Any, dict[str, Any]]) -> None:
    """Replaces autograded/<student>/<assignment>/ whole."""
    files = {
        # Without an indent, for which Python's slow encoder is used: 5 ms.
        f"{name}.ipynb": (json.dumps(notebook, ensure_ascii=False) + "\n").encode()
        for name, notebook in notebooks.items()
    }
    stamp = submission_folder(settings, intake.assignment, intake.student) / TIMESTAMP
    with contextlib.suppress(OSError, NoRegularFile):
        files[TIMESTAMP] = read_regular(stamp, MAX_STAMP_BYTES)
    replace_folder(settings.course_dir("autograded") / intake.student / intake.assignment, files)
