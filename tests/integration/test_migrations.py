"""The database's revisions: they end where tables.py is, at once or twice at once."""

import datetime as dt
import multiprocessing
import threading
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import CheckConstraint, Engine, inspect, text
from sqlalchemy.exc import IntegrityError

from classroom.db.engine import BUSY_TIMEOUT_S, MIGRATIONS, Database, make_engine, migrate
from classroom.db.tables import Base, Job
from classroom.errors import DatabaseAway, SettingsError
from classroom.ledger import record

NOON = dt.datetime(2026, 11, 24, 12, tzinfo=dt.UTC)
SPAWN = multiprocessing.get_context("spawn")


@pytest.fixture
def url(database_url: str) -> str:
    return database_url


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'classroom.db'}"


def schema(engine: Engine) -> dict[str, Any]:
    """Everything SQLAlchemy sees of the tables, comparable."""
    seen = inspect(engine)
    return {
        table: {
            "columns": [(one["name"], str(one["type"]), one["nullable"]) for one in seen.get_columns(table)],
            "indexes": sorted((one["name"] or "", one["column_names"]) for one in seen.get_indexes(table)),
            "unique": sorted(one["column_names"] for one in seen.get_unique_constraints(table)),
            "foreign": [(one["constrained_columns"], one["referred_table"]) for one in seen.get_foreign_keys(table)],
        }
        for table in seen.get_table_names()
        if table != "alembic_version"
    }


def test_the_revisions_end_at_the_tables_as_declared(url: str, other_database_url: str) -> None:
    migrate(url)
    declared = make_engine(other_database_url)
    Base.metadata.create_all(declared)
    migrated = make_engine(url)

    with migrated.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, Base.metadata) == []
    assert schema(migrated) == schema(declared)
    for engine in (declared, migrated):
        engine.dispose()


def test_no_check_constraint_hides_from_the_comparison() -> None:
    """Alembic and the comparison above don't see them."""
    found = [one for table in Base.metadata.tables.values() for one in table.constraints]

    assert not [one for one in found if isinstance(one, CheckConstraint)]


def test_there_is_one_newest_revision() -> None:
    assert len(ScriptDirectory(str(MIGRATIONS)).get_heads()) == 1


def test_migrating_again_changes_nothing(url: str) -> None:
    migrate(url)
    database = Database(url)
    with database.session() as session:
        record(session, "fetch", course="c", actor="s1", at=NOON)

    migrate(url)

    with database.reading() as session:
        assert session.scalar(text("SELECT count(*) FROM event")) == 1
    database.dispose()


def test_processes_may_migrate_a_new_database_at_once(url: str) -> None:
    processes = [SPAWN.Process(target=migrate, args=(url,)) for _ in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()

    assert [process.exitcode for process in processes] == [0] * 4


def test_a_connection_is_set_up_for_several_processes(sqlite_url: str) -> None:
    migrate(sqlite_url)
    database = Database(sqlite_url)

    with database.session() as session:
        got = {
            name: session.scalar(text(f"PRAGMA {name}"))
            for name in ("journal_mode", "foreign_keys", "busy_timeout", "synchronous")
        }

    assert got == {"journal_mode": "wal", "foreign_keys": 1, "busy_timeout": BUSY_TIMEOUT_S * 1000, "synchronous": 2}
    database.dispose()


def test_a_row_that_refers_to_nothing_is_refused(url: str) -> None:
    migrate(url)
    database = Database(url)
    with pytest.raises(IntegrityError, match=r"(?i)foreign key"), database.session() as session:
        session.add(Job(run_id=99, course="c", assignment="a", student="s"))

    database.dispose()


def test_readers_do_not_wait_for_a_writer(url: str) -> None:
    migrate(url)
    database = Database(url)

    with database.session() as writing:
        writing.execute(text("CREATE TABLE more (id INTEGER)"))
        with database.reading() as session:
            is_seen = inspect(session.connection()).has_table("more")

    assert not is_seen
    database.dispose()


def test_a_migration_that_fails_leaves_no_half_made_table(url: str) -> None:
    """The name of a later table is taken, so the first revision breaks off in the middle."""
    engine = make_engine(url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE run (id INTEGER)"))

    with pytest.raises(Exception, match="already exists"):
        migrate(url)

    assert inspect(engine).get_table_names() == ["run"]
    engine.dispose()


def test_a_reader_sees_one_state_throughout(url: str) -> None:
    migrate(url)
    database = Database(url)

    with database.reading() as session:
        before = session.scalar(text("SELECT count(*) FROM event"))
        with database.session() as writing:
            record(writing, "fetch", course="c", actor="s1", at=NOON)
        after = session.scalar(text("SELECT count(*) FROM event"))

    assert (before, after) == (0, 0)
    database.dispose()


def test_one_transaction_writes_at_a_time_and_the_next_sees_what_it_wrote(url: str) -> None:
    migrate(url)
    database = Database(url)
    seen: list[int] = []

    def second() -> None:
        with database.session() as session:
            seen.append(session.scalar(text("SELECT count(*) FROM event")) or 0)

    with database.session() as session:
        record(session, "fetch", course="c", actor="s1", at=NOON)
        other = threading.Thread(target=second)
        other.start()
        other.join(0.2)
        seen_early = list(seen)
    other.join()

    assert (seen_early, seen) == ([], [1])
    database.dispose()


@pytest.mark.parametrize(
    ("url", "told"),
    [("mysql://u:secret@h/d", "mysql"), ("no address, secret", "no database's address")],
    ids=["another database", "no address"],
)
def test_an_address_that_is_no_database_s_is_refused_without_showing_it(url: str, told: str) -> None:
    with pytest.raises(SettingsError, match=told) as raised:
        make_engine(url)

    assert "secret" not in str(raised.value)


def test_a_server_that_is_not_there_is_said_to_be_away(tmp_path: Path) -> None:
    with pytest.raises(DatabaseAway):
        migrate(f"postgresql://nobody:secret@/d?host={tmp_path}")
