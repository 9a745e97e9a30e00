"""What two graders gave to the same pieces of a task, and how far that agrees."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from classroom.db.tables import Grading
from classroom.rubric.agreement import Agreement, Figure, Pair, bootstrap, compare, drift, mean_difference
from classroom.rubric.models import Criterion, Rubric
from classroom.rubric.rounds import FIRST, SECOND, needs_third
from classroom.rubric.store import Task, by_student, load_gradings, marking_of

FEWEST = 10  # pairs of pieces; below, figures say more about chance than about graders
EARLY = 30
GOOD_KAPPA = 0.6
GOOD_BIAS = 0.25  # of a level


@dataclass(frozen=True)
class Twice:
    """One piece that two have marked. is_open: a third person still has to decide."""

    first: Grading
    second: Grading
    is_open: bool

    def pairs(self, criteria: Sequence[Criterion]) -> list[Pair]:
        """The two levels on each of the criteria that both have."""
        one, other = self.first.levels, self.second.levels
        return [(one[each.id], other[each.id]) for each in criteria if each.id in one and each.id in other]


@dataclass(frozen=True)
class GraderAgreement:
    """One grader beside all partners. bias: levels more than they give; drift: the same, window by window."""

    grader: str
    pieces: int
    bias: Figure
    drift: Sequence[tuple[int, float]]

    @property
    def is_off(self) -> bool:
        """Whether the whole interval lies outside a quarter of a level to either side."""
        low, high = self.bias.low, self.bias.high
        return low is not None and high is not None and (low > GOOD_BIAS or high < -GOOD_BIAS)


@dataclass(frozen=True)
class TaskAgreement:
    """All figures of one task. open: pieces that wait for a third opinion."""

    pieces: int
    open: int
    criteria: Sequence[tuple[Criterion, Agreement]]
    pairs: Sequence[tuple[tuple[str, str], Agreement]]
    graders: Sequence[GraderAgreement]

    @property
    def is_enough(self) -> bool:
        return self.pieces >= FEWEST

    @property
    def is_early(self) -> bool:
        return self.pieces < EARLY

    @property
    def weak(self) -> list[Criterion]:
        """Criteria whose kappa is below what can be trusted."""
        return [one for one, found in self.criteria if found.kappa.value is not None and found.kappa.value < GOOD_KAPPA]


def newest_grading(session: Session, task: Task) -> int:
    """Id of the task's newest grading, 0 without any: figures are made anew when it changed."""
    of_task = (Grading.course == task.course, Grading.assignment == task.assignment, Grading.task == task.task)
    return session.scalar(select(func.max(Grading.id)).where(*of_task)) or 0


def load_twice(session: Session, task: Task) -> list[Twice]:
    """The pieces that two have marked, in the order in which the second marking came."""
    found = []
    for rounds in by_student(load_gradings(session, task)).values():
        if FIRST in rounds and SECOND in rounds:
            is_open = needs_third({number: marking_of(row) for number, row in rounds.items()})
            found.append(Twice(rounds[FIRST], rounds[SECOND], is_open))
    return sorted(found, key=lambda one: one.second.id)


def summarise(rubric: Rubric, twice: Sequence[Twice]) -> TaskAgreement:
    """The figures of these pieces by the rubric's criteria. Pure, seeded."""
    return TaskAgreement(
        len(twice),
        sum(one.is_open for one in twice),
        [(one, compare([pair for piece in twice for pair in piece.pairs([one])])) for one in rubric.criteria],
        _by_pair(rubric, twice),
        [_beside_partners(rubric, twice, grader) for grader in _graders(twice)],
    )


def _graders(twice: Sequence[Twice]) -> list[str]:
    return sorted({row.grader for piece in twice for row in (piece.first, piece.second)})


def _by_pair(rubric: Rubric, twice: Sequence[Twice]) -> list[tuple[tuple[str, str], Agreement]]:
    """By two graders' names in their order, pooled over criteria."""
    pooled: dict[tuple[str, str], list[Pair]] = {}
    for piece in twice:
        one, other = piece.first.grader, piece.second.grader
        pairs = piece.pairs(rubric.criteria)
        if one <= other:
            pooled.setdefault((one, other), []).extend(pairs)
        else:
            pooled.setdefault((other, one), []).extend((b, a) for a, b in pairs)
    return [(names, compare(pairs)) for names, pairs in sorted(pooled.items())]


def _beside_partners(rubric: Rubric, twice: Sequence[Twice], grader: str) -> GraderAgreement:
    own: list[tuple[int, list[Pair]]] = []
    for piece in twice:
        pairs = piece.pairs(rubric.criteria)
        if piece.first.grader == grader:
            own.append((piece.first.id, pairs))
        elif piece.second.grader == grader:
            own.append((piece.second.id, [(b, a) for a, b in pairs]))
    own.sort(key=lambda marked: marked[0])
    by_piece = [mean_difference(pairs) or 0.0 for _, pairs in own]
    bias = bootstrap([pair for _, pairs in own for pair in pairs], mean_difference)
    return GraderAgreement(grader, len(own), bias, drift(by_piece))
