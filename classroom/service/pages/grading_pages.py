"""The grader's pages: the queue, and one piece beside its rubric."""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData

from classroom.config import SERVICE_PREFIX
from classroom.db.tables import Grading
from classroom.errors import NotFound, Refused
from classroom.grading.submissions import submission_folder
from classroom.ledger import record
from classroom.rubric.models import LEVELS, Marking, Rubric
from classroom.rubric.scoring import missing, score
from classroom.rubric.store import Piece, append_grading, marking_of, project
from classroom.service.deps import Caller, Context, InContext, Role, require
from classroom.service.pages.asked import find_answer
from classroom.service.pages.doors import gradebook
from classroom.service.pages.pieces import Queue, QueuePiece, find_queue, load_queues
from classroom.service.pages.render import page, redirect
from classroom.service.pages.written import to_html, words

router = APIRouter(prefix=f"{SERVICE_PREFIX}/{{course}}/grading", include_in_schema=False)
InGrader = Annotated[Caller, Depends(require(Role.GRADER))]

GRADING = "grading"
_MAX_COMMENT = 2000


@dataclass(frozen=True)
class Problem:
    """Why a marking was not taken: shown on top of the piece, with everything that was chosen kept."""

    title: str
    text: str
    fields: tuple[str, ...] = ()  # ids of criteria to look at


@router.get("")
def queue(request: Request, caller: InGrader, context: InContext) -> Response:
    """What next, and how much is left?"""
    with context.database.reading() as session:
        queues = load_queues(session, context, gradebook(request), caller.name)
    next_pieces = {one.task.task: one.next_after(None) for one in queues}
    first = next((one for one in queues if next_pieces[one.task.task]), None)
    return page(request, caller, "queue.html", queues=queues, next_pieces=next_pieces, first=first)


@router.get("/{task}/{piece}")
def piece_page(request: Request, caller: InGrader, context: InContext, task: str, piece: str) -> Response:
    """One piece, one rubric, hands on the keyboard."""
    with context.database.reading() as session:
        found = find_queue(session, context, gradebook(request), task, caller.name)
    one = found.piece(piece)
    chosen = marking_of(one.grading) if one.grading else Marking({})
    return _show(request, caller, context, found, one, chosen)


@router.post("/{task}/{piece}")
async def mark(request: Request, caller: InGrader, context: InContext, task: str, piece: str) -> Response:
    """Stores a marking and goes to the next piece."""
    form = await request.form()
    return await run_in_threadpool(_mark, request, caller, context, task, piece, form)


def _mark(request: Request, caller: Caller, context: Context, task: str, piece: str, form: FormData) -> Response:
    books = gradebook(request)
    with context.database.reading() as session:
        found = find_queue(session, context, books, task, caller.name)
    one = found.piece(piece)
    marking = parse_marking(found.rubric, form)
    if not _is_same(one.grading, marking, caller.name):
        if problem := _problem(found, one, marking, str(form.get("seen", "")), caller.name):
            status = 422 if problem.fields else 409
            return _show(request, caller, context, found, one, marking, problem=problem, status=status)
        _store(context, found, one, marking, caller.name)
    # The gradebook is another database: written after ours has the marking, and again when the form is sent again.
    made = project(found.rubric, marking)
    books.set_manual(found.assignment.id, found.task.notebook, found.task.task, one.student, made.points, made.comment)
    url = f"{SERVICE_PREFIX}/{context.course.id}/grading"
    if following := found.next_after(one):
        return redirect(request, f"{url}/{found.task.task}/{following.id}")
    return redirect(request, url, f"{one.name} was the last one: all of {found.rubric.title} is graded.")


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
            comments[criterion.id] = text[:_MAX_COMMENT]
    gates = tuple(gate.id for gate in rubric.gates if f"gate-{gate.id}" in form)
    return Marking(levels, gates, comments)


def _problem(found: Queue, one: QueuePiece, marking: Marking, seen: str, grader: str) -> Problem | None:
    if without := missing(found.rubric, marking.levels):
        fields = tuple(one.id for one in found.rubric.criteria if one.id not in marking.levels)
        return Problem("A level is missing", f"Choose one for: {', '.join(without)}.", fields)
    if seen != str(one.seen):
        who = "You" if one.grading and one.grading.grader == grader else "Somebody"
        return Problem(
            f"{who} saved another marking of this piece meanwhile",
            "Yours is kept in the form below, not stored yet. Done stores it as the newer one; Queue leaves theirs.",
        )
    return None


def _is_same(grading: Grading | None, marking: Marking, grader: str) -> bool:
    """A form sent twice, as by a double click."""
    return grading is not None and grading.grader == grader and marking_of(grading) == marking


def _store(context: Context, found: Queue, one: QueuePiece, marking: Marking, grader: str) -> None:
    now = context.clock()
    with context.database.session() as session:
        row = append_grading(
            session,
            Piece(found.task, one.student, one.attempt),
            marking,
            rubric=found.rubric,
            grader=grader,
            at=now,
        )
        record(
            session,
            GRADING,
            course=found.task.course,
            actor=grader,
            at=now,
            assignment=found.task.assignment,
            student=one.student,
            task=found.task.task,
            grading=row.id,
        )


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
) -> Response:
    text = _answer(context, found, one)
    values: dict[str, Any] = {
        "queue": found,
        "piece": one,
        "rubric": found.rubric,
        "marking": marking,
        "made": score(found.rubric, marking.levels, marking.gates),
        "previous": found.before(one, caller.name),
        "answer": to_html(text) if text else None,
        "word_count": words(text) if text else 0,
        "is_untouched": text is not None and text.strip() == found.asked.text.strip(),
        "problem": problem,
    }
    return page(request, caller, "grading.html", status=status, **values)


def _answer(context: Context, found: Queue, one: QueuePiece) -> str | None:
    folder = submission_folder(context.settings, found.assignment.id, one.student)
    try:
        return find_answer(folder, found.task.notebook, found.task.task)
    except NotFound:
        return None
