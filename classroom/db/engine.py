"""The service's database: one engine a process, sessions that commit at their end, migrations.

SQLite and PostgreSQL keep the same three promises. One transaction writes at a time: it has the database's one write
lock from its start, so what it has looked up still holds when it writes, ids grow in the order of commits, and no two
can block each other. A reader never waits and sees one state throughout. A commit survives a power cut.

SQLite needs a write-ahead log, a busy timeout and BEGIN IMMEDIATE for them, PostgreSQL an advisory lock and REPEATABLE
READ.
"""

import fcntl
import logging
import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any, NoReturn

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, OperationalError
from sqlalchemy.orm import Session

from classroom.errors import DatabaseAway, SettingsError

BUSY_TIMEOUT_S = 10
MIGRATIONS = Path(__file__).with_name("migrations")
_READ_ONLY = "classroom_read_only"
# Any number does; it must only be ours among the locks of a shared PostgreSQL.
_ADVISORY_LOCK = 0x636C6173
_LOCKED = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_POSTGRESQL = {
    "connect_timeout": BUSY_TIMEOUT_S,
    # A writer on a machine that vanished would hold the write lock for two hours, which is how long Linux waits.
    "options": f"-c lock_timeout={BUSY_TIMEOUT_S}s -c tcp_keepalives_idle=30 -c tcp_keepalives_interval=10 "
    "-c tcp_keepalives_count=3",
}

_log = logging.getLogger(__name__)


def make_engine(url: str) -> Engine:
    """An engine for a SQLite file or a PostgreSQL database; every transaction of it may write. Raises SettingsError."""
    parsed = parse_url(url)
    if parsed.get_backend_name() == "postgresql":
        # A connection that died, since the server was started anew, is replaced before it's used.
        engine = create_engine(parsed, pool_pre_ping=True, connect_args=_POSTGRESQL)
        event.listen(engine, "begin", _begin_postgresql)
        return engine
    engine = create_engine(parsed, connect_args={"timeout": BUSY_TIMEOUT_S})
    event.listen(engine, "connect", _set_up_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def parse_url(url: str) -> URL:
    """The database's address, `postgresql://` with the driver we have; raises SettingsError, without the password."""
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise SettingsError("CLASSROOM_DATABASE_URL is no database's address: postgresql://USER@HOST/NAME") from error
    backend = parsed.get_backend_name()
    if backend not in ("sqlite", "postgresql"):
        raise SettingsError(f"CLASSROOM_DATABASE_URL begins with {backend}://; give postgresql:// or sqlite:///")
    return parsed.set(drivername="postgresql+psycopg") if backend == "postgresql" else parsed


def migrate(url: str) -> None:
    """Bring the database to the newest revision, where it isn't yet. Several processes may do it at once."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    engine = make_engine(url)
    try:
        with _one_at_a_time(engine.url), engine.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except OperationalError as error:
        _raise_away(error)
    finally:
        engine.dispose()


class Database:
    """The database at `url`, already migrated. Safe to share between threads; made anew in each process.

    Sessions raise DatabaseAway when the server can't be reached or stays locked; later ones work again by themselves.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.engine = make_engine(url)
        self._reading = self.engine.execution_options(**{_READ_ONLY: True})

    def session(self) -> AbstractContextManager[Session]:
        """A session that may write: commits at the end of the block, rolls back when the block raises.

        It holds the database's one write lock from the beginning: no uploads, no network inside.
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
    try:
        with Session(engine, expire_on_commit=False) as session, session.begin():
            yield session
    except OperationalError as error:
        _raise_away(error)


def is_read_only(session: Session) -> bool:
    """Whether it is a `Database.reading` session."""
    return bool(session.connection().get_execution_options().get(_READ_ONLY))


def _raise_away(error: OperationalError) -> NoReturn:
    """Raises DatabaseAway where trying later may help, else the same error."""
    code = getattr(error.orig, "sqlite_errorcode", None)
    if isinstance(error.orig, sqlite3.Error) and (code is None or code & 0xFF not in _LOCKED):
        raise error
    _log.warning("the database is away: %s", error.orig)
    raise DatabaseAway(
        "the database doesn't answer; in a moment look whether it was done, and if not try again"
    ) from error


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


def _begin_postgresql(connection: Connection) -> None:
    if connection.get_execution_options().get(_READ_ONLY):
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
    else:
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_ADVISORY_LOCK})")


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
