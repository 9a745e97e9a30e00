"""Corrections from the command line."""

from classroom.config import OPERATOR_NAME
from classroom.corrections import Corrector, find_cell
from classroom.errors import Refused
from classroom.ids import parse_student_id
from classroom.ops.steps import Class


def override(here: Class, student: str, assignment: str, cell: str, points: float | None, *, reason: str) -> str:
    """Sets a student's points for a cell, or without points withdraws what was set; what happened, in a sentence."""
    who = parse_student_id(student)
    found = find_cell(here.gradebook, here.course.assignment(assignment).id, cell)
    if points is None:
        _corrector(here).withdraw(found, who, reason)
        return f"{who} has what autograding gives for {found.grade_id} again."
    _corrector(here).override(found, who, points, reason)
    return f"{who} has {points:g} of {found.max_score:g} points for {found.grade_id}, also after regrades."


def excuse(here: Class, assignment: str, cell: str, *, reason: str, undo: bool) -> str:
    """Gives all the full points of a cell, or takes that back; what happened, in a sentence."""
    found = find_cell(here.gradebook, here.course.assignment(assignment).id, cell)
    if undo:
        _corrector(here).withdraw(found, None, reason)
        return f"{found.grade_id} counts again as autograding finds it."
    _corrector(here).excuse(found, reason)
    return f"{found.grade_id} pays its {found.max_score:g} points to everybody who handed in, also after regrades."


def parse_points(points: float | None, *, undo: bool) -> float | None:
    """The points to set, None to withdraw; raises Refused for both or neither."""
    if undo == (points is not None):
        raise Refused("give either POINTS or --undo")
    return points


def _corrector(here: Class) -> Corrector:
    return Corrector(here.settings, here.course, here.database, here.gradebook, OPERATOR_NAME)
