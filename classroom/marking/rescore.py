"""Stored gradings scored anew by the rubric as it is now: planned and shown first, applied in one go, taken back.

Levels stay; only points and the gradebook's comment follow the rubric. A change of words changes no points, so nothing.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from classroom.db.engine import Database
from classroom.db.tables import Event
from classroom.errors import Refused
from classroom.gradebook import Gradebook
from classroom.ids import AssignmentId, CourseId, GradeId, NotebookId, StudentId
from classroom.ledger import record
from classroom.rubric.models import Rubric
from classroom.rubric.scoring import missing
from classroom.rubric.store import Task, by_student, final_of, load_gradings, project
from classroom.scores import ManualScore

RESCORE, RESCORE_UNDONE = "rescore", "rescore_undone"
_SAME = 0.005  # points are kept as floats


@dataclass(frozen=True)
class Change:
    """One piece whose points follow the rubric to another number."""

    notebook: NotebookId
    task: GradeId
    student: StudentId
    before: ManualScore
    after: ManualScore


@dataclass(frozen=True)
class Plan:
    """unmarked: pieces (task, student) whose marking has no level for a criterion that the rubric has now."""

    changes: Sequence[Change]
    unmarked: Sequence[tuple[GradeId, StudentId]]
    same: int


def plan_rescore(session: Session, books: Gradebook, tasks: Sequence[tuple[Task, Rubric]]) -> Plan:
    """What scoring anew would change, by task and student."""
    changes: list[Change] = []
    unmarked: list[tuple[GradeId, StudentId]] = []
    same = 0
    for task, rubric in tasks:
        given = books.manual_scores(task.assignment, task.notebook, task.task)
        for student, rounds in sorted(by_student(load_gradings(session, task)).items()):
            marking = final_of(rounds)
            if student not in given:
                continue
            if missing(rubric, marking.levels):
                unmarked.append((task.task, student))
                continue
            made = project(rubric, marking)
            if abs(made.points - given[student].points) < _SAME:
                same += 1
                continue
            after = ManualScore(made.points, made.comment)
            changes.append(Change(task.notebook, task.task, student, given[student], after))
    return Plan(changes, unmarked, same)


def apply_rescore(
    database: Database,
    books: Gradebook,
    course: CourseId,
    assignment: AssignmentId,
    plan: Plan,
    *,
    actor: str,
    now: dt.datetime,
) -> None:
    """Writes the planned points; the ledger keeps both numbers of each piece, so that it can be taken back."""
    if not plan.changes:
        return
    with database.session() as session:
        record(
            session,
            RESCORE,
            course=course,
            actor=actor,
            at=now,
            assignment=assignment,
            changes=[_told(change) for change in plan.changes],
        )
    _write(books, assignment, [(one.notebook, one.task, one.student, one.after) for one in plan.changes])


def undo_rescore(
    database: Database, books: Gradebook, course: CourseId, assignment: AssignmentId, *, actor: str, now: dt.datetime
) -> int:
    """Puts back what the last rescore changed, where nobody marked again since; how many. Raises Refused for none."""
    with database.session() as session:
        last = last_rescore(session, course, assignment)
        if last is None:
            raise Refused(f"{assignment} was not scored anew, or that was taken back already")
        record(session, RESCORE_UNDONE, course=course, actor=actor, at=now, assignment=assignment, event=last.id)
    back = []
    for (notebook, task), told in groupby(last.data["changes"], key=lambda one: (one["notebook"], one["task"])):
        given = books.manual_scores(assignment, notebook, task)
        for one in told:
            present = given.get(one["student"])
            if present is not None and abs(present.points - one["after"]) < _SAME:
                back.append((notebook, task, one["student"], ManualScore(one["before"], one["comment"])))
    _write(books, assignment, back)
    return len(back)


def last_rescore(session: Session, course: CourseId, assignment: AssignmentId) -> Event | None:
    """The newest rescore of an assignment that was not taken back."""
    query = (
        select(Event)
        .where(Event.course == course, Event.assignment == assignment, Event.kind.in_([RESCORE, RESCORE_UNDONE]))
        .order_by(Event.id.desc())
    )
    undone: set[int] = set()
    for event in session.scalars(query):
        if event.kind == RESCORE_UNDONE:
            undone.add(int(event.data["event"]))
        elif event.id not in undone:
            return event
    return None


def _told(change: Change) -> dict[str, Any]:
    return {
        "notebook": change.notebook,
        "task": change.task,
        "student": change.student,
        "before": change.before.points,
        "comment": change.before.comment,
        "after": change.after.points,
    }


def _write(
    books: Gradebook,
    assignment: AssignmentId,
    scores: Sequence[tuple[NotebookId, GradeId, StudentId, ManualScore]],
) -> None:
    for (notebook, task), group in groupby(scores, key=lambda one: one[:2]):
        books.set_manual_scores(assignment, notebook, task, {student: score for _, _, student, score in group})
