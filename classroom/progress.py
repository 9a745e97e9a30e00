"""How far everybody is: a student's own work, and a class in one assignment. Read-only.

The words of a state are the same everywhere; what a student reads never tells more than was released.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, select
from sqlalchemy.orm import Session, defer

from classroom.assignments import Assignment, Course
from classroom.db.tables import Attempt, Event, Feedback, Hold, Job, Release, of_recorded_runs
from classroom.errors import NotFound
from classroom.extensions import load_more_time
from classroom.holds import load_holds
from classroom.ids import AssignmentId, CourseId, StudentId
from classroom.ledger import Kind
from classroom.policy import closing_time, counting_attempt, lateness, rate
from classroom.roster import Person, load_roster

if TYPE_CHECKING:  # importing the gradebook costs 2 s
    from classroom.gradebook import ScoreRow

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
BROKEN = frozenset({"timeout", "out of memory", "crashed", "our fault", "refused"})


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


@dataclass(frozen=True)
class Row:
    """One student in one assignment, as an instructor sees it.

    counted: the attempt that was collected, else the one that counts. attempts: how many there are. ran: how the newest
    job ended, when one did. counts: the number of the attempt that counts now.
    """

    student: StudentId
    word: str
    is_collected: bool
    counted: Attempt | None
    attempts: int
    job: Job | None
    ran: str | None
    auto: float | None
    manual: float | None
    total: float | None
    max_score: float | None
    penalty: float
    to_grade: bool
    feedback: Feedback | None
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


def load_my_work(session: Session, course: Course, student: StudentId, now: dt.datetime) -> tuple[Work, ...]:
    """The student's work in every assignment, in the course's order."""
    releases = {row.assignment: row for row in _newest_releases(session, course.id)}
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


def load_class(
    session: Session,
    course: Course,
    assignment: Assignment,
    now: dt.datetime,
    *,
    scores: "Iterable[ScoreRow]",
    manual: Mapping[StudentId, float],
    collected: Mapping[StudentId, int | None],
    counts: Mapping[StudentId, int],
) -> tuple[Row, ...]:
    """Every student the course knows of: those of the roster, then whoever else fetched or submitted; each by name.

    manual: points given by hand. collected: whose submission was collected, and which attempt, None for one that came
    without the exchange. counts: the number of the attempt that counts, by the exchange's rules.
    """
    attempts = defaultdict(list)
    for attempt in _attempts(session, course.id, assignment=assignment.id):
        attempts[attempt.student].append(attempt)
    jobs = _newest_jobs(session, course.id, assignment.id)
    feedback = {row.student: row for row in _feedback(session, course.id, assignment=assignment.id)}
    by_student = {row.student: row for row in scores}
    more_time = load_more_time(session, course.id, assignment=assignment.id)
    holds = load_holds(session, course.id, assignment=assignment.id)
    roster = load_roster(session, course.id)
    enrolled = sorted(person.id for person in roster.values() if person.is_student)
    others = (_students(session, course.id) | set(by_student) | set(collected)).difference(enrolled)
    return tuple(
        _row(
            assignment,
            student,
            attempts[student],
            jobs.get(student),
            feedback.get(student),
            score=by_student.get(student),
            manual=manual.get(student),
            collected=collected,
            counts=counts.get(student),
            due=more_time.due(assignment, student),
            person=roster.get(student),
            hold=holds.get((assignment.id, student)),
            now=now,
        )
        for student in (*enrolled, *sorted(others))
    )


def class_word(row_job: Job | None, *, is_collected: bool, to_grade: bool, has_score: bool) -> str:
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


def _row(
    assignment: Assignment,
    student: StudentId,
    attempts: Sequence[Attempt],
    job: Job | None,
    feedback: Feedback | None,
    *,
    score: "ScoreRow | None",
    manual: float | None,
    collected: Mapping[StudentId, int | None],
    counts: int | None,
    due: dt.datetime | None,
    person: Person | None,
    hold: Hold | None,
    now: dt.datetime,
) -> Row:
    number = collected.get(student) or counts
    counted = next((attempt for attempt in attempts if attempt.number == number), None)
    late_s = lateness(assignment, counted.received_at, due).total_seconds() if counted else 0.0
    to_grade = bool(score and score.needs_manual_grade)
    if not attempts and student not in collected:
        word = "missing" if lateness(assignment, now, due) else "extended" if lateness(assignment, now) else "open"
    elif feedback is not None:
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
        manual=manual,
        total=score.score if score else None,
        max_score=score.max_score if score else None,
        penalty=score.penalty if score else 0.0,
        to_grade=to_grade,
        feedback=feedback,
        counts=counts,
        own_due=due,
        late_s=late_s,
        person=person,
        hold=hold,
    )


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


def _newest_releases(session: Session, course: CourseId) -> Sequence[Release]:
    newest = select(func.max(Release.id)).where(Release.course == course).group_by(Release.assignment)
    return session.scalars(select(Release).where(Release.id.in_(newest))).all()


def _collected(session: Session, course: CourseId, student: StudentId) -> Mapping[str, int]:
    """The attempt collected last in each assignment."""
    query = select(Event.assignment, Event.data).where(Event.course == course, Event.student == student)
    rows = session.execute(query.where(Event.kind == Kind.collect).order_by(Event.id))
    return {assignment: data["attempt"] for assignment, data in rows if assignment is not None}


def _newest_jobs(session: Session, course: CourseId, assignment: AssignmentId) -> Mapping[str, Job]:
    of_assignment = (Job.course == course, Job.assignment == assignment, of_recorded_runs())
    newest = select(func.max(Job.id)).where(*of_assignment).group_by(Job.student)
    # The result is large and told on the submission's own page.
    jobs = select(Job).where(Job.id.in_(newest)).options(defer(Job.result))
    return {job.student: job for job in session.scalars(jobs)}


def _students(session: Session, course: CourseId) -> set[StudentId]:
    """Whoever fetched or submitted anything in this course."""
    seen = select(Event.student).where(Event.course == course, Event.kind.in_([Kind.fetch, Kind.submit])).distinct()
    submitted = select(Attempt.student).where(Attempt.course == course).distinct()
    return {StudentId(name) for name in session.scalars(seen.union(submitted)) if name}
