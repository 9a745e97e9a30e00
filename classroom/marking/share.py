"""Which pieces are marked twice, and which grader takes which. Pure and deterministic: nothing is stored.

What somebody has begun or done stays with that person; the rest is dealt out so that the loads become even.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal
from functools import lru_cache


@dataclass(frozen=True)
class Shared:
    """One piece to deal out. wanted: how many graders it needs, 1 or 2. taken: those who have it already."""

    key: str
    wanted: int = 1
    taken: frozenset[str] = frozenset()


@lru_cache(maxsize=64)
def drawn(keys: tuple[str, ...], share: float, seed: int) -> frozenset[str]:
    """The pieces to be marked twice: this share of any beginning of the list, rounded up or down.

    keys in the order of arrival: who comes later changes nothing for those before. Raises ValueError for a share
    outside 0 to 1.
    """
    part = Decimal(str(share))
    if not 0 <= part <= 1:
        raise ValueError(f"a share of {share} is none; give 0 to 1")
    offset = Decimal(seed % 10_000) / 10_000
    steps = [int((offset + part * n).to_integral_value(ROUND_FLOOR)) for n in range(len(keys) + 1)]
    return frozenset(key for key, before, after in zip(keys, steps, steps[1:], strict=False) if after > before)


def deal(pieces: Sequence[Shared], graders: Sequence[str]) -> Mapping[str, frozenset[str]]:
    """Who takes each piece, by its key, those who have it included.

    With nothing taken before, and two graders at least where a piece needs two, loads differ by one at most. Nobody
    gets a piece twice, so a piece that needs two stays with one where there is only one grader.
    """
    names = sorted(set(graders))
    loads = dict.fromkeys(names, 0)
    for piece in pieces:
        for grader in piece.taken & loads.keys():
            loads[grader] += 1
    dealt: dict[str, frozenset[str]] = {}
    # Those that need two first: the two least loaded keep all loads within one of each other; each one after does, too.
    for piece in sorted(pieces, key=lambda piece: len(piece.taken) - piece.wanted):
        takers = set(piece.taken)
        for grader in sorted(names, key=lambda name: (loads[name], name)):
            if len(takers) >= piece.wanted:
                break
            if grader not in takers:
                takers.add(grader)
                loads[grader] += 1
        dealt[piece.key] = frozenset(takers)
    return dealt
