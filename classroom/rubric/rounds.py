"""One, two or three opinions on a piece, and the marking that follows from them. Pure.

The rule in words stands in docs/explanation/marking.md; what is said there is done here.
"""

from collections.abc import Mapping
from decimal import Decimal

from classroom.rubric.models import Marking, Rubric
from classroom.rubric.scoring import score

FIRST, SECOND, THIRD = 1, 2, 3
DISPUTE_LEVELS = 2
LINE_SHARE = Decimal("0.03")  # of the task's points, to either side of the pass line


def disputed(rounds: Mapping[int, Marking]) -> tuple[str, ...]:
    """The criteria on which the first two are two levels or more apart, in the first one's order."""
    if FIRST not in rounds or SECOND not in rounds:
        return ()
    first, second = rounds[FIRST].levels, rounds[SECOND].levels
    return tuple(name for name in first if name in second and abs(first[name] - second[name]) >= DISPUTE_LEVELS)


def disputed_gates(rounds: Mapping[int, Marking]) -> tuple[str, ...]:
    """The gates that only one of the first two chose, by name."""
    if FIRST not in rounds or SECOND not in rounds:
        return ()
    return tuple(sorted(set(rounds[FIRST].gates) ^ set(rounds[SECOND].gates)))


def needs_third(rounds: Mapping[int, Marking]) -> bool:
    """Whether a third person must decide."""
    return THIRD not in rounds and bool(disputed(rounds) or disputed_gates(rounds))


def final(rounds: Mapping[int, Marking]) -> Marking:
    """The marking that counts: the only one, or the mean of two, and what the third decided where they were apart.

    Before the third decided, the mean stands. A gate applies when both chose it, or the third did.
    """
    if FIRST not in rounds or SECOND not in rounds:
        return rounds[min(rounds)]
    first, second, third = rounds[FIRST], rounds[SECOND], rounds.get(THIRD)
    levels = {name: _mean(first.levels[name], second.levels.get(name, first.levels[name])) for name in first.levels}
    comments = {name: _joined(first, second, name) for name in {**first.comments, **second.comments}}
    gates = set(first.gates) & set(second.gates)
    if third is not None:
        contested = disputed(rounds)
        levels |= {name: third.levels[name] for name in contested if name in third.levels}
        comments |= {name: third.comments[name] for name in contested if name in third.comments}
        gates |= set(third.gates) & set(disputed_gates(rounds))
    return Marking(levels, tuple(sorted(gates)), comments)


def is_near_line(rubric: Rubric, marking: Marking, pass_share: float) -> bool:
    """Whether the score is within three percentage points of the task's pass line."""
    total = score(rubric, marking.levels, marking.gates).total
    return abs(Decimal(total) - Decimal(str(pass_share)) * rubric.points) <= LINE_SHARE * rubric.points


def _mean(first: float, second: float) -> float:
    mean = (first + second) / 2
    return int(mean) if mean == int(mean) else mean


def _joined(first: Marking, second: Marking, name: str) -> str:
    """Both graders' words; said once where they are the same."""
    words = [one.comments[name] for one in (first, second) if one.comments.get(name)]
    return "\n".join(dict.fromkeys(words))
