"""How far a student is: the own work in each assignment. Read-only.

The words of a state are the same everywhere; what a student reads never tells more than was released.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from classroom.assignments import Assignment, Course
from classroom.db.tables import Attempt, Event, Feedback, Release
from classroom.errors import NotFound
from classroom.extensions import load_more_time
from classroom.holds import load_holds
from classroom.ids import AssignmentId, CourseId, StudentId
from classroom.ledger import Kind
from classroom.policy import closing_time, counting_attempt, lateness, rate

# From a job's status (judge.plan.State) to the word on a page.
RAN_WORDS: Mapping[str, str] = {
    "ok": "ok",
    "wrong": "wrong",
    "error": "error",
    "timeout": "timeout",
    "out_of_memory": "out of memory",
    "crashed": "crashed",
    "grader_fault": "our fault",
}
HELD = "held"


@dataclass(frozen=True)
class Work:
    """One student's work in one assignment, as that student may see it.

    attempts: oldest first. counts: the number of the attempt that counts. feedback: the newest released. own_due: the
    student's own due date, None where everybody's holds.
    """

    assignment: Assignment
    word: str
    release: Release | None
    attempts: tuple[Attempt, ...]
    counts: int | None
    feedback: Feedback | None
    own_due: dt.datetime | None = None
    is_held: bool = False  # looked into: what was given back doesn't show

    @property
    def due(self) -> dt.datetime:
        """This student's due date."""
        return self.own_due or self.assignment.due

    def late_s(self, attempt: Attempt) -> float:
        """Seconds after the due date and its grace, by the times that hold now."""
        return lateness(self.assignment, attempt.received_at, self.own_due).total_seconds()

    @property
    def counted(self) -> Attempt | None:
        return next((attempt for attempt in self.attempts if attempt.number == self.counts), None)

    @property
    def is_open(self) -> bool:
        return self.word in {"open", "in", "late", "extended"}


def load_my_work(session: Session, course: Course, student: StudentId, now: dt.datetime) -> tuple[Work, ...]:
    """The student's work in every assignment, in the course's order."""
    releases = newest_releases(session, course.id)
    attempts = defaultdict(list)
    for attempt in _attempts(session, course.id, student=student):
        attempts[attempt.assignment].append(attempt)
    feedback = {row.assignment: row for row in _feedback(session, course.id, student=student)}
    collected = _collected(session, course.id, student)
    more_time = load_more_time(session, course.id, student=student)
    holds = load_holds(session, course.id, student=student)
    return tuple(
        _work(
            assignment,
            releases.get(assignment.id),
            attempts[assignment.id],
            feedback.get(assignment.id),
            collected=collected.get(assignment.id),
            due=more_time.due(assignment, student),
            is_held=(assignment.id, student) in holds,
            now=now,
        )
        for assignment in course.assignments
    )


def load_my_assignment(
    session: Session, course: Course, assignment: AssignmentId, student: StudentId, now: dt.datetime
) -> Work:
    """The student's work in one assignment; raises NotFound, also before its first release."""
    course.assignment(assignment)
    work = next(work for work in load_my_work(session, course, student, now) if work.assignment.id == assignment)
    if work.release is None and not work.attempts:
        raise NotFound(f"{assignment} is not released yet; My work says when it opens")
    return work


def next_to_do(works: Sequence[Work]) -> Work | None:
    """The open assignment that is due first: one without a submission before any other."""
    open_now = [work for work in works if work.is_open]
    return min(open_now, key=lambda work: (bool(work.attempts), work.due), default=None)


def student_word(
    assignment: Assignment,
    now: dt.datetime,
    *,
    is_released: bool,
    counted: Attempt | None,
    is_collected: bool,
    has_feedback: bool,
    due: dt.datetime | None = None,
) -> str:
    """The state of an assignment for its student. due: the student's own due date, where there is one."""
    if has_feedback:
        return "feedback out"
    if counted:
        if is_collected:
            return "being graded"
        return "late" if lateness(assignment, counted.received_at, due) else "in"
    if not is_released or now < assignment.release:
        return "not open"
    if now > closing_time(assignment, due):
        return "missing"
    if not lateness(assignment, now):
        return "open"
    return "late" if lateness(assignment, now, due) else "extended"


def _work(
    assignment: Assignment,
    release: Release | None,
    attempts: Sequence[Attempt],
    feedback: Feedback | None,
    *,
    collected: int | None,
    due: dt.datetime | None,
    is_held: bool,
    now: dt.datetime,
) -> Work:
    feedback = None if is_held else feedback
    counts = counting(assignment, attempts, due)
    counted = next((attempt for attempt in attempts if attempt.number == counts), None)
    word = student_word(
        assignment,
        now,
        is_released=release is not None,
        counted=counted,
        is_collected=collected is not None and collected == counts,
        has_feedback=feedback is not None,
        due=due,
    )
    word = HELD if is_held and attempts else word
    return Work(assignment, word, release, tuple(attempts), counts, feedback, due, is_held)


def counting(assignment: Assignment, attempts: Sequence[Attempt], due: dt.datetime | None = None) -> int | None:
    """The number of the attempt that counts as far as arrival tells; scores stay out of what a student may infer."""
    scored = [rate(assignment, attempt.number, attempt.received_at, due) for attempt in attempts]
    return counting_attempt(scored, assignment.attempt_counts)


def _attempts(
    session: Session, course: CourseId, *, assignment: AssignmentId | None = None, student: StudentId | None = None
) -> Sequence[Attempt]:
    query = select(Attempt).where(Attempt.course == course).order_by(Attempt.id)
    if assignment is not None:
        query = query.where(Attempt.assignment == assignment)
    if student is not None:
        query = query.where(Attempt.student == student)
    return session.scalars(query).all()


def _feedback(
    session: Session, course: CourseId, *, assignment: AssignmentId | None = None, student: StudentId | None = None
) -> Sequence[Feedback]:
    """The newest for each student and assignment."""
    newest = select(func.max(Feedback.id)).where(Feedback.course == course)
    if assignment is not None:
        newest = newest.where(Feedback.assignment == assignment)
    if student is not None:
        newest = newest.where(Feedback.student == student)
    newest = newest.group_by(Feedback.student, Feedback.assignment)
    return session.scalars(select(Feedback).where(Feedback.id.in_(newest))).all()


def newest_feedback(session: Session, course: CourseId, assignment: AssignmentId) -> Sequence[Feedback]:
    """What each student was given last in an assignment."""
    return _feedback(session, course, assignment=assignment)


def newest_releases(session: Session, course: CourseId) -> Mapping[str, Release]:
    """What students fetch, by assignment. One query."""
    newest = select(func.max(Release.id)).where(Release.course == course).group_by(Release.assignment)
    return {row.assignment: row for row in session.scalars(select(Release).where(Release.id.in_(newest)))}


def _collected(session: Session, course: CourseId, student: StudentId) -> Mapping[str, int]:
    """The attempt collected last in each assignment."""
    query = select(Event.assignment, Event.data).where(Event.course == course, Event.student == student)
    rows = session.execute(query.where(Event.kind == Kind.collect).order_by(Event.id))
    return {assignment: data["attempt"] for assignment, data in rows if assignment is not None}
