"""What a dry run would change, for a program or for a person."""

import json
from collections.abc import Sequence

from classroom.grading.comparison import StudentChange, as_json, load_changes
from classroom.ops.steps import Class


def shown_changes(here: Class, assignment: str, run_id: int, *, for_program: bool) -> str:
    """The changes of a dry run: one JSON object, or a line a student with the changes first."""
    name = here.course.assignment(assignment).id
    before = here.gradebook.cell_scores(name)
    with here.database.reading() as session:
        changes = load_changes(session, run_id, before)
    return json.dumps(as_json(name, run_id, changes)) if for_program else shown(changes)


def shown(changes: Sequence[StudentChange]) -> str:
    """A line a student, with sums and the cells that differ, and a line for all."""
    width = max((len(one.student) for one in changes), default=0)
    lines = [f"{one.student:<{width}}  {_line(one)}" for one in changes]
    changed = sum(one.is_changed for one in changes)
    return "\n".join([*lines, f"{changed} of {len(changes)} would change. Nothing was recorded."])


def _line(one: StudentChange) -> str:
    if one.after is None:
        return f"{_points(one.before)}: could not be graded"
    if not one.is_changed:
        return _points(one.before)
    cells = ", ".join(f"{cell.grade_id} {_points(cell.before)} -> {_points(cell.after)}" for cell in one.cells)
    return f"{_points(one.before)} -> {_points(one.after)}" + (f": {cells}" if cells else "")


def _points(points: float | None) -> str:
    return "none" if points is None else f"{points:g}"
