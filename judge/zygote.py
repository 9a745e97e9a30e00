"""Warm processes to fork from: they have imported what notebooks import and have never seen a job.

The controller starts one of each kind and speaks with it over a channel. A child is confined before it does anything
else; the zygote, as their subreaper, can end a child with all it forked and say what it used.
"""

import contextlib
import ctypes
import gc
import importlib
import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from judge.channel import Channel, ChannelGone, Message, pair
from judge.pages import gather_pages
from judge.sandbox import Boundary, ConfinementError, confine

Kind = Literal["student", "judge"]
_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36
START_S = 180.0  # eight on an idle machine


class ZygoteError(Exception):
    """The zygote died or doesn't answer: the grader's fault."""


@dataclass(frozen=True)
class Child:
    """A forked process, known to its zygote by the id of its process group."""

    pid: int


@dataclass(frozen=True)
class Usage:
    """What a child and all its descendants used. status: as os.waitstatus_to_exitcode, of the child itself."""

    cpu_s: float
    status: int | None


class Zygote:
    """The controller's handle of one zygote process."""

    def __init__(self, kind: Kind, preload: Sequence[str], environment: dict[str, str], cwd: Path) -> None:
        wanted = list(preload)
        while True:
            self._start(kind, wanted, environment, cwd)
            threads = self._ask({"do": "hello"}, timeout_s=START_S).get("threads")
            if threads is None:
                return
            # Such a module is imported by the cell that wants it, in its own process.
            self.close()
            wanted = [module for module in wanted if module != threads]

    def _start(self, kind: Kind, preload: Sequence[str], environment: dict[str, str], cwd: Path) -> None:
        self._channel, theirs = pair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "judge.zygote", kind, str(theirs.fileno()), json.dumps(preload)],
                pass_fds=[theirs.fileno()],
                env=environment,
                cwd=cwd,
                stdin=subprocess.DEVNULL,
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    def fork(self, boundary: Boundary, channel: Channel) -> Child:
        """A confined child that holds the other end of `channel`'s pair as its only conversation."""
        order = {
            "do": "fork",
            "work": str(boundary.work),
            "start": boundary.start,
            "readable": [str(path) for path in boundary.readable],
            "uid": boundary.uid,
            "memory_bytes": boundary.memory_bytes,
            "cpu_s": boundary.cpu_s,
            "tasks": boundary.tasks,
            "joins": [str(path) for path in boundary.joins],
            "watched": boundary.watched,
            "programs": boundary.programs,
            "servers": boundary.servers,
            "layers": list(boundary.layers),
        }
        return Child(self._ask(order, fds=[channel.fileno()])["pid"])

    def end(self, child: Child) -> Usage:
        """Kills the child and everything it forked, and waits until nothing of it is left."""
        answer = self._ask({"do": "end", "pid": child.pid})
        return Usage(answer["cpu_s"], answer["status"])

    def close(self) -> None:
        self._channel.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _ask(self, head: dict[str, Any], *, fds: Sequence[int] = (), timeout_s: float = 20.0) -> dict[str, Any]:
        try:
            self._channel.send(head, fds=fds)
            answer = self._channel.receive(time.monotonic() + timeout_s).head
        except ChannelGone as error:
            raise ZygoteError(f"the {self._process.args!s:.60} zygote is gone: {error}") from error
        if "error" in answer:
            raise ZygoteError(str(answer["error"]))
        return answer


def main(arguments: Sequence[str]) -> None:
    """The zygote process: gets warm, then forks on request until the controller closes."""
    kind, fd, preload = arguments
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    channel = Channel.from_fd(int(fd))
    live = (_student_life if kind == "student" else _judge_life)(lambda: _import_all(json.loads(preload), channel))
    if count_threads() > 1:
        raise SystemExit("getting warm has started threads: a copy would wait for them")
    gc.collect()
    gc.freeze()
    gather_pages()
    _serve(channel, live)


def _import_all(modules: Sequence[str], channel: Channel) -> None:
    """Imports what can be imported; ends here when a module starts threads, since a fork would lose them."""
    for module in modules:
        with contextlib.suppress(ImportError):
            importlib.import_module(module)
        if count_threads() > 1:
            channel.receive(time.monotonic() + START_S)
            channel.send({"threads": module})
            raise SystemExit(0)


def count_threads() -> int:
    return len(list(Path("/proc/self/task").iterdir()))


def _student_life(import_all: Callable[[], None]) -> Callable[[Channel], None]:
    from judge.shell import make_shell
    from judge.student import serve
    from judge.warm import warm_up

    shell = make_shell()
    with shell.builtin_trap:  # pandas asks at its import whether it's in a notebook
        import_all()
    warm_up(shell)
    return lambda channel: serve(shell, channel)


def _judge_life(import_all: Callable[[], None]) -> Callable[[Channel], None]:
    from judge.bench import serve
    from judge.warm import warm_up_judge

    import_all()
    warm_up_judge()
    return serve


def _serve(channel: Channel, live: Callable[[Channel], None]) -> None:
    while True:
        try:
            message = channel.receive(time.monotonic() + 1e9)
        except ChannelGone:
            return
        asked = message.head["do"]
        if asked == "fork":
            channel.send({"pid": _fork(message, live)})
            os.close(message.fds[0])
        elif asked == "end":
            channel.send(_end(message.head["pid"]))
        else:
            channel.send({})


def _fork(message: Message, live: Callable[[Channel], None]) -> int:
    child = os.fork()
    if child:
        # Both sides set it, so that neither has to wait for the other.
        with contextlib.suppress(PermissionError, ProcessLookupError):
            os.setpgid(child, child)
        return child
    os.setpgid(0, 0)
    fd, order = message.fds[0], dict(message.head)
    del order["do"]
    paths = {name: tuple(Path(path) for path in order[name]) for name in ("readable", "joins")}
    boundary = Boundary(**order | paths | {"work": Path(order["work"])})
    try:
        _silence()
        confine(boundary, keep=[fd])
        # After the change of user, which would undo it.
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        live(Channel.from_fd(fd))
    except ConfinementError as error:
        with contextlib.suppress(ChannelGone):
            Channel.from_fd(fd).send({"error": str(error)})
    finally:
        os._exit(0)


def _silence() -> None:
    """The zygote's own descriptors 0 to 2 are the grader's; a child has none of them."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(nowhere, fd)


def _end(child: int) -> dict[str, Any]:
    """Kills a process group until none of it is left: what it forked is ours to reap."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    status = None
    while True:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child, signal.SIGKILL)
        try:
            pid, code = os.waitpid(-child, 0)
        except ChildProcessError:
            break
        if pid == child:
            status = os.waitstatus_to_exitcode(code)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"cpu_s": cpu_s, "status": status}


if __name__ == "__main__":
    main(sys.argv[1:])
