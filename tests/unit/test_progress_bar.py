"""How a run is told while it goes: a bar on a terminal, plain lines elsewhere."""

import io

from rich.console import Console

from classroom.grading.jobs import RunProgress
from classroom.ops.progress_bar import progress_bar, told


def state(done: int, total: int = 20, left: float | None = None) -> RunProgress:
    return RunProgress(1, total, done, {"ok": done, "queued": total - done}, left, finished=done == total)


def test_counts_and_the_time_left_are_told() -> None:
    assert told(state(5, left=12.4)) == "5 ok, 15 queued, 12 s left"
    assert told(state(5, left=125)) == "5 ok, 15 queued, 2 min 5 s left"


def test_a_file_gets_a_line_at_each_tenth_and_no_more() -> None:
    out = io.StringIO()

    with progress_bar("ps1", Console(file=out, width=20)) as show:
        for done in (0, 1, 1, 2, 2, 11, 20):
            show(state(done))

    assert out.getvalue().splitlines() == [
        "ps1: 0 of 20: 0 ok, 20 queued",
        "ps1: 2 of 20: 2 ok, 18 queued",
        "ps1: 11 of 20: 11 ok, 9 queued",
        "ps1: 20 of 20: 20 ok, 0 queued",
    ]


def test_a_terminal_gets_a_bar_with_the_same_counts() -> None:
    out = io.StringIO()

    with progress_bar("ps1", Console(file=out, width=100, force_terminal=True, color_system=None)) as show:
        show(state(20))

    assert "20/20 20 ok, 0 queued" in out.getvalue()
