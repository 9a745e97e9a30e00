"""Rubrics beside the notebooks they are for: each written task has one, worth what its cell is, and none is left."""

from collections.abc import Sequence
from pathlib import Path

from classroom.course.lint import Cell
from classroom.errors import CourseError
from classroom.ids import AssignmentId
from classroom.rubric.files import load_rubric


def complaints_about_rubrics(assignment: AssignmentId, cells: Sequence[Cell], rubrics: Path) -> list[str]:
    """cells: of all notebooks of the assignment. A file that can't be used is told with all that is wrong in it."""
    written = {cell.grade_id: cell for cell in cells if cell.is_manual and cell.grade_id}
    found = [complaint for cell in written.values() for complaint in _complaints(assignment, cell, rubrics)]
    found += [
        f"rubrics/{assignment}/{path.name}: no notebook has a written task {path.stem}; rename one, or remove the file"
        for path in sorted((rubrics / assignment).glob("*.yaml"))
        if path.stem not in written
    ]
    return found


def _complaints(assignment: AssignmentId, cell: Cell, rubrics: Path) -> list[str]:
    try:
        rubric = load_rubric(rubrics / assignment / f"{cell.grade_id}.yaml")
    except CourseError as error:
        return str(error).splitlines()
    if rubric.points != round(100 * cell.points):
        return [f"{cell.grade_id}: the cell has {cell.points:g} points, its rubric {rubric.points / 100:g}"]
    return []
