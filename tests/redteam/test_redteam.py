"""No attack of the corpus succeeds on the engine that separates answers from tests.

The whole corpus takes some minutes. `make redteam` prints it as a table; REDTEAM_ONLY=a01,b08 chooses attacks here.
"""

import os
from collections.abc import Iterator

import pytest

from tests.redteam.corpus import ATTACKS
from tests.redteam.corpus.base import Attack
from tests.redteam.engines import why_no_judge
from tests.redteam.harness import Harness, canaries_in, open_harness
from tests.redteam.reference import POINTS

pytestmark = pytest.mark.skipif(bool(why_no_judge()), reason=why_no_judge() or "the engine is there")

_ONLY = {one for one in os.environ.get("REDTEAM_ONLY", "").split(",") if one}
_CHOSEN = [attack for attack in ATTACKS if not _ONLY or attack.id in _ONLY]


@pytest.fixture(scope="module")
def harness() -> Iterator[Harness]:
    with open_harness("judge") as opened:
        yield opened


def test_an_honest_submission_scores_all_points(harness: Harness) -> None:
    assert harness.honest.total == POINTS


def test_a_lazy_submission_scores_nothing_and_sees_nothing_hidden(harness: Harness) -> None:
    assert harness.lazy.total == 0
    assert {name: canaries_in(text) for name, text in harness.lazy.documents.items() if canaries_in(text)} == {}


# With a layer off its attack must succeed, or the suite wouldn't notice the layer's loss.
_CONTROLS = {"landlock": "c02", "seccomp": "e42", "landlock-seccomp": "e01"}


@pytest.mark.parametrize("layer", _CONTROLS)
def test_without_a_layer_its_attack_succeeds(layer: str) -> None:
    attack = next(one for one in ATTACKS if one.id == _CONTROLS[layer])

    with open_harness(f"judge-without-{layer}") as harness:
        outcome = harness.run(attack)

    assert outcome.result == "succeeded"


@pytest.mark.parametrize("attack", _CHOSEN, ids=[attack.id for attack in _CHOSEN])
def test_the_attack_has_no_effect(harness: Harness, attack: Attack) -> None:
    outcome = harness.run(attack)

    assert outcome.evidence == ()
    assert outcome.result == "stopped"
