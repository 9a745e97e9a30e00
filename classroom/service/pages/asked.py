"""What an assignment asks, read from its released notebooks: tasks, points, and where a written answer stands."""

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from classroom.db.tables import Release
from classroom.errors import NotFound
from classroom.exchange.store import Store
from classroom.grading.intake import MAX_NOTEBOOK_BYTES
from classroom.grading.submissions import read_regular
from classroom.ids import AssignmentId, CourseId, Digest, GradeId, NotebookId

_HEADING = re.compile(r"^#{1,6}\s+(.*)$", re.MULTILINE)
_MARKS = re.compile(r"[*_`]")
_POINTS = re.compile(r"\s*\([^()]*\bpoints?\b[^()]*\)\s*$")


@dataclass(frozen=True)
class AskedTask:
    """One graded cell that is worth points.

    heading: the one above it, without marks and without points in brackets. title: the same, with the grade_id as words
    where one heading has several cells. written: a person grades it. text: as released.
    """

    notebook: NotebookId
    grade_id: GradeId
    heading: str
    title: str
    points: float
    written: bool
    text: str


def load_tasks(store: Store, tree: str) -> tuple[AskedTask, ...]:
    """The graded cells of a released tree, in reading order."""
    return _load_tasks(store.root, Digest(tree))


def titles_of(session: Session, store: Store, course: CourseId, assignment: AssignmentId) -> Mapping[str, str]:
    """The title of each graded cell by grade_id, from the newest release; empty before the first."""
    query = select(Release.tree).where(Release.course == course, Release.assignment == assignment)
    tree = session.scalar(query.order_by(Release.id.desc()).limit(1))
    return {task.grade_id: task.title for task in load_tasks(store, tree)} if tree else {}


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
    """The graded cells of a notebook's JSON, in reading order."""
    tasks, heading = [], ""
    for cell in content.get("cells", ()):
        source = "".join(cell.get("source", ""))
        about = cell.get("metadata", {}).get("nbgrader", {})
        if cell.get("cell_type") == "markdown" and (headings := _HEADING.findall(source)) and not about.get("solution"):
            heading = _POINTS.sub("", _MARKS.sub("", headings[-1])).strip()
        points = float(about.get("points") or 0)
        if about.get("grade") and points:
            grade_id, written = GradeId(str(about["grade_id"])), bool(about.get("solution"))
            title = heading or readable(grade_id)
            tasks.append(AskedTask(notebook, grade_id, title, title, points, written, source))
    shared = Counter(task.heading for task in tasks)
    return [_with_own_title(task) if shared[task.heading] > 1 else task for task in tasks]


def by_heading(tasks: Sequence[AskedTask]) -> list[tuple[str, float, bool]]:
    """Heading, points and whether a person grades, for each run of tasks under one heading, in reading order."""
    runs = [(heading, list(run)) for heading, run in groupby(tasks, key=lambda task: task.heading)]
    return [(heading, sum(task.points for task in run), any(task.written for task in run)) for heading, run in runs]


def _with_own_title(task: AskedTask) -> AskedTask:
    return replace(task, title=f"{task.heading}: {readable(task.grade_id).lower()}")


def readable(grade_id: str) -> str:
    """A grade_id as words, where no heading says it better."""
    return grade_id.removeprefix("test_").replace("_", " ").capitalize()


def find_answer(folder: Path, notebook: NotebookId, task: GradeId) -> str | None:
    """The text of a written answer in a collected submission; None when the cell is gone. Raises NotFound."""
    path = folder / f"{notebook}.ipynb"
    try:
        cells = json.loads(read_regular(path, MAX_NOTEBOOK_BYTES))["cells"]
    except FileNotFoundError as error:
        raise NotFound(f"the submission holds no {notebook}.ipynb") from error
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    for cell in cells if isinstance(cells, list) else ():
        if isinstance(cell, dict) and _grade_id(cell) == task:
            return _text_of(cell.get("source", ""))
    return None


def _text_of(source: object) -> str | None:
    given: list[object] = source if isinstance(source, list) else [source]
    lines = [line for line in given if isinstance(line, str)]
    if len(lines) < len(given):
        return None
    return "".join(lines).encode("utf-8", "replace").decode()  # a lone surrogate is valid JSON, but no UTF-8


def _grade_id(cell: dict[str, Any]) -> object:
    metadata = cell.get("metadata")
    about = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    return about.get("grade_id") if isinstance(about, dict) else None
