"""Figures of agreement, against published examples, two libraries, and counts by hand."""

import math
import random

import krippendorff
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from classroom.rubric.agreement import bootstrap, compare, drift, mean_difference, ordinal_alpha, weighted_kappa

# Krippendorff (2011), section E: four observers, twelve units, data missing.
TEXTBOOK = (
    (1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None),
    (1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3),
    (None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None),
    (1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None),
)
PAIRS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=2, max_size=40)


def test_alpha_of_krippendorff_s_own_example() -> None:
    units = [[level for level in unit if level is not None] for unit in zip(*TEXTBOOK, strict=True)]

    assert ordinal_alpha(units) == pytest.approx(0.815, abs=0.0005)


@given(PAIRS)
def test_alpha_is_the_library_s(pairs: list[tuple[int, int]]) -> None:
    found = ordinal_alpha(pairs)

    if len({level for pair in pairs for level in pair}) == 1:
        assert found is None
    else:
        data = np.array(pairs, dtype=float).T
        expected = krippendorff.alpha(reliability_data=data, level_of_measurement="ordinal")
        assert found == pytest.approx(expected, abs=1e-9)


@given(PAIRS)
def test_kappa_is_scikit_learn_s(pairs: list[tuple[int, int]]) -> None:
    found = weighted_kappa(pairs)

    first, second = zip(*pairs, strict=True)
    if len(set(first) | set(second)) == 1:
        assert found is None
    else:
        expected = cohen_kappa_score(first, second, labels=range(5), weights="quadratic")
        assert found == pytest.approx(expected, abs=1e-9)


def test_kappa_by_hand() -> None:
    """4 / 4 observed; means 2 and 2.5, mean squares 5 and 7, so 5 + 7 - 2 * 2 * 2.5 expected."""
    assert weighted_kappa([(1, 1), (3, 3), (3, 3), (1, 3)]) == pytest.approx(1 - 1 / 2)


def test_what_all_agree_on_has_no_kappa_and_no_alpha() -> None:
    made = compare([(3, 3)] * 12)

    assert (made.kappa.value, made.alpha.value, made.exact, made.adjacent) == (None, None, 1, 1)


def test_shares_by_hand() -> None:
    made = compare([(0, 0), (1, 2), (4, 2), (3, 3)])

    assert (made.n, made.exact, made.adjacent) == (4, 0.5, 0.75)


def test_no_pairs_no_figures() -> None:
    made = compare([])

    assert (made.n, made.kappa.value, made.exact, made.adjacent) == (0, None, None, None)


def test_bias_is_signed() -> None:
    assert mean_difference([(3, 2), (4, 2), (2, 2), (0, 0)]) == 0.75


def test_the_interval_is_the_same_each_time_and_holds_the_value() -> None:
    dice = random.Random(7)
    pairs = [(level, max(0, level - dice.choice((0, 0, 1)))) for level in dice.choices(range(5), k=60)]

    once, again = bootstrap(pairs, weighted_kappa), bootstrap(pairs, weighted_kappa)

    assert once == again
    assert once.low is not None
    assert once.value is not None
    assert once.high is not None
    assert -1 <= once.low < once.value < once.high <= 1


def test_an_interval_narrows_with_more_pairs() -> None:
    few = [(0, 0), (1, 2), (2, 2), (3, 3), (4, 3), (2, 1)] * 2

    def width(times: int) -> float:
        figure = bootstrap(few * times, mean_difference)
        return (figure.high or math.inf) - (figure.low or 0)

    assert width(8) < width(1)


def test_drift_is_the_mean_of_windows_in_order() -> None:
    assert drift([0.0] * 10 + [1.0] * 10) == [(10, 0.0), (15, 0.5), (20, 1.0)]
    assert drift([1.0] * 9) == []
