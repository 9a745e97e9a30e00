"""What an assignment asks, read from its released notebooks: tasks, points, and where a written answer stands."""

import json
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from classroom.errors import NotFound
from classroom.exchange.store import Store
from classroom.ids import Digest, GradeId, NotebookId

_HEADING = re.compile(r"^#{1,6}\s+(.*)$", re.MULTILINE)
_MARKS = re.compile(r"[*_`]")


@dataclass(frozen=True)
class AskedTask:
    """One graded cell. title: the heading above it, without marks. written: a person grades it. text: as released."""

    notebook: NotebookId
    grade_id: GradeId
    title: str
    points: float
    written: bool
    text: str


def load_tasks(store: Store, tree: str) -> tuple[AskedTask, ...]:
    """The graded cells of a released tree, in reading order."""
    return _load_tasks(store.root, Digest(tree))


@lru_cache(maxsize=64)
def _load_tasks(root: Path, tree: Digest) -> tuple[AskedTask, ...]:
    store = Store(root)
    notebooks = {path.stem: blob for path, blob in store.tree(tree).items() if path.suffix == ".ipynb"}
    return tuple(
        task
        for name, blob in notebooks.items()
        for task in parse_tasks(NotebookId(name), json.loads(store.read_bytes(blob)))
    )


def parse_tasks(notebook: NotebookId, content: dict[str, Any]) -> list[AskedTask]:
    """The graded cells of a notebook's JSON."""
    tasks, title = [], ""
    for cell in content.get("cells", ()):
        source = "".join(cell.get("source", ""))
        about = cell.get("metadata", {}).get("nbgrader", {})
        if cell.get("cell_type") == "markdown" and (headings := _HEADING.findall(source)) and not about.get("solution"):
            title = _MARKS.sub("", headings[-1]).strip()
        if about.get("grade"):
            grade_id = GradeId(str(about["grade_id"]))
            points, written = float(about.get("points", 0)), bool(about.get("solution"))
            tasks.append(AskedTask(notebook, grade_id, title or readable(grade_id), points, written, source))
    return tasks


def readable(grade_id: str) -> str:
    """A grade_id as words, where no heading says it better."""
    return grade_id.removeprefix("test_").replace("_", " ").capitalize()


def find_answer(folder: Path, notebook: NotebookId, task: GradeId) -> str | None:
    """The text of a written answer in a collected submission; None when the cell is gone. Raises NotFound."""
    path = folder / f"{notebook}.ipynb"
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    except FileNotFoundError as error:
        raise NotFound(f"the submission holds no {notebook}.ipynb") from error
    except (ValueError, KeyError, TypeError):
        return None
    for cell in cells if isinstance(cells, list) else ():
        if isinstance(cell, dict) and _grade_id(cell) == task:
            source = cell.get("source", "")
            return "".join(source) if isinstance(source, list | str) else None
    return None


def _grade_id(cell: dict[str, Any]) -> object:
    metadata = cell.get("metadata")
    about = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    return about.get("grade_id") if isinstance(about, dict) else None
