"""The judge's process: runs the instructor's tests against parked copies of the student's process.

It never sees student code. It knows hidden tests from the moment when everything that can be shown is sealed.
"""

import ast
import asyncio
import contextlib
import inspect
import io
import linecache
import math
import signal
import traceback
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

from judge import kit
from judge.codec import CodecError
from judge.names import needed_names
from judge.plan import CellVerdict, Limits, PlanCell, State
from judge.proxies import CannotJudge, StudentError, StudentExit
from judge.session import Session, StudentGone


class TestTimeout(BaseException):
    """The test had its time."""

    __test__ = False


@dataclass
class Judge:
    """One submission's tests. `names`: what trusted cells and earlier tests bound; it's never the student's.

    `sources`: the student's cells before this point, as text.
    """

    limits: Limits
    names: dict[str, Any] = field(default_factory=lambda: {"__name__": "__main__"})
    sources: list[str] = field(default_factory=list)

    def run_locked(self, cell: PlanCell) -> str | None:
        """Runs an instructor's cell here too; the reason when it fails."""
        try:
            with _alarm(self.limits.test_s), contextlib.redirect_stdout(io.StringIO()):
                execute(cell.source, cell.id, self.names)
        except (Exception, TestTimeout) as error:  # noqa: BLE001 - the author reads it as a reason
            return f"locked cell {cell.id}: {type(error).__name__}: {error}"
        return None

    def test(self, cell: PlanCell, place: Session | Mapping[str, Any]) -> CellVerdict:
        """The verdict of one test cell, asked of a parked copy, or of plain values when it needs no more."""
        printed = io.StringIO()
        asked_before = set(self.names)
        try:
            with _alarm(self.limits.test_s), contextlib.redirect_stdout(printed), kit.asking(place, self.sources):
                fetched = self._fetch(cell, place)
                value = execute(cell.source, cell.id, self.names)
            points, state, reason = price(cell, value)
        except BaseException as error:  # noqa: BLE001 - every way to fail is a verdict
            points, (state, reason) = 0.0, blame(error)
            fetched = needed_names(cell.source) - asked_before
        for name in fetched:
            self.names.pop(name, None)
        detail = "\n".join(part for part in (reason, printed.getvalue().strip()[-1500:]) if part)
        return CellVerdict(cell.id, points, cell.points, state, cell.hint, detail or None)

    def _fetch(self, cell: PlanCell, place: Session | Mapping[str, Any]) -> set[str]:
        """Binds the names that the test needs and nobody here bound to the student's."""
        wanted = needed_names(cell.source) - set(self.names)
        if wanted:
            found = place.get(sorted(wanted)) if isinstance(place, Session) else place
            self.names.update({name: found[name] for name in wanted if name in found})
        return wanted


def execute(source: str, name: str, names: dict[str, Any]) -> Any:
    """Runs a cell, awaits at its top level included; the value of its last expression, or None without one."""
    tree = ast.parse(source)
    filename = f"<{name}>"
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    last = tree.body[-1] if tree.body else None
    if not isinstance(last, ast.Expr):
        _run(tree, filename, "exec", names)
        return None
    _run(ast.Module(tree.body[:-1], []), filename, "exec", names)
    return _run(ast.Expression(last.value), filename, "eval", names)


def _run(tree: ast.Module | ast.Expression, filename: str, mode: str, names: dict[str, Any]) -> Any:
    code = compile(tree, filename, mode, flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    result = eval(code, names)
    return asyncio.run(result) if code.co_flags & inspect.CO_COROUTINE else result


def price(cell: PlanCell, value: Any) -> tuple[float, State, str | None]:
    """Points for a test that ran to its end: what `award` gave, or all of them for asserts that passed."""
    if value is None and not _ends_in_award(cell.source):
        return cell.points, State.ok, None
    if type(value) not in (int, float) or not math.isfinite(value) or not 0 <= value <= cell.points:
        return 0.0, State.error, f"the test ended with {value!r:.80}; it should end in award(points, {cell.points:g})"
    points = float(value)
    return points, State.ok if points == cell.points else State.wrong, None


def blame(error: BaseException) -> tuple[State, str]:
    """The state and the instructor's reason for a test that ended in an exception."""
    if isinstance(error, TestTimeout):
        return State.timeout, "the test took too long"
    if isinstance(error, StudentGone):
        late = "in time" in str(error)
        return (State.timeout if late else State.crashed), f"the student's process is gone: {error}"
    if isinstance(error, MemoryError):
        return State.out_of_memory, "out of memory"
    where = _where(error)
    text = f"{type(error).__name__}: {error}"[:500]
    if isinstance(error, AssertionError | CannotJudge | CodecError):
        return State.wrong, f"{where}{text}"
    if isinstance(error, StudentExit | StudentError):
        return State.error, f"{where}student code raised {text}"
    return State.error, f"{where}{text}"


def _where(error: BaseException) -> str:
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename.startswith("<")]
    return f"line {lines[-1]}: " if lines else ""


def _ends_in_award(source: str) -> bool:
    body = ast.parse(source).body
    last = body[-1] if body else None
    call = last.value if isinstance(last, ast.Expr) else None
    return isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "award"


@contextlib.contextmanager
def _alarm(timeout_s: float) -> Iterator[None]:
    def ring(number: int, frame: FrameType | None) -> None:
        raise TestTimeout

    signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, timeout_s)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
