"""What pages keep of attempts and gradings between answers is always what the database holds."""

import datetime as dt
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from classroom.db.attempts import load_sent
from classroom.db.engine import Database, migrate
from classroom.db.lifting import changes_allowed
from classroom.db.tables import PERSON_DELETED, Attempt, Grading
from classroom.ids import AssignmentId, CourseId, GradeId, NotebookId
from classroom.ledger import record
from classroom.rubric.store import Task, load_all_gradings

NOON = dt.datetime(2026, 11, 24, 12, tzinfo=dt.UTC)
COURSE = CourseId("mlcards")
ASSIGNMENTS = (AssignmentId("a1"), AssignmentId("a2"))
TASKS = tuple(Task(COURSE, one, NotebookId("exercises"), GradeId("report")) for one in ASSIGNMENTS)
STUDENTS = ("ada", "bob")


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    migrate(database_url)
    made = Database(database_url)
    yield made
    made.dispose()


def send(session: Session, assignment: str, student: str) -> None:
    number = len(session.scalars(select(Attempt).filter_by(assignment=assignment, student=student)).all()) + 1
    session.add(
        Attempt(
            course=COURSE, assignment=assignment, student=student, number=number, tree="0" * 64, size_bytes=1, files=1,
            received_at=NOON + dt.timedelta(minutes=number), arrival="on_time", late_s=0.0, receipt={},
        )
    )  # fmt: skip


def mark(session: Session, assignment: str, student: str) -> None:
    session.add(
        Grading(
            course=COURSE, assignment=assignment, notebook="exercises", task="report", student=student, attempt=1,
            grader="gil", at=NOON, rubric="0" * 64, levels={"cause": 3}, gates=[], comments={}, round=1,
        )
    )  # fmt: skip


def forget(session: Session, student: str) -> None:
    """As when a person is deleted: attempts go, gradings stay under another name."""
    with changes_allowed(session, Attempt, Grading):
        session.execute(delete(Attempt).where(Attempt.student == student))
        session.execute(update(Grading).where(Grading.student == student).values(student="gone"))
    record(session, PERSON_DELETED, course=COURSE, actor="operator", at=NOON, student="gone")


def seen(session: Session) -> tuple[set[tuple[str, str, int]], set[tuple[int, str]]]:
    """Through what is kept."""
    sent = load_sent(session, COURSE, ASSIGNMENTS)
    attempts = {(one.assignment, one.student, one.number) for of in sent.values() for own in of.values() for one in own}
    return attempts, {(row.id, row.student) for rows in load_all_gradings(session, TASKS).values() for row in rows}


def held(session: Session) -> tuple[set[tuple[str, str, int]], set[tuple[int, str]]]:
    """Past what is kept; of gradings the newest of each student in each task."""
    attempts = {(row.assignment, row.student, row.number) for row in session.scalars(select(Attempt))}
    newest = {
        (row.assignment, row.student): (row.id, row.student)
        for row in session.scalars(select(Grading).order_by(Grading.id))
    }
    return attempts, set(newest.values())


ACTS = {"send": send, "mark": mark, "forget": lambda session, _, student: forget(session, student)}
steps = st.lists(
    st.tuples(st.sampled_from([*ACTS]), st.sampled_from(ASSIGNMENTS), st.sampled_from(STUDENTS), st.booleans()),
    max_size=12,
)


@given(steps)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_after_any_acts_pages_see_what_the_database_holds(
    database: Database, acts: list[tuple[str, AssignmentId, str, bool]]
) -> None:
    for name, assignment, student, is_looked_at in acts:
        with database.session() as session:
            ACTS[name](session, assignment, student)
        if is_looked_at:
            with database.reading() as session:
                assert seen(session) == held(session)
    with database.reading() as session:
        assert seen(session) == held(session)


def test_what_is_rolled_back_is_not_kept(database: Database) -> None:
    with database.session() as session:
        send(session, "a1", "ada")
        session.flush()
        assert seen(session) == held(session) == ({("a1", "ada", 1)}, set())
        session.rollback()
    with database.session() as session:
        send(session, "a1", "bob")  # on SQLite with the id that was given back

    with database.reading() as session:
        assert seen(session) == held(session) == ({("a1", "bob", 1)}, set())


def test_a_reader_sees_its_own_moment_whatever_others_have_kept_since(database: Database) -> None:
    with database.session() as session:
        send(session, "a1", "ada")
    with database.reading() as early:
        assert held(early) == ({("a1", "ada", 1)}, set())
        with database.session() as session:
            send(session, "a1", "ada")
        with database.reading() as late:
            assert seen(late) == ({("a1", "ada", 1), ("a1", "ada", 2)}, set())

        assert seen(early) == held(early) == ({("a1", "ada", 1)}, set())
