"""The student's process: runs the cells, parks copies of itself, and lets them be asked.

Nothing in here is trusted once the first cell has run: a cell can replace any of it. What holds is outside: the
boundary, the order in time (all that is shown is sealed before a hidden argument leaves the judge), and what the other
side accepts.
"""

import contextlib
import json
import os
import random
import select
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from judge.channel import Channel, ChannelGone, Message
from judge.moments import Moments
from judge.objects import Server, values_of
from judge.plan import MAX_VALUES_BYTES
from judge.shell import Shell, Shown

FOREVER = 1e9
MAX_SHOWN_BYTES = 48 << 20


class CellTimeout(BaseException):
    """The cell had its time. Not an Exception, so that `except Exception` doesn't swallow it."""


def serve(shell: Shell, channel: Channel) -> None:
    """Obeys the controller until it closes the channel, then waits to be killed: services of a cell live on."""
    sys.path.append("")  # the notebook's own modules are found, wherever a copy of this process works, and last
    moments = Moments(Path.cwd())
    kept: list[Channel] = []
    at_end: Message | None = None
    with contextlib.suppress(ChannelGone):
        while True:
            message = channel.receive(time.monotonic() + FOREVER)
            asked = message.head.get("do")
            if asked == "run":
                # As JSON, which holds a lone surrogate too; in the frame, since a head is short.
                shown, error = run_cell(shell, json.loads(bytes(message.frame)), message.head["timeout_s"])
                channel.send({"error": error}, _shown_bytes(shown))
            elif asked == "values":
                frame = values_of(shell.user_ns, message.head["names"])
                is_fitting = frame is not None and len(frame) <= MAX_VALUES_BYTES
                channel.send({"refused": not is_fitting}, frame if frame and is_fitting else b"")
            elif asked == "park":
                if message.head.get("needs_threads"):
                    kept.append(Channel.from_fd(message.fds[0]))
                elif message.head.get("is_last"):
                    at_end = message
                else:
                    _park(shell, message, moments.keep())
                channel.send({"parked": True})
    channel.close()
    if at_end is not None:
        _template(shell, at_end)
    _answer_here(shell, kept)
    while True:
        signal.pause()


def run_cell(shell: Shell, source: str, timeout_s: float) -> tuple[list[Shown], str | None]:
    """What a cell shows, and its error's class; a cell that takes longer is interrupted once."""
    try:
        with _alarm(timeout_s):
            shown = shell.run(source)
    except CellTimeout:
        shown = [*shell.tape.take(), ("error", {"ename": "CellTimeout", "evalue": "", "traceback": []})]
    errors = [content["ename"] for kind, content in shown if kind == "error"]
    return shown, errors[-1] if errors else None


def _shown_bytes(shown: list[Shown]) -> bytes:
    text = json.dumps(shown, default=str).encode("utf-8", "replace")
    if len(text) > MAX_SHOWN_BYTES:
        note = {"name": "stderr", "text": f"[not shown: {len(text) >> 20} MB of output]\n"}
        return json.dumps([("stream", note)]).encode()
    return text


@contextlib.contextmanager
def _alarm(timeout_s: float) -> Iterator[None]:
    def ring(number: int, frame: FrameType | None) -> None:
        raise CellTimeout

    signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, timeout_s)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _park(shell: Shell, message: Message, folder: Path) -> None:
    """Forks the template: this moment of the notebook with its files, asleep until a test needs it."""
    if _fork() == 0:
        os.chdir(folder)
        _template(shell, message)
    os.close(message.fds[0])


def _fork() -> int:
    """A fork that keeps the random numbers: Python's `random` seeds itself anew in every child."""
    state = random.getstate()
    child = os.fork()
    if child == 0:
        random.setstate(state)
    return child


def _template(shell: Shell, message: Message) -> NoReturn:
    """Forks a worker for each descriptor it's sent, and answers nothing itself: a worker that dies is replaced.

    A template for one test only is that test's worker: a fork less, and 4,000 pages that aren't copied.
    """
    channel = Channel.from_fd(message.fds[0])
    try:
        while True:
            (fd,) = channel.receive(time.monotonic() + FOREVER).fds
            if message.head.get("is_single") or _fork() == 0:
                _work(shell, Channel.from_fd(fd))
            os.close(fd)
    finally:
        os._exit(0)


def _work(shell: Shell, channel: Channel) -> NoReturn:
    """Answers the judge about this moment's names, until it closes."""
    try:
        server = make_server(shell, channel)
        while True:
            answer(server, channel, channel.receive(time.monotonic() + FOREVER))
    except ChannelGone:
        os._exit(0)
    except BaseException:  # noqa: BLE001 - whatever else is wrong here, this copy must not run on
        os._exit(1)


def _answer_here(shell: Shell, templates: list[Channel]) -> None:
    """Answers the tests that this process couldn't be copied for, as the notebook's end left it.

    The controller's channel is closed by now: what can be shown is sealed. One call that hangs holds up the rest.
    """
    waiting, servers = list(templates), dict[Channel, Server]()
    while waiting:
        for channel in select.select(waiting, [], [])[0]:
            try:
                message = channel.receive(time.monotonic() + FOREVER)
                if channel in servers:
                    answer(servers[channel], channel, message)
                else:
                    worker = Channel.from_fd(message.fds[0])
                    servers[worker] = make_server(shell, worker)
                    waiting.append(worker)
            except (ChannelGone, IndexError):
                waiting.remove(channel)
                channel.close()


def make_server(shell: Shell, channel: Channel) -> Server:
    """Who answers on this channel. While it waits for a function of the test, it answers what that function asks."""

    def ask(number: int, frame: bytes) -> tuple[dict[str, Any], memoryview]:
        channel.send({"ask": number}, frame)
        while "do" in (message := channel.receive(time.monotonic() + FOREVER)).head:
            answer(server, channel, message)
        return message.head, message.frame

    server = Server(shell.user_ns, ask)
    return server


def answer(server: Server, channel: Channel, message: Message) -> None:
    head, frame = server.answer(message.head, message.frame)
    channel.send({"n": message.head["n"]} | head, frame)
