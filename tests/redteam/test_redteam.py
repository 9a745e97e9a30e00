"""Attacks on the engine that separates answers from tests have no effect, and each would have one without its layer.

A few of each class, so that it takes a minute; `make redteam` tries the whole corpus and prints it as a table.
"""

from collections.abc import Iterator

import pytest

from tests.redteam.controls import CONTROLS, Control
from tests.redteam.corpus import ATTACKS
from tests.redteam.corpus.base import Attack
from tests.redteam.harness import Harness, canaries_in, open_harness
from tests.redteam.reference import POINTS

QUICK = (
    *("a01", "a08", "a14", "a22", "a54", "a56", "a72", "a75"),
    *("b08", "b42", "b45", "b57"),
    *("c01", "c06", "c08", "c16", "c60", "c61", "c64", "c65"),
    *("d04", "d80", "d81", "d85"),
    *("e01", "e40", "e43", "e60"),
)
_BY_ID = {attack.id: attack for attack in ATTACKS}


@pytest.fixture(scope="module")
def harness() -> Iterator[Harness]:
    with open_harness("judge") as opened:
        yield opened


def test_an_honest_submission_scores_all_points(harness: Harness) -> None:
    assert harness.honest.total == POINTS


def test_a_lazy_submission_scores_nothing_and_sees_nothing_hidden(harness: Harness) -> None:
    assert harness.lazy.total == 0
    assert {name: canaries_in(text) for name, text in harness.lazy.documents.items() if canaries_in(text)} == {}


@pytest.mark.parametrize("attack", [_BY_ID[one] for one in QUICK], ids=QUICK)
def test_the_attack_has_no_effect(harness: Harness, attack: Attack) -> None:
    outcome = harness.run(attack)

    assert outcome.evidence == ()
    assert outcome.result == "stopped"


@pytest.mark.parametrize("control", CONTROLS, ids=[" and ".join(one.layers) for one in CONTROLS])
def test_without_a_layer_its_attack_succeeds(harness: Harness, control: Control) -> None:
    outcome = harness.run(_BY_ID[control.attack], honest_after=False, without=control.layers)

    assert outcome.result == "succeeded"
    assert harness.grade_honest() == POINTS
