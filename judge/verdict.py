"""Points of a test cell from how it ran. Pure."""

import ast
import math
import re

from judge.outputs import Ran
from judge.plan import CellVerdict, PlanCell, State

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?|[+-]?(inf|nan)")
_MAX_REASON = 500


def judge_cell(cell: PlanCell, ran: Ran) -> CellVerdict:
    """The verdict on a test cell.

    A failed assert is wrong, any other error in the test an error. A cell that ends in award(...) earns the number it
    shows: finite, within 0 and the cell's points. Without a number such a cell earns nothing. An ordinary cell of
    asserts that ends without error and without a result earns all.
    """
    if ran.state is not State.ok:
        return _verdict(cell, 0.0, ran.state, ran.reason)
    if ran.error is not None:
        state = State.wrong if ran.ename == "AssertionError" else State.error
        return _verdict(cell, 0.0, state, ran.error)
    if ran.result is None:
        if ends_in_award(cell.source):
            return _verdict(cell, 0.0, State.error, "the test ended without the number of award(...)")
        return _verdict(cell, cell.points, State.ok, None)
    return _by_number(cell, ran)


def ends_in_award(source: str) -> bool:
    """True when the last statement is an expression that calls award."""
    call = last_call(source)
    if call is None:
        return False
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", None)
    return name == "award"


def hint_of(source: str) -> str | None:
    """The author's public hint of a test cell: a literal in award(..., hint="...")."""
    call = last_call(source) if ends_in_award(source) else None
    for keyword in call.keywords if call else []:
        if keyword.arg == "hint" and isinstance(keyword.value, ast.Constant) and isinstance(keyword.value.value, str):
            return keyword.value.value
    return None


def last_call(source: str) -> ast.Call | None:
    """The call that a cell ends in, if it does and is plain Python."""
    try:
        body = ast.parse(source).body
    except (SyntaxError, ValueError):
        return None
    last = body[-1] if body else None
    return last.value if isinstance(last, ast.Expr) and isinstance(last.value, ast.Call) else None


def _by_number(cell: PlanCell, ran: Ran) -> CellVerdict:
    text = (ran.result or "").strip()
    if not _NUMBER.fullmatch(text):
        return _verdict(cell, 0.0, State.error, f"the test ended in {text[:80]!r}, which is no number")
    points = float(text)
    if not math.isfinite(points) or not 0 <= points <= cell.points:
        return _verdict(cell, 0.0, State.error, f"the test ended in {text[:80]}, not within 0 and {cell.points:g}")
    if points == cell.points:
        return _verdict(cell, points, State.ok, None)
    return _verdict(cell, points, State.wrong, ran.printed.strip() or f"{points:g} of {cell.points:g} points")


def _verdict(cell: PlanCell, points: float, state: State, reason: str | None) -> CellVerdict:
    hint = cell.hint if state is not State.ok else None
    short = reason if reason is None or len(reason) <= _MAX_REASON else reason[:_MAX_REASON] + "..."
    return CellVerdict(cell.id, float(points), float(cell.points), state, hint, short)
