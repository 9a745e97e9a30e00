"""How many students fit, and what breaks first: docs/reference/capacity.md, computed from what was measured.

    python -m bench.capacity     # reads bench/measured/{hub,student,grading}.json, writes the page

The three files are the `--json` of bench.hub, bench.student and bench.grading. Nothing on the page is typed by hand but
the assumptions below; a test computes it anew and compares.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

ROOT = Path(__file__).resolve().parent.parent
MEASURED = ROOT / "bench" / "measured"
TEMPLATE = ROOT / "bench" / "capacity.md.j2"
PAGE = ROOT / "docs" / "reference" / "capacity.md"
CLASSES = (100, 1_000, 10_000)


@dataclass(frozen=True)
class Habits:
    """What is assumed of people, since it can't be measured on a bench."""

    runs_per_lesson: float = 3  # how often each cell of a lesson is run
    lesson_s: float = 90 * 60  # in which time
    arrival_s: float = 15 * 60  # in which a class signs in and starts its servers
    rush_s: float = 10 * 60  # before a deadline, in which everybody submits once
    grading_s: float = 60 * 60  # in which a class's submissions of one assignment shall be graded


@dataclass(frozen=True)
class Machine:
    """The one server that a class has to fit on."""

    cores: int = 16
    memory_gib: int = 64
    spare: float = 0.2  # of cores and memory, for the class's own parts and the system


@dataclass(frozen=True)
class Measured:
    """Per student or step. memory_mb: private memory of a server with the heaviest lesson's kernel.

    lesson_cpu_s: the dearest lesson run once; start_cpu_s: JupyterLab until it answers; hub_s, proxy_s, database_s: a
    sign-in and a spawn; service_s: an upload; grading_cpu_s: a submission.
    """

    memory_mb: float
    idle_mb: float
    lesson_cpu_s: float
    start_cpu_s: float
    hub_s: float
    proxy_s: float
    database_s: float
    service_s: float
    grading_cpu_s: float


@dataclass(frozen=True)
class Load:
    """One limit. load: demand by supply, 1 is full. remedy: what helps."""

    name: str
    load: float
    remedy: str


def parse_reports(reports: Mapping[str, Any]) -> Measured:
    """From the reports of the three benches, by name."""
    hub, student, grading = reports["hub"], reports["student"], reports["grading"]
    cost = {phase["name"]: phase["cpu_ms"] for phase in hub["phases"]}
    lessons = student["lessons"].values()

    def arriving(part: str) -> float:
        return float(cost["sign-in"][part] + cost["spawn"][part]) / 1000

    return Measured(
        memory_mb=student["server"]["private_mb"] + max(lesson["private_mb"] for lesson in lessons),
        idle_mb=student["server"]["private_mb"],
        lesson_cpu_s=max(lesson["cpu_s"] for lesson in lessons),
        start_cpu_s=student["server"]["cpu_s"],
        hub_s=arriving("hub"),
        proxy_s=arriving("proxy"),
        database_s=arriving("database"),
        service_s=cost["upload"]["service"] / 1000,
        grading_cpu_s=grading["cpu_s"]["engine"],
    )


def per_gib(memory_mb: float) -> float:
    """Students whose servers fit into a GiB."""
    return 1024 / memory_mb


def students_per_core(measured: Measured, habits: Habits) -> float:
    """Students at work whom one core serves: its seconds, by the seconds that each wants of a lesson's time."""
    return habits.lesson_s / (measured.lesson_cpu_s * habits.runs_per_lesson)


def gradings_per_minute(measured: Measured, cores: float = 1) -> float:
    return 60 * cores / measured.grading_cpu_s


def loads(students: int, measured: Measured, habits: Habits, machine: Machine) -> list[Load]:
    """Every limit, the fullest first. One process of hub, proxy and service has one core's worth at most."""
    free = 1 - machine.spare
    cores, memory_mb = machine.cores * free, machine.memory_gib * 1024 * free
    found = [
        Load("memory for servers", students * measured.memory_mb / memory_mb, "more machines for servers"),
        Load("cores for work", students / students_per_core(measured, habits) / cores, "more machines for servers"),
        Load("cores for starting servers", students * measured.start_cpu_s / habits.arrival_s / cores,
             "more machines for servers, or start them before the lesson"),
        Load("the hub's process, at arrival", students * measured.hub_s / habits.arrival_s,
             "single sign-on (no password hashes), a longer arrival, a hub a course"),
        Load("the proxy's process, at arrival", students * measured.proxy_s / habits.arrival_s, "a hub a course"),
        Load("the database, at arrival", students * measured.database_s / habits.arrival_s, "a larger machine for it"),
        Load("the service's process, before a deadline", students * measured.service_s / habits.rush_s,
             "deadlines by section, or a service a course"),
        Load("grading on two cores", students / (gradings_per_minute(measured, 2) * habits.grading_s / 60),
             "more workers: docs/howto/grade-on-several-machines.md"),
    ]  # fmt: skip
    return sorted(found, key=lambda one: -one.load)


def machines_for(students: int, measured: Measured, habits: Habits, machine: Machine) -> int:
    """How many such machines hold everybody's servers at work."""
    by_name = {one.name: one.load for one in loads(students, measured, habits, machine)}
    return max(1, math.ceil(max(by_name["memory for servers"], by_name["cores for work"])))


def verdict(found: Sequence[Load]) -> str:
    """What breaks first, and what next; a sentence."""
    over = [one for one in found if one.load > 1]
    if not over:
        return f"everything holds; the fullest is {found[0].name} ({found[0].load:.0%})."
    then = "; ".join(f"{one.name} ({one.load:.1f})" for one in over[1:])
    return f"{over[0].name} breaks first ({over[0].load:.1f} times what there is){f', then {then}' if then else ''}."


def page(reports: Mapping[str, Any], habits: Habits, machine: Machine) -> str:
    """docs/reference/capacity.md."""
    measured = parse_reports(reports)
    environment = Environment(loader=FileSystemLoader(TEMPLATE.parent), undefined=StrictUndefined, autoescape=False)
    return environment.get_template(TEMPLATE.name).render(
        **reports,
        measured=measured,
        habits=habits,
        machine=machine,
        classes=CLASSES,
        by_class={count: loads(count, measured, habits, machine) for count in CLASSES},
        machines={count: machines_for(count, measured, habits, machine) for count in CLASSES},
        students_per_core=students_per_core(measured, habits),
        gradings_per_minute=gradings_per_minute(measured),
        per_gib=per_gib,
        verdict=verdict,
        first_bottleneck=lambda phase: max(phase["cpu_ms"], key=phase["cpu_ms"].get),
        percent=lambda found, name: f"{next(one.load for one in found if one.name == name):.0%}",
        minutes=lambda seconds: f"{seconds / 60:.0f}",
    )


def read_reports(folder: Path = MEASURED) -> dict[str, Any]:
    """The benches' reports by name."""
    return {name: json.loads((folder / f"{name}.json").read_text()) for name in ("hub", "student", "grading")}


def main() -> None:
    PAGE.write_text(page(read_reports(), Habits(), Machine()) + "\n", encoding="utf-8")
    print(f"{PAGE.relative_to(ROOT)} is written")


if __name__ == "__main__":
    main()
