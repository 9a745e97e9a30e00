"""The instructor's page on what a changed rubric does to the points that were given."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from classroom.assignments import Assignment
from classroom.config import SERVICE_PREFIX
from classroom.errors import CourseError, Refused
from classroom.marking.rescore import Plan, apply_rescore, last_rescore, plan_rescore, undo_rescore
from classroom.rubric.files import load_rubric, rubric_path
from classroom.rubric.store import load_tasks
from classroom.service.deps import Caller, Context, InContext, Role, require
from classroom.service.pages.doors import gradebook
from classroom.service.pages.render import page, redirect

router = APIRouter(prefix=f"{SERVICE_PREFIX}/{{course}}/assignments", include_in_schema=False)
InInstructor = Annotated[Caller, Depends(require(Role.INSTRUCTOR))]


@router.get("/{assignment}/rescore")
def rescore_page(request: Request, caller: InInstructor, context: InContext, assignment: str) -> Response:
    """Each piece whose points would change, before anything does."""
    rules = context.course.assignment(assignment)
    with context.database.reading() as session:
        last = last_rescore(session, context.course.id, rules.id)
    plan = _plan(request, context, rules)
    return page(request, caller, "rescore.html", assignment=rules, plan=plan, last=last)


@router.post("/{assignment}/rescore")
def write(request: Request, caller: InInstructor, context: InContext, assignment: str) -> Response:
    """Writes the new points."""
    rules = context.course.assignment(assignment)
    plan, books = _plan(request, context, rules), gradebook(request)
    apply_rescore(context.database, books, context.course.id, rules.id, plan, actor=caller.name, now=context.clock())
    return redirect(request, _url(context, rules), f"{len(plan.changes)} scores written.")


@router.post("/{assignment}/rescore/undo")
def undo(request: Request, caller: InInstructor, context: InContext, assignment: str) -> Response:
    """Takes the last rescore back."""
    rules = context.course.assignment(assignment)
    back = undo_rescore(
        context.database,
        gradebook(request),
        context.course.id,
        rules.id,
        actor=caller.name,
        now=context.clock(),
    )
    return redirect(request, _url(context, rules), f"{back} scores are as they were.")


def _plan(request: Request, context: Context, rules: Assignment) -> Plan:
    with context.database.reading() as session:
        asked = [one for one in load_tasks(session, context.course.id, rules.id) if one.task in rules.written]
        try:
            tasks = [(one, load_rubric(rubric_path(context.settings.course_root, rules.id, one.task))) for one in asked]
        except CourseError as error:
            raise Refused(f"with this rubric nothing can be scored:\n{error}") from error
        return plan_rescore(session, gradebook(request), tasks)


def _url(context: Context, rules: Assignment) -> str:
    return f"{SERVICE_PREFIX}/{context.course.id}/assignments/{rules.id}/rescore"
