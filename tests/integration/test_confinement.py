"""Confinement on each rung of this machine: found by attack, told as it is, and nothing left behind."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from judge.plan import GradingJob, Limits, PlanCell, State
from judge.runner import Runner
from judge.sandbox import owners
from judge.sandbox.probe import Rung
from judge.sandbox.slots import own_uid
from judge.sandbox.sweep import sweep
from tests.other_user import as_user

PROBE = [sys.executable, "-P", "-m", "judge.sandbox.probe"]
PATIENCE_S = 120.0


def probed(*without: str, command: list[str] = PROBE) -> Rung:
    words = [*command, *(word for layer in without for word in ("--without", layer))]
    done = subprocess.run(words, capture_output=True, text=True, timeout=PATIENCE_S)
    assert done.returncode == 0, done.stderr
    return Rung.from_json(done.stdout)


@pytest.mark.needs("sandbox")
def test_without_control_groups_the_watchdog_holds_every_attack() -> None:
    rung = probed("groups")

    assert rung.problems == ()
    assert (rung.confined, rung.counting) == (True, "watchdog")


@pytest.mark.needs("sandbox", "groups")
def test_with_control_groups_every_attack_is_stopped() -> None:
    rung = probed()

    assert rung.problems == ()
    assert rung.confined
    assert rung.counting.startswith("cgroup v")


@pytest.mark.needs("sandbox", "user")
def test_an_ordinary_user_confines_without_a_uid_of_its_own() -> None:
    rung = probed(command=as_user(PROBE))

    assert rung.problems == ()
    assert (rung.confined, rung.own_uid) == (True, False)


@pytest.mark.needs("sandbox")
@pytest.mark.parametrize(
    ("layer", "attack"),
    [
        ("landlock", "read a file outside"),
        ("seccomp", "connect to a Unix socket outside"),
        ("seccomp", "send a datagram"),
    ],
)
def test_a_missing_layer_is_found_by_the_attack_that_it_stops(layer: str, attack: str) -> None:
    rung = probed(layer)

    assert not rung.confined
    assert f"a confined process could {attack}" in rung.problems


@pytest.fixture(
    scope="module",
    params=[pytest.param("groups", marks=pytest.mark.needs("groups")), "watchdog"],
)
def runner(request: pytest.FixtureRequest) -> Iterator[Runner]:
    layers = ["landlock", "seccomp", *(["groups"] if request.param == "groups" else [])]
    with own_uid() as uid, Runner(preload=["numpy"], uid=uid, layers=layers) as runner:
        yield runner


LIMITS = Limits(cell_s=60, call_s=60, test_s=60, total_s=200, memory_mb=400, processes=12)
KIT = "from judge.kit import award\n"
TAKE = """
import os, time
def take():
    for n in range(4):
        if os.fork() == 0:
            held = b'1' * (160 << 20)
            time.sleep(50)
    time.sleep(50)
"""
FORK = """
import os, time
def take():
    for n in range(90):
        if os.fork() == 0:
            time.sleep(50)
    time.sleep(50)
"""


def grade(runner: Runner, answer: str, test: str = "award(1, 1)") -> tuple[State, State, str]:
    """The cell's state, the test's, and the reason of the whole."""
    cells = (PlanCell("answer", "student", answer), PlanCell("test", "test", KIT + test, 1.0))
    result = runner.grade(GradingJob("job", "ps1", cells, limits=LIMITS))
    return result.cells[0].state, result.verdicts[0].state, result.reason or ""


@pytest.mark.needs("sandbox")
@pytest.mark.parametrize(
    ("code", "state", "reason"),
    [
        pytest.param(TAKE, State.out_of_memory, "more memory", id="memory"),
        pytest.param(FORK, State.crashed, "more processes", id="processes"),
    ],
)
def test_what_a_family_takes_too_much_of_is_said(runner: Runner, code: str, state: State, reason: str) -> None:
    in_cell, _, why = grade(runner, code + "take()")

    assert in_cell == state
    assert reason in why


@pytest.mark.needs("sandbox")
@pytest.mark.parametrize(
    ("code", "state", "reason"),
    [
        pytest.param(TAKE, State.out_of_memory, "more memory", id="memory"),
        pytest.param(FORK, State.crashed, "more processes", id="processes"),
    ],
)
def test_a_function_that_takes_too_much_is_told_so_by_its_test(
    runner: Runner, code: str, state: State, reason: str
) -> None:
    in_cell, in_test, why = grade(runner, code, "take()\naward(1, 1)")

    assert (in_cell, in_test) == (State.ok, state)
    assert reason in why


@pytest.mark.needs("sandbox")
def test_the_next_one_has_all_it_may_take(runner: Runner) -> None:
    grade(runner, TAKE + "take()")

    answer = "held = b'1' * (250 << 20)\ndef size():\n    return len(held)"
    assert grade(runner, answer, "award(size() == 250 << 20, 1)")[:2] == (State.ok, State.ok)


@pytest.mark.needs("sandbox")
def test_what_a_killed_grading_process_left_behind_is_swept(tmp_path: Path) -> None:
    """Also a process that the student's one forked: nobody is told of its parent's death."""
    cells = (PlanCell("answer", "student", "import os, time\nos.fork()\ntime.sleep(600)"),)
    job = GradingJob("job", "ps1", cells, limits=Limits(cell_s=600, total_s=600))
    worker = subprocess.Popen(
        [sys.executable, "-P", "-m", "judge.worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        env={"PATH": os.defpath, "TMPDIR": str(tmp_path)},
        start_new_session=True,
    )
    assert worker.stdin is not None
    worker.stdin.write(job.to_json().encode() + b"\n")
    worker.stdin.flush()
    wait_until(lambda: len(owners.processes_of_session(worker.pid)) >= 5)  # itself, two zygotes, and two of the job's

    worker.send_signal(signal.SIGKILL)
    worker.communicate()
    left = [path.name for path in tmp_path.iterdir()]
    sweep(tmp_path)

    assert len(left) == 1
    assert list(tmp_path.iterdir()) == []
    wait_until(lambda: owners.processes_of_session(worker.pid) == [])


def test_processes_of_a_dead_session_are_ended_with_their_folder(tmp_path: Path) -> None:
    """Where no control group held them."""
    script = (
        "import os, sys, time\nfrom pathlib import Path\nfrom judge.sandbox.owners import new_name\n"
        "(Path(sys.argv[1]) / new_name()).mkdir()\nos.fork()\nprint('.', flush=True)\ntime.sleep(600)"
    )
    leader = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE, start_new_session=True
    )
    assert leader.stdout is not None
    leader.stdout.readline(), leader.stdout.readline()
    sweep(tmp_path)
    living = list(tmp_path.iterdir()), owners.processes_of_session(leader.pid)

    leader.kill()
    leader.wait()
    leader.stdout.close()
    sweep(tmp_path)

    assert (len(living[0]), len(living[1])) == (1, 2)
    assert list(tmp_path.iterdir()) == []
    wait_until(lambda: owners.processes_of_session(leader.pid) == [])


def test_a_rung_travels_as_json() -> None:
    rung = Rung(False, True, 7, "cgroup v2", ("one",), ("two", "three"))

    assert Rung.from_json(json.dumps(json.loads(rung.to_json()))) == rung


def wait_until(what: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not what():
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.05)
