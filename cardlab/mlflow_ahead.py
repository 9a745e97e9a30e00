"""The seconds that MLflow takes when it's first used, spent once and early.

Importing this imports what MLflow is going to import, without MLflow: none of it starts a thread, so a warm process may
hold it and be copied. MLflow itself starts threads (polars does): a copy imports it anew.
"""

import importlib
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType

from sklearn.tree import DecisionTreeClassifier

from cardlab.tracking import LOG_MODEL, open_store

for _module in ("alembic.command", "fastapi", "skops.io", "sqlalchemy.orm"):
    importlib.import_module(_module)


def ready_mlflow() -> ModuleType:
    """MLflow, imported and used once in a store that is gone afterwards; no experiment or run of it is active.

    What its registry reports goes to stdout: nbgrader's Validate takes whatever is on stderr for a cell that failed.
    """
    mlflow = importlib.import_module("mlflow")
    vars(importlib.import_module("mlflow.tracking._model_registry.fluent"))["eprint"] = print
    sklearn_models = importlib.import_module("mlflow.sklearn")
    options = {name: value for name, value in LOG_MODEL.items() if name != "name"}
    with TemporaryDirectory() as folder:
        client = mlflow.MlflowClient(open_store(folder=folder))
        run = client.create_run("0")
        client.log_metric(run.info.run_id, "ready", 1)
        client.search_runs(["0"])
        sklearn_models.save_model(DecisionTreeClassifier().fit([[0], [1]], [0, 1]), Path(folder) / "model", **options)
    return mlflow
