"""Phase 1 of grading: runs the cells, keeps what they show, and places for the tests to ask at.

A place is a copy of the student's process as it was at one moment of the notebook, or the values that it had by then.
"""

import contextlib
import json
import os
import re
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from judge.channel import Channel, ChannelGone, Message, pair
from judge.outputs import Collector, Room
from judge.park import Park, plan_parks
from judge.plan import MAX_VALUES_BYTES, CellResult, GradingJob, State
from judge.sandbox.watchdog import Watchdog

MAX_SHOWN_BYTES = 48 << 20
MAX_SHOWN_PARTS = 500_000
GRACE_S = 2.0  # for the reply after a cell's own alarm
PARK_S = 10.0  # for a fork, or for values up to MAX_VALUES_BYTES
OVERUSE = {
    "memory": (State.out_of_memory, "it took more memory than the assignment allows"),
    "disk": (State.crashed, "it wrote more files than the assignment allows"),
    "processes": (State.crashed, "it started more processes than the assignment allows"),
}


@dataclass
class Run:
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


def run_cells(run: Run, channel: Channel, watchdog: Watchdog, preloaded: Collection[str]) -> None:
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


def lost_tests(run: Run) -> set[str]:
    """Tests before the cell in which the process went away that have no place, or one that went with it."""
    if run.gone is None or time.monotonic() > run.deadline:
        return set()
    before = {cell.id for cell in run.job.cells[: run.at] if cell.role == "test"}
    kept = {test for test, place in run.place_of.items() if place not in run.frail}
    return before - kept


def without_the_end(run: Run, lost: set[str]) -> GradingJob:
    """The notebook up to where its process went away, to be run again for these tests; what it shows is thrown away."""
    cells = [cell for cell in run.job.cells[: run.at] if cell.role != "test" or cell.id in lost]
    return replace(run.job, cells=tuple(cells))


def _run_cell(run: Run, index: int, channel: Channel, watchdog: Watchdog) -> CellResult:
    cell, left = run.job.cells[index], run.deadline - time.monotonic()
    if run.gone is None and left <= 0:
        run.gone = (State.timeout, "the whole notebook took too long")
    if run.gone is not None:
        return CellResult(cell.id, [], run.gone[1], run.gone[0])
    run.at = index
    limit = min(run.job.limits.cell_s, left)
    collector = Collector(run.job.limits.output_bytes, run.room)
    try:
        channel.send({"do": "run", "timeout_s": limit}, json.dumps(cell.source).encode())
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
    if b"\\ud" in text or b"\\uD" in text:  # a lone surrogate is valid JSON, but no UTF-8: it couldn't be stored
        shown = json.loads(json.dumps(shown, ensure_ascii=False).encode("utf-8", "replace"))
    return shown


def _why_gone(error: ChannelGone, watchdog: Watchdog) -> tuple[State, str]:
    if watchdog.verdict:
        return OVERUSE[watchdog.verdict]
    return (State.timeout, "it took too long") if "in time" in str(error) else (State.crashed, "it crashed")


def _state_of(error: str | None) -> State:
    if error is None:
        return State.ok
    return {"CellTimeout": State.timeout, "MemoryError": State.out_of_memory}.get(error, State.error)


def _keep_place(run: Run, park: Park, channel: Channel) -> None:
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
