"""What there is to grade by hand, as one grader sees it: written tasks with their pieces, under pseudonyms."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from classroom.assignments import Assignment
from classroom.db.tables import Attempt, Claim, Draft, Grading, Release
from classroom.errors import NotFound
from classroom.gradebook import Gradebook, ScoreRow
from classroom.grading.submissions import collected
from classroom.ids import GradeId, StudentId
from classroom.marking.calibration import load_calibrated
from classroom.marking.claims import claims_on
from classroom.marking.drafts import drafts_of
from classroom.marking.pace import pace_s
from classroom.marking.share import Shared, deal, drawn
from classroom.roster import Section, section_of
from classroom.rubric.models import Rubric
from classroom.rubric.rounds import FIRST, SECOND, THIRD, is_near_line, needs_third
from classroom.rubric.store import Piece, Task, load_gradings, marking_of, rounds_of
from classroom.second_looks import asked_about
from classroom.service.deps import Context
from classroom.service.pages.asked import AskedTask, load_tasks
from classroom.service.pages.doors import rubric
from classroom.service.pages.pseudonyms import load_key, name_all, piece_id, seed_of


@dataclass(frozen=True)
class QueuePiece:
    """One answer as one grader sees it. id and name are all that a grader learns of whose it is.

    round: in which this grader marks it; None when there is nothing to do. own: this grader's grading, draft: what was
    chosen and not called done. held: another's claim on the round. is_mine: dealt to this grader, or taken.
    """

    id: str
    name: str
    student: StudentId
    attempt: int | None
    rounds: Mapping[int, Grading]
    round: int | None
    own: Grading | None
    draft: Draft | None
    held: Claim | None
    is_mine: bool

    @property
    def is_done(self) -> bool:
        return self.own is not None

    @property
    def is_open(self) -> bool:
        """Whether this grader still has to mark it, or could."""
        return self.own is None and self.round is not None

    @property
    def is_free(self) -> bool:
        return self.is_open and self.held is None

    @property
    def is_closed(self) -> bool:
        """A marking stays as it is once another has marked the piece, too."""
        return self.own is not None and len(self.rounds) > 1

    @property
    def seen(self) -> int:
        """Id of the grading that stands in the round, 0 without one: what a save is compared with."""
        standing = self.rounds.get(self.round or FIRST)
        return standing.id if standing else 0

    @property
    def needs_third(self) -> bool:
        return needs_third({number: marking_of(row) for number, row in self.rounds.items()})


@dataclass(frozen=True)
class Queue:
    """The pieces of one task, in an order that tells nothing. waiting: collected, but not autograded yet.

    pace_s: seconds a piece, as this grader works; None before there is enough to tell.
    """

    task: Task
    asked: AskedTask
    assignment: Assignment
    rubric: Rubric
    grader: str
    pieces: tuple[QueuePiece, ...]
    waiting: int
    pace_s: float | None
    is_calibrated: bool  # or need not be

    @property
    def mine(self) -> tuple[QueuePiece, ...]:
        """What this grader has done or was dealt."""
        return tuple(one for one in self.pieces if one.is_done or (one.is_mine and one.is_open))

    @property
    def others(self) -> int:
        """Open pieces that were dealt to others."""
        return sum(one.is_open and not one.is_mine for one in self.pieces)

    @property
    def third(self) -> tuple[QueuePiece, ...]:
        """Pieces on which two others differ, for this grader to decide."""
        return tuple(one for one in self.pieces if one.needs_third and one.own is None)

    @property
    def done(self) -> int:
        return sum(one.is_done for one in self.mine)

    @property
    def left(self) -> int:
        return len(self.mine) - self.done

    @property
    def left_s(self) -> float | None:
        """About how long the rest takes this grader."""
        return self.pace_s * self.left if self.pace_s is not None else None

    def piece(self, piece: str) -> QueuePiece:
        """The piece of that address; raises NotFound, also for another grader's address."""
        for one in self.pieces:
            if one.id == piece:
                return one
        raise NotFound("there is no such piece in your queue; go back to the queue")

    def next_after(self, piece: QueuePiece | None, criterion: str | None = None) -> QueuePiece | None:
        """The next one to mark that nobody else has open: from there on and then from the beginning, own ones first.

        criterion: only pieces on which that one has no level yet.
        """
        start = self.pieces.index(piece) + 1 if piece in self.pieces else 0
        ahead = [one for one in (*self.pieces[start:], *self.pieces[:start]) if one.is_free and one != piece]
        if criterion is not None:
            ahead = [one for one in ahead if one.draft is None or criterion not in one.draft.levels]
        return next((one for one in ahead if one.is_mine), next(iter(ahead), None))

    def before(self, piece: QueuePiece) -> QueuePiece | None:
        """The one that this grader graded before it, or last when it isn't graded yet."""
        limit = piece.own.id if piece.own else None
        earlier = [
            (one.own.id, one)
            for one in self.pieces
            if one.own and one != piece and (limit is None or one.own.id < limit)
        ]
        return max(earlier, key=lambda pair: pair[0])[1] if earlier else None


def load_queues(session: Session, context: Context, gradebook: Gradebook, grader: str) -> list[Queue]:
    """Every written task of what was released, in the course's order."""
    tasks = written_tasks(session, context)
    work = {
        assignment.id: _load_work(session, context, gradebook, assignment, grader)
        for assignment in {assignment.id: assignment for assignment, _ in tasks}.values()
    }
    return [
        _load_queue(session, context, asked, assignment, work[assignment.id], grader) for assignment, asked in tasks
    ]


def written_tasks(session: Session, context: Context) -> list[tuple[Assignment, AskedTask]]:
    """Every written task of what was released, in the course's order."""
    return [
        (assignment, asked)
        for assignment in context.course.assignments
        if assignment.written
        for asked in _written(session, context, assignment)
    ]


def find_queue(session: Session, context: Context, gradebook: Gradebook, task: str, grader: str) -> Queue:
    """The queue of one task; raises NotFound. A grade_id names one task in a course."""
    assignment, asked = find_task(session, context, task)
    work = _load_work(session, context, gradebook, assignment, grader)
    return _load_queue(session, context, asked, assignment, work, grader)


def find_task(session: Session, context: Context, task: str) -> tuple[Assignment, AskedTask]:
    """A written task of what was released; raises NotFound."""
    for assignment in context.course.assignments:
        if task in assignment.written:
            for asked in _written(session, context, assignment):
                if asked.grade_id == task:
                    return assignment, asked
    raise NotFound("there is no such task to grade; go back to the queue")


@dataclass(frozen=True)
class _Work:
    """What all tasks of an assignment share: the attempts to mark, the gradebook's rows, the grader's section."""

    wanted: Mapping[StudentId, int | None]
    rows: Mapping[StudentId, ScoreRow]
    section: Section | None


def _load_work(session: Session, context: Context, gradebook: Gradebook, assignment: Assignment, grader: str) -> _Work:
    wanted = collected(session, context.settings, context.course.id, assignment.id)
    section = section_of(session, context.course, grader)
    if section is not None:
        wanted = {student: attempt for student, attempt in wanted.items() if student in section.students}
    return _Work(wanted, {row.student: row for row in gradebook.scores(assignment.id)}, section)


def _load_queue(
    session: Session, context: Context, asked: AskedTask, assignment: Assignment, work: _Work, grader: str
) -> Queue:
    task = Task(context.course.id, assignment.id, asked.notebook, asked.grade_id)
    wanted, rows = work.wanted, work.rows
    gradings = load_gradings(session, task)
    graded = {grading.student for grading in gradings}
    # An answer left as it came has 0 from autograding and waits for nobody.
    ready = {
        student: attempt
        for student, attempt in wanted.items()
        if student in rows and (rows[student].needs_manual_grade or student in graded)
    }
    rules = rubric(context.settings, assignment, asked.grade_id)
    table = _Table(session, context, task, grader, ready, gradings, work.section)
    return Queue(
        task,
        asked,
        assignment,
        rules,
        grader,
        table.pieces(assignment, rules),
        waiting=sum(student not in rows for student in wanted),
        pace_s=pace_s([row.at for row in gradings if row.grader == grader]),
        is_calibrated=not assignment.calibration or load_calibrated(session, task, rules, grader).passed,
    )


class _Table:
    """What the database holds of one task, put together piece by piece."""

    def __init__(
        self,
        session: Session,
        context: Context,
        task: Task,
        grader: str,
        ready: Mapping[StudentId, int | None],
        gradings: Sequence[Grading],
        section: Section | None,
    ) -> None:
        self._task, self._grader, self._ready = task, grader, ready
        self._key = load_key(context.settings.secrets)
        self._arrived = _by_arrival(session, task, ready)
        self._asked = asked_about(session, task.course, task.assignment, task.task)
        self._claims = claims_on(session, task, context.clock())
        self._drafts = {(draft.student, draft.grader): draft for draft in drafts_of(session, task)}
        self._gradings: dict[str, list[Grading]] = {}
        for row in gradings:
            if row.attempt == ready.get(StudentId(row.student)):
                self._gradings.setdefault(row.student, []).append(row)
        graders = {*(context.course.graders or (*_began(session, task), grader))}
        self._graders = graders if section is None else graders & section.graders

    def pieces(self, assignment: Assignment, rules: Rubric) -> tuple[QueuePiece, ...]:
        """All pieces; names and shares follow from the order of arrival, the order shown from the addresses."""
        names = name_all(self._key, self._task, self._arrived)
        twice = drawn(self._arrived, assignment.double_marked, seed_of(self._key, self._task)) | self._asked
        rounds = {student: rounds_of(self._gradings.get(student, [])) for student in self._ready}
        wanted = {
            student: 2 if student in twice or _is_to_be_seen_twice(rules, assignment, found) else 1
            for student, found in rounds.items()
        }
        dealt = deal([Shared(one, wanted[one], self._takers(one)) for one in self._ready], [*self._graders])
        pieces = [
            self._piece(student, names[student], rounds[student], wanted[student], self._grader in dealt[student])
            for student in self._ready
        ]
        return tuple(sorted(pieces, key=lambda piece: piece.id))

    def _piece(
        self, student: StudentId, name: str, rounds: Mapping[int, Grading], wanted: int, is_mine: bool
    ) -> QueuePiece:
        own = max(
            (row for row in self._gradings.get(student, []) if row.grader == self._grader),
            key=lambda row: row.id,
            default=None,
        )
        number = own.round if own else self._free_round(student, rounds, wanted)
        held = self._claims.get((student, number)) if number else None
        return QueuePiece(
            piece_id(self._key, self._task, self._grader, student),
            name,
            student,
            self._ready[student],
            rounds,
            number,
            own,
            self._draft(student),
            held if held and held.grader != self._grader else None,
            is_mine,
        )

    def _draft(self, student: StudentId) -> Draft | None:
        draft = self._drafts.get((student, self._grader))
        return draft if draft and draft.attempt == self._ready[student] else None

    def _free_round(self, student: StudentId, rounds: Mapping[int, Grading], wanted: int) -> int | None:
        """The first round nobody has marked; of two, one that nobody else has open."""
        free = [number for number in (FIRST, SECOND)[:wanted] if number not in rounds]
        claims = {number: self._claims.get((student, number)) for number in free}
        at_hand = [number for number, claim in claims.items() if claim is None or claim.grader == self._grader]
        return next(iter(at_hand or free), None)

    def _takers(self, student: StudentId) -> frozenset[str]:
        marked = {row.grader for row in self._gradings.get(student, []) if row.round != THIRD}
        began = {grader for (one, grader) in self._drafts if one == student}
        has_open = {claim.grader for (one, number), claim in self._claims.items() if one == student and number != THIRD}
        return frozenset(marked | began | has_open)


def _is_to_be_seen_twice(rules: Rubric, assignment: Assignment, rounds: Mapping[int, Grading]) -> bool:
    if SECOND in rounds:
        return True
    return FIRST in rounds and is_near_line(rules, marking_of(rounds[FIRST]), assignment.pass_share)


def _began(session: Session, task: Task) -> Collection[str]:
    """Everybody who marked something in the course, or has a piece open."""
    marked = select(Grading.grader).where(Grading.course == task.course).distinct()
    opened = select(Claim.grader).where(Claim.course == task.course).distinct()
    return set(session.scalars(marked.union(opened)))


def find_piece(session: Session, context: Context, task: Task, grader: str, address: str) -> Piece:
    """Whose piece an address is, found without the queue; raises NotFound."""
    key = load_key(context.settings.secrets)
    for student, attempt in collected(session, context.settings, task.course, task.assignment).items():
        if piece_id(key, task, grader, student) == address:
            return Piece(task, student, attempt)
    raise NotFound("there is no such piece in your queue; go back to the queue")


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
