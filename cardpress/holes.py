"""Small tables of measurements with holes of known kinds, for tests of who can tell the kinds apart."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from cardpress.draws import Floats, order, streams

MEASURES = ["weight", "gloss", "centering", "edge", "ink"]
KINDS = ["MCAR", "MAR", "MAR", "MNAR", "MNAR"]  # dealt to MEASURES in random order
KNOWN = ["app", "release_year", "photos"]


@dataclass(frozen=True)
class Holes:
    """`table` has holes, `audit` the true values of some of its rows, `key` the mechanism of each measure."""

    table: pd.DataFrame
    audit: pd.DataFrame
    key: dict[str, str]


def make_holes(seed: int, *, n_rows: int = 3000, n_audited: int = 800) -> Holes:
    """Rows with listing_id, KNOWN (never missing) and MEASURES (15 to 30 % missing); same seed, same rows.

    What is MAR hangs on one of KNOWN, and its true values do so, too; what is MNAR hangs on nothing but itself.
    """
    rng, rng_noise, rng_gap, rng_audit = streams(seed, 4)
    u = rng.random((n_rows, 3))
    known = pd.DataFrame({"app": np.where(u[:, 0] < 0.4, "web", "phone")})
    known["release_year"] = 1999 + np.floor(21 * u[:, 1]).astype(np.int64)
    known["photos"] = 1 + np.floor(5 * u[:, 2]).astype(np.int64)
    drivers = [standard(known["app"] == "web"), standard(known["release_year"]), standard(known["photos"])]
    kinds = [KINDS[k] for k in order(rng, len(KINDS))]
    noise, gaps = rng_noise.normal(size=(n_rows, len(MEASURES))), rng_gap.random((n_rows, len(MEASURES)))
    first, sign = int(rng.integers(0, len(drivers))), rng.integers(0, 2, size=len(MEASURES)) * 2.0 - 1
    true, missing = {}, {}
    for k, (name, kind) in enumerate(zip(MEASURES, kinds, strict=True)):
        driver = drivers[(first + k) % len(drivers)]
        value = 0.7 * driver + 0.7 * noise[:, k] if kind == "MAR" else noise[:, k]
        push = {"MCAR": np.zeros(n_rows), "MAR": 1.2 * driver, "MNAR": 1.6 * noise[:, k]}[kind]
        true[name] = np.round(50 + 10 * value, 1)
        missing[name] = gaps[:, k] < 1 / (1 + np.exp(1.6 - sign[k] * push))
    whole = pd.DataFrame({"listing_id": np.arange(1, n_rows + 1), **known, **true})
    table = whole.assign(**{name: whole[name].mask(missing[name]) for name in MEASURES})
    audited = np.sort(order(rng_audit, n_rows)[:n_audited])
    audit = whole.loc[audited, ["listing_id", *MEASURES]].reset_index(drop=True)
    return Holes(table, audit, dict(zip(MEASURES, kinds, strict=True)))


def standard(values: npt.ArrayLike) -> Floats:
    """The values with mean 0 and standard deviation 1."""
    numbers = np.asarray(values, dtype=np.float64)
    scaled: Floats = (numbers - numbers.mean()) / numbers.std()
    return scaled
