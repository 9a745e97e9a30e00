"""Hostile bytes end as a fault of the protocol, soon, and nothing else."""

import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from judge.channel import Channel, ChannelGone
from judge.codec import CodecError, decode
from tests.redteam.protocol_frames import FRAMES, PACKETS, VALUES, Packet


@contextmanager
def sent(packet: Packet) -> Iterator[Channel]:
    enemy, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    fds = packet.fds()
    with enemy, Channel(other) as channel:
        socket.send_fds(enemy, [packet.data], fds)
        for fd in fds:
            os.close(fd)
        yield channel


@pytest.mark.parametrize("frame", FRAMES.values(), ids=FRAMES)
def test_a_hostile_frame_is_refused(frame: bytes) -> None:
    begun = time.monotonic()

    with pytest.raises(CodecError):
        decode(frame)

    assert time.monotonic() - begun < 5


@pytest.mark.parametrize("frame", VALUES.values(), ids=VALUES)
def test_an_odd_value_is_read_or_refused_soon(frame: bytes) -> None:
    begun = time.monotonic()

    try:
        value = decode(frame)
    except CodecError:
        value = None

    assert value is None or type(value).__module__.partition(".")[0] in ("builtins", "numpy", "pandas", "decimal")
    assert time.monotonic() - begun < 10


@pytest.mark.parametrize("packet", PACKETS.values(), ids=PACKETS)
def test_a_hostile_packet_ends_the_conversation_and_leaves_no_descriptor(packet: Packet) -> None:
    with sent(packet) as channel:
        before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - names, not paths

        with pytest.raises(ChannelGone):
            channel.receive(time.monotonic() + 5)

        assert len(os.listdir("/proc/self/fd")) <= before  # noqa: PTH208
