"""Sixty runs that somebody logged over a month, with the traps of such a month, and what is true of them."""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from cardpress.draws import Floats, streams
from cardpress.mlflow_store import Store

EXPERIMENT = "card-type"
TRAPS = frozenset({"failed", "nan", "renamed", "leak"})
N_RUNS = 60
BASE = 0.872  # of the best run that counts, before the seed's shift
WITHIN = 0.01  # how much worse than the best a cheap run may be

# Runs that decide: cv accuracy below the best, cv_std, folds, train accuracy above cv, seconds.
_DECIDING = {
    "best": (0.0, 0.031, 5, 0.040, 31.0),
    "safest": (0.006, 0.009, 10, 0.030, 12.0),
    "safest without the root": (0.004, 0.010, 3, 0.030, 15.0),
    "most_overfit": (0.110, 0.015, 5, 0.235, 2.0),
    "most accurate on train": (0.030, 0.012, 5, 0.157, 3.0),
    "cheapest": (0.009, 0.014, 5, 0.020, 1.1),
    "cheap, a little too bad": (0.013, 0.014, 5, 0.020, 0.6),
}


@dataclass(frozen=True)
class Month:
    """content: a SQLite store with the experiment EXPERIMENT. answers: what `review` is asked, by question."""

    content: bytes
    answers: dict[str, int | str]


def make_month(seed: int, *, traps: Collection[str] = TRAPS) -> Month:
    """A month of 60 runs, some of them planted; same seed and traps, same rows.

    Runs count when they are FINISHED, have a cross-validated accuracy that is a number, and were fitted on training
    rows alone. failed: six that stopped after a lucky fold. nan: four whose accuracy is NaN. renamed: the first
    twenty, the best among them, call it `acc` and `acc_std`. leak: three were fitted on the test rows, too. Raises
    ValueError for other traps.
    """
    if unknown := set(traps) - TRAPS:
        raise ValueError(f"no such trap: {sorted(unknown)}; there are {sorted(TRAPS)}")
    rng_value, rng_id, rng_order = streams(seed, 3)
    runs = _honest_runs(rng_value)
    bad = _trapped_runs(rng_value, traps)
    runs = runs[: N_RUNS - len(bad)]
    ids = [rng_id.integers(0, 256, 16, dtype=np.uint8).tobytes().hex() for _ in range(N_RUNS + 5)]
    late = [*runs[1:], *bad]
    late = [late[place] for place in np.argsort(rng_order.random(len(late)), kind="stable")]
    store = Store()
    store.add_experiment(1, EXPERIMENT)
    store.add_experiment(2, "scratch")
    found: dict[str, str] = {}
    shift = float(rng_value.uniform(-0.02, 0.02))
    for place, run in enumerate([runs[0], *late]):
        is_old = "renamed" in traps and place < 20
        run.write(store, ids[place], shift, names=("acc", "acc_std") if is_old else ("cv_accuracy", "cv_std"))
        found[run.name] = ids[place]
    for place, run in enumerate(_honest_runs(rng_value)[:5]):
        run.write(store, ids[N_RUNS + place], 0.05, names=("cv_accuracy", "cv_std"), experiment=2)
    questions = ("best", "safest", "most_overfit", "cheapest")
    return Month(store.content(), {"n_counted": len(runs), **{name: found[name] for name in questions}})


@dataclass(frozen=True)
class _Run:
    name: str
    accuracy: float
    std: float
    folds: int
    train: float
    seconds: float
    status: str = "FINISHED"
    fitted_on: str = "train"

    def write(self, store: Store, run_id: str, shift: float, *, names: tuple[str, str], experiment: int = 1) -> None:
        accuracy = self.accuracy + shift
        store.add_run(
            run_id,
            experiment=experiment,
            name=f"run-{run_id[:4]}",
            status=self.status,
            params={"n_folds": str(self.folds), "fitted_on": self.fitted_on, "seed": str(int(run_id[:6], 16))},
            metrics={
                names[0]: round(accuracy, 6),
                names[1]: round(self.std, 6),
                "train_accuracy": round(min(self.train + shift, 1.0), 6),
                "fit_seconds": self.seconds,
            },
            tags={"data_sha256": run_id[::-1] * 2},
        )


def _honest_runs(rng: np.random.Generator) -> list[_Run]:
    """The deciding ones first, `best` before all, then ordinary ones."""
    deciding = [
        _Run(name, BASE - below, std, folds, BASE - below + above, seconds)
        for name, (below, std, folds, above, seconds) in _DECIDING.items()
    ]
    u: Floats = rng.random((N_RUNS - len(deciding), 5))
    ordinary = [
        _Run(
            f"ordinary {number}",
            BASE - 0.03 - 0.12 * a,
            0.012 + 0.02 * b,
            int((3, 5, 10)[int(3 * c)]),
            BASE - 0.03 - 0.12 * a + 0.01 + 0.09 * d,
            round(0.4 + 20 * e, 1),
        )
        for number, (a, b, c, d, e) in enumerate(u)
    ]
    return [*deciding, *ordinary]


def _trapped_runs(rng: np.random.Generator, traps: Collection[str]) -> list[_Run]:
    kinds = [("failed", 6, 0.02, "FAILED", "train"), ("nan", 4, np.nan, "FINISHED", "train")]
    kinds += [("leak", 3, 0.06, "FINISHED", "train+test")]
    return [
        _Run(
            f"{trap} {number}",
            BASE + above + 0.005 * number,
            0.004,
            5,
            1.0,
            round(0.1 + 0.1 * float(rng.random()), 2),  # the cheapest of all, if it counted
            status,
            fitted_on,
        )
        for trap, count, above, status, fitted_on in kinds
        if trap in traps
        for number in range(count)
    ]
