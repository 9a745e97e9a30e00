"""An MLflow store in a folder of its own, without the seconds that a fresh one takes, and a name for the data.

Importing this is cheap; MLflow itself is imported by who needs it.
"""

import hashlib
import logging
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pandas as pd

from cardlab.data import canonical_rows, empty_store

# Read by MLflow: it would report usage over the network, and warn where there is no git or no name for the user.
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")
os.environ.setdefault("USERNAME", "student")  # the last place where Python looks, before the system's list of users

# For mlflow.sklearn.log_model(model, **LOG_MODEL). It takes seconds to guess the requirements when they aren't given,
# and refuses types that it has never heard of, such as the nodes of trees, until somebody says that it may trust them.
LOG_MODEL = {
    "name": "model",
    "pip_requirements": ["scikit-learn"],
    "skops_trusted_types": ["numpy.dtype", "sklearn.tree._tree.Tree"],
}


def open_store(content: bytes | None = None, *, folder: str = "stores") -> str:
    """The tracking URI of a new store in `folder`, empty or filled with the content of a SQLite file.

    MLflow writes the absolute path of an experiment's artifacts into the database, where it's wrong as soon as the
    file is copied; here they are set to the new place, `artifacts/` beside the file.
    """
    place = _new_folder(Path(folder))
    path = place / "mlflow.db"
    path.write_bytes(empty_store() if content is None else content)
    _set_artifacts(path)
    return f"sqlite:///{path}"


def page_store() -> str:
    """The tracking URI of the one store of your own that stays from notebook to notebook.

    It lies in `mlflow/` in your home and is made when absent; other than that it's like one of `open_store`.
    """
    place = Path.home() / "mlflow"
    place.mkdir(exist_ok=True)
    path = place / "mlflow.db"
    if not path.exists():
        path.write_bytes(empty_store())
        _set_artifacts(path)
    return f"sqlite:///{path}"


def data_digest(cards: pd.DataFrame) -> str:
    """The sha256 of a table's rows in order, as 64 hex digits: another value, name, type or order is another digest."""
    return hashlib.sha256(canonical_rows(cards).encode("utf-8")).hexdigest()


def _set_artifacts(path: Path) -> None:
    logging.getLogger("mlflow").setLevel(logging.WARNING)  # it tells the hour of all it does
    artifacts = str(path.parent.resolve() / "artifacts")
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("UPDATE experiments SET artifact_location = ? || '/' || experiment_id", (artifacts,))


def _new_folder(inside: Path) -> Path:
    inside.mkdir(parents=True, exist_ok=True)
    number = 1 + sum(1 for _ in inside.iterdir())
    while True:
        try:
            (inside / str(number)).mkdir()
        except FileExistsError:
            number += 1
        else:
            return inside / str(number)
