"""What a grader has chosen for a piece and not yet called done. The newest state replaces the one before."""

import datetime as dt
from collections.abc import Collection

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.orm import Session

from classroom.db.tables import Draft
from classroom.rubric.models import Marking, Rubric
from classroom.rubric.scoring import check_marking
from classroom.rubric.store import Piece, Task, by_task, of_tasks


def save_draft(
    session: Session, piece: Piece, marking: Marking, *, rubric: Rubric, grader: str, at: dt.datetime
) -> None:
    """Keeps the marking as it is now; raises Refused when it doesn't fit the rubric."""
    check_marking(rubric, marking)
    draft = find_draft(session, piece, grader)
    if draft is None:
        draft = Draft(
            course=piece.task.course,
            assignment=piece.task.assignment,
            task=piece.task.task,
            student=piece.student,
            grader=grader,
        )
        session.add(draft)
    draft.attempt, draft.at = piece.attempt, at
    draft.levels = {name: int(level) for name, level in marking.levels.items()}
    draft.gates, draft.comments = list(marking.gates), dict(marking.comments)
    session.flush()


def drop_draft(session: Session, piece: Piece, grader: str) -> None:
    """The marking is done, or was given up."""
    session.execute(delete(Draft).where(*_of(piece.task), Draft.student == piece.student, Draft.grader == grader))


def find_draft(session: Session, piece: Piece, grader: str) -> Draft | None:
    """This grader's draft of a piece."""
    query = select(Draft).where(*_of(piece.task), Draft.student == piece.student, Draft.grader == grader)
    return session.scalar(query)


def drafts_of(session: Session, tasks: Collection[Task]) -> dict[Task, list[Draft]]:
    """All drafts of each task. One query."""
    return by_task(session.scalars(select(Draft).where(of_tasks(Draft, tasks))), tasks)


def marking_in(draft: Draft) -> Marking:
    """What was chosen so far."""
    return Marking(draft.levels, tuple(draft.gates), draft.comments)


def _of(task: Task) -> tuple[ColumnElement[bool], ...]:
    return Draft.course == task.course, Draft.assignment == task.assignment, Draft.task == task.task
