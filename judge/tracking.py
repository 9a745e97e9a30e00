"""Reads the rows of an MLflow store that student code wrote: as plain Python, and as if the file were hostile.

A model in the store is never loaded here; only the student's process may do that.
"""

import math
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass, field
from typing import TypeVar

MAX_ROWS = 20_000  # of one table
MAX_TEXT_BYTES = 1 << 20
MAX_STEPS = 20_000_000  # of SQLite's virtual machine, over all tables
_STEPS_AT_A_TIME = 10_000
_COLUMNS = {
    "experiments": ("experiment_id", "name"),
    "runs": ("run_uuid", "name", "status", "experiment_id", "lifecycle_stage"),
    "params": ("run_uuid", "key", "value"),
    "latest_metrics": ("run_uuid", "key", "value", "is_nan"),
    "tags": ("run_uuid", "key", "value"),
    "registered_model_aliases": ("name", "alias", "version"),
    "model_versions": ("name", "version", "run_id"),
}
_PARENT = "mlflow.parentRunId"

Row = tuple[object, ...]
K = TypeVar("K")
V = TypeVar("V")


class StoreError(ValueError):
    """The file isn't a store of MLflow that can be read."""


@dataclass(frozen=True)
class Run:
    """A run that wasn't deleted. parent: the id of the run that it's nested under."""

    id: str
    name: str
    experiment: str
    status: str
    params: dict[str, str] = field(default_factory=dict)
    metrics: dict[str, float] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def parent(self) -> str | None:
        return self.tags.get(_PARENT)


@dataclass(frozen=True)
class Tracked:
    """runs: in the order they were written. aliases: version by alias, by name of the registered model. versions: run
    ids by version, by name."""

    runs: tuple[Run, ...]
    aliases: dict[str, dict[str, int]]
    versions: dict[str, dict[int, str]]


def read_store(content: bytes) -> Tracked:
    """What an MLflow store holds, from the bytes of its SQLite file. Raises StoreError."""
    if content[:16] != b"SQLite format 3\0":
        raise StoreError("this is no SQLite file")
    if content[18:20] != b"\x01\x01":
        raise StoreError("this SQLite file keeps its rows in a second file; leave its journal mode as MLflow sets it")
    try:
        with closing(sqlite3.connect(":memory:")) as database:
            database.deserialize(content)
            _restrict(database)
            rows = {table: _rows(database, table) for table in _COLUMNS}
    except (sqlite3.Error, OverflowError, MemoryError) as error:
        raise StoreError(f"this SQLite file can't be read as a store of MLflow: {error}") from error
    return _tracked(rows)


def _restrict(database: sqlite3.Connection) -> None:
    """Nothing but reading columns of known tables, within bounds."""
    steps = iter(range(MAX_STEPS // _STEPS_AT_A_TIME))
    database.execute("PRAGMA query_only = ON")
    database.execute("PRAGMA trusted_schema = OFF")
    database.execute("PRAGMA cell_size_check = ON")
    database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MAX_TEXT_BYTES)
    database.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
    database.set_progress_handler(lambda: next(steps, None) is None, _STEPS_AT_A_TIME)
    database.set_authorizer(_authorize)


def _authorize(action: int, table: str | None, column: str | None, _: str | None, inside: str | None) -> int:
    """`inside` names a view or trigger: a real store has no view of these names."""
    if inside is not None or action not in (sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ):
        return sqlite3.SQLITE_DENY
    if action == sqlite3.SQLITE_READ and table not in _COLUMNS:
        return sqlite3.SQLITE_DENY
    return sqlite3.SQLITE_OK


def _rows(database: sqlite3.Connection, table: str) -> list[Row]:
    names = ", ".join(f'"{name}"' for name in _COLUMNS[table])
    rows: list[Row] = database.execute(f'SELECT {names} FROM "{table}"').fetchmany(MAX_ROWS + 1)
    if len(rows) > MAX_ROWS:
        raise StoreError(f"the table {table} has more than {MAX_ROWS:,} rows")
    return rows


def _tracked(rows: dict[str, list[Row]]) -> Tracked:
    experiments = {row[0]: str(row[1]) for row in rows["experiments"]}
    runs = {
        str(run_id): Run(str(run_id), str(name), experiments.get(experiment, ""), str(status))
        for run_id, name, status, experiment, stage in rows["runs"]
        if stage == "active"
    }
    for table in ("params", "tags"):
        for run_id, key, text in rows[table]:
            if run := runs.get(str(run_id)):
                getattr(run, table)[str(key)] = str(text)
    for run_id, key, value, is_nan in rows["latest_metrics"]:
        if (run := runs.get(str(run_id))) and isinstance(value, int | float):
            run.metrics[str(key)] = math.nan if is_nan else float(value)
    aliases = _by_name((name, str(alias), _whole(version)) for name, alias, version in rows["registered_model_aliases"])
    versions = _by_name((name, _whole(version), str(run_id)) for name, version, run_id in rows["model_versions"])
    return Tracked(tuple(runs.values()), aliases, versions)


def _by_name(rows: Iterable[tuple[object, K, V]]) -> dict[str, dict[K, V]]:
    found: dict[str, dict[K, V]] = {}
    for name, key, value in rows:
        found.setdefault(str(name), {})[key] = value
    return found


def _whole(value: object) -> int:
    if type(value) is not int:
        raise StoreError(f"a version of a registered model is {type(value).__name__}, not a whole number")
    return value
