"""JupyterLab as a student uses it, by what stands on its buttons."""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests.running_class import wait_for

# Milliseconds. On two idle cores a server takes 7 s to start and a notebook of module 1 ten to run; full ones are slow.
START_MS = 300_000
RUN_MS = 600_000


class Lab:
    """One browser page with JupyterLab in it."""

    def __init__(self, page: Page, address: str, home: Path) -> None:
        """address: of the server, such as http://127.0.0.1:8000/user/student1; home: its folder."""
        self.page = page
        self._address = address
        self._home = home

    def open(self, path: str = "") -> None:
        """Open it, with a notebook of the home folder if a path is given, and wait until it can be used."""
        self.page.goto(f"{self._address}/lab{f'/tree/{path}' if path else ''}?reset", timeout=START_MS)
        self.wait_until_open()
        if path:
            # The page shows "idle" before it has a kernel; the server knows.
            wait_for(self._has_idle_kernel, timeout_s=START_MS / 1000)
            expect(self.page.locator("#jp-main-statusbar").get_by_text("| Idle")).to_be_visible(timeout=START_MS)

    def wait_until_open(self) -> None:
        self.page.wait_for_url(re.compile(r"/user/[^/]+/lab"), timeout=START_MS)
        expect(self.page.locator("#jp-main-dock-panel")).to_be_visible(timeout=START_MS)
        expect(self.page.locator("#jupyterlab-splash")).to_have_count(0, timeout=START_MS)

    def open_assignments(self) -> None:
        self.choose("Nbgrader", "Assignment List")
        expect(self.page.locator("#course_list_default")).to_have_text("mlcards", timeout=START_MS)

    def fetch(self, assignment: str) -> None:
        row = self._row("released", assignment)
        row.get_by_role("button", name="Fetch").click()
        expect(self._row("fetched", assignment)).to_be_visible(timeout=START_MS)

    def run_all(self, notebook: str) -> None:
        """Run every cell of the open notebook; return when the file holds the last one's result."""
        self.choose("Run", "Run All Cells")
        wait_for(lambda: is_run(self.saved_cells(notebook)), timeout_s=RUN_MS / 1000)

    def saved_cells(self, notebook: str) -> list[dict[str, Any]]:
        """The cells of the open notebook after a save; none while its file is being written."""
        self.page.keyboard.press("Control+s")
        self.page.wait_for_timeout(1000)
        try:
            body = json.loads((self._home / notebook).read_text(encoding="utf-8"))
        except ValueError:
            return []
        return list(body["cells"])

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

    def choose(self, menu: str, entry: str) -> None:
        """An entry of a menu."""
        self.page.get_by_role("menuitem", name=menu, exact=True).click()
        self.page.locator(".lm-Menu-item").filter(has_text=entry).first.click()

    def has_menu_entry(self, menu: str, entry: str) -> bool:
        self.page.get_by_role("menuitem", name=menu, exact=True).click()
        found = self.page.locator(".lm-Menu-item", has_text=entry).count() > 0
        self.page.keyboard.press("Escape")
        return found

    def _has_idle_kernel(self) -> bool:
        kernels = self.page.request.get(f"{self._address}/api/kernels").json()
        return any(kernel["execution_state"] == "idle" and kernel["connections"] for kernel in kernels)

    def _row(self, state: str, assignment: str) -> Locator:
        rows = self.page.locator(f"#{state}_assignments_list .list_item")
        return rows.filter(has_text=assignment).first


def is_run(cells: Sequence[Mapping[str, Any]]) -> bool:
    """Whether there are cells and all code among them has been run."""
    return bool(cells) and all(cell["execution_count"] for cell in cells if cell["cell_type"] == "code")
