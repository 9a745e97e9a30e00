"""The one writer: a result goes into the gradebook and autograded/, a transaction and a rename per submission."""

import contextlib
import fcntl
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from classroom.config import Settings
from classroom.gradebook import Gradebook, TaskRecord
from classroom.grading.folders import replace_folder
from classroom.grading.models import NotebookIntake, PlacedCell, SubmissionIntake, SubmissionResult
from classroom.grading.submissions import (
    MAX_STAMP_BYTES,
    TIMESTAMP,
    NoRegularFile,
    read_regular,
    submission_folder,
    submitted_at,
)
from judge.plan import CellResult, CellVerdict, GradingResult

LOCK = "recorder.lock"
MISSING = "This cell was missing from the submission."


def record(settings: Settings, gradebook: Gradebook, intake: SubmissionIntake, result: SubmissionResult) -> None:
    """Writes one result; doing it again changes nothing. Raises CourseError when the gradebook doesn't fit."""
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
    with only_writer(settings):
        gradebook.ensure_assignment(intake.assignment)
        gradebook.record_result(intake.assignment, intake.student, received, tasks)
        _write_autograded(settings, intake, notebooks)


@contextmanager
def only_writer(settings: Settings) -> Iterator[None]:
    """Holds the lock that makes this process the one that writes results."""
    settings.state.mkdir(parents=True, exist_ok=True)
    with (settings.state / LOCK).open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


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


def is_unanswered(cell: dict[str, Any]) -> bool:
    """True for a slot of an autograded notebook that holds what students got."""
    checksum = cell["metadata"].get("nbgrader", {}).get("checksum")
    return checksum is not None and bool(cell["metadata"]["nbgrader"].get("solution")) and checksum == _checksum(cell)


def build_notebook(notebook: NotebookIntake, result: GradingResult, untouched: Any) -> dict[str, Any]:
    """The autograded notebook: the instructor's, with the student's text and the outputs the judge captured.

    A test cell's output is its points alone. untouched: checksums by grade_id, as the gradebook has them.
    """
    shown = {cell.id: cell for cell in result.cells}
    verdicts = {verdict.id: verdict for verdict in result.verdicts}
    cells = [
        _build_cell(cell, shown.get(cell.plan.id), verdicts.get(cell.plan.id), untouched) for cell in notebook.cells
    ]
    known = {
        key: notebook.source.metadata[key] for key in ("kernelspec", "language_info") if key in notebook.source.metadata
    }
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": known, "cells": cells}


def _build_cell(
    cell: PlacedCell, shown: CellResult | None, verdict: CellVerdict | None, untouched: Any
) -> dict[str, Any]:
    metadata: dict[str, Any] = {}
    if cell.origin is not None and cell.origin.grade_id:
        metadata["nbgrader"] = dict(cell.origin.nbgrader)
        if checksum := untouched.get(cell.origin.grade_id):
            metadata["nbgrader"]["checksum"] = checksum
    source = cell.plan.source
    if not cell.answered:
        source = f"# {MISSING}" if cell.kind == "code" else f"*{MISSING}*"
    cell_id = cell.origin.cell_id if cell.origin and cell.origin.cell_id else cell.plan.id
    built: dict[str, Any] = {"id": cell_id, "cell_type": cell.kind, "metadata": metadata, "source": source}
    if cell.kind == "code":
        outputs = _points_output(verdict) if verdict else list(shown.outputs) if shown else []
        built |= {"execution_count": None, "outputs": outputs}
    return built


def _points_output(verdict: CellVerdict) -> list[dict[str, Any]]:
    """What nbgrader reads as partial credit."""
    data = {"text/plain": repr(float(verdict.points))}
    return [{"output_type": "execute_result", "data": data, "metadata": {}, "execution_count": None}]


def _checksum(cell: dict[str, Any]) -> str:
    from nbformat import from_dict
    from nbgrader.utils import compute_checksum

    return str(compute_checksum(from_dict(cell)))


def _write_autograded(settings: Settings, intake: SubmissionIntake, notebooks: dict[Any, dict[str, Any]]) -> None:
    """Replaces autograded/<student>/<assignment>/ whole."""
    files = {
        f"{name}.ipynb": (json.dumps(notebook, indent=1, ensure_ascii=False) + "\n").encode()
        for name, notebook in notebooks.items()
    }
    stamp = submission_folder(settings, intake.assignment, intake.student) / TIMESTAMP
    with contextlib.suppress(OSError, NoRegularFile):
        files[TIMESTAMP] = read_regular(stamp, MAX_STAMP_BYTES)
    replace_folder(settings.course_dir("autograded") / intake.student / intake.assignment, files)
