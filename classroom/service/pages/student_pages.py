"""My work: what a student has to do, handed in, and got back. Every query is for the caller alone."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from classroom.assignments import Assignment
from classroom.config import SERVICE_PREFIX
from classroom.db.tables import Event
from classroom.errors import NotFound
from classroom.exchange.receipts import is_genuine
from classroom.exchange.transfers import Transfers
from classroom.ids import StudentId, parse_digest
from classroom.ledger import Kind, events_of_student
from classroom.policy import closing_time, late_penalty, second_look_ends, when_scores_show
from classroom.progress import Work, load_my_assignment, load_my_work, next_to_do
from classroom.second_looks import threads_of
from classroom.service.deps import Caller, Context, InContext, Role, require
from classroom.service.pages.asked import by_heading, load_tasks
from classroom.service.pages.files import attached_json, attached_zip
from classroom.service.pages.outcome import load_outcome
from classroom.service.pages.render import page

router = APIRouter(prefix=f"{SERVICE_PREFIX}/{{course}}/my", include_in_schema=False)
InStudent = Annotated[Caller, Depends(require(Role.STUDENT))]

# A feedback document runs nothing and loads nothing, and stands in no frame but ours.
DOCUMENT_POLICY = (
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'; sandbox; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'"
)
# What the ledger tells a student about the own work. Grading is told by its result.
_TOLD = frozenset(
    {
        Kind.fetch,
        Kind.submit,
        Kind.refused,
        Kind.attempt_fetch,
        Kind.collect,
        Kind.feedback_release,
        Kind.extension,
        Kind.hold,
        Kind.second_look,
        Kind.second_look_answer,
    }
)


@dataclass(frozen=True)
class Threshold:
    """What a submission keeps that arrives until then: a share of its points, 0 to 1."""

    until: dt.datetime
    share: float
    words: str
    is_now: bool


@router.get("")
def my_work(request: Request, caller: InStudent, context: InContext) -> Response:
    """Where am I, and what is next?"""
    with context.database.reading() as session:
        works = load_my_work(session, context.course, StudentId(caller.name), context.clock())
        events = events_of_student(session, context.course.id, caller.name, limit=500)
    graded = [work for work in works if work.feedback]
    upcoming = next_to_do(works)
    return page(
        request,
        caller,
        "student_home.html",
        works=works,
        upcoming=upcoming,
        decision=context.transfers.decision(upcoming.assignment.id, caller.name) if upcoming else None,
        graded=graded,
        score=sum(work.feedback.score for work in graded if work.feedback),
        max_score=sum(work.feedback.max_score for work in graded if work.feedback),
        fetched={event.assignment for event in events if event.kind == Kind.fetch},
    )


@router.get("/{assignment}")
def my_assignment(request: Request, caller: InStudent, context: InContext, assignment: str) -> Response:
    """What is asked, until when, and what have I handed in?"""
    work, events = _load(context, assignment, caller)
    exchange = context.transfers
    tasks = load_tasks(context.store, work.release.tree) if work.release else ()
    return page(
        request,
        caller,
        "student_assignment.html",
        work=work,
        assignment=work.assignment,
        decision=exchange.decision(work.assignment.id, caller.name),
        thresholds=_thresholds(work.assignment, work.own_due, context.clock()),
        closes=closing_time(work.assignment, work.own_due),
        scores_show=when_scores_show(work.assignment),
        tasks=tasks,
        asked=by_heading(tasks),
        events=events,
        fetched={event.assignment for event in events if event.kind == Kind.fetch},
        refusals=[event for event in events if event.kind == Kind.refused],
        is_genuine=bool(work.attempts) and is_genuine(work.attempts[-1].receipt, exchange.key.public_pem),
    )


@router.get("/{assignment}/attempts/{number}/receipt")
def receipt(caller: InStudent, context: InContext, assignment: str, number: int) -> Response:
    """The signed receipt as a file to keep."""
    row = _exchange(context, assignment).attempt(assignment, caller.name, number, reader=caller.name)
    return attached_json(row.receipt, f"receipt-{row.assignment}-{number}.json")


@router.get("/{assignment}/attempts/{number}/download")
def download(caller: InStudent, context: InContext, assignment: str, number: int) -> Response:
    """An own attempt, as it was handed in."""
    exchange = _exchange(context, assignment)
    row = exchange.fetch_attempt(assignment, caller.name, number, actor=caller.name, is_staff=False)
    return attached_zip(context.store.entries(parse_digest(row.tree)), f"{assignment}-attempt-{number}.zip")


@router.get("/{assignment}/feedback")
def my_feedback(request: Request, caller: InStudent, context: InContext, assignment: str) -> Response:
    """What did I get, why, and what gets me further?"""
    work, events = _load(context, assignment, caller)
    outcome, documents, threads, ask_until = None, [], [], None
    if work.feedback:
        with context.database.reading() as session:
            outcome = load_outcome(session, context, work, work.feedback)
            threads = [
                thread
                for thread in threads_of(session, context.course.id, caller.name)
                if thread.asked.assignment == work.assignment.id
            ]
        ask_until = second_look_ends(work.assignment, work.feedback.released_at)
        documents = _documents(context, work)
    return page(
        request,
        caller,
        "student_feedback.html",
        work=work,
        assignment=work.assignment,
        feedback=work.feedback,
        outcome=outcome,
        scores_show=when_scores_show(work.assignment),
        documents=documents,
        threads=threads,
        ask_until=ask_until,
        tasks=load_tasks(context.store, work.release.tree) if work.release else (),
        events=events,
    )


@router.get("/{assignment}/feedback/{document}")
def feedback_document(caller: InStudent, context: InContext, assignment: str, document: str) -> Response:
    """One notebook as it ran, already sanitised, in a sandbox of its own."""
    work, _ = _load(context, assignment, caller)
    path = next((path for path in _documents(context, work) if str(path) == document), None)
    if path is None or work.feedback is None:
        raise NotFound("there is no such feedback")
    content = context.store.read_bytes(context.store.tree(parse_digest(work.feedback.tree))[path])
    return Response(
        content, media_type="text/html; charset=utf-8", headers={"Content-Security-Policy": DOCUMENT_POLICY}
    )


def _load(context: Context, assignment: str, caller: Caller) -> tuple[Work, Sequence[Event]]:
    rules = context.course.assignment(assignment)
    with context.database.reading() as session:
        work = load_my_assignment(session, context.course, rules.id, StudentId(caller.name), context.clock())
        events = events_of_student(session, context.course.id, caller.name, limit=500)
    return work, [event for event in events if event.assignment == assignment and event.kind in _TOLD]


def _exchange(context: Context, assignment: str) -> Transfers:
    """The exchange, when the course has this assignment; raises NotFound."""
    context.course.assignment(assignment)
    return context.transfers


def _documents(context: Context, work: Work) -> list[PurePosixPath]:
    if work.feedback is None:
        return []
    return [path for path in context.store.tree(parse_digest(work.feedback.tree)) if path.suffix == ".html"]


def _thresholds(assignment: Assignment, own_due: dt.datetime | None, now: dt.datetime) -> list[Threshold]:
    """The last moments before something changes: due, end of grace, each day late."""
    grace_ends = closing_time(assignment, own_due) - dt.timedelta(days=assignment.late.closes_after_days)
    moments = [(own_due or assignment.due, "on time, by your extension" if own_due else "on time")]
    if assignment.grace:
        moments.append((grace_ends, "grace, nothing is taken"))
    for day in range(1, assignment.late.closes_after_days + 1):
        closes = "then it closes" if day == assignment.late.closes_after_days else ""
        moments.append((grace_ends + dt.timedelta(days=day), closes))
    present = next((until for until, _ in moments if now <= until), None)
    return [
        Threshold(until, 1 - late_penalty(assignment, until, own_due), words, is_now=until == present)
        for until, words in moments
    ]
