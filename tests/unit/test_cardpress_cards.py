"""Clean cards: the same seed gives the same ones, and they look like the game they stand for."""

import doctest

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cardpress import draws, lore
from cardpress.cards import COLUMNS, make_cards

SEED = 0x9C6C1D60F2B94B3A8D7720E41F5AA913


@pytest.fixture(scope="module")
def cards() -> pd.DataFrame:
    return make_cards(SEED)


@pytest.fixture(scope="module")
def new_era() -> pd.DataFrame:
    return make_cards(SEED, n_cards=3000, first_year=2020, last_year=2024)


def test_same_seed_gives_the_same_rows() -> None:
    pd.testing.assert_frame_equal(make_cards(SEED, n_cards=500), make_cards(SEED, n_cards=500))


def test_other_seed_gives_other_rows() -> None:
    first, second = make_cards(SEED, n_cards=500), make_cards(SEED + 1, n_cards=500)

    assert not first["name"].equals(second["name"])
    assert not first["hp"].equals(second["hp"])


@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 2**128),
    n_cards=st.integers(1, 120),
    years=st.tuples(st.integers(1999, 2024), st.integers(1999, 2024)).map(sorted),
)
def test_cards_of_any_size_and_span_keep_the_promises(seed: int, n_cards: int, years: list[int]) -> None:
    got = make_cards(seed, n_cards=n_cards, first_year=years[0], last_year=years[1])

    assert len(got) == n_cards
    assert list(got.columns) == COLUMNS
    assert got["card_code"].is_unique
    assert got["release_date"].dt.year.between(*years).all()
    assert (got["scraped_at"] > got["release_date"]).all()
    assert got["type"].cat.categories.tolist() == lore.TYPES


@pytest.mark.parametrize("years", [(1998, 2019), (2019, 2025), (2010, 2009)], ids=["too early", "too late", "reversed"])
def test_years_outside_the_game_are_refused(years: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="choose them within 1999 to 2024"):
        make_cards(SEED, n_cards=10, first_year=years[0], last_year=years[1])


def test_a_species_is_printed_about_four_times_as_one_creature(cards: pd.DataFrame) -> None:
    by_species = cards.assign(stem=cards["name"].str.removesuffix(" Apex")).groupby("species_id")

    assert 3.9 < by_species.size().mean() < 4.1
    assert (by_species["stem"].nunique() == 1).all()
    assert (by_species["stage"].nunique() == 1).all()
    assert (by_species["pokedex_no"].nunique() == 1).all()


def test_different_species_have_different_names(cards: pd.DataFrame) -> None:
    names = cards.assign(stem=cards["name"].str.removesuffix(" Apex")).groupby("stem")["species_id"].nunique()

    assert (names == 1).all()


def test_a_set_has_one_release_day(cards: pd.DataFrame) -> None:
    assert (cards.groupby("set_code")["release_date"].nunique() == 1).all()


def test_types_exist_only_in_their_years(cards: pd.DataFrame, new_era: pd.DataFrame) -> None:
    year = pd.concat([cards, new_era])["release_date"].dt.year
    kind = pd.concat([cards, new_era])["type"]

    assert year[kind == "Dragon"].min() >= 2012
    assert year[kind == "Fairy"].min() >= 2013
    assert year[kind == "Fairy"].max() <= 2019


def test_the_new_era_reprints_species_of_the_old_one(cards: pd.DataFrame, new_era: pd.DataFrame) -> None:
    old_names = cards.groupby("species_id")["name"].agg(lambda names: names.iloc[0].removesuffix(" Apex"))
    new_names = new_era.groupby("species_id")["name"].agg(lambda names: names.iloc[0].removesuffix(" Apex"))
    shared = old_names.index.intersection(new_names.index)

    assert len(shared) > 500
    assert old_names[shared].equals(new_names[shared])
    assert set(cards["card_code"]).isdisjoint(new_era["card_code"])


@pytest.mark.parametrize(
    ("kind", "column", "before", "after"),
    [
        ("Psychic", "weakness", "Psychic", "Darkness"),
        ("Darkness", "weakness", "Fighting", "Grass"),
        ("Dragon", "weakness", "Fairy", "-"),
        ("Metal", "resistance", "Psychic", "Grass"),
        ("Lightning", "resistance", "Metal", "-"),
        ("Psychic", "resistance", "-", "Fighting"),
    ],
)
def test_the_rules_changed_in_2020(
    cards: pd.DataFrame, new_era: pd.DataFrame, kind: str, column: str, before: str, after: str
) -> None:
    usual = [table.loc[table["type"] == kind, column].mode()[0] for table in (cards, new_era)]

    assert usual == [before, after]


def test_no_cards_at_all_are_refused() -> None:
    with pytest.raises(ValueError, match="ask for at least one card"):
        make_cards(SEED, n_cards=0)


def test_shares_are_near_those_of_the_real_game(cards: pd.DataFrame) -> None:
    """Shares of course.md 3.1, with the room that an invented game needs."""
    stage, retreat = cards["stage"].value_counts(normalize=True), cards["retreat"].value_counts(normalize=True)

    assert stage.to_dict() == pytest.approx({"Basic": 0.60, "Stage 1": 0.30, "Stage 2": 0.10}, abs=0.03)
    assert retreat.to_dict() == pytest.approx({0: 0.055, 1: 0.50, 2: 0.28, 3: 0.12, 4: 0.04}, abs=0.05)
    assert cards["regulation_mark"].isna().mean() == pytest.approx(0.67, abs=0.05)
    assert cards["type"].value_counts(normalize=True).max() == pytest.approx(0.14, abs=0.015)


def test_hit_points_and_damage_grow_with_the_years(cards: pd.DataFrame) -> None:
    year = cards["release_date"].dt.year
    by_year = cards.groupby(year)[["hp", "max_damage"]].mean()

    assert by_year.loc[1999, "hp"] + 25 < by_year.loc[2019, "hp"]
    assert by_year.loc[1999, "max_damage"] * 2 < by_year.loc[2019, "max_damage"]


def test_extremes_are_there_and_rare(cards: pd.DataFrame) -> None:
    assert (cards["hp"] == 340).mean() == pytest.approx(0.0015, abs=0.0005)
    assert (cards["list_price"] >= 1000).mean() == pytest.approx(0.0015, abs=0.0005)
    assert cards["list_price"].between(100, 1000).sum() > 20


def test_the_code_prefix_gives_the_type_away(cards: pd.DataFrame) -> None:
    """The trap LEAK-ID; its cure is to leave card_code out of the features."""
    assert (cards.groupby(cards["card_code"].str[0])["type"].agg(lambda kinds: kinds.nunique()) == 1).all()


def test_support_remarks_name_the_true_type(cards: pd.DataFrame) -> None:
    """The trap LEAK-POST."""
    named = cards["support_tag"].str.extract(r"moved to (\w+)$")[0].dropna()

    assert len(named) > 300
    assert (named == cards.loc[named.index, "type"].astype("str")).all()


def test_the_first_species_are_the_same_whatever_their_number() -> None:
    few, many = (make_cards(SEED, n_cards=600, n_species=n).groupby("species_id")["name"].first() for n in (100, 300))
    few, many = few.str.removesuffix(" Apex"), many.str.removesuffix(" Apex")

    assert few.equals(many[few.index])


def test_examples_of_the_draws_run() -> None:
    assert doctest.testmod(draws).failed == 0
    assert doctest.testmod(draws).attempted > 0
