"""The typing desk's table: the same for a seed, with the leaks, holes and groups that module 2 rests on."""

import pandas as pd
import pytest

from cardpress.desk import AFTERWARDS, AUDIT_COLUMNS, DESK_COLUMNS, SIMPSON_LABELS, Desk, make_desk

SEED = 0x2A6C41E0B7D9583FC1846F0A9DE2B573


@pytest.fixture(scope="module")
def desk() -> Desk:
    return make_desk(SEED)


@pytest.fixture(scope="module")
def archive(desk: Desk) -> pd.DataFrame:
    return desk.table[desk.table["batch"] == "archive"]


@pytest.fixture(scope="module")
def pilot(desk: Desk) -> pd.DataFrame:
    return desk.table[desk.table["batch"] == "pilot"]


def test_the_same_seed_gives_the_same_desk(desk: Desk) -> None:
    again = make_desk(SEED)

    pd.testing.assert_frame_equal(desk.table, again.table)
    pd.testing.assert_frame_equal(desk.audit, again.audit)


def test_a_desk_of_a_few_cards_is_refused() -> None:
    with pytest.raises(ValueError, match="n_cards is 20; a desk needs at least 200 cards"):
        make_desk(1, n_cards=20)


def test_the_pilot_comes_last_and_holds_only_new_species(
    desk: Desk, archive: pd.DataFrame, pilot: pd.DataFrame
) -> None:
    assert list(desk.table) == DESK_COLUMNS
    assert desk.table["listed_at"].is_monotonic_increasing
    assert pilot["listed_at"].min() > archive["listed_at"].max()
    assert len(pilot) / len(desk.table) == pytest.approx(0.15, abs=0.02)
    assert not set(archive["species_id"]) & set(pilot["species_id"])


def test_what_comes_after_typing_is_missing_in_the_pilot_only(archive: pd.DataFrame, pilot: pd.DataFrame) -> None:
    assert pilot[AFTERWARDS].isna().all().all()
    assert set(pilot["shelf"]) == {"IN"}
    assert archive[[name for name in AFTERWARDS if name != "support_tag"]].notna().all().all()


def test_three_columns_know_the_type_of_archived_cards(archive: pd.DataFrame) -> None:
    kinds = archive["type"].astype("str")

    assert (kinds.groupby(archive["shelf"]).nunique() == 1).all()
    assert (kinds.groupby(archive["card_code"].str[0]).nunique() == 1).all()
    assert (archive["species_type"] == kinds).mean() > 0.95


def test_the_audit_holds_true_values_of_a_part_of_the_archive(desk: Desk, archive: pd.DataFrame) -> None:
    both = archive.merge(desk.audit, on="listing_id", suffixes=("", "_true"))

    assert list(desk.audit) == AUDIT_COLUMNS
    assert len(both) == len(desk.audit) == 720
    assert not desk.audit.isna().any().any()
    for name in AUDIT_COLUMNS[1:]:
        known = both[both[name].notna()]
        assert (known[name] == known[f"{name}_true"]).all()


def test_scan_dpi_is_missing_by_app_and_condition_where_it_is_bad(desk: Desk, archive: pd.DataFrame) -> None:
    gaps = archive[["artist", "scan_dpi", "condition"]].isna()
    by_app = gaps.groupby(archive["app"]).mean()
    both = archive.merge(desk.audit, on="listing_id", suffixes=("", "_true"))
    bad = both["condition_true"] <= 4

    assert by_app.loc["web", "scan_dpi"] == pytest.approx(0.45, abs=0.04)
    assert by_app.loc["phone", "scan_dpi"] == pytest.approx(0.03, abs=0.015)
    assert by_app["condition"].diff().abs().max() < 0.03
    assert gaps["artist"].mean() == pytest.approx(0.04, abs=0.01)
    assert both.loc[bad, "condition"].isna().mean() > 0.5
    assert both.loc[both["condition_true"] >= 8, "condition"].isna().mean() < 0.03


def test_cards_without_a_condition_come_back_far_more_often(archive: pd.DataFrame) -> None:
    shares = archive["returned"].groupby(archive["condition"].isna()).mean()

    assert shares[True] > 4 * shares[False]


def test_in_one_pair_of_sets_the_rarer_card_is_dearer_within_and_cheaper_together(desk: Desk) -> None:
    """Simpson's pair: the only two sets with no rarities but these two."""
    rarities = desk.table.groupby("set_code")["rarity"].agg(set)
    sets = rarities[rarities.map(lambda found: found == set(SIMPSON_LABELS))].index
    pair = desk.table[desk.table["set_code"].isin(sets)]
    common, holo = SIMPSON_LABELS

    within = pair.groupby(["set_code", "rarity"])["list_price"].median().unstack()
    together = pair.groupby("rarity")["list_price"].median()

    assert len(sets) == 2
    assert (within[holo] > within[common]).all()
    assert together[common] > 2 * together[holo]
