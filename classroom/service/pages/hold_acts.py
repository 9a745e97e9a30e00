"""Holding a submission back while something is looked into, and letting it go."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import Response

from classroom.config import SERVICE_PREFIX
from classroom.errors import Refused
from classroom.extensions import Given
from classroom.holds import place_hold
from classroom.ids import parse_student_id
from classroom.service.deps import Caller, InContext, Role, require
from classroom.service.pages.render import redirect

router = APIRouter(prefix=f"{SERVICE_PREFIX}/{{course}}/assignments", include_in_schema=False)
InInstructor = Annotated[Caller, Depends(require(Role.INSTRUCTOR))]


@router.post("/{assignment}/submissions/{student}/hold")
def hold(
    request: Request,
    caller: InInstructor,
    context: InContext,
    assignment: str,
    student: str,
    holds: Annotated[bool, Form()],
    reason: Annotated[str, Form(max_length=2000)] = "",
) -> Response:
    """What was given back before doesn't show either, until the work is let go."""
    rules, name = context.course.assignment(assignment), parse_student_id(student)
    url = f"{SERVICE_PREFIX}/{context.course.id}/assignments/{rules.id}/submissions/{name}"
    try:
        with context.database.session() as session:
            given = Given(caller.name, context.clock(), reason)
            place_hold(session, context.course.id, rules, name, given, holds=holds)
    except Refused as error:
        return redirect(request, url, str(error), tone="bad")
    return redirect(request, url, "It is held back." if holds else "It is let go: what was given back shows again.")
