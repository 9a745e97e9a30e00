"""More time for single students: an extension of one assignment, and extra days that hold for all of them.

Both are rows that are only added, each with its event: the newest row of a student holds, and one that gives nothing
withdraws what was given before. What a student has is `policy.own_due`: the later of the two.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from classroom.assignments import Assignment, Course
from classroom.db.tables import Accommodation, Extension
from classroom.errors import Refused
from classroom.ids import AssignmentId, CourseId, StudentId
from classroom.ledger import Kind, record
from classroom.policy import format_time, own_due

MAX_EXTRA_DAYS = 60
MAX_REASON = 500


@dataclass(frozen=True)
class MoreTime:
    """Who has more time. until: by assignment and student; extra_days: by student."""

    until: Mapping[tuple[str, str], dt.datetime]
    extra_days: Mapping[str, int]

    def due(self, assignment: Assignment, student: str) -> dt.datetime | None:
        """The student's own due date, in the course's zone; None where everybody's holds."""
        until, days = self.until.get((assignment.id, student)), self.extra_days.get(student, 0)
        return own_due(assignment, until, days) if until or days else None


@dataclass(frozen=True)
class Given:
    """Who gave it, when and why."""

    actor: str
    at: dt.datetime
    reason: str


def load_more_time(
    session: Session, course: CourseId, *, assignment: str | None = None, student: str | None = None
) -> MoreTime:
    """What holds now, in one assignment or for one student if given. Two queries."""
    rows = _newest_extensions(session, course, assignment=assignment, student=student)
    days = _newest_accommodations(session, course, student=student)
    return MoreTime(
        {(row.assignment, row.student): row.until for row in rows if row.until is not None},
        {row.student: row.extra_days for row in days if row.extra_days},
    )


def find_due(session: Session, course: CourseId, assignment: Assignment, student: str) -> dt.datetime | None:
    """The student's own due date of one assignment; None where everybody's holds."""
    return load_more_time(session, course, assignment=assignment.id, student=student).due(assignment, student)


def all_extensions(session: Session, course: CourseId) -> Sequence[Extension]:
    """The extensions that hold, the newest first."""
    return [row for row in reversed(_newest_extensions(session, course)) if row.until is not None]


def all_accommodations(session: Session, course: CourseId) -> Sequence[Accommodation]:
    """The accommodations that hold, the newest first."""
    return [row for row in reversed(_newest_accommodations(session, course)) if row.extra_days]


def extend(
    session: Session,
    course: Course,
    assignment: Assignment,
    student: StudentId,
    until: dt.datetime | None,
    given: Given,
) -> None:
    """Give an extension, before or after the student submitted; None withdraws it. Raises Refused."""
    reason = check_reason(given.reason)
    if until is not None and until <= assignment.due:
        raise Refused(f"{assignment.title} is due {format_time(assignment.due)} for everybody; give a later time")
    row = Extension(
        course=course.id,
        assignment=assignment.id,
        student=student,
        until=until,
        reason=reason,
        actor=given.actor,
        at=given.at,
    )
    session.add(row)
    record(
        session,
        Kind.extension,
        course=course.id,
        actor=given.actor,
        at=given.at,
        assignment=assignment.id,
        student=student,
        until=until.astimezone(dt.UTC).isoformat() if until else None,
        reason=reason,
    )


def accommodate(session: Session, course: Course, student: StudentId, extra_days: int, given: Given) -> None:
    """Give a student so many days more in every assignment, past ones too; 0 withdraws them. Raises Refused."""
    reason = check_reason(given.reason)
    if not 0 <= extra_days <= MAX_EXTRA_DAYS:
        raise Refused(f"{extra_days} extra days can't be given; 0 to {MAX_EXTRA_DAYS} can")
    session.add(
        Accommodation(
            course=course.id, student=student, extra_days=extra_days, reason=reason, actor=given.actor, at=given.at
        )
    )
    record(
        session,
        Kind.accommodation,
        course=course.id,
        actor=given.actor,
        at=given.at,
        student=student,
        extra_days=extra_days,
        reason=reason,
    )


def check_reason(reason: str) -> str:
    """The reason as it is kept; raises Refused when it is empty or too long."""
    kept = " ".join(reason.split())
    if not kept:
        raise Refused("a reason is missing; write it in a few words, without medical details")
    if len(kept) > MAX_REASON:
        raise Refused(f"the reason has {len(kept)} characters, {MAX_REASON} are allowed; shorten it")
    return kept


def parse_until(text: str, course: Course) -> dt.datetime:
    """A time as staff write it, 2026-12-18 23:59, by the course's clock; raises Refused."""
    try:
        time = dt.datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise Refused(f"{text[:40]!r} is no time; write it as 2026-12-18 23:59") from error
    return time if time.tzinfo else time.replace(tzinfo=course.time_zone)


def due_dates(session: Session, course: Course, student: StudentId) -> dict[AssignmentId, dt.datetime | None]:
    """The student's own due date of every assignment, for the gradebook."""
    more = load_more_time(session, course.id, student=student)
    return {assignment.id: more.due(assignment, student) for assignment in course.assignments}


def _newest_extensions(
    session: Session, course: CourseId, *, assignment: str | None = None, student: str | None = None
) -> Sequence[Extension]:
    newest = select(func.max(Extension.id)).where(Extension.course == course)
    if assignment is not None:
        newest = newest.where(Extension.assignment == assignment)
    if student is not None:
        newest = newest.where(Extension.student == student)
    newest = newest.group_by(Extension.assignment, Extension.student)
    return session.scalars(select(Extension).where(Extension.id.in_(newest)).order_by(Extension.id)).all()


def _newest_accommodations(
    session: Session, course: CourseId, *, student: str | None = None
) -> Sequence[Accommodation]:
    newest = select(func.max(Accommodation.id)).where(Accommodation.course == course)
    if student is not None:
        newest = newest.where(Accommodation.student == student)
    newest = newest.group_by(Accommodation.student)
    return session.scalars(select(Accommodation).where(Accommodation.id.in_(newest)).order_by(Accommodation.id)).all()
