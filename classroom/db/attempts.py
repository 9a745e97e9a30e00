"""Attempts as the rules look at them: whose, which and when. A class has thousands, so receipts are left out."""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from classroom.db.kept import Kept
from classroom.db.tables import Attempt
from classroom.ids import AssignmentId, CourseId, StudentId


class Sent(NamedTuple):
    """One attempt without its content."""

    assignment: AssignmentId
    student: StudentId
    number: int
    received_at: dt.datetime


SentBy = Mapping[StudentId, Sequence[Sent]]  # in the order of first attempts, each student's oldest first
_ByPlace = Mapping[tuple[str, str], SentBy]  # by course and assignment


def load_sent(
    session: Session, course: CourseId, assignments: Collection[AssignmentId], *, student: StudentId | None = None
) -> Mapping[AssignmentId, SentBy]:
    """Every attempt at these assignments, of one student if given, for each of them by student."""
    if student is None:
        kept = _kept.read(session)
        return {assignment: kept.get((course, assignment), {}) for assignment in assignments}
    of_student = (Attempt.course == course, Attempt.assignment.in_(assignments), Attempt.student == student)
    found: dict[AssignmentId, dict[StudentId, list[Sent]]] = {assignment: {} for assignment in assignments}
    for sent in map(Sent._make, session.connection().execute(_COLUMNS.where(*of_student).order_by(Attempt.id))):
        found[sent.assignment].setdefault(sent.student, []).append(sent)
    return found


def _add(known: _ByPlace, session: Session, above: int) -> _ByPlace:
    """Past the ORM, as wherever a class has thousands of rows: it would look at each of them once more."""
    found: dict[tuple[str, str], dict[StudentId, list[Sent]]] = {}
    query = _COLUMNS.add_columns(Attempt.course).where(Attempt.id > above).order_by(Attempt.id)
    for *columns, course in session.connection().execute(query):
        sent = Sent(*columns)
        found.setdefault((course, sent.assignment), {}).setdefault(sent.student, []).append(sent)
    return {**known, **{place: _joined(known.get(place, {}), new) for place, new in found.items()}}


def _joined(before: SentBy, new: SentBy) -> SentBy:
    return {**before, **{student: [*before.get(student, ()), *attempts] for student, attempts in new.items()}}


_COLUMNS = select(Attempt.assignment, Attempt.student, Attempt.number, Attempt.received_at)
_kept: Kept[_ByPlace] = Kept(Attempt, {}, _add)
