"""Stores of MLflow written as plain rows: made in milliseconds, where MLflow's migrations take seconds.

MLflow 3.13 and later keep runs in SQLite only. The schema is that of the installed version; a test compares them.
"""

import math
import sqlite3
from collections.abc import Mapping
from pathlib import Path

SCHEMA = Path(__file__).with_name("mlflow_schema.sql")
REVISION = "dc11669786a5"  # what MLflow 3.17 looks for before it would migrate
PAGE_BYTES = 1024  # the smallest table takes one page, and there are two hundred tables and indexes
WHEN_MS = 1_793_000_000_000  # the moment of the first row; each later one is a second younger


class Store:
    """A store in memory, to be filled and then taken as `content()`."""

    def __init__(self) -> None:
        self._rows = sqlite3.connect(":memory:")
        self._rows.execute(f"PRAGMA page_size = {PAGE_BYTES}")
        self._rows.executescript(SCHEMA.read_text(encoding="utf-8"))
        self._insert("alembic_version", version_num=REVISION)
        self._insert("workspaces", name="default", description="Default workspace for legacy resources")
        self._clock_ms = WHEN_MS
        self.add_experiment(0, "Default")

    def add_experiment(self, number: int, name: str) -> None:
        """An experiment without runs. Its artifacts lie in `artifacts/`, wherever the store is opened."""
        when = self._tick()
        self._insert(
            "experiments",
            experiment_id=number,
            name=name,
            artifact_location=f"artifacts/{number}",
            lifecycle_stage="active",
            creation_time=when,
            last_update_time=when,
        )

    def add_run(
        self,
        run_id: str,
        *,
        experiment: int = 1,
        name: str = "",
        status: str = "FINISHED",
        is_deleted: bool = False,
        params: Mapping[str, str],
        metrics: Mapping[str, float],
        tags: Mapping[str, str],
    ) -> None:
        """A run of an experiment; run_id has 32 hex digits. NaN is a metric's value like any other."""
        start = self._tick()
        self._insert(
            "runs",
            run_uuid=run_id,
            name=name,
            source_type="UNKNOWN",
            user_id="pricing",
            status=status,
            start_time=start,
            end_time=None if status == "RUNNING" else start + 900,
            lifecycle_stage="deleted" if is_deleted else "active",
            artifact_uri=f"artifacts/{experiment}/{run_id}/artifacts",
            experiment_id=experiment,
        )
        for key, text in params.items():
            self._insert("params", key=key, value=text, run_uuid=run_id)
        for key, text in {"mlflow.runName": name, **tags}.items():
            self._insert("tags", key=key, value=text, run_uuid=run_id)
        for key, value in metrics.items():
            number = {"value": 0.0 if math.isnan(value) else value, "is_nan": math.isnan(value)}
            for table in ("metrics", "latest_metrics"):
                self._insert(table, key=key, timestamp=start, step=0, run_uuid=run_id, **number)

    def content(self) -> bytes:
        """The SQLite file."""
        self._rows.commit()
        return self._rows.serialize()

    def _tick(self) -> int:
        self._clock_ms += 1000
        return self._clock_ms

    def _insert(self, table: str, **row: object) -> None:
        names = ", ".join(f'"{name}"' for name in row)
        self._rows.execute(f'INSERT INTO "{table}" ({names}) VALUES ({", ".join("?" * len(row))})', [*row.values()])


def empty_store() -> bytes:
    """A store as MLflow leaves a new one: all tables, one experiment, no run."""
    return Store().content()
