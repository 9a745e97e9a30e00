"""The controller: runs a job's cells in the student's process, seals what they showed, then lets the judge ask.

Phase 1: the student's and locked cells run; at a test cell the student's process only parks a copy of itself. No test
text has left the controller. Then what was shown is kept as final and the channel is closed: the seal. Phase 2: a judge
is forked, gets the tests and the parked copies, and answers with numbers. The order in time is the guarantee; nothing
depends on what the student's process does honestly.
"""

import contextlib
import json
import os
import re
import tempfile
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from judge.channel import Channel, ChannelGone, Message, pair
from judge.outputs import Collector, Room
from judge.park import Park, plan_parks, trusted_cells
from judge.plan import MAX_VALUES_BYTES, CellResult, CellVerdict, GradingJob, GradingResult, PlanCell, State, worst
from judge.sandbox import Boundary
from judge.sandbox.groups import open_group
from judge.sandbox.owners import new_name
from judge.sandbox.sweep import remove_folder
from judge.sandbox.watchdog import TASKS_A_PROCESS, Watchdog
from judge.zygote import Usage, Zygote

ENGINE = "split-1"
MAX_SHOWN_BYTES = 48 << 20
MAX_SHOWN_PARTS = 500_000
GRACE_S = 2.0  # for the reply after a cell's own alarm
MAX_HUNG_JUDGES = 2  # of one submission; its other tests are given up
HUNG = "the test hung and was killed"
JUDGE_GRACE_S = 6.0  # for the verdict after a test's own alarm, on a busy machine
OVERUSE = {
    "memory": (State.out_of_memory, "it took more memory than the assignment allows"),
    "disk": (State.crashed, "it wrote more files than the assignment allows"),
    "processes": (State.crashed, "it started more processes than the assignment allows"),
}
PARK_S = 10.0  # for a fork, or for values up to MAX_VALUES_BYTES


@dataclass
class _Run:
    """What one job has produced so far.

    places: parked copies, or frames of plain values; place_of: by test. at: the index of the cell that ran last. gone:
    why the student's process is no more; frail: places that were lost with it.
    """

    job: GradingJob
    deadline: float
    cells: list[CellResult] = field(default_factory=list)
    places: list[Channel | memoryview] = field(default_factory=list)
    place_of: dict[str, int] = field(default_factory=dict)
    room: Room = field(default_factory=Room)
    frail: set[int] = field(default_factory=set)
    at: int = 0
    gone: tuple[State, str] | None = None
    pid: int = 0  # of the student's process
    watchdog: Watchdog | None = None


class Runner:
    """Grades one job after another with two zygotes. Use as a context manager."""

    def __init__(
        self,
        *,
        preload: Sequence[str],
        authors: Sequence[Path] = (),
        readable: Sequence[Path] = (),
        shared: Sequence[Path] = (),
        uid: int | None = None,
        layers: Sequence[str] = ("landlock", "seccomp", "groups"),
    ) -> None:
        """preload: what the assignment's notebooks import, never its solutions. authors: packages that only tests may
        import; the student's process neither finds nor reads them. readable: folders that both may read beside the
        interpreter. shared: folders that both find beside their own.
        """
        self._folder = Path(tempfile.gettempdir()) / new_name()
        self._folder.mkdir()
        self._folder.chmod(0o711)
        self._group = open_group() if "groups" in layers else None
        self._uid, self._layers, self._preload = uid, tuple(layers), frozenset(preload)
        package = Path(__file__).resolve().parent
        self._readable = (package, *readable, *shared)
        for path in shared:
            (self._folder / path.name).symlink_to(path)
        self._judge_readable = (*self._readable, *authors)
        # A folder with nothing but these packages in it: the course's own folder holds much more.
        importable = self._folder / "authors"
        importable.mkdir(mode=0o711)
        for path in authors:
            (importable / path.name).symlink_to(path)
        self._students = Zygote("student", preload, environment_of(self._folder, []), self._folder)
        self._judges = Zygote("judge", preload, environment_of(self._folder, [importable]), self._folder)

    def __enter__(self) -> "Runner":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._students.close()
        self._judges.close()
        if self._group is not None:
            self._group.close()
        remove_folder(self._folder)

    def grade(self, job: GradingJob) -> GradingResult:
        """The verdicts of one notebook; a StudentCodeError is never raised: it's a state. Raises ZygoteError."""
        began = time.monotonic()
        run = _Run(job, began + job.limits.total_s)
        used: list[Usage] = []
        with contextlib.ExitStack() as students:
            students.callback(_close, run.places)
            students.enter_context(self._student(run, used))
            if lost := _lost_tests(run):
                again = _Run(_without_the_end(run, lost), run.deadline)
                students.enter_context(self._student(again, used))
                run.place_of |= {test: place + len(run.places) for test, place in again.place_of.items()}
                run.places += again.places
            verdicts, usage = self._judge(run)
            used.append(usage)
        return _result(run, verdicts, used, time.monotonic() - began)

    @contextlib.contextmanager
    def _student(self, run: _Run, used: list[Usage]) -> Iterator[None]:
        """Phase 1, in a process that lives on with its copies until the block ends."""
        zygote = self._students
        with self._work_folder(run.job.files) as work, contextlib.ExitStack() as life:
            channel, theirs = pair()
            watchdog = run.watchdog = Watchdog(zygote.pid, work, run.job.limits, self._group, self._uid)
            boundary = self._boundary(work, run.job, self._readable)
            if self._group is None:
                boundary = replace(boundary, watched=True)
            else:
                boundary = replace(boundary, joins=self._group.entries)
            with theirs:
                child = zygote.fork(boundary, theirs)
            life.callback(lambda: used.append(zygote.end(child)))
            run.pid = child.pid
            life.enter_context(watchdog)
            with channel:
                channel.watch(child.pid)
                _run_cells(run, channel, watchdog, self._preload)
                if run.gone is not None:
                    channel.kill()  # it may hang, and take the tests' time
            if watchdog.verdict is not None:
                life.close()  # it ends the copies, too, and would end those of a second run
            yield

    def _judge(self, run: _Run) -> tuple[list[CellVerdict], Usage]:
        """Phase 2. A judge that dies or hangs costs the test it was at; a fresh one goes on with the rest."""
        verdicts: dict[str, CellVerdict] = {}
        used: list[Usage] = []
        hung = 0
        while waiting := [cell for cell in run.job.cells if cell.role == "test" and cell.id not in verdicts]:
            if hung >= MAX_HUNG_JUDGES or time.monotonic() > run.deadline:
                found, usage = [_hung(cell) for cell in waiting], Usage(0.0, None)
            else:
                found, usage = self._ask_judge(run, waiting)
            hung += found[-1].reason == HUNG
            verdicts |= {verdict.id: verdict for verdict in found}
            used.append(usage)
        cpu_s = sum(usage.cpu_s for usage in used)
        return [verdicts[cell.id] for cell in run.job.cells if cell.role == "test"], Usage(cpu_s, None)

    def _ask_judge(self, run: _Run, tests: Sequence[PlanCell]) -> tuple[list[CellVerdict], Usage]:
        """Verdicts of some tests from one judge, at least one; all of them when it lives to the end."""
        asked = {cell.id for cell in tests}
        cells = [cell for cell in trusted_cells(run.job.cells) if cell.role != "test" or cell.id in asked]
        order = {
            "cells": [asdict(cell) for cell in cells if cell.role != "markdown"],
            "place_of": run.place_of,
            "places": len(run.places),
            "limits": asdict(run.job.limits),
        }
        with self._work_folder({}) as work:
            channel, theirs = pair()
            with theirs:
                child = self._judges.fork(self._boundary(work, run.job, self._judge_readable), theirs)
            try:
                with channel:
                    verdicts = _order_verdicts(channel, order, run, tests)
            finally:
                usage = self._judges.end(child)
        return verdicts, usage

    def _boundary(self, work: Path, job: GradingJob, readable: Sequence[Path]) -> Boundary:
        memory = job.limits.memory_mb << 20
        return Boundary(
            work=work,
            readable=tuple(readable),
            uid=self._uid,
            memory_bytes=memory,
            cpu_s=int(job.limits.total_s) + 10,
            tasks=job.limits.processes * TASKS_A_PROCESS,
            layers=self._layers,
        )

    @contextlib.contextmanager
    def _work_folder(self, files: Mapping[str, bytes]) -> Iterator[Path]:
        work = Path(tempfile.mkdtemp(prefix="work-", dir=self._folder))
        try:
            for name, data in files.items():
                path = work / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)
            if self._uid is not None:
                for path in (work, *work.rglob("*")):
                    os.chown(path, self._uid, self._uid)
            yield work
        finally:
            remove_folder(work)


def environment_of(home: Path, python_path: Sequence[Path]) -> dict[str, str]:
    """All that a zygote and its children have in their environment."""
    return {
        "PATH": os.defpath,
        "LANG": "C.UTF-8",
        "HOME": str(home),
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "MPLCONFIGDIR": str(home / "matplotlib"),
        "IPYTHONDIR": str(home / "ipython"),
        # One thread: a forked child has none of its parent's, and OpenMP would wait for them for ever.
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "JOBLIB_MULTIPROCESSING": "0",
        "ARROW_DEFAULT_MEMORY_POOL": "system",
        "JE_ARROW_MALLOC_CONF": "background_thread:false",
        "PYTHONPATH": os.pathsep.join(str(path) for path in python_path),
    }


def _run_cells(run: _Run, channel: Channel, watchdog: Watchdog, preloaded: Collection[str]) -> None:
    """Phase 1: every cell that isn't a test, and a place for the tests to ask at each moment that they ask about."""
    parks = plan_parks(run.job.cells, preloaded)
    for index, cell in enumerate(run.job.cells):
        while parks and parks[0].before == index:
            _keep_place(run, parks.pop(0), channel)
        if cell.role in ("student", "locked"):
            run.cells.append(_run_cell(run, index, channel, watchdog))
    for park in parks:
        _keep_place(run, park, channel)
    if watchdog.verdict is not None:  # it has ended all copies, too
        run.frail |= {number for number, place in enumerate(run.places) if isinstance(place, Channel)}


def _close(places: Sequence[Channel | memoryview]) -> None:
    for place in places:
        if isinstance(place, Channel):
            place.close()


def _lost_tests(run: _Run) -> set[str]:
    """Tests before the cell in which the process went away that have no place, or one that went with it."""
    if run.gone is None or time.monotonic() > run.deadline:
        return set()
    before = {cell.id for cell in run.job.cells[: run.at] if cell.role == "test"}
    kept = {test for test, place in run.place_of.items() if place not in run.frail}
    return before - kept


def _without_the_end(run: _Run, lost: set[str]) -> GradingJob:
    """The notebook up to where its process went away, to be run again for these tests; what it shows is thrown away."""
    cells = [cell for cell in run.job.cells[: run.at] if cell.role != "test" or cell.id in lost]
    return replace(run.job, cells=tuple(cells))


def _run_cell(run: _Run, index: int, channel: Channel, watchdog: Watchdog) -> CellResult:
    cell, left = run.job.cells[index], run.deadline - time.monotonic()
    if run.gone is None and left <= 0:
        run.gone = (State.timeout, "the whole notebook took too long")
    if run.gone is not None:
        return CellResult(cell.id, [], run.gone[1], run.gone[0])
    run.at = index
    limit = min(run.job.limits.cell_s, left)
    collector = Collector(run.job.limits.output_bytes, run.room)
    try:
        channel.send({"do": "run", "source": cell.source, "timeout_s": limit})
        reply = receive_bare(channel, time.monotonic() + limit + GRACE_S)
        if watchdog.verdict:
            raise ChannelGone("it was ended")  # or will be, at the next look
        for kind, content in parse_shown(reply.frame):
            collector.add(kind, content)
    except ChannelGone as error:
        run.gone = _why_gone(error, watchdog)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        run.gone = (State.crashed, "it broke the protocol")
    else:
        ran = collector.end(_state_of(collector.ename))
        return CellResult(cell.id, ran.outputs, ran.error, ran.state)
    return CellResult(cell.id, [], run.gone[1], run.gone[0])


def receive_bare(channel: Channel, deadline: float) -> Message:
    """A message without descriptors: nobody who answers us has any to give. Raises ChannelGone."""
    message = channel.receive(deadline)
    for fd in message.fds:
        os.close(fd)
    if message.fds:
        raise ChannelGone("the other side broke the protocol: it sent descriptors")
    return message


def parse_shown(frame: memoryview) -> list[tuple[str, dict[str, Any]]]:
    """What a cell showed; raises ValueError. Counted before it's read: a bracket becomes an object of 60 bytes."""
    text = bytes(frame)
    if len(text) > MAX_SHOWN_BYTES or text.count(b"[") + text.count(b"{") > MAX_SHOWN_PARTS:
        raise ValueError("it shows too much")
    shown: list[tuple[str, dict[str, Any]]] = json.loads(text)
    return shown


def _why_gone(error: ChannelGone, watchdog: Watchdog) -> tuple[State, str]:
    if watchdog.verdict:
        return OVERUSE[watchdog.verdict]
    return (State.timeout, "it took too long") if "in time" in str(error) else (State.crashed, "it crashed")


def _state_of(error: str | None) -> State:
    if error is None:
        return State.ok
    return {"CellTimeout": State.timeout, "MemoryError": State.out_of_memory}.get(error, State.error)


def _keep_place(run: _Run, park: Park, channel: Channel) -> None:
    """Values where these will do, else a copy of the process; nothing when the process is gone."""
    if run.gone is not None:
        return
    try:
        until = min(time.monotonic() + PARK_S, run.deadline)
        place: Channel | memoryview | None = None if park.names is None else _ask_values(park.names, channel, until)
        if place is None:
            stays = needs_threads(run.pid)
            place = _park(channel, park, until, is_last=park.before == len(run.job.cells), stays=stays)
            run.frail |= {len(run.places)} if stays else set()
    except ChannelGone:
        run.gone = (State.crashed, "it crashed")
        return
    run.places.append(place)
    run.place_of |= dict.fromkeys(park.tests, len(run.places) - 1)


def _ask_values(names: Sequence[str], channel: Channel, until: float) -> memoryview | None:
    """The values' frame, unread; None when one of them isn't plain data, or they take more than is kept."""
    channel.send({"do": "values", "names": list(names)})
    reply = receive_bare(channel, until)
    return None if reply.head.get("refused") or len(reply.frame) > MAX_VALUES_BYTES else reply.frame


def _park(channel: Channel, park: Park, until: float, *, is_last: bool, stays: bool) -> Channel:
    """The way to a copy of the process as it is now. After the last cell the process itself will do."""
    order = {"do": "park", "is_single": len(park.tests) == 1, "is_last": is_last, "needs_threads": stays}
    mine, theirs = pair()
    try:
        with theirs:
            channel.send(order, fds=[theirs.fileno()])
            receive_bare(channel, until)
    except ChannelGone:
        mine.close()
        raise
    return mine


# Threads without which a library's calls hang in a copy, by name. polars 2.1 starts them when it's first used, not when
# it's imported, and with POLARS_MAX_THREADS=1 too. duckdb 1.x and numpy with one thread need none.
# Bytes: a student's code names its threads as it likes.
_WANTED_THREADS = re.compile(rb"polars-\d+")


def needs_threads(pid: int) -> bool:
    """Whether a process has threads that its copies would miss; then it answers the tests itself, at the end."""
    with contextlib.suppress(OSError):
        names = [(task / "comm").read_bytes().strip() for task in Path(f"/proc/{pid}/task").iterdir()]
        return any(_WANTED_THREADS.fullmatch(name) for name in names)
    return False


def _order_verdicts(channel: Channel, order: dict[str, Any], run: _Run, tests: Sequence[PlanCell]) -> list[CellVerdict]:
    """The verdicts as they come. The last one is about the judge itself when it didn't get to the end."""
    verdicts: list[CellVerdict] = []
    try:
        channel.send({"do": "judge"}, json.dumps(order).encode())
        for place in run.places:
            if isinstance(place, Channel):
                channel.send({}, fds=[place.fileno()])
            else:
                channel.send({}, place)
        # The first one waits for the locked cells, too; a judge rings its own alarm before ours.
        limit = (
            run.job.limits.test_s
            + JUDGE_GRACE_S
            + sum(run.job.limits.test_s for cell in order["cells"] if cell["role"] == "locked")
        )
        for cell in tests:
            reply = receive_bare(channel, min(time.monotonic() + limit, run.deadline + JUDGE_GRACE_S))
            verdicts.append(_with_cause(_parse_verdict(json.loads(bytes(reply.frame)), cell), run.watchdog))
            limit = run.job.limits.test_s + JUDGE_GRACE_S
    except (ChannelGone, ValueError, TypeError, KeyError) as error:
        verdicts.append(_of_lost_judge(tests[len(verdicts)], str(error)))
    return verdicts


def _of_lost_judge(cell: PlanCell, why: str) -> CellVerdict:
    """A judge that hangs does so in a library, over what a student made; one that dies is our fault."""
    if "in time" in why:
        return _hung(cell)
    return CellVerdict(cell.id, 0.0, cell.points, State.grader_fault, cell.hint, f"the judge is gone: {why}")


def _with_cause(verdict: CellVerdict, watchdog: Watchdog | None) -> CellVerdict:
    """A verdict that says why the student's process went away, where we ended it."""
    if watchdog is None or verdict.state != State.crashed or not watchdog.verdict:
        return verdict
    state, reason = OVERUSE[watchdog.verdict]
    return replace(verdict, state=state, reason=reason)


def _hung(cell: PlanCell) -> CellVerdict:
    return CellVerdict(cell.id, 0.0, cell.points, State.timeout, cell.hint, HUNG)


def _parse_verdict(raw: Mapping[str, Any], cell: PlanCell) -> CellVerdict:
    """What the judge said of a test, with points, maximum and hint as the plan has them."""
    points = raw["points"]
    if raw["id"] != cell.id or type(points) not in (int, float) or not 0 <= points <= cell.points:
        raise ValueError("a verdict that can't be")
    reason = raw["reason"]
    return CellVerdict(
        cell.id, float(points), cell.points, State(raw["state"]), cell.hint, reason and str(reason)[:4000]
    )


def _result(run: _Run, verdicts: Sequence[CellVerdict], usage: Sequence[Usage], wall_s: float) -> GradingResult:
    state = worst([*(cell.state for cell in run.cells), *(verdict.state for verdict in verdicts)])
    reasons = [f"{cell.id}: {cell.error}" for cell in run.cells if cell.error]
    reasons += [
        f"{verdict.id}: {verdict.reason}" for verdict in verdicts if verdict.reason and verdict.state != State.ok
    ]
    cpu_s = sum(one.cpu_s for one in usage)
    reason = reasons[0][:500] if reasons else None
    return GradingResult(run.job.id, tuple(run.cells), tuple(verdicts), state, reason, wall_s, cpu_s, ENGINE)
