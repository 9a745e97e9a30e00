"""The autograded notebook: the instructor's, with the student's text and the outputs that the judge captured. Pure."""

from collections.abc import Mapping
from typing import Any

from classroom.grading.models import NotebookIntake, PlacedCell
from judge.plan import CellResult, CellVerdict, GradingResult

MISSING = "This cell was missing from the submission."


def is_unanswered(cell: dict[str, Any]) -> bool:
    """True for a slot of an autograded notebook that holds what students got."""
    checksum = cell["metadata"].get("nbgrader", {}).get("checksum")
    return checksum is not None and bool(cell["metadata"]["nbgrader"].get("solution")) and checksum == _checksum(cell)


def build_notebook(notebook: NotebookIntake, result: GradingResult, untouched: Mapping[str, str]) -> dict[str, Any]:
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
    cell: PlacedCell, shown: CellResult | None, verdict: CellVerdict | None, untouched: Mapping[str, str]
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
