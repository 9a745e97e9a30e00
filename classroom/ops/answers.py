"""Students' notebooks made of known texts: a released notebook with some of its solution cells filled in."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_MARKERS = ("### BEGIN SOLUTION", "### END SOLUTION")


def solutions_of(source: Path) -> dict[str, str]:
    """The instructor's text of each cell that a student writes, by grade_id, without nbgrader's markers."""
    texts = {}
    for cell in _cells(source):
        nbgrader = cell["metadata"].get("nbgrader", {})
        if nbgrader.get("solution") or nbgrader.get("task"):
            lines = "".join(cell["source"]).splitlines()
            texts[nbgrader["grade_id"]] = "\n".join(line for line in lines if line.strip() not in _MARKERS)
    return texts


def fill(notebook: Path, answers: Mapping[str, str]) -> bytes:
    """The notebook with these texts in the cells of these grade_ids; the other cells stay as they are."""
    body = json.loads(notebook.read_text(encoding="utf-8"))
    for cell in body["cells"]:
        grade_id = cell["metadata"].get("nbgrader", {}).get("grade_id")
        if grade_id in answers:
            cell["source"] = answers[grade_id]
    return json.dumps(body, indent=1, ensure_ascii=False).encode()


def wrong_answers(bank: Path, *, tasks: int) -> dict[str, str]:
    """The first known-wrong answer of the first tasks that have one, by the task's grade_id."""
    folders = [folder for folder in sorted(bank.iterdir()) if any(folder.glob("wrong_*.py"))] if bank.is_dir() else []
    return {folder.name: min(folder.glob("wrong_*.py")).read_text(encoding="utf-8") for folder in folders[:tasks]}


def _cells(path: Path) -> list[dict[str, Any]]:
    cells: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return cells
