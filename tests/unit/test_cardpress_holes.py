"""Tables with holes of known kinds: the key says what the columns do."""

import pandas as pd
import pytest
from scipy import stats

from cardpress.holes import KINDS, KNOWN, MEASURES, Holes, make_holes

SEEDS = [0x9B4E7D10C2F85A36E1D7904B3C6FA825, 0x51C8E3A7F60D2B94875EB1C0D3A96F4E, 0xE03F9A5D7B6C41288D1F4C70A2B5E693]


@pytest.fixture(scope="module", params=SEEDS, ids=["first", "second", "third"])
def holes(request: pytest.FixtureRequest) -> Holes:
    return make_holes(request.param)


def p_by_known(holes: Holes, name: str) -> float:
    """The smallest p of a gap's dependence on one of the known columns."""
    gap = holes.table[name].isna()
    groups = [pd.qcut(column, 5) if column.nunique() > 10 else column for _, column in holes.table[KNOWN].items()]
    return min(float(stats.chi2_contingency(pd.crosstab(gap, group)).pvalue) for group in groups)


def p_by_itself(holes: Holes, name: str) -> float:
    """p of a difference between the true values of gaps and of the others, in the audit."""
    gap = holes.table.set_index("listing_id")[name].isna().loc[holes.audit["listing_id"]].to_numpy()
    values = holes.audit[name].to_numpy()
    return float(stats.ks_2samp(values[gap], values[~gap]).pvalue)


def test_each_kind_is_dealt_out_as_often_as_it_says(holes: Holes) -> None:
    assert sorted(holes.key) == sorted(MEASURES)
    assert sorted(holes.key.values()) == sorted(KINDS)


def test_what_hangs_on_a_known_column_shows_there(holes: Holes) -> None:
    for name, kind in holes.key.items():
        assert (p_by_known(holes, name) < 1e-30) == (kind == "MAR")
        assert kind == "MAR" or p_by_known(holes, name) > 1e-3


def test_what_hangs_on_itself_shows_in_the_audit_and_so_does_what_hangs_on_a_driver(holes: Holes) -> None:
    """So that asking the audit first, before the known columns, is a mistake that shows."""
    for name, kind in holes.key.items():
        assert (p_by_itself(holes, name) < 1e-6) == (kind != "MCAR")


def test_the_same_seed_gives_the_same_holes() -> None:
    first, again = make_holes(SEEDS[0]), make_holes(SEEDS[0])

    pd.testing.assert_frame_equal(first.table, again.table)
    pd.testing.assert_frame_equal(first.audit, again.audit)
    assert first.key == again.key
