"""What submissions came to, read from nbgrader's tables in as many queries for a class as for one student."""

import datetime as dt
from collections.abc import Collection, Mapping
from typing import Any

import nbgrader.api as nb
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from classroom.ids import AssignmentId, StudentId
from classroom.scores import ScoreRow


def load_rows(
    session: Session, assignments: Collection[AssignmentId], student: StudentId | None = None
) -> list[tuple[AssignmentId, ScoreRow]]:
    """The submissions of these assignments by student, of one student if given."""
    submitted = nb.SubmittedAssignment
    query = _of_submissions(assignments, submitted.id, submitted.timestamp, _points(), _waits())
    if student is not None:
        query = query.where(submitted.student_id == student)
    points = select(nb.Assignment.name, nb.Assignment.max_score).where(nb.Assignment.name.in_(assignments))
    most: dict[str, float] = dict(session.execute(points).all())
    penalties = _penalties(session)
    return [
        (name, _row(who, at, most[name], score or 0.0, waits, penalties.get(number, 0.0)))
        for name, who, number, at, score, waits in session.connection().execute(query.order_by(submitted.student_id))
    ]


def load_waiting(session: Session, assignments: Collection[AssignmentId]) -> list[tuple[AssignmentId, StudentId, bool]]:
    """Who has a submission of these assignments, and whether a person has to mark something in it. One query."""
    rows = session.connection().execute(_of_submissions(assignments, _waits()))
    return [(name, student, bool(waits)) for name, student, waits in rows]


def _of_submissions(assignments: Collection[AssignmentId], *columns: Any) -> Select[Any]:
    """Assignment, student and these columns of each submission."""
    submitted = nb.SubmittedAssignment
    query = select(nb.Assignment.name, submitted.student_id, *columns)
    query = query.join_from(submitted, nb.Assignment, nb.Assignment.id == submitted.assignment_id)
    return query.where(nb.Assignment.name.in_(assignments))


# A submission's grades are looked up one submission after another: to group those of a class is slower by half.
def _points() -> Any:
    return _of_grades(func.sum(nb.Grade.score)).scalar_subquery()


def _waits() -> Any:
    return _of_grades(nb.Grade.id).where(nb.Grade.needs_manual_grade.is_(True)).exists()


def _of_grades(column: Any) -> Select[Any]:
    notebook, submitted = nb.SubmittedNotebook, nb.SubmittedAssignment
    query = select(column).join_from(nb.Grade, notebook, notebook.id == nb.Grade.notebook_id)
    return query.where(notebook.assignment_id == submitted.id).correlate(submitted)


def _row(
    student: str, at: dt.datetime | None, max_score: float, raw_score: float, waits: bool, penalty: float
) -> ScoreRow:
    score = max(0.0, raw_score - penalty)
    return ScoreRow(StudentId(student), _aware(at), raw_score, penalty, score, max_score, bool(waits))


def _penalties(session: Session) -> Mapping[str, float]:
    """Points taken for lateness, by a submission's id; few have any."""
    notebook = nb.SubmittedNotebook
    query = select(notebook.assignment_id, func.sum(notebook.late_submission_penalty))
    late = query.where(notebook.late_submission_penalty.is_not(None)).group_by(notebook.assignment_id)
    return dict(session.execute(late).all())


def _aware(time: dt.datetime | None) -> dt.datetime | None:
    return None if time is None else time.replace(tzinfo=dt.UTC)
