"""Class a: the student's process answers the judge with hostile bytes, every list of protocol_frames.py in turn.

Each worker that a test asks takes the next bytes, counted by files in its folder, so one submission tries several.
"""

import base64
import json
from collections.abc import Mapping, Sequence

from tests.redteam.corpus.base import Attack, answering
from tests.redteam.protocol_frames import FRAMES, PACKETS, REPLIES, VALUES
from tests.redteam.reference import TASKS

_SHARE = len(TASKS)  # about one for each test

_FRAMES = """
import base64, judge.objects, zlib
sent = [zlib.decompress(base64.b64decode(text)) for text in {texts}]
def count():
    for number in range(1000):
        try:
            os.close(os.open(f"turn-{{number}}", os.O_CREAT | os.O_EXCL))
            return number
        except FileExistsError:
            continue
judge.objects.Server.answer = lambda self, head, frame: ({{"status": "value"}}, sent[count() % len(sent)])
"""

_REPLIES = """
import base64, json, judge.channel, judge.objects
sent = [(json.loads(head), base64.b64decode(text)) for head, text in {texts}]
inner = judge.channel.Channel.send
turn = [os.getpid() % len(sent)]
def send(self, head, *args, **kwargs):
    if "n" in head:
        turn[0] = (turn[0] + 1) % len(sent)
        reply, frame = sent[turn[0]]
        return inner(self, {{"n": head["n"]}} | reply if "ask" not in reply else reply, frame)
    return inner(self, head, *args, **kwargs)
judge.channel.Channel.send = send
"""

_PACKETS = """
import judge.channel, socket
from array import array
inner = judge.channel.Channel.send
packets = {texts}
turn = [os.getpid() % len(packets)]
def made(kind):
    if kind == "memfd":
        descriptor = os.memfd_create("frame", 2)
        os.write(descriptor, b"may change")
        return descriptor
    return os.open("/dev/null", os.O_RDONLY)
def send(self, head, *args, **kwargs):
    if "n" not in head:
        return inner(self, head, *args, **kwargs)
    turn[0] = (turn[0] + 1) % len(packets)
    data, kinds = packets[turn[0]]
    fds = [made(kind) for kind in kinds]
    self._socket.sendmsg([data], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array("i", fds))] if fds else [])
judge.channel.Channel.send = send
"""


def _parts(items: Mapping[str, bytes], size: int) -> list[Sequence[bytes]]:
    values = list(items.values())
    return [values[start : start + size] for start in range(0, len(values), size)]


def _attack(number: int, title: str, setup: str) -> Attack:
    return Attack(f"p{number:02}", title, "a", answering("return True", setup=setup), "points_of_lazy")


def _frames() -> list[str]:
    import zlib

    small = {name: frame for name, frame in (FRAMES | VALUES).items() if len(zlib.compress(frame)) < 6000}
    shares = _parts(small, _SHARE)
    return [
        _FRAMES.format(texts=[base64.b64encode(zlib.compress(frame)).decode() for frame in share]) for share in shares
    ]


def _replies() -> str:
    texts = [
        (json.dumps(reply.head), base64.b64encode(reply.frame).decode())
        for reply in REPLIES.values()
        if len(reply.frame) < 10_000
    ]
    return _REPLIES.format(texts=texts)


def _packets() -> str:
    pieces = []
    for name, packet in PACKETS.items():
        kinds = ["memfd"] if "unsealed" in name else ["null"] * (40 if "40" in name else 5 if "5" in name else 0)
        if len(packet.data) < 3000:
            pieces.append((packet.data, kinds))
    return _PACKETS.format(texts=repr(pieces))


ATTACKS = (
    *(_attack(number, f"hostile frames, part {number}", text) for number, text in enumerate(_frames(), 1)),
    _attack(90, "replies that are well formed and lie", _replies()),
    _attack(91, "packets of false size, and descriptors that are none", _packets()),
)
