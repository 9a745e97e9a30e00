"""What a grader's desk writes: drafts, claims, gradings with their number in the gradebook, names that were lifted."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from classroom.db.tables import Event, Grading
from classroom.errors import Conflict
from classroom.gradebook import Gradebook
from classroom.ids import StudentId
from classroom.ledger import record
from classroom.marking.claims import Taken, give_back, take
from classroom.marking.drafts import drop_draft, save_draft
from classroom.rubric.models import Marking, Rubric
from classroom.rubric.rounds import FIRST
from classroom.rubric.store import Piece, Task, append_grading, final_of, load_history, project, rounds_of
from classroom.service.deps import Context
from classroom.service.pages.pieces import Queue, QueuePiece
from classroom.writer import only_writer

GRADING = "grading"
NAME_LIFTED = "name_lifted"


class Stale(Conflict):
    """Another grading stands in the round than the one that was seen."""

    def __init__(self, theirs: Grading) -> None:
        super().__init__(f"{theirs.grader} stored another marking of this piece meanwhile; compare the two")
        self.theirs = theirs


def renew(context: Context, piece: Piece, round: int, grader: str) -> Taken:
    """The claim lasts longer, unless somebody took the piece over."""
    with context.database.session() as session:
        return take(session, piece, round, grader, context.clock())


def keep(context: Context, piece: Piece, marking: Marking, *, rubric: Rubric, grader: str, ends: bool = False) -> None:
    """Saves a draft; with `ends` the piece leaves the desk and its claim with it."""
    with context.database.session() as session:
        save_draft(session, piece, marking, rubric=rubric, grader=grader, at=context.clock())
        if ends:
            give_back(session, piece, grader)


def store(
    context: Context,
    books: Gradebook,
    found: Queue,
    one: QueuePiece,
    marking: Marking | None,
    grader: str,
    *,
    seen: tuple[int, int] = (FIRST, 0),
) -> None:
    """Appends the marking, None for nothing new, and writes what follows from all rounds into the gradebook.

    seen: the round, and id of the grading that the grader saw there, 0 for none. Raises Stale when another stands.
    """
    piece = Piece(found.task, one.student, one.attempt)
    with only_writer(context.settings.state):  # so that a backup has both of the two databases' halves, or neither
        with context.database.session() as session:
            if marking is not None:
                _append(session, context, piece, marking, rubric=found.rubric, grader=grader, seen=seen)
            rounds = rounds_of(load_history(session, found.task, one.student))
        write_final(books, found.task, found.rubric, one.student, rounds)


def write_final(books: Gradebook, task: Task, rubric: Rubric, student: StudentId, rounds: dict[int, Grading]) -> None:
    """The number and comment of a piece into the gradebook, which is another database.

    Done after ours has the marking, and again whenever the form is sent again.
    """
    made = project(rubric, final_of(rounds))
    books.set_manual(task.assignment, task.notebook, task.task, student, made.points, made.comment)


def _append(
    session: Session,
    context: Context,
    piece: Piece,
    marking: Marking,
    *,
    rubric: Rubric,
    grader: str,
    seen: tuple[int, int],
) -> None:
    round_, newest = seen
    now = context.clock()
    # Locks the round of the piece until this is stored, so that of two savers the second sees the first one's row.
    take(session, piece, round_, grader, now)
    history = [row for row in load_history(session, piece.task, piece.student) if row.attempt == piece.attempt]
    standing = rounds_of(history).get(round_)
    if standing is not None and standing.id != newest:
        session.expunge(standing)  # readable after the rollback
        raise Stale(standing)
    row = append_grading(session, piece, marking, rubric=rubric, grader=grader, at=now, round=round_)
    drop_draft(session, piece, grader)
    give_back(session, piece, grader)
    task = piece.task
    record(
        session,
        GRADING,
        course=task.course,
        actor=grader,
        at=now,
        assignment=task.assignment,
        student=piece.student,
        task=task.task,
        grading=row.id,
        round=round_,
    )


def lift_name(context: Context, piece: Piece, grader: str, reason: str) -> None:
    """Lets this grader see whose piece it is from now on; told in the ledger with the reason."""
    with context.database.session() as session:
        record(
            session,
            NAME_LIFTED,
            course=piece.task.course,
            actor=grader,
            at=context.clock(),
            assignment=piece.task.assignment,
            student=piece.student,
            task=piece.task.task,
            reason=reason,
        )


def lifted_name(session: Session, task: Task, grader: str, student: StudentId) -> StudentId | None:
    """The student's id where this grader lifted it for this task."""
    query = select(Event).where(
        Event.course == task.course,
        Event.student == student,
        Event.kind == NAME_LIFTED,
        Event.actor == grader,
        Event.assignment == task.assignment,
    )
    return student if any(event.data.get("task") == task.task for event in session.scalars(query)) else None
