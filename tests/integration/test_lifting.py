"""The one way around the append-only triggers is narrow, and closes behind whoever went it."""

import datetime as dt
from collections.abc import Iterator
from contextlib import nullcontext

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, InvalidRequestError

from classroom.db.engine import Database, migrate
from classroom.db.lifting import changes_allowed
from classroom.db.tables import Event, Hold

NOON = dt.datetime(2026, 11, 10, 12, tzinfo=dt.UTC)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    migrate(database_url)
    made = Database(database_url)
    add_event(made)
    yield made
    made.dispose()


def add_event(database: Database) -> None:
    with database.session() as session:
        session.add(Event(kind="submit", actor="ada", course="tiny", at=NOON, data={}))


def change(database: Database, table: str, *allowed: type[Event | Hold]) -> None:
    with database.session() as session, changes_allowed(session, *allowed) if allowed else nullcontext():
        session.execute(text(f"UPDATE {table} SET id = id"))
        session.execute(text(f"DELETE FROM {table}"))


def test_changes_are_allowed_to_the_named_tables_alone_and_only_in_the_block(database: Database) -> None:
    with pytest.raises(DBAPIError, match="append-only"):
        change(database, "event", Hold)
    with pytest.raises(DBAPIError, match="append-only"):
        change(database, "event")
    change(database, "event", Event, Hold)

    with database.reading() as session:
        assert not session.scalar(text("SELECT count(*) FROM event"))
    add_event(database)
    with pytest.raises(DBAPIError, match="append-only"):
        change(database, "event")


def test_nothing_is_committed_after_a_block_that_raised(database: Database) -> None:
    def go_on_past_an_error() -> None:
        with database.session() as session:
            try:
                with changes_allowed(session, Event):
                    raise ZeroDivisionError
            except ZeroDivisionError:
                session.execute(text("DELETE FROM event"))

    with pytest.raises(InvalidRequestError):
        go_on_past_an_error()

    with pytest.raises(DBAPIError, match="append-only"):
        change(database, "event")
