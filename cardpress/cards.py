"""Clean cards: species, then set and date, stage, weakness and resistance, stats, rarity, price."""

import numpy as np
import pandas as pd

from cardpress import lore
from cardpress.draws import Floats, Ints, Words, pick, pick_rows, some, streams
from cardpress.species import make_sets, make_species

COLUMNS = lore.words(
    "card_code name species_id set_code series release_date language type stage hp weakness resistance retreat "
    "n_attacks attack_cost max_damage ability rarity artist regulation_mark pokedex_no source scraped_at support_tag "
    "list_price era"
)

WEAKNESS_NOISE = 0.03
SOURCES, SOURCE_WEIGHTS = np.array(list("ABCD")), [0.72, 0.10, 0.15, 0.03]
SCRAPES_START, SCRAPES_END = np.datetime64("2020-01-01", "s"), np.datetime64("2025-06-30", "s")
OUT_VALID_SHARE = 0.0015  # of each kind: highest hp, dearest cards
RETREAT_CUTS = [0.32, 1.58, 2.32, 3.0]  # gives about .05, .50, .28, .12, .04
HIGH_HP, HIGH_PRICE = 320, 1000.0


def make_cards(
    seed: int, *, n_cards: int = 9000, n_species: int | None = None, first_year: int = 1999, last_year: int = 2019
) -> pd.DataFrame:
    """Clean typed cards, one row a card, in order of release and number; about four printings a species.

    Same seed, same rows. The same seed with other years shares its species and sets, so that a later era reprints
    what an earlier one printed. `type` is a category of 11 levels; `list_price` is in US dollars; a card without
    weakness or resistance has "-"; missing text (artist, regulation_mark, support_tag) is NaN. Years lie in 1999
    to 2024; raises ValueError else.
    """
    if not lore.FIRST_YEAR <= first_year <= last_year <= lore.LAST_YEAR:
        raise ValueError(f"years {first_year} to {last_year}: choose them within {lore.FIRST_YEAR} to {lore.LAST_YEAR}")
    if n_cards < 1:
        raise ValueError(f"n_cards is {n_cards}; ask for at least one card")
    count = n_species or max(1, n_cards // 4)
    rng_line, rng_name, rng_species, rng_set, rng_print, rng_stat, rng_shop = streams(seed, 7)
    species = make_species([rng_line, rng_name, rng_species], count, last_year=last_year)
    cards = print_cards(rng_print, species, make_sets(rng_set), n_cards, (first_year, last_year))
    cards = cards | give_stats(rng_stat, cards)
    cards = cards | give_prices(rng_shop, cards)
    return as_table(cards)


Table = dict[str, np.ndarray]  # column name -> values, one a card


def print_cards(
    rng: np.random.Generator, species: pd.DataFrame, sets: pd.DataFrame, n_cards: int, years: tuple[int, int]
) -> Table:
    """Which species is printed in which set, as what type: each species once, then by popularity."""
    u = rng.random((n_cards, 4))
    by_fame = pick(u[:, 0], species["popularity"].to_numpy())
    which = np.where(np.arange(n_cards) < len(species), np.arange(n_cards), by_fame)
    debut = species["debut"].to_numpy()[which]
    set_years = sets["year"].to_numpy()
    low = np.searchsorted(set_years, np.maximum(debut, years[0]), side="left")
    high = np.searchsorted(set_years, years[1], side="right")
    set_row = low + np.floor(u[:, 1] * (high - low)).astype(np.int64)
    sequence = np.lexsort((u[:, 2], set_row))
    which, set_row, u = which[sequence], set_row[sequence], u[sequence]
    chosen, chosen_set = species.iloc[which], sets.iloc[set_row]
    year = chosen_set["year"].to_numpy()
    return {
        "species_no": chosen["species_no"].to_numpy(),
        "species_name": chosen["name"].to_numpy(dtype=str),
        "stage_no": chosen["stage_no"].to_numpy(),
        "hp_offset": chosen["hp_offset"].to_numpy(),
        "popularity": chosen["popularity"].to_numpy(),
        "set_no": chosen_set["set_no"].to_numpy(),
        "set_code": chosen_set["set_code"].to_numpy(dtype=str),
        "series": chosen_set["series"].to_numpy(dtype=str),
        "release_date": chosen_set["release_date"].to_numpy(),
        "year": year,
        "type_no": printed_type(chosen["latent"].to_numpy(), year),
        "number": np.arange(n_cards) - np.searchsorted(set_row, set_row, side="left") + 1,
    }


def printed_type(latent: Ints, year: Ints) -> Ints:
    """The type on the card: Dragon is Colorless before 2012; Fairy is Colorless before 2013, Psychic from 2020."""
    psychic, colorless = lore.TYPES.index("Psychic"), lore.TYPES.index("Colorless")
    dragon, fairy = lore.TYPES.index("Dragon"), lore.TYPES.index("Fairy")
    kind = np.where((latent == dragon) & (year < lore.DRAGON_YEAR), colorless, latent)
    kind = np.where((latent == fairy) & (year < lore.FAIRY_YEAR), colorless, kind)
    return np.where((latent == fairy) & (year >= lore.NEW_RULES_YEAR), psychic, kind)


def give_stats(rng: np.random.Generator, cards: Table) -> Table:
    """Rarity, weakness, resistance, hp, retreat, attacks and damage, given type, stage and year."""
    kind, stage, year = cards["type_no"], cards["stage_no"], cards["year"]
    n, noise = len(kind), rng.normal(size=(len(kind), 4))
    u = rng.random((n, 8))
    rarity = pick_rarity(u[:, 0], year)
    extra = np.array([row[5] for row in lore.RARITIES])[rarity] * (year >= 2007)
    age = year - lore.FIRST_YEAR
    hp = 50 + 1.6 * age + 14 * stage + 9 * stage**2 + lore.HP_SHIFT[kind] + extra + cards["hp_offset"] + 9 * noise[:, 0]
    hp = np.clip(np.round(hp / 10) * 10, 30, 300)
    cost = np.clip(np.round(1.95 + 0.5 * stage + lore.COST_SHIFT[kind] + 0.85 * noise[:, 1]), 1, 5)
    damage = hp * (0.36 + 0.015 * age) + 11 * (cost - 2) + lore.DAMAGE_SHIFT[kind] + 11 * noise[:, 2]
    weight = 1.45 + 0.009 * (hp - 85) + lore.RETREAT_SHIFT[kind] + 0.6 * noise[:, 3]
    hp[some(rng, likely_giants(rarity, year), OUT_VALID_SHARE, of=n)] = 340
    return {
        "rarity_no": rarity,
        "weakness": pick_option(u[:, 1:4], kind, year, (lore.OLD_WEAKNESS, lore.NEW_WEAKNESS)),
        "resistance": pick_option(u[:, 4:7], kind, year, (lore.OLD_RESISTANCE, lore.NEW_RESISTANCE)),
        "hp": hp,
        "retreat": np.digitize(weight, RETREAT_CUTS).astype(np.int64),
        "attack_cost": cost.astype(np.int64),
        "max_damage": np.clip(np.round(damage / 10) * 10, 10, 330).astype(np.int64),
        "n_attacks": pick(u[:, 7], [0.38, 0.59, 0.03]) + 1,
        "ability": rng.random(n) < 0.12 + 0.09 * stage + 0.004 * age,
    }


def pick_rarity(u: Floats, year: Ints) -> Ints:
    """Row numbers of RARITIES, among the labels in use that year."""
    weight, first, last = (np.array([row[k] for row in lore.RARITIES]) for k in (1, 2, 3))
    return pick_rows(u, weight * ((first <= year[:, None]) & (year[:, None] <= last)))


def likely_giants(rarity: Ints, year: Ints) -> Ints:
    """Rows that may carry the highest hp: ultra rare or better and late; the last row when there is none."""
    rows = np.flatnonzero(np.isin(rarity, [5, 6, 7]) & (year >= 2015))
    return rows if len(rows) else np.array([len(year) - 1])


def pick_option(u: Floats, kind: Ints, year: Ints, tables: tuple[lore.Odds, lore.Odds]) -> Words:
    """A type or "-" by the table of the card's era; `WEAKNESS_NOISE` of the cards get any type instead."""
    old, new = (lore.odds(table) for table in tables)
    odds = np.where((year < lore.NEW_RULES_YEAR)[:, None], old[kind], new[kind])
    usual = pick_rows(u[:, 0], odds)
    other = np.floor(u[:, 1] * len(lore.TYPES)).astype(np.int64)
    return np.array(lore.OPTIONS)[np.where(u[:, 2] < WEAKNESS_NOISE, other, usual)]


def give_prices(rng: np.random.Generator, cards: Table) -> Table:
    """What the shop adds: artist, language, source, time of the scrape, price in dollars, support's later remark."""
    n = len(cards["year"])
    u, noise = rng.random((n, 7)), rng.normal(size=n)
    level = np.array([row[4] for row in lore.RARITIES])[cards["rarity_no"]]
    vintage = np.where(cards["year"] < 2004, 0.9, 0.0)
    price = level * np.exp(vintage + 0.8 * np.log(cards["popularity"]) + 0.75 * noise)
    dear = some(rng, np.flatnonzero(level >= np.sort(level)[-max(1, n // 20)]), OUT_VALID_SHARE, of=n)
    price[dear] = 1000 + np.floor(1500 * u[dear, 6])
    artists = np.array([f"{first} {last}" for first in lore.ARTIST_FIRST for last in lore.ARTIST_LAST])
    start = np.maximum(cards["release_date"].astype("datetime64[s]") + np.timedelta64(10, "D"), SCRAPES_START)
    age = np.floor(u[:, 3] * (SCRAPES_END - start).astype(np.int64)).astype("timedelta64[s]")
    return {
        "list_price": np.maximum(np.round(price, 2), 0.05),
        "artist": artists[pick(u[:, 0], 1.0 / np.arange(1, len(artists) + 1))],
        "language": np.array(["en", "de", "fr", "es"])[pick(u[:, 1], [0.9, 0.04, 0.03, 0.03])],
        "source": SOURCES[pick(u[:, 2], SOURCE_WEIGHTS)],
        "scraped_at": start + age,
        "support_tag": support_tags(u[:, 4], u[:, 5], cards["type_no"]),
    }


def support_tags(u: Floats, which: Floats, kind: Ints) -> Words:
    """What support noted after the sale; a good part of the notes names the type (the trap LEAK-POST)."""
    moved = np.char.add("mis-typed, moved to ", np.array(lore.TYPES)[kind])
    other = np.array(["late parcel", "payment query"])[(which < 0.5).astype(np.int64)]
    return np.where(u < 0.05, moved, np.where(u < 0.08, other, ""))


def as_table(cards: Table) -> pd.DataFrame:
    """The public columns, in order and typed."""
    numbers = zip(lore.CODE_LETTERS[cards["type_no"]], cards["set_no"], cards["number"], strict=True)
    labels = [row[0] for row in lore.RARITIES]
    epithet = np.array([" Apex" if label in ("Rare Ultra", "Rare Rainbow") else "" for label in labels])
    table = pd.DataFrame({column: cards[column] for column in COLUMNS if column in cards})
    marks = pd.Series(cards["year"]).map(lore.MARKS)
    table = table.assign(
        card_code=[f"{letter}{set_no:03d}-{number:03d}" for letter, set_no, number in numbers],
        name=np.char.add(cards["species_name"], epithet[cards["rarity_no"]]),
        species_id=[f"S{number:05d}" for number in cards["species_no"]],
        type=pd.Categorical(np.array(lore.TYPES)[cards["type_no"]], categories=lore.TYPES),
        stage=np.array(lore.STAGES)[cards["stage_no"]],
        rarity=np.array(labels)[cards["rarity_no"]],
        regulation_mark=marks.astype("str"),
        pokedex_no=cards["species_no"],
        support_tag=pd.Series(cards["support_tag"], dtype="str").replace("", None),
        era=np.where(cards["year"] < lore.NEW_RULES_YEAR, "old", "new"),
        release_date=table["release_date"].astype("datetime64[us]"),
        scraped_at=table["scraped_at"].astype("datetime64[us]"),
    )
    return table[COLUMNS]
