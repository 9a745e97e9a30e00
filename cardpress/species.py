"""Species and sets: what printings have in common, and when they can be printed."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from cardpress import lore
from cardpress.draws import Bools, Floats, Ints, Words, order, pick

LINE_SIZES = [0.50, 0.333, 0.167]  # one, two or three stages: gives .60 Basic, .30 Stage 1, .10 Stage 2


@dataclass(frozen=True)
class Lines:
    """Evolution lines, one entry a line: latent type (index into TYPES), number of species, debut year, name stem."""

    latent: Ints
    size: Ints
    debut: Ints
    stem: Words


def make_lines(rng: np.random.Generator, names: np.random.Generator, count: int) -> Lines:
    """`count` lines; the first k are the same whatever the count, so eras made of one seed share species."""
    u = rng.random((count, 3))
    span = lore.LAST_YEAR - 1996
    return Lines(
        latent=pick(spread(u[0, 0], count), lore.LATENT_WEIGHTS),
        size=pick(u[:, 1], LINE_SIZES) + 1,
        debut=(1996 + np.floor((span + 0.99) * u[:, 2] ** 1.9)).astype(np.int64),
        stem=make_stems(names, count),
    )


def spread(start: float, count: int) -> Floats:
    """`count` numbers that fill [0, 1) evenly from any start on (the golden ratio's additive recurrence).

    Types drawn from them keep their shares in every seed, so that a most-frequent guess scores alike in all.
    """
    golden = (np.sqrt(5.0) - 1.0) / 2.0
    numbers: Floats = (start + golden * np.arange(count)) % 1.0
    return numbers


def make_stems(rng: np.random.Generator, count: int) -> Words:
    """`count` different name stems; beyond the first few thousand they grow by one syllable."""
    starts, middles = np.array(lore.STARTS), np.array(lore.MIDDLES)
    total = len(starts) * len(middles)
    shuffled = order(rng, total)
    number = np.arange(count)
    first, extra = shuffled[number % total], number // total
    base = np.char.add(starts[first // len(middles)], middles[first % len(middles)])
    longer = [stem + (lore.MIDDLES[k % len(middles)] if k else "") for stem, k in zip(base, extra, strict=True)]
    return np.array(longer)


def make_species(seeds: list[np.random.Generator], count: int, *, last_year: int) -> pd.DataFrame:
    """`count` species that exist by `last_year`: species_no, name, latent, stage_no, debut, popularity, hp_offset.

    `seeds` are three generators: lines, names, and the species' own draws.
    """
    lines = make_lines(seeds[0], seeds[1], 4 * count + 50)
    line = np.repeat(np.arange(len(lines.size)), lines.size)
    stage_no = np.arange(len(line)) - np.repeat(np.cumsum(lines.size) - lines.size, lines.size)
    own = seeds[2].random((len(line), 1))
    draws = seeds[2].spawn(1)[0].normal(size=(len(line), 2))
    exists: Bools = lines.debut[line] <= last_year
    species = pd.DataFrame(
        {
            "species_no": np.arange(1, len(line) + 1),
            "name": species_names(lines.stem[line], stage_no, own[:, 0]),
            "latent": lines.latent[line],
            "stage_no": stage_no,
            "debut": lines.debut[line],
            "popularity": np.exp(0.6 * draws[:, 0]),
            "hp_offset": 10.0 * draws[:, 1],
        }
    )
    return species[exists].head(count).reset_index(drop=True)


def species_names(stems: Words, stage_no: Ints, u: Floats) -> list[str]:
    """A stem and an ending of its stage, so that members of a line sound related and never alike."""
    ending_no = (u * len(lore.ENDINGS[0])).astype(int)
    return [stem + lore.ENDINGS[s][e] for stem, s, e in zip(stems, stage_no, ending_no, strict=True)]


def make_sets(rng: np.random.Generator) -> pd.DataFrame:
    """All sets of the game, oldest first: set_no, set_code, series, year, release_date; more a year as time goes."""
    rows = []
    years = lore.LAST_YEAR - lore.FIRST_YEAR + 1
    for year in range(lore.FIRST_YEAR, lore.LAST_YEAR + 1):
        per_year = 5 if year < 2010 else 7 if year < 2017 else 8
        for k in range(per_year):
            month, day = 1 + k * 12 // per_year, int(rng.integers(1, 29))
            series = lore.SERIES[(year - lore.FIRST_YEAR) * len(lore.SERIES) // years]
            code = f"{series[0]}{year % 100:02d}{'abcdefgh'[k]}"
            rows.append((year, code, series, f"{year}-{month:02d}-{day:02d}"))
    sets = pd.DataFrame(rows, columns=["year", "set_code", "series", "release_date"])
    sets["release_date"] = pd.to_datetime(sets["release_date"]).astype("datetime64[us]")
    sets.insert(0, "set_no", np.arange(1, len(sets) + 1))
    return sets
