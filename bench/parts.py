"""Where the engine's CPU seconds go, beside the floor's: `python -m bench.parts [--rounds 3] [--submissions 10]`.

The same assignment and submissions as `bench.grading`. Engine and floor take turns; each part is the mean over the
submissions but the first, and of that the median over the rounds. Prints a table for docs/explanation.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bench.arms import EngineArm, FloorArm, own_s
from bench.course import write_course
from bench.reference import submissions

Parts = dict[str, float]  # CPU ms of a submission, or page faults


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="bench.parts", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--submissions", type=int, default=10, help="of 30; the first is warm-up and isn't counted")
    parser.add_argument("--of", nargs=2, metavar=("ARM", "FOLDER"), help=argparse.SUPPRESS)
    asked = parser.parse_args(arguments)
    if asked.of:
        name, folder = asked.of
        print(json.dumps({"engine": engine, "floor": floor}[name](Path(folder))))
        return
    turns: list[Parts] = []
    for _ in range(asked.rounds):
        parts: Parts = {}
        for arm in ("engine", "floor"):
            # Anew each time: what is recorded once isn't recorded again.
            with tempfile.TemporaryDirectory(prefix="bench-") as folder:
                Path(folder).chmod(0o755)
                write_course(Path(folder), submissions(asked.submissions))
                command = [sys.executable, "-m", "bench.parts", "--of", arm, folder]
                done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode:
                raise SystemExit(f"{arm} failed:\n{done.stderr}")
            parts |= json.loads(done.stdout.splitlines()[-1])
        turns.append(parts)
    print(table({name: statistics.median(turn[name] for turn in turns) for name in turns[0]}))


def engine(folder: Path) -> Parts:
    """What each process of the engine uses for a submission."""
    arm = EngineArm(folder)
    found: list[Parts] = []
    with arm.runner:
        for student in _students(folder):
            before, began = [_times(pid) for pid in arm.zygotes], own_s()
            intake = arm.read(student)
            read = own_s()
            result = arm.grade(intake)
            graded = own_s()
            arm.record(student, intake, result)
            recorded = own_s()
            one, two = (
                [now - then for now, then in zip(_times(pid), was, strict=True)]
                for pid, was in zip(arm.zygotes, before, strict=True)
            )
            found.append(
                {
                    "student": one[1],
                    "student_faults": one[2],
                    "judge": two[1],
                    "judge_faults": two[2],
                    "zygotes": one[0] + two[0],
                    "reading": 1000 * (read - began),
                    "controller": 1000 * (graded - read),
                    "recording": 1000 * (recorded - graded),
                }
            )
    return _mean(found)


def floor(folder: Path) -> Parts:
    """What the same cells use in one process, first without the tests, then with them."""
    out = sys.stdout
    arm = FloorArm(folder)
    found: list[Parts] = []
    for student in _students(folder):
        start = _used()
        arm.run(student, tests=False)
        middle = _used()
        arm.run(student)
        end = _used()
        cells, whole = (middle[0] - start[0], middle[1] - start[1]), (end[0] - middle[0], end[1] - middle[1])
        found.append(
            {
                "floor_cells": cells[0],
                "floor_cells_faults": cells[1],
                "floor_tests": whole[0] - cells[0],
                "floor_tests_faults": whole[1] - cells[1],
            }
        )
    sys.stdout = out
    return _mean(found)


def table(parts: Parts) -> str:
    """The parts as Markdown, milliseconds of CPU and page faults of one submission."""
    total = sum(parts[name] for name in ("student", "judge", "zygotes", "reading", "controller", "recording"))
    floor_total = parts["floor_cells"] + parts["floor_tests"]
    rows = [
        ("the student's and locked cells, and what tests ask of them", "student", "floor_cells"),
        ("the judge: the tests' own work, and asking", "judge", "floor_tests"),
        ("the zygotes' own: forking, reaping", "zygotes", None),
        ("the controller: cells, frames, watchdog", "controller", None),
        ("reading the submission", "reading", None),
        ("recording it in the gradebook", "recording", None),
    ]
    lines = ["| part | CPU ms | the floor | page faults | the floor |", "|---|---|---|---|---|"]
    for label, name, below in rows:
        faults = f"{parts[f'{name}_faults']:,.0f}" if f"{name}_faults" in parts else ""
        under = (f"{parts[below]:.0f}", f"{parts[f'{below}_faults']:,.0f}") if below else ("", "")
        lines.append(f"| {label} | {parts[name]:.0f} | {under[0]} | {faults} | {under[1]} |")
    lines.append(f"| together: {total / floor_total:.2f} times the floor | {total:.0f} | {floor_total:.0f} | | |")
    return "\n".join(lines)


def _students(folder: Path) -> list[str]:
    return sorted(place.name for place in (folder / "submitted").iterdir())


def _times(pid: int) -> tuple[float, float, float]:
    """CPU ms of a process, CPU ms of all that it reaped, and page faults of those."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    tick = 1000 / os.sysconf("SC_CLK_TCK")
    return (
        tick * (int(fields[11]) + int(fields[12])),
        tick * (int(fields[13]) + int(fields[14])),
        float(fields[8]),
    )


def _used() -> tuple[float, float]:
    """CPU ms of this process and its children, and page faults of the children."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return 1000 * (own_s() + children.ru_utime + children.ru_stime), float(children.ru_minflt)


def _mean(found: Sequence[Parts]) -> Parts:
    """The first is warm-up."""
    return {name: statistics.mean(one[name] for one in found[1:]) for name in found[0]}


if __name__ == "__main__":
    main()
