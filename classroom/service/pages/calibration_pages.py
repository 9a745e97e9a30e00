"""Calibration: the anchors of a task, marked one by one, each then beside its reference."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData

from classroom.config import SERVICE_PREFIX
from classroom.errors import Conflict, NotFound
from classroom.marking.calibration import append_calibration, load_calibrated
from classroom.rubric.models import Marking, Rubric
from classroom.rubric.scoring import missing
from classroom.rubric.store import Task
from classroom.service.deps import Caller, Context, InContext, Role, require
from classroom.service.pages.doors import rubric
from classroom.service.pages.grading_pages import Problem, parse_marking
from classroom.service.pages.pieces import find_task
from classroom.service.pages.render import page, redirect

router = APIRouter(prefix=f"{SERVICE_PREFIX}/{{course}}/grading", include_in_schema=False)
InGrader = Annotated[Caller, Depends(require(Role.GRADER))]


@router.get("/{task}/calibrate")
def calibrate(request: Request, caller: InGrader, context: InContext, task: str, again: bool = False) -> Response:
    """The next anchor, without its reference; how it went after the last one, until `again` is asked for."""
    place, rules = _find(context, task)
    return _show(request, caller, context, place, rules, again=again)


@router.post("/{task}/calibrate")
async def mark_anchor(request: Request, caller: InGrader, context: InContext, task: str) -> Response:
    """Stores the levels of an anchor and shows them beside the reference."""
    form = await request.form()
    return await run_in_threadpool(_mark, request, caller, context, task, form)


@router.get("/{task}/calibrate/{anchor}")
def compare(request: Request, caller: InGrader, context: InContext, task: str, anchor: str) -> Response:
    """Own levels beside those of an anchor that this grader has marked; raises NotFound before."""
    place, rules = _find(context, task)
    with context.database.reading() as session:
        state = load_calibrated(session, place, rules, caller.name)
    found = next((one for one in rules.anchors if one.id == anchor and anchor in state.latest), None)
    if found is None:
        raise NotFound("there is no such anchor, or you have not marked it yet")
    own = state.latest[anchor]
    return page(request, caller, "calibrated.html", task=place, rubric=rules, state=state, anchor=found, own=own)


def _mark(request: Request, caller: Caller, context: Context, task: str, form: FormData) -> Response:
    place, rules = _find(context, task)
    marking = parse_marking(rules, form)
    with context.database.session() as session:
        state = load_calibrated(session, place, rules, caller.name)
        if form.get("anchor") != state.next.id:
            raise Conflict("this anchor was marked already; load the page again")
        without = missing(rules, marking.levels)
        if not without:
            anchor = state.next.id
            append_calibration(session, place, anchor, marking, rubric=rules, grader=caller.name, at=context.clock())
    if without:
        problem = Problem("A level is missing", f"Choose one for: {', '.join(without)}.")
        return _show(request, caller, context, place, rules, marking=marking, problem=problem, again=True)
    return redirect(request, f"{SERVICE_PREFIX}/{place.course}/grading/{task}/calibrate/{state.next.id}")


def _find(context: Context, task: str) -> tuple[Task, Rubric]:
    with context.database.reading() as session:
        assignment, asked = find_task(session, context, task)
    place = Task(context.course.id, assignment.id, asked.notebook, asked.grade_id)
    return place, rubric(context.settings, assignment, asked.grade_id)


def _show(
    request: Request,
    caller: Caller,
    context: Context,
    place: Task,
    rules: Rubric,
    *,
    marking: Marking | None = None,
    problem: Problem | None = None,
    again: bool = False,
) -> Response:
    with context.database.reading() as session:
        state = load_calibrated(session, place, rules, caller.name)
    values: dict[str, Any] = {"task": place, "rubric": rules, "state": state}
    if state.is_whole and not again:
        return page(request, caller, "calibrated.html", anchor=None, own=None, **values)
    return page(
        request,
        caller,
        "calibrate.html",
        status=422 if problem else 200,
        criteria=rules.criteria,
        marking=marking or Marking({}),
        snippets={},
        problem=problem,
        **values,
    )
