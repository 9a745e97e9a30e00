"""JupyterLab as a student uses it, by what stands on its buttons."""

import re

from playwright.sync_api import Locator, Page, expect

# Milliseconds. A server takes 7 s to start on two idle cores, a notebook of module 1 ten to run.
START_MS = 120_000
RUN_MS = 240_000
_IDLE = '.jp-Notebook-ExecutionIndicator[data-status="idle"]'


class Lab:
    """One browser page with JupyterLab in it."""

    def __init__(self, page: Page, address: str) -> None:
        """address: of the server, such as http://127.0.0.1:8000/user/student1"""
        self.page = page
        self._address = address

    def open(self, path: str = "") -> None:
        """Open it, with a notebook of the home folder if a path is given, and wait until it can be used."""
        self.page.goto(f"{self._address}/lab{f'/tree/{path}' if path else ''}?reset", timeout=START_MS)
        self.wait_until_open()
        if path:
            expect(self.page.locator(f".jp-NotebookPanel {_IDLE}")).to_be_visible(timeout=START_MS)

    def wait_until_open(self) -> None:
        self.page.wait_for_url(re.compile(r"/user/[^/]+/lab"), timeout=START_MS)
        expect(self.page.locator("#jp-main-dock-panel")).to_be_visible(timeout=START_MS)
        expect(self.page.locator("#jupyterlab-splash")).to_have_count(0, timeout=START_MS)

    def open_assignments(self) -> None:
        self._choose("Nbgrader", "Assignment List")
        expect(self.page.locator("#course_list_default")).to_have_text("mlcards", timeout=START_MS)

    def fetch(self, assignment: str) -> None:
        row = self._row("released", assignment)
        row.get_by_role("button", name="Fetch").click()
        expect(self._row("fetched", assignment)).to_be_visible(timeout=START_MS)

    def run_all(self) -> None:
        """Run every cell and wait until the last one has ended; then save."""
        cells = self.page.locator(".jp-Notebook-ExecutionIndicator").first
        self._choose("Run", "Run All Cells")
        expect(cells).to_have_attribute("data-status", "busy", timeout=START_MS)
        expect(cells).to_have_attribute("data-status", "idle", timeout=RUN_MS)
        self.page.keyboard.press("Control+s")
        expect(self.page.locator(".lm-TabBar-tab.jp-mod-dirty")).to_have_count(0, timeout=START_MS)

    def validate(self) -> str:
        """What nbgrader's Validate says of the open notebook."""
        self.page.get_by_role("button", name="Validate").first.click()
        dialog = self.page.locator(".jp-Dialog-content", has_text="Validation Results")
        expect(dialog).to_be_visible(timeout=RUN_MS)
        return dialog.inner_text()

    def close_dialog(self) -> None:
        self.page.locator(".jp-Dialog button", has_text="Ok").first.click()
        expect(self.page.locator(".jp-Dialog")).to_have_count(0)

    def submit(self, assignment: str) -> None:
        expect(self.page.locator(".jp-DirListing-item", has_text=assignment)).to_be_visible()
        self._row("fetched", assignment).get_by_role("button", name="Submit").click()
        expect(self._row("submitted", assignment)).to_be_visible(timeout=START_MS)

    def fetch_feedback(self, assignment: str) -> None:
        row = self._row("submitted", assignment)
        row.get_by_role("button", name="Fetch Feedback").click()
        expect(row.get_by_text("view feedback")).not_to_have_count(0, timeout=START_MS)

    def has_menu_entry(self, menu: str, entry: str) -> bool:
        self.page.get_by_role("menuitem", name=menu, exact=True).click()
        found = self.page.locator(".lm-Menu-item", has_text=entry).count() > 0
        self.page.keyboard.press("Escape")
        return found

    def _choose(self, menu: str, entry: str) -> None:
        self.page.get_by_role("menuitem", name=menu, exact=True).click()
        self.page.locator(".lm-Menu-item").filter(has_text=entry).first.click()

    def _row(self, state: str, assignment: str) -> Locator:
        rows = self.page.locator(f"#{state}_assignments_list .list_item")
        return rows.filter(has_text=assignment).first
