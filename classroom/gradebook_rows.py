"""What submissions came to, read from nbgrader's tables in as many queries for a class as for one student."""

import datetime as dt
from collections.abc import Collection, Mapping

import nbgrader.api as nb
from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from classroom.ids import AssignmentId, StudentId
from classroom.scores import ScoreRow


def load_rows(
    session: Session, assignments: Collection[AssignmentId], student: StudentId | None = None
) -> list[tuple[AssignmentId, ScoreRow]]:
    """The submissions of these assignments by student, of one student if given."""
    submitted = nb.SubmittedAssignment
    query = (
        select(submitted.id, nb.Assignment.name, submitted.student_id, submitted.timestamp)
        .join(nb.Assignment, nb.Assignment.id == submitted.assignment_id)
        .where(nb.Assignment.name.in_(assignments))
        .order_by(submitted.student_id)
    )
    if student is not None:
        query = query.where(submitted.student_id == student)
    points = select(nb.Assignment.name, nb.Assignment.max_score).where(nb.Assignment.name.in_(assignments))
    most: dict[str, float] = dict(session.execute(points).all())
    sums, penalties = _sums(session, assignments, student), _penalties(session)
    return [
        (name, _row(who, at, most[name], *sums.get(number, (0.0, False)), penalties.get(number, 0.0)))
        for number, name, who, at in session.connection().execute(query)
    ]


def load_waiting(session: Session, assignments: Collection[AssignmentId]) -> list[tuple[AssignmentId, StudentId, bool]]:
    """Who has a submission of these assignments, and whether a person has to mark something in it. One query."""
    submitted, notebook, grade = nb.SubmittedAssignment, nb.SubmittedNotebook, nb.Grade
    query = (
        select(nb.Assignment.name, submitted.student_id, _WAITS)
        .join(submitted, submitted.assignment_id == nb.Assignment.id)
        .outerjoin(notebook, notebook.assignment_id == submitted.id)
        .outerjoin(grade, grade.notebook_id == notebook.id)
        .where(nb.Assignment.name.in_(assignments))
        .group_by(submitted.id, nb.Assignment.name, submitted.student_id)
    )
    return [(name, student, bool(waits)) for name, student, waits in session.connection().execute(query)]


def _row(
    student: str, at: dt.datetime | None, max_score: float, raw_score: float, needs_person: bool, penalty: float
) -> ScoreRow:
    score = max(0.0, raw_score - penalty)
    return ScoreRow(StudentId(student), _aware(at), raw_score, penalty, score, max_score, bool(needs_person))


def _sums(
    session: Session, assignments: Collection[AssignmentId], student: StudentId | None
) -> Mapping[str, tuple[float, bool]]:
    """Points, and whether a person has to mark something, by a submission's id.

    nbgrader's own properties of a submission walk its grades once for each number; here it is once for both.
    """
    submitted, notebook, grade = nb.SubmittedAssignment, nb.SubmittedNotebook, nb.Grade
    query = (
        select(notebook.assignment_id, func.sum(grade.score), _WAITS)
        .join(grade, grade.notebook_id == notebook.id)
        .join(submitted, submitted.id == notebook.assignment_id)
        .join(nb.Assignment, nb.Assignment.id == submitted.assignment_id)
        .where(nb.Assignment.name.in_(assignments))
        .group_by(notebook.assignment_id)
    )
    if student is not None:
        query = query.where(submitted.student_id == student)
    return {number: (points, waits) for number, points, waits in session.connection().execute(query)}


def _penalties(session: Session) -> Mapping[str, float]:
    """Points taken for lateness, by a submission's id; few have any."""
    notebook = nb.SubmittedNotebook
    query = select(notebook.assignment_id, func.sum(notebook.late_submission_penalty))
    late = query.where(notebook.late_submission_penalty.is_not(None)).group_by(notebook.assignment_id)
    return dict(session.execute(late).all())


def _aware(time: dt.datetime | None) -> dt.datetime | None:
    return None if time is None else time.replace(tzinfo=dt.UTC)


_WAITS = func.max(case((nb.Grade.needs_manual_grade, 1), else_=0))
