"""Who is in the course, as the last import had it."""

from collections import Counter
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from classroom.config import SERVICE_PREFIX
from classroom.roster import load_roster
from classroom.service.deps import Caller, InContext, Role, require
from classroom.service.pages.render import page

router = APIRouter(prefix=f"{SERVICE_PREFIX}/{{course}}/roster", include_in_schema=False)
InInstructor = Annotated[Caller, Depends(require(Role.INSTRUCTOR))]


@router.get("")
def roster(request: Request, caller: InInstructor, context: InContext) -> Response:
    """Everybody, with section and role; who has left stands last."""
    with context.database.reading() as session:
        people = load_roster(session, context.course.id).values()
    here = [person for person in people if not person.has_left]
    return page(
        request,
        caller,
        "roster.html",
        people=sorted(people, key=lambda one: (one.has_left, one.section, one.id)),
        roles=Counter(person.role for person in here),
        sections=Counter(person.section for person in here if person.section),
    )
