"""Works off job rows: lease, intake, judge, record, finish; renews what it holds, and can be killed at any moment."""

import datetime as dt
import logging
import os
import socket
import time
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

import psutil

from classroom.assignments import Course
from classroom.config import Settings
from classroom.corrections import Cell, Standing, in_force, load_corrections
from classroom.db.engine import Database
from classroom.errors import ClassroomError, CourseError, DatabaseAway
from classroom.extensions import find_due
from classroom.gradebook import Gradebook
from classroom.grading import jobs
from classroom.grading.engines import Engine
from classroom.grading.models import SubmissionIntake, SubmissionResult
from classroom.grading.recorder import record
from classroom.grading.submissions import read_source, read_submission, submission_folder
from classroom.ledger import record as note
from classroom.logs import working_for

RENEW_S = jobs.LEASE.total_seconds() / 4
POLL_S = 1.0
EVENT = "graded"  # in the ledger, one for each result that was recorded
RUNNER = "runner"

log = logging.getLogger(__name__)


class Graders(Protocol):
    """What grades submissions: pool.Pool in processes of this machine, cluster.ClusterPool on others.

    A future of `submit` raises Unavailable when all of them are out of reach, and else gives a result, were it a
    grader's fault.
    """

    engine: Engine

    @property
    def workers(self) -> int:
        """How many submissions to hand over at a time."""

    def submit(self, intake: SubmissionIntake) -> "Future[SubmissionResult]": ...


@dataclass(frozen=True)
class Workshop:
    """What a runner works with. clock gives aware times."""

    settings: Settings
    course: Course
    database: Database
    gradebook: Gradebook
    pool: Graders
    clock: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC)
    observe: Callable[[str, float], None] = lambda status, duration_s: None  # told of each submission that was graded
    name: str = field(default_factory=lambda: runner_name())


@dataclass(frozen=True)
class _Working:
    held: jobs.Lease
    intake: SubmissionIntake
    began: float  # by the monotonic clock


def work_off(shop: Workshop, *, run_id: int | None = None, tick: Callable[[], bool] = lambda: True) -> int:
    """Works until no job waits, of that run only if given; the number of jobs it ended.

    tick is called about every second; when it gives False no new job is begun, and what is running is given back. So it
    is before this raises Unavailable, when the graders are out of reach.
    """
    return _Loop(shop, run_id).run(tick)


class _Loop:
    def __init__(self, shop: Workshop, run_id: int | None) -> None:
        self._shop = shop
        self._run_id = run_id
        self._working: dict[Future[SubmissionResult], _Working] = {}
        self._ended = 0
        self._renewed = -RENEW_S

    def run(self, tick: Callable[[], bool]) -> int:
        try:
            while tick():
                try:
                    if not self._step():
                        break
                except DatabaseAway:  # results wait here until they can be written
                    time.sleep(POLL_S)
        finally:
            self._put_back()
        return self._ended

    def _step(self) -> bool:
        """Begins and ends what can be; False when nothing is left to do."""
        self._renew()
        self._fill()
        if not self._working:
            return False
        done, _ = wait(self._working, timeout=POLL_S, return_when=FIRST_COMPLETED)
        for future in done:
            with working_for(self._working[future].held.request):
                self._record(self._working[future], future)
            del self._working[future]
        return True

    def _fill(self) -> None:
        most = self._shop.pool.workers
        while len(self._working) < most:
            with self._shop.database.session() as session:
                held = jobs.lease(session, self._shop.name, self._shop.clock(), run_id=self._run_id)
            if held is None:
                return
            with working_for(held.request):
                self._begin(held)

    def _begin(self, held: jobs.Lease) -> None:
        """Reads the submission and hands it to the pool, or takes the result it had when nothing changed."""
        try:
            intake = self._read(held)
        except ClassroomError as error:
            self._fail(held, str(error), for_good=True)
            return
        except OSError as error:
            self._fail(held, f"the submission can't be read: {error}", for_good=False)
            return
        working = _Working(held, intake, time.monotonic())
        if (known := self._known(held, intake)) is not None:
            self._finish(working, known)
        else:
            self._working[self._shop.pool.submit(intake)] = working

    def _read(self, held: jobs.Lease) -> SubmissionIntake:
        settings, rules = self._shop.settings, self._shop.course.assignment(held.assignment)
        source = read_source(settings, held.assignment)
        folder = submission_folder(settings, held.assignment, held.student)
        return read_submission(folder, held.student, source, rules, engine=self._shop.pool.engine.name)

    def _known(self, held: jobs.Lease, intake: SubmissionIntake) -> SubmissionResult | None:
        if held.force:
            return None
        with self._shop.database.session() as session:
            before = jobs.graded_before(session, held, intake.digest)
            return SubmissionResult.from_json(before.result) if before and before.result else None

    def _record(self, working: _Working, future: "Future[SubmissionResult]") -> None:
        result = future.result()
        if result.status == jobs.GRADER_FAULT:
            self._fail(working.held, result.reason or "the grader failed", for_good=False)
        else:
            self._finish(working, result)

    def _finish(self, working: _Working, result: SubmissionResult) -> None:
        """The gradebook first: killed in between, the job runs again and writes the same."""
        shop, held = self._shop, working.held
        try:
            if not held.dry:
                corrections, due = partial(self._corrections, held), partial(self._due, held)
                record(shop.settings, shop.gradebook, working.intake, result, corrections, due)
        except CourseError as error:
            self._fail(held, str(error), for_good=True)
            return
        outcome = jobs.Outcome(
            result.status, result.reason, result.points, result.max_points, result.to_json(), working.intake.digest
        )
        with shop.database.session() as session:
            if jobs.finish(session, held, outcome, shop.clock()) and not held.dry:
                note(
                    session,
                    EVENT,
                    course=shop.course.id,
                    actor=RUNNER,
                    at=shop.clock(),
                    assignment=held.assignment,
                    student=held.student,
                    run=held.run_id,
                    attempt=held.attempt,
                    status=result.status,
                    score=result.points,
                    max_score=result.max_points,
                )
        self._ended += 1
        duration_s = time.monotonic() - working.began
        shop.observe(result.status, duration_s)
        facts = {"student": held.student, "assignment": held.assignment, "run": held.run_id, "attempt": held.attempt}
        log.info("graded", extra={**facts, "status": result.status, "duration_ms": round(duration_s * 1000)})

    def _corrections(self, held: jobs.Lease) -> Mapping[Cell, Standing | None]:
        with self._shop.database.reading() as session:
            rows = load_corrections(session, self._shop.course.id, held.assignment, held.student)
        return in_force(rows, held.student)

    def _due(self, held: jobs.Lease) -> dt.datetime | None:
        with self._shop.database.reading() as session:
            return find_due(session, self._shop.course.id, self._shop.course.assignment(held.assignment), held.student)

    def _fail(self, held: jobs.Lease, reason: str, *, for_good: bool) -> None:
        log.warning("%s/%s: %s", held.student, held.assignment, reason)
        self._shop.observe(jobs.GRADER_FAULT, 0.0)
        with self._shop.database.session() as session:
            jobs.give_back(session, held, reason, self._shop.clock(), for_good=for_good)
        self._ended += 1 if for_good else 0

    def _renew(self) -> None:
        if time.monotonic() - self._renewed < RENEW_S:
            return
        self._renewed = time.monotonic()
        with self._shop.database.session() as session:
            jobs.free_jobs_of_dead(session, is_dead)
            for working in self._working.values():
                jobs.renew(session, working.held, self._shop.clock())

    def _put_back(self) -> None:
        with self._shop.database.session() as session:
            for working in self._working.values():
                jobs.put_back(session, working.held)


def runner_name() -> str:
    """This process among all on all machines: host, process id, and when it started, since ids are used again."""
    return f"{socket.gethostname()[:36]}/{os.getpid()}/{psutil.Process().create_time():.2f}"


def is_dead(name: str) -> bool:
    """True when a runner of this machine is no more; of another machine nothing is known."""
    parts = name.rsplit("/", 2)
    if len(parts) != 3 or parts[0] != socket.gethostname()[:36]:
        return False
    _, pid, started = parts
    try:
        return f"{psutil.Process(int(pid)).create_time():.2f}" != started
    except psutil.NoSuchProcess:
        return True
