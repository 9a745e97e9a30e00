"""What a hidden test cell may use: `award`, `holds`, `inplace`, and ways to reach the student's side.

In any kernel these are plain: student code and test share one process, so plain nbgrader grades the same notebooks. In
the judge, `asking` names the copy of the student's process that a test speaks with, and the same calls go there.
"""

import ast
import builtins
import contextlib
import logging
import math
import os
import random
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from judge.asgi import Client, client_of
from judge.names import bound_names, without_magics
from judge.tracking import Tracked, read_store

T = TypeVar("T")


def award(points: float, max_points: float, *, hint: str | None = None) -> float:
    """The score of a test cell, a Python float in [0, max_points]; it must be the cell's last expression.

    Too much is cut to max_points; a negative number, NaN and infinity are 0. Plain nbgrader raises on the first and
    pays the others in full, as it does for numpy's numbers, which become Python's here. `hint` is a literal that a
    student without full points may read; it's taken from the notebook's text, never from here.

    Raises ValueError when max_points isn't positive, TypeError when points is no number: both are the course's fault.
    """
    if not max_points > 0:
        raise ValueError(f"max_points is {max_points}; give award() the points of its cell")
    if isinstance(points, str):
        raise TypeError(f"points is the text {points!r}; give award() a number")
    score = float(points)
    return min(max(score, 0.0), float(max_points)) if math.isfinite(score) else 0.0


def holds(name: str, check: Callable[[], object]) -> bool:
    """True when check() is true; prints one line with the public name and yes or no, and nothing else.

    An error in check, or an exit, means no. What student code prints, warns or logs meanwhile is swallowed: on
    stderr it would cost the points under plain nbgrader, on stdout it could show hidden data.
    """
    try:
        with _swallowed_output():
            kept = bool(check())
    except (Exception, SystemExit):  # noqa: BLE001 - whatever student code raises means no
        kept = False
    print(f"{name}: {'yes' if kept else 'no'}")
    return kept


def inplace(function: Callable[..., T], *arguments: object) -> T:
    """function(*arguments), for a test that looks at the arguments afterwards.

    In a plain kernel this is an ordinary call. The judge passes copies everywhere else, so only a call through
    `inplace` can show that student code changed what it was given.
    """
    if _asked is None:
        return function(*arguments)
    with _asked.changes_come_back():
        return function(*arguments)


def push(**values: object) -> None:
    """Sets global names of the student's notebook, for a function that reads them; the values are theirs to see."""
    if _asked is None:
        _user_names().update(values)
    else:
        _asked.tell("push", values)


def seed_student(number: int) -> None:
    """Seeds `random` and numpy's global generator where student code draws from them."""
    if _asked is not None:
        _asked.tell("seed", number)
        return
    random.seed(number)
    if numpy := sys.modules.get("numpy"):
        numpy.random.seed(number % 2**32)


def student_input(*lines: str) -> None:
    """What student code is answered when it calls input(), line by line; after the last one EOFError."""
    if _asked is not None:
        _asked.tell("input", list(lines))
        return
    waiting = iter(lines)

    def answer(prompt: object = "") -> str:
        try:
            return next(waiting)
        except StopIteration:
            raise EOFError("the test gave no further line") from None

    builtins.input = answer


def student_file(path: str) -> bytes:
    """The bytes of a file that student code wrote, by its path in the notebook's folder; at most 16 MB."""
    if _asked is None:
        with open(path, "rb") as file:
            return file.read(16 << 20)
    content = _asked.tell("file", path)
    if type(content) is not bytes:
        raise TypeError(f"{path} has no bytes")
    return content


def student_store(path: str) -> Tracked:
    """What an MLflow store in SQLite that student code wrote holds: its runs, and its registry's versions and aliases.

    Only rows are read; no model is loaded. Raises StoreError when the file is no such store.
    """
    return read_store(student_file(path))


def student_figure() -> Any:
    """The figure that student code drew last with pyplot: plt.gcf(), where it was drawn."""
    if _asked is not None:
        return _asked.tell("figure", [])
    import matplotlib.pyplot as plt

    return plt.gcf()


def student_source(name: str) -> str:
    """The text of the student's cell that binds a name, the last one that does; lines with magics are left empty.

    It's the submitted text, so what the code does can't change it. Raises NameError when no cell binds the name.
    """
    for source in reversed(_sources if _sources is not None else _history()):
        text = without_magics(source)
        with contextlib.suppress(SyntaxError):
            if name in bound_names(text):
                ast.parse(text)
                return text
    raise NameError(f"no cell of the student defines {name}")


def http(app: Any) -> Client:
    """A client of a student's web application (ASGI): get, post, put, patch, delete, request.

    Each request runs where the application lives, without a socket; its state is kept from one to the next.
    """
    return client_of(_asked, app)


@contextlib.contextmanager
def asking(place: object, sources: Sequence[str]) -> Iterator[None]:
    """Meanwhile the calls above go to this copy of the student's process; sources: the student's cells so far.

    Only the judge uses it.
    """
    global _asked, _sources
    before, _asked, _sources = (_asked, _sources), place if hasattr(place, "tell") else None, sources
    try:
        yield
    finally:
        _asked, _sources = before


_asked: Any = None  # the judge's Session
_sources: Sequence[str] | None = None


def _history() -> list[str]:
    """The cells of this kernel as they were written, but for the one that runs."""
    from IPython import get_ipython

    shell = get_ipython()
    if shell is None:
        raise RuntimeError("student_source() works in a notebook only")
    return [str(source) for source in shell.history_manager.input_hist_raw[:-1]]


def _user_names() -> dict[str, object]:
    from IPython import get_ipython

    shell = get_ipython()
    if shell is None:
        raise RuntimeError("push() works in a notebook only")
    names: dict[str, object] = shell.user_ns
    return names


@contextlib.contextmanager
def _swallowed_output() -> Iterator[None]:
    log_threshold = logging.root.manager.disable
    with open(os.devnull, "w") as nowhere, contextlib.ExitStack() as stack:
        stack.enter_context(contextlib.redirect_stdout(nowhere))
        stack.enter_context(contextlib.redirect_stderr(nowhere))
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")
        logging.disable(logging.CRITICAL)
        stack.callback(logging.disable, log_threshold)
        # Worker processes and C libraries write to the descriptor, not to sys.stderr.
        if sys.__stderr__ is not None:
            sys.__stderr__.flush()
        saved = os.dup(2)
        stack.callback(os.close, saved)
        stack.callback(os.dup2, saved, 2)
        os.dup2(nowhere.fileno(), 2)
        yield
