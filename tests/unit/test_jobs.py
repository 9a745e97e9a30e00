"""Job rows: leased to one runner, given back, taken over from the dead, counted."""

import datetime as dt
from collections.abc import Iterator

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from classroom.db.engine import Database
from classroom.db.tables import Base, Job
from classroom.errors import NotFound
from classroom.grading import jobs
from classroom.ids import AssignmentId, CourseId, StudentId

NOON = dt.datetime(2026, 11, 10, 12, tzinfo=dt.UTC)
TINY, PS1 = CourseId("tiny"), AssignmentId("ps1")
OUTCOME = jobs.Outcome("wrong", "double: no", 3.0, 6.0, b"{}", "d" * 64)


def later(seconds: float) -> dt.datetime:
    return NOON + dt.timedelta(seconds=seconds)


@pytest.fixture
def session(database_url: str) -> Iterator[Session]:
    database = Database(database_url)
    Base.metadata.create_all(database.engine)
    with database.session() as session:
        yield session
    database.dispose()


def start_run(session: Session, *students: str, force: bool = False) -> int:
    wanted = {StudentId(name): 1 for name in students}
    return jobs.create_run(session, TINY, PS1, wanted, actor="ivy", now=NOON, force=force)


def lease(session: Session, runner: str = "host/1/1.00", at: float = 0) -> jobs.Lease:
    held = jobs.lease(session, runner, later(at))
    assert held is not None
    return held


def test_each_job_is_held_by_one_runner(session: Session) -> None:
    start_run(session, "ada", "bob")

    first, second = lease(session, "one"), lease(session, "two")

    assert (first.student, second.student) == ("ada", "bob")
    assert jobs.lease(session, "three", NOON) is None


def test_a_lease_that_ran_out_belongs_to_whoever_comes_next(session: Session) -> None:
    start_run(session, "ada")
    dead = lease(session, "dead")

    taken = lease(session, "alive", at=61)

    assert (taken.job_id, taken.tries) == (dead.job_id, 2)
    assert jobs.finish(session, dead, OUTCOME, later(62)) is False
    assert jobs.finish(session, taken, OUTCOME, later(63)) is True


def test_a_renewed_lease_is_kept(session: Session) -> None:
    start_run(session, "ada")
    held = lease(session)

    assert jobs.renew(session, held, later(50)) is True
    assert jobs.lease(session, "other", later(100)) is None


def test_the_jobs_of_a_dead_runner_are_free_at_once(session: Session) -> None:
    start_run(session, "ada", "bob")
    lease(session, "dead")
    lease(session, "alive")

    assert jobs.free_jobs_of_dead(session, lambda name: name == "dead") == 1
    assert lease(session, "next").student == "ada"


def test_a_grader_fault_is_tried_three_times_and_then_told(session: Session) -> None:
    run = start_run(session, "ada")

    for _ in range(jobs.MAX_TRIES):
        jobs.give_back(session, lease(session), "no kernel", NOON)

    state = jobs.progress(session, run)
    assert (state.by_state, state.finished) == ({"grader_fault": 1}, True)
    assert session.scalars(select(Job)).one().reason == "no kernel"


def test_a_job_that_no_runner_survives_ends_too(session: Session) -> None:
    run = start_run(session, "ada")

    for number in range(jobs.MAX_TRIES):
        lease(session, f"killed-{number}", at=100 * number)

    assert jobs.lease(session, "last", later(1000)) is None
    assert jobs.progress(session, run).by_state == {"grader_fault": 1}


def test_a_runner_that_stops_in_good_order_costs_no_try(session: Session) -> None:
    start_run(session, "ada")

    jobs.put_back(session, lease(session))

    assert lease(session).tries == 1


def test_a_run_ends_with_its_last_job_and_counts_its_states(session: Session) -> None:
    run = start_run(session, "ada", "bob", "eve")
    jobs.finish(session, lease(session), OUTCOME, later(10))
    lease(session, at=10)

    half = jobs.progress(session, run)

    assert half.by_state == {"wrong": 1, "running": 1, "queued": 1}
    assert (half.total, half.done, half.seconds_left, half.finished) == (3, 1, 20.0, False)


def test_an_empty_run_is_finished_and_an_unknown_one_is_not_found(session: Session) -> None:
    assert jobs.progress(session, start_run(session)).finished is True
    with pytest.raises(NotFound):
        jobs.progress(session, 99)


def test_what_was_graded_before_is_found_by_its_digest(session: Session) -> None:
    start_run(session, "ada")
    jobs.finish(session, lease(session), OUTCOME, NOON)
    start_run(session, "ada", "bob")
    ada, bob = lease(session), lease(session)

    found = jobs.graded_before(session, ada, OUTCOME.digest)

    assert found is not None
    assert found.score == 3.0
    assert jobs.graded_before(session, ada, "e" * 64) is None
    assert jobs.graded_before(session, bob, OUTCOME.digest) is None


def test_a_run_of_some_may_be_leased_alone(session: Session) -> None:
    start_run(session, "ada")
    second = start_run(session, "bob", force=True)

    held = jobs.lease(session, "one", NOON, run_id=second)

    assert held is not None
    assert (held.student, held.force) == ("bob", True)
    assert jobs.newest_run(session, TINY, PS1) == second
