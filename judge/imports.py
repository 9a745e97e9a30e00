"""Which modules notebooks import, read from their text."""

import ast
from collections.abc import Iterable, Iterator

from judge.names import parse_cell
from judge.plan import PlanCell


def imported_modules(sources: Iterable[str]) -> set[str]:
    """Dotted names of the modules that some cells import, from the first level on: `sklearn.tree`, `pandas`."""
    return {name for source in sources for name in _imported(source)}


def preload_of(cells: Iterable[PlanCell]) -> tuple[str, ...]:
    """Modules that the instructor's cells import. A student's cell can't have anything imported in a zygote."""
    trusted = [cell.source for cell in cells if cell.role in ("locked", "test")]
    return tuple(sorted(imported_modules(trusted)))


def _imported(source: str) -> Iterator[str]:
    try:
        tree = parse_cell(source)
    except SyntaxError:
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
