"""Holds: a submission is looked into, and until that is done neither score nor feedback show.

Rows are only added; the newest of a student in an assignment holds.
"""

from collections.abc import Mapping

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from classroom.assignments import Assignment
from classroom.db.tables import Hold
from classroom.extensions import Given, check_reason
from classroom.ids import AssignmentId, CourseId, StudentId
from classroom.ledger import Kind, record

Holds = Mapping[tuple[AssignmentId, StudentId], Hold]


def place_hold(
    session: Session, course: CourseId, assignment: Assignment, student: StudentId, given: Given, *, holds: bool
) -> None:
    """Hold a student's work in an assignment back, or let it go; raises Refused without a reason."""
    reason = check_reason(given.reason)
    about = {"course": course, "assignment": assignment.id, "student": student, "actor": given.actor, "at": given.at}
    session.add(Hold(**about, holds=holds, reason=reason))
    record(
        session,
        Kind.hold,
        course=course,
        actor=given.actor,
        at=given.at,
        assignment=assignment.id,
        student=student,
        holds=holds,
        reason=reason,
    )


def load_holds(
    session: Session, course: CourseId, *, assignment: str | None = None, student: str | None = None
) -> Holds:
    """What is held back now, in one assignment or of one student if given. One query."""
    newest = select(func.max(Hold.id)).where(Hold.course == course)
    if assignment is not None:
        newest = newest.where(Hold.assignment == assignment)
    if student is not None:
        newest = newest.where(Hold.student == student)
    rows = session.scalars(select(Hold).where(Hold.id.in_(newest.group_by(Hold.assignment, Hold.student)), Hold.holds))
    return {(AssignmentId(row.assignment), StudentId(row.student)): row for row in rows}
