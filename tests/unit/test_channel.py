"""Messages between processes: whole, bounded, and none from a liar."""

import os
import signal
import socket
import struct
import subprocess
import time
from collections.abc import Iterator

import pytest

from judge.channel import MAX_INLINE_BYTES, Channel, ChannelGone, pair

Ends = tuple[Channel, Channel]
Enemy = tuple[socket.socket, Channel]


def soon() -> float:
    return time.monotonic() + 2


def open_fds() -> set[str]:
    return set(os.listdir("/proc/self/fd"))  # noqa: PTH208 - names, not paths


@pytest.fixture
def ends() -> Iterator[tuple[Channel, Channel]]:
    left, right = pair()
    with left, right:
        yield left, right


@pytest.fixture
def enemy() -> Iterator[tuple[socket.socket, Channel]]:
    raw, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with raw, Channel(other) as channel:
        yield raw, channel


@pytest.mark.parametrize("size", [0, 1, MAX_INLINE_BYTES, MAX_INLINE_BYTES + 1, 5 << 20])
def test_a_message_arrives_whole(ends: Ends, size: int) -> None:
    left, right = ends
    frame = os.urandom(1024) * (size // 1024) + bytes(size % 1024)

    left.send({"kind": "call", "n": 1}, frame)
    message = right.receive(soon())

    assert message.head == {"kind": "call", "n": 1}
    assert bytes(message.frame) == frame
    assert message.fds == ()


def test_descriptors_travel_beside_a_large_frame(ends: Ends) -> None:
    left, right = ends
    reader, writer = os.pipe()

    left.send({}, bytes(MAX_INLINE_BYTES + 1), [writer])
    (received,) = right.receive(soon()).fds
    os.write(received, b"through")

    assert os.read(reader, 100) == b"through"
    for fd in (reader, writer, received):
        os.close(fd)


def test_silence_and_a_closed_end_are_told_apart_from_a_message(ends: Ends) -> None:
    left, right = ends

    with pytest.raises(ChannelGone, match="in time"):
        right.receive(time.monotonic() + 0.02)
    left.close()
    with pytest.raises(ChannelGone, match="closed"):
        right.receive(soon())


def test_a_process_that_ends_is_noticed_while_another_holds_its_end(ends: Ends) -> None:
    left, right = ends
    process = subprocess.Popen(["sleep", "600"])
    right.watch(process.pid)

    left.send({"said": "before"})
    process.kill()

    assert right.receive(time.monotonic() + 600).head == {"said": "before"}
    with pytest.raises(ChannelGone, match="ended"):
        right.receive(time.monotonic() + 600)
    process.wait()


def test_a_process_that_lives_is_waited_for_and_can_be_killed(ends: Ends) -> None:
    _, right = ends
    process = subprocess.Popen(["sleep", "600"])
    right.watch(process.pid)

    with pytest.raises(ChannelGone, match="in time"):
        right.receive(time.monotonic() + 0.02)
    right.kill()

    assert process.wait() == -signal.SIGKILL


def header(head: int, frame: int, *, large: bool = False, magic: bytes = b"CH1\n") -> bytes:
    return struct.pack("<4sII?", magic, head, frame, large)


@pytest.mark.parametrize(
    "packet",
    [
        b"x",
        header(2, 0) + b"{}" + b"more",
        header(9, 0) + b"{}",
        header(2, 0, magic=b"CH2\n") + b"{}",
        header(2, 0) + b"[]",
        header(2, 0) + b"{x",
        header(2, 0, large=True) + b"{}",
        header(20_000, 0) + b"[" * 20_000,
    ],
    ids=["short", "long", "shorter", "magic", "array", "no-json", "no-file", "deep"],
)
def test_a_packet_made_by_an_enemy_ends_the_conversation(enemy: Enemy, packet: bytes) -> None:
    raw, channel = enemy

    raw.send(packet)

    with pytest.raises(ChannelGone):
        channel.receive(soon())


def unsealed() -> int:
    fd = os.memfd_create("frame", os.MFD_ALLOW_SEALING)
    os.write(fd, b"may change")
    return fd


@pytest.mark.parametrize(
    "make", [unsealed, lambda: os.memfd_create("empty"), lambda: os.open("/dev/zero", os.O_RDONLY)]
)
def test_a_memory_file_that_could_change_is_refused_and_closed(enemy: Enemy, make: object) -> None:
    raw, channel = enemy
    socket.send_fds(raw, [header(2, 0, large=True) + b"{}"], [made := make()])  # type: ignore[operator]  # a maker of the table
    os.close(made)
    before = open_fds()

    with pytest.raises(ChannelGone):
        channel.receive(soon())

    assert open_fds() <= before


def test_forty_descriptors_are_refused_and_none_stays_open(enemy: Enemy) -> None:
    raw, channel = enemy
    socket.send_fds(raw, [header(2, 0) + b"{}"], [raw.fileno()] * 40)
    before = open_fds()

    with pytest.raises(ChannelGone):
        channel.receive(soon())

    assert open_fds() == before
