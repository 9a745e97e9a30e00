"""The grader's pages: the queue, and one piece beside its rubric."""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData

from classroom.config import SERVICE_PREFIX
from classroom.db.tables import Grading
from classroom.errors import Forbidden, NotFound, Refused
from classroom.marking.claims import Taken, take
from classroom.marking.drafts import marking_in
from classroom.marking.snippets import load_snippets
from classroom.rubric.models import LEVELS, Criterion, Marking, Rubric
from classroom.rubric.rounds import FIRST
from classroom.rubric.scoring import missing, score
from classroom.rubric.store import Piece, marking_of
from classroom.service.deps import Caller, Context, InContext, Role, require
from classroom.service.pages.desk import Stale, keep, lifted_name, store
from classroom.service.pages.doors import gradebook
from classroom.service.pages.evidence import load_evidence
from classroom.service.pages.pieces import Queue, QueuePiece, find_queue, load_queues
from classroom.service.pages.render import page, redirect

router = APIRouter(prefix=f"{SERVICE_PREFIX}/{{course}}/grading", include_in_schema=False)
InGrader = Annotated[Caller, Depends(require(Role.GRADER))]

MAX_COMMENT = 2000
_LAST_GRADED = 12  # pieces of a task on the queue's own page; a course has thousands


@dataclass(frozen=True)
class Problem:
    """Why a marking was not taken: shown on top of the piece, with everything that was chosen kept.

    theirs: what somebody else stored meanwhile, to compare with.
    """

    title: str
    text: str
    fields: tuple[str, ...] = ()  # ids of criteria to look at
    theirs: Grading | None = None


@router.get("")
def queue(request: Request, caller: InGrader, context: InContext, graded: str | None = None) -> Response:
    """What next, and how much is left? `graded`: the task of which all graded pieces are listed, not only the last."""
    with context.database.reading() as session:
        queues = load_queues(session, context, gradebook(request), caller.name)
    next_pieces = {one.task.task: one.next_after(None) for one in queues}
    first = next((one for one in queues if one.left and one.is_calibrated and next_pieces[one.task.task]), None)
    values: dict[str, Any] = {"queues": queues, "next_pieces": next_pieces, "first": first}
    return page(request, caller, "queue.html", **values, listed=graded, last=_LAST_GRADED)


@router.get("/{task}")
def next_piece(request: Request, caller: InGrader, context: InContext, task: str, by: str | None = None) -> Response:
    """To the next piece of a task; `by`: one criterion for all pieces in a row."""
    with context.database.reading() as session:
        found = find_queue(session, context, gradebook(request), task, caller.name)
    criterion = _criterion(found.rubric, by)
    if not found.is_calibrated:
        return redirect(request, f"{SERVICE_PREFIX}/{context.course.id}/grading/{task}/calibrate")
    return _go_on(request, context, found, None, criterion, "Nothing of this is left for you.")


@router.get("/{task}/{piece}")
def piece_page(
    request: Request, caller: InGrader, context: InContext, task: str, piece: str, by: str | None = None
) -> Response:
    """One piece, one rubric, hands on the keyboard. Opening it claims it."""
    with context.database.reading() as session:
        found = find_queue(session, context, gradebook(request), task, caller.name)
    one = _own_piece(found, piece)
    criterion = _criterion(found.rubric, by)
    taken = None
    if one.is_open and one.round is not None:
        with context.database.session() as session:
            taken = take(session, _piece(found, one), one.round, caller.name, context.clock())
        if taken.holder != caller.name:
            said = (
                f"{one.name} is open at {taken.holder}'s desk; it is free again when it was left alone for 30 minutes."
            )
            return redirect(request, f"{SERVICE_PREFIX}/{context.course.id}/grading", said, tone="warn")
    return _show(request, caller, context, found, one, _chosen(one), criterion=criterion, taken=taken)


@router.post("/{task}/{piece}")
async def mark(request: Request, caller: InGrader, context: InContext, task: str, piece: str) -> Response:
    """Stores a marking and goes to the next piece."""
    form = await request.form()
    return await run_in_threadpool(_mark, request, caller, context, task, piece, form)


def _mark(request: Request, caller: Caller, context: Context, task: str, piece: str, form: FormData) -> Response:
    books = gradebook(request)
    with context.database.reading() as session:
        found = find_queue(session, context, books, task, caller.name)
    one = _own_piece(found, piece)
    criterion = _criterion(found.rubric, str(form.get("by", "")) or None)
    marking = parse_marking(found.rubric, form)
    if criterion is not None:
        marking = _merged(_chosen(one), marking, criterion)
    if one.is_closed and not _is_same(one.own, marking):
        problem = Problem(
            "This piece is closed for changes", "What you stored stands; ask the instructor if it is wrong."
        )
        return _show(request, caller, context, found, one, marking, problem=problem, status=409)
    without = missing(found.rubric, marking.levels)
    if without and criterion is not None and criterion.id in marking.levels:
        keep(context, _piece(found, one), marking, rubric=found.rubric, grader=caller.name, ends=True)
        return _go_on(request, context, found, one, criterion, f"{criterion.title}: a level everywhere.")
    if without:
        fields = tuple(one.id for one in found.rubric.criteria if one.id not in marking.levels)
        problem = Problem("A level is missing", f"Choose one for: {', '.join(without)}.", fields)
        return _show(request, caller, context, found, one, marking, problem=problem, status=422, criterion=criterion)
    if not _is_same(one.own, marking):
        try:
            store(context, books, found, one, marking, caller.name, seen=parse_seen(form))
        except Stale as stale:
            # A draft keeps the piece within reach of who was second, also where no script saved one before.
            keep(context, _piece(found, one), marking, rubric=found.rubric, grader=caller.name)
            return _show_stale(request, caller, context, task, piece, marking, stale)
    else:
        store(context, books, found, one, None, caller.name)
    return _go_on(request, context, found, one, criterion, f"{one.name} was the last one: all of it is graded.")


def parse_marking(rubric: Rubric, form: FormData) -> Marking:
    """The choices in a form; raises Refused for a level that isn't one."""
    levels, comments = {}, {}
    for criterion in rubric.criteria:
        given = form.get(f"level-{criterion.id}")
        if given is not None:
            if given not in {str(level) for level in LEVELS}:
                raise Refused(f"{str(given)[:20]!r} is no level of {criterion.title}; choose 0 to 4")
            levels[criterion.id] = int(str(given))
        if text := str(form.get(f"comment-{criterion.id}", "")).strip():
            comments[criterion.id] = text[:MAX_COMMENT]
    gates = tuple(gate.id for gate in rubric.gates if f"gate-{gate.id}" in form)
    return Marking(levels, gates, comments)


def parse_seen(form: FormData) -> tuple[int, int]:
    """The round that a form is for, and the grading that it has seen there; raises Refused."""
    round_, seen = str(form.get("round", FIRST)), str(form.get("seen", ""))
    if not (round_.isdecimal() and seen.isdecimal() and len(seen) < 16 and round_ in {"1", "2"}):
        raise Refused("the form doesn't say which state of the piece it has seen; load the page again")
    return int(round_), int(seen)


def _own_piece(found: Queue, piece: str) -> QueuePiece:
    """A piece that this grader marks, marked or began; what others finished isn't there."""
    one = found.piece(piece)
    if not found.is_calibrated:
        raise Forbidden("mark this task's anchors first, from your queue: it opens when you agree with them")
    if one.round is None and one.draft is None:
        raise NotFound("there is no such piece in your queue; go back to the queue")
    return one


def _piece(found: Queue, one: QueuePiece) -> Piece:
    return Piece(found.task, one.student, one.attempt)


def _chosen(one: QueuePiece) -> Marking:
    """What this grader chose last, done or not."""
    if one.draft and (one.own is None or one.draft.at > one.own.at):
        return marking_in(one.draft)
    return marking_of(one.own) if one.own else Marking({})


def _merged(before: Marking, new: Marking, criterion: Criterion) -> Marking:
    """What was chosen for other criteria stays; the form had only this one."""
    levels = {**before.levels, **{name: level for name, level in new.levels.items() if name == criterion.id}}
    comments = {name: text for name, text in before.comments.items() if name != criterion.id}
    return Marking(levels, new.gates, comments | {n: t for n, t in new.comments.items() if n == criterion.id})


def _criterion(rubric: Rubric, name: str | None) -> Criterion | None:
    if name is None:
        return None
    for criterion in rubric.criteria:
        if criterion.id == name:
            return criterion
    raise NotFound("the rubric has no such criterion; go back to the queue")


def _is_same(grading: Grading | None, marking: Marking) -> bool:
    """A form sent twice, as by a double click."""
    return grading is not None and marking_of(grading) == marking


def _go_on(
    request: Request,
    context: Context,
    found: Queue,
    one: QueuePiece | None,
    criterion: Criterion | None,
    at_the_end: str,
) -> Response:
    url = f"{SERVICE_PREFIX}/{context.course.id}/grading"
    if following := found.next_after(one, criterion.id if criterion else None):
        return redirect(
            request, f"{url}/{found.task.task}/{following.id}" + (f"?by={criterion.id}" if criterion else "")
        )
    return redirect(request, url, at_the_end)


def _show_stale(
    request: Request, caller: Caller, context: Context, task: str, piece: str, marking: Marking, stale: Stale
) -> Response:
    """Both markings side by side; the form now has seen the other one."""
    with context.database.reading() as session:
        found = find_queue(session, context, gradebook(request), task, caller.name)
    mine = stale.theirs.grader == caller.name
    problem = Problem(
        f"{'You' if mine else 'Somebody'} saved another marking of this piece meanwhile",
        "Yours is kept in the form below, not stored yet. Done stores it as the newer one; Queue leaves theirs.",
        theirs=stale.theirs,
    )
    one = found.piece(piece)
    return _show(request, caller, context, found, one, marking, problem=problem, status=409, seen=stale.theirs)


def _show(
    request: Request,
    caller: Caller,
    context: Context,
    found: Queue,
    one: QueuePiece,
    marking: Marking,
    *,
    problem: Problem | None = None,
    status: int = 200,
    criterion: Criterion | None = None,
    taken: Taken | None = None,
    seen: Grading | None = None,
) -> Response:
    with context.database.reading() as session:
        evidence = load_evidence(session, context, found.asked, _piece(found, one))
        values: dict[str, Any] = {
            "queue": found,
            "piece": one,
            "rubric": found.rubric,
            "criteria": [criterion] if criterion else found.rubric.criteria,
            "by": criterion,
            "gates": found.rubric.gates,
            "marking": marking,
            "made": score(found.rubric, marking.levels, marking.gates),
            "previous": found.before(one),
            "evidence": evidence,
            "snippets": load_snippets(session, found.task, caller.name),
            "name": lifted_name(session, found.task, caller.name, one.student),
            "problem": problem,
            "taken": taken,
            "round": seen.round if seen else one.round or FIRST,
            "seen": seen.id if seen else one.seen,
        }
    return page(request, caller, "grading.html", status=status, **values)
