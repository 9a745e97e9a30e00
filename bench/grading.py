"""Compares three ways to grade one class: stock nbgrader, this engine, and the cells alone in one warm process.

`python -m bench.grading [--rounds 3] [--submissions 10] [--json FILE]`. The arms take turns, so that a slow moment of
the machine meets them all; compare figures of one run only. Fails when the engine's points differ from stock's.
"""

import argparse
import ctypes
import datetime as dt
import json
import os
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench.arms import Points
from bench.course import start_nbgrader, write_course
from bench.memory import Peak
from bench.reference import ASSIGNMENT, NOTEBOOK, submissions

ARMS = ("stock", "engine", "floor")
_PR_SET_CHILD_SUBREAPER = 36


@dataclass(frozen=True)
class Turn:
    """One arm's turn. cpu_s, wall_s: of a submission, start and the first one left out. figures: drawn in all."""

    cpu_s: float
    wall_s: float
    points: Points
    figures: int | None


@dataclass(frozen=True)
class Report:
    """Medians over the rounds. memory_mb: by arm the peak of all its processes, as PSS and as private memory."""

    date: str
    machine: str
    rounds: int
    submissions: int
    cpu_s: dict[str, float]
    wall_s: dict[str, float]
    less_than_stock: float
    times_floor: float
    per_minute_and_core: dict[str, float]
    memory_mb: dict[str, dict[str, float]]
    by_round: dict[str, list[float]]
    test_cells_compared: int


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="bench.grading", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--submissions", type=int, default=10, help="of 30; the first is warm-up and isn't counted")
    parser.add_argument("--json", type=Path, help="write the report here too")
    asked = parser.parse_args(arguments)
    if not 2 <= asked.submissions <= 30:
        parser.error("--submissions must be 2 to 30: the first is warm-up")
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    report = measure(asked.rounds, asked.submissions)
    print(table(report))
    if asked.json:
        asked.json.write_text(json.dumps(asdict(report), indent=1) + "\n")


def measure(rounds: int, count: int) -> Report:
    """Interleaved rounds, then one of two submissions each for the memory."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, tempfile.TemporaryDirectory(prefix="bench-") as small:
        for place, number in ((Path(folder), count), (Path(small), 2)):
            place.chmod(0o755)
            write_course(place, submissions(number))
        turns: dict[str, list[Turn]] = {arm: [] for arm in ARMS}
        compared = 0
        for number in range(rounds):
            for arm in ARMS:
                turns[arm].append(_take_turn(arm, Path(folder)))
                print(f"round {number + 1}: {arm:<7}{turns[arm][-1].cpu_s:7.3f} CPU s", file=sys.stderr, flush=True)
            compared += compare(turns["stock"][-1].points, turns["engine"][-1].points)
            figures = {turns[arm][-1].figures for arm in ("engine", "floor")}
            assert len(figures) == 1, f"engine and floor drew {figures} figures"
            assert figures != {0}, "nobody drew a figure"
        memory = {arm: _peak(arm, Path(small)) for arm in ARMS}
    cpu_s = {arm: statistics.median(turn.cpu_s for turn in turns[arm]) for arm in ARMS}
    wall_s = {arm: statistics.median(turn.wall_s for turn in turns[arm]) for arm in ARMS}
    return Report(
        date=dt.datetime.now(dt.UTC).date().isoformat(),
        machine=f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}",
        rounds=rounds,
        submissions=count,
        cpu_s=cpu_s,
        wall_s=wall_s,
        less_than_stock=statistics.median(_ratios(turns, "stock", "engine")),
        times_floor=statistics.median(_ratios(turns, "engine", "floor")),
        per_minute_and_core={arm: 60 / seconds for arm, seconds in cpu_s.items()},
        memory_mb=memory,
        by_round={arm: [turn.cpu_s for turn in turns[arm]] for arm in ARMS},
        test_cells_compared=compared,
    )


def compare(stock: Points, engine: Points) -> int:
    """How many test cells have the same points in both; fails on the first that hasn't, and on a missing one."""
    assert stock.keys() == engine.keys(), (stock.keys(), engine.keys())
    for student, cells in stock.items():
        for cell, points in cells.items():
            assert engine[student][cell] == points, f"{student}/{cell}: stock {points}, engine {engine[student][cell]}"
    return sum(len(cells) for cells in stock.values())


def table(report: Report) -> str:
    """The report as text."""
    head = f"{'':<8}{'CPU s':>8}{'wall s':>8}{'a minute and core':>19}{'peak PSS MB':>13}{'private MB':>12}"
    lines = [
        f"{arm:<8}{report.cpu_s[arm]:8.3f}{report.wall_s[arm]:8.2f}{report.per_minute_and_core[arm]:19.1f}"
        f"{report.memory_mb[arm]['pss']:13.0f}{report.memory_mb[arm]['private']:12.0f}"
        for arm in ARMS
    ]
    return "\n".join(
        [
            f"{report.date}, {report.machine}; {report.rounds} rounds of {report.submissions} submissions",
            head,
            *lines,
            f"engine: {report.less_than_stock:.2f} times less than stock, {report.times_floor:.2f} times the floor",
            f"the same points in all {report.test_cells_compared} test cells compared",
        ]
    )


def _ratios(turns: dict[str, list[Turn]], above: str, below: str) -> list[float]:
    """Round by round: both sides met the same moment of the machine."""
    return [one.cpu_s / two.cpu_s for one, two in zip(turns[above], turns[below], strict=True)]


def _take_turn(arm: str, prepared: Path) -> Turn:
    with _copy(prepared) as folder:
        if arm == "stock":
            return _stock(folder)
        done = subprocess.run([sys.executable, "-m", "bench.arms", arm, str(folder)], capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"{arm} failed:\n{done.stderr}")
        answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        cpu_s, wall_s = (statistics.mean(answer[key][1:]) for key in ("cpu_s", "wall_s"))
        return Turn(cpu_s, wall_s, answer["points"], answer["figures"])


def _stock(folder: Path) -> Turn:
    """`nbgrader autograde` for the first submission, then one command for all others, less one with nothing to do."""
    students = sorted(place.name for place in (folder / "submitted").iterdir())
    _timed(folder, "autograde", ASSIGNMENT, "--student", students[0])
    cpu_s, wall_s = _timed(folder, "autograde", ASSIGNMENT)
    idle_cpu_s, idle_wall_s = _timed(folder, "autograde", ASSIGNMENT)
    count = len(students) - 1
    return Turn((cpu_s - idle_cpu_s) / count, (wall_s - idle_wall_s) / count, _recorded(folder, students), None)


def _timed(folder: Path, *arguments: str) -> tuple[float, float]:
    """Everything counts that the command started, orphans too."""
    before, began = _reaped_s(), time.perf_counter()
    start_nbgrader(folder, *arguments, check=False)
    wall_s = time.perf_counter() - began
    with suppress(ChildProcessError):
        while True:
            os.waitpid(-1, 0)
    return _reaped_s() - before, wall_s


def _recorded(folder: Path, students: Sequence[str]) -> Points:
    """The auto scores in nbgrader's gradebook."""
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}") as book:
        return {
            student: {
                grade.name: grade.auto_score
                for grade in book.find_submission_notebook(NOTEBOOK, ASSIGNMENT, student).grades
            }
            for student in students
        }


def _peak(arm: str, prepared: Path) -> dict[str, float]:
    """In a round of its own: reading the sizes of processes slows them."""
    with _copy(prepared) as folder:
        command = ["nbgrader", "autograde", ASSIGNMENT] if arm == "stock" else ["bench.arms", arm, str(folder)]
        where = folder if arm == "stock" else None
        process = subprocess.Popen(
            [sys.executable, "-m", *command], cwd=where, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        with Peak(process.pid) as peak:
            process.wait()
    return {"pss": peak.pss_mb, "private": peak.private_mb}


@contextmanager
def _copy(prepared: Path) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="bench-") as place:
        folder = Path(place)
        folder.chmod(0o755)
        shutil.copytree(prepared, folder, dirs_exist_ok=True)
        yield folder


def _reaped_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
