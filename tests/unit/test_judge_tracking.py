"""The judge reads a student's MLflow store as rows, and a hostile file costs it nothing but a clear error."""

import sqlite3
from collections.abc import Callable

import pytest

from cardpress.mlflow_store import Store, empty_store
from cardpress.runs import make_month
from judge import tracking
from judge.tracking import StoreError, read_store

SEED = 0x5C7D21E09A4B4F3386D0C1F8A2E5B794


def spoilt(*statements: str) -> bytes:
    """An empty store after some statements of SQL."""
    with sqlite3.connect(":memory:") as database:
        database.deserialize(empty_store())
        for statement in statements:
            database.execute(statement)
        database.commit()
        return database.serialize()


def test_runs_come_with_params_metrics_and_tags() -> None:
    store = Store()
    store.add_experiment(1, "cards")
    store.add_run("a" * 32, params={"C": "0.1"}, metrics={"cv": 0.5, "bad": float("nan")}, tags={"git_commit": "1f"})
    store.add_run("b" * 32, params={}, metrics={}, tags={}, is_deleted=True)

    (run,) = read_store(store.content()).runs

    assert (run.id, run.experiment, run.status, run.parent) == ("a" * 32, "cards", "FINISHED", None)
    assert (run.params, run.metrics["cv"], str(run.metrics["bad"])) == ({"C": "0.1"}, 0.5, "nan")
    assert run.tags["git_commit"] == "1f"


def test_a_month_holds_sixty_runs_of_its_experiment() -> None:
    runs = read_store(make_month(SEED).content).runs

    assert sum(run.experiment == "card-type" for run in runs) == 60


HOSTILE: dict[str, Callable[[], bytes]] = {
    "no SQLite file": lambda: b"PK\x03\x04" + bytes(5000),
    "nothing": lambda: b"",
    "cut off": lambda: empty_store()[:40_000],
    "noise after the head": lambda: empty_store()[:100] + bytes(range(256)) * 1000,
    "rows in a second file": lambda: empty_store()[:18] + b"\x02\x02" + empty_store()[20:],
    "no such table": lambda: spoilt("DROP TABLE latest_metrics"),
    "a view in a table's place": lambda: spoilt(
        "DROP TABLE tags", "CREATE VIEW tags AS SELECT 1 run_uuid, 2 key, 3 value"
    ),
    "a view that never ends": lambda: spoilt(
        "DROP TABLE tags",
        "CREATE VIEW tags AS WITH RECURSIVE n(value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM n)"
        " SELECT value AS run_uuid, value AS key, value FROM n",
    ),
    "a text of 3 MB": lambda: spoilt(
        "INSERT INTO experiments (experiment_id, name) SELECT 7, hex(zeroblob(1500000))",
    ),
    "a version that is a text": lambda: spoilt(
        "INSERT INTO registered_models (name) VALUES ('m')",
        "INSERT INTO registered_model_aliases (alias, version, name) VALUES ('champion', 'two', 'm')",
    ),
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_file_is_refused_with_a_reason(content: Callable[[], bytes]) -> None:
    with pytest.raises(StoreError):
        read_store(content())


def test_too_many_rows_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracking, "MAX_ROWS", 50)

    with pytest.raises(StoreError, match="more than 50 rows"):
        read_store(make_month(SEED).content)


def test_a_read_that_takes_too_many_steps_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracking, "MAX_STEPS", 1)
    monkeypatch.setattr(tracking, "_STEPS_AT_A_TIME", 1)

    with pytest.raises(StoreError, match="interrupted"):
        read_store(make_month(SEED).content)
