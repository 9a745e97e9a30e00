"""The service's database: one engine a process, sessions that commit at their end, migrations.

SQLite is set up for several processes at once: a write-ahead log, so that readers never wait; a busy timeout, so that
writers wait for each other; and BEGIN IMMEDIATE, so that a transaction that will write has its lock from the start and
can't fail half-way through.
"""

import fcntl
import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.orm import Session

BUSY_TIMEOUT_S = 10
MIGRATIONS = Path(__file__).with_name("migrations")
_READ_ONLY = "classroom_read_only"
# Any number does; it must only be ours among the locks of a shared PostgreSQL.
_ADVISORY_LOCK = 0x636C6173


def make_engine(url: str) -> Engine:
    """An engine for a SQLite file or a PostgreSQL database; every transaction of it may write."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return create_engine(parsed, pool_pre_ping=True)
    engine = create_engine(parsed, connect_args={"timeout": BUSY_TIMEOUT_S})
    event.listen(engine, "connect", _set_up_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def migrate(url: str) -> None:
    """Bring the database to the newest revision, where it isn't yet. Several processes may do it at once."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    engine = make_engine(url)
    try:
        with _one_at_a_time(engine.url), engine.begin() as connection:
            if engine.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    finally:
        engine.dispose()


class Database:
    """The database at `url`, already migrated. Safe to share between threads; made anew in each process."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.engine = make_engine(url)
        self._reading = self.engine.execution_options(**{_READ_ONLY: True})

    def session(self) -> AbstractContextManager[Session]:
        """A session that may write: commits at the end of the block, rolls back when the block raises.

        On SQLite it holds the database's one write lock from the beginning: no uploads, no network inside.
        """
        return _committed(self.engine)

    def reading(self) -> AbstractContextManager[Session]:
        """A session that only reads, and sees one state of the database throughout; never waits for writers."""
        return _committed(self._reading)

    def dispose(self) -> None:
        """Close all connections."""
        self.engine.dispose()


@contextmanager
def _committed(engine: Engine) -> Iterator[Session]:
    # Rows stay readable after the block: callers hand them on.
    with Session(engine, expire_on_commit=False) as session, session.begin():
        yield session


def _set_up_sqlite(connection: sqlite3.Connection, _record: Any) -> None:
    # The driver must not begin transactions by itself; _begin_sqlite does.
    connection.isolation_level = None
    for pragma in (
        f"busy_timeout = {BUSY_TIMEOUT_S * 1000}",
        "journal_mode = WAL",
        "foreign_keys = ON",
        # A receipt must survive a power cut; NORMAL would lose the last commits with it.
        "synchronous = FULL",
        # Without it INSERT OR REPLACE deletes a row behind the back of the triggers that forbid it.
        "recursive_triggers = ON",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    read_only = bool(connection.get_execution_options().get(_READ_ONLY))
    connection.exec_driver_sql(f"PRAGMA query_only = {int(read_only)}")
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")


def _one_at_a_time(url: URL) -> AbstractContextManager[None]:
    """A lock between processes: the switch to the write-ahead log fails, and doesn't wait, when two try it at once."""
    if url.get_backend_name() != "sqlite" or not url.database:
        return nullcontext()
    path = Path(url.database)
    return _locked(path.with_name(f"{path.name}.migrating"))


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
