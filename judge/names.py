"""Which names a cell binds and which it needs, read from its syntax tree."""

import ast
import builtins
from collections.abc import Iterable, Iterator
from functools import lru_cache

_BUILTINS = frozenset(dir(builtins)) | {"get_ipython", "display", "__name__", "__file__"}


def parse_cell(source: str) -> ast.Module:
    """The syntax tree of a cell, lines with magics and shell commands left out; raises SyntaxError."""
    try:
        return ast.parse(source)  # a line within a text or brackets may begin with a percent sign
    except SyntaxError:
        return ast.parse(without_magics(source))


def without_magics(source: str) -> str:
    """A cell's text with empty lines where magics and shell commands stand; all of a cell that a %%magic takes."""
    lines = source.splitlines()
    if lines and lines[0].startswith("%%"):
        return "\n" * (len(lines) - 1)
    return "\n".join("" if line.lstrip().startswith(("%", "!")) else line for line in lines)


def bound_names(source: str) -> list[str]:
    """Names bound at the top level of a cell, in order, once for each binding statement.

    What functions, classes and comprehensions bind inside stays inside. A loop's target is bound once.
    """
    return list(_bound(source))


def needed_names(source: str) -> set[str]:
    """Names that a cell loads, anywhere in it, and nothing in the cell binds; builtins left out."""
    return set(_needed(source))


def affected_cells(cells: Iterable[tuple[str, str]], changed: str) -> set[str]:
    """Ids of the (id, source) cells that a change of one cell can reach through the names it binds, itself included."""
    sources = dict(cells)
    reached = {changed}
    while True:
        names = {name for cell_id in reached for name in bound_names(sources[cell_id])}
        further = {cell_id for cell_id, source in sources.items() if needed_names(source) & names} - reached
        if not further:
            return reached
        reached |= further


def required_cells(cells: Iterable[tuple[str, str]], wanted: Iterable[str]) -> set[str]:
    """Ids of the (id, source) cells without which the wanted ones miss a name, the wanted ones included.

    Of cells that bind one name all are taken: which of them counts is a matter of order.
    """
    sources = dict(cells)
    bound = {cell_id: set(bound_names(source)) for cell_id, source in sources.items()}
    required = set(wanted)
    while True:
        needed = {name for cell_id in required for name in needed_names(sources[cell_id])}
        further = {cell_id for cell_id, names in bound.items() if names & needed} - required
        if not further:
            return required
        required |= further


# An instructor's cells are the same in every submission of a class.
@lru_cache(maxsize=256)
def _bound(source: str) -> tuple[str, ...]:
    return tuple(name for statement in parse_cell(source).body for name in _bound_by(statement))


@lru_cache(maxsize=256)
def _needed(source: str) -> frozenset[str]:
    nodes = list(ast.walk(parse_cell(source)))
    loaded = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    return frozenset(loaded - _bound_anywhere(nodes) - _BUILTINS)


def _bound_anywhere(nodes: list[ast.AST]) -> set[str]:
    bound = {node.id for node in nodes if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)}
    bound |= {node.arg for node in nodes if isinstance(node, ast.arg)}
    bound |= {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)}
    bound |= {node.name for node in nodes if isinstance(node, ast.ExceptHandler) and node.name}
    for node in nodes:
        if isinstance(node, ast.Import | ast.ImportFrom):
            bound |= {alias.asname or alias.name.split(".")[0] for alias in node.names}
    return bound


def _bound_by(statement: ast.stmt) -> Iterator[str]:
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield statement.name
        return
    if isinstance(statement, ast.Import | ast.ImportFrom):
        yield from (alias.asname or alias.name.split(".")[0] for alias in statement.names)
        return
    seen = set()
    for node in _walk_same_scope(statement):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id not in seen:
            seen.add(node.id)
            yield node.id
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Import | ast.ImportFrom):
            yield from _bound_by(node)


def _walk_same_scope(node: ast.AST) -> Iterator[ast.AST]:
    scopes = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda
    comprehensions = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
    for child in ast.iter_child_nodes(node):
        if isinstance(child, comprehensions):
            continue
        yield child
        if not isinstance(child, scopes):
            yield from _walk_same_scope(child)
