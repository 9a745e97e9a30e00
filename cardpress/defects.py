"""Planted defects, one function a code: each changes cells of a `Sheet` and writes what it did into its ledger.

A cell gets at most one defect; the note OUT-VALID may stand beside it. Who wants to know how each is repaired reads
data/README.md: every one can be decided from the rules written there.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from cardpress import lore
from cardpress.cards import HIGH_HP, HIGH_PRICE
from cardpress.draws import Bools, Ints, order, some

CENTS_FROM = np.datetime64("2023-03-01")
MONTH_FIRST_FROM = np.datetime64("2021-07-01")
USD_PER_EUR = 1.08
NO_HP, NO_PRICE, NO_DATE = "9999", "0.00", "1899-12-30"
SPANISH = dict(
    zip(
        lore.TYPES,
        lore.words("Agua Planta Psíquico Incoloro Lucha Fuego Rayo Oscuridad Metálico Dragón Hada"),
        strict=True,
    )
)
FULL_WIDTH = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}


@dataclass
class Sheet:
    """The feed while it is being soiled: text by column, the truth of some columns by row, and the ledger so far.

    `price` is in dollars, `scraped` is datetime64[s]. `ledger` maps (row, column) to a code.
    """

    text: dict[str, list[str]]
    source: np.ndarray
    price: np.ndarray
    hp: np.ndarray
    scraped: np.ndarray
    ledger: dict[tuple[int, str], str] = field(default_factory=dict)
    notes: list[tuple[int, str, str]] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.source)

    def free(self, column: str, rows: Ints) -> Ints:
        """Of the rows, those whose cell in this column has no defect yet."""
        return np.array([row for row in rows.tolist() if (row, column) not in self.ledger], dtype=np.int64)

    def soil(self, row: int, column: str, code: str, text: str) -> None:
        """Replace the text of a cell and note it; a cell that would not change stays out of the ledger."""
        if self.text[column][row] != text:
            self.text[column][row] = text
            self.ledger[row, column] = code


def plant_out_bug(sheet: Sheet, rng: np.random.Generator) -> None:
    """HP 9999, price 0.00 and date 1899: what was read is lost, .4 % of the rows together."""
    rows = np.arange(len(sheet))
    for row in some(rng, rows, 0.0015, of=len(sheet)).tolist():
        sheet.soil(row, "hp", "OUT-BUG", NO_HP)
    for row in some(rng, rows, 0.0013, of=len(sheet)).tolist():
        sheet.soil(row, "list_price", "OUT-BUG", NO_PRICE)
    for row in some(rng, rows_with_a_twin_date(sheet, rng), 0.0012, of=len(sheet)).tolist():
        sheet.soil(row, "release_date", "OUT-BUG", NO_DATE)


def rows_with_a_twin_date(sheet: Sheet, rng: np.random.Generator) -> Ints:
    """One random card from each set of which the feed holds another: its date can be read off the other."""
    cards_of_set: dict[str, set[str]] = {}
    for code, card in zip(sheet.text["set_code"], sheet.text["card_code"], strict=True):
        cards_of_set.setdefault(code, set()).add(card)
    first: dict[str, int] = {}
    for row in order(rng, len(sheet)).tolist():
        code = sheet.text["set_code"][row]
        if len(cards_of_set[code]) > 1:
            first.setdefault(code, row)
    return np.array(sorted(first.values()), dtype=np.int64)


def plant_unit_cent(sheet: Sheet, rng: np.random.Generator) -> None:
    """Source B sends whole cents from 2023-03-01 on."""
    rows = np.flatnonzero((sheet.source == "B") & (sheet.scraped >= CENTS_FROM))
    for row in sheet.free("list_price", rows).tolist():
        sheet.soil(row, "list_price", "UNIT-CENT", f"{round(sheet.price[row] * 100)}")


def plant_unit_eur(sheet: Sheet, rng: np.random.Generator) -> None:
    """Source D sends euros with four decimals and leaves the currency blank."""
    rows = np.flatnonzero(sheet.source == "D")
    for row in rows.tolist():
        sheet.text["currency"][row] = ""
    for row in sheet.free("list_price", rows).tolist():
        sheet.soil(row, "list_price", "UNIT-EUR", f"{sheet.price[row] / USD_PER_EUR:.4f}")


def plant_str_num(sheet: Sheet, rng: np.random.Generator) -> None:
    """ "120 HP", "40+", "30×" in 3 % of the cells each, and every price from 1,000 dollars with its comma."""
    rows = np.arange(len(sheet))
    for row in some(rng, sheet.free("hp", rows), 0.03, of=len(sheet)).tolist():
        sheet.soil(row, "hp", "STR-NUM", sheet.text["hp"][row] + " HP")
    for row in some(rng, rows, 0.03, of=len(sheet)).tolist():
        sign = "+×"[rng.integers(0, 2)]
        sheet.soil(row, "max_damage", "STR-NUM", sheet.text["max_damage"][row] + sign)
    for row in sheet.free("list_price", np.flatnonzero(sheet.price >= 1000)).tolist():
        sheet.soil(row, "list_price", "STR-NUM", f"{sheet.price[row]:,.2f}")


def plant_date_mix(sheet: Sheet, rng: np.random.Generator) -> None:
    """Source C writes dd/mm/yyyy in rows scraped until 2021-06-30, mm/dd/yyyy after."""
    for row in sheet.free("release_date", np.flatnonzero(sheet.source == "C")).tolist():
        year, month, day = sheet.text["release_date"][row].split("-")
        first, second = (month, day) if sheet.scraped[row] >= MONTH_FIRST_FROM else (day, month)
        sheet.soil(row, "release_date", "DATE-MIX", f"{first}/{second}/{year}")


def plant_cat_var(sheet: Sheet, rng: np.random.Generator) -> None:
    """Other spellings of a type, in 3 % of `type`, 1 % of `weakness` and 1 % of `resistance`."""
    for column, share in (("type", 0.03), ("weakness", 0.01), ("resistance", 0.01)):
        rows = np.array([k for k, word in enumerate(sheet.text[column]) if word != lore.NONE], dtype=np.int64)
        for row in some(rng, rows, share, of=len(sheet)).tolist():
            sheet.soil(row, column, "CAT-VAR", spell(sheet.text[column][row], int(rng.integers(0, 5))))


def spell(word: str, way: int) -> str:
    """A type name in one of five other spellings: lower case, upper with a space, Spanish, full width, padded."""
    return [word.lower(), word.upper() + " ", SPANISH[word], word.translate(FULL_WIDTH), f" {word}"][way]


def plant_miss_mar(sheet: Sheet, rng: np.random.Generator) -> None:
    """A retreat cost of 0 is left blank, as the card prints nothing there."""
    for row, retreat in enumerate(sheet.text["retreat"]):
        if retreat == "0":
            sheet.soil(row, "retreat", "MISS-MAR", "")


def plant_miss_mcar(sheet: Sheet, rng: np.random.Generator) -> None:
    """The artist is lost in 2 % of the rows, at random."""
    for row in some(rng, np.arange(len(sheet)), 0.02, of=len(sheet)).tolist():
        sheet.soil(row, "artist", "MISS-MCAR", "")


def note_out_valid(sheet: Sheet, rng: np.random.Generator) -> None:
    """Rare but right: very high hp and very dear cards. Nothing is changed; cleaning must keep them."""
    for column, extreme in (("hp", sheet.hp >= HIGH_HP), ("list_price", sheet.price >= HIGH_PRICE)):
        rows = np.flatnonzero(extreme).tolist()
        told = [row for row in rows if sheet.ledger.get((row, column)) != "OUT-BUG"]
        sheet.notes += [(row, column, "OUT-VALID") for row in told]


def habit(code: str, cards: pd.DataFrame) -> Bools:
    """The cards that come from a source whose documented habit is this defect; none for other defects."""
    source, scraped = cards["source"].to_numpy(dtype=str), cards["scraped_at"].to_numpy()
    habits: dict[str, Bools] = {
        "UNIT-CENT": (source == "B") & (scraped >= CENTS_FROM),
        "UNIT-EUR": source == "D",
        "DATE-MIX": source == "C",
    }
    return habits.get(code, np.zeros(len(cards), dtype=np.bool_))


Plant = Callable[[Sheet, np.random.Generator], None]

# In this order: lost values first, so that no unit or format is put on them.
PLANTS: Mapping[str, Plant] = {
    "OUT-BUG": plant_out_bug,
    "UNIT-CENT": plant_unit_cent,
    "UNIT-EUR": plant_unit_eur,
    "STR-NUM": plant_str_num,
    "DATE-MIX": plant_date_mix,
    "CAT-VAR": plant_cat_var,
    "MISS-MAR": plant_miss_mar,
    "MISS-MCAR": plant_miss_mcar,
    "OUT-VALID": note_out_valid,
}
