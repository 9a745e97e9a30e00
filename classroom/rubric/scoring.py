"""Levels become points. Pure: the same marking and rubric give the same score anywhere."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

from classroom.errors import Refused
from classroom.rubric.models import LEVELS, Anchor, Gate, Hundredths, Marking, Rubric


@dataclass(frozen=True)
class Score:
    """parts: by criterion id, before any gate. total: their sum, or the lowest cap of the gates that apply."""

    parts: Mapping[str, Hundredths]
    total: Hundredths
    capped_by: Gate | None


@lru_cache(maxsize=4096)
def part(weight: Hundredths, level: float) -> Hundredths:
    """weight * level / 4, halves rounded up; the author is warned of weights where this rounds."""
    exact = Decimal(weight) * Decimal(str(level)) / 4
    return Hundredths(int(exact.to_integral_value(ROUND_HALF_UP)))


def score(rubric: Rubric, levels: Mapping[str, float], gates: Sequence[str] = ()) -> Score:
    """The score of these levels; a criterion without a level earns nothing yet."""
    parts = {criterion.id: part(criterion.weight, levels.get(criterion.id, 0)) for criterion in rubric.criteria}
    total = Hundredths(sum(parts.values()))
    lowest = min((gate for gate in rubric.gates if gate.id in gates), key=lambda gate: gate.cap, default=None)
    if lowest is None or lowest.cap >= total:
        return Score(parts, total, None)
    return Score(parts, lowest.cap, lowest)


def missing(rubric: Rubric, levels: Mapping[str, float]) -> tuple[str, ...]:
    """Titles of the criteria that have no level yet, in the rubric's order."""
    return tuple(criterion.title for criterion in rubric.criteria if criterion.id not in levels)


def check_marking(rubric: Rubric, marking: Marking) -> None:
    """Raises Refused when the marking names what the rubric doesn't have, or a level outside 0 to 4."""
    criteria = {criterion.id for criterion in rubric.criteria}
    known_gates = {gate.id for gate in rubric.gates}
    for name, level in marking.levels.items():
        if name not in criteria:
            raise Refused(f"the rubric of {rubric.task} has no criterion {name[:64]!r}; reload the page")
        if level not in LEVELS:
            raise Refused(f"level {level} of {name} is none of 0 to 4; choose one of these")
    if foreign := (set(marking.comments) - criteria) | (set(marking.gates) - known_gates):
        raise Refused(f"the rubric of {rubric.task} knows nothing of {min(foreign)[:64]!r}; reload the page")


def problems(rubric: Rubric) -> list[str]:
    """What a schema can't add up: an author mends these before anybody grades. One sentence each."""
    found = _repeated([criterion.id for criterion in rubric.criteria], "criterion")
    found += _repeated([gate.id for gate in rubric.gates], "gate")
    found += _repeated([anchor.id for anchor in rubric.anchors], "anchor")
    weights = sum(criterion.weight for criterion in rubric.criteria)
    if weights != rubric.points:
        found.append(f"the weights add up to {shown(weights)}, the task has {shown(rubric.points)} points; change one")
    for anchor in rubric.anchors:
        found += [f"anchor '{anchor.id}': {problem}" for problem in _anchor_problems(rubric, anchor)]
    return found


def warnings(rubric: Rubric) -> list[str]:
    """Weights whose quarters are no whole hundredths, so that parts are rounded."""
    return [
        f"criterion '{criterion.id}': a quarter of {shown(criterion.weight)} is rounded; take a multiple of 0.04"
        for criterion in rubric.criteria
        if criterion.weight % 4
    ]


def shown(points: int) -> str:
    """Hundredths as a person writes points: 5.5, 4.25, 3."""
    text = f"{Decimal(points) / 100:.2f}"
    return text.rstrip("0").rstrip(".")


def _repeated(ids: Sequence[str], what: str) -> list[str]:
    return [
        f"{what} '{name}' stands twice; rename one" for name in sorted({name for name in ids if ids.count(name) > 1})
    ]


def _anchor_problems(rubric: Rubric, anchor: Anchor) -> list[str]:
    criteria = {criterion.id for criterion in rubric.criteria}
    gates = {gate.id for gate in rubric.gates}
    found = [f"no level for '{name}'; add it" for name in sorted(criteria - set(anchor.marks))]
    found += [f"'{name}' is no criterion; remove it" for name in sorted(set(anchor.marks) - criteria)]
    found += [f"'{name}' is no gate; remove it" for name in sorted(set(anchor.gates) - gates)]
    made = score(rubric, anchor.levels, anchor.gates).total
    if not found and made != anchor.points:
        found.append(f"levels and gates make {shown(made)} points, it says {shown(anchor.points)}; change one")
    return found
