"""The arithmetic of the capacity page, and that the page is what its measurements give."""

import pytest

from bench import capacity
from bench.capacity import Habits, Load, Machine, Measured

MEASURED = Measured(
    memory_mb=512, idle_mb=128, lesson_cpu_s=30, start_cpu_s=3, hub_s=0.3, proxy_s=0.01, database_s=0.02,
    service_s=0.06, grading_cpu_s=0.8,
)  # fmt: skip
HABITS = Habits(runs_per_lesson=3, lesson_s=5400, arrival_s=900, rush_s=600, grading_s=3600)
MACHINE = Machine(cores=10, memory_gib=50, spare=0.2)


def test_students_fit_by_memory_and_cores() -> None:
    assert capacity.per_gib(MEASURED.memory_mb) == 2
    assert capacity.students_per_core(MEASURED, HABITS) == 60  # 5400 s / (30 s x 3)
    assert capacity.gradings_per_minute(MEASURED, cores=2) == pytest.approx(150)


def test_loads_are_demand_by_supply_the_fullest_first() -> None:
    """80 students, by hand: 8 of 10 cores and 40 of 50 GiB are for them."""
    found = capacity.loads(80, MEASURED, HABITS, MACHINE)

    assert {one.name: one.load for one in found} == {
        "memory for servers": pytest.approx(1.0),  # 80 x 0.5 GiB of 40
        "cores for work": pytest.approx(1 / 6),  # 80 / 60 of 8
        "cores for starting servers": pytest.approx(1 / 30),  # 240 CPU s in 900 s on 8
        "the hub's process, at arrival": pytest.approx(24 / 900),
        "the proxy's process, at arrival": pytest.approx(0.8 / 900),
        "the database, at arrival": pytest.approx(1.6 / 900),
        "the service's process, before a deadline": pytest.approx(4.8 / 600),
        "grading on two cores": pytest.approx(80 / 9000),
    }
    assert [one.load for one in found] == sorted((one.load for one in found), reverse=True)


@pytest.mark.parametrize(("students", "machines"), [(1, 1), (80, 1), (81, 2), (800, 10)])
def test_machines_are_counted_whole(students: int, machines: int) -> None:
    assert capacity.machines_for(students, MEASURED, HABITS, MACHINE) == machines


def test_measurements_come_from_the_benches_reports() -> None:
    cpu = {"hub": 200.0, "proxy": 5.0, "service": 1.0, "database": 10.0}
    phases = [{"name": "sign-in", "cpu_ms": cpu}, {"name": "spawn", "cpu_ms": {**cpu, "hub": 100.0}}]
    phases.append({"name": "upload", "cpu_ms": {**cpu, "service": 60.0}})
    student = {
        "server": {"private_mb": 128, "cpu_s": 3},
        "lessons": {"a": {"private_mb": 384, "cpu_s": 10}, "b": {"private_mb": 200, "cpu_s": 30}},
    }

    reports = {"hub": {"phases": phases}, "student": student, "grading": {"cpu_s": {"engine": 0.8}}}

    assert capacity.parse_reports(reports) == MEASURED


def test_verdict_names_what_is_too_full_in_order() -> None:
    memory, hub, fine = Load("memory", 2.25, ""), Load("the hub", 1.5, ""), Load("grading", 0.5, "")

    assert capacity.verdict([memory, hub, fine]) == (
        "memory breaks first (2.2 times what there is), then the hub (1.5)."
    )
    assert capacity.verdict([memory, fine]) == "memory breaks first (2.2 times what there is)."
    assert capacity.verdict([fine]) == "everything holds; the fullest is grading (50%)."


def test_page_says_what_the_measurements_give() -> None:
    """Where it doesn't: make capacity."""
    made = capacity.page(capacity.read_reports(), Habits(), Machine()) + "\n"

    assert capacity.PAGE.read_text(encoding="utf-8") == made
