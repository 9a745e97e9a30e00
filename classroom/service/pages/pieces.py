"""What there is to grade by hand: written tasks with their pieces, under pseudonyms."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from classroom.assignments import Assignment
from classroom.db.tables import Attempt, Grading, Release
from classroom.errors import NotFound
from classroom.gradebook import Gradebook
from classroom.grading.submissions import collected
from classroom.ids import GradeId, StudentId
from classroom.rubric.models import Rubric
from classroom.rubric.store import Task, load_gradings, standing
from classroom.service.deps import Context
from classroom.service.pages.asked import AskedTask, load_tasks
from classroom.service.pages.doors import rubric
from classroom.service.pages.pseudonyms import load_key, name_all, piece_id


@dataclass(frozen=True)
class QueuePiece:
    """One answer to grade. id and name are all that a grader learns. grading: the one that stands for this attempt."""

    id: str
    name: str
    student: StudentId
    attempt: int | None
    grading: Grading | None
    seen: int  # id of the newest grading of the piece, 0 without one: what a save is compared with

    @property
    def is_done(self) -> bool:
        return self.grading is not None


@dataclass(frozen=True)
class Queue:
    """The pieces of one task, in an order that tells nothing. waiting: collected, but not autograded yet."""

    task: Task
    asked: AskedTask
    assignment: Assignment
    rubric: Rubric
    pieces: tuple[QueuePiece, ...]
    waiting: int

    @property
    def done(self) -> int:
        return sum(piece.is_done for piece in self.pieces)

    @property
    def left(self) -> int:
        return len(self.pieces) - self.done

    def piece(self, piece: str) -> QueuePiece:
        """The piece of that address; raises NotFound, also for another grader's address."""
        for one in self.pieces:
            if one.id == piece:
                return one
        raise NotFound("there is no such piece in your queue; go back to the queue")

    def next_after(self, piece: QueuePiece | None) -> QueuePiece | None:
        """The next one that isn't graded, from there on and then from the beginning."""
        start = self.pieces.index(piece) + 1 if piece in self.pieces else 0
        ahead = (*self.pieces[start:], *self.pieces[:start])
        return next((one for one in ahead if not one.is_done and one != piece), None)

    def before(self, piece: QueuePiece, grader: str) -> QueuePiece | None:
        """The one that this grader graded before it, or last when it isn't graded yet."""
        mine = [one for one in self.pieces if one.grading and one.grading.grader == grader and one != piece]
        limit = piece.grading.id if piece.grading and piece.grading.grader == grader else None
        earlier = [one for one in mine if one.grading and (limit is None or one.grading.id < limit)]
        return max(earlier, key=lambda one: one.grading.id if one.grading else 0, default=None)


def load_queues(session: Session, context: Context, gradebook: Gradebook, grader: str) -> list[Queue]:
    """Every written task of what was released, in the course's order."""
    return [
        load_queue(session, context, gradebook, asked, assignment, grader)
        for assignment in context.course.assignments
        for asked in _written(session, context, assignment)
    ]


def find_queue(session: Session, context: Context, gradebook: Gradebook, task: str, grader: str) -> Queue:
    """The queue of one task; raises NotFound. A grade_id names one task in a course."""
    for assignment in context.course.assignments:
        if task in assignment.written:
            for asked in _written(session, context, assignment):
                if asked.grade_id == task:
                    return load_queue(session, context, gradebook, asked, assignment, grader)
    raise NotFound("there is no such task to grade; go back to the queue")


def load_queue(
    session: Session, context: Context, gradebook: Gradebook, asked: AskedTask, assignment: Assignment, grader: str
) -> Queue:
    """One task's pieces for one grader."""
    task = Task(context.course.id, assignment.id, asked.notebook, asked.grade_id)
    wanted = collected(session, context.settings, context.course.id, assignment.id)
    rows = {row.student: row for row in gradebook.scores(assignment.id)}
    gradings = load_gradings(session, task)
    graded = {grading.student for grading in gradings}
    # An answer left as it came has 0 from autograding and waits for nobody.
    ready = {
        student: attempt
        for student, attempt in wanted.items()
        if student in rows and (rows[student].needs_manual_grade or student in graded)
    }
    pieces = _pieces(context, task, grader, ready, gradings, _by_arrival(session, task, ready))
    return Queue(
        task,
        asked,
        assignment,
        rubric(context.settings, assignment, asked.grade_id),
        pieces,
        waiting=sum(student not in rows for student in wanted),
    )


def _pieces(
    context: Context,
    task: Task,
    grader: str,
    ready: Mapping[StudentId, int | None],
    gradings: Sequence[Grading],
    by_arrival: Sequence[StudentId],
) -> tuple[QueuePiece, ...]:
    key = load_key(context.settings.secrets)
    names = name_all(key, task, by_arrival)
    newest = standing(gradings)
    pieces = []
    for student, attempt in ready.items():
        last = newest.get(student)
        stands = last if last is not None and last.attempt == attempt else None
        address = piece_id(key, task, grader, student)
        pieces.append(QueuePiece(address, names[student], student, attempt, stands, last.id if last else 0))
    return tuple(sorted(pieces, key=lambda piece: piece.id))


def _by_arrival(session: Session, task: Task, students: Mapping[StudentId, int | None]) -> list[StudentId]:
    """By first attempt, then those who came without the exchange."""
    first = select(Attempt.student).where(
        Attempt.course == task.course, Attempt.assignment == task.assignment, Attempt.number == 1
    )
    arrived = [StudentId(name) for name in session.scalars(first.order_by(Attempt.id))]
    known = set(arrived)
    return [*arrived, *sorted(student for student in students if student not in known)]


def _written(session: Session, context: Context, assignment: Assignment) -> list[AskedTask]:
    newest = (
        select(Release.tree)
        .where(Release.course == context.course.id, Release.assignment == assignment.id)
        .order_by(Release.id.desc())
        .limit(1)
    )
    tree = session.scalar(newest)
    if tree is None:
        return []
    wanted: set[GradeId] = set(assignment.written)
    return [asked for asked in load_tasks(context.store, tree) if asked.grade_id in wanted]
