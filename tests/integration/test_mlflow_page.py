"""The MLflow page of a student's server: it shows the runs of the page's store, and ends with who started it."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from cardpress.runs import make_month
from tests.running_class import wait_for

ROOT = Path(__file__).resolve().parents[2]
START_S = 240.0  # eight seconds on an idle machine
SEED = 0x4A0E63D7C15B4F9285F1B3A6E07D29C8

# Starts the page as a server would, says so, and waits to be killed.
STARTER = "import subprocess, sys, time; subprocess.Popen(sys.argv[1:]); print('started', flush=True); time.sleep(3600)"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "mlflow").mkdir()
    (tmp_path / "mlflow/mlflow.db").write_bytes(make_month(SEED).content)
    return tmp_path


@pytest.fixture
def starter(home: Path) -> Iterator["subprocess.Popen[str]"]:
    words = [sys.executable, "-m", "cardlab.mlflow_page", str(home / "page.sock")]
    environment = {"HOME": str(home), "PATH": str(Path(sys.executable).parent), "MLFLOW_DISABLE_TELEMETRY": "true"}
    with subprocess.Popen([sys.executable, "-c", STARTER, *words], env=environment, cwd=ROOT, text=True) as process:
        yield process
        process.kill()


def listens(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as caller:
        return caller.connect_ex(str(path)) == 0


def ask(path: Path) -> httpx.Response:
    """The page's answer to a search for experiments."""
    with httpx.Client(transport=httpx.HTTPTransport(uds=str(path)), timeout=START_S) as client:
        return client.get("http://hub.example/ajax-api/2.0/mlflow/experiments/search", params={"max_results": 10})


def test_the_page_shows_the_store_and_ends_with_its_starter(starter: "subprocess.Popen[str]", home: Path) -> None:
    wait_for(lambda: listens(home / "page.sock"), timeout_s=START_S)

    answer = ask(home / "page.sock")
    words = [word for child in psutil.Process(starter.pid).children(recursive=True) for word in child.cmdline()]
    starter.kill()

    names = {experiment["name"] for experiment in answer.json()["experiments"]}
    assert names == {"Default", "card-type", "scratch"}
    assert not [word for word in words if "huey" in word or "job" in word]  # two gigabytes that wait for nothing
    wait_for(lambda: not listens(home / "page.sock"), timeout_s=START_S)
