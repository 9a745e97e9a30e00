"""What all tests share: the `needs` marker, and the course's folder.

`@pytest.mark.needs("browser")` skips a test, with the reason, where the machine hasn't got the thing. The things named
in CLASSROOM_REQUIRE (browser,user) must be there: such a test then fails instead of being skipped.
"""

import itertools
import os
import shutil
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

from classroom.assignments import load_course
from classroom.config import load_settings
from classroom.errors import ClassroomError
from classroom.grading.containers import connect
from classroom.grading.engines import contents_of
from classroom.grading.image import Contents, find_image, pack_context
from judge.sandbox.groups import open_group
from judge.sandbox.probe import rung_here
from tests.compose_class import why_no_compose
from tests.e2e.quiet_browser import CHROMIUM
from tests.other_user import why_no_other_user
from tests.postgres import Postgres, server, why_no_postgres
from tests.swarm.nodes import why_no_swarm

ROOT = Path(__file__).resolve().parent.parent


def _why_no_browser() -> str:
    return "" if Path(CHROMIUM).exists() else f"{CHROMIUM} is missing: apt-get install chromium"


@cache
def _why_no_docker() -> str:
    """A Docker engine that answers, with the image of this checkout."""
    try:
        client = connect()
        try:
            find_image(client, pack_context(contents_of_course()))
        finally:
            client.close()
    except ClassroomError as error:
        return str(error)
    return ""


def contents_of_course() -> Contents:
    """What the image of this checkout's grader holds."""
    settings = load_settings({"CLASSROOM_COURSE": str(ROOT)})
    return contents_of(settings, load_course(ROOT))


def _why_no_promtool() -> str:
    return "" if shutil.which("promtool") else "promtool is missing: apt-get install prometheus"


def _why_no_sandbox() -> str:
    return "; ".join(rung_here().problems)


@cache
def _why_no_groups() -> str:
    group = open_group()
    if group is None:
        return "this user may make no control group with caps here"
    group.close()
    return ""


# What a test may need -> the reason why it isn't there, or "".
THINGS: dict[str, Callable[[], str]] = {
    "browser": _why_no_browser,
    "compose": why_no_compose,
    "docker": _why_no_docker,
    "groups": _why_no_groups,
    "postgres": why_no_postgres,
    "promtool": _why_no_promtool,
    "sandbox": _why_no_sandbox,
    "swarm": why_no_swarm,
    "user": why_no_other_user,
}


def pytest_runtest_setup(item: pytest.Item) -> None:
    required = {thing for thing in os.environ.get("CLASSROOM_REQUIRE", "").split(",") if thing}
    for thing in (thing for marker in item.iter_markers("needs") for thing in marker.args):
        if reason := THINGS[thing]():
            message = f"needs {thing}: {reason}"
            pytest.fail(message, pytrace=False) if thing in required else pytest.skip(message)


@pytest.fixture(scope="session")
def course_root() -> Path:
    """The checkout, with the real course in it."""
    return ROOT


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL server of this test process."""
    with server() as running:
        yield running


DATABASES = ["sqlite", pytest.param("postgresql", marks=pytest.mark.needs("postgres"))]


@pytest.fixture(scope="module", params=DATABASES)
def database_server(request: pytest.FixtureRequest) -> Postgres | None:
    """For classes that a module makes once: PostgreSQL, None for SQLite; the module's tests run on both."""
    return request.getfixturevalue("postgres") if request.param == "postgresql" else None


@pytest.fixture(params=DATABASES)
def new_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], str]:
    """Gives the address of an empty database, as often as asked; the test runs on SQLite and on PostgreSQL."""
    if request.param == "sqlite":
        names = itertools.chain(["classroom.db"], (f"classroom-{number}.db" for number in itertools.count(2)))
        return lambda: f"sqlite:///{tmp_path / next(names)}"
    running: Postgres = request.getfixturevalue("postgres")
    return running.new_database


@pytest.fixture
def database_url(new_database_url: Callable[[], str]) -> str:
    """The address of an empty database."""
    return new_database_url()


@pytest.fixture
def other_database_url(database_url: str, new_database_url: Callable[[], str]) -> str:
    """The address of a second one, of the same kind."""
    return new_database_url()
