"""The pages' class of tests/pages_class.py, served to real browsers: no hub, so a window gets its session by cookie."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, Page

from classroom.config import SERVICE_PREFIX
from classroom.service.sessions import SESSION_COOKIE, Session, load_seals
from tests.pages_class import COURSE, PagesClass, listening

AXE = "node_modules/axe-core/axe.min.js"


@dataclass
class Windows:
    """Everybody's own window. faults: what a browser complained of, and what ran that must not run."""

    browser: Browser
    room: PagesClass
    url: str
    faults: list[str] = field(default_factory=list)
    _pages: dict[str, Page] = field(default_factory=dict)

    def of(self, name: str) -> Page:
        if name not in self._pages:
            context = self.browser.new_context(viewport={"width": 1440, "height": 900})
            seals = load_seals(self.room.settings.secrets)
            sealed = seals.seal_session(Session(f"{name}-token", f"id-of-{name}"))
            context.add_cookies([{"name": SESSION_COOKIE, "value": sealed, "url": self.url}])
            page = context.new_page()
            page.on("dialog", self._on_dialog)
            page.on("pageerror", lambda error: self.faults.append(f"{name}: {error}"))
            page.on("console", lambda said: self._on_console(name, said))
            self._pages[name] = page
        return self._pages[name]

    def go(self, name: str, path: str) -> Page:
        """This person's window at an address below the course."""
        page = self.of(name)
        page.goto(f"{self.url}{SERVICE_PREFIX}/{COURSE}/{path}")
        return page

    def _on_dialog(self, dialog: Any) -> None:
        if dialog.type == "beforeunload":
            dialog.accept()
            return
        self.faults.append(f"a dialog: {dialog.message}")
        dialog.dismiss()

    def _on_console(self, name: str, said: Any) -> None:
        if said.type == "error" and "Failed to load resource" not in said.text:
            self.faults.append(f"{name}: {said.text}")


@contextmanager
def serving(room: PagesClass, browser: Browser) -> Iterator[Windows]:
    """The class at an address of this machine, until the end of the block."""
    with listening(room) as url:
        windows = Windows(browser, room, url)
        try:
            yield windows
        finally:
            for page in windows._pages.values():
                page.context.close()


def serious_issues(page: Page, axe: str) -> list[str]:
    """What axe calls serious or critical, with the first place of each."""
    page.evaluate(axe)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{page.url}: {one['id']}: {one['nodes'][0]['html'][:200]}"
        for one in found["violations"]
        if one["impact"] in {"serious", "critical"}
    ]
