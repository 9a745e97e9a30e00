"""A class graded on a small cluster while its processes are killed at random: nothing may be lost, nothing doubled.

    python -m tests.kill_storm [--submissions 200] [--kills 2] [--seed N]

Runner and workers are kept alive as a service manager would: whatever ended is started again.
"""

import argparse
import datetime as dt
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from classroom.assignments import load_course
from classroom.config import Settings
from classroom.db.engine import Database, migrate
from classroom.gradebook import Gradebook
from classroom.grading import jobs
from classroom.grading.submissions import collected
from tests.small_class import free_port
from tests.tiny_course import PARTLY, PS1, RIGHT, environment, filled, hand_in, make_course, run

PATIENCE_S = 900.0
_PAUSE_S = 0.2


@dataclass
class Kept:
    """A process that is started again whenever it ended. kills: how often `kill` ended it."""

    settings: Settings
    command: Sequence[str]
    log: Path
    process: "subprocess.Popen[bytes] | None" = None
    kills: int = 0

    def keep(self) -> None:
        if self.process is None or self.process.poll() is not None:
            with self.log.open("ab") as out:
                self.process = subprocess.Popen(
                    [sys.executable, "-m", *self.command],
                    cwd=self.settings.course_root,
                    env=environment(self.settings),
                    stdout=out,
                    stderr=out,
                )

    def kill(self) -> None:
        """SIGKILL, and a new one at once."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()
        self.kills += 1
        self.keep()

    def end(self) -> int | None:
        """SIGTERM, and SIGKILL when that isn't enough; the exit code."""
        if self.process is None:
            return None
        self.process.terminate()
        try:
            return self.process.wait(120)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()


@dataclass
class Cluster:
    """A scheduler, two workers and a runner."""

    settings: Settings
    logs: Path
    address: str = field(default_factory=lambda: f"tcp://127.0.0.1:{free_port()}")

    def __post_init__(self) -> None:
        port = self.address.rpartition(":")[2]
        scheduler = ("dask", "scheduler", "--host", "127.0.0.1", "--port", port, "--no-dashboard")
        self.scheduler = self._kept("scheduler", *scheduler)
        self.workers = [self._kept(name, *self._classroom("worker")) for name in ("worker-1", "worker-2")]
        self.runner = self._kept("runner", *self._classroom("runner"))

    @property
    def all(self) -> list[Kept]:
        return [self.scheduler, *self.workers, self.runner]

    def said(self) -> str:
        """The end of each log."""
        return "\n".join(f"{one.log.name}: {one.log.read_text()[-3000:]}" for one in self.all if one.log.exists())

    def _kept(self, name: str, *command: str) -> Kept:
        return Kept(self.settings, command, self.logs / f"{name}.log")

    def _classroom(self, command: str) -> tuple[str, ...]:
        return ("classroom.cli", command, "--scheduler", self.address)


@dataclass(frozen=True)
class Aftermath:
    """What was there in the end. scores, graded: by student; graded counts the ledger's events. ended: the exit
    code of the worker that nobody killed."""

    scores: dict[str, float]
    graded: Counter[str]
    states: Counter[str]
    tries: Counter[int]
    killed: dict[str, int]
    ended: int | None
    took_s: float


@contextmanager
def cluster(settings: Settings, logs: Path) -> Iterator[Cluster]:
    """All of it ended afterwards, the runner first."""
    made = Cluster(settings, logs)
    try:
        yield made
    finally:
        for one in reversed(made.all):
            one.end()


def make_class(folder: Path, submissions: int) -> tuple[Settings, dict[str, float]]:
    """The tiny course with submissions of two kinds, and the score that each must get."""
    settings = make_course(folder)
    run(settings, "classroom", "generate", "ps1")
    released = settings.course_dir("release") / "ps1" / "ps1.ipynb"
    wanted = {}
    for number in range(submissions):
        student = f"student{number:03}"
        # A cell of the student's own makes each submission another one.
        answers, wanted[student] = (PARTLY, 4.0) if number % 2 else (RIGHT, 6.0)
        hand_in(settings, student, {"ps1.ipynb": filled(answers, released, extra=f"{number}")})
    return settings, wanted


def queue(settings: Settings) -> None:
    """A run of all submissions."""
    course = load_course(settings.course_root)
    migrate(settings.service_db_url)
    database = Database(settings.service_db_url)
    with database.session() as session:
        students = collected(session, settings, course.id, PS1)
        jobs.create_run(session, course.id, PS1, students, actor="ivy", now=dt.datetime.now(dt.UTC))
    database.dispose()


def storm(settings: Settings, logs: Path, *, submissions: int, kills: int, seed: int) -> Aftermath:
    """Grades a run that waits, and kills the runner and a worker so many times each, at moments drawn by the seed."""
    draw = random.Random(seed)
    # Moments: when so many jobs are done.
    moments = sorted(draw.sample(range(submissions * 9 // 10), 2 * kills))
    victims = draw.sample(["runner", "worker"] * kills, 2 * kills)
    began = time.monotonic()
    with cluster(settings, logs) as here:

        def reached(count: int) -> bool:
            for one in here.all:
                one.keep()
            return count_done(settings) >= count

        for moment, victim in zip(moments, victims, strict=True):
            wait_until(lambda moment=moment: reached(moment), here.said)  # type: ignore[misc]
            (here.runner if victim == "runner" else here.workers[0]).kill()
        wait_until(lambda: reached(submissions), here.said)
        took_s = time.monotonic() - began
        killed = {"runner": here.runner.kills, "worker": here.workers[0].kills}
        unharmed = here.workers[1]
        wait_until(lambda: "is ready" in unharmed.log.read_text(), here.said)
        ended = unharmed.end()
    return look(settings, killed, ended, took_s)


def look(settings: Settings, killed: dict[str, int], ended: int | None, took_s: float) -> Aftermath:
    """What the class's two databases hold."""
    with closing(sqlite3.connect(settings.state / "classroom.db")) as connection:
        graded = Counter(row[0] for row in connection.execute("select student from event where kind = 'graded'"))
        found = connection.execute("select state, status, tries from job").fetchall()
    book = Gradebook(settings.gradebook_url, load_course(settings.course_root))
    scores = {str(row.student): row.raw_score for row in book.scores(PS1)}
    book.close()
    states = Counter(status or state for state, status, _ in found)
    return Aftermath(scores, graded, states, Counter(tries for *_, tries in found), killed, ended, took_s)


def count_done(settings: Settings) -> int:
    with closing(sqlite3.connect(settings.state / "classroom.db", timeout=30)) as connection:
        return int(connection.execute("select count(*) from job where state = 'done'").fetchone()[0])


def wait_until(condition: Callable[[], bool], why: Callable[[], str] = str) -> None:
    """Returns as soon as it holds; AssertionError with the reason when it doesn't in time."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, f"it took too long\n{why()}"
        time.sleep(_PAUSE_S)


def main() -> None:
    """Runs one storm and says what was left of the class; exit code 1 when it isn't all of it."""
    parser = argparse.ArgumentParser(prog="python -m tests.kill_storm")
    parser.add_argument("--submissions", type=int, default=200)
    parser.add_argument("--kills", type=int, default=2)
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000))
    given = parser.parse_args()
    print(f"seed {given.seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="kill-storm-") as name:
        settings, wanted = make_class(Path(name), given.submissions)
        queue(settings)
        after = storm(settings, Path(name), submissions=given.submissions, kills=given.kills, seed=given.seed)
    doubled = [student for student, count in after.graded.items() if count != 1]
    wrong = [student for student, score in wanted.items() if after.scores.get(student) != score]
    print(f"killed: {after.killed}; {after.took_s:.0f} s; jobs: {dict(after.states)}; tries: {dict(after.tries)}")
    events = after.graded.total()
    print(f"{len(after.scores)} rows, {len(wrong)} wrong; {events} events, {len(doubled)} submissions not exactly one")
    if wrong or doubled or len(after.scores) != len(wanted) or events != len(wanted):
        sys.exit(1)


if __name__ == "__main__":
    main()
