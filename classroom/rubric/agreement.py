"""How far two graders agree, and how sure that figure is. Pure.

All figures are of levels 0 to 4 on one criterion, or pooled over criteria. A figure that is not defined is None: when
everybody gave everything the same level, there is nothing that agreement could be told from.
"""

import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, permutations

RESAMPLES = 400
_TAIL = 0.025  # of a 95 % interval, on either side
_SEED = 1960

Pair = tuple[int, int]
Statistic = Callable[[Sequence[Pair]], float | None]


@dataclass(frozen=True)
class Figure:
    """A number from n pairs, with its 95 % bootstrap interval; all None where it isn't defined."""

    n: int
    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Agreement:
    """Two graders' levels compared. exact, adjacent: shares of pairs with the same level, and at most one apart."""

    kappa: Figure
    alpha: Figure
    exact: float | None
    adjacent: float | None

    @property
    def n(self) -> int:
        return self.kappa.n


def weighted_kappa(pairs: Sequence[Pair]) -> float | None:
    """Cohen's kappa with quadratic weights, from -1 to 1; None without variance or pairs.

    With these weights it is 1 - E[(a - b)^2] / (var a + var b + (mean a - mean b)^2), so no table of weights is needed.
    Source: Cohen (1968), Psychological Bulletin 70(4), 213-220; Fleiss and Cohen (1973).
    """
    n = len(pairs)
    if not n:
        return None
    sum_a, sum_b = sum(a for a, _ in pairs), sum(b for _, b in pairs)
    squares = sum(a * a + b * b for a, b in pairs)
    products = sum(a * b for a, b in pairs)
    expected = squares - 2 * sum_a * sum_b / n  # times n
    observed = squares - 2 * products
    return 1 - observed / expected if expected > 1e-9 else None


def ordinal_alpha(units: Iterable[Sequence[int]]) -> float | None:
    """Krippendorff's alpha for ordered levels, at most 1; None when all levels are the same.

    A unit holds the levels that its graders gave, in any order; one with fewer than two tells nothing and is passed
    over. Source: Krippendorff (2011), Computing Krippendorff's Alpha-Reliability.
    """
    coincidences: defaultdict[tuple[int, int], float] = defaultdict(float)
    for levels, count in Counter(tuple(sorted(unit)) for unit in units).items():
        for pair in permutations(levels, 2):
            coincidences[pair] += count / (len(levels) - 1)
    margins: defaultdict[int, float] = defaultdict(float)
    for (level, _), share in coincidences.items():
        margins[level] += share
    total = sum(margins.values())
    distance = _ordinal_distances(margins)
    observed = sum(share * distance[pair] for pair, share in coincidences.items() if pair[0] < pair[1])
    expected = sum(margins[low] * margins[high] * between for (low, high), between in distance.items() if low < high)
    return 1 - (total - 1) * observed / expected if expected else None


def compare(pairs: Sequence[Pair]) -> Agreement:
    """All figures of pairs of levels that two graders gave to the same pieces, in any order of pieces."""
    n = len(pairs)
    return Agreement(
        bootstrap(pairs, weighted_kappa),
        bootstrap(pairs, ordinal_alpha),
        sum(a == b for a, b in pairs) / n if n else None,
        sum(abs(a - b) <= 1 for a, b in pairs) / n if n else None,
    )


def mean_difference(pairs: Sequence[Pair]) -> float | None:
    """How many levels the first of each pair gives more than the second, on average."""
    return sum(a - b for a, b in pairs) / len(pairs) if pairs else None


def bootstrap(pairs: Sequence[Pair], statistic: Statistic) -> Figure:
    """The statistic with its percentile interval, from pairs drawn again with a fixed seed."""
    value = statistic(pairs)
    if value is None:
        return Figure(len(pairs), None, None, None)
    dice = random.Random(_SEED)
    drawn = (statistic(dice.choices(pairs, k=len(pairs))) for _ in range(RESAMPLES))
    made = sorted(one for one in drawn if one is not None)
    cut = int(len(made) * _TAIL)
    return Figure(len(pairs), value, made[cut], made[-1 - cut])


def drift(differences: Sequence[float], window: int = 10) -> list[tuple[int, float]]:
    """Mean difference in each full window of pieces in the order of marking: (pieces so far, levels)."""
    return [
        (end, sum(differences[end - window : end]) / window)
        for end in range(window, len(differences) + 1, max(1, window // 2))
    ]


def _ordinal_distances(margins: Mapping[int, float]) -> dict[tuple[int, int], float]:
    """Squared: how many levels given lie between two levels, ends counted by half."""
    distances = {}
    for low, high in combinations(sorted(margins), 2):
        between = sum(count for level, count in margins.items() if low <= level <= high)
        squared = (between - (margins[low] + margins[high]) / 2) ** 2
        distances[low, high] = distances[high, low] = squared
    return distances
