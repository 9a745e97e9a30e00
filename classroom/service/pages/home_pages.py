"""The front door: everybody goes to the page of the own role."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response

from classroom.config import SERVICE_PREFIX
from classroom.service.deps import Caller, InContext, Role, caller
from classroom.service.pages.render import page

router = APIRouter(include_in_schema=False)


@router.get(SERVICE_PREFIX)
def without_slash() -> Response:
    """The address as somebody types it."""
    return RedirectResponse(f"{SERVICE_PREFIX}/", 307)


@router.get(f"{SERVICE_PREFIX}/")
def home(request: Request, caller: Annotated[Caller, Depends(caller)], context: InContext) -> Response:
    """To the role's page; a choice where somebody is a student and staff; words where there is no role."""
    base = f"{SERVICE_PREFIX}/{context.course.id}"
    pages = []
    if caller.has(Role.STUDENT):
        pages.append(f"{base}/my")
    if caller.has(Role.INSTRUCTOR):
        pages.append(f"{base}/assignments")
    elif caller.has(Role.GRADER):
        pages.append(f"{base}/grading")
    if len(pages) == 1:
        return RedirectResponse(pages[0], 303)
    return page(request, caller, "home.html")
