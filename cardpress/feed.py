"""A dirty feed, the clean truth behind it, and the ledger of what was planted."""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cardpress.cards import SCRAPES_START, make_cards
from cardpress.defects import PLANTS, Sheet, habit
from cardpress.draws import Ints, order, some, streams
from cardpress.plain import RAW_COLUMNS, TEXT_COLUMNS, plain_text

REPEATS = ("DUP-RESCRAPE", "DUP-EXACT")
CODES = (*REPEATS, *PLANTS)
# Listed in the ledger, and no defect: cleaning must leave these cells alone.
LEGAL = ("OUT-VALID",)
# Properties of whole columns, always there, without ledger rows.
COLUMN_TRAPS = {"LEAK-ID": "card_code", "LEAK-POST": "support_tag"}
RESCRAPE_SHARE, EXACT_SHARE = 0.025, 0.015
DAY_S = 86_400


@dataclass(frozen=True)
class Feed:
    """What a vendor sent (`raw`), what is true (`clean`), and which cells are wrong how (`ledger`).

    raw: the columns of cards_raw.csv, all text but row_id (1 to n in the order of the file). clean: one row a
    card, sorted by card_code, with the columns of `make_cards`. ledger: row_id, column, code, sorted; a repeated
    row is noted once, at card_code, on the row that must go.
    """

    raw: pd.DataFrame
    clean: pd.DataFrame
    ledger: pd.DataFrame


def make_feed(seed: int, *, n_cards: int = 9000, defects: Collection[str] | None = None) -> Feed:
    """A shuffled feed of `n_cards` cards of the old era with the defects named; None plants all, () none.

    Every feed obeys data/README.md: without UNIT-CENT, UNIT-EUR or DATE-MIX the rows whose source has that habit
    come from source A instead. Raises ValueError for a code that does not exist.
    """
    planted = set(CODES if defects is None else defects)
    if unknown := planted - set(CODES) - set(COLUMN_TRAPS):
        raise ValueError(f"no such defect: {', '.join(sorted(unknown))}; there are {', '.join(CODES)}")
    cards = without_habits(make_cards(seed, n_cards=n_cards), set(PLANTS) - planted)
    # Streams 0 to 6 make the cards; the feed's own begin behind them, one a code.
    rngs = dict(zip((*CODES, "shuffle"), streams(seed, 7 + len(CODES) + 1)[7:], strict=True))
    rows, older = cards, np.array([], dtype=np.int64)
    if "DUP-RESCRAPE" in planted:
        older = rescraped(cards, rngs["DUP-RESCRAPE"])
        rows = pd.concat([cards, older_scrapes(cards.iloc[older], rngs["DUP-RESCRAPE"])], ignore_index=True)
    sheet = open_sheet(rows)
    for code, plant in PLANTS.items():
        if code in planted:
            plant(sheet, rngs[code])
    copies = exact_copies(n_cards, older, rngs["DUP-EXACT"]) if "DUP-EXACT" in planted else np.array([], dtype=np.int64)
    source_row = np.concatenate([np.arange(len(rows)), copies])
    position = np.argsort(order(rngs["shuffle"], len(source_row))) + 1
    return Feed(
        raw=raw_table(sheet, source_row, position),
        clean=clean_table(cards, sheet),
        ledger=ledger_table(sheet, source_row, position, n_cards=n_cards),
    )


def without_habits(cards: pd.DataFrame, left_out: Collection[str]) -> pd.DataFrame:
    """The cards, those of sources whose habit is left out being listed by source A, which has none."""
    source = cards["source"].to_numpy(dtype=str)
    for code in left_out:
        source = np.where(habit(code, cards), "A", source)
    return cards.assign(source=source)


def rescraped(cards: pd.DataFrame, rng: np.random.Generator) -> Ints:
    """Cards of which an older scrape is in the feed, too."""
    known_for = cards["scraped_at"].to_numpy() - first_scrape(cards)
    return some(rng, np.flatnonzero(known_for > np.timedelta64(3, "D")), RESCRAPE_SHARE, of=len(cards))


def first_scrape(cards: pd.DataFrame) -> np.ndarray:
    """The earliest time each card can have been scraped."""
    released = cards["release_date"].to_numpy().astype("datetime64[s]")
    earliest: np.ndarray = np.maximum(released, SCRAPES_START)
    return earliest


def older_scrapes(cards: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """The same cards, scraped at least a day before, the name spelt carelessly, half of them at another price."""
    n = len(cards)
    u, noise = rng.random((n, 3)), rng.normal(size=n)
    start = first_scrape(cards)
    room_s = (cards["scraped_at"].to_numpy().astype("datetime64[s]") - start).astype(np.int64) - DAY_S
    scraped = start + np.floor(u[:, 0] * room_s).astype("timedelta64[s]")
    moved = np.maximum(np.round(cards["list_price"].to_numpy() * np.exp(0.15 * noise), 2), 0.05)
    way = np.floor(u[:, 1] * 4).astype(int)
    return cards.assign(
        name=[careless(name, k) for name, k in zip(cards["name"], way, strict=True)],
        scraped_at=scraped.astype("datetime64[us]"),
        list_price=np.where(u[:, 2] < 0.5, moved, cards["list_price"]),
    )


def careless(name: str, way: int) -> str:
    """A name in one of four careless spellings."""
    return [name.upper(), name.lower(), f"{name} ", f"  {name}"][way]


def exact_copies(n_cards: int, rescraped: Ints, rng: np.random.Generator) -> Ints:
    """Cards whose row is sent twice; never one that is in the feed with another scrape."""
    return some(rng, np.setdiff1d(np.arange(n_cards), rescraped), EXACT_SHARE, of=n_cards)


def open_sheet(rows: pd.DataFrame) -> Sheet:
    """The rows as faultless text, with the truth that the defects need."""
    return Sheet(
        text=plain_text(rows),
        source=rows["source"].to_numpy(dtype=str),
        price=rows["list_price"].to_numpy(),
        hp=rows["hp"].to_numpy(),
        scraped=rows["scraped_at"].to_numpy().astype("datetime64[s]"),
    )


def raw_table(sheet: Sheet, source_row: Ints, position: Ints) -> pd.DataFrame:
    """The sheet's rows and their copies, in the order of the feed."""
    sequence = source_row[np.argsort(position)]
    text = {column: np.array(sheet.text[column], dtype=object)[sequence] for column in TEXT_COLUMNS}
    raw = pd.DataFrame(text, dtype="str")
    raw.insert(0, "row_id", np.arange(1, len(raw) + 1, dtype=np.int64))
    return raw[RAW_COLUMNS]


def clean_table(cards: pd.DataFrame, sheet: Sheet) -> pd.DataFrame:
    """The truth as far as the feed still tells it: what was lost in a card's own row is missing here."""
    clean = cards.copy()
    for (row, column), code in sheet.ledger.items():
        lost = code == "MISS-MCAR" or (code == "OUT-BUG" and column != "release_date")
        if lost and row < len(cards):
            clean.loc[row, column] = np.nan
    return clean.sort_values("card_code", ignore_index=True)


def ledger_table(sheet: Sheet, source_row: Ints, position: Ints, *, n_cards: int) -> pd.DataFrame:
    """One row per faulty cell; the copy of a row has its faults, too."""
    row_ids: dict[int, list[int]] = {}
    for row, row_id in zip(source_row.tolist(), position.tolist(), strict=True):
        row_ids.setdefault(row, []).append(row_id)
    cells = [(row, column, code) for (row, column), code in sheet.ledger.items()] + sheet.notes
    entries = [(row_id, column, code) for row, column, code in cells for row_id in row_ids[row]]
    entries += [(ids[0], "card_code", "DUP-RESCRAPE") for row, ids in row_ids.items() if row >= n_cards]
    entries += [(max(ids), "card_code", "DUP-EXACT") for ids in row_ids.values() if len(ids) > 1]
    ledger = pd.DataFrame(entries, columns=["row_id", "column", "code"])
    ledger = ledger.astype({"row_id": "int64", "column": "str", "code": "str"})
    return ledger.sort_values(["row_id", "column", "code"], ignore_index=True)
