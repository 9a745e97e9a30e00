"""Jobs and results travel as JSON; points of a test cell come from how it ran."""

import json

import pytest

from judge.outputs import MAX_OUTPUTS, MAX_TEXT_BYTES, Collector, Ran, Room
from judge.plan import CellResult, CellVerdict, GradingJob, GradingResult, Limits, PlanCell, State, worst
from judge.verdict import hint_of, judge_cell

AWARD = "from judge.kit import award\naward(points, 2)"
ASSERTS = "assert f(1) == 2"


def test_a_job_is_the_same_after_a_journey_as_json() -> None:
    cells = (PlanCell("f", "student", "def f(): ...\n"), PlanCell("t", "test", "assert f()", 2.0, "Try 0."))
    job = GradingJob("ada/ps1/ps1", "ps1", cells, {"data/a.csv": b"\x00\xff"}, Limits(cell_s=1, total_s=5))

    assert GradingJob.from_json(job.to_json()) == job


def test_a_result_is_the_same_after_a_journey_as_json() -> None:
    cells = (CellResult("f", [{"output_type": "stream", "name": "stdout", "text": "é\n"}], None, State.ok),)
    verdicts = (CellVerdict("t", 1.0, 2.0, State.wrong, "Try 0.", "f: no"),)
    result = GradingResult("ada/ps1/ps1", cells, verdicts, State.wrong, "t: f: no", 1.5, 0.5, "kernel-1")

    assert GradingResult.from_json(result.to_json()) == result
    assert (result.points, result.max_points) == (1.0, 2.0)


def test_the_worst_state_is_the_most_severe_and_ok_of_none() -> None:
    assert worst([State.error, State.timeout, State.wrong]) is State.timeout
    assert worst([]) is State.ok


@pytest.mark.parametrize(
    ("source", "ran", "points", "state"),
    [
        (AWARD, Ran(State.ok, result="2.0"), 2.0, State.ok),
        (AWARD, Ran(State.ok, result="1.5"), 1.5, State.wrong),
        (AWARD, Ran(State.ok, result="0"), 0.0, State.wrong),
        (AWARD, Ran(State.ok), 0.0, State.error),
        (AWARD, Ran(State.ok, result="3.0"), 0.0, State.error),
        (AWARD, Ran(State.ok, result="-1.0"), 0.0, State.error),
        (AWARD, Ran(State.ok, result="nan"), 0.0, State.error),
        (AWARD, Ran(State.ok, result="inf"), 0.0, State.error),
        (AWARD, Ran(State.ok, result="'2.0'"), 0.0, State.error),
        (AWARD, Ran(State.ok, result="2_0"), 0.0, State.error),
        (ASSERTS, Ran(State.ok), 2.0, State.ok),
        (ASSERTS, Ran(State.ok, result="1.0"), 1.0, State.wrong),
        (ASSERTS, Ran(State.ok, result="all good"), 0.0, State.error),
        (ASSERTS, Ran(State.ok, ename="AssertionError", error="AssertionError: "), 0.0, State.wrong),
        (ASSERTS, Ran(State.ok, ename="NameError", error="NameError: f"), 0.0, State.error),
        (ASSERTS, Ran(State.timeout, reason="too long"), 0.0, State.timeout),
        (AWARD, Ran(State.crashed, result="2.0", reason="gone"), 0.0, State.crashed),
    ],
)
def test_a_test_cell_earns_what_its_end_says(source: str, ran: Ran, points: float, state: State) -> None:
    verdict = judge_cell(PlanCell("t", "test", source, 2.0), ran)

    assert (verdict.points, verdict.state) == (points, state)


def test_only_a_lost_test_shows_its_hint() -> None:
    cell = PlanCell("t", "test", AWARD, 2.0, "Try 0.")

    assert judge_cell(cell, Ran(State.ok, result="1.0")).hint == "Try 0."
    assert judge_cell(cell, Ran(State.ok, result="2.0")).hint is None


@pytest.mark.parametrize(
    ("source", "hint"),
    [
        ('award(1, 2, hint="Try 0.")', "Try 0."),
        ('kit.award(1, 2, hint="Try 0.")', "Try 0."),
        ("award(1, 2, hint=secret)", None),
        ('award(1, 2, hint=f"{secret}")', None),
        ('x = award(1, 2, hint="Try 0.")', None),
        ("%magic\naward(", None),
    ],
)
def test_a_hint_is_a_literal_in_the_last_call_of_award(source: str, hint: str | None) -> None:
    assert hint_of(source) == hint


def test_a_flood_of_output_is_cut_by_bytes_and_says_so_once() -> None:
    collector = Collector(1000, Room())

    for _ in range(500):
        collector.add("stream", {"name": "stdout", "text": "é" * 100})
    ran = collector.end(State.ok)

    assert len(ran.printed.encode()) < 1100
    assert ran.printed.count("[cut here") == 1


def test_all_cells_together_stay_within_the_room_of_a_notebook() -> None:
    room = Room()

    for _ in range(10):
        Collector(1 << 20, room).add("stream", {"name": "stdout", "text": "x" * (1 << 20)})

    assert room.text == 0
    assert MAX_TEXT_BYTES == 4 << 20


def test_a_figure_is_kept_where_text_of_its_size_would_be_cut() -> None:
    collector = Collector(1000, Room())

    collector.add("display_data", {"data": {"image/png": "A" * 5000, "text/plain": "<Figure>"}, "metadata": {}})
    collector.add("display_data", {"data": {"text/html": "x" * 5000, "text/plain": "table"}, "metadata": {}})

    kept = [sorted(one["data"]) for one in collector.end(State.ok).outputs]
    assert kept == [["image/png", "text/plain"], ["text/plain"]]


def test_a_cleared_output_is_gone_when_the_next_one_comes() -> None:
    collector = Collector(1000, Room())

    collector.add("stream", {"name": "stdout", "text": "10 %"})
    collector.add("clear_output", {"wait": True})
    collector.add("stream", {"name": "stdout", "text": "20 %"})

    assert collector.end(State.ok).printed == "20 %"


def test_outputs_without_text_are_counted_too_and_the_last_one_says_so() -> None:
    room = Room()

    for _ in range(2):
        collector = Collector(1000, room)
        for _ in range(MAX_OUTPUTS):
            collector.add("display_data", {"data": {}, "metadata": {}})

    assert room.outputs == 0
    assert collector.outputs == []


def test_what_only_describes_an_output_is_capped_as_well() -> None:
    collector = Collector(1000, Room())
    large = "x" * 100_000

    collector.add("stream", {"name": large, "text": "a"})
    collector.add("display_data", {"data": {large: "b"}, "metadata": {"note": large, "image/png": {"width": 9}}})
    collector.add("execute_result", {"data": {}, "metadata": {}, "execution_count": large})
    collector.add("error", {"ename": large, "evalue": large, "traceback": [large]})

    ran = collector.end(State.error)
    assert len(json.dumps(ran.outputs)) < 8000
    assert ran.outputs[1]["metadata"] == {"image/png": {"width": 9}}
