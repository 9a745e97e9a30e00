"""Autograding from the command line: a run until its end, the long-lived runner, and a cluster's worker."""

import logging
import signal
import threading
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, ExitStack
from functools import partial
from typing import Any

from classroom.config import OPERATOR_NAME, Settings
from classroom.errors import CourseError, DatabaseAway, SettingsError
from classroom.grading import jobs
from classroom.grading.pool import open_pool
from classroom.grading.runner import Graders, Workshop, runner_name, work_off
from classroom.grading.submissions import collected
from classroom.ids import parse_student_id
from classroom.ledger import record
from classroom.logs import log_as_json
from classroom.metrics import RunnerMetrics
from classroom.ops.lms import send_scores
from classroom.ops.progress_bar import progress_bar
from classroom.ops.steps import Class, open_class, show_scores

POLL_S = 1.0
SHOW_S = 60.0
EVENT, DRY_EVENT = "autograde", "dry_run"

log = logging.getLogger(__name__)


def autograde(
    here: Class, assignment: str, students: Sequence[str] | None, *, force: bool, dry: bool, scheduler: str | None
) -> jobs.RunProgress:
    """Queues a run and works on it here until every job of it has ended, whoever took it."""
    with graders(here.settings, scheduler) as pool, progress_bar(assignment) as show:
        run_id = queue_run(here, assignment, students, force=force, dry=dry)
        shop = Workshop(here.settings, here.course, here.database, here.gradebook, pool)

        def tick() -> bool:
            state = _progress(here, run_id)
            show(state)
            return not state.finished

        while tick():
            if not work_off(shop, run_id=run_id, tick=tick):
                time.sleep(POLL_S)  # another runner holds what is left
    return _progress(here, run_id)


def queue_run(
    here: Class, assignment: str, students: Sequence[str] | None, *, force: bool = False, dry: bool = False
) -> int:
    """The id of a new run of all collected submissions, or of some students'; raises CourseError."""
    rules = here.course.assignment(assignment)
    with here.database.session() as session:
        wanted = collected(session, here.settings, here.course.id, rules.id)
        if students:
            chosen = [parse_student_id(name) for name in students]
            if missing := [name for name in chosen if name not in wanted]:
                raise CourseError(f"{', '.join(missing)}: no collected submission of {assignment}; collect first")
            wanted = {name: wanted[name] for name in chosen}
        if not wanted:
            raise CourseError(f"nothing of {assignment} is in {here.settings.course_dir('submitted')}; collect first")
        now = here.transfers.clock()
        run_id = jobs.create_run(
            session, here.course.id, rules.id, wanted, actor=OPERATOR_NAME, now=now, force=force, dry=dry
        )
        facts: dict[str, Any] = {"run": run_id, "submissions": len(wanted)}
        kind = DRY_EVENT if dry else EVENT
        record(session, kind, course=here.course.id, actor=OPERATOR_NAME, at=now, assignment=rules.id, **facts)
    return run_id


def serve(scheduler: str | None) -> None:
    """Takes every job of the class until SIGTERM or SIGINT; what it was working on then waits for the next runner."""
    _log()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with open_class() as here, graders(here.settings, scheduler) as pool, ExitStack() as at_end:
        name = runner_name()
        measured = RunnerMetrics(here.settings.state, name)
        at_end.callback(measured.remove)
        shop = Workshop(
            here.settings, here.course, here.database, here.gradebook, pool, observe=measured.observe, name=name
        )
        tick = partial(_tick, stop, measured, shop)
        log.info("runner %s is ready, %d at a time", shop.name, pool.workers)
        shown_at = -SHOW_S
        while tick():
            try:
                if time.monotonic() - shown_at >= SHOW_S:
                    shown_at = time.monotonic()
                    if given := show_scores(here):
                        log.info("scores shown to %d students, as course.yaml says", given)
                    _send_scores(here)
                with here.database.reading() as session:
                    waiting = jobs.is_any_open(session)
                idle = not waiting or not work_off(shop, tick=tick)
            except DatabaseAway:
                idle = True
            if idle:
                stop.wait(POLL_S)


def serve_worker(scheduler: str) -> None:
    """Grades for a cluster, one notebook at a time, until SIGTERM or SIGINT."""
    _log()
    _cluster()  # says what is missing
    from classroom.grading.worker import serve

    serve(scheduler)


def graders(settings: Settings, scheduler: str | None) -> AbstractContextManager[Graders]:
    """A pool of this machine's processes, or a cluster's workers."""
    return _cluster().open_cluster(scheduler) if scheduler else open_pool(settings)


def _cluster() -> Any:
    try:
        from classroom.grading import cluster
    except ModuleNotFoundError as error:
        raise SettingsError(
            f"grading on a cluster needs Dask, and {error.name} is missing: pip install 'classroom[dask]'"
        ) from error
    return cluster


def _tick(stop: threading.Event, measured: RunnerMetrics, shop: Workshop) -> bool:
    """Leaves the runner's numbers; whether it goes on."""
    measured.write(shop.clock())
    return not stop.is_set()


def _send_scores(here: Class) -> None:
    """To the platform of lti.json, if there is one; a fault of it stops no grading."""
    try:
        send_scores(here, here.transfers.clock)
    except SettingsError as error:
        log.error("no scores are sent: %s", error)


def _log() -> None:
    log_as_json()
    logging.getLogger("distributed").setLevel(logging.WARNING)


def _progress(here: Class, run_id: int) -> jobs.RunProgress:
    with here.database.reading() as session:
        return jobs.progress(session, run_id)
