"""How far a class is: every student in every assignment, as an instructor sees it. Read-only.

A page of all assignments has thousands of rows: each table is read once for all of them, and only the columns shown.
"""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from classroom.assignments import Assignment, Course
from classroom.db.attempts import Sent, SentBy
from classroom.db.tables import Attempt, Event, Feedback, Hold, Job, of_recorded_runs
from classroom.extensions import MoreTime
from classroom.holds import load_holds
from classroom.ids import AssignmentId, CourseId, StudentId
from classroom.ledger import Kind
from classroom.policy import lateness
from classroom.progress import HELD, RAN_WORDS
from classroom.roster import Person, load_roster
from classroom.scores import ScoreRow

BROKEN = frozenset({"timeout", "out of memory", "crashed", "our fault", "refused"})


class Ran(NamedTuple):
    """The newest job of a submission. Its result is large, and told on the submission's own page."""

    id: int
    run_id: int
    state: str
    status: str | None
    reason: str | None
    score: float | None


class Row(NamedTuple):  # a board has thousands, and a tuple is made in a third of a frozen dataclass's time
    """One student in one assignment, as an instructor sees it.

    counted: the attempt that was collected, else the one that counts. attempts: how many there are. ran: how the newest
    job ended, when one did. counts: the number of the attempt that counts now.
    """

    student: StudentId
    word: str
    is_collected: bool
    counted: Sent | None
    attempts: int
    job: Ran | None
    ran: str | None
    auto: float | None
    manual: float | None
    total: float | None
    max_score: float | None
    penalty: float
    to_grade: bool
    has_feedback: bool
    counts: int | None
    own_due: dt.datetime | None = None
    late_s: float = 0.0  # of the attempt `counted`, by the times that hold now
    person: Person | None = None  # as the roster has them
    hold: Hold | None = None  # while it is looked into

    @property
    def is_enrolled(self) -> bool:
        """The roster has them as a student of now."""
        return self.person is not None and self.person.is_student

    @property
    def is_newer_in(self) -> bool:
        """The attempt that counts isn't the one that was collected."""
        return self.counts is not None and (
            not self.is_collected or self.counted is None or self.counted.number != self.counts
        )

    @property
    def is_late(self) -> bool:
        return self.late_s > 0

    @property
    def is_missing(self) -> bool:
        """Nothing is handed in, whether it still may be or not."""
        return self.word in {"missing", "open", "extended"}

    @property
    def is_broken(self) -> bool:
        return self.ran in BROKEN


@dataclass(frozen=True)
class Facts:
    """What is known of one assignment beside the tables read here.

    manual: points given by hand. collected: whose submission was collected, and which attempt, None for one that came
    without the exchange. counts: the number of the attempt that counts, by the exchange's rules.
    """

    assignment: Assignment
    sent: SentBy
    scores: Iterable[ScoreRow]
    manual: Mapping[StudentId, float]
    collected: Mapping[StudentId, int | None]
    counts: Mapping[StudentId, int]


def load_classes(
    session: Session,
    course: Course,
    known: Sequence[Facts],
    more_time: MoreTime,
    now: dt.datetime,
    *,
    student: StudentId | None = None,
) -> list[tuple[Row, ...]]:
    """Every student the course knows of, for each assignment: those of the roster, then whoever else fetched or
    submitted; each by name. As many queries for many assignments as for one.

    student: only this one; the facts are that student's, and there is no row of one the course doesn't know of.
    """
    assignments = [facts.assignment.id for facts in known]
    jobs = _newest_jobs(session, course.id, assignments, student)
    given_back = _given_back(session, course.id, assignments)
    holds = load_holds(session, course.id, student=student)
    roster = load_roster(session, course.id)
    enrolled = sorted(one.id for one in roster.values() if one.is_student and student in {None, one.id})
    seen = _students(session, course.id, student)
    classes = []
    for facts in known:
        here = facts.assignment.id
        scores = {row.student: row for row in facts.scores}
        others = (seen | set(scores) | set(facts.collected)).difference(enrolled)
        classes.append(
            tuple(
                _row(
                    facts,
                    one,
                    jobs.get((here, one)),
                    score=scores.get(one),
                    has_feedback=(here, one) in given_back,
                    due=more_time.due(facts.assignment, one),
                    person=roster.get(one),
                    hold=holds.get((here, one)),
                    now=now,
                )
                for one in (*enrolled, *sorted(others))
            )
        )
    return classes


def class_word(row_job: Ran | None, *, is_collected: bool, to_grade: bool, has_score: bool) -> str:
    """The state of a collected submission for the people who grade."""
    if row_job is not None and row_job.state != "done":
        return "being graded"
    if to_grade:
        return "to grade"
    if has_score:
        return "graded"
    if row_job is not None and row_job.status is not None:
        return RAN_WORDS.get(row_job.status, "refused")
    return "collected" if is_collected else "in"


def _row(
    facts: Facts,
    student: StudentId,
    job: Ran | None,
    *,
    score: ScoreRow | None,
    has_feedback: bool,
    due: dt.datetime | None,
    person: Person | None,
    hold: Hold | None,
    now: dt.datetime,
) -> Row:
    assignment, attempts, collected = facts.assignment, facts.sent.get(student, ()), facts.collected
    counts = facts.counts.get(student)
    number = collected.get(student) or counts
    counted = next((attempt for attempt in attempts if attempt.number == number), None)
    late_s = lateness(assignment, counted.received_at, due).total_seconds() if counted else 0.0
    to_grade = bool(score and score.needs_manual_grade)
    if not attempts and student not in collected:
        word = "missing" if lateness(assignment, now, due) else "extended" if lateness(assignment, now) else "open"
    elif has_feedback:
        word = "feedback out"
    elif student not in collected:
        word = "late" if late_s else "in"
    else:
        word = class_word(job, is_collected=True, to_grade=to_grade, has_score=score is not None)
    word = HELD if hold is not None else word
    return Row(
        student=student,
        word=word,
        is_collected=student in collected,
        counted=counted,
        attempts=len(attempts),
        job=job,
        ran=RAN_WORDS.get(job.status, "refused") if job and job.status else None,
        auto=job.score if job else None,
        manual=facts.manual.get(student),
        total=score.score if score else None,
        max_score=score.max_score if score else None,
        penalty=score.penalty if score else 0.0,
        to_grade=to_grade,
        has_feedback=has_feedback,
        counts=counts,
        own_due=due,
        late_s=late_s,
        person=person,
        hold=hold,
    )


def _newest_jobs(
    session: Session, course: CourseId, assignments: Collection[AssignmentId], student: StudentId | None
) -> Mapping[tuple[str, str], Ran]:
    of_assignments = (Job.course == course, Job.assignment.in_(assignments), of_recorded_runs())
    newest = select(func.max(Job.id)).where(*of_assignments).group_by(Job.assignment, Job.student)
    if student is not None:
        newest = newest.where(Job.student == student)
    columns = (Job.assignment, Job.student, Job.id, Job.run_id, Job.state, Job.status, Job.reason, Job.score)
    rows = session.connection().execute(select(*columns).where(Job.id.in_(newest)))
    return {(row[0], row[1]): Ran(*row[2:]) for row in rows}


def _given_back(session: Session, course: CourseId, assignments: Collection[AssignmentId]) -> set[tuple[str, str]]:
    """Who has feedback in which assignment."""
    query = select(Feedback.assignment, Feedback.student).where(Feedback.course == course)
    rows = session.connection().execute(query.where(Feedback.assignment.in_(assignments)))
    return {(one, student) for one, student in rows}


def _students(session: Session, course: CourseId, student: StudentId | None) -> set[StudentId]:
    """Whoever fetched or submitted anything in this course, or `student` if that one did."""
    seen = select(Event.student).where(Event.course == course, Event.kind.in_([Kind.fetch, Kind.submit])).distinct()
    submitted = select(Attempt.student).where(Attempt.course == course).distinct()
    if student is not None:
        seen, submitted = seen.where(Event.student == student), submitted.where(Attempt.student == student)
    return {StudentId(name) for name in session.scalars(seen.union(submitted)) if name}
