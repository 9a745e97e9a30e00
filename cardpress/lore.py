"""The rules of the invented game: types, era tables, rarities, and the syllables that names are made of.

Shares follow aggregates of the real game (course.md 3.1); names, sets and artists are invented.
"""

from collections.abc import Mapping

import numpy as np

from cardpress.draws import Floats

Odds = Mapping[str, Mapping[str, float]]  # type -> weakness or resistance -> probability


def words(text: str) -> list[str]:
    """The words of a text, so that long lists of short names stay readable here."""
    return text.split()


TYPES = words("Water Grass Psychic Colorless Fighting Fire Lightning Darkness Metal Dragon Fairy")
NONE = "-"
OPTIONS = [*TYPES, NONE]
STAGES = ["Basic", "Stage 1", "Stage 2"]
FIRST_YEAR, LAST_YEAR = 1999, 2024
NEW_RULES_YEAR = 2020
DRAGON_YEAR, FAIRY_YEAR = 2012, 2013

# A species' latent type. Dragon and Fairy species are printed as another type while theirs does not exist.
LATENT_WEIGHTS = [13.9, 13.9, 13.4, 10.2, 11.2, 9.2, 9.1, 6.9, 5.5, 4.6, 4.2]

# Weakness by type; what a row lacks to 1 is spread over all types.
OLD_WEAKNESS: Odds = {
    "Water": {"Lightning": 0.82, "Grass": 0.09, "Metal": 0.07},
    "Grass": {"Fire": 0.88, "Psychic": 0.10},
    "Psychic": {"Psychic": 0.80, "Darkness": 0.14, NONE: 0.03},
    "Colorless": {"Fighting": 0.72, "Lightning": 0.09, NONE: 0.16},
    "Fighting": {"Psychic": 0.28, "Grass": 0.64, "Water": 0.06},
    "Fire": {"Water": 0.96},
    "Lightning": {"Fighting": 0.93},
    "Darkness": {"Fighting": 0.72, "Grass": 0.20},
    "Metal": {"Fire": 0.92, NONE: 0.04},
    "Dragon": {"Fairy": 0.74, "Dragon": 0.20},
    "Fairy": {"Metal": 0.96},
}
NEW_WEAKNESS: Odds = {
    **OLD_WEAKNESS,
    "Water": {"Lightning": 0.76, "Metal": 0.21},
    "Grass": {"Fire": 0.97},
    "Psychic": {"Darkness": 0.67, "Metal": 0.31},
    "Colorless": {"Fighting": 0.68, "Lightning": 0.27},
    "Fighting": {"Psychic": 0.70, "Grass": 0.26},
    "Darkness": {"Grass": 0.54, "Fighting": 0.43},
    "Metal": {"Fire": 0.97},
    "Dragon": {NONE: 0.97},
}
OLD_RESISTANCE: Odds = {
    "Water": {NONE: 0.95},
    "Grass": {"Water": 0.36, NONE: 0.62},
    "Psychic": {NONE: 0.86, "Fighting": 0.12},
    "Colorless": {"Fighting": 0.56, "Psychic": 0.04, NONE: 0.38},
    "Fighting": {NONE: 0.66, "Lightning": 0.32},
    "Fire": {NONE: 0.97},
    "Lightning": {"Metal": 0.84, NONE: 0.14},
    "Darkness": {"Psychic": 0.94, NONE: 0.05},
    "Metal": {"Psychic": 0.64, "Grass": 0.28, NONE: 0.06},
    "Dragon": {NONE: 0.97},
    "Fairy": {"Darkness": 0.94, NONE: 0.04},
}
NEW_RESISTANCE: Odds = {
    **OLD_RESISTANCE,
    "Grass": {NONE: 0.98},
    "Psychic": {"Fighting": 0.69, NONE: 0.29},
    "Colorless": {NONE: 0.68, "Fighting": 0.30},
    "Fighting": {NONE: 0.99},
    "Lightning": {NONE: 0.95, "Fighting": 0.03},
    "Darkness": {NONE: 0.97},
    "Metal": {"Grass": 0.98},
}

# Mean shift from an average card, by type: hp, retreat cost, attack cost, damage (in damage points).
HP_SHIFT = np.array([4, -6, -8, -2, 6, 2, -10, 0, 10, 18, -10], dtype=np.float64)
RETREAT_SHIFT = np.array([0.2, 0.0, -0.2, -0.1, 0.5, 0.0, -0.5, 0.1, 0.9, 0.1, -0.3])
COST_SHIFT = np.array([0.1, -0.1, -0.2, -0.1, 0.1, 0.1, -0.1, 0.0, 0.3, 0.4, -0.2])
DAMAGE_SHIFT = np.array([0, -5, -8, -2, 6, 7, 3, 2, 2, 10, -8], dtype=np.float64)

# Label, weight, first year, last year, price level in dollars (median), extra hp.
RARITIES: list[tuple[str, float, int, int, float, int]] = [
    ("Common", 30.1, 1999, 2024, 0.18, 0),
    ("Uncommon", 28.6, 1999, 2024, 0.30, 0),
    ("Rare", 15.5, 1999, 2024, 0.90, 5),
    ("Rare Holo", 10.5, 1999, 2024, 3.5, 10),
    ("Promo", 7.7, 1999, 2024, 2.5, 5),
    ("Rare Ultra", 5.2, 2007, 2024, 18.0, 60),
    ("Rare Secret", 2.1, 2003, 2024, 34.0, 45),
    ("Rare Rainbow", 2.6, 2017, 2022, 28.0, 70),
    ("Rare Shining", 0.25, 2001, 2003, 120.0, 10),
    ("Legend Pair", 0.45, 2010, 2011, 30.0, 40),
    ("Ace Rare", 0.35, 2012, 2013, 12.0, 0),
    ("Prism", 0.9, 2018, 2019, 3.0, 5),
    ("Radiant", 1.3, 2020, 2024, 2.0, 10),
    ("Illustration", 4.0, 2021, 2024, 9.0, 10),
]

MARKS = {2017: "A", 2018: "A", 2019: "B", 2020: "C", 2021: "D", 2022: "E", 2023: "F", 2024: "G"}
SERIES = [
    name.replace("_", " ")
    for name in words(
        "First_Light Tidewake Lodestone Ember_Trail Night_Orchard Quartz_&_Ivy Stormglass Deep_Root Crown_&_Claw "
        "High_Meadow Brass_Moon Far_Harbour Glass_Desert Winter_Court Open_Sky Old_Gate"
    )
]
# First letter of a card code by type, in the order of TYPES: the authors' trap LEAK-ID.
CODE_LETTERS = np.array(list("WGPCFRLDMNY"))

STARTS = words(
    "Bal Bre Bro Cal Ced Cra Dar Del Dro Eld Far Fel Flo Gan Ger Gli Har Heb Hur Ing Jal Jor Kar Kel Kry Lan Ler Lom "
    "Mar Mel Mur Nal Ner Nor Obr Olm Par Per Plo Qua Ral Ren Ros Sal Sev Sko Tal Ter Tro Ull Van Ver Vol Wal Wen Zil"
)
MIDDLES = words(
    "bad bef bim boz dac def dig dov gab gek gim gof kas keb kip kov lac lef lim loz mab mez mip mov nag nek nid nov "
    "pab pek pid pof rab rez riz rov sab sek sid sof tab tek tid tov vac vem vin zod"
)
ENDINGS = [["i", "u", "ette", "it"], ["on", "ar", "ilo", "esk"], ["oth", "ax", "urn", "empra"]]
ARTIST_FIRST = words("Ada Bela Cato Dina Egon Fay Gus Hilda Ivo Jun Kaja Leo Mina Nils Oda Pia Rafa Sol Tove Ugo")
ARTIST_LAST = words("Aldo Brink Corvi Dusek Ebner Fosse Gallo Hoyer Ivers Jansa Kolb Lindt Marsh Novak Orsini Pohl")


def odds(table: Odds) -> Floats:
    """The table as an array of shape (types, options), rows summing to 1; the rest of a row goes to all types."""
    rows = np.array([[table[kind].get(option, 0.0) for option in OPTIONS] for kind in TYPES])
    rest = 1.0 - rows.sum(axis=1, keepdims=True)
    rows[:, : len(TYPES)] += rest / len(TYPES)
    return rows
