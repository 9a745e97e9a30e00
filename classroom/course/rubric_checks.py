"""Rubrics and course.yaml beside the notebooks: each written task has a rubric and is listed, and nothing else is."""

from collections.abc import Collection, Sequence
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


def complaints_about_listing(assignment: AssignmentId, cells: Sequence[Cell], listed: Collection[str]) -> list[str]:
    """listed: under `written:` in course.yaml, from which graders' queues are made."""
    written = {cell.grade_id: None for cell in cells if cell.is_manual and cell.grade_id}  # in reading order
    missing = [
        f"course.yaml: {assignment} doesn't list {grade_id} under `written:`, so no grader would see it; add it there"
        for grade_id in written
        if grade_id not in listed
    ]
    left = [
        f"course.yaml: {assignment} lists {grade_id} under `written:`, but no notebook has such a task; remove it there"
        for grade_id in listed
        if grade_id not in written
    ]
    return missing + left


def _complaints(assignment: AssignmentId, cell: Cell, rubrics: Path) -> list[str]:
    try:
        rubric = load_rubric(rubrics / assignment / f"{cell.grade_id}.yaml")
    except CourseError as error:
        return str(error).splitlines()
    if rubric.points != round(100 * cell.points):
        return [f"{cell.grade_id}: the cell has {cell.points:g} points, its rubric {rubric.points / 100:g}"]
    return []
