"""From an instructor's notebook and a submitted one to a job for the judge. Pure: bytes in, plain data out.

From a submission only the text and kind of cells and their grade_id are taken. Roles, order, points and tests come
from the instructor's version. No metadata, output or attachment of the student survives.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, cast

from classroom.errors import CourseError, StudentCodeError
from classroom.grading.models import Fault, Kind, NotebookIntake, PlacedCell, SourceCell, SourceNotebook, SubmittedCell
from classroom.ids import NotebookId
from judge.plan import GradingJob, Limits, PlanCell, Role
from judge.verdict import hint_of

MAX_NOTEBOOK_BYTES = 5 << 20
MAX_CELLS = 500
MAX_CELL_BYTES = 200 << 10


class Unusable(StudentCodeError):
    """A submitted notebook that can't be graded; `fault` is the word for it."""

    def __init__(self, fault: Fault, message: str) -> None:
        super().__init__(message)
        self.fault = fault


def parse_source(name: NotebookId, data: bytes) -> SourceNotebook:
    """The instructor's notebook; raises CourseError when it isn't one or a grade_id stands twice."""
    try:
        body = json.loads(data)
        cells = tuple(_source_cell(cell) for cell in body["cells"] if cell["cell_type"] in {"code", "markdown"})
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise CourseError(f"{name}.ipynb is no notebook: {error}") from error
    ids = [cell.grade_id for cell in cells if cell.grade_id]
    if twice := sorted({one for one in ids if ids.count(one) > 1}):
        raise CourseError(f"{name}.ipynb: the grade_id {twice[0]!r} stands twice; rename one")
    return SourceNotebook(name, cells, body.get("metadata", {}))


def parse_submission(data: bytes) -> tuple[SubmittedCell, ...]:
    """The cells of a submitted notebook, in its order; raises Unusable."""
    if not data.strip():
        raise Unusable(Fault.empty, "the file is empty")
    if len(data) > MAX_NOTEBOOK_BYTES:
        raise Unusable(Fault.unreadable, f"the file is larger than {MAX_NOTEBOOK_BYTES >> 20} MB; clear its outputs")
    cells = _cells_of(data)
    if len(cells) > MAX_CELLS:
        raise Unusable(Fault.unreadable, f"it has {len(cells)} cells; {MAX_CELLS} are the most")
    taken = tuple(cell for raw in cells if (cell := _submitted_cell(raw)) is not None)
    if not any(cell.source.strip() for cell in taken):
        raise Unusable(Fault.empty, "the notebook has no cell with text")
    if too_long := [cell for cell in taken if len(cell.source.encode("utf-8", "replace")) > MAX_CELL_BYTES]:
        shown = too_long[0].grade_id or "without grade_id"
        raise Unusable(Fault.unreadable, f"the cell {shown} is longer than {MAX_CELL_BYTES >> 10} KB")
    return taken


def place_cells(source: SourceNotebook, submitted: Sequence[SubmittedCell]) -> tuple[PlacedCell, ...]:
    """The instructor's cells in their order, solution slots filled; what the student added stands where it stood.

    A slot takes the first cell with its grade_id. Ungraded code of the instructor's notebook isn't run from there:
    it's the student's, who may have changed it. A cell that belongs to no slot follows its anchor, the last cell
    before it that does; for that an instructor's ungraded text is known by its words.
    """
    slots, extras = _sort_out(source, submitted)
    placed = [_plan_extra(cell, number) for number, cell in extras.get(-1, [])]
    for index, cell in enumerate(source.cells):
        if own := _plan_own(cell, index, slots):
            placed.append(own)
        placed += [_plan_extra(extra, number) for number, extra in extras.get(index, [])]
    return tuple(placed)


def make_intake(
    job_id: str,
    source: SourceNotebook,
    submitted: bytes | Unusable,
    *,
    files: Mapping[str, bytes],
    limits: Limits,
    released: tuple[str, ...] = (),
) -> NotebookIntake:
    """The job of one notebook, or the instructor's notebook with empty slots and the reason why nothing can run."""
    try:
        if isinstance(submitted, Unusable):
            raise submitted
        cells = place_cells(source, parse_submission(submitted))
    except Unusable as unusable:
        reason = f"{source.id}.ipynb: {unusable}"
        return NotebookIntake(source, place_cells(source, ()), None, unusable.fault, reason)
    job = GradingJob(job_id, source.id, tuple(cell.plan for cell in cells), files, limits, released=released)
    return NotebookIntake(source, cells, job)


def _source_cell(raw: Mapping[str, Any]) -> SourceCell:
    nbgrader = raw.get("metadata", {}).get("nbgrader") or {}
    return SourceCell(cast("Kind", raw["cell_type"]), _text(raw["source"]), str(raw.get("id", "")), nbgrader)


def _cells_of(data: bytes) -> list[Any]:
    try:
        body = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise Unusable(Fault.unreadable, "the file is no notebook: it isn't JSON") from error
    cells = body.get("cells") if isinstance(body, dict) else None
    if not isinstance(cells, list):
        raise Unusable(Fault.unreadable, "the file is no notebook of format 4: it has no list of cells")
    return cells


def _submitted_cell(raw: Any) -> SubmittedCell | None:
    """None for a raw cell or one of another shape: it can't be run or shown."""
    if not isinstance(raw, dict) or raw.get("cell_type") not in ("code", "markdown"):
        return None
    metadata = raw.get("metadata")
    nbgrader = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    grade_id = nbgrader.get("grade_id") if isinstance(nbgrader, dict) else None
    source = raw.get("source")
    if not isinstance(source, str) and not (isinstance(source, list) and all(isinstance(line, str) for line in source)):
        return None
    return SubmittedCell(raw["cell_type"], _text(source), grade_id if isinstance(grade_id, str) else None)


def _text(source: str | list[str]) -> str:
    text = source if isinstance(source, str) else "".join(source)
    # A lone surrogate is valid JSON, but no UTF-8: it couldn't be written or run.
    return text.encode("utf-8", "replace").decode()


def _sort_out(
    source: SourceNotebook, submitted: Sequence[SubmittedCell]
) -> tuple[dict[str, SubmittedCell], dict[int, list[tuple[int, SubmittedCell]]]]:
    """Cells by the slot they fill, and the others, numbered, by the index of their anchor; -1: before all."""
    by_id = {cell.grade_id: index for index, cell in enumerate(source.cells) if cell.grade_id}
    texts: dict[str, list[int]] = {}
    for index, cell in enumerate(source.cells):
        if not cell.grade_id and cell.kind == "markdown":
            texts.setdefault(cell.source, []).append(index)
    slots: dict[str, SubmittedCell] = {}
    extras: dict[int, list[tuple[int, SubmittedCell]]] = {}
    anchor, number = -1, 0
    for submitted_cell in submitted:
        grade_id = submitted_cell.grade_id
        if grade_id in by_id and grade_id not in slots:
            slots[str(grade_id)] = submitted_cell
            anchor = by_id[grade_id]
        elif submitted_cell.kind == "markdown" and texts.get(submitted_cell.source):
            anchor = texts[submitted_cell.source].pop(0)
        elif submitted_cell.source.strip():
            number += 1
            extras.setdefault(anchor, []).append((number, submitted_cell))
    return slots, extras


def _plan_own(cell: SourceCell, index: int, slots: Mapping[str, SubmittedCell]) -> PlacedCell | None:
    if cell.grade_id is None:
        plan = PlanCell(f"text-{index}", "markdown", cell.source)
        return PlacedCell(plan, cell.kind, cell) if cell.kind == "markdown" else None
    given = slots.get(cell.grade_id)
    text = cell.source if not cell.is_solution else given.source if given else ""
    hint = hint_of(cell.source) if cell.is_test else None
    plan = PlanCell(cell.grade_id, _role(cell), text, cell.points, hint)
    return PlacedCell(plan, cell.kind, cell, answered=given is not None or not cell.is_solution)


def _role(cell: SourceCell) -> Role:
    if cell.kind == "markdown":
        return "markdown"
    if cell.is_test:
        return "test"
    return "student" if cell.is_solution else "locked"


def _plan_extra(cell: SubmittedCell, number: int) -> PlacedCell:
    role: Role = "student" if cell.kind == "code" else "markdown"
    return PlacedCell(PlanCell(f"extra-{number}", role, cell.source), cell.kind, None)
