"""A database as it is in one moment, to be written down while others go on writing; and read in again.

SQLite's is copied page by page out of an open reading transaction, PostgreSQL's by pg_dump from an exported snapshot.
Both begin in a moment and don't keep writers waiting while they are copied.
"""

import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, create_engine, inspect, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import OperationalError

from classroom.config import child_environment
from classroom.db.engine import parse_url
from classroom.errors import DatabaseAway, SettingsError

SQLITE_NAME, POSTGRESQL_NAME = "sqlite", "postgresql"
_SAID = 500  # characters of a tool's complaint


@dataclass(frozen=True)
class Snapshot:
    """One moment of a database. `connection` reads it with SQL for as long as it's open."""

    url: URL
    connection: Connection

    def write(self, path: Path) -> None:
        """The whole of it as a new file: SQLite's own, or pg_dump's custom format. Raises SettingsError."""
        if self.url.get_backend_name() == SQLITE_NAME:
            with closing(sqlite3.connect(path)) as target:
                source = self.connection.connection.driver_connection
                assert isinstance(source, sqlite3.Connection)
                source.backup(target)
                # The copy says of itself that it has a log beside it; it hasn't.
                target.execute("PRAGMA journal_mode = DELETE")
            return
        snapshot = self.connection.execute(text("SELECT pg_export_snapshot()")).scalar_one()
        _run("pg_dump", self.url, "--format=custom", f"--snapshot={snapshot}", f"--file={path}")


@contextmanager
def take_snapshot(url: str) -> Iterator[Snapshot]:
    """This moment of the database, which must be there; raises SettingsError, DatabaseAway."""
    parsed = parse_url(url)
    is_sqlite = parsed.get_backend_name() == SQLITE_NAME
    if is_sqlite and not Path(parsed.database or "").is_file():
        raise SettingsError(f"there is no database {parsed.database}")
    engine = create_engine(parsed, connect_args={"isolation_level": None} if is_sqlite else {})
    try:
        with engine.connect() as connection:
            begin = "BEGIN" if is_sqlite else "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"
            connection.exec_driver_sql(begin)
            # The moment is that of the first look.
            connection.exec_driver_sql("SELECT count(*) FROM " + ("sqlite_master" if is_sqlite else "pg_class"))
            yield Snapshot(parsed, connection)
    except OperationalError as error:
        raise DatabaseAway(f"the database can't be read: {error.orig}") from error
    finally:
        engine.dispose()


def is_empty(url: str) -> bool:
    """Whether a database of that address has no table, or isn't there; raises DatabaseAway."""
    parsed = parse_url(url)
    if parsed.get_backend_name() == SQLITE_NAME:
        return not Path(parsed.database or "").exists()
    engine = create_engine(parsed)
    try:
        return not inspect(engine).get_table_names()
    except OperationalError as error:
        raise DatabaseAway(f"the database can't be reached: {error.orig}") from error
    finally:
        engine.dispose()


def read_in(path: Path, url: str) -> None:
    """Fill the empty database of that address from the file that `Snapshot.write` made; raises SettingsError."""
    parsed = parse_url(url)
    if parsed.get_backend_name() == SQLITE_NAME:
        with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(parsed.database or "")) as target:
            source.backup(target)
        return
    _run("pg_restore", parsed, "--no-owner", "--exit-on-error", "--single-transaction", str(path))


def _run(tool: str, url: URL, *arguments: str) -> None:
    """One of PostgreSQL's tools; the password goes by the environment, since others see command lines."""
    address = url.set(drivername="postgresql", password=None).render_as_string()
    password = {"PGPASSWORD": str(url.password)} if url.password else {}
    try:
        done = subprocess.run(
            [tool, f"--dbname={address}", *arguments],
            env=child_environment(password), capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except FileNotFoundError as error:
        raise SettingsError(f"{tool} is missing: apt-get install postgresql-client") from error
    if done.returncode != 0:
        raise SettingsError(f"{tool} failed: {done.stderr.strip()[-_SAID:]}")
