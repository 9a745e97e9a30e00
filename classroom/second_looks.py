"""Second looks: a student asks for one at a task after the feedback, somebody else than its grader answers.

One table of texts that are only added: a question, and the row that answers it. Both stay readable for student and
staff. What an answer changes is done where scores are made: by a second marking, or by a correction.
"""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from classroom.assignments import Assignment
from classroom.db.tables import Grading, SecondLook
from classroom.errors import Conflict, Forbidden, NotFound, Refused
from classroom.ids import CourseId, GradeId, StudentId
from classroom.ledger import Kind, record
from classroom.policy import second_look_ends

MIN_TEXT, MAX_TEXT = 10, 600


@dataclass(frozen=True)
class Thread:
    """A question with its answer, None while it is open."""

    asked: SecondLook
    answer: SecondLook | None


def ask(
    session: Session,
    course: CourseId,
    assignment: Assignment,
    student: StudentId,
    task: GradeId,
    text: str,
    *,
    given_back_at: dt.datetime,
    now: dt.datetime,
) -> SecondLook:
    """A student's question about one task; raises Refused after the window, Conflict while another one is open."""
    ends = second_look_ends(assignment, given_back_at)
    if ends is None or now > ends:
        raise Refused("the time to ask for a second look is over; ask your instructor")
    if any(thread.answer is None and thread.asked.task == task for thread in threads_of(session, course, student)):
        raise Conflict("you asked for a second look at this task already; the answer appears here")
    place = {"course": course, "assignment": assignment.id, "student": student}
    row = SecondLook(**place, task=task, actor=student, at=now, text=_checked(text))
    session.add(row)
    record(session, Kind.second_look, actor=student, at=now, task=task, **_placed(row))
    return row


def answer(
    session: Session, course: CourseId, number: int, text: str, *, actor: str, is_instructor: bool, now: dt.datetime
) -> SecondLook:
    """The answer to a question; raises NotFound, Conflict when there is one, Forbidden for who marked the task."""
    asked = session.get(SecondLook, number)
    if asked is None or asked.course != course or asked.answers is not None:
        raise NotFound("there is no such question")
    if session.scalar(select(SecondLook.id).where(SecondLook.answers == number)) is not None:
        raise Conflict("somebody answered this question before you; nothing was stored")
    if not is_instructor and actor in first_graders(session, [asked])[asked.id]:
        raise Forbidden("you marked this task; another grader or the instructor answers")
    row = SecondLook(
        course=course,
        assignment=asked.assignment,
        student=asked.student,
        task=asked.task,
        actor=actor,
        at=now,
        text=_checked(text),
        answers=asked.id,
    )
    session.add(row)
    record(session, Kind.second_look_answer, actor=actor, at=now, task=asked.task, **_placed(asked))
    return row


def threads_of(session: Session, course: CourseId, student: str | None = None) -> list[Thread]:
    """All questions of a course, or of one student, the newest first. One query."""
    chosen = select(SecondLook).where(SecondLook.course == course)
    if student is not None:
        chosen = chosen.where(SecondLook.student == student)
    rows = session.scalars(chosen.order_by(SecondLook.id.desc())).all()
    answers = {row.answers: row for row in rows if row.answers is not None}
    return [Thread(row, answers.get(row.id)) for row in rows if row.answers is None]


def asked_about(session: Session, course: CourseId) -> Mapping[tuple[str, str], Collection[StudentId]]:
    """The students who asked, by assignment and task, answered or not: their work is marked twice. One query."""
    columns = (SecondLook.assignment, SecondLook.task, SecondLook.student)
    found: dict[tuple[str, str], set[StudentId]] = {}
    for assignment, task, student in session.execute(select(*columns).where(SecondLook.course == course).distinct()):
        found.setdefault((assignment, task), set()).add(StudentId(student))
    return found


def first_graders(session: Session, asked: Sequence[SecondLook]) -> Mapping[int, Collection[str]]:
    """Who had marked each question's task when it was asked, by the question's number. One query."""
    chosen = select(Grading.student, Grading.task, Grading.grader, Grading.at).where(
        Grading.course.in_({row.course for row in asked}), Grading.task.in_({row.task for row in asked})
    )
    marked = [(student, task, who, at) for student, task, who, at in session.execute(chosen)]
    return {row.id: frozenset(_graders(row, marked)) for row in asked}


def _graders(asked: SecondLook, marked: Iterable[tuple[str, str, str, dt.datetime]]) -> Iterable[str]:
    return (
        who for student, task, who, at in marked if (student, task) == (asked.student, asked.task) and at <= asked.at
    )


def _placed(row: SecondLook) -> dict[str, str]:
    return {"course": row.course, "assignment": row.assignment, "student": row.student}


def _checked(text: str) -> str:
    kept = text.strip()
    if not MIN_TEXT <= len(kept) <= MAX_TEXT:
        raise Refused(f"the text has {len(kept)} characters; write {MIN_TEXT} to {MAX_TEXT}")
    return kept
