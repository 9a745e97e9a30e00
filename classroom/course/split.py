"""What a test can't do when the student's code runs in another process, and what makes its verdict worth nothing.

Read from the text alone. A rule yields the line in the cell, what is wrong there, and how to write it instead.
"""

import ast
import doctest
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from classroom.course.lint import Cell, visible_part
from judge.names import bound_names, needed_names, parse_cell, without_magics

_INTERPRETER = {
    "get_ipython": "a test has no IPython; ask the student's side with the helpers of judge.kit",
    "In": "a test has no history; student_source(name) gives the text of the student's cell",
    "Out": "a test has no history; ask for the value by its name",
    "globals": "a test's globals aren't the student's; ask for the name itself, set one with push(name=value)",
    "locals": "a test's locals aren't the student's; ask for the name itself",
}
_CLOCKS = frozenset({"perf_counter", "perf_counter_ns", "process_time", "process_time_ns", "monotonic", "time"})
_READING = frozenset({"open", "read_text", "read_bytes", "read_csv", "read_parquet", "read_json", "read_excel"}) | {
    "load", "loadtxt", "genfromtxt", "listdir", "exists", "is_file",
}  # fmt: skip
_WRITING = frozenset({"write_text", "write_bytes", "to_csv", "to_parquet", "to_json", "to_excel", "save", "savetxt"})
_ANSWER_WORDS = frozenset({"expected", "want", "wanted", "solution", "truth", "correct", "answer", "answers"})
_LABELS = frozenset({"y_test", "y_true"})
_EQUALITIES: tuple[str, ...] = (
    "assert_frame_equal",
    "assert_series_equal",
    "assert_array_equal",
    "assert_allclose",
    "assert_equal",
)
_EQUALITIES += ("array_equal", "allclose", "equals", "isclose", "approx")

_Complaint = tuple[int, str]
Node = TypeVar("Node", bound=ast.AST)


@dataclass(frozen=True)
class Test:
    """One test cell. students: names of the student's that it needs; classes: those of them that are classes."""

    __test__ = False

    cell: Cell
    tree: ast.Module
    students: frozenset[str]
    classes: frozenset[str]

    def calls(self, names: Iterable[str]) -> list[ast.Call]:
        """Calls by one of these bare names."""
        wanted = set(names)
        return [
            call for call in _all(self.tree, ast.Call) if isinstance(call.func, ast.Name) and call.func.id in wanted
        ]

    def derived(self, names: Iterable[str]) -> set[str]:
        """These names and all that the test assigns from them."""
        found = set(names)
        for _ in range(3):  # an assignment may stand before what it depends on, in a function
            for node in ast.walk(self.tree):
                if isinstance(node, ast.Assign | ast.AnnAssign | ast.NamedExpr) and node.value is not None:
                    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                    if _names(node.value) & found:
                        found |= {name for target in targets for name in _names(target)}
        return found


def complaints_about_split(cells: Iterable[Cell]) -> list[str]:
    """What stands against the tests of a notebook, each with its cell and line."""
    code = [cell for cell in cells if cell.kind == "code"]
    answers = [parse_cell(cell.source) for cell in code if cell.is_answer]
    answered = {name for cell in code if cell.is_answer for name in bound_names(cell.source)}
    classes = {node.name for tree in answers for node in tree.body if isinstance(node, ast.ClassDef)}
    shown = {given for cell in code for given in _inputs(parse_cell(visible_part(cell)), answered)}
    found: list[str] = []
    for cell in (one for one in code if one.is_test):
        students = frozenset(answered & needed_names(cell.source))
        test = Test(cell, parse_cell(cell.source), students, frozenset(classes & students))
        complaints = [complaint for rule in RULES for complaint in rule(test)]
        complaints += _reuses_visible_inputs(test, shown)
        found += [f"{cell.grade_id}, line {line}: {text}" for line, text in sorted(set(complaints))]
    return found


# -- what can't reach the student's process ------------------------------------------------------------------------


def _patches(test: Test) -> Iterator[_Complaint]:
    imported = {
        alias.asname or alias.name
        for node in _all(test.tree, ast.ImportFrom)
        if node.module in ("unittest.mock", "mock", "unittest")
        for alias in node.names
    }
    imported |= {"mock"} if _imports(test.tree, "mock") else set()
    imported |= {"unittest"} if _imports(test.tree, "unittest") else set()
    way = "it changes the test's process only; use push(name=value), student_input or seed_student"
    for node in ast.walk(test.tree):
        words = _dotted(node)
        if isinstance(node, ast.expr) and words and words[0] in imported and words[-1] == "patch":
            yield node.lineno, f"patches {'.'.join(words)}: {way}"
    modules = {alias.asname or alias.name for node in _all(test.tree, ast.Import) for alias in node.names}
    for assign in _all(test.tree, ast.Assign):
        for target in assign.targets:
            if isinstance(target, ast.Attribute) and (words := _dotted(target)) and words[0] in modules:
                yield assign.lineno, f"sets {'.'.join(words)}: {way}"


def _traces(test: Test) -> Iterator[_Complaint]:
    way = "it watches the test's process only; ask for results, or for the text with student_source"
    for node in ast.walk(test.tree):
        if isinstance(node, ast.Attribute | ast.Name) and _dotted(node)[-1:] in (["settrace"], ["setprofile"]):
            yield node.lineno, f"calls {_dotted(node)[-1]}: {way}"
    for module in ("tracemalloc", "coverage"):
        for node in _imports(test.tree, module):
            yield node.lineno, f"uses {module}: {way}"


def _looks_inside(test: Test) -> Iterator[_Complaint]:
    bound = set(bound_names(test.cell.source))
    for node in _all(test.tree, ast.Name):
        if node.id in _INTERPRETER and node.id not in bound and isinstance(node.ctx, ast.Load):
            yield node.lineno, f"uses {node.id}: {_INTERPRETER[node.id]}"
    for imported in _imports(test.tree, "__main__"):
        yield imported.lineno, "imports __main__: that is the test itself; ask for the student's name"


def _uses_magics(test: Test) -> Iterator[_Complaint]:
    before, after = test.cell.source.splitlines(), without_magics(test.cell.source).splitlines()
    try:
        ast.parse(test.cell.source)
    except SyntaxError:
        for number, line in enumerate(before, 1):
            if line.strip() and not (after[number - 1 : number] or [""])[0].strip():
                yield number, f"{line.strip()[:30]}: a test has no magics or shell; write it in Python"


def _wants_speed(test: Test) -> Iterator[_Complaint]:
    way = "the time holds the way between two processes; count calls or rows instead, or set budget_s in course.yaml"
    for call in _all(test.tree, ast.Call):
        if _dotted(call.func)[:1] == ["timeit"] or _dotted(call.func)[-1:] == ["timeit"]:
            yield call.lineno, f"times with timeit: {way}"
    timed = {name for name in test.derived(_CLOCKS) if name not in _CLOCKS}
    timed |= {
        name
        for node in _all(test.tree, ast.Assign)
        if any(_dotted(call.func)[-1:] and _dotted(call.func)[-1] in _CLOCKS for call in _all(node.value, ast.Call))
        for target in node.targets
        for name in _names(target)
    }
    timed = test.derived(timed)
    for compare in _all(test.tree, ast.Compare):
        sides = [compare.left, *compare.comparators]
        for operator, left, right in zip(compare.ops, sides, sides[1:], strict=False):
            small = left if isinstance(operator, ast.Lt | ast.LtE) else right
            if isinstance(operator, ast.Lt | ast.LtE | ast.Gt | ast.GtE) and _is_time(small, timed):
                yield compare.lineno, f"asks for speed: {way}"


def _is_time(node: ast.AST, timed: set[str]) -> bool:
    return bool(_names(node) & timed) or any(
        _dotted(call.func)[-1:] in ([c] for c in _CLOCKS) for call in _all(node, ast.Call)
    )


def _reads_files(test: Test) -> Iterator[_Complaint]:
    calls = _all(test.tree, ast.Call)
    written = {path for call in calls if _is_writing(call) for path in _paths(call)}
    for call in calls:
        if _word(call) in _READING and not _is_writing(call):
            for path in _paths(call):
                if path not in written and "data/" not in path and not path.startswith("/"):
                    yield (
                        call.lineno,
                        f"reads {path!r} from a folder that isn't the student's; take student_file({path!r})",
                    )


def _is_writing(call: ast.Call) -> bool:
    modes = [arg.value for arg in call.args[1:2] if isinstance(arg, ast.Constant)]
    modes += [word.value.value for word in call.keywords if word.arg == "mode" and isinstance(word.value, ast.Constant)]
    return _word(call) in _WRITING or (_word(call) == "open" and any("r" not in str(mode) for mode in modes))


def _paths(call: ast.Call) -> Iterator[str]:
    """Literal paths that a call is given, or that the Path has whose method it is."""
    given: list[ast.expr] = [*call.args[:1]]
    if (
        isinstance(call.func, ast.Attribute)
        and isinstance(call.func.value, ast.Call)
        and _word(call.func.value) == "Path"
    ):
        given = list(call.func.value.args)
    for one in given:
        if isinstance(one, ast.Call) and _word(one) == "Path" and one.args:
            one = one.args[0]
        if isinstance(one, ast.Constant) and isinstance(one.value, str):
            yield one.value


# -- verdicts that the student's code gives itself -------------------------------------------------------------------


def _lets_student_judge(test: Test) -> Iterator[_Complaint]:
    derived = test.derived(test.students)
    for verdict in _verdicts(test.tree):
        for part in _conjuncts(verdict):
            if isinstance(part, ast.Call) and _by_student(part, test) and part.args:
                given = [arg for arg in part.args if _names(arg) & derived]
                if given:
                    name = _word(part)
                    yield (
                        part.lineno,
                        f"{name} judges what the student's own code made; compare that with a value of the test",
                    )
    for compare in _all(test.tree, ast.Compare):
        sides = [compare.left, *compare.comparators]
        for outer, other in ((sides[0], sides[-1]), (sides[-1], sides[0])):
            if not (isinstance(outer, ast.Call) and _by_student(outer, test) and len(sides) == 2):
                continue
            inner = [arg for arg in outer.args if isinstance(arg, ast.Call) and _by_student(arg, test)]
            if any(_word(one) != _word(outer) and ast.dump(other) in map(ast.dump, one.args) for one in inner):
                name, before = _word(outer), _word(inner[0])
                yield compare.lineno, f"{name} can remember what {before} was given; compare each with a value of yours"


def _gives_answers_away(test: Test) -> Iterator[_Complaint]:
    derived = test.derived(test.students)
    compared = set()
    for compare in _all(test.tree, ast.Compare):
        sides = [compare.left, *compare.comparators]
        if any(_names(side) & derived for side in sides):
            compared |= {side.id for side in sides if isinstance(side, ast.Name)}
    for call in _all(test.tree, ast.Call):
        sides = [*call.args, call.func]
        if _word(call) in _EQUALITIES and any(_names(side) & derived for side in sides):
            compared |= {arg.id for arg in call.args if isinstance(arg, ast.Name)}
    for call in _all(test.tree, ast.Call):
        if _names(call.func) & derived:
            for arg in [*call.args, *(word.value for word in call.keywords)]:
                if (
                    isinstance(arg, ast.Name)
                    and arg.id in compared
                    and _is_answer(arg.id)
                    and _word(call) not in _EQUALITIES
                ):
                    yield (
                        call.lineno,
                        f"hands {arg.id} to the student's code and then compares with it; keep it in the test",
                    )


def _is_answer(name: str) -> bool:
    return name in _LABELS or bool(_ANSWER_WORDS & set(name.split("_")))


def _compares_remotely(test: Test) -> Iterator[_Complaint]:
    made = test.derived(test.classes) - (test.derived(test.students - test.classes) - test.classes)
    verdicts = _verdicts(test.tree)
    parts = [part for verdict in verdicts for part in _conjuncts(verdict)]
    if parts and all(_is_remote(part, made) for part in parts):
        yield (
            parts[0].lineno,
            ("only the student's own __eq__ or order decides; compare attributes with values of the test, too"),
        )


def _is_remote(part: ast.expr, made: set[str]) -> bool:
    """A comparison of two objects of the student's classes."""
    if not isinstance(part, ast.Compare):
        return False
    return all(
        (isinstance(side, ast.Name) and side.id in made) or (isinstance(side, ast.Call) and _word(side) in made)
        for side in (part.left, *part.comparators)
    )


def _reuses_visible_inputs(test: Test, shown: set[str]) -> Iterator[_Complaint]:
    hidden = parse_cell(test.cell.hidden)
    calls = [
        call for call in _all(hidden, ast.Call) if isinstance(call.func, ast.Name) and call.func.id in test.students
    ]
    calls = [call for call in calls if call.args or call.keywords]
    if calls and _inputs(hidden, test.students, only_literal=False) <= shown:
        yield 1, "its hidden part asks only what students can see; add an input that stands nowhere in the release"


def _inputs(tree: ast.Module, names: Iterable[str], *, only_literal: bool = True) -> set[str]:
    """Calls of these names with literals only, as text, those in docstrings' examples included."""
    wanted = set(names)
    trees: list[ast.AST] = [tree]
    for node in _all(tree, ast.FunctionDef) + _all(tree, ast.ClassDef):
        for example in doctest.DocTestParser().get_examples(ast.get_docstring(node) or ""):
            try:
                trees.append(ast.parse(example.source))
            except SyntaxError:
                continue
    calls = [call for one in trees for call in _all(one, ast.Call)]
    return {
        ast.dump(call)
        for call in calls
        if isinstance(call.func, ast.Name) and call.func.id in wanted and (call.args or call.keywords)
        if not only_literal or all(not _names(arg) for arg in [*call.args, *(word.value for word in call.keywords)])
    }


RULES: tuple[Callable[[Test], Iterator[_Complaint]], ...] = (
    _patches, _traces, _looks_inside, _uses_magics, _wants_speed, _reads_files,
    _lets_student_judge, _gives_answers_away, _compares_remotely,
)  # fmt: skip


# -- reading a tree ----------------------------------------------------------------------------------------------------


def _all(tree: ast.AST, kind: type[Node]) -> list[Node]:
    return [node for node in ast.walk(tree) if isinstance(node, kind)]


def _names(tree: ast.AST) -> set[str]:
    return {node.id for node in _all(tree, ast.Name)}


def _dotted(node: ast.AST) -> list[str]:
    """The words of `a.b.c`; empty for other expressions."""
    if isinstance(node, ast.Name):
        return [node.id]
    if isinstance(node, ast.Attribute) and (before := _dotted(node.value)):
        return [*before, node.attr]
    return []


def _word(call: ast.Call) -> str:
    """The last word of what is called."""
    return call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")


def _by_student(call: ast.Call, test: Test) -> bool:
    return isinstance(call.func, ast.Name) and call.func.id in test.students - test.classes


def _imports(tree: ast.AST, module: str) -> list[ast.stmt]:
    found: list[ast.stmt] = [node for node in _all(tree, ast.ImportFrom) if (node.module or "").split(".")[0] == module]
    return found + [
        node for node in _all(tree, ast.Import) if module in {alias.name.split(".")[0] for alias in node.names}
    ]


def _verdicts(tree: ast.Module) -> list[ast.expr]:
    """What decides: an assert's condition, a check of holds, and award's points where they name no such check."""
    found: list[ast.expr] = [node.test for node in _all(tree, ast.Assert)]
    functions = {node.name: node for node in _all(tree, ast.FunctionDef)}
    for call in _all(tree, ast.Call):
        if _word(call) == "holds" and len(call.args) == 2:
            check = call.args[1]
            if isinstance(check, ast.Lambda):
                found.append(check.body)
            elif isinstance(check, ast.Name) and check.id in functions:
                returns = _all(functions[check.id], ast.Return)
                found += [node.value for node in returns if node.value is not None]
        elif _word(call) == "award" and call.args and isinstance(call.args[0], ast.Compare | ast.BoolOp | ast.Call):
            inner = {_word(one) for one in _all(call.args[0], ast.Call)}
            found += [] if inner & {"holds", "award", "sum"} else [call.args[0]]
    return found


def _conjuncts(node: ast.expr) -> list[ast.expr]:
    if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.And):
        return [part for value in node.values for part in _conjuncts(value)]
    return [node.operand] if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not) else [node]
