"""What a confined child tries, to learn what really holds: canaries, one for each thing it must not do.

Each returns when it succeeds, and raises OSError or MemoryError when it's stopped; it may also be killed.
"""

import ctypes
import os
import resource
import signal
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from judge.plan import Limits

LIMITS = Limits(memory_mb=96, processes=8, disk_mb=50)
MEMORY_BYTES = 256 << 20  # of one process
_CHILDREN, _MEMORY_OF_A_CHILD = 4, 48 << 20
_FORKS = 48
_PATIENCE_S = 20.0  # a watchdog on a busy machine may take its time; only an attack that succeeds waits so long
_PTRACE_SEIZE, _PR_SET_DUMPABLE = 0x4206, 4
_libc = ctypes.CDLL(None, use_errno=True)

Attack = Callable[[], object]


@dataclass(frozen=True)
class Target:
    """What stands outside for the taking. secret: a file in a folder that anybody may write. port: of a listener on
    this machine. service: a Unix socket that anybody may use. grader: a process id. kept: the descriptors that the
    child has by right."""

    secret: Path
    port: int
    service: Path
    grader: int
    kept: frozenset[int]


def attacks_on(target: Target) -> dict[str, Attack]:
    """All attacks by what a person would call them: "a confined process could ..."."""
    here = ("127.0.0.1", target.port)
    return {
        "read a file outside": target.secret.read_text,
        "write a file outside": lambda: (target.secret.parent / "mark").write_text("x", encoding="ascii"),
        "connect to a port of this machine": lambda: socket.create_connection(here, timeout=2).close(),
        "send a datagram": lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", here),
        "listen on a port": lambda: socket.create_server(("127.0.0.1", 0)).close(),
        "connect to a Unix socket outside": lambda: _connect(target.service),
        "signal the grader": lambda: os.kill(target.grader, 0),
        "leave its process group": os.setsid,
        "read the grader's environment": lambda: Path(f"/proc/{target.grader}/environ").read_bytes(),
        "trace another process": _trace,
        "use a descriptor that it inherited": lambda: _use_descriptor(target.kept),
        "take more memory than it may": lambda: b"1" * (2 * MEMORY_BYTES),
        "take more memory than it may with its children": _take_memory_together,
        "take more memory than it may in files without a name": _fill_memory_files,
        "start more processes than it may": _start_processes,
    }


def rights(work: Path) -> dict[str, Attack]:
    """What it must be able to do: where this fails, a stopped attack says nothing."""
    return {
        "write a file of its own": lambda: (work / "own").write_text("x", encoding="ascii"),
        "start a process": _start_one,
    }


def _connect(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))


def _trace() -> None:
    """A child of ours is the easiest to trace; who can't may trace nobody."""
    child = _sleeping_child()
    try:
        _check(_libc.ptrace(_PTRACE_SEIZE, child, 0, 0))
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def _use_descriptor(kept: frozenset[int]) -> None:
    for fd in range(3, resource.getrlimit(resource.RLIMIT_NOFILE)[0]):
        if fd not in kept:
            try:
                os.fstat(fd)
            except OSError:
                continue
            return
    raise OSError("there is none")


def _take_memory_together() -> None:
    """Children that together hold more than the family may, at one time."""
    reader, writer = os.pipe()
    for _ in range(_CHILDREN):
        if os.fork() == 0:
            held = b"1" * _MEMORY_OF_A_CHILD
            os.write(writer, b"1")
            time.sleep(_PATIENCE_S * 2)
            os._exit(len(held) & 1)
    os.close(writer)
    holding = 0
    while holding < _CHILDREN:
        part = os.read(reader, _CHILDREN)
        if not part:
            raise OSError("a child was ended")
        holding += len(part)
    _outlive_watchdog()


def _fill_memory_files() -> None:
    for _ in range(_CHILDREN):
        os.write(os.memfd_create("canary"), b"1" * _MEMORY_OF_A_CHILD)
    _sleeping_child()
    _outlive_watchdog()


def _start_processes() -> None:
    for _ in range(_FORKS):
        _sleeping_child()
    _outlive_watchdog()


def _outlive_watchdog() -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while time.monotonic() < deadline:
        if os.waitpid(-1, os.WNOHANG) != (0, 0):
            raise OSError("a child was ended")
        time.sleep(0.01)


def _start_one() -> None:
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)


def _sleeping_child() -> int:
    child = os.fork()
    if child == 0:
        time.sleep(_PATIENCE_S * 2)
        os._exit(0)
    return child


def _check(result: int) -> None:
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
