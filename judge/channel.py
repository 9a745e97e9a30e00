"""Messages between two processes of which one may be an enemy.

A message is one packet of a Unix SOCK_SEQPACKET socket: a small JSON head, and a frame that stands in the packet or,
when it's large, in a sealed memory file that travels along. Whatever is wrong with a packet ends the conversation:
there is no way to be half understood.
"""

import contextlib
import fcntl
import json
import mmap
import os
import select
import signal
import socket
import stat
import struct
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

MAX_INLINE_BYTES = 64 << 10
MAX_HEAD_BYTES = 64 << 10
MAX_FRAME_BYTES = (64 << 20) + 4096
MAX_FDS = 4
_HEADER = struct.Struct("<4sII?")
_MAGIC = b"CH1\n"
_PACKET_BYTES = _HEADER.size + MAX_HEAD_BYTES + MAX_INLINE_BYTES
_SEALS = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE | fcntl.F_SEAL_SEAL

Head = dict[str, Any]


class ChannelGone(Exception):
    """The other side closed, was too late, or broke the protocol; nothing more can be said on this channel."""


@dataclass(frozen=True)
class Message:
    """head: plain JSON. frame: bytes for the codec, empty when there are none. fds: now the receiver's to close."""

    head: Head
    frame: memoryview
    fds: tuple[int, ...]


def pair() -> tuple["Channel", "Channel"]:
    """Two connected channels."""
    first, second = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    return Channel(first), Channel(second)


class Channel:
    """One end. Not for use by two threads."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self._process: int | None = None
        # A packet is charged with its bookkeeping: twice its size is on the safe side.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 2 * _PACKET_BYTES)

    @classmethod
    def from_fd(cls, fd: int) -> "Channel":
        """The channel of an inherited descriptor, which it takes over."""
        return cls(socket.socket(fileno=fd))

    def fileno(self) -> int:
        return self._socket.fileno()

    def detach(self) -> int:
        """The descriptor, no longer this channel's."""
        return self._socket.detach()

    def close(self) -> None:
        self._socket.close()
        if self._process is not None:
            os.close(self._process)
            self._process = None

    def watch(self, pid: int) -> None:
        """From now on the other side is gone when this process has ended, whoever else holds its end.

        The process mustn't have been reaped: its id could be another's by now.
        """
        self._process = os.pidfd_open(pid)

    def kill(self) -> None:
        """Kills the process that is watched, if it still runs."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._process, signal.SIGKILL)

    def __enter__(self) -> "Channel":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def send(
        self, head: Head, frame: bytes | memoryview = b"", fds: Sequence[int] = (), *, timeout_s: float = 10.0
    ) -> None:
        """Sends one message; raises ChannelGone when the other side is gone or doesn't read."""
        text = json.dumps(head, separators=(",", ":")).encode()
        if len(text) > MAX_HEAD_BYTES or len(frame) > MAX_FRAME_BYTES:
            raise ValueError("the message is too large")
        is_large = len(frame) > MAX_INLINE_BYTES
        packet = _HEADER.pack(_MAGIC, len(text), 0 if is_large else len(frame), is_large) + text
        with contextlib.ExitStack() as stack:
            passed = list(fds)
            if is_large:
                passed.append(_memory_file(frame))
                stack.callback(os.close, passed[-1])
            self._socket.settimeout(timeout_s)
            try:
                socket.send_fds(self._socket, [packet] if is_large else [packet, frame], passed)
            except OSError as error:
                raise ChannelGone(f"nobody reads: {error}") from error

    def receive(self, deadline: float) -> Message:
        """The next message, waited for until time.monotonic() is `deadline`; raises ChannelGone."""
        left = deadline - time.monotonic()
        if left <= 0:
            raise ChannelGone("no answer in time")
        if self._process is not None and not _comes_first(self._socket.fileno(), self._process, left):
            raise ChannelGone("the other side is gone: its process has ended")
        self._socket.settimeout(left)
        try:
            packet, fds, flags, _ = socket.recv_fds(self._socket, _PACKET_BYTES + 1, MAX_FDS + 1)
        except TimeoutError as error:
            raise ChannelGone("no answer in time") from error
        except OSError as error:
            raise ChannelGone(f"the other side is gone: {error}") from error
        try:
            return _parse(packet, fds, flags)
        except (ValueError, OSError, RecursionError) as error:
            for fd in fds:
                with contextlib.suppress(OSError):
                    os.close(fd)
            raise ChannelGone(f"the other side broke the protocol: {error}") from error


def _comes_first(fd: int, process: int, timeout_s: float) -> bool:
    """False when a process has ended and there's nothing to read; true when there is, or time is over."""
    poll = select.poll()
    for one in (fd, process):
        poll.register(one, select.POLLIN)
    ready = dict(poll.poll(timeout_s * 1000))
    return fd in ready or process not in ready


def _parse(packet: bytes, fds: Sequence[int], flags: int) -> Message:
    if not packet:
        raise ValueError("it closed")
    if flags & (socket.MSG_TRUNC | socket.MSG_CTRUNC) or len(packet) < _HEADER.size:
        raise ValueError("a packet of false size")
    magic, head_size, frame_size, is_large = _HEADER.unpack_from(packet)
    if magic != _MAGIC or len(packet) != _HEADER.size + head_size + frame_size or len(fds) > MAX_FDS:
        raise ValueError("a packet of false size")
    head = json.loads(packet[_HEADER.size : _HEADER.size + head_size])
    if type(head) is not dict:
        raise ValueError("no head")
    if not is_large:
        return Message(head, memoryview(packet)[_HEADER.size + head_size :], tuple(fds))
    if not fds:
        raise ValueError("the memory file is missing")
    frame = _read_memory_file(fds[-1])
    os.close(fds[-1])
    return Message(head, frame, tuple(fds[:-1]))


def _memory_file(data: bytes | memoryview) -> int:
    fd = os.memfd_create("frame", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        view = memoryview(data)
        while view:
            view = view[os.write(fd, view) :]
        fcntl.fcntl(fd, fcntl.F_ADD_SEALS, _SEALS)
    except OSError:
        os.close(fd)
        raise
    return fd


def _read_memory_file(fd: int) -> memoryview:
    """The bytes of a sealed memory file; anything else, which could change or block under our eyes, raises."""
    status = os.fstat(fd)
    if not stat.S_ISREG(status.st_mode) or not 0 < status.st_size <= MAX_FRAME_BYTES:
        raise ValueError("no memory file, or of a false size")
    if fcntl.fcntl(fd, fcntl.F_GET_SEALS) & _SEALS != _SEALS:
        raise ValueError("a memory file that isn't sealed")
    return memoryview(mmap.mmap(fd, status.st_size, access=mmap.ACCESS_READ))
