"""Random draws that stay the same across numpy versions: only `integers`, `random` and `normal` are used."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Words = npt.NDArray[np.str_]


def streams(seed: int, count: int) -> list[np.random.Generator]:
    """`count` independent generators of one seed, so that a change in one table leaves the others alone."""
    return [np.random.Generator(np.random.PCG64(child)) for child in np.random.SeedSequence(seed).spawn(count)]


def pick(u: Floats, weights: Sequence[float] | Floats) -> Ints:
    """Category numbers for the uniform draws `u`, with the given weights (any positive scale).

    >>> pick(np.array([0.0, 0.49, 0.51, 0.999]), [1, 1]).tolist()
    [0, 0, 1, 1]
    """
    edges = np.cumsum(np.asarray(weights, dtype=np.float64))
    found = np.searchsorted(edges / edges[-1], u, side="right")
    return np.minimum(found, len(edges) - 1).astype(np.int64)


def pick_rows(u: Floats, weights: Floats) -> Ints:
    """Like `pick`, but each draw has its own row of weights; `weights` has shape (len(u), categories)."""
    edges = np.cumsum(weights, axis=1)
    above = u[:, None] >= edges / edges[:, -1:]
    numbers: Ints = np.minimum(above.sum(axis=1), weights.shape[1] - 1).astype(np.int64)
    return numbers


def order(rng: np.random.Generator, count: int) -> Ints:
    """The numbers 0 to count - 1 in random order."""
    return np.argsort(rng.random(count), kind="stable").astype(np.int64)


def some(rng: np.random.Generator, candidates: Ints, share: float, *, of: int) -> Ints:
    """Of the candidates, about `share * of` in random order: at least one, unless there is no candidate."""
    count = max(1, round(share * of))
    chosen: Ints = candidates[order(rng, len(candidates))][:count]
    return chosen
