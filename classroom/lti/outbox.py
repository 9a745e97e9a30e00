"""Scores on their way to the platform: a row each, sent until the platform has it or refuses it for good.

A score goes when its feedback is released. A row that a killed process had sent, but not marked so, is sent again: the
platform takes the same score with the same time as no change.
"""

import datetime as dt
import logging
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from classroom.assignments import Course
from classroom.db.engine import Database
from classroom.db.tables import Feedback, Passback
from classroom.errors import Refused, Unavailable
from classroom.lti.platform import Platform, PlatformFile, Score

FIRST_PAUSE = dt.timedelta(minutes=1)
LONGEST_PAUSE = dt.timedelta(hours=6)
_AT_ONCE = 500

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Sent:
    """How a round ended, in numbers of scores."""

    sent: int = 0
    refused: int = 0
    waiting: int = 0


def fill(session: Session, course: Course, known: PlatformFile, now: dt.datetime) -> int:
    """A row for each student's newest feedback that has none, in the assignments that have a line; how many."""
    newest = select(func.max(Feedback.id)).where(Feedback.course == course.id)
    newest = newest.where(Feedback.assignment.in_(known.line_items)).group_by(Feedback.assignment, Feedback.student)
    has_row = select(Passback.feedback)
    found = session.scalars(select(Feedback).where(Feedback.id.in_(newest), Feedback.id.not_in(has_row))).all()
    session.add_all(Passback(course=course.id, feedback=row.id, tries=0, next_at=now) for row in found)
    return len(found)


def work_off(
    database: Database, course: Course, known: PlatformFile, platform: Platform, clock: Callable[[], dt.datetime]
) -> Sent:
    """Sends what is due. One that can't be reached waits longer each time; one that is refused waits for a person."""
    with database.session() as session:
        fill(session, course, known, clock())
    counts = {"sent": 0, "refused": 0, "waiting": 0}
    for passback, feedback in _due(database, course, clock()):
        word, reason = _send(platform, known, feedback)
        counts[word] += 1
        with database.session() as session:
            row = session.get_one(Passback, passback.id)
            row.tries += 1
            row.reason = reason
            row.sent_at = clock() if word == "sent" else None
            row.next_at = clock() + pause_after(row.tries) if word == "waiting" else None
    return Sent(**counts)


def pause_after(tries: int) -> dt.timedelta:
    """How long to wait after so many tries: a minute, then twice as long each time, up to six hours."""
    return min(LONGEST_PAUSE, FIRST_PAUSE * (1 << min(tries - 1, 20)))


def _due(database: Database, course: Course, now: dt.datetime) -> list[tuple[Passback, Feedback]]:
    """What is to be sent now; of one student's scores in an assignment the newest only."""
    newer = select(func.max(Feedback.id)).where(Feedback.course == course.id)
    newer = newer.group_by(Feedback.assignment, Feedback.student)
    query = (
        select(Passback, Feedback)
        .join(Feedback, Feedback.id == Passback.feedback)
        .where(Passback.course == course.id, Passback.next_at <= now, Feedback.id.in_(newer))
        .order_by(Passback.id)
        .limit(_AT_ONCE)
    )
    with database.reading() as session:
        return [(passback, feedback) for passback, feedback in session.execute(query)]


def _send(platform: Platform, known: PlatformFile, row: Feedback) -> tuple[str, str | None]:
    score = Score(known.users.get(row.student, row.student), row.score, row.max_score, row.released_at)
    try:
        platform.send(known.line_items[row.assignment], score)
    except KeyError:
        return "refused", f"lti.json has no line for {row.assignment}"
    except Unavailable as error:
        log.warning("score of %s in %s waits: %s", row.student, row.assignment, error)
        return "waiting", str(error)
    except Refused as error:
        log.error("score of %s in %s: %s", row.student, row.assignment, error)
        return "refused", str(error)
    return "sent", None
