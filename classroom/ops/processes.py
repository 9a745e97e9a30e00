"""The processes of one class, known by the mark in their environment."""

import os
from collections.abc import Iterable

import psutil

from classroom.ops.instance import MARK, Instance

# A stopping hub ends its services, its proxy and the students' servers one after the other: 9 to 20 s were measured.
_HUB_PATIENCE_S = 30.0
_PATIENCE_S = 6.0


def is_running(instance: Instance) -> bool:
    """Whether the hub of that instance lives: its pid, started at that time."""
    return _hub(instance) is not None


def marked(mark: str) -> list[psutil.Process]:
    """Every living process that carries the mark, ourselves apart."""
    return [process for process in psutil.process_iter() if process.pid != os.getpid() and _mark_of(process) == mark]


def stop(instance: Instance) -> int:
    """End every process of the instance and what they started; returns how many there were.

    The hub goes first, so that it can write down that its servers have stopped.
    """
    ours = _with_children(marked(instance.mark))
    if hub := _hub(instance):
        _signal([hub], kill=False)
        psutil.wait_procs([hub], timeout=_HUB_PATIENCE_S)
    reap(ours)
    reap(_with_children(marked(instance.mark)))
    return len(ours)


def reap(processes: Iterable[psutil.Process]) -> None:
    """Ask them to end; kill who hasn't after some seconds."""
    alive = [process for process in processes if process.is_running()]
    _signal(alive, kill=False)
    _, stubborn = psutil.wait_procs(alive, timeout=_PATIENCE_S)
    _signal(stubborn, kill=True)
    psutil.wait_procs(stubborn, timeout=_PATIENCE_S)


def _hub(instance: Instance) -> psutil.Process | None:
    try:
        process = psutil.Process(instance.hub_pid) if instance.hub_pid else None
        if process and process.status() != psutil.STATUS_ZOMBIE and process.create_time() == instance.hub_started:
            return process
    except psutil.NoSuchProcess:
        pass
    return None


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
