"""A class of its own for the browser, and the browser."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.e2e.lab import START_MS
from tests.running_class import RunningClass

BROWSER = Path(__file__).with_name("quiet_browser.py")
TERM_BEGAN = dt.timedelta(days=14)
# No sandbox: CI runs as root. The others keep the browser from asking its maker for things.
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def running(course_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningClass]:
    """The real course, released two weeks ago; nobody has handed anything in."""
    state = tmp_path_factory.mktemp("class") / "state"
    # The numerical libraries' threads would fight for two cores.
    started = RunningClass(course_root, state, environment={"OMP_NUM_THREADS": "1"})
    try:
        started.up("--starts", (dt.date.today() - TERM_BEGAN).isoformat())
        yield started
    finally:
        started.run("down")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Closed with the module: Playwright keeps an event loop running, which other tests couldn't use."""
    with sync_playwright() as playwright:
        expect.set_options(timeout=START_MS)
        chromium = playwright.chromium.launch(executable_path=BROWSER, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def people(browser: Browser, running: RunningClass) -> "People":
    return People(browser, running)


@pytest.fixture(scope="session")
def screenshots(course_root: Path) -> Path:
    """Where the pictures go that a person looks at: artifacts/screenshots, not in git."""
    folder = course_root / "artifacts" / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


class People:
    """Everybody's own browser window, signed in at the hub's page when first asked for."""

    def __init__(self, browser: Browser, running: RunningClass) -> None:
        self._browser = browser
        self._running = running
        self._pages: dict[str, Page] = {}

    def page(self, name: str) -> Page:
        if name not in self._pages:
            self._pages[name] = self._sign_in(name)
        return self._pages[name]

    def stranger(self) -> Page:
        """A window of somebody who isn't signed in."""
        context = self._browser.new_context(viewport={"width": 1400, "height": 900})
        context.set_default_timeout(START_MS)
        return context.new_page()

    def _sign_in(self, name: str) -> Page:
        page = self.stranger()
        page.goto(f"{self._running.url}/hub/login")
        page.get_by_label("Username").fill(name)
        page.get_by_label("Password").fill(self._running.passwords()[name])
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url("**/services/classroom/**")
        return page
