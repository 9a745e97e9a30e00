"""Which attempt of each student counts, by policy and by the scores known from grading."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import TypeVar

from sqlalchemy.orm import Session

from classroom.assignments import Assignment, Course
from classroom.db.attempts import Sent, SentBy
from classroom.db.tables import Attempt
from classroom.exchange.rows import score_shares_of
from classroom.extensions import MoreTime
from classroom.ids import AssignmentId, StudentId
from classroom.policy import counting_attempt, lateness, rate

AnyAttempt = TypeVar("AnyAttempt", Attempt, Sent)


def choose(
    assignment: Assignment,
    attempts: Sequence[AnyAttempt],
    shares: Mapping[tuple[str, int], float],
    due: dt.datetime | None = None,
) -> AnyAttempt:
    """The attempt of one student that counts, by the assignment's rule and the scores known so far.

    due: the student's own due date, where there is one.
    """
    if assignment.attempt_counts == "latest" and not lateness(assignment, attempts[-1].received_at, due):
        return attempts[-1]  # as the rule says, without looking at thousands of others
    scored = [
        rate(assignment, one.number, one.received_at, due, shares.get((one.student, one.number))) for one in attempts
    ]
    number = counting_attempt(scored, assignment.attempt_counts)
    return next(attempt for attempt in attempts if attempt.number == number)


def count_attempts(
    session: Session,
    course: Course,
    sent: Mapping[AssignmentId, SentBy],
    more_time: MoreTime,
    *,
    student: StudentId | None = None,
) -> dict[AssignmentId, dict[StudentId, int]]:
    """The number of each student's attempt that counts, for each assignment of `sent`. One query.

    student: the only one in `sent`, where it is one.
    """
    shares = score_shares_of(session, course.id, sent, student=student)
    return {
        assignment: {
            student: choose(rules, own, shares[assignment], more_time.due(rules, student)).number
            for student, own in students.items()
        }
        for assignment, students in sent.items()
        for rules in [course.assignment(assignment)]
    }
