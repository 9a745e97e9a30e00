"""Which tests share one copy of the student's process, and which need none: decided from the text of the cells. Pure.

A copy (a park) costs a fork and the pages that change afterwards. A test may be asked of a later moment than its own
when nothing between can be told apart from there: cells that only add names that nobody has used before, and, where the
test asks for steady functions only, calm cells that leave these alone (`judge.steady`). A test that only looks at plain
values of which students know that it asks for them needs no copy: the values travel.
"""

import ast
import builtins
import inspect
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from judge import kit
from judge.names import bound_names, needed_names, parse_cell
from judge.plan import PlanCell
from judge.steady import Notebook

# Text with one of these may look at names that it doesn't mention.
_REFLECTION = frozenset({
    "globals", "locals", "vars", "exec", "eval", "compile", "dir", "setattr", "delattr", "sys", "inspect", "gc",
    "ctypes", "importlib", "builtins", "get_ipython", "user_ns", "run_cell", "In", "Out", "__main__", "__dict__",
    "__globals__", "__builtins__", "__import__", "f_globals", "f_locals", "f_back",
})  # fmt: skip
_BUILTINS = frozenset(dir(builtins))
# What a test may use of the kit without a student's process to ask.
_PLAIN_HELPERS = frozenset({"award", "holds"})
_ASKING_HELPERS = frozenset(name for name, _ in inspect.getmembers(kit, inspect.isfunction)) - _PLAIN_HELPERS
# Of these, what leaves a student's process as it was, and asks for nothing but functions.
_TRACELESS_HELPERS = frozenset({"asking", "inplace", "student_source"})
# What reading a hostile text may raise.
_UNREADABLE = (SyntaxError, ValueError, RecursionError, MemoryError)
_WORD = re.compile(r"[^\W\d]\w*")
_HISTORY = re.compile(r"_+|_i+|_o?h|_d?h|_i?\d+|__.*")  # names that IPython or Python sets


@dataclass(frozen=True)
class Park:
    """One moment of the notebook that tests ask about.

    before: how many cells of the plan have had their turn by then. tests: their ids. names: when it isn't None, the
    tests need the values of these and no process.
    """

    before: int
    tests: tuple[str, ...]
    names: tuple[str, ...] | None = None


def plan_parks(cells: Sequence[PlanCell], preloaded: Collection[str] = ()) -> list[Park]:
    """The parks in the order of their moments; each test is in exactly one of them.

    cells: all of a job's, in order. preloaded: modules that the student's process has imported before the first cell.
    """
    parks, waiting = list[Park](), list[PlanCell]()
    words: set[str] = set()
    trusted = _trusted_names(cells)
    notebook = Notebook([cell.source if cell.role in ("student", "locked") else "" for cell in cells], preloaded)
    reached: dict[str, frozenset[str] | None] = {}  # by test: all that it stands on; None when that can't be told
    for index, cell in enumerate(cells):
        if cell.role == "test":
            waiting.append(cell)
            names = steady_names(cell.source, trusted[cell.id])
            reached[cell.id] = None if names is None else notebook.reach(names, index)
        elif cell.role != "markdown" and waiting and not only_adds(cell.source, words, preloaded):
            late = [test for test in waiting if not _can_pass(notebook, index, reached[test.id])]
            if late:
                park = _make_park(index, late, trusted)
                # Where there's a copy anyway, it will do for all.
                parks.append(park if park.names is not None else _make_park(index, waiting, trusted))
                waiting = [] if park.names is None else [test for test in waiting if test not in late]
        if cell.role != "markdown":
            words |= words_of(cell.source)
    if waiting:
        parks.append(_make_park(len(cells), waiting, trusted))
    return parks


def _can_pass(notebook: Notebook, index: int, reached: frozenset[str] | None) -> bool:
    return reached is not None and notebook.leaves(index, reached)


def only_adds(source: str, words_before: Collection[str], preloaded: Collection[str] = ()) -> bool:
    """True when a cell does nothing but define names that no text before it contains.

    words_before: all words of the cells before it, comments and strings among them. Functions and classes without
    decorators, computed defaults or bases, constants, and imports of what is imported already.
    """
    try:
        body = ast.parse(source).body
    except _UNREADABLE:
        return False  # magics too
    if not all(_is_definition(statement, preloaded) for statement in body):
        return False
    names = bound_names(source)
    if any(name in _BUILTINS or _HISTORY.fullmatch(name) for name in names):
        return False
    return not body or not (_REFLECTION | set(names)) & set(words_before)


def words_of(text: str) -> set[str]:
    """Every word of a text that could be a name, wherever it stands."""
    return set(_WORD.findall(text))


def released(source: str) -> str:
    """A test as students have it: without what stands between the markers of hidden tests, markers included."""
    kept, hidden = [], False
    for line in source.splitlines():
        hidden = hidden or "BEGIN HIDDEN TESTS" in line
        if not hidden:
            kept.append(line)
        hidden = hidden and "END HIDDEN TESTS" not in line
    return "\n".join(kept)


def value_names(source: str, trusted: Collection[str]) -> tuple[str, ...] | None:
    """The student's names whose values are all that a test needs; None when it needs a process to ask.

    The student's process learns these names before the tests: none may stand in the hidden part alone.
    """
    try:
        wanted = needed_names(source) - set(trusted)
        needs_process = wanted & called_names(source) or not wanted <= needed_names(released(source))
    except _UNREADABLE:
        return None
    return None if needs_process or words_of(source) & _ASKING_HELPERS else tuple(sorted(wanted))


def steady_names(source: str, trusted: Collection[str]) -> set[str] | None:
    """The student's names that a test asks for; None when it may also ask for, or change, what has no name here."""
    try:
        wanted = needed_names(source) - set(trusted)
    except _UNREADABLE:
        return None
    return None if words_of(source) & (_ASKING_HELPERS - _TRACELESS_HELPERS) else wanted


@lru_cache(maxsize=128)  # tests are the same in every submission of a class
def called_names(source: str) -> frozenset[str]:
    """Names that stand before an opening parenthesis somewhere in a cell."""
    calls = (node.func for node in ast.walk(parse_cell(source)) if isinstance(node, ast.Call))
    return frozenset(function.id for function in calls if isinstance(function, ast.Name))


def _make_park(before: int, tests: Sequence[PlanCell], trusted: dict[str, set[str]]) -> Park:
    ids = tuple(cell.id for cell in tests)
    names = [value_names(cell.source, trusted[cell.id]) for cell in tests]
    known = [some for some in names if some is not None]
    if len(known) < len(tests):
        return Park(before, ids)
    return Park(before, ids, tuple(sorted(set().union(*known))))


def _trusted_names(cells: Sequence[PlanCell]) -> dict[str, set[str]]:
    """For each test what trusted cells and tests before it bind: the judge has these names of its own."""
    bound: set[str] = set()
    at: dict[str, set[str]] = {}
    for cell in trusted_cells(cells):
        if cell.role == "test":
            at[cell.id] = set(bound)
        if cell.role in ("locked", "test"):
            bound |= set(_bound(cell))
    return at


def trusted_cells(cells: Sequence[PlanCell]) -> list[PlanCell]:
    """The cells without those locked ones that need more than earlier trusted ones bind: the rest is a student's, so
    they run in the student's process only. What a student's text binds makes no difference to what is trusted."""
    bound: set[str] = set()
    kept = []
    for cell in cells:
        if cell.role == "locked":
            if needed_names(cell.source) - bound:
                continue
            bound |= set(_bound(cell))
        kept.append(cell)
    return kept


def _bound(cell: PlanCell) -> list[str]:
    try:
        return bound_names(cell.source)
    except _UNREADABLE:
        return []


def _is_definition(statement: ast.stmt, preloaded: Collection[str]) -> bool:
    """A statement that runs no code of anybody's and can't fail half-way."""
    match statement:
        case ast.FunctionDef(decorator_list=[]) | ast.AsyncFunctionDef(decorator_list=[]):
            return _is_plain_signature(statement)
        case ast.ClassDef(decorator_list=[], bases=[], keywords=[]):
            return all(_is_docstring(part) or _is_definition(part, ()) for part in statement.body)
        case ast.Assign(targets=targets, value=value):
            return all(isinstance(target, ast.Name) for target in targets) and _is_constant(value)
        case ast.Import() | ast.ImportFrom():
            return all(module in preloaded or module in _HARMLESS for module in _imported(statement))
        case _:
            return isinstance(statement, ast.Pass)


def _is_plain_signature(function: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> bool:
    """Defaults are constants; annotations, which run too, are left out or names of builtin types."""
    arguments = function.args
    defaults = [*arguments.defaults, *(default for default in arguments.kw_defaults if default is not None)]
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    notes = [one.annotation for one in (*every, arguments.vararg, arguments.kwarg) if one is not None]
    if not isinstance(function, ast.Lambda):
        notes.append(function.returns)
    return all(map(_is_constant, defaults)) and all(note is None or _is_plain_type(note) for note in notes)


def _is_plain_type(note: ast.expr) -> bool:
    """`int`, `list[str]`, `float | None`, "Frame": what can be evaluated without a student's name."""
    match note:
        case ast.Constant():
            return True
        case ast.Name(id=name):
            return name in _BUILTINS
        case ast.Subscript(value=ast.Name() as outer, slice=inner):
            return _is_plain_type(outer) and _is_plain_type(inner)
        case ast.Tuple(elts=parts):
            return all(map(_is_plain_type, parts))
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return _is_plain_type(left) and _is_plain_type(right)
        case _:
            return False


def _is_constant(value: ast.expr) -> bool:
    match value:
        case ast.Constant():
            return True
        case ast.UnaryOp(op=ast.USub() | ast.UAdd(), operand=ast.Constant(value=number)):
            return isinstance(number, int | float | complex)
        case ast.Tuple(elts=parts) | ast.List(elts=parts):
            return all(map(_is_constant, parts))
        case ast.Dict(keys=keys, values=values):
            # A key that can't be hashed would fail.
            return all(isinstance(key, ast.Constant) for key in keys) and all(map(_is_constant, values))
        case ast.Lambda():
            return _is_plain_signature(value)
        case _:
            return False


def _is_docstring(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _imported(statement: ast.Import | ast.ImportFrom) -> Iterator[str]:
    if isinstance(statement, ast.Import):
        yield from (alias.name for alias in statement.names)
    else:
        is_plain = not statement.level and all(alias.name != "*" for alias in statement.names)
        yield statement.module if statement.module and is_plain else "?"


# Modules of the standard library that every process of ours has imported, without effect on any other.
_HARMLESS = frozenset({
    "abc", "collections", "collections.abc", "copy", "dataclasses", "datetime", "enum", "functools", "itertools",
    "json", "math", "operator", "os", "os.path", "pathlib", "random", "re", "statistics", "string", "textwrap", "time",
    "typing",
})  # fmt: skip
