"""Who has more time: extensions of one assignment, and extra days in all of them; given and withdrawn here."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import Response

from classroom.assignments import Assignment
from classroom.config import SERVICE_PREFIX
from classroom.errors import NotFound, Refused
from classroom.extensions import (
    Given,
    accommodate,
    all_accommodations,
    all_extensions,
    due_dates,
    extend,
    parse_until,
)
from classroom.gradebook import Gradebook
from classroom.ids import StudentId, parse_student_id
from classroom.service.deps import Caller, Context, InContext, Role, require
from classroom.service.pages.doors import gradebook
from classroom.service.pages.render import page, redirect
from classroom.service.pages.shown import count, day_and_time, points
from classroom.writer import only_writer

router = APIRouter(prefix=f"{SERVICE_PREFIX}/{{course}}/extensions", include_in_schema=False)
InInstructor = Annotated[Caller, Depends(require(Role.INSTRUCTOR))]

MAX_STUDENTS = 500
_MAX_FIELD = 20_000
Field = Annotated[str, Form(max_length=_MAX_FIELD)]


@router.get("")
def extensions(
    request: Request,
    caller: InInstructor,
    context: InContext,
    student: Annotated[str, Query(max_length=64)] = "",
    assignment: Annotated[str, Query(max_length=64)] = "",
) -> Response:
    """Who has more time, why, and the forms to give it; a student and an assignment may be filled in by a link."""
    return _show(request, caller, context, {"students": student, "assignment": assignment})


@router.post("")
def give_extension(
    request: Request,
    caller: InInstructor,
    context: InContext,
    students: Field = "",
    assignment: Field = "",
    until: Field = "",
    reason: Field = "",
) -> Response:
    """One assignment's new due date for some students; penalties in the gradebook follow at once."""
    try:
        rules = context.course.assignment(assignment)
        names = parse_students(students)
        time = parse_until(until, context.course)
        before = _taken(gradebook(request), rules, names)
        with context.database.session() as session:
            given = Given(caller.name, context.clock(), reason)
            for name in names:
                extend(session, context.course, rules, name, time, given)
    except (Refused, NotFound) as error:
        values = {"students": students, "assignment": assignment, "until": until, "reason": reason}
        return _show(request, caller, context, values, problem=str(error), form="extension")
    project(context, gradebook(request), names)
    now_due = day_and_time(time, context.course.time_zone, context.clock())
    back = before - _taken(gradebook(request), rules, names)
    effect = f" {points(back)} points of penalties are given back." if back > 0 else ""
    return _back(request, context, f"{rules.title} is due {now_due} for {count(len(names), 'student')}.{effect}")


@router.post("/withdraw")
def withdraw_extension(
    request: Request,
    caller: InInstructor,
    context: InContext,
    student: Field,
    assignment: Field,
    reason: Field = "",
) -> Response:
    """Everybody's due date holds again, also for what the student handed in."""
    rules, name = context.course.assignment(assignment), parse_student_id(student)
    with context.database.session() as session:
        given = Given(caller.name, context.clock(), reason or "withdrawn")
        extend(session, context.course, rules, name, None, given)
    project(context, gradebook(request), [name])
    return _back(request, context, f"The extension of {name} in {rules.title} is withdrawn.")


@router.post("/accommodations")
def give_accommodation(
    request: Request,
    caller: InInstructor,
    context: InContext,
    students: Field = "",
    days: Field = "",
    reason: Field = "",
) -> Response:
    """Extra days in every assignment, past ones too; 0 takes them back."""
    try:
        names = parse_students(students)
        extra_days = _parse_days(days)
        with context.database.session() as session:
            given = Given(caller.name, context.clock(), reason)
            for name in names:
                accommodate(session, context.course, name, extra_days, given)
    except Refused as error:
        values = {"students": students, "days": days, "reason": reason}
        return _show(request, caller, context, values, problem=str(error), form="accommodation")
    project(context, gradebook(request), names)
    days_words = count(extra_days, "extra day") if extra_days else "no extra days"
    return _back(request, context, f"{count(len(names), 'student')}: {days_words} in every assignment from now on.")


def project(context: Context, book: Gradebook, students: Sequence[StudentId]) -> None:
    """The present due dates of these students into the gradebook, which counts their penalties by them."""
    for student in students:
        with only_writer(context.settings.state):
            with context.database.reading() as session:
                due = due_dates(session, context.course, student)
            book.extend(student, due)


def parse_students(text: str) -> list[StudentId]:
    """Names between spaces, commas or line ends, each once; raises Refused."""
    names = list(dict.fromkeys(text.replace(",", " ").replace(";", " ").split()))
    if not names:
        raise Refused("no student is named; write one or several, with spaces between")
    if len(names) > MAX_STUDENTS:
        raise Refused(f"{len(names)} students are named, {MAX_STUDENTS} at once are allowed")
    return [parse_student_id(name) for name in names]


def _parse_days(text: str) -> int:
    if not text.strip().isdecimal() or len(text.strip()) > 3:
        raise Refused(f"{text[:20]!r} is no number of days; write 3, or 0 to take them back")
    return int(text)


def _taken(book: Gradebook, rules: Assignment, students: Sequence[StudentId]) -> float:
    """The points that the late rule takes from these students."""
    return sum(row.penalty for row in book.scores(rules.id) if row.student in set(students))


def _show(
    request: Request,
    caller: Caller,
    context: Context,
    given: dict[str, str],
    *,
    problem: str = "",
    form: str = "",
) -> Response:
    with context.database.reading() as session:
        values: dict[str, Any] = {
            "extensions": all_extensions(session, context.course.id),
            "accommodations": all_accommodations(session, context.course.id),
        }
    titles = {assignment.id: assignment.title for assignment in context.course.assignments}
    status = 422 if problem else 200
    return page(
        request,
        caller,
        "extensions.html",
        status=status,
        given=given,
        problem=problem,
        form=form,
        titles=titles,
        **values,
    )


def _back(request: Request, context: Context, said: str) -> Response:
    return redirect(request, f"{SERVICE_PREFIX}/{context.course.id}/extensions", said)
