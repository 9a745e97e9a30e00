"""What the desk sends beside Done: drafts as they are typed, claims renewed, names lifted; and what it takes away."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData

from classroom.config import SERVICE_PREFIX
from classroom.errors import NotFound, Refused
from classroom.feedback.clean import remake_picture
from classroom.marking.drafts import find_draft, marking_in
from classroom.rubric.models import Marking, Rubric
from classroom.rubric.store import Piece, Task, load_history, marking_of
from classroom.service.deps import Caller, Context, InContext, Role, require
from classroom.service.pages import shown
from classroom.service.pages.desk import keep, lift_name, renew
from classroom.service.pages.doors import rubric
from classroom.service.pages.evidence import load_figure, load_files
from classroom.service.pages.grading_pages import parse_marking, parse_seen
from classroom.service.pages.handed_in import File
from classroom.service.pages.pieces import find_piece, find_task
from classroom.service.pages.render import redirect

router = APIRouter(prefix=f"{SERVICE_PREFIX}/{{course}}/grading", include_in_schema=False)
InGrader = Annotated[Caller, Depends(require(Role.GRADER))]
_NOTHING_RUNS = "default-src 'none'; sandbox"
_FEWEST_LETTERS, _MOST_LETTERS = 8, 500


@router.post("/{task}/{piece}/draft")
async def save(request: Request, caller: InGrader, context: InContext, task: str, piece: str) -> Response:
    """Keeps what is chosen so far and renews the claim: 200 with when, 409 when somebody took the piece over."""
    form = await request.form()
    return await run_in_threadpool(_save, caller, context, task, piece, form)


def _save(caller: Caller, context: Context, task: str, piece: str, form: FormData) -> Response:
    found, rules = _find(context, caller, task, piece)
    marking = parse_marking(rules, form)
    round_, _ = parse_seen(form)
    if only := str(form.get("by", "")):
        marking = _with_others(context, found, caller.name, marking, only)
    now = context.clock()
    told = {"saved": shown.day_and_time(now, context.course.time_zone, now), "holder": caller.name}
    if _is_stored(context, found, caller.name, marking):
        return JSONResponse(told)
    keep(context, found, marking, rubric=rules, grader=caller.name)
    taken = renew(context, found, round_, caller.name)
    return JSONResponse(told | {"holder": taken.holder}, 200 if taken.holder == caller.name else 409)


def _is_stored(context: Context, piece: Piece, grader: str, marking: Marking) -> bool:
    """A draft that was still on its way when Done was pressed comes after it, and says nothing new."""
    with context.database.reading() as session:
        own = [row for row in load_history(session, piece.task, piece.student) if row.grader == grader]
    return bool(own) and own[-1].attempt == piece.attempt and marking_of(own[-1]) == marking


def _with_others(context: Context, piece: Piece, grader: str, marking: Marking, only: str) -> Marking:
    """The form held one criterion; what was chosen for the others stays."""
    with context.database.reading() as session:
        draft = find_draft(session, piece, grader)
    before = marking_in(draft) if draft else Marking({})
    levels = {name: level for name, level in before.levels.items() if name != only}
    comments = {name: text for name, text in before.comments.items() if name != only}
    return Marking({**levels, **marking.levels}, marking.gates, {**comments, **marking.comments})


@router.post("/{task}/{piece}/name")
async def lift(request: Request, caller: InGrader, context: InContext, task: str, piece: str) -> Response:
    """Shows whose piece it is, for a reason that the ledger keeps."""
    form = await request.form()
    reason = str(form.get("reason", "")).strip()
    if not _FEWEST_LETTERS <= len(reason) <= _MOST_LETTERS:
        raise Refused(f"give a reason of {_FEWEST_LETTERS} to {_MOST_LETTERS} characters; the ledger keeps it")

    def written() -> None:
        found, _ = _find(context, caller, task, piece)
        lift_name(context, found, caller.name, reason)

    await run_in_threadpool(written)
    return redirect(request, f"{SERVICE_PREFIX}/{context.course.id}/grading/{task}/{piece}")


@router.get("/{task}/{piece}/files/{number}")
def take_file(caller: InGrader, context: InContext, task: str, piece: str, number: int) -> Response:
    """A file that was handed in, to take away; never shown in our origin. Of its name only the ending is sent."""
    file = _find_file(context, caller, task, piece, number)
    headers = {
        "Content-Disposition": f'attachment; filename="file-{number + 1}{file.ending}"',
        "Content-Security-Policy": _NOTHING_RUNS,
    }
    return Response(file.data, media_type="application/octet-stream", headers=headers)


@router.get("/{task}/{piece}/files/{number}/picture")
def show_picture(caller: InGrader, context: InContext, task: str, piece: str, number: int) -> Response:
    """A picture that was handed in, made anew from its pixels; 404 for what is none, or too large."""
    made = remake_picture(_find_file(context, caller, task, piece, number).data)
    if made is None:
        raise NotFound("this file is no picture that can be shown; take it away instead")
    return Response(made, media_type="image/png", headers={"Content-Security-Policy": _NOTHING_RUNS})


@router.get("/{task}/{piece}/figures/{number}")
def show_figure(caller: InGrader, context: InContext, task: str, piece: str, number: int) -> Response:
    """A picture that the notebook drew, made anew from its pixels."""
    found, _ = _find(context, caller, task, piece)
    headers = {"Content-Security-Policy": _NOTHING_RUNS}
    return Response(load_figure(context, found, number), media_type="image/png", headers=headers)


def _find_file(context: Context, caller: Caller, task: str, piece: str, number: int) -> File:
    found, _ = _find(context, caller, task, piece)
    files = load_files(context, found)
    if not 0 <= number < len(files):
        raise NotFound("there is no such file")
    return files[number]


def _find(context: Context, caller: Caller, task: str, piece: str) -> tuple[Piece, Rubric]:
    with context.database.reading() as session:
        assignment, asked = find_task(session, context, task)
        place = Task(context.course.id, assignment.id, asked.notebook, asked.grade_id)
        found = find_piece(session, context, place, caller.name, piece)
    return found, rubric(context.settings, assignment, asked.grade_id)
