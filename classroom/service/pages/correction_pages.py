"""An instructor's corrections of autograded cells: one student's points, or a cell excused for all, with the reason."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import Response

from classroom.assignments import Assignment
from classroom.config import SERVICE_PREFIX
from classroom.corrections import Cell, Corrector, Standing, find_cell, in_force, load_corrections
from classroom.db.tables import Correction
from classroom.errors import NotFound, Refused
from classroom.ids import StudentId, parse_student_id
from classroom.scores import AutoCell
from classroom.service.deps import Caller, Context, InContext, Role, require
from classroom.service.pages.asked import titles_of
from classroom.service.pages.doors import gradebook
from classroom.service.pages.render import page, redirect

router = APIRouter(prefix=f"{SERVICE_PREFIX}/{{course}}/assignments", include_in_schema=False)
InInstructor = Annotated[Caller, Depends(require(Role.INSTRUCTOR))]
Act = Annotated[Literal["set", "withdraw"], Form()]
Text = Annotated[str, Form(max_length=2000)]


@dataclass(frozen=True)
class CellView:
    """An autograded cell and how the class stands in it. full: how many have all its points, of `graded`."""

    cell: AutoCell
    title: str
    standing: Standing | None
    graded: int
    full: int

    @property
    def name(self) -> str:
        return f"{self.cell.notebook}/{self.cell.grade_id}"


@router.get("/{assignment}/submissions/{student}/correct")
def ask_override(
    request: Request, caller: InInstructor, context: InContext, assignment: str, student: str, cell: str
) -> Response:
    """What has this student for the cell, why, and what instead?"""
    rules = context.course.assignment(assignment)
    found = find_cell(gradebook(request), rules.id, cell)
    return _show_override(request, caller, context, rules, found, parse_student_id(student))


@router.post("/{assignment}/submissions/{student}/correct")
def override(
    request: Request,
    caller: InInstructor,
    context: InContext,
    assignment: str,
    student: str,
    cell: Text,
    act: Act,
    reason: Text = "",
    points: Text = "",
) -> Response:
    """Sets the points, or withdraws what was set."""
    rules, who = context.course.assignment(assignment), parse_student_id(student)
    found = find_cell(gradebook(request), rules.id, cell)
    corrector = _corrector(request, context, caller)
    try:
        if act == "withdraw":
            corrector.withdraw(found, who, reason)
            said = f"{found.grade_id}: autograding's points count again."
        else:
            corrector.override(found, who, _parse_points(points), reason)
            said = f"{found.grade_id}: {who} has {points.strip()} of {found.max_score:g} points."
    except Refused as error:
        typed = {"points": points, "reason": reason}
        return _show_override(request, caller, context, rules, found, who, problem=str(error), typed=typed)
    url = f"{SERVICE_PREFIX}/{context.course.id}/assignments/{rules.id}/submissions/{who}"
    return redirect(request, url, f"{said} Feedback that is out stays as it is until it is released again.")


@router.get("/{assignment}/excuse")
def ask_excuse(request: Request, caller: InInstructor, context: InContext, assignment: str, cell: str = "") -> Response:
    """Which test was wrong, and whom would it help?"""
    return _show_excuse(request, caller, context, context.course.assignment(assignment), cell)


@router.post("/{assignment}/excuse")
def excuse(
    request: Request, caller: InInstructor, context: InContext, assignment: str, cell: Text, act: Act, reason: Text = ""
) -> Response:
    """Gives all the cell's full points, or takes that back."""
    rules = context.course.assignment(assignment)
    found = find_cell(gradebook(request), rules.id, cell)
    corrector = _corrector(request, context, caller)
    try:
        if act == "withdraw":
            corrector.withdraw(found, None, reason)
            said = f"{found.grade_id} counts again as autograding finds it."
        else:
            corrector.excuse(found, reason)
            said = f"{found.grade_id} pays its {found.max_score:g} points to everybody who handed in."
    except Refused as error:
        return _show_excuse(request, caller, context, rules, cell, problem=str(error), typed={"reason": reason})
    return redirect(request, f"{SERVICE_PREFIX}/{context.course.id}/assignments/{rules.id}/excuse", said)


def _show_override(
    request: Request,
    caller: Caller,
    context: Context,
    rules: Assignment,
    cell: AutoCell,
    student: StudentId,
    *,
    problem: str = "",
    typed: Mapping[str, str] | None = None,
) -> Response:
    scores = gradebook(request).submission(rules.id, student)
    if scores is None:
        raise NotFound(f"{student} has no autograded submission of {rules.id}; autograde it first")
    key: Cell = (cell.notebook, cell.grade_id)
    with context.database.reading() as session:
        rows = load_corrections(session, context.course.id, rules.id, student)
        title = titles_of(session, context.store, context.course.id, rules.id).get(cell.grade_id, cell.grade_id)
    values: dict[str, Any] = {
        "assignment": rules,
        "student": student,
        "cell": cell,
        "title": title,
        "task": next(one for one in scores.tasks if (one.notebook, one.grade_id) == key),
        "standing": in_force(rows, student).get(key),
        "history": _history(rows, key),
        "problem": problem,
        "typed": typed or {},
    }
    return page(request, caller, "ask_override.html", status=422 if problem else 200, **values)


def _show_excuse(
    request: Request,
    caller: Caller,
    context: Context,
    rules: Assignment,
    name: str,
    *,
    problem: str = "",
    typed: Mapping[str, str] | None = None,
) -> Response:
    books = gradebook(request)
    scores = books.cell_scores(rules.id)
    with context.database.reading() as session:
        rows = [row for row in load_corrections(session, context.course.id, rules.id) if row.student is None]
        titles = titles_of(session, context.store, context.course.id, rules.id)
    held = in_force(rows, None)
    views = []
    for cell in books.auto_cells(rules.id):
        key = cell.notebook, cell.grade_id
        got = [own[key] for own in scores.values() if key in own]
        title = titles.get(cell.grade_id, cell.grade_id)
        views.append(CellView(cell, title, held.get(key), len(got), sum(one >= cell.max_score for one in got)))
    reading_order = list(titles)
    views.sort(key=lambda view: reading_order.index(view.cell.grade_id) if view.cell.grade_id in titles else -1)
    worth = [view for view in views if view.cell.max_score]
    chosen = next((view for view in worth if name in {view.name, view.cell.grade_id}), None)
    if name and chosen is None:
        raise NotFound(f"{rules.id} has no autograded cell {name[:80]!r} that is worth points")
    values: dict[str, Any] = {"assignment": rules, "cells": worth, "chosen": chosen, "problem": problem}
    values["history"] = _history(rows, (chosen.cell.notebook, chosen.cell.grade_id)) if chosen else []
    values["typed"] = typed or {}
    return page(request, caller, "ask_excuse.html", status=422 if problem else 200, **values)


def _history(rows: Sequence[Correction], cell: Cell) -> list[Correction]:
    """The rows of a cell, newest first."""
    return [row for row in reversed(rows) if (row.notebook, row.cell) == cell]


def _corrector(request: Request, context: Context, caller: Caller) -> Corrector:
    books = gradebook(request)
    return Corrector(context.settings, context.course, context.database, books, caller.name, context.clock)


def _parse_points(text: str) -> float:
    try:
        return float(text.strip().replace(",", "."))
    except ValueError as error:
        raise Refused(f"{text[:20]!r} is no number of points; write one such as 2 or 1.5") from error
