"""Grading by a cluster of workers: killed parts lose nothing, and a lost scheduler is told."""

import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from classroom.config import Settings
from classroom.errors import Unavailable
from classroom.grading.cluster import open_cluster
from classroom.ops.processes import is_alive
from tests.kill_storm import cluster, make_class, queue, storm, wait_until
from tests.small_class import free_port
from tests.tiny_course import environment, filled, hand_in

SUBMISSIONS = 16
SEED = 20261130


def test_a_runner_and_a_worker_killed_at_random_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    settings, wanted = make_class(tmp_path, SUBMISSIONS)
    queue(settings)

    after = storm(settings, tmp_path, submissions=SUBMISSIONS, kills=1, seed=SEED)

    assert after.killed == {"runner": 1, "worker": 1}
    assert after.scores == wanted
    assert after.graded == dict.fromkeys(wanted, 1)
    assert after.ended == 0
    assert after.states == {"ok": SUBMISSIONS / 2, "wrong": SUBMISSIONS / 2}


def jobs(settings: Settings) -> list[tuple[str, int]]:
    with closing(sqlite3.connect(settings.state / "classroom.db")) as connection:
        return connection.execute("select state, tries from job order by id").fetchall()


def test_a_lost_scheduler_is_told_in_a_line_and_costs_no_job_a_try(tmp_path: Path) -> None:
    settings, _ = make_class(tmp_path, 1)
    rules = settings.course_root / "course.yaml"
    rules.write_text(rules.read_text().replace("{cell: 6, test: 6, total: 60}", "{cell: 200, test: 6, total: 300}"))
    released = settings.course_dir("release") / "ps1" / "ps1.ipynb"
    hand_in(settings, "waits", {"ps1.ipynb": filled({}, released, extra="import time\ntime.sleep(150)")})
    with cluster(settings, tmp_path) as here:
        here.scheduler.keep()
        here.workers[0].keep()
        wait_until(lambda: "is ready" in here.said(), here.said)
        command = [sys.executable, "-m", "classroom.cli", "autograde", "ps1", "--scheduler", here.address]
        runner = subprocess.Popen(
            command, cwd=settings.course_root, env=environment(settings), stderr=subprocess.PIPE, text=True
        )
        wait_until(lambda: (settings.state / "classroom.db").exists() and _is_half_done(settings), here.said)
        worker = here.workers[0].process
        assert worker is not None
        grading = psutil.Process(worker.pid).children(recursive=True)
        here.scheduler.process.send_signal(signal.SIGKILL)
        _, said = runner.communicate(timeout=300)
        worker.wait(timeout=300)

        assert worker.returncode == 1
        assert f"classroom: the scheduler {here.address} is gone" in here.said()
        assert grading
        wait_until(lambda: not any(is_alive(one) for one in grading))
        assert runner.returncode == 1
        assert f"classroom: the scheduler {here.address} can't be used" in said.splitlines()[-1]
        assert jobs(settings) == [("done", 1), ("queued", 0)]


def _is_half_done(settings: Settings) -> bool:
    try:
        return sorted(state for state, _ in jobs(settings)) == ["done", "running"]
    except sqlite3.OperationalError:
        return False  # no table yet


def test_where_no_scheduler_listens_the_command_says_how_to_start_one() -> None:
    address = f"tcp://127.0.0.1:{free_port()}"

    told = f"no scheduler answers at {address}; start one with `dask scheduler`"
    with pytest.raises(Unavailable, match=told), open_cluster(address, connect_s=1):
        pass
