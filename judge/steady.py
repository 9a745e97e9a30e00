"""Which functions of a notebook answer the same later on: decided from the text of its cells. Pure.

A function is steady when nothing that it reaches can change: its own text, constants, other steady functions, and
libraries whose functions keep no state but the kinds named here. A cell is calm when it computes, prints and plots, but
leaves functions, modules and the interpreter as they are. A test of steady functions may be asked after any number of
calm cells that bind none of the names that the functions reach.

What can't be read counts as unsteady. Somebody who hides a change from this reading changes the moment at which their
own functions are asked, and nothing else.
"""

import re
from collections.abc import Collection, Sequence

from judge.reading import Code, Constant, Function, Imported, Meaning, read

# Packages whose functions answer by their arguments, but for random numbers, files and the settings below.
_PURE = frozenset({
    "abc", "bisect", "calendar", "collections", "copy", "dataclasses", "datetime", "enum", "fractions", "functools",
    "heapq", "itertools", "json", "math", "numbers", "numpy", "operator", "pandas", "re", "scipy", "sklearn",
    "statistics", "string", "textwrap", "typing", "unicodedata",
})  # fmt: skip
# What a cell may use without a trace in these. matplotlib: no steady function draws.
_CALM = _PURE | {"io", "matplotlib", "os", "pathlib", "random", "time"}
# Of the standard library every process of ours has imported these.
_STANDARD = _CALM - {"matplotlib", "numpy", "pandas", "scipy", "sklearn"}
# Names that reach what the text doesn't mention.
_REFLECTION = frozenset({
    "In", "Out", "breakpoint", "compile", "delattr", "eval", "exec", "exit", "get_ipython", "getattr", "globals",
    "locals", "quit", "setattr", "vars",
})  # fmt: skip
# Attributes that reach frames, or set something for everybody: options, states of errors, locale, folder.
_SETTINGS = frozenset({
    "chdir", "config_context", "environ", "f_back", "f_globals", "f_locals", "gi_frame", "option_context", "options",
    "putenv", "rc", "rcParams", "rc_context", "rcdefaults", "register", "register_dataframe_accessor",
    "register_index_accessor", "register_series_accessor", "reset_option", "run_cell", "set_config", "set_option",
    "set_printoptions", "seterr", "seterrcall", "setlocale", "tb_frame", "umask", "use", "user_ns",
})  # fmt: skip
_SEEDING = frozenset({"seed", "set_state", "setstate"})
# With these a function draws from the common generator, or depends on the figure or the files of the moment.
_MOMENTARY = re.compile(
    r"random|sample|shuffle|plot\w*|hist|boxplot|gc[af]|savefig|open|tofile|fromfile|loadtxt|genfromtxt|savetxt|savez?"
    r"|load|read_\w+|to_(?:csv|excel|feather|hdf|html|json|latex|markdown|orc|parquet|pickle|sql|stata|string|xml)"
)
_HARMLESS_DUNDERS = frozenset({"__doc__", "__init__", "__name__", "__version__"})
_HISTORY = re.compile(r"_+|_i+|_o?h|_d?h|_i?\d+|__.*")  # names that IPython or Python sets


class Notebook:
    """The code cells of one notebook in order, with an empty text for every other cell."""

    def __init__(self, sources: Sequence[str], preloaded: Collection[str] = ()) -> None:
        """preloaded: modules that the student's process has imported before the first cell."""
        self._readings = [read(source) for source in sources]
        self._bindings: dict[str, list[tuple[int, Meaning]]] = {}  # by name: the cell, and what it makes of the name
        for index, reading in enumerate(self._readings):
            for name, meaning in reading.meanings:
                self._bindings.setdefault(name, []).append((index, meaning))
        self._preloaded = frozenset(preloaded)
        self._packages = {_top(module) for module in preloaded} & _CALM | _STANDARD
        self._paths: dict[str, set[str]] = {}  # what the names of imports stand for, anywhere in the notebook
        self._fixed = set[str]()  # names of functions, and of parts of modules
        self._note_names()
        self._first_restless = self._find_first_restless()

    def reach(self, names: Collection[str], before: int) -> frozenset[str] | None:
        """All names that these stand on, as the cells before a place bind them; None when one isn't steady."""
        found: set[str] = set()
        waiting = list(names)
        while waiting:
            name = waiting.pop()
            if name in found:
                continue
            if _HISTORY.fullmatch(name):
                return None
            found.add(name)
            # Which of several texts counts may depend on errors: all of them must do.
            for meaning in self._meanings(name, before):
                if not self._is_steady(meaning):
                    return None
                waiting += meaning.reaches if isinstance(meaning, Function) else ()
        return frozenset(found)

    def leaves(self, index: int, reached: Collection[str]) -> bool:
        """Whether the cell at `index` is calm and binds none of these names."""
        if index >= self._first_restless or self._acts(self._readings[index].whole):
            return False
        return all(self._is_same(name, index) for name in self._readings[index].bound & set(reached))

    def _note_names(self) -> None:
        for reading in self._readings:
            for name, path in reading.imports:
                self._paths.setdefault(name, set()).add(path)
            self._fixed |= {name for name, meaning in reading.meanings if isinstance(meaning, Function)}
        # Parts of a module, and functions, under further names: cls = pandas.DataFrame
        for _ in self._readings:
            for name, root in (pair for reading in self._readings for pair in reading.parts):
                if root in self._fixed or root in self._paths:
                    self._fixed.add(name)

    def _find_first_restless(self) -> int:
        """The first cell whose functions may act when a later cell calls them. A common generator that is seeded makes
        the moment of every draw count, and libraries draw without saying so."""
        paths = [path for paths in self._paths.values() for path in paths]
        if any(reading.whole.attributes & _SEEDING for reading in self._readings) or _last(paths) & _SEEDING:
            return 0
        restless = (n for n, one in enumerate(self._readings) if one.is_opaque or self._acts(one.later))
        return next(restless, len(self._readings))

    def _meanings(self, name: str, before: int) -> list[Meaning]:
        return [meaning for index, meaning in self._bindings.get(name, ()) if index < before]

    def _is_same(self, name: str, index: int) -> bool:
        """An import that was there before is no change."""
        before, after = self._meanings(name, index), self._meanings(name, index + 1)
        return bool(before) and len(set(after)) == 1 and isinstance(after[0], Imported)

    def _is_steady(self, meaning: Meaning) -> bool:
        match meaning:
            case Constant():
                return True
            case Imported(path=path):
                return _is_pure(path)
            case Function(code=code):
                # Code that acts is restless: no cell after it is passed.
                return not (
                    code.reads_variables
                    or "open" in code.names
                    or any(map(_MOMENTARY.fullmatch, code.attributes))
                    or not all(map(_is_pure, code.imports))
                )
        return False

    def _acts(self, code: Code) -> bool:
        """Whether code may change more than variables and the values behind them."""
        used = {path for name in code.names for path in self._paths.get(name, ())}
        return bool(
            code.names & _REFLECTION
            or code.attributes & _SETTINGS
            or any(map(_is_dunder, code.attributes | code.names))
            or {_top(path) for path in used} - _CALM
            or _last(used) & _SETTINGS
            or any(map(self._is_module, code.bare))
            or code.into & (self._fixed | self._paths.keys() | {""})
            or {_top(path) for path in code.imports} - self._packages
        )

    def _is_module(self, name: str) -> bool:
        """A module that is handed on as a value could be changed under another name."""
        return bool(self._paths.get(name, set()) & (self._preloaded | _CALM))


def _is_pure(path: str) -> bool:
    return _top(path) in _PURE and not any(map(_MOMENTARY.fullmatch, path.split(".")))


def _is_dunder(name: str) -> bool:
    return name.startswith("__") and name.endswith("__") and name not in _HARMLESS_DUNDERS


def _top(path: str) -> str:
    return path.partition(".")[0]


def _last(paths: Collection[str]) -> set[str]:
    return {path.rpartition(".")[2] for path in paths}
