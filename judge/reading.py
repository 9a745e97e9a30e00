"""What the text of one cell says: what it binds and to what, what it mentions, whose parts it sets. Pure."""

import ast
import re
import symtable
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from judge.names import without_magics

# Text that isn't Python may be for IPython, which knows magics and takes off indents and prompts.
_FOR_IPYTHON = re.compile(r"[%!?]|^\s*(?:[,;/]|>>>|In \[)|\A\s*^[ \t]", re.MULTILINE)
_INLINE = re.compile(r"^[ \t]*%matplotlib[ \t]+inline[ \t]*$", re.MULTILINE)
_AT_NAME = re.compile(r"@\s*[^\W\d]")  # query("price > @limit") reads a variable
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


@dataclass(frozen=True)
class Code:
    """What some statements do, as far as it matters here.

    names: loaded; bare: those of them not loaded for an attribute. into: the outermost names whose attributes and items
    are set or deleted, "" for no name. imports: paths, `sklearn.metrics.f1_score` among them. reads_variables: by their
    names in a string.
    """

    names: frozenset[str] = frozenset()
    bare: frozenset[str] = frozenset()
    attributes: frozenset[str] = frozenset()
    into: frozenset[str] = frozenset()
    imports: frozenset[str] = frozenset()
    reads_variables: bool = False


@dataclass(frozen=True)
class Function:
    """A `def` at the top level of a cell, without decorators, its defaults constant. reaches: its global names."""

    code: Code
    reaches: frozenset[str]


@dataclass(frozen=True)
class Imported:
    """What an import binds: `pandas`, `sklearn.metrics.f1_score`."""

    path: str


@dataclass(frozen=True)
class Constant:
    """A value that can't change."""


Meaning = Function | Imported | Constant | None  # None: anything


@dataclass(frozen=True)
class Reading:
    """One cell. later: what runs when its functions are called. bound: its global names. meanings: by name, one for
    each binding. imports: names and paths, those inside functions too. parts: names for an attribute of another, or for
    the other itself. is_opaque: it does what can't be read here.
    """

    whole: Code = Code()
    later: Code = Code()
    bound: frozenset[str] = frozenset()
    meanings: tuple[tuple[str, Meaning], ...] = ()
    imports: tuple[tuple[str, str], ...] = ()
    parts: tuple[tuple[str, str], ...] = ()
    is_opaque: bool = False


@lru_cache(maxsize=256)  # an instructor's cells are the same in every submission of a class
def read(source: str) -> Reading:
    """What a cell's text says. A text that nobody can run says nothing."""
    plain = _INLINE.sub("", source)
    text = without_magics(plain)
    try:
        tree, table = ast.parse(text), symtable.symtable(text, "<cell>", "exec")
    except (SyntaxError, ValueError):
        return Reading(is_opaque=bool(_FOR_IPYTHON.search(source)))
    except (RecursionError, MemoryError):
        return Reading(is_opaque=True)
    nodes = list(ast.walk(tree))
    declared = {name for node in nodes if isinstance(node, ast.Global) for name in node.names}
    declared |= {node.target.id for node in nodes if isinstance(node, ast.NamedExpr)}
    bound = declared | {one.get_name() for one in table.get_symbols() if one.is_assigned() or one.is_imported()}
    scopes = {(one.get_name(), one.get_lineno()): one for one in table.get_children()}
    meanings = [pair for statement in tree.body for pair in _meanings(statement, scopes, bound)]
    imports = tuple(pair for node in nodes for pair in _imported(node))
    return Reading(
        whole=_code(nodes),
        later=_code(part for node in nodes if isinstance(node, _FUNCTIONS) for part in ast.walk(node)),
        bound=frozenset(bound),
        meanings=(*meanings, *((name, None) for name in declared)),
        imports=imports,
        parts=tuple(pair for node in nodes for pair in _parts(node)),
        is_opaque=text.splitlines() != plain.splitlines() or any(path.endswith("*") for _, path in imports),
    )


def _meanings(
    statement: ast.stmt, scopes: dict[tuple[str, int], symtable.SymbolTable], bound: set[str]
) -> Iterator[tuple[str, Meaning]]:
    match statement:
        case ast.FunctionDef(decorator_list=[]) | ast.AsyncFunctionDef(decorator_list=[]):
            yield statement.name, _function(statement, scopes[statement.name, statement.lineno])
        case ast.Import() | ast.ImportFrom():
            yield from ((name, Imported(path)) for name, path in _imported(statement))
        case ast.Assign(value=value) if _is_fixed(value) and all(
            isinstance(one, ast.Name) for one in statement.targets
        ):
            yield from ((one.id, Constant()) for one in statement.targets if isinstance(one, ast.Name))
        case _:
            yield from ((name, None) for name in _names_in(statement) & bound)


def _function(node: ast.FunctionDef | ast.AsyncFunctionDef, scope: symtable.SymbolTable) -> Function | None:
    defaults = [*node.args.defaults, *(default for default in node.args.kw_defaults if default is not None)]
    if not all(map(_is_fixed, defaults)):
        return None
    return Function(_code(part for line in node.body for part in ast.walk(line)), frozenset(_globals(scope)))


def _globals(scope: symtable.SymbolTable) -> Iterator[str]:
    """Global names of a function and of all inside it; a class body may fall back to them for any name it uses."""
    for symbol in scope.get_symbols():
        if symbol.is_global() or (scope.get_type() == "class" and symbol.is_referenced()):
            yield symbol.get_name()
    for inner in scope.get_children():
        yield from _globals(inner)


def _is_fixed(value: ast.expr) -> bool:
    """A literal of numbers, texts and tuples."""
    match value:
        case ast.Constant():
            return True
        case ast.UnaryOp(operand=ast.Constant()):
            return True
        case ast.Tuple(elts=parts):
            return all(map(_is_fixed, parts))
    return False


def _names_in(statement: ast.stmt) -> set[str]:
    """Every name that stands in a statement where something may be bound."""
    found = set()
    for node in ast.walk(statement):
        match node:
            case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
                found.add(name)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                found.add(name)
            case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                found.add(name)
            case ast.MatchMapping(rest=str(name)):
                found.add(name)
            case ast.Import() | ast.ImportFrom():
                found |= {name for name, _ in _imported(node)}
    return found


def _imported(node: ast.AST) -> Iterator[tuple[str, str]]:
    if isinstance(node, ast.Import):
        for alias in node.names:
            yield alias.asname or alias.name.partition(".")[0], alias.name
    elif isinstance(node, ast.ImportFrom):
        module = "." * node.level + (node.module or "")
        yield from ((alias.asname or alias.name, f"{module}.{alias.name}") for alias in node.names)


def _parts(node: ast.AST) -> Iterator[tuple[str, str]]:
    if isinstance(node, ast.Assign) and isinstance(node.value, ast.Name | ast.Attribute):
        yield from ((one.id, _root(node.value)) for one in node.targets if isinstance(one, ast.Name))


def _code(nodes: Iterable[ast.AST]) -> Code:
    """From nodes of whole trees, each before those inside it."""
    loaded, roots = list[str](), list[str]()
    attributes, into, imports, own_generators = set[str](), set[str](), set[str](), set[int]()
    reads_variables = False
    for node in nodes:
        match node:
            case ast.Name(id=name, ctx=ast.Load()):
                loaded.append(name)
            case ast.Call(func=ast.Attribute(attr="default_rng", value=module)) if node.args or node.keywords:
                own_generators.add(id(module))  # the `numpy.random` in it is none that draws
            case ast.Attribute(attr=attribute, value=value, ctx=context):
                if isinstance(value, ast.Name):
                    roots.append(value.id)
                if id(node) not in own_generators:
                    attributes.add(attribute)
                if not isinstance(context, ast.Load):
                    into.add(_root(node))
            case ast.Subscript(ctx=ast.Store() | ast.Del()):
                into.add(_root(node))
            case ast.Import() | ast.ImportFrom():
                imports |= {path for _, path in _imported(node)}
            case ast.Constant(value=str(text)):
                reads_variables = reads_variables or bool(_AT_NAME.search(text))
    return Code(
        names=frozenset(loaded),
        bare=frozenset(Counter(loaded) - Counter(roots)),
        attributes=frozenset(attributes),
        into=frozenset(into),
        imports=frozenset(imports),
        reads_variables=reads_variables,
    )


def _root(node: ast.expr) -> str:
    """The name at the beginning of `name.a[0].b`, or ""."""
    while True:
        match node:
            case ast.Name(id=name):
                return name
            case ast.Attribute(value=inner) | ast.Subscript(value=inner):
                node = inner
            case _:
                return ""
