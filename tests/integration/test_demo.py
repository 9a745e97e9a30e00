"""The demo class: submissions at several stages, made the way real ones are."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from classroom.assignments import Course, load_course
from classroom.config import Settings
from classroom.db.engine import Database
from classroom.exchange.transfers import Transfers
from classroom.grading import jobs
from classroom.ids import AssignmentId
from classroom.ops import demo
from classroom.ops.release import open_transfers
from tests.running_class import RunningClass, wait_for

ASSIGNMENT = AssignmentId("01_data_engineering")
# Seconds. Autograding the two submissions took 20 on two idle cores.
GRADED_S = 300


@pytest.fixture(scope="module")
def running(course_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningClass]:
    """The real course with the demo's submissions, as `make up` starts it."""
    state = tmp_path_factory.mktemp("demo") / "state"
    started = RunningClass(course_root, state, environment={"OMP_NUM_THREADS": "1"})
    try:
        done = started.run("up", "--port", str(started.port))
        assert done.returncode == 0, done.stdout + done.stderr
        yield started
    finally:
        started.run("down")


@pytest.fixture(scope="module")
def transfers(running: RunningClass, settings: Settings) -> Iterator[Transfers]:
    course = load_course(running.course, starts=settings.starts)
    database = Database(settings.service_db_url)
    yield open_transfers(settings, course, database)
    database.dispose()


@pytest.fixture(scope="module")
def settings(running: RunningClass) -> Settings:
    return running.settings()


@pytest.fixture(scope="module")
def course(transfers: Transfers) -> Course:
    return transfers.course


def test_attempts_lie_between_the_release_and_now(transfers: Transfers, course: Course) -> None:
    release = course.assignment(ASSIGNMENT).release
    times = [row.received_at for row in transfers.attempts(ASSIGNMENT, None)]

    assert len(times) == 4
    assert release < min(times)
    assert max(times) < transfers.clock()
    assert {row.arrival for row in transfers.attempts(ASSIGNMENT, None)} == {"on_time"}


def test_one_student_has_a_newer_attempt_than_the_collected_one(transfers: Transfers) -> None:
    assert transfers.collected(ASSIGNMENT) == {demo.GRADED: 2, demo.TO_GRADE: 1}
    assert {name: row.number for name, row in transfers.counting(ASSIGNMENT).items()} == {
        demo.GRADED: 2,
        demo.TO_GRADE: 2,
    }


def test_the_run_ends_and_one_student_gets_feedback(transfers: Transfers, settings: Settings) -> None:
    wait_for(lambda: bool(transfers.all_feedback(ASSIGNMENT, demo.GRADED)), timeout_s=GRADED_S)

    with transfers.database.reading() as session:
        progress = jobs.progress(session, 1)
    feedback = transfers.feedback(ASSIGNMENT, demo.GRADED)
    assert progress.finished
    assert progress.done == 2
    assert 0 < feedback.score <= feedback.max_score
    assert not transfers.all_feedback(ASSIGNMENT, demo.TO_GRADE)


def test_a_second_start_adds_nothing(running: RunningClass, transfers: Transfers) -> None:
    before = len(transfers.attempts(ASSIGNMENT, None))
    running.down()

    started = running.run("up")

    assert started.returncode == 0
    assert len(transfers.attempts(ASSIGNMENT, None)) == before
    assert len(transfers.all_feedback(ASSIGNMENT, demo.GRADED)) == 1
