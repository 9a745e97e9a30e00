"""What can be said against a notebook by reading it. Every function returns complaints, one sentence each."""

import ast
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat

from classroom.errors import CourseError
from judge.names import bound_names, needed_names, parse_cell

BEGIN_HIDDEN, END_HIDDEN = "### BEGIN HIDDEN TESTS", "### END HIDDEN TESTS"
BEGIN_SOLUTION, END_SOLUTION = "### BEGIN SOLUTION", "### END SOLUTION"
MAX_CODE_LINES = 25

_HIDDEN = re.compile(rf"^{BEGIN_HIDDEN}\n(.*?)^{END_HIDDEN}$", re.DOTALL | re.MULTILINE)
_SOLUTION = re.compile(rf"^[ \t]*{BEGIN_SOLUTION}\n(.*?)^[ \t]*{END_SOLUTION}$", re.DOTALL | re.MULTILINE)
_RANDOM_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){0,3}(-[0-9a-f]{12})?|[0-9a-f]{6,12}")


@dataclass(frozen=True)
class Cell:
    """One cell of an instructor's notebook. `grade` and `solution` are nbgrader's; a manual task has both."""

    id: str
    kind: str  # code, markdown, raw
    source: str
    grade_id: str | None
    grade: bool
    solution: bool
    locked: bool
    points: float
    has_output: bool

    @property
    def is_test(self) -> bool:
        return self.grade and not self.solution and self.kind == "code"

    @property
    def is_answer(self) -> bool:
        """A cell that a student fills and a test marks; code that a person marks as well is one, too."""
        return self.solution and (not self.grade or self.kind == "code")

    @property
    def is_manual(self) -> bool:
        return self.grade and self.solution

    @property
    def hidden(self) -> str:
        return "\n".join(_HIDDEN.findall(self.source))

    @property
    def secret_text(self) -> str:
        """What the release must not hold: hidden tests and solutions."""
        parts = [*_HIDDEN.findall(self.source), *_SOLUTION.findall(self.source)]
        return "\n".join(parts) if parts or not self.is_manual else self.source


def load_cells(path: Path) -> list[Cell]:
    """The cells of a notebook; raises CourseError when it's no valid notebook or a code cell is no Python."""
    try:
        notebook = nbformat.read(path, as_version=4)
        nbformat.validate(notebook)
    except (OSError, ValueError, nbformat.ValidationError) as error:
        raise CourseError(f"{path.name} is no valid notebook: {error}") from error
    cells = [_parse_cell(cell) for cell in notebook.cells]
    for cell in cells:
        if cell.kind == "code":
            _refuse_bad_syntax(path.name, cell)
    return cells


def complaints_about_form(cells: Iterable[Cell]) -> list[str]:
    """No outputs, stable ids that say something, no empty cells, no long cell, no money that is read as a formula."""
    cells = list(cells)
    counted = Counter(cell.id for cell in cells)
    found = [f"{cell_id}: {count} cells have this id" for cell_id, count in counted.items() if count > 1]
    for cell in cells:
        if cell.has_output:
            found.append(f"{cell.id}: holds outputs; clear them before you commit")
        if not cell.id or _RANDOM_ID.fullmatch(cell.id):
            found.append(f"{cell.id or 'a cell'}: the cell id is missing or random; name it after what the cell does")
        if not cell.source.strip():
            found.append(f"{cell.id}: the cell is empty")
        if cell.kind == "code" and not cell.grade and not cell.solution and len(_code(cell)) > MAX_CODE_LINES:
            found.append(
                f"{cell.id}: {len(_code(cell))} lines of code; {MAX_CODE_LINES} is the most that a reader follows"
            )
        if cell.kind == "markdown" and any(map(_has_money_as_formula, re.split(r"\n\s*\n", cell.source))):
            found.append(
                f"{cell.id}: JupyterLab makes a formula of what stands between two dollar signs; write 10 dollars"
            )
    return found


def complaints_about_lesson(cells: Iterable[Cell]) -> list[str]:
    """Names that a lesson defines more than once; a reader who runs cells out of order would meet the other one."""
    where: dict[str, list[str]] = {}
    for cell in cells:
        if cell.kind == "code":
            for name in bound_names(cell.source):
                where.setdefault(name, []).append(cell.id)
    return [
        f"the name {name!r} is defined {len(places)} times, in {', '.join(dict.fromkeys(places))}; give each its own"
        for name, places in where.items()
        if len(places) > 1 and not name.startswith("_")
    ]


def complaints_about_tests(cells: Iterable[Cell]) -> list[str]:
    """Rules for test cells: they stand alone, hide their body, end in award, and nobody needs what they define."""
    cells = [cell for cell in cells if cell.kind == "code"]
    answers = {name for cell in cells if cell.is_answer for name in bound_names(cell.source)}
    tests = [cell for cell in cells if cell.is_test]
    found: list[str] = []
    for cell in tests:
        if cell.points:
            found += _complaints_about_award(cell)
            found += _complaints_about_visible_part(cell)
        if borrowed := needed_names(cell.hidden) - answers:
            found.append(f"{cell.grade_id}: borrows {sorted(borrowed)} from other cells; define them in the test")
    from_tests = {name for cell in tests for name in bound_names(cell.source)}
    for number, cell in enumerate(cells):
        before = {
            name for earlier in cells[: number + 1] if not earlier.is_test for name in bound_names(earlier.source)
        }
        if not cell.is_test and (needed := (needed_names(cell.source) & from_tests) - before):
            found.append(f"{cell.id}: needs {sorted(needed)} from a test cell; make them in a locked cell before it")
    return found


def complaints_about_leaks(cells: Iterable[Cell], released: Mapping[str, str]) -> list[str]:
    """Lines of solutions and hidden tests that stand in a released file. released: name -> text."""
    cells = list(cells)
    visible = "\n".join(visible_part(cell) for cell in cells)
    secrets = {line.strip() for cell in cells for line in cell.secret_text.splitlines()}
    telling = [line for line in secrets if len(line) >= 20 and line not in visible]
    return [
        f"release: {name} holds a line of the solution or of a hidden test: {line[:60]!r}"
        for name, text in released.items()
        for line in sorted(telling)
        if line in text
    ]


def hint_of(source: str) -> str | None:
    """The author's public hint of a test cell, a literal in award(..., hint="...")."""
    call = _last_call(source)
    for keyword in call.keywords if call else []:
        if keyword.arg == "hint" and isinstance(keyword.value, ast.Constant) and isinstance(keyword.value.value, str):
            return keyword.value.value
    return None


def _refuse_bad_syntax(name: str, cell: Cell) -> None:
    try:
        parse_cell(cell.source)
    except SyntaxError as error:
        raise CourseError(f"{name}: {cell.id}, line {error.lineno}: {error.msg}") from error


def _parse_cell(cell: Any) -> Cell:
    nbgrader = cell.metadata.get("nbgrader", {})
    return Cell(
        id=cell.get("id", ""),
        kind=cell.cell_type,
        source=cell.source,
        grade_id=nbgrader.get("grade_id"),
        grade=bool(nbgrader.get("grade")),
        solution=bool(nbgrader.get("solution")),
        locked=bool(nbgrader.get("locked")),
        points=float(nbgrader.get("points", 0) or 0),
        has_output=bool(cell.get("outputs")) or cell.get("execution_count") is not None,
    )


def _complaints_about_award(cell: Cell) -> Iterator[str]:
    call = _last_call(cell.source)
    if call is None or not isinstance(call.func, ast.Name) or call.func.id != "award":
        yield f"{cell.grade_id}: doesn't end in award(points, {cell.points:g}); make it the last line"
        return
    if len(call.args) != 2 or not isinstance(call.args[1], ast.Constant) or call.args[1].value != cell.points:
        yield f"{cell.grade_id}: the cell is worth {cell.points:g}, so award's second argument is {cell.points:g}"
    if "hint" in {keyword.arg for keyword in call.keywords} and hint_of(cell.source) is None:
        yield f"{cell.grade_id}: the hint isn't a literal; text made at run time could show hidden data"
    imported = {name for statement in parse_cell(cell.source).body for name in _imported_from(statement, "judge.kit")}
    if "award" not in imported:
        yield f"{cell.grade_id}: import award from judge.kit in the cell, so that no student's award is used"


def _complaints_about_visible_part(cell: Cell) -> Iterator[str]:
    if not cell.hidden.strip():
        yield f"{cell.grade_id}: has points and no hidden test; put its body between {BEGIN_HIDDEN} and {END_HIDDEN}"
    elif parse_cell(_HIDDEN.sub("", cell.source)).body:
        yield f"{cell.grade_id}: has code outside its hidden part; only comments may stand there"


def _imported_from(statement: ast.stmt, module: str) -> Iterator[str]:
    if isinstance(statement, ast.ImportFrom) and statement.module == module:
        yield from (alias.asname or alias.name for alias in statement.names)


def _last_call(source: str) -> ast.Call | None:
    body = parse_cell(source).body
    if body and isinstance(body[-1], ast.Expr) and isinstance(body[-1].value, ast.Call):
        return body[-1].value
    return None


def visible_part(cell: Cell) -> str:
    """A cell's text as students get it, without what stands for a solution."""
    if cell.is_manual:
        return ""
    return _SOLUTION.sub("", _HIDDEN.sub("", cell.source))


def _has_money_as_formula(paragraph: str) -> bool:
    # A backslash before the sign doesn't help: JupyterLab takes it away and then looks for formulas.
    signs = re.findall(r"\$(\d?)", re.sub(r"`[^`]*`", "", paragraph))
    return len(signs) >= 2 and any(signs)


def _code(cell: Cell) -> list[str]:
    return [line for line in cell.source.splitlines() if line.strip() and not line.lstrip().startswith("#")]
