"""Every notebook of the course as a student runs it: in JupyterLab, in a browser, from Fetch to Submit.

    python -m tests.e2e.walk_notebooks [MODULE ...] --pictures FOLDER

Each module has a class of its own that began when the module was released. A lesson is run as it comes, the exercises
with the solutions typed in. Fails when anything goes wrong, and leaves pictures that a person looks at.
"""

import argparse
import datetime as dt
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from classroom.assignments import load_course
from classroom.ops.answers import fill, solutions_of
from tests.e2e.conftest import BROWSER, FLAGS, People
from tests.e2e.lab import RUN_MS, START_MS, Lab, is_run
from tests.e2e.notebook_pages import complaints_about_page, complaints_about_run, take_pictures
from tests.running_class import RunningClass, wait_for

ROOT = Path(__file__).resolve().parents[2]
STUDENT = "student1"
SIZE = {"width": 1400, "height": 1500}
# All cells are drawn, also those out of sight: a picture of a part that was never drawn would be empty.
SETTINGS = "lab/user-settings/@jupyterlab/notebook-extension/tracker.jupyterlab-settings"
# What the browser says when an address of JupyterLab's own doesn't answer, as its translations don't.
NOT_OURS = ("Failed to load resource",)


@dataclass
class Walk:
    """A student's window in a module's class, and what was found wrong."""

    module: str
    running: RunningClass
    page: Page
    pictures: Path
    complaints: list[str] = field(default_factory=list)

    @property
    def home(self) -> Path:
        return self.running.state / "homes" / STUDENT

    @property
    def lab(self) -> Lab:
        return Lab(self.page, f"{self.running.url}/user/{STUDENT}", self.home)

    def go(self) -> None:
        """Fetch, lesson, exercises, Validate, Submit."""
        self.page.on("console", self._on_console)
        self.page.on("pageerror", lambda error: self.complaints.append(f"{self.module}: the page fails: {error}"))
        lab = self.lab
        self.page.get_by_role("link", name="Open in JupyterLab").first.click()
        lab.wait_until_open()
        lab.open_assignments()
        lab.fetch(self.module)
        self.run(self.module)
        exercises = f"exercises_{self.module[:2]}"
        notebook = self.home / self.module / f"{exercises}.ipynb"
        notebook.write_bytes(fill(notebook, solutions_of(ROOT / "source" / self.module / f"{exercises}.ipynb")))
        self.run(exercises)
        said = lab.validate()
        self.page.screenshot(path=self.pictures / f"{exercises}_validated.png")
        if "Success! Your notebook passes all the tests." not in said:
            self.complaints.append(f"{exercises}: Validate says {said[:300]}")
        lab.close_dialog()
        lab.open()
        lab.open_assignments()
        lab.submit(self.module)

    def run(self, notebook: str) -> None:
        """Open a notebook, run all of it, look at it."""
        path = f"{self.module}/{notebook}.ipynb"
        self.lab.open(path)
        began = time.monotonic()
        self.lab.choose("Run", "Run All Cells")
        wait_for(lambda: self._is_over(path), timeout_s=RUN_MS / 1000)
        wall_s = time.monotonic() - began
        self.page.wait_for_load_state("networkidle", timeout=START_MS)
        cells = json.loads((self.home / path).read_text(encoding="utf-8"))["cells"]
        found = [*complaints_about_run(cells), *complaints_about_page(self.page)]
        self.complaints += [f"{notebook}: {one}" for one in found]
        count = take_pictures(self.page, self.pictures, notebook)
        print(
            f"{notebook}: {len(cells)} cells, {wall_s:.0f} s, kernel at most {self._peak_mb():.0f} MB, {count} pictures"
        )

    def _is_over(self, path: str) -> bool:
        """Whether the saved notebook has been run to its end, or stopped at an error."""
        cells = self.lab.saved_cells(path)
        outputs = [output for cell in cells for output in cell.get("outputs", [])]
        return is_run(cells) or any(output["output_type"] == "error" for output in outputs)

    def _peak_mb(self) -> float:
        """The most memory that the kernel which was started last has held."""
        return _peak_mb(max(self._kernels(), key=lambda kernel: kernel.create_time()))

    def _kernels(self) -> list[psutil.Process]:
        servers = self.running.servers(STUDENT)
        below = [child for server in servers for child in server.children()]
        return [child for child in below if any("ipykernel" in part for part in child.cmdline())]

    def _on_console(self, said: ConsoleMessage) -> None:
        if said.type == "error" and not any(part in said.text for part in NOT_OURS):
            self.complaints.append(f"{self.module}: the browser's console: {said.text[:300]}")


def walk(module: str, browser: Browser, pictures: Path) -> list[str]:
    """What was found wrong with a module's notebooks."""
    with class_of(module) as running:
        page = People(browser, running).page(STUDENT)
        page.set_viewport_size(SIZE)
        walked = Walk(module, running, page, pictures)
        settings = walked.home / ".jupyter" / SETTINGS
        settings.parent.mkdir(parents=True, exist_ok=True)
        settings.write_text(json.dumps({"windowingMode": "none"}))
        try:
            walked.go()
        finally:
            page.screenshot(path=pictures / f"{module}_last.png")
            page.context.close()
        return walked.complaints


@contextmanager
def class_of(module: str) -> Iterator[RunningClass]:
    """A class in which this module was released yesterday."""
    today = dt.date.today()
    after = load_course(ROOT, starts=today).assignment(module).release.date() - today
    with tempfile.TemporaryDirectory(prefix="walk-") as folder:
        running = RunningClass(ROOT, Path(folder) / "state", environment={"OMP_NUM_THREADS": "1"})
        try:
            running.up("--starts", (today - after - dt.timedelta(days=1)).isoformat())
            yield running
        finally:
            running.run("down")


def _peak_mb(process: psutil.Process) -> float:
    status = Path(f"/proc/{process.pid}/status").read_text()
    return float(next(line for line in status.splitlines() if line.startswith("VmHWM:")).split()[1]) / 1000


def main() -> int:
    """As an exit code: whether anything was wrong."""
    modules = sorted(path.name for path in (ROOT / "source").iterdir() if path.is_dir())
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("modules", metavar="MODULE", nargs="*", help="such as 03_model_training; default: all")
    parser.add_argument("--pictures", type=Path, required=True, metavar="FOLDER")
    given = parser.parse_args()
    given.pictures.mkdir(parents=True, exist_ok=True)
    complaints = []
    with sync_playwright() as playwright:
        expect.set_options(timeout=START_MS)
        browser = playwright.chromium.launch(executable_path=BROWSER, args=FLAGS)
        for module in given.modules or modules:
            complaints += walk(module, browser, given.pictures)
        browser.close()
    print("\n".join(complaints) or "nothing is wrong")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
