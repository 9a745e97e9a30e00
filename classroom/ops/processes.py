"""The processes of one class, known by the mark in their environment."""

import os
import time
from collections.abc import Iterable, Sequence

import psutil

from classroom.ops.instance import MARK, Instance

# A hub that stops its services, its proxy and the students' servers one after the other took 9 to 20 s.
_HUB_PATIENCE_S = 30.0
_PATIENCE_S = 6.0
_PAUSE_S = 0.1


def is_running(instance: Instance) -> bool:
    """Whether the hub of that instance lives: its pid, started at that time."""
    return _hub(instance) is not None


def marked(mark: str) -> list[psutil.Process]:
    """Every living process that carries the mark, ourselves apart."""
    return [process for process in psutil.process_iter() if process.pid != os.getpid() and _mark_of(process) == mark]


def stop(instance: Instance) -> int:
    """End every process of the instance and what they started; returns how many there were.

    All that carry the mark are asked at once, the hub first: it writes down that its servers have stopped, and finds
    them stopped. What has no mark is a grading process, which the runner ends.
    """
    carriers = marked(instance.mark)
    ours = _with_children(carriers)
    if hub := _hub(instance):
        _signal([hub, *(process for process in carriers if process != hub)], kill=False)
        _wait([hub], _HUB_PATIENCE_S)
    reap(ours)
    reap(_with_children(marked(instance.mark)))  # what the hub had just begun to start again
    return len(ours)


def reap(processes: Iterable[psutil.Process]) -> None:
    """Ask them to end; kill who hasn't after some seconds."""
    alive = [process for process in processes if is_alive(process)]
    _signal(alive, kill=False)
    stubborn = _wait(alive, _PATIENCE_S)
    _signal(stubborn, kill=True)
    _wait(stubborn, _PATIENCE_S)


def _wait(processes: Sequence[psutil.Process], timeout_s: float) -> list[psutil.Process]:
    """Those that still live after so many seconds. (psutil's own wait takes a zombie for alive.)"""
    deadline = time.monotonic() + timeout_s
    while (alive := [process for process in processes if is_alive(process)]) and time.monotonic() < deadline:
        time.sleep(_PAUSE_S)
    return alive


def is_alive(process: psutil.Process) -> bool:
    """Whether it still runs; a zombie only waits for its parent to look."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _hub(instance: Instance) -> psutil.Process | None:
    try:
        # Without a pid it is ourselves, who started at another time.
        process = psutil.Process(instance.hub_pid or None)
        is_hub = process.create_time() == instance.hub_started and is_alive(process)
    except psutil.NoSuchProcess:
        return None
    return process if is_hub else None


def _mark_of(process: psutil.Process) -> str | None:
    try:
        return process.environ().get(MARK)
    except psutil.Error:
        return None  # gone, a zombie, or another user's


def _with_children(processes: Iterable[psutil.Process]) -> list[psutil.Process]:
    """Children too: one may have been started with an empty environment."""
    found = {process.pid: process for process in processes}
    for process in list(found.values()):
        try:
            found |= {child.pid: child for child in process.children(recursive=True)}
        except psutil.Error:
            continue
    return [process for pid, process in found.items() if pid != os.getpid()]


def _signal(processes: Iterable[psutil.Process], *, kill: bool) -> None:
    for process in processes:
        try:
            process.kill() if kill else process.terminate()
        except psutil.NoSuchProcess:
            continue
