"""What there is to grade by hand, as one grader sees it: written tasks with their pieces, under pseudonyms."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from classroom.assignments import Assignment
from classroom.db.attempts import SentBy, load_sent
from classroom.db.tables import Claim, Draft, Grading
from classroom.errors import NotFound
from classroom.gradebook import Gradebook
from classroom.grading.submissions import collected, collected_of
from classroom.ids import AssignmentId, CourseId, StudentId
from classroom.marking.calibration import load_all_calibrated
from classroom.marking.claims import claims_on
from classroom.marking.drafts import drafts_of
from classroom.marking.pace import pace_s
from classroom.marking.share import Shared, deal, drawn
from classroom.progress import newest_releases
from classroom.roster import Section, section_of
from classroom.rubric.models import Rubric
from classroom.rubric.rounds import FIRST, SECOND, THIRD, is_near_line, needs_third
from classroom.rubric.store import Piece, Task, load_all_gradings, marking_of, rounds_of
from classroom.second_looks import asked_about
from classroom.service.deps import Context
from classroom.service.pages.asked import AskedTask, load_tasks
from classroom.service.pages.doors import rubric
from classroom.service.pages.pseudonyms import load_key, name_all, piece_id, piece_ids, seed_of


class QueuePiece(NamedTuple):
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
        return len(self.rounds) > 1 and needs_third({number: marking_of(row) for number, row in self.rounds.items()})


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

    @cached_property
    def mine(self) -> tuple[QueuePiece, ...]:
        """What this grader has done or was dealt."""
        return tuple(one for one in self.pieces if one.is_done or (one.is_mine and one.is_open))

    @cached_property
    def others(self) -> int:
        """Open pieces that were dealt to others."""
        return sum(one.is_open and not one.is_mine for one in self.pieces)

    @cached_property
    def third(self) -> tuple[QueuePiece, ...]:
        """Pieces on which two others differ, for this grader to decide."""
        return tuple(one for one in self.pieces if one.needs_third and one.own is None)

    @cached_property
    def graded(self) -> tuple[QueuePiece, ...]:
        """What this grader has done, the newest first."""
        done = [(one.own.id, one) for one in self.pieces if one.own is not None]
        return tuple(one for _, one in sorted(done, key=lambda pair: -pair[0]))

    @property
    def done(self) -> int:
        return len(self.graded)

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
    """Every written task of what was released, in the course's order. As many queries for many tasks as for one."""
    return _load_queues(session, context, gradebook, written_tasks(session, context), grader)


def written_tasks(session: Session, context: Context) -> list[tuple[Assignment, AskedTask]]:
    """Every written task of what was released, in the course's order."""
    releases = newest_releases(session, context.course.id)
    return [
        (assignment, asked)
        for assignment in context.course.assignments
        if assignment.written and assignment.id in releases
        for asked in load_tasks(context.store, releases[assignment.id].tree)
        if asked.grade_id in assignment.written
    ]


def find_queue(session: Session, context: Context, gradebook: Gradebook, task: str, grader: str) -> Queue:
    """The queue of one task; raises NotFound. A grade_id names one task in a course."""
    (found,) = _load_queues(session, context, gradebook, [find_task(session, context, task)], grader)
    return found


def find_task(session: Session, context: Context, task: str) -> tuple[Assignment, AskedTask]:
    """A written task of what was released; raises NotFound."""
    for assignment, asked in written_tasks(session, context):
        if asked.grade_id == task:
            return assignment, asked
    raise NotFound("there is no such task to grade; go back to the queue")


def _load_queues(
    session: Session,
    context: Context,
    gradebook: Gradebook,
    wanted: Sequence[tuple[Assignment, AskedTask]],
    grader: str,
) -> list[Queue]:
    course = context.course
    places = [(Task(course.id, rules.id, asked.notebook, asked.grade_id), rules, asked) for rules, asked in wanted]
    rubrics = {task: rubric(context.settings, rules, asked.grade_id) for task, rules, asked in places}
    anchored = {task: rubrics[task] for task, rules, _ in places if rules.calibration}
    calibrated = load_all_calibrated(session, anchored, grader)
    desk = _load_desk(session, context, gradebook, [*rubrics], grader)
    return [
        _queue(desk, task, asked, rules, rubrics[task], is_calibrated=task not in anchored or calibrated[task].passed)
        for task, rules, asked in places
    ]


@dataclass(frozen=True)
class _Desk:
    """What there is of a grader's tasks, read once for all of them. section: whose work this grader sees."""

    grader: str
    key: bytes
    section: Section | None
    graders: frozenset[str]
    sent: Mapping[AssignmentId, SentBy]
    collected: Mapping[AssignmentId, Mapping[StudentId, int | None]]
    waits: Mapping[AssignmentId, Mapping[StudentId, bool]]
    gradings: Mapping[Task, Sequence[Grading]]
    claims: Mapping[Task, Sequence[Claim]]
    drafts: Mapping[Task, Sequence[Draft]]
    asked: Mapping[tuple[str, str], Collection[StudentId]]


def _load_desk(session: Session, context: Context, gradebook: Gradebook, tasks: Sequence[Task], grader: str) -> _Desk:
    course = context.course
    assignments = [*dict.fromkeys(task.assignment for task in tasks)]
    section = section_of(session, course, grader)
    sent = load_sent(session, course.id, assignments)
    graders = {*(course.graders or (*_began(session, course.id), grader))}
    return _Desk(
        grader,
        load_key(context.settings.secrets),
        section,
        frozenset(graders if section is None else graders & section.graders),
        sent,
        collected_of(context.settings, sent),
        gradebook.waiting_of(assignments),
        load_all_gradings(session, tasks),
        claims_on(session, tasks, context.clock()),
        drafts_of(session, tasks),
        asked_about(session, course.id),
    )


def _queue(
    desk: _Desk, task: Task, asked: AskedTask, assignment: Assignment, rules: Rubric, *, is_calibrated: bool
) -> Queue:
    waits = desk.waits[assignment.id]
    wanted = {
        student: attempt
        for student, attempt in desk.collected[assignment.id].items()
        if desk.section is None or student in desk.section.students
    }
    gradings = desk.gradings[task]
    graded = {grading.student for grading in gradings}
    # An answer left as it came has 0 from autograding and waits for nobody.
    ready = {
        student: attempt
        for student, attempt in wanted.items()
        if student in waits and (waits[student] or student in graded)
    }
    return Queue(
        task,
        asked,
        assignment,
        rules,
        desk.grader,
        _Table(desk, task, ready).pieces(assignment, rules),
        waiting=sum(student not in waits for student in wanted),
        pace_s=pace_s([row.at for row in gradings if row.grader == desk.grader]),
        is_calibrated=is_calibrated,
    )


class _Table:
    """What there is of one task, put together piece by piece."""

    def __init__(self, desk: _Desk, task: Task, ready: Mapping[StudentId, int | None]) -> None:
        self._task, self._grader, self._ready = task, desk.grader, ready
        self._key, self._graders = desk.key, desk.graders
        self._arrived = _by_arrival(desk.sent[task.assignment], ready)
        self._asked = desk.asked.get((task.assignment, task.task), ())
        self._claims = {(claim.student, claim.round): claim for claim in desk.claims[task]}
        self._drafts = {draft.student: draft for draft in desk.drafts[task] if draft.grader == desk.grader}
        self._gradings: dict[str, list[Grading]] = {}
        for row in desk.gradings[task]:
            if row.attempt == ready.get(StudentId(row.student)):
                self._gradings.setdefault(row.student, []).append(row)
        self._takers: dict[str, set[str]] = {}
        marked = (
            (student, row.grader) for student, rows in self._gradings.items() for row in rows if row.round != THIRD
        )
        began = ((draft.student, draft.grader) for draft in desk.drafts[task])
        has_open = ((claim.student, claim.grader) for claim in desk.claims[task] if claim.round != THIRD)
        for student, taker in (*marked, *began, *has_open):
            self._takers.setdefault(student, set()).add(taker)

    def pieces(self, assignment: Assignment, rules: Rubric) -> tuple[QueuePiece, ...]:
        """All pieces; names and shares follow from the order of arrival, the order shown from the addresses."""
        names = name_all(self._key, self._task, self._arrived)
        addresses = piece_ids(self._key, self._task, self._grader, tuple(self._ready))
        twice = drawn(self._arrived, assignment.double_marked, seed_of(self._key, self._task)).union(self._asked)
        rounds = {student: rounds_of(self._gradings.get(student, [])) for student in self._ready}
        wanted = {
            student: 2 if student in twice or _is_to_be_seen_twice(rules, assignment, found) else 1
            for student, found in rounds.items()
        }
        dealt = deal(
            [Shared(one, wanted[one], frozenset(self._takers.get(one, ()))) for one in self._ready], [*self._graders]
        )
        return tuple(
            self._piece(one, addresses[one], names[one], rounds[one], wanted[one], is_mine=self._grader in dealt[one])
            for one in sorted(self._ready, key=addresses.__getitem__)
        )

    def _piece(
        self,
        student: StudentId,
        address: str,
        name: str,
        rounds: Mapping[int, Grading],
        wanted: int,
        *,
        is_mine: bool,
    ) -> QueuePiece:
        own = max(
            (row for row in self._gradings.get(student, []) if row.grader == self._grader),
            key=lambda row: row.id,
            default=None,
        )
        number = own.round if own else self._free_round(student, rounds, wanted)
        held = self._claims.get((student, number)) if number else None
        return QueuePiece(
            address,
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
        draft = self._drafts.get(student)
        return draft if draft and draft.attempt == self._ready[student] else None

    def _free_round(self, student: StudentId, rounds: Mapping[int, Grading], wanted: int) -> int | None:
        """The first round nobody has marked; of two, one that nobody else has open."""
        free = [number for number in (FIRST, SECOND)[:wanted] if number not in rounds]
        claims = {number: self._claims.get((student, number)) for number in free}
        at_hand = [number for number, claim in claims.items() if claim is None or claim.grader == self._grader]
        return next(iter(at_hand or free), None)


def _is_to_be_seen_twice(rules: Rubric, assignment: Assignment, rounds: Mapping[int, Grading]) -> bool:
    if SECOND in rounds:
        return True
    return FIRST in rounds and is_near_line(rules, marking_of(rounds[FIRST]), assignment.pass_share)


def _began(session: Session, course: CourseId) -> Collection[str]:
    """Everybody who marked something in the course, or has a piece open."""
    marked = select(Grading.grader).where(Grading.course == course).distinct()
    opened = select(Claim.grader).where(Claim.course == course).distinct()
    return set(session.scalars(marked.union(opened)))


def find_piece(session: Session, context: Context, task: Task, grader: str, address: str) -> Piece:
    """Whose piece an address is, found without the queue; raises NotFound."""
    key = load_key(context.settings.secrets)
    for student, attempt in collected(session, context.settings, task.course, task.assignment).items():
        if piece_id(key, task, grader, student) == address:
            return Piece(task, student, attempt)
    raise NotFound("there is no such piece in your queue; go back to the queue")


def _by_arrival(sent: SentBy, students: Iterable[StudentId]) -> tuple[StudentId, ...]:
    """By first attempt, then those who came without the exchange."""
    return (*sent, *sorted(student for student in students if student not in sent))
