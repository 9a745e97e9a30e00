"""Autograding from the command line: a run with a progress bar, and the long-lived runner."""

import logging
import signal
import sys
import threading
import time
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from classroom.config import OPERATOR_NAME
from classroom.errors import CourseError
from classroom.grading import jobs
from classroom.grading.pool import open_pool
from classroom.grading.runner import Workshop, work_off
from classroom.grading.submissions import collected
from classroom.ids import parse_student_id
from classroom.ledger import record
from classroom.ops.steps import Class, open_class

POLL_S = 1.0
EVENT = "autograde"


def autograde(assignment: str, students: Sequence[str] | None, *, force: bool) -> jobs.RunProgress:
    """Queues a run and works on it here until every job of it has ended, whoever took it."""
    with open_class() as here:
        run_id = queue_run(here, assignment, students, force=force)
        with open_pool(here.settings) as pool, _progress_bar() as bar:
            shop = Workshop(here.settings, here.course, here.database, here.gradebook, pool)
            task = bar.add_task(assignment, total=None, states="")

            def tick() -> bool:
                state = _progress(here, run_id)
                bar.update(task, total=state.total, completed=state.done, states=_states(state))
                return not state.finished

            while tick():
                if not work_off(shop, run_id=run_id, tick=tick):
                    time.sleep(POLL_S)  # another runner holds what is left
        return _progress(here, run_id)


def queue_run(here: Class, assignment: str, students: Sequence[str] | None, *, force: bool) -> int:
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
        run_id = jobs.create_run(session, here.course.id, rules.id, wanted, actor=OPERATOR_NAME, now=now, force=force)
        facts: dict[str, Any] = {"run": run_id, "submissions": len(wanted)}
        record(session, EVENT, course=here.course.id, actor=OPERATOR_NAME, at=now, assignment=rules.id, **facts)
    return run_id


def serve() -> None:
    """Takes every job of the class until SIGTERM or SIGINT; what it was working on then waits for the next runner."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with open_class() as here, open_pool(here.settings) as pool:
        shop = Workshop(here.settings, here.course, here.database, here.gradebook, pool)
        logging.getLogger(__name__).info("runner %s is ready, %d at a time", shop.name, pool.workers)
        while not stop.is_set():
            with here.database.reading() as session:
                waiting = jobs.is_any_open(session)
            if not waiting or not work_off(shop, tick=lambda: not stop.is_set()):
                stop.wait(POLL_S)


def _progress(here: Class, run_id: int) -> jobs.RunProgress:
    with here.database.reading() as session:
        return jobs.progress(session, run_id)


def _states(state: jobs.RunProgress) -> str:
    words = [f"{count} {word.replace('_', ' ')}" for word, count in sorted(state.by_state.items())]
    left = [] if state.seconds_left is None else [f"{state.seconds_left:.0f} s left"]
    return ", ".join(words + left)


def _progress_bar() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[states]}"))
    return Progress(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty())
