"""A database of the release before: every row of it is there after the upgrade, and the class works on."""

import datetime as dt
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import MetaData, func, inspect, select, text
from sqlalchemy.exc import DBAPIError

from classroom.db.engine import Database, make_engine, migrate
from classroom.db.tables import Attempt, Base, Feedback
from classroom.grading import jobs

BEFORE = Path(__file__).resolve().parents[1] / "data" / "classroom-0007.sql"
NOON = dt.datetime(2026, 11, 24, 12, tzinfo=dt.UTC)


@pytest.fixture
def url(tmp_path: Path) -> str:
    path = tmp_path / "classroom.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(BEFORE.read_text(encoding="utf-8"))
    return f"sqlite:///{path}"


@pytest.fixture
def upgraded(url: str) -> Iterator[Database]:
    migrate(url)
    database = Database(url)
    yield database
    database.dispose()


def rows(url: str) -> dict[str, list[dict[str, Any]]]:
    """Every row as the database has it, by table."""
    engine = make_engine(url)
    metadata = MetaData()
    metadata.reflect(engine)
    with engine.connect() as connection:
        found = {
            table.name: [dict(row) for row in connection.execute(select(table)).mappings()]
            for table in metadata.sorted_tables
            if table.name != "alembic_version"
        }
    engine.dispose()
    return found


def test_the_dump_has_a_row_in_each_table_that_there_was(url: str) -> None:
    before = rows(url)

    assert not [table for table, found in before.items() if not found]
    assert len(before) >= 14


def test_no_row_and_no_value_is_lost(url: str) -> None:
    before = rows(url)

    migrate(url)

    after = rows(url)
    kept = {
        table: [{key: row[key] for key in old} for row, old in zip(after[table], found, strict=True)]
        for table, found in before.items()
    }
    assert kept == before


def test_the_tables_are_those_declared(upgraded: Database) -> None:
    assert set(Base.metadata.tables) <= set(inspect(upgraded.engine).get_table_names())


def test_rows_are_read_and_the_ledger_stays_append_only(upgraded: Database) -> None:
    with upgraded.reading() as session:
        attempt, feedback = session.scalars(select(Attempt)).one(), session.scalars(select(Feedback)).one()

    assert (attempt.student, attempt.receipt["attempt"], feedback.score) == ("ada", 1, 5.6)
    for table in ("event", "attempt", "grading", "hold"):
        with pytest.raises(DBAPIError, match="append-only"), upgraded.session() as session:
            session.execute(text(f"DELETE FROM {table}"))


def test_a_job_that_waited_is_graded_after_the_upgrade(upgraded: Database) -> None:
    with upgraded.session() as session:
        held = jobs.lease(session, "h/2/1.00", NOON)
        assert held is not None
        jobs.finish(session, held, jobs.Outcome("ok", None, 6.0, 6.0, b"{}", "b" * 64), NOON)

    with upgraded.reading() as session:
        assert (held.student, held.request) == ("ada", "")
        assert jobs.progress(session, held.run_id).finished
        assert session.scalar(select(func.count()).select_from(Attempt)) == 1
