"""Lateness as nbgrader keeps it: an extension beside each submission, points taken beside each of its notebooks."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

import nbgrader.api as nb
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from classroom import policy
from classroom.assignments import Course


def write_extension(submission: Any, course: Course, due: dt.datetime | None) -> None:
    """The time between everybody's due date, in UTC, and the student's own; None where everybody's holds."""
    rules = course.assignment(submission.assignment.name)
    submission.extension = None if due is None else due.astimezone(dt.UTC) - rules.due.astimezone(dt.UTC)


def write_penalties(session: Session, course: Course, submissions: Sequence[Any]) -> None:
    """Points that the late rule takes from each notebook; nbgrader's exporter subtracts them."""
    shares = {notebook: _late_share(course, one) for one in submissions for notebook in one.notebooks}
    late = [notebook.id for notebook, share in shares.items() if share]
    query = select(nb.Grade.notebook_id, func.sum(nb.Grade.score)).where(nb.Grade.notebook_id.in_(late))
    points = {found: float(total or 0.0) for found, total in session.execute(query.group_by(nb.Grade.notebook_id))}
    for notebook, share in shares.items():
        notebook.late_submission_penalty = share * points.get(notebook.id, 0.0) or None


def _late_share(course: Course, submission: Any) -> float:
    if submission.timestamp is None:
        return 0.0
    rules = course.assignment(submission.assignment.name)
    extended = None
    if submission.extension is not None:
        extended = rules.due.astimezone(dt.UTC) + submission.extension
    return policy.late_penalty(rules, submission.timestamp.replace(tzinfo=dt.UTC), extended)
