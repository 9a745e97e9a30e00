"""Two months of consigned cards: what is known when a card is listed, and what only its sale tells."""

import numpy as np
import pandas as pd

from cardpress.cards import make_cards
from cardpress.draws import Floats, pick, streams

LISTING_COLUMNS = ["rarity", "release_year", "stage", "hp", "condition", "photos", "seller_sales", "language"]
SALE_COLUMNS = ["sold_price", "watchers", "days_to_sale"]

CONDITIONS, CONDITION_WEIGHTS = np.array(["near mint", "played", "worn"]), [0.55, 0.33, 0.12]
CONDITION_FACTORS = np.array([1.0, 0.65, 0.4])
SALE_NOISE = 0.25  # standard deviation of the log of what a buyer pays
FIRST_DAY, MONTH_DAYS = np.datetime64("2026-09-01", "s"), (30, 31)


def make_listings(seed: int, *, n_listings: int = 8000) -> pd.DataFrame:
    """Listings of September and October 2026 in order of time, half of them in each month; sold by auction.

    Columns: listing_id, listed_at, LISTING_COLUMNS (known when the card is listed), SALE_COLUMNS (known after the sale:
    sold_price in US dollars, watchers when the auction ended, days_to_sale). Same seed, same rows.
    """
    cards = make_cards(seed, n_cards=n_listings)
    # Streams 0 to 6 make the cards; these come behind them.
    rng_order, rng_seller, rng_sale = streams(seed, 10)[7:]
    cards = cards.iloc[np.argsort(rng_order.random(n_listings), kind="stable")]
    u, noise = rng_seller.random((n_listings, 4)), rng_sale.normal(size=(n_listings, 3))
    kind = pick(u[:, 0], CONDITION_WEIGHTS)
    worth = cards["list_price"].to_numpy() * CONDITION_FACTORS[kind]
    sold = worth * np.exp(SALE_NOISE * noise[:, 0])
    # Sellers photograph what they think is dear, and think right more often than not.
    photos = np.clip(np.floor(1.6 + 0.55 * np.log1p(worth) + 0.9 * noise[:, 1]), 1, 8)
    return pd.DataFrame(
        {
            "listing_id": np.arange(1, n_listings + 1),
            "listed_at": listing_times(u[:, 1]),
            "rarity": cards["rarity"].to_numpy(),
            "release_year": cards["release_date"].dt.year.to_numpy(),
            "stage": cards["stage"].to_numpy(),
            "hp": cards["hp"].to_numpy(),
            "condition": CONDITIONS[kind],
            "photos": photos.astype(np.int64),
            "seller_sales": np.floor(np.exp(6.5 * u[:, 2])).astype(np.int64) - 1,
            "language": cards["language"].to_numpy(),
            "sold_price": np.maximum(np.round(sold, 2), 0.05),
            "watchers": np.floor(2.2 * np.sqrt(sold) * np.exp(0.35 * noise[:, 2])).astype(np.int64),
            "days_to_sale": 1 + np.floor(13 * u[:, 3] / (1 + np.log1p(sold))).astype(np.int64),
        }
    )


def listing_times(u: Floats) -> pd.Series:
    """Sorted times, the first half of the listings in September and the second in October, to the second."""
    half = len(u) // 2
    starts = FIRST_DAY + np.array([0, MONTH_DAYS[0]]) * np.timedelta64(1, "D")
    parts = [
        start + np.floor(np.sort(part) * days * 86_400).astype("timedelta64[s]")
        for start, days, part in zip(starts, MONTH_DAYS, (u[:half], u[half:]), strict=True)
    ]
    return pd.Series(np.concatenate(parts)).astype("datetime64[us]")
