"""The third opinion: where two graders are far apart, somebody who marked neither decides."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData

from classroom.config import SERVICE_PREFIX
from classroom.db.tables import Grading
from classroom.errors import NotFound
from classroom.marking.claims import take
from classroom.rubric.models import Criterion, Gate, Marking
from classroom.rubric.rounds import FIRST, SECOND, THIRD, disputed, disputed_gates
from classroom.rubric.store import Piece, marking_of
from classroom.service.deps import Caller, Context, InContext, Role, require
from classroom.service.pages.desk import Stale, store
from classroom.service.pages.doors import gradebook
from classroom.service.pages.evidence import load_evidence
from classroom.service.pages.grading_pages import Problem, parse_marking
from classroom.service.pages.pieces import Queue, QueuePiece, find_queue
from classroom.service.pages.render import page, redirect

router = APIRouter(prefix=f"{SERVICE_PREFIX}/{{course}}/grading", include_in_schema=False)
InGrader = Annotated[Caller, Depends(require(Role.GRADER))]


@router.get("/{task}/{piece}/third")
def third_page(request: Request, caller: InGrader, context: InContext, task: str, piece: str) -> Response:
    """The piece and what the two differ on, without what they chose."""
    found, one = _find(request, caller, context, task, piece)
    with context.database.session() as session:
        taken = take(session, Piece(found.task, one.student, one.attempt), THIRD, caller.name, context.clock())
    if taken.holder != caller.name:
        said = f"{taken.holder} is deciding {one.name}."
        return redirect(request, f"{SERVICE_PREFIX}/{context.course.id}/grading", said, tone="warn")
    return _show(request, caller, context, found, one, Marking({}))


@router.post("/{task}/{piece}/third")
async def decide(request: Request, caller: InGrader, context: InContext, task: str, piece: str) -> Response:
    """First shows both markings beside the own one, then stores the decision."""
    form = await request.form()
    return await run_in_threadpool(_decide, request, caller, context, task, piece, form)


def _decide(request: Request, caller: Caller, context: Context, task: str, piece: str, form: FormData) -> Response:
    found, one = _find(request, caller, context, task, piece)
    criteria, gates = _contested(found, one)
    given = parse_marking(found.rubric, form)
    marking = Marking(
        {criterion.id: given.levels[criterion.id] for criterion in criteria if criterion.id in given.levels},
        tuple(gate.id for gate in gates if gate.id in given.gates),
        {criterion.id: given.comments[criterion.id] for criterion in criteria if criterion.id in given.comments},
    )
    without = [criterion.title for criterion in criteria if criterion.id not in marking.levels]
    if without:
        problem = Problem("A level is missing", f"Choose one for: {', '.join(without)}.")
        return _show(request, caller, context, found, one, marking, problem=problem)
    if form.get("step") != "decide":
        return _show(request, caller, context, found, one, marking, revealed=True)
    silent = [criterion.title for criterion in criteria if criterion.id not in marking.comments]
    if silent:
        problem = Problem("A reason is missing", f"Say why, in the comment on: {', '.join(silent)}.")
        return _show(request, caller, context, found, one, marking, problem=problem, revealed=True)
    url = f"{SERVICE_PREFIX}/{context.course.id}/grading"
    try:
        store(context, gradebook(request), found, one, marking, caller.name, seen=(THIRD, 0))
    except Stale as stale:
        return redirect(request, url, f"{stale.theirs.grader} decided {one.name} before you.", tone="warn")
    return redirect(request, url, f"{one.name} is decided.")


def _find(request: Request, caller: Caller, context: Context, task: str, piece: str) -> tuple[Queue, QueuePiece]:
    with context.database.reading() as session:
        found = find_queue(session, context, gradebook(request), task, caller.name)
    one = found.piece(piece)
    if one not in found.third or not found.is_calibrated:
        raise NotFound("there is nothing to decide here; go back to the queue")
    return found, one


def _contested(found: Queue, one: QueuePiece) -> tuple[list[Criterion], list[Gate]]:
    rounds = {number: marking_of(row) for number, row in one.rounds.items()}
    names, caps = disputed(rounds), disputed_gates(rounds)
    return (
        [criterion for criterion in found.rubric.criteria if criterion.id in names],
        [gate for gate in found.rubric.gates if gate.id in caps],
    )


def _shuffled(one: QueuePiece) -> tuple[Grading, Grading]:
    """Both markings; the address decides which stands left, so that the place tells nothing."""
    first, second = one.rounds[FIRST], one.rounds[SECOND]
    return (first, second) if int(one.id, 16) % 2 else (second, first)


def _show(
    request: Request,
    caller: Caller,
    context: Context,
    found: Queue,
    one: QueuePiece,
    marking: Marking,
    *,
    problem: Problem | None = None,
    revealed: bool = False,
) -> Response:
    criteria, gates = _contested(found, one)
    with context.database.reading() as session:
        evidence = load_evidence(session, context, found.asked, Piece(found.task, one.student, one.attempt))
    values: dict[str, Any] = {
        "queue": found,
        "piece": one,
        "rubric": found.rubric,
        "criteria": criteria,
        "gates": gates,
        "marking": marking,
        "evidence": evidence,
        "snippets": {},
        "problem": problem,
        "revealed": revealed,
        "both": _shuffled(one) if revealed else (),
    }
    return page(request, caller, "third_opinion.html", status=422 if problem else 200, **values)
