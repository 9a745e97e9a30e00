"""The ledger: who did what to which, when. Append-only; the database's triggers refuse changes and deletions."""

import datetime as dt
from collections.abc import Sequence
from enum import StrEnum
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from classroom.db.tables import Event


class Kind(StrEnum):
    """What an event tells. `refused` is a submission that was not accepted, its reason in the data."""

    release = "release"
    fetch = "fetch"
    submit = "submit"
    refused = "refused"
    attempt_fetch = "attempt_fetch"
    collect = "collect"
    feedback_release = "feedback_release"
    feedback_fetch = "feedback_fetch"
    extension = "extension"
    accommodation = "accommodation"
    roster = "roster"
    hold = "hold"
    second_look = "second_look"
    second_look_answer = "second_look_answer"


def record(
    session: Session,
    kind: str,
    *,
    course: str,
    actor: str,
    at: dt.datetime,
    assignment: str | None = None,
    student: str | None = None,
    **data: Any,
) -> Event:
    """Append one event; it has its id at once and lasts when the session commits.

    kind: a Kind, or a word of another part's own, at most 32 characters. data: what else to tell, as JSON values.
    student: whose work it is about; actor: who did it.
    """
    event = Event(
        at=at, course=course, actor=actor, kind=str(kind), assignment=assignment, student=student, data=dict(data)
    )
    session.add(event)
    session.flush()
    return event


def events_of_student(session: Session, course: str, student: str, *, limit: int = 100) -> Sequence[Event]:
    """The newest events about one student's work, newest first."""
    chosen = select(Event).where(Event.course == course, Event.student == student)
    return session.scalars(chosen.order_by(Event.id.desc()).limit(limit)).all()


def events_of_assignment(
    session: Session, course: str, assignment: str, *, kind: str | None = None, limit: int = 100
) -> Sequence[Event]:
    """The newest events about one assignment, newest first; of one kind when given."""
    chosen = select(Event).where(Event.course == course, Event.assignment == assignment)
    if kind is not None:
        chosen = chosen.where(Event.kind == str(kind))
    return session.scalars(chosen.order_by(Event.id.desc()).limit(limit)).all()
