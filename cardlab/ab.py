"""A shop to try experiments on: its users come back, a few of them very often, and you choose who sees which page.

The model is open and its numbers are yours to change; no task's data comes from the settings below.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

CONTROL, TREATMENT = "control", "treatment"
COLUMNS = ["user_id", "arm", "platform", "ts", "sessions", "sales", "revenue", "latency_ms", "pre_sales"]

_FIRST_DAY = np.datetime64("2026-09-07", "s")  # a Monday
_MOST_SESSIONS = 40  # of a web user in two weeks, about
_WEEKEND = 1.6  # a weekend day has this many sessions for one of a weekday
_APP_SHARE, _NEW_SHARE = 0.3, 0.1
_LATENCY_MS = 180.0

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Shop:
    """What users do, and what the treatment changes about it.

    sale_rate: share of sessions that end in a sale, for the median user; spread: standard deviation of its log between
    users; tail: exponent of the Pareto law of visits, smaller is heavier; lift: what the treatment adds to every
    user's sale rate; fades_after: days in which the lift halves, None when it stays; delay_ms: what the treatment
    adds to the time a page takes.
    """

    sale_rate: float = 0.15
    spread: float = 0.7
    tail: float = 1.5
    lift: float = 0.0
    fades_after: float | None = None
    delay_ms: float = 0.0


def run(
    policy: Callable[[int], str], n: int, *, shop: Shop | None = None, days: int = 14, seed: int = 0
) -> pd.DataFrame:
    """What n users did in an experiment: one row a user and day on which the user came, in order of user and day.

    policy(user_id) names the user's arm, any text; users of the arm "treatment" get the treatment, all others don't.
    Columns: user_id, arm, platform (web, app), ts (the day, datetime64), sessions, sales (sessions with a sale),
    revenue (dollars), latency_ms (mean of the day's pages), pre_sales (sales in the 28 days before the experiment;
    missing for users who are new). Same arguments, same rows. Raises ValueError when n or days is below 1.
    """
    if n < 1 or days < 1:
        raise ValueError(f"n is {n} and days is {days}; both must be at least 1")
    shop = shop or Shop()
    rng = np.random.Generator(np.random.PCG64(seed))
    u, z = rng.random((n, 6)), rng.normal(size=n)
    is_app = u[:, 0] < _APP_SHARE
    user_id = _user_ids(u[:, 1], is_app)
    arm = np.array([policy(int(one)) for one in user_id])
    visits = np.minimum(u[:, 2] ** (-1 / shop.tail), _MOST_SESSIONS) * np.where(is_app, 1.5, 1.0)
    rate = np.minimum(shop.sale_rate * np.exp(shop.spread * z), 0.9)
    sessions = np.maximum(1, np.floor(visits * (0.6 + 0.8 * u[:, 3]))).astype(np.int64)
    before = np.floor(2 * visits * (0.6 + 0.8 * u[:, 4])).astype(np.int64)
    pre_sales = np.where(u[:, 5] < _NEW_SHARE, np.nan, _count_sales(rng, before, rate))

    user = np.repeat(np.arange(n), sessions)
    day = _days(rng.random(len(user)), days)
    lift = np.where(arm[user] == TREATMENT, shop.lift, 0.0)
    if shop.fades_after is not None:
        lift = lift * 0.5 ** (day / shop.fades_after)
    sold = rng.random(len(user)) < rate[user] + lift
    paid = np.where(sold, np.exp(1.6 + 0.8 * rng.normal(size=len(user))), 0.0)
    cell, place = np.unique(user * days + day, return_inverse=True)
    who = cell // days
    delay = np.where(arm[who] == TREATMENT, shop.delay_ms, 0.0)
    count = np.bincount(place)
    latency = _LATENCY_MS + delay + 60.0 * rng.normal(size=len(cell)) / np.sqrt(count)
    return pd.DataFrame(
        {
            "user_id": user_id[who],
            "arm": arm[who],
            "platform": np.where(is_app[who], "app", "web"),
            "ts": _FIRST_DAY + (cell % days).astype("timedelta64[D]"),
            "sessions": count,
            "sales": np.bincount(place, weights=sold).astype(np.int64),
            "revenue": np.round(np.bincount(place, weights=paid), 2),
            "latency_ms": np.round(np.maximum(latency, 20.0), 1),
            "pre_sales": pre_sales[who],
        }
    ).astype({"ts": "datetime64[us]"})


def half(user_id: int) -> str:
    """A fair policy of two arms: a hash of the user decides, so that a user always sees the same page."""
    mixed = (user_id * 0x9E3779B97F4A7C15) % 2**64
    mixed ^= mixed >> 31
    return TREATMENT if (mixed * 0xBF58476D1CE4E5B9) % 2**64 < 2**63 else CONTROL


def _user_ids(u: Floats, is_app: npt.NDArray[np.bool_]) -> Ints:
    """Ascending numbers; those that the app gives out are even, for the app counts in steps of two."""
    last = np.where(is_app, 2 * np.floor(5 * u), np.floor(10 * u))
    ids: Ints = 10 * (10_000 + np.arange(len(u))) + last.astype(np.int64)
    return ids


def _count_sales(rng: np.random.Generator, sessions: Ints, rate: Floats) -> Floats:
    """How many of each user's sessions end in a sale."""
    user = np.repeat(np.arange(len(sessions)), sessions)
    sold = rng.random(len(user)) < rate[user]
    return np.bincount(user, weights=sold, minlength=len(sessions)).astype(np.float64)


def _days(u: Floats, days: int) -> Ints:
    """A day of the experiment for each draw, weekends more often; the first day is a Monday."""
    weights = np.where(np.arange(days) % 7 >= 5, _WEEKEND, 1.0)
    edges = np.cumsum(weights) / weights.sum()
    return np.minimum(np.searchsorted(edges, u, side="right"), days - 1).astype(np.int64)
