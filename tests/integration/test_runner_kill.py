"""kill -9 of the runner in the middle of a class: the next one grades what is left, each submission exactly once."""

import datetime as dt
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from classroom.assignments import load_course
from classroom.config import Settings
from classroom.db.engine import Database, migrate
from classroom.gradebook import Gradebook
from classroom.grading import jobs
from classroom.grading.submissions import collected
from tests.tiny_course import PARTLY, PS1, RIGHT, environment, filled, hand_in, make_course, run

STUDENTS = [f"student{number}" for number in range(6)]
PATIENCE_S = 120.0


def start_runner(settings: Settings) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-m", "classroom.cli", "runner"],
        cwd=settings.course_root,
        env=environment(settings),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def wait_until(what: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not what():
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.1)


def states(settings: Settings) -> list[str]:
    with sqlite3.connect(settings.state / "classroom.db") as connection:
        found = [row[0] for row in connection.execute("select state from job order by id")]
    connection.close()
    return found


def grading_processes(parent: int) -> list[int]:
    """The processes that grade for a runner, found by their command lines."""
    found = []
    for line in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = line.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if int(fields[1]) == parent:
            found.append(int(line.parent.name))
    return found


def test_a_killed_runner_loses_nothing_and_doubles_nothing(tmp_path: Path) -> None:
    settings = make_course(tmp_path)
    run(settings, "classroom", "generate", "ps1")
    released = settings.course_dir("release") / "ps1" / "ps1.ipynb"
    for number, student in enumerate(STUDENTS):
        answers = PARTLY if number % 2 else RIGHT
        hand_in(settings, student, {"ps1.ipynb": filled(answers, released, extra="import time\ntime.sleep(1)")})
    course = load_course(settings.course_root)
    migrate(settings.service_db_url)
    database = Database(settings.service_db_url)
    with database.session() as session:
        wanted = collected(session, settings, course.id, PS1)
        run_id = jobs.create_run(session, course.id, PS1, wanted, actor="ivy", now=dt.datetime.now(dt.UTC))

    first = start_runner(settings)
    wait_until(lambda: "done" in states(settings) and "running" in states(settings))
    below = grading_processes(first.pid)
    first.send_signal(signal.SIGKILL)
    first.wait()
    interrupted = states(settings)
    second = start_runner(settings)
    wait_until(lambda: set(states(settings)) == {"done"})
    second.terminate()

    assert second.wait(timeout=30) == 0
    assert "running" in interrupted
    wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in below))
    with database.reading() as session:
        assert jobs.progress(session, run_id).by_state == {"ok": 3, "wrong": 3}
    database.dispose()
    book = Gradebook(settings.gradebook_url, course)
    rows = book.scores(PS1)
    book.close()
    assert [(row.student, row.raw_score) for row in rows] == [
        (student, 4.0 if number % 2 else 6.0) for number, student in enumerate(STUDENTS)
    ]
