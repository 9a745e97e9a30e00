"""The instructor's pages: the board, one assignment's pipeline, its submissions."""

import asyncio
import statistics
from collections.abc import AsyncIterator, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response, StreamingResponse
from starlette.concurrency import run_in_threadpool

from classroom.config import SERVICE_PREFIX
from classroom.db.tables import Job
from classroom.errors import NotFound
from classroom.ids import AssignmentId, parse_digest, parse_student_id
from classroom.ledger import events_of_assignment, events_of_student
from classroom.service.deps import Caller, Context, InContext, Role, require
from classroom.service.pages.files import attached_zip
from classroom.service.pages.pipeline import (
    Pipeline,
    RunView,
    is_by_hand,
    load_pipeline,
    load_pipelines,
    load_row,
    load_run,
)
from classroom.service.pages.release_feedback import releasing
from classroom.service.pages.render import fragment, page, wants_fragment
from classroom.service.pages.submission import load_submission
from classroom.service.pages.table import FILTERS, SORTS, TableQuery, chosen_rows
from classroom.service.pages.told import tell

router = APIRouter(prefix=f"{SERVICE_PREFIX}/{{course}}/assignments", include_in_schema=False)
InInstructor = Annotated[Caller, Depends(require(Role.INSTRUCTOR))]

_TICK_S = 0.5
_HEARTBEAT_S = 2.0
_LEDGER_ROWS = 1000  # read, so that 20 lines come of them where one act wrote hundreds


@router.get("")
def board(request: Request, caller: InInstructor, context: InContext) -> Response:
    """What waits for me?"""
    with context.database.reading() as session:
        pipelines = load_pipelines(request, context, session, context.course.assignments)
    students = {row.student for pipeline in pipelines for row in pipeline.rows}
    return page(request, caller, "board.html", pipelines=pipelines, students=len(students), medians=_medians(pipelines))


@router.get("/{assignment}")
def assignment_page(request: Request, caller: InInstructor, context: InContext, assignment: str) -> Response:
    """From release to feedback, what is done and what did not work?"""
    rules = context.course.assignment(assignment)
    with context.database.reading() as session:
        pipeline = load_pipeline(request, context, session, rules)
        events = tell(events_of_assignment(session, context.course.id, rules.id, limit=_LEDGER_ROWS))
    values: dict[str, Any] = {"pipeline": pipeline, "assignment": rules, "events": events}
    values["is_releasing"] = rules.id in releasing(request.app)
    if wants_fragment(request):
        return Response(fragment(request, caller, "parts/pipeline.html", **values), media_type="text/html")
    return page(request, caller, "pipeline.html", **values)


@router.get("/{assignment}/runs/{run}")
def run_card(request: Request, caller: InInstructor, context: InContext, assignment: str, run: int) -> Response:
    """How far a run is, as a fragment, for browsers without event streams."""
    view = _run(context, assignment, run)
    return Response(
        fragment(request, caller, "parts/run.html", run=view, assignment=context.course.assignment(assignment)),
        media_type="text/html",
    )


@router.get("/{assignment}/runs/{run}/events")
async def run_events(
    request: Request, caller: InInstructor, context: InContext, assignment: str, run: int
) -> StreamingResponse:
    """The same, as server-sent events: `counts` at each change and every 2 s, `spoken` at each tenth, `done`."""
    await run_in_threadpool(_run, context, assignment, run)
    return StreamingResponse(
        _events(request, caller, context, assignment, run),
        media_type="text/event-stream",
        headers={"X-Accel-Buffering": "no"},
    )


@router.get("/{assignment}/submissions")
def submissions(
    request: Request, caller: InInstructor, context: InContext, assignment: str, query: Annotated[TableQuery, Query()]
) -> Response:
    """Who is missing or late? What still needs a person? Where is this student?"""
    rules = context.course.assignment(assignment)
    with context.database.reading() as session:
        pipeline = load_pipeline(request, context, session, rules, by_hand=True)
    values: dict[str, Any] = {
        "assignment": rules,
        "pipeline": pipeline,
        "rows": chosen_rows(pipeline.rows, query),
        "query": query,
        "filters": FILTERS,
        "sorts": SORTS,
        "median": _medians([pipeline]).get(rules.id),
    }
    if wants_fragment(request):
        return Response(fragment(request, caller, "parts/submissions.html", **values), media_type="text/html")
    return page(request, caller, "submissions.html", **values)


@router.get("/{assignment}/submissions/{student}")
def submission(request: Request, caller: InInstructor, context: InContext, assignment: str, student: str) -> Response:
    """One student's attempts, verdicts, markings and events; raises NotFound for one who never was here."""
    rules = context.course.assignment(assignment)
    name = parse_student_id(student)
    with context.database.reading() as session:
        row, tasks = load_row(request, context, session, rules, name)
        events = [
            event
            for event in events_of_student(session, context.course.id, name, limit=500)
            if event.assignment == rules.id
        ]
        job = session.get(Job, row.job.id) if row.job else None
        detail = load_submission(session, context, rules, tasks, name, job)
    return page(
        request,
        caller,
        "submission.html",
        assignment=rules,
        is_by_hand=is_by_hand(tasks),
        row=row,
        events=tell(events, lines=100),
        detail=detail,
    )


@router.get("/{assignment}/submissions/{student}/attempts/{number}")
def download(caller: InInstructor, context: InContext, assignment: str, student: str, number: int) -> Response:
    """One attempt, as it was handed in; the ledger says who took it."""
    rules = context.course.assignment(assignment)
    row = context.transfers.fetch_attempt(rules.id, student, number, actor=caller.name, is_staff=True)
    name = f"{row.student}-{rules.id}-attempt-{number}.zip"
    return attached_zip(context.store.entries(parse_digest(row.tree)), name)


def _run(context: Context, assignment: str, run: int) -> RunView:
    rules = context.course.assignment(assignment)
    with context.database.reading() as session:
        view = load_run(session, run)
    if view.run.assignment != rules.id or view.run.course != context.course.id:
        raise NotFound(f"{rules.id} has no run {run}")
    return view


async def _events(request: Request, caller: Caller, context: Context, assignment: str, run: int) -> AsyncIterator[str]:
    rules = context.course.assignment(assignment)
    shown, quiet_s, tenth = "", 0.0, -1
    while not await request.is_disconnected():
        view = await run_in_threadpool(_run, context, assignment, run)
        html = fragment(request, caller, "parts/run.html", run=view, assignment=rules)
        done, total = view.progress.done, view.progress.total
        if html != shown or quiet_s >= _HEARTBEAT_S:
            yield _event("counts", html)
            shown, quiet_s = html, 0.0
        if total and done * 10 // total != tenth:
            tenth = done * 10 // total
            yield _event("spoken", f"{done} of {total} autograded")
        if view.progress.finished:
            yield _event("done", "done")
            return
        await asyncio.sleep(_TICK_S)
        quiet_s += _TICK_S


def _event(name: str, data: str) -> str:
    lines = "".join(f"data: {line}\n" for line in data.splitlines())
    return f"event: {name}\n{lines}\n"


def _medians(pipelines: Sequence[Pipeline]) -> dict[AssignmentId, float]:
    """Of complete totals only: one with a part missing is no total."""
    totals = {
        pipeline.assignment.id: [
            row.total for row in pipeline.rows if row.total is not None and row.word in {"graded", "feedback out"}
        ]
        for pipeline in pipelines
    }
    return {name: statistics.median(values) for name, values in totals.items() if values}
