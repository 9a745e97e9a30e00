"""Whatever a student's object is, it can't pass a test by what it says of itself."""

from collections.abc import Iterator

import pytest

from judge.plan import GradingJob, Limits, PlanCell, State
from judge.runner import Runner
from judge.sandbox.slots import own_uid
from tests.redteam.duels import DUELS, Duel
from tests.redteam.exercises import EXERCISES, POINTS, PRELOAD

SHORT = Limits(cell_s=10, call_s=2, test_s=3, total_s=30)  # an answer that stalls costs this much of our time


@pytest.fixture(scope="module")
def runner() -> Iterator[Runner]:
    with own_uid() as uid, Runner(preload=PRELOAD, uid=uid) as opened:
        yield opened


def fight(runner: Runner, exercise: str, answer: str, limits: Limits) -> tuple[float, State]:
    """Points of an answer, and how its test ended."""
    cells = (PlanCell("f", "student", answer), PlanCell("test_f", "test", EXERCISES[exercise].test, POINTS))
    (verdict,) = runner.grade(GradingJob("duel", "duel", cells, limits=limits)).verdicts
    return verdict.points, verdict.state


@pytest.mark.parametrize("exercise", EXERCISES)
def test_an_honest_answer_earns_its_point(runner: Runner, exercise: str) -> None:
    assert fight(runner, exercise, EXERCISES[exercise].honest, Limits()) == (POINTS, State.ok)


@pytest.mark.parametrize("duel", DUELS, ids=[duel.id for duel in DUELS])
def test_a_hostile_answer_earns_nothing(runner: Runner, duel: Duel) -> None:
    points, state = fight(runner, duel.exercise, duel.answer, SHORT)

    assert points == 0
    assert state is not State.grader_fault
