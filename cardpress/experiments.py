"""The shipped experiment, and the hidden ones: readouts whose right decision is known."""

from collections.abc import Callable
from statistics import NormalDist
from typing import Any

import pandas as pd

from cardlab.ab import Shop, half, run
from cardpress.draws import streams

Readout = dict[str, Any]

SHIPPED = Shop(lift=0.024, fades_after=4.0, delay_ms=12.0)


def make_events(seed: int, *, n_users: int = 24_000, shop: Shop = SHIPPED) -> pd.DataFrame:
    """Two weeks of an experiment on two arms of equal size, one row a user and day; columns as `cardlab.ab.run`."""
    return run(half, n_users, shop=shop, seed=seed)


def make_readout(seed: int, kind: str) -> tuple[Readout, str]:
    """A readout and the right decision about it; kind is a key of KINDS, the numbers are jittered by the seed."""
    rng = streams(seed, 1)[0]
    scale = 1 + 0.1 * rng.random()  # shifts every lift and its error alike, and no verdict
    users = 8000 + int(rng.integers(0, 2000))
    base = {
        "counts": {"control": users, "treatment": users + int(rng.integers(-80, 80))},
        "design": {"control": 0.5, "treatment": 0.5},
        "worth": 0.01 * scale,
        "metrics": {"sales per session": metric(0.02 * scale, 0.004 * scale)},
        "guardrail": guardrail(8 * scale, 4 * scale),
        "last_week": {"low": 0.006 * scale, "high": 0.03 * scale},
    }
    changes, decision = KINDS[kind](scale)
    if "shares" in changes:
        total, shares = 2 * users, changes.pop("shares")
        counts = {arm: round(total * share) for arm, share in shares.items()}
        changes["counts"] = counts
    return base | changes, decision


def metric(lift: float, error: float) -> dict[str, float]:
    """Lift, 95 % interval and two-sided p of a metric."""
    p = 2 * NormalDist().cdf(-abs(lift) / error)
    return {"lift": lift, "low": lift - 1.96 * error, "high": lift + 1.96 * error, "p": p}


def guardrail(lift: float, error: float) -> dict[str, float]:
    """Page time in ms: by how much it grew, and by how much it may."""
    return {"low": lift - 1.96 * error, "high": lift + 1.96 * error, "limit": 50.0}


def family(lifts: list[tuple[float, float]]) -> dict[str, dict[str, float]]:
    """Several metrics of one experiment, each of (lift, error)."""
    names = [
        "sales per session", "searches", "cards looked at", "cards in the basket", "returns avoided", "reviews written",
        "messages sent", "days with a visit",
    ]  # fmt: skip
    return {name: metric(lift, error) for name, (lift, error) in zip(names, lifts, strict=False)}


KINDS: dict[str, Callable[[float], tuple[Readout, str]]] = {
    "a clear gain": lambda k: ({}, "ship"),
    "a broken split": lambda k: ({"shares": {"control": 0.482, "treatment": 0.518}}, "invalid"),
    "a lopsided design": lambda k: (
        {"design": {"control": 0.9, "treatment": 0.1}, "shares": {"control": 0.9003, "treatment": 0.0997}}, "ship",
    ),
    "a slow page": lambda k: ({"guardrail": guardrail(75 * k, 5 * k)}, "don't"),
    "a page that may be slow": lambda k: ({"guardrail": guardrail(48, 5 * k)}, "extend"),
    "a gain that wears off": lambda k: ({"last_week": {"low": -0.008 * k, "high": 0.009 * k}}, "extend"),
    "one of eight by luck": lambda k: (
        {"metrics": family([(0.0, 0.0018 * k), (0.0039 * k, 0.0018 * k), *[(0.001 * k, 0.0018 * k)] * 6])}, "don't",
    ),
    "one of eight for good": lambda k: (
        {"metrics": family([(0.014 * k, 0.004 * k), (0.0088 * k, 0.004 * k), *[(0.002 * k, 0.004 * k)] * 6])}, "ship",
    ),
    "too few to tell": lambda k: ({"metrics": {"sales per session": metric(0.008 * k, 0.009 * k)}}, "extend"),
    "nothing worth having": lambda k: ({"metrics": {"sales per session": metric(0.001 * k, 0.003 * k)}}, "don't"),
    "harm": lambda k: ({"metrics": {"sales per session": metric(-0.02 * k, 0.005 * k)}}, "don't"),
}  # fmt: skip
