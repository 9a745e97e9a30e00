"""The stores that cardpress writes and judge reads are what the installed MLflow itself writes and reads.

MLflow takes seconds to import, so each test runs in a process of its own where it can stay apart from the others.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cardpress.mlflow_store import empty_store
from cardpress.runs import make_month
from judge.tracking import read_store

ROOT = Path(__file__).resolve().parents[2]
SEED = 0x3D1F0C52E7A94B6880F1D2C3B4A59687

SCHEMA = """
import mlflow, json, re, sqlite3
mlflow.MlflowClient("sqlite:///fresh.db").search_experiments()
made, given = sqlite3.connect("fresh.db"), sqlite3.connect("given.db")
look = "SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY type, name"
def words(database):
    # The allowed states stand in another order each time.
    return {(kind, name): sorted(re.findall(r"\\w+", sql)) for kind, name, sql in database.execute(look)}
asked = [words(made), words(given)]
print(json.dumps({
    "differ": sorted(str(key) for key in asked[0].keys() | asked[1].keys() if asked[0].get(key) != asked[1].get(key)),
    "revision": [one.execute("SELECT version_num FROM alembic_version").fetchall() for one in (made, given)],
}))
"""

SEARCH = """
import mlflow, json, pathlib
from cardlab.tracking import open_store
mlflow.set_tracking_uri(open_store(pathlib.Path("given.db").read_bytes()))
runs = mlflow.search_runs(experiment_names=["card-type"])
runs = runs[(runs["status"] == "FINISHED") & (runs["params.fitted_on"] == "train")]
accuracy = runs["metrics.cv_accuracy"].fillna(runs["metrics.acc"])
runs, accuracy = runs[accuracy.notna()].set_index("run_id"), accuracy[accuracy.notna()].to_numpy()
std = runs["metrics.cv_std"].fillna(runs["metrics.acc_std"])
cheap = runs[accuracy >= accuracy.max() - 0.01]
print(json.dumps({
    "n_counted": len(runs),
    "best": runs.index[accuracy.argmax()],
    "safest": (accuracy - std / runs["params.n_folds"].astype(int) ** 0.5).idxmax(),
    "most_overfit": (runs["metrics.train_accuracy"] - accuracy).idxmax(),
    "cheapest": cheap["metrics.fit_seconds"].idxmin(),
}))
"""

LOG = """
import json, mlflow, pandas as pd
from cardlab.tracking import open_store
from sklearn.dummy import DummyClassifier
uri = open_store()
mlflow.set_tracking_uri(uri)
mlflow.set_experiment("cards")
with mlflow.start_run(run_name="search"), mlflow.start_run(run_name="one", nested=True) as run:
    mlflow.log_params({"C": 0.1, "seed": 7})
    mlflow.log_metrics({"cv_mean": 0.5, "broken": float("nan")})
    model = DummyClassifier().fit(pd.DataFrame({"hp": [10, 20]}), ["Fire", "Fire"])
    info = mlflow.sklearn.log_model(model, name="model", pip_requirements=["scikit-learn"])
client = mlflow.MlflowClient(uri)
version = mlflow.register_model(info.model_uri, "card-type").version
client.set_registered_model_alias("card-type", "champion", version)
says = mlflow.sklearn.load_model("models:/card-type@champion").predict(pd.DataFrame({"hp": [5]})).tolist()
print(json.dumps({"uri": uri, "run": run.info.run_id, "says": says}))
"""


def run_python(source: str, folder: Path) -> dict[str, Any]:
    """What the script prints last, as JSON; with this checkout's packages and data."""
    prelude = (
        f"import sys, os; sys.path.insert(0, {str(ROOT)!r}); os.environ['CARDLAB_DATA'] = {str(ROOT / 'data')!r}\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", prelude + source], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    printed: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return printed


def test_an_empty_store_is_what_the_installed_mlflow_makes(tmp_path: Path) -> None:
    (tmp_path / "given.db").write_bytes(empty_store())

    found = run_python(SCHEMA, tmp_path)

    assert found["differ"] == []
    assert found["revision"][0] == found["revision"][1]


@pytest.mark.parametrize("traps", [(), ("failed", "nan", "renamed", "leak")], ids=["plain", "trapped"])
def test_mlflow_finds_the_answers_in_a_month_of_runs(traps: tuple[str, ...], tmp_path: Path) -> None:
    month = make_month(SEED, traps={"renamed", *traps})
    (tmp_path / "given.db").write_bytes(month.content)

    assert run_python(SEARCH, tmp_path) == month.answers


def test_the_judge_reads_what_mlflow_logged(tmp_path: Path) -> None:
    told = run_python(LOG, tmp_path)

    tracked = read_store((tmp_path / told["uri"].removeprefix("sqlite:///")).read_bytes())

    parent, run = tracked.runs
    assert (run.id, run.parent, run.status, run.experiment) == (told["run"], parent.id, "FINISHED", "cards")
    assert run.params == {"C": "0.1", "seed": "7"}
    assert (run.metrics["cv_mean"], str(run.metrics["broken"])) == (0.5, "nan")
    assert (tracked.aliases, tracked.versions) == ({"card-type": {"champion": 1}}, {"card-type": {1: run.id}})
    assert told["says"] == ["Fire"]
