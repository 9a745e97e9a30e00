"""Two months of listings: the same for a seed, with what the lesson and the exercises rest on."""

import pandas as pd
import pytest

from cardpress.listings import LISTING_COLUMNS, SALE_COLUMNS, make_listings

SEED = 0x78D905FFA6365E9463C1A7C291763203


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return make_listings(SEED, n_listings=2000)


def test_the_same_seed_gives_the_same_listings(table: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(table, make_listings(SEED, n_listings=2000))


def test_each_month_holds_half_of_the_listings_in_order_of_time(table: pd.DataFrame) -> None:
    assert table["listed_at"].is_monotonic_increasing
    assert table["listed_at"].dt.month.value_counts().to_dict() == {9: 1000, 10: 1000}


def test_columns_are_known_at_the_listing_or_after_the_sale(table: pd.DataFrame) -> None:
    assert list(table) == ["listing_id", "listed_at", *LISTING_COLUMNS, *SALE_COLUMNS]


def test_about_eight_of_a_hundred_cards_are_dear(table: pd.DataFrame) -> None:
    assert (table["sold_price"] >= 10).mean() == pytest.approx(0.083, abs=0.02)


def test_nothing_is_missing_and_no_price_is_zero(table: pd.DataFrame) -> None:
    assert not table.isna().any().any()
    assert table["sold_price"].min() > 0
    assert table["photos"].between(1, 8).all()
