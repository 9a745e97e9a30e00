"""The ledger: rows are added and read; nothing changes or removes one."""

import datetime as dt
from collections.abc import Iterator
from contextlib import suppress

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from classroom.db.engine import Database, migrate
from classroom.db.tables import Attempt, Calibration, Correction, Feedback, Grading, Release
from classroom.ledger import Kind, events_of_assignment, events_of_student, record

NOON = dt.datetime(2026, 11, 24, 12, tzinfo=dt.UTC)
CHANGES = {
    (dialect, change): statement
    for dialect, replacing in (
        ("sqlite", "INSERT OR REPLACE INTO {table} SELECT * FROM {table}"),
        ("postgresql", "TRUNCATE {table} CASCADE"),
    )
    for change, statement in (
        ("update", "UPDATE {table} SET course = 'x'"),
        ("delete", "DELETE FROM {table}"),
        ("all at once", replacing),
    )
}


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    migrate(database_url)
    database = Database(database_url)
    yield database
    database.dispose()


def add_one_of_each(database: Database) -> None:
    place = {"course": "c", "assignment": "a1"}
    with database.session() as session:
        record(session, Kind.fetch, actor="s1", at=NOON, student="s1", **place)
        session.add(Release(version=1, tree="t", released_at=NOON, actor="i", **place))
        session.add(
            Attempt(
                student="s1", number=1, tree="t", size_bytes=1, files=1, received_at=NOON, arrival="on_time", late_s=0,
                receipt={}, **place,
            )
        )  # fmt: skip
        session.add(
            Feedback(student="s1", attempt=1, tree="t", score=1, max_score=2, released_at=NOON, actor="i", **place)
        )
        marks = {"levels": {}, "comments": {}, "gates": {}}
        known = {column.key for column in Grading.__table__.columns}
        session.add(
            Grading(
                notebook="n", task="report", student="s1", attempt=1, grader="g", at=NOON, rubric="r", **place,
                **{name: value for name, value in marks.items() if name in known},
            )
        )  # fmt: skip
        session.add(Calibration(task="report", grader="g", anchor="a", at=NOON, rubric="r", levels={}, **place))


def test_an_event_keeps_who_what_when_and_its_data(database: Database) -> None:
    with database.session() as session:
        made = record(
            session, Kind.submit, course="c", actor="s1", at=NOON, assignment="a1", student="s1", attempt=2, tree="ff"
        )

    with database.reading() as session:
        (event,) = events_of_student(session, "c", "s1")

    assert (event.id, event.kind, event.actor, event.assignment, event.at) == (made.id, "submit", "s1", "a1", NOON)
    assert event.data == {"attempt": 2, "tree": "ff"}


def test_events_come_newest_first_and_only_the_asked_ones(database: Database) -> None:
    with database.session() as session:
        for student, kind in (("s1", "fetch"), ("s2", "fetch"), ("s1", "submit"), ("s1", "fetch")):
            record(session, kind, course="c", actor=student, at=NOON, assignment="a1", student=student)
        record(session, "fetch", course="other", actor="s1", at=NOON, assignment="a1", student="s1")

    with database.reading() as session:
        of_student = [event.kind for event in events_of_student(session, "c", "s1", limit=2)]
        of_assignment = [event.student for event in events_of_assignment(session, "c", "a1", kind="fetch")]

    assert of_student == ["fetch", "submit"]
    assert of_assignment == ["s1", "s2", "s1"]


def test_an_event_of_a_failed_transaction_never_was(database: Database) -> None:
    with suppress(InterruptedError), database.session() as session:
        record(session, "fetch", course="c", actor="s1", at=NOON, student="s1")
        raise InterruptedError

    with database.reading() as session:
        assert list(events_of_student(session, "c", "s1")) == []


@pytest.mark.parametrize("table", ["event", "attempt", "grading", "calibration", "feedback", "release"])
@pytest.mark.parametrize("change", ["update", "delete", "all at once"])
def test_the_database_itself_refuses_to_change_a_row(database: Database, table: str, change: str) -> None:
    add_one_of_each(database)

    with pytest.raises(DBAPIError, match=f"{table} is append-only"), database.session() as session:
        session.execute(text(CHANGES[database.engine.dialect.name, change].format(table=table)))


def test_a_session_for_reading_can_not_write(database: Database) -> None:
    with pytest.raises(DBAPIError, match=r"readonly|read-only"), database.reading() as session:
        record(session, "fetch", course="c", actor="s1", at=NOON, student="s1")


def test_a_time_without_zone_is_refused(database: Database) -> None:
    with pytest.raises(Exception, match="without zone"), database.session() as session:
        record(session, "fetch", course="c", actor="s1", at=NOON.replace(tzinfo=None), student="s1")


def test_a_character_that_a_database_can_not_keep_is_shown_as_such(database: Database) -> None:
    """Students' programs write anything into the reason why they failed."""
    with database.session() as session:
        session.add(Correction(course="c", assignment="a1", notebook="n", cell="t", kind="excuse", reason="a\0b",
                               actor="i", at=NOON))  # fmt: skip

    with database.reading() as session:
        assert session.scalar(text("SELECT reason FROM correction")) == "a\ufffdb"
