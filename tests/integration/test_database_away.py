"""PostgreSQL goes away and comes back: who asks meanwhile is told, and nothing needs a restart."""

import datetime as dt
from concurrent.futures import Future
from contextlib import ExitStack, closing
from pathlib import Path

import httpx
import pytest

from classroom.assignments import load_course
from classroom.config import Settings
from classroom.db.engine import Database, migrate
from classroom.errors import Unavailable
from classroom.gradebook import Gradebook
from classroom.grading import jobs
from classroom.grading.engines import Engine
from classroom.grading.models import SubmissionIntake, SubmissionResult
from classroom.grading.pool import summarise, unrun
from classroom.grading.runner import Workshop, work_off
from classroom.ids import StudentId
from tests.postgres import Postgres
from tests.small_class import COURSE, RELEASE, RELEASED, fake_hub, serve, tar, write_course
from tests.tiny_course import PS1, RIGHT, filled, hand_in, make_course, run

pytestmark = pytest.mark.needs("postgres")
NOON = dt.datetime(2026, 11, 10, 12, tzinfo=dt.UTC)


def test_the_service_recovers_by_itself_and_keeps_every_receipt(tmp_path: Path, postgres: Postgres) -> None:
    settings = write_course(tmp_path, postgres.new_database())
    with fake_hub() as hub, serve(settings, hub) as service, service.client("ada") as ada:
        with service.client("ivy") as ivy:
            ivy.release(COURSE, RELEASED, tar(RELEASE))
        before = ada.submit(COURSE, RELEASED, tar(RELEASE))
        with postgres.stopped():
            ready = httpx.get(f"{service.url}/ready", trust_env=False)
            with pytest.raises(Unavailable, match="database"):
                ada.submit(COURSE, RELEASED, tar(RELEASE))
        after = ada.submit(COURSE, RELEASED, tar(RELEASE))
        attempts = ada.own_attempts(COURSE).attempts

    assert (ready.status_code, ready.json()["parts"]) == (503, {"database": "failing", "store": "ok"})
    assert [one.receipt for one in attempts] == [before.receipt, after.receipt]


class _Graders:
    """Stops the database while it grades; the verdict waits until there is one to write it into."""

    workers = 1

    def __init__(self, engine: Engine, postgres: Postgres) -> None:
        self.engine, self._postgres, self.asked = engine, postgres, 0

    def submit(self, intake: SubmissionIntake) -> "Future[SubmissionResult]":
        self.asked += 1
        self._away = self._postgres.stopped()
        self._away.__enter__()
        done: Future[SubmissionResult] = Future()
        done.set_result(summarise(intake, {one.source.id: unrun(one, self.engine.name) for one in intake.notebooks}))
        return done

    def end_of_outage(self) -> None:
        self._away.__exit__(None, None, None)


class _Engine:
    name = "none"


def test_a_runner_keeps_its_results_until_the_database_is_back(tmp_path: Path, postgres: Postgres) -> None:
    made = make_course(tmp_path)
    run(made, "classroom", "generate", "ps1")
    hand_in(made, "ada", {"ps1.ipynb": filled(RIGHT)})
    settings = Settings(course_root=made.course_root, state=made.state, database_url=postgres.new_database())
    migrate(settings.service_db_url)
    course, database = load_course(settings.course_root), Database(settings.service_db_url)
    with database.session() as session:
        run_id = jobs.create_run(session, course.id, PS1, {StudentId("ada"): None}, actor="ivy", now=NOON)
    graders, ticks = _Graders(_Engine(), postgres), 0  # type: ignore[arg-type]

    def tick() -> bool:
        nonlocal ticks
        ticks += 1
        if ticks == 2:
            graders.end_of_outage()
        return True

    with closing(Gradebook(settings.gradebook_url, course)) as book, ExitStack() as at_end:
        at_end.callback(database.dispose)
        ended = work_off(Workshop(settings, course, database, book, graders), run_id=run_id, tick=tick)
        with database.reading() as session:
            state = jobs.progress(session, run_id)

    assert (ended, state.finished, graders.asked) == (1, True, 1)
