"""What the exchange asks its database."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import itemgetter

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from classroom.db.tables import Attempt, Event, Feedback, Job, Release, of_recorded_runs
from classroom.ids import AssignmentId, CourseId, Digest, StudentId
from classroom.ledger import Kind


@dataclass(frozen=True)
class Place:
    """Whose rows: an assignment of a course."""

    course: CourseId
    assignment: AssignmentId


def newest_release(session: Session, place: Place) -> Release | None:
    """The release with the highest version."""
    of_place = select(Release).where(Release.course == place.course, Release.assignment == place.assignment)
    return session.scalar(of_place.order_by(Release.version.desc()).limit(1))


def attempts_of(session: Session, place: Place, student: str | None = None) -> Sequence[Attempt]:
    """All submissions, of one student if given, by student and number."""
    chosen = select(Attempt).where(Attempt.course == place.course, Attempt.assignment == place.assignment)
    if student is not None:
        chosen = chosen.where(Attempt.student == student)
    return session.scalars(chosen.order_by(Attempt.student, Attempt.number)).all()


def last_number(session: Session, place: Place, student: str) -> int:
    """The number of the student's newest attempt, 0 without one."""
    of_place = select(func.max(Attempt.number)).where(
        Attempt.course == place.course, Attempt.assignment == place.assignment
    )
    return session.scalar(of_place.where(Attempt.student == student)) or 0


def feedback_of(session: Session, place: Place, student: str) -> Sequence[Feedback]:
    """The student's feedback, newest first."""
    chosen = select(Feedback).where(Feedback.course == place.course, Feedback.assignment == place.assignment)
    return session.scalars(chosen.where(Feedback.student == student).order_by(Feedback.id.desc())).all()


def score_shares(session: Session, place: Place) -> dict[tuple[str, int], float]:
    """The newest autograded share of the points, by student and number of the attempt."""
    return score_shares_of(session, place.course, [place.assignment])[place.assignment]


def score_shares_of(
    session: Session, course: CourseId, assignments: Iterable[AssignmentId], *, student: StudentId | None = None
) -> dict[AssignmentId, dict[tuple[str, int], float]]:
    """The same for each of these assignments, of one student if given. One query."""
    columns = select(Job.id, Job.assignment, Job.student, Job.attempt, Job.score / Job.max_score)
    graded = columns.where(Job.state == "done", Job.attempt.is_not(None), Job.score.is_not(None), Job.max_score > 0)
    found: dict[AssignmentId, dict[tuple[str, int], float]] = {assignment: {} for assignment in assignments}
    of_course = graded.where(Job.course == course, Job.assignment.in_(found), of_recorded_runs())
    if student is not None:
        of_course = of_course.where(Job.student == student)
    # Sorted here: asked for the order, SQLite walks the table and not the index.
    for _, assignment, who, attempt, share in sorted(session.connection().execute(of_course), key=itemgetter(0)):
        if attempt is not None and share is not None:
            found[AssignmentId(assignment)][who, attempt] = share
    return found


def collected_numbers(session: Session, place: Place) -> dict[StudentId, int]:
    """The attempt that was last collected, by student."""
    of_place = select(Event).where(Event.course == place.course, Event.assignment == place.assignment)
    events = session.scalars(of_place.where(Event.kind == Kind.collect).order_by(Event.id))
    return {StudentId(event.student): int(event.data["attempt"]) for event in events if event.student}


def all_trees(session: Session) -> set[Digest]:
    """Every tree that a row of any course refers to."""
    columns: Iterable[str] = (
        tree for column in (Release.tree, Attempt.tree, Feedback.tree) for tree in session.scalars(select(column))
    )
    return {Digest(tree) for tree in columns}
