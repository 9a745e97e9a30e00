"""What the exchange tells of assignments and attempts: rows of the database as bodies of the protocol."""

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from classroom.assignments import Assignment, Course
from classroom.db.tables import Attempt, Feedback
from classroom.exchange.protocol import AssignmentInfo, AttemptInfo, Expected, FeedbackInfo
from classroom.exchange.store import Store
from classroom.exchange.transfers import Released, Transfers
from classroom.exchange.upload import upload_limits
from classroom.extensions import MoreTime, load_more_time
from classroom.holds import load_holds
from classroom.ids import AssignmentId, CourseId, parse_digest
from classroom.policy import closing_time, if_submitted_now, judge_arrival

_Key = tuple[str, str, int | None]


def describe_assignments(transfers: Transfers, student: str, *, early: bool) -> list[AssignmentInfo]:
    """The course's assignments as one person sees them now. early: also what opens later may be fetched (staff)."""
    released = {one.assignment.id: one for one in transfers.released(early=early)}
    return [
        _describe(transfers, assignment, student, released.get(assignment.id))
        for assignment in transfers.course.assignments
    ]


def find_attempts(
    session: Session, course: str, *, assignment: str | None = None, student: str | None = None
) -> Sequence[Attempt]:
    """Attempts, by assignment, student and number; all of them, or one assignment's, or one student's."""
    chosen = select(Attempt).where(Attempt.course == course)
    if assignment is not None:
        chosen = chosen.where(Attempt.assignment == assignment)
    if student is not None:
        chosen = chosen.where(Attempt.student == student)
    return session.scalars(chosen.order_by(Attempt.assignment, Attempt.student, Attempt.number)).all()


def describe_attempts(
    session: Session, store: Store, course: Course, attempts: Sequence[Attempt]
) -> tuple[AttemptInfo, ...]:
    """Attempts, each with the newest feedback that was released for it, late or not by the times that hold now."""
    feedback = _newest_feedback(session, attempts)
    more_time = load_more_time(session, course.id)
    rules = {assignment.id: assignment for assignment in course.assignments}
    return tuple(
        _attempt(row, store, _judged(row, rules, more_time), feedback.get((row.assignment, row.student, row.number)))
        for row in attempts
    )


def find_feedback(session: Session, attempt: Attempt) -> Feedback | None:
    """The newest feedback that was released for an attempt."""
    return _newest_feedback(session, [attempt]).get((attempt.assignment, attempt.student, attempt.number))


def _newest_feedback(session: Session, attempts: Iterable[Attempt]) -> dict[_Key, Feedback]:
    """By assignment, student and attempt; of one course. What is held back isn't among it."""
    rows = list(attempts)
    if not rows:
        return {}
    chosen = select(Feedback).where(
        Feedback.course == rows[0].course,
        Feedback.assignment.in_({row.assignment for row in rows}),
    )
    students = {row.student for row in rows}
    if len(students) == 1:
        chosen = chosen.where(Feedback.student == students.pop())
    held = load_holds(session, CourseId(rows[0].course))
    return {
        (row.assignment, row.student, row.attempt): row
        for row in session.scalars(chosen.order_by(Feedback.id))
        if (row.assignment, row.student) not in held
    }


def _judged(row: Attempt, rules: Mapping[AssignmentId, Assignment], more_time: MoreTime) -> tuple[str, float]:
    """Arrival and seconds late by the times that hold now; those at its arrival for a dropped assignment."""
    assignment = rules.get(AssignmentId(row.assignment))
    if assignment is None:
        return row.arrival, row.late_s
    decision = judge_arrival(assignment, row.received_at, more_time.due(assignment, row.student))
    return decision.arrival, decision.late.total_seconds()


def _attempt(row: Attempt, store: Store, judged: tuple[str, float], feedback: Feedback | None) -> AttemptInfo:
    arrival, late_s = judged
    return AttemptInfo(
        course=row.course,
        assignment=row.assignment,
        student=row.student,
        number=row.number,
        received_at=row.received_at,
        arrival=arrival,
        late_s=late_s,
        size_bytes=row.size_bytes,
        files=row.files,
        receipt=row.receipt,
        feedback=_feedback(feedback, store) if feedback else None,
    )


def _feedback(row: Feedback, store: Store) -> FeedbackInfo:
    return FeedbackInfo(
        released_at=row.released_at,
        score=row.score,
        max_score=row.max_score,
        files={str(path): digest for path, digest in store.tree(parse_digest(row.tree)).items()},
    )


def _describe(transfers: Transfers, assignment: Assignment, student: str, released: Released | None) -> AssignmentInfo:
    decision = transfers.decision(assignment.id, student)
    used = assignment.attempts - decision.attempts_left
    due = transfers.own_due(assignment.id, student)
    return AssignmentInfo(
        id=assignment.id,
        title=assignment.title,
        status=decision.arrival,
        policy=if_submitted_now(assignment, transfers.clock(), due, used=used),
        release_at=assignment.release,
        due_at=due or assignment.due,
        closes_at=closing_time(assignment, due),
        attempts_used=used,
        attempts_allowed=assignment.attempts,
        version=released.version if released else None,
        expected=_expected(assignment, released),
    )


def _expected(assignment: Assignment, released: Released | None) -> Expected:
    limits = upload_limits(assignment.limits, released.files if released else ())
    return Expected(
        names=tuple(sorted(str(name) for name in limits.names)),
        patterns=limits.patterns,
        upload_bytes=limits.total_bytes,
        file_bytes=limits.file_bytes,
        files=limits.files,
    )
