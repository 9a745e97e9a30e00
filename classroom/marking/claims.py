"""A piece is claimed while a grader has it open, so that two never work on one. A claim runs out by itself."""

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from classroom.db.tables import Claim
from classroom.rubric.store import Piece, Task, by_task, of_tasks

CLAIM = dt.timedelta(minutes=30)


@dataclass(frozen=True)
class Taken:
    """How an attempt to claim ended. holder: whose it is now; before: from whom it was taken over, else ""."""

    holder: str
    until: dt.datetime
    before: str = ""


def take(session: Session, piece: Piece, round: int, grader: str, now: dt.datetime) -> Taken:
    """Claims the round of a piece, or renews the claim; somebody else's stands until it runs out."""
    claim = _find(session, piece, round)
    if claim is None:
        claim = Claim(**_key(piece, round), grader=grader, since=now, until=now + CLAIM)
        session.add(claim)
        return Taken(grader, claim.until)
    if claim.grader != grader and claim.until > now:
        return Taken(claim.grader, claim.until)
    before = "" if claim.grader == grader else claim.grader
    if before:
        claim.grader, claim.since = grader, now
    claim.until = now + CLAIM
    return Taken(grader, claim.until, before)


def give_back(session: Session, piece: Piece, grader: str) -> None:
    """Ends this grader's claims on a piece."""
    key = _key(piece, 0)
    wanted = [getattr(Claim, name) == value for name, value in key.items() if name != "round"]
    session.execute(delete(Claim).where(*wanted, Claim.grader == grader))


def claims_on(session: Session, tasks: Collection[Task], now: dt.datetime) -> dict[Task, list[Claim]]:
    """The claims of each task that still hold. One query."""
    return by_task(session.scalars(select(Claim).where(of_tasks(Claim, tasks), Claim.until > now)), tasks)


def _find(session: Session, piece: Piece, round: int) -> Claim | None:
    key = _key(piece, round)
    query = select(Claim).where(*(getattr(Claim, name) == value for name, value in key.items()))
    return session.scalar(query)


def _key(piece: Piece, round: int) -> dict[str, str | int]:
    task = piece.task
    return {
        "course": task.course,
        "assignment": task.assignment,
        "task": task.task,
        "student": piece.student,
        "round": round,
    }
