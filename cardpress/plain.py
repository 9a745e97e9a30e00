"""Clean values as the text a feed without any defect carries; reading it back is plain parsing."""

from collections.abc import Iterable
from typing import Literal

import numpy as np
import pandas as pd

from cardpress import lore

RAW_COLUMNS = lore.words(
    "row_id card_code name species_id set_code series release_date language type stage hp weakness resistance retreat "
    "n_attacks attack_cost max_damage ability rarity artist regulation_mark pokedex_no source scraped_at support_tag "
    "list_price currency"
)
TEXT_COLUMNS = RAW_COLUMNS[1:]


def plain_text(cards: pd.DataFrame) -> dict[str, list[str]]:
    """Column -> text, one a card: ISO dates, whole numbers, dollars with two decimals, "" for what is missing."""
    text = {column: ["" if word is None or word != word else str(word) for word in cards[column]] for column in COPIED}
    for column in ("retreat", "n_attacks", "attack_cost", "max_damage", "pokedex_no"):
        text[column] = [str(number) for number in cards[column]]
    text["hp"] = ["" if np.isnan(hp) else f"{hp:.0f}" for hp in cards["hp"]]
    text["list_price"] = ["" if np.isnan(price) else f"{price:.2f}" for price in cards["list_price"]]
    text["ability"] = ["yes" if has else "no" for has in cards["ability"]]
    text["release_date"] = iso(cards["release_date"], "D")
    text["scraped_at"] = iso(cards["scraped_at"], "s")
    text["currency"] = ["USD"] * len(cards)
    return {column: text[column] for column in TEXT_COLUMNS}


COPIED = lore.words(
    "card_code name species_id set_code series language type stage weakness resistance rarity artist regulation_mark "
    "source support_tag"
)


def iso(times: Iterable[object], unit: Literal["D", "s"]) -> list[str]:
    """ISO text to the day ("D") or the second ("s")."""
    stamps = pd.Series(times).to_numpy()
    texts: list[str] = np.datetime_as_string(stamps, unit=unit).tolist()
    return texts
