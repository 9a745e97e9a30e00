"""What a type reader says about cards: its guess and confidence, right or wrong, and the slice where it fails."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from cardpress import lore
from cardpress.cards import make_cards
from cardpress.draws import Floats, Ints, pick_rows, streams

KEPT = ["card_code", "type", "era", "rarity", "stage", "language", "regulation_mark"]


def make_readings(
    seed: int, *, n_cards: int = 3000, first_year: int = 2012, weak: Mapping[str, str], share: float = 0.85
) -> pd.DataFrame:
    """Cards of first_year to 2024 with `guess` (str), `confidence` (0 to 1) and `is_right` (bool), one row a card.

    The reader is right in `share` of all cards, and in .3 less where all of `weak` (column -> value) holds, which its
    confidence doesn't show. Same seed, same rows.
    """
    cards = make_cards(seed, n_cards=n_cards, first_year=first_year, last_year=lore.LAST_YEAR)
    rng = streams(seed, 11)[10]  # streams 0 to 9 make cards and listings
    u, z = rng.random((n_cards, 2)), rng.normal(size=n_cards)
    is_weak = np.all([cards[column].astype("str") == value for column, value in weak.items()], axis=0)
    ease = np.log(share / (1 - share)) + 0.3 + 1.2 * z
    chance = 1 / (1 + np.exp(-ease)) - np.where(is_weak, 0.3, 0.0)
    is_right = u[:, 0] < chance
    truth = cards["type"].cat.codes.to_numpy()
    other = (truth + 1 + np.floor(u[:, 1] * (len(lore.TYPES) - 1)).astype(np.int64)) % len(lore.TYPES)
    return cards[KEPT].assign(
        guess=np.array(lore.TYPES)[np.where(is_right, truth, other)],
        confidence=np.round(1 / (1 + np.exp(-1.4 * ease)), 3),
        is_right=is_right,
    )


def make_probabilities(seed: int, *, n_cards: int = 4000, sharpness: float = 2.0) -> tuple[Floats, Ints]:
    """Probabilities of shape (n_cards, 11) and the true classes; a temperature of `sharpness` calibrates them."""
    rng = streams(seed, 1)[0]
    logits = 1.4 * rng.normal(size=(n_cards, len(lore.TYPES)))
    labels = pick_rows(rng.random(n_cards), softmax(logits))
    return softmax(sharpness * logits), labels


def softmax(logits: Floats) -> Floats:
    """Each row as probabilities."""
    grown = np.exp(logits - logits.max(axis=1, keepdims=True))
    rows: Floats = grown / grown.sum(axis=1, keepdims=True)
    return rows
