"""A student's own MLflow page, through the hub and the student's server, in a browser; nobody else's."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import People
from tests.e2e.lab import START_MS, Lab
from tests.running_class import RunningClass

pytestmark = pytest.mark.needs("browser")

STUDENT, OTHER = "student1", "student2"
# As the lesson of module 3 says it: log to the page's store, then open the page.
LOGGING = """
import mlflow
from cardlab.tracking import page_store
mlflow.set_tracking_uri(page_store())
mlflow.set_experiment("card-type")
with mlflow.start_run(run_name="a-run-of-mine"):
    mlflow.log_metric("cv_mean", 0.875)
"""


@pytest.fixture(scope="module")
def running(course_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningClass]:
    """A class whose term is yet to come: nothing is released, which would only cost time here."""
    started = RunningClass(
        course_root, tmp_path_factory.mktemp("class") / "state", environment={"OMP_NUM_THREADS": "1"}
    )
    try:
        started.up("--starts", "2099-01-05")
        yield started
    finally:
        started.run("down")


@pytest.fixture(scope="module")
def logged(running: RunningClass) -> None:
    """The student has logged a run on her server."""
    server = running.spawn(STUDENT)
    words = [sys.executable, "-P", "-c", LOGGING]
    done = subprocess.run(words, env=server.environ(), cwd=running.state / "homes" / STUDENT, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()


@pytest.fixture(scope="module")
def opened(logged: None, people: People, running: RunningClass, screenshots: Path) -> Page:
    """The page behind the launcher's tile."""
    page = people.page(STUDENT)
    lab = Lab(page, f"{running.url}/user/{STUDENT}", running.state / "homes" / STUDENT)
    lab.open()
    with page.context.expect_page(timeout=START_MS) as new:
        page.locator(".jp-LauncherCard", has_text="MLflow").click()
    mlflow = new.value
    mlflow.wait_for_url(re.compile(rf"/user/{STUDENT}/mlflow/"), timeout=START_MS)
    # It opens as a page for language models, which shows no runs; the lesson says where to click.
    mlflow.get_by_role("button", name="Model training").click(timeout=START_MS)
    mlflow.get_by_role("link", name="card-type").first.click(timeout=START_MS)
    expect(mlflow.get_by_role("link", name="a-run-of-mine")).to_be_visible(timeout=START_MS)
    mlflow.screenshot(path=screenshots / "40_mlflow_runs.png")
    return mlflow


def test_the_launcher_opens_the_students_own_runs(opened: Page) -> None:
    expect(opened.get_by_role("link", name="a-run-of-mine")).to_be_visible()


@pytest.mark.parametrize("path", ["", "ajax-api/2.0/mlflow/experiments/search?max_results=10"])
def test_another_student_cannot_open_it(opened: Page, people: People, running: RunningClass, path: str) -> None:
    page = people.page(OTHER)

    answer = page.goto(f"{running.url}/user/{STUDENT}/mlflow/{path}")

    assert answer is not None
    assert answer.status == 403
    assert "card-type" not in page.content()


def test_a_stranger_is_asked_to_sign_in(opened: Page, people: People, running: RunningClass) -> None:
    page = people.stranger()

    page.goto(f"{running.url}/user/{STUDENT}/mlflow/")

    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
