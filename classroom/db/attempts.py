"""Attempts as the rules look at them: whose, which and when. A class has thousands, so receipts are left out."""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from classroom.db.tables import Attempt
from classroom.ids import AssignmentId, CourseId, StudentId


class Sent(NamedTuple):
    """One attempt without its content."""

    assignment: AssignmentId
    student: StudentId
    number: int
    received_at: dt.datetime


SentBy = Mapping[StudentId, Sequence[Sent]]  # in the order of first attempts, each student's oldest first


def load_sent(
    session: Session, course: CourseId, assignments: Collection[AssignmentId], *, student: StudentId | None = None
) -> Mapping[AssignmentId, SentBy]:
    """Every attempt at these assignments, of one student if given, for each of them by student. One query.

    Past the ORM, as wherever a class has thousands of rows: it would look at each of them once more.
    """
    columns = (Attempt.assignment, Attempt.student, Attempt.number, Attempt.received_at)
    query = select(*columns).where(Attempt.course == course, Attempt.assignment.in_(assignments)).order_by(Attempt.id)
    if student is not None:
        query = query.where(Attempt.student == student)
    found: dict[AssignmentId, dict[StudentId, list[Sent]]] = {assignment: {} for assignment in assignments}
    for sent in map(Sent._make, session.connection().execute(query)):
        found[sent.assignment].setdefault(sent.student, []).append(sent)
    return found
