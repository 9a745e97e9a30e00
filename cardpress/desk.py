"""The typing desk's table: what is known when a card is listed, what the warehouse joined on later, and holes."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from cardpress import lore
from cardpress.cards import make_cards
from cardpress.draws import Bools, Floats, Ints, Words, order, pick, streams

DESK_COLUMNS = lore.words(
    "listing_id batch listed_at seller_id app type card_code name species_id pokedex_no set_code release_year stage hp "
    "weakness resistance retreat n_attacks attack_cost max_damage ability rarity artist regulation_mark condition "
    "scan_dpi photos list_price support_tag shelf sold_price fee watchers returned species_type hp_z"
)
AUDIT_COLUMNS = ["listing_id", "artist", "scan_dpi", "condition"]

PILOT_SHARE = 0.15  # of the listings, about: all of the newest species
AUDIT_SHARE = 0.12  # of the archive
FIRST_DAY, PILOT_DAY = np.datetime64("2026-08-01", "s"), np.datetime64("2026-11-02", "s")
N_SELLERS, N_BAYS = 300, 3
FEE_SHARE, FEE_FIXED = 0.1275, 0.30
ARTIST_HOLES = 0.04
DPI_HOLES = {"web": 0.45, "phone": 0.03}
DPI_MEANS = {"web": 210.0, "phone": 320.0}
# Rarer cards are dearer in each of two sets, and cheaper in both together.
SIMPSON_LABELS = ["Common", "Rare Holo"]
SIMPSON_SHARES = [[0.65, 0.35], [0.12, 0.88]]  # in the old set, in the new one
SIMPSON_MEDIANS = np.array([[6.0, 9.0], [0.40, 0.80]])  # US dollars
AFTERWARDS = ["card_code", "support_tag", "sold_price", "fee", "watchers", "returned", "species_type"]


@dataclass(frozen=True)
class Desk:
    """`table`: one row a listing. `audit`: what a second look found for some of the archive, holes filled."""

    table: pd.DataFrame
    audit: pd.DataFrame


def make_desk(seed: int, *, n_cards: int = 6000) -> Desk:
    """Listings in order of time: batch "archive", then batch "pilot", whose species the archive doesn't hold.

    In the pilot everything that comes after typing is still missing, and `shelf` is "IN"; `type` is what a person
    found later. Same seed, same rows. Prices in US dollars. Raises ValueError for fewer than 200 cards.
    """
    if n_cards < 200:
        raise ValueError(f"n_cards is {n_cards}; a desk needs at least 200 cards")
    cards = make_cards(seed, n_cards=n_cards)
    # Streams 0 to 6 make the cards; these come behind them.
    rng_order, rng_pair, rng_shop, rng_holes, rng_sale, rng_audit = streams(seed, 13)[7:]
    cards = cards.iloc[order(rng_order, n_cards)].reset_index(drop=True)
    cards = turn_a_pair_of_sets(rng_pair, cards)
    is_pilot = newest_species(cards["pokedex_no"].to_numpy())
    cards = cards.iloc[np.argsort(is_pilot, kind="stable")].reset_index(drop=True)
    is_pilot = np.sort(is_pilot)
    true = cards.assign(**shop_facts(rng_shop, cards, is_pilot))
    table = add_sales(rng_sale, true, is_pilot)
    table = table.assign(**holes(rng_holes, table))
    table["hp_z"] = ((table["hp"] - table["hp"].mean()) / table["hp"].std()).round(4)
    audited = np.sort(order(rng_audit, int((~is_pilot).sum()))[: round(AUDIT_SHARE * n_cards)])
    return Desk(table[DESK_COLUMNS], true.loc[audited, AUDIT_COLUMNS].reset_index(drop=True))


def newest_species(numbers: Ints) -> Bools:
    """Listings of the species with the highest numbers, about PILOT_SHARE of all; whole evolution lines but for one."""
    newest: Bools = numbers > np.sort(numbers)[int((1 - PILOT_SHARE) * len(numbers)) - 1]
    return newest


def turn_a_pair_of_sets(rng: np.random.Generator, cards: pd.DataFrame) -> pd.DataFrame:
    """The cards, with rarity and price of the largest old set and the largest new one dealt out anew."""
    year = cards["release_date"].dt.year
    rarity, price = cards["rarity"].to_numpy(dtype=object), cards["list_price"].to_numpy(copy=True)
    labels = np.array(SIMPSON_LABELS, dtype=object)
    for shares, medians, era in zip(SIMPSON_SHARES, SIMPSON_MEDIANS, (year < 2004, year >= 2014), strict=True):
        largest = cards.loc[era, "set_code"].value_counts().sort_index().idxmax()
        rows = np.flatnonzero(cards["set_code"] == largest)
        kind = pick(rng.random(len(rows)), shares)
        rarity[rows] = labels[kind]
        price[rows] = np.round(medians[kind] * np.exp(0.35 * rng.normal(size=len(rows))), 2)
    return cards.assign(rarity=pd.Series(rarity, dtype="str"), list_price=price)


def shop_facts(rng: np.random.Generator, cards: pd.DataFrame, is_pilot: Bools) -> dict[str, Any]:
    """What seller and shop add when a card is listed: nothing is missing yet."""
    n = len(cards)
    u, noise = rng.random((n, 5)), rng.normal(size=(n, 3))
    app = np.array(["web", "phone"])[(u[:, 0] < 0.6).astype(np.int64)]
    dpi = np.select([app == "web"], [DPI_MEANS["web"]], DPI_MEANS["phone"]) + 30 * noise[:, 0]
    days = np.where(is_pilot, 7, 92)
    start = np.where(is_pilot, PILOT_DAY, FIRST_DAY)
    seconds = np.where(is_pilot, np.sort(u[:, 1] + is_pilot) - 1, np.sort(u[:, 1] + is_pilot)) * days * 86_400
    return {
        "listing_id": np.arange(1, n + 1),
        "batch": np.where(is_pilot, "pilot", "archive"),
        "listed_at": pd.Series(start + np.floor(seconds).astype("timedelta64[s]")).astype("datetime64[us]"),
        "seller_id": [f"V{number:03d}" for number in pick(u[:, 2], 1 / (5 + np.arange(N_SELLERS))) + 1],
        "app": app,
        "release_year": cards["release_date"].dt.year,
        "condition": np.clip(np.round(7.0 + 1.9 * noise[:, 1]), 1, 10),
        "scan_dpi": np.round(dpi),
        "photos": 1 + np.floor(4 * u[:, 3] * u[:, 4] + 2 * (app == "phone")).astype(np.int64),
    }


def add_sales(rng: np.random.Generator, listings: pd.DataFrame, is_pilot: Bools) -> pd.DataFrame:
    """The listings with what is known after typing and after the sale; missing in the pilot, whose shelf is "IN"."""
    n = len(listings)
    u, noise = rng.random((n, 2)), rng.normal(size=(n, 2))
    type_no = pd.Categorical(listings["type"]).codes.astype(np.int64)
    condition = listings["condition"].to_numpy()
    sold = np.maximum(np.round(listings["list_price"] * (0.3 + 0.08 * condition) * np.exp(0.2 * noise[:, 0]), 2), 0.05)
    later = listings.assign(
        shelf=np.where(is_pilot, "IN", bays(type_no, u[:, 0])),
        sold_price=sold,
        fee=np.round(FEE_SHARE * sold + FEE_FIXED, 2),
        watchers=np.floor(2.2 * np.sqrt(sold) * np.exp(0.35 * noise[:, 1])),
        returned=(u[:, 1] < 1 / (1 + np.exp(0.95 * (condition - 4.0) + 0.4))).astype(np.float64),
        species_type=species_types(listings),
    )
    return later.assign(**{name: later[name].mask(is_pilot) for name in AFTERWARDS})


def bays(type_no: Ints, u: Floats) -> Words:
    """Where a card lies once its type is known: each type has bays of its own."""
    names = np.array([f"bay {number:02d}" for number in range(1, N_BAYS * len(lore.TYPES) + 1)])
    return names[type_no * N_BAYS + np.floor(N_BAYS * u).astype(np.int64)]


def species_types(listings: pd.DataFrame) -> pd.Series:
    """The commonest type among all listings of the species, the listing itself included; the first one at a tie."""
    counts = pd.crosstab(listings["species_id"], listings["type"].astype("str"))
    return listings["species_id"].map(counts.idxmax(axis="columns")).astype("str")


def holes(rng: np.random.Generator, listings: pd.DataFrame) -> dict[str, pd.Series]:
    """artist missing at random, scan_dpi by app, condition where it is bad; marks are missing by year already."""
    u = rng.random((len(listings), 3))
    by_app = listings["app"].map(DPI_HOLES).to_numpy()
    by_condition = 0.85 / (1 + np.exp(1.6 * (listings["condition"].to_numpy() - 4.7)))
    shares = {"artist": np.full(len(listings), ARTIST_HOLES), "scan_dpi": by_app, "condition": by_condition}
    return {name: listings[name].mask(u[:, k] < share) for k, (name, share) in enumerate(shares.items())}
