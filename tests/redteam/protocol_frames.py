"""Hostile bytes for the way between the student's process and the judge's, as plain data.

FRAMES are for `judge.codec.decode`, which must answer each with CodecError. PACKETS are for `judge.channel.Channel`,
whose receiver must answer each with ChannelGone and keep no descriptor. REPLIES are well-formed messages that lie: the
test that got one scores nothing, and the judge lives. VALUES are well-formed frames of odd values: they may be read,
but reading, comparing or printing them must end soon.
"""

import json
import os
import pickle
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

MAGIC, CHANNEL_MAGIC = b"SP1", b"CH1\n"


@dataclass(frozen=True)
class Packet:
    """One packet as it goes into the socket. fds: makes the descriptors that travel along; the sender closes them."""

    data: bytes
    fds: Callable[[], list[int]] = list


@dataclass(frozen=True)
class Reply:
    """A reply to whatever was asked. head: replaces the honest head, but for n. node: the frame's JSON node."""

    head: dict[str, Any]
    frame: bytes


def frame_of(node: object, *blobs: bytes) -> bytes:
    """A codec frame with a JSON node and blobs, whatever they mean."""
    return raw_frame(json.dumps([[len(blob) for blob in blobs], node]).encode(), b"".join(blobs))


def raw_frame(text: bytes, rest: bytes = b"", *, size: int | None = None) -> bytes:
    return MAGIC + struct.pack("<I", len(text) if size is None else size) + text + rest


def packet_of(head: bytes, frame: bytes = b"", *, large: bool = False, sizes: tuple[int, int] | None = None) -> bytes:
    """A channel packet; `sizes` lies about the lengths of head and frame."""
    told = sizes or (len(head), len(frame))
    return struct.pack("<4sII?", CHANNEL_MAGIC, *told, large) + head + frame


_EVIL = pickle.dumps(Exception("pickled"))
_NPY = b"\x93NUMPY\x01\x00v\x00{'descr': '|O', 'fortran_order': False, 'shape': (1,), }".ljust(128) + _EVIL
_ZEROS = bytes(8)
_RANGE = ["range", [0, 1, 1], None]


def _array(dtype: str, shape: object, blob: object = 0, order: str = "C") -> dict[str, Any]:
    return {"na": [dtype, shape, order, blob]}


def _text(length: object, *parts: object, storage: str = "pyarrow", missing: str = "nan") -> dict[str, Any]:
    return {"px": ["str", storage, missing, length, list(parts)]}


FRAMES: dict[str, bytes] = {
    # lengths
    "empty": b"",
    "magic only": MAGIC,
    "other magic": b"SP2" + bytes(20),
    "length beyond the end": raw_frame(b"[[],1]", size=7),
    "length of 4 GB": raw_frame(b"[[],1]", size=0xFFFFFFFF),
    "bytes left over": frame_of(1) + b"x",
    "blob longer than the rest": raw_frame(b'[[9],{"b":0}]', b"1234"),
    "blob of negative length": raw_frame(b'[[-1,5],{"b":0}]', b"1234"),
    "blob length as text": raw_frame(b'[["4"],{"b":0}]', b"1234"),
    "blob length true": raw_frame(b'[[true],{"b":0}]', b"1"),
    "blob index negative": frame_of({"b": -1}, b"x"),
    "blob index missing": frame_of({"b": 3}, b"x"),
    # JSON
    "no JSON": raw_frame(b"hello"),
    "not UTF-8": raw_frame(b'[[],"\xff\xfe"]'),
    "nested 100,000 deep": raw_frame(b"[[]," + b"[" * 100_000 + b"]" * 100_000 + b"]"),
    "tags nested 100 deep": frame_of(json.loads('{"t":[' * 100 + "1" + "]}" * 100)),
    "NaN": raw_frame(b"[[],NaN]"),
    "three parts": raw_frame(b"[[],1,2]"),
    "an object on top": raw_frame(b'{"a":1}'),
    "a million parts": raw_frame(b"[[],[" + b"1," * 1_000_000 + b"1]]"),
    # numbers and texts
    "integer of a million digits": raw_frame(b"[[]," + b"9" * 1_000_000 + b"]"),
    "hex integer too long": frame_of({"i": "0x" + "f" * 200_000}),
    "integer as code": frame_of({"i": "__import__('os').system('true')"}),
    "integer with spaces": frame_of({"i": " 0x1_0 "}),
    "text of 9 million": frame_of("x" * (9 << 20)),
    "float as code": frame_of({"f": "1e9999"}),
    "decimal of a million digits": frame_of({"de": "1" * 1_000_000}),
    "fraction over zero": frame_of({"fr": [1, 0]}),
    "duration too long": frame_of({"td": [10**12, 0, 0]}),
    # containers
    "unhashable key": frame_of({"d": [[[1]], [1]]}),
    "keys without values": frame_of({"d": [[1, 2], [1]]}),
    "set of lists": frame_of({"s": [[1]]}),
    "two tags": raw_frame(b'[[],{"t":[],"s":[]}]'),
    "no tag": frame_of({}),
    "unknown tag": frame_of({"zz": 1}),
    "tag of a reader's name": frame_of({"__class__": 1}),
    "pickle as tag": frame_of({"pickle": 0}, _EVIL),
    "namedtuple with a method's name": frame_of({"nt": ["T", ["_make"], [1]]}),
    "namedtuple with dunder": frame_of({"nt": ["T", ["__class__"], [1]]}),
    "namedtuple with code": frame_of({"nt": ["T", ["a, b"], [1]]}),
    "namedtuple of 1,000 fields": frame_of({"nt": ["T", [f"f{n}" for n in range(1000)], [0] * 1000]}),
    "range of texts": frame_of({"r": ["a", "b", "c"]}),
    "range with step 0": frame_of({"r": [0, 1, 0]}),
    "deque of negative length": frame_of({"dq": [[1], -1]}),
    "complex of texts": frame_of({"c": ["a", "b"]}),
    "zone that is a path": frame_of({"dt": ["2026-01-01", 0, "../../../etc/passwd"]}),
    "zone that is absolute": frame_of({"dt": ["2026-01-01", 0, "/etc/localtime"]}),
    "zone offset of a year": frame_of({"tm": ["10:00", 0, 10**9]}),
    "handle nobody can have": frame_of({"h": {"id": 10**9}}),
    "handle that is no object": frame_of({"h": "id"}),
    # numpy
    "pickle itself": _EVIL,
    "pickle after the magic": MAGIC + _EVIL,
    "npy with a pickle": frame_of(_array("|O", [1]), _NPY),
    "npy as bytes of an array": frame_of({"npy": 0}, _NPY),
    "void dtype": frame_of(_array("|V8", [1]), _ZEROS),
    "structured dtype": frame_of(_array("<f8,<f8", [1]), bytes(16)),
    "dtype as a list": frame_of({"na": [[["a", "<f8"]], [1], "C", 0]}, _ZEROS),
    "dtype of a gigabyte": frame_of(_array("<U999999999", [1]), _ZEROS),
    "shape of a terabyte": frame_of(_array("<f8", [1 << 37]), b""),
    "shape that overflows": frame_of(_array("<f8", [1 << 62, 4]), _ZEROS),
    "shape times zero": frame_of(_array("<f8", [1 << 62, 0]), b""),
    "negative shape": frame_of(_array("<f8", [-1]), _ZEROS),
    "shape of floats": frame_of(_array("<f8", [1.0]), _ZEROS),
    "shape of truths": frame_of(_array("<f8", [True]), _ZEROS),
    "100 dimensions": frame_of(_array("<f8", [1] * 100), _ZEROS),
    "order K": frame_of(_array("<f8", [1], order="K"), _ZEROS),
    "no code point": frame_of(_array("<U1", [1]), b"\xff\xff\xff\xff"),
    "objects of false count": frame_of({"no": [[1 << 30], [1]]}),
    "date unit as code": frame_of({"ny": "M8[as]; import os"}),
    # pandas and Arrow
    "offsets beyond the data": frame_of(_text(1, None, 0, 1), struct.pack("<qq", 0, 1 << 40), b"x"),
    "offsets that run back": frame_of(_text(2, None, 0, 1), struct.pack("<qqq", 0, 5, 1), b"hello"),
    "negative offset": frame_of(_text(1, None, 0, 1), struct.pack("<qq", -8, 1), b"x"),
    "text that is no UTF-8": frame_of(_text(1, None, 0, 1), struct.pack("<qq", 0, 1), b"\xff"),
    "a billion texts": frame_of(_text(10**9, None, 0, 1), bytes(16), b""),
    "validity too short": frame_of(_text(100, 0, 1, 2), b"\xff", bytes(8 * 101), b""),
    "length as truth": frame_of(_text(True, None, 0, 1), bytes(16), b""),
    "text in an unknown storage": frame_of(_text(0, None, None, None, storage="pickle")),
    "nested Arrow type": frame_of({"px": ["list", "pyarrow", "nan", 1, [None, 0, 1]]}, bytes(16), b""),
    "extension type": frame_of({"px": ["extension", "arrow.py_extension_type", 0]}, _EVIL),
    "Arrow IPC with metadata": frame_of({"pa": 0}, b"ARROW1\0\0" + b"\xff" * 64),
    "nullable of objects": frame_of(
        {"px": ["masked", "object", _array("<i8", [1]), _array("|b1", [1], 1)]}, _ZEROS, b"\0"
    ),
    "mask of another length": frame_of(
        {"px": ["masked", "Int64", _array("<i8", [1]), _array("|b1", [9], 1)]}, _ZEROS, bytes(9)
    ),
    "category that isn't there": frame_of({"px": ["cat", _array("|i1", [1]), _RANGE, False]}, b"\x07"),
    "categories of categories": frame_of({"px": ["cat", _array("|i1", [1]), _RANGE, "yes"]}, b"\0"),
    "codes beyond the levels": frame_of({"pi": ["multi", [[_RANGE], [_array("|i1", [1])]], [None]]}, b"\x07"),
    "index of 100 levels": frame_of(
        {"pi": ["multi", [[_RANGE] * 100, [_array("|i1", [1])] * 100], [None] * 100]}, b"\0"
    ),
    "frame of false height": frame_of(
        {"pf": [_RANGE, ["range", [0, 5, 1], None], [["np", _array("<f8", [1])]]]}, _ZEROS
    ),
    "frame of false width": frame_of(
        {"pf": [["range", [0, 9, 1], None], _RANGE, [["np", _array("<f8", [1])]]]}, _ZEROS
    ),
    "frequency as code": frame_of({"pp": [1, "M; import os"]}),
    "interval closed oddly": frame_of({"pw": [0, 1, "__class__"]}),
    "time beyond time": frame_of({"pt": [1 << 80, "ns", None]}),
    "missing value as name": frame_of({"pn": "os"}),
    # estimators and classes
    "estimator that reads files": frame_of({"est": ["joblib.Memory", {"location": "/tmp"}]}),
    "class by name": frame_of({"cls": "subprocess.Popen", "args": ["true"]}),
    "function transformer": frame_of({"sk": ["FunctionTransformer", {"func": "os.system"}]}),
}


def _unsealed() -> list[int]:
    fd = os.memfd_create("frame", os.MFD_ALLOW_SEALING)
    os.write(fd, b"may change")
    return [fd]


def _huge() -> list[int]:
    fd = os.memfd_create("frame", os.MFD_ALLOW_SEALING)
    os.truncate(fd, 1 << 40)
    return [fd]


def _pipe() -> list[int]:
    reader, writer = os.pipe()
    os.close(writer)
    return [reader]


_LARGE = packet_of(b"{}", large=True)
PACKETS: dict[str, Packet] = {
    "one byte": Packet(b"x"),
    "other magic": Packet(b"CH2\n" + bytes(9)),
    "head of false length": Packet(packet_of(b"{}", sizes=(9, 0))),
    "frame of false length": Packet(packet_of(b"{}", b"abc", sizes=(2, 99))),
    "lengths of 4 GB": Packet(packet_of(b"{}", sizes=(0xFFFFFFFF, 0xFFFFFFFF))),
    "bytes left over": Packet(packet_of(b"{}", b"abc", sizes=(2, 1))),
    "head that is a list": Packet(packet_of(b"[]")),
    "head that is no JSON": Packet(packet_of(b"{x")),
    "head nested deep": Packet(packet_of(b"[" * 30_000)),
    "head with an endless number": Packet(packet_of(b'{"n":' + b"9" * 20_000 + b"}")),
    "head not UTF-8": Packet(packet_of(b'{"a":"\xff"}')),
    "large without a file": Packet(_LARGE),
    "unsealed memory file": Packet(_LARGE, _unsealed),
    "empty memory file": Packet(_LARGE, lambda: [os.memfd_create("frame", os.MFD_ALLOW_SEALING)]),
    "memory file of a terabyte": Packet(_LARGE, _huge),
    "pipe for a memory file": Packet(_LARGE, _pipe),
    "device for a memory file": Packet(_LARGE, lambda: [os.open("/dev/zero", os.O_RDONLY)]),
    "folder for a memory file": Packet(_LARGE, lambda: [os.open("/", os.O_RDONLY)]),
    "plain file for a memory file": Packet(_LARGE, lambda: [os.open("/etc/hostname", os.O_RDONLY)]),
    "40 descriptors": Packet(packet_of(b"{}"), lambda: [os.open("/dev/null", os.O_RDONLY) for _ in range(40)]),
    "5 descriptors": Packet(packet_of(b"{}"), lambda: [os.open("/dev/null", os.O_RDONLY) for _ in range(5)]),
}

_OK = frame_of([[1], ""])
REPLIES: dict[str, Reply] = {
    "number of another request": Reply({"n": 10**6, "status": "value"}, _OK),
    "number as text": Reply({"n": "1", "status": "value"}, _OK),
    "no number": Reply({"n": None, "status": "value"}, _OK),
    "no status": Reply({}, _OK),
    "status grader_fault": Reply({"status": "grader_fault", "points": 18}, _OK),
    "no frame": Reply({"status": "value"}, b""),
    "value without what was printed": Reply({"status": "value"}, frame_of([1])),
    "a text for a pair": Reply({"status": "value"}, frame_of("ab")),
    "handle without number": Reply({"status": "value"}, frame_of([[{"h": {"kind": "function"}}], ""])),
    "handle with a number of text": Reply({"status": "value"}, frame_of([[{"h": {"id": "1"}}], ""])),
    "handle with the test's callback": Reply({"status": "value"}, frame_of([[{"h": {"callback": 0}}], ""])),
    "exception called SystemExit": Reply({"status": "raised", "names": ["SystemExit"], "message": "0"}, _OK),
    "exception called after the judge's": Reply({"status": "raised", "names": ["TestTimeout", "BaseException"]}, _OK),
    "exception of no class": Reply({"status": "raised", "names": {"a": 1}, "message": [1]}, _OK),
    "exception of 10,000 classes": Reply({"status": "raised", "names": [f"E{n}" for n in range(5000)]}, _OK),
    "exception with code for a name": Reply(
        {"status": "raised", "names": ["__import__('os')", "print", "object"]}, _OK
    ),
    "write-back that nobody wanted": Reply({"status": "value"}, frame_of([[1, [[2], {}]], ""])),
    "a call of a function that was never given": Reply({"ask": 0}, frame_of([[], {}])),
    "a call with unhashable number": Reply({"ask": [1]}, frame_of([[], {}])),
    "a megabyte of print": Reply({"status": "value"}, frame_of([[1], "award(2, 2)\n" * 90_000])),
}

# 5,000 integers that all fall on one place of a set: the time to read them grows with the square of their number.
_COLLIDING = [number * ((1 << 61) - 1) for number in range(1, 5_001)]
VALUES: dict[str, bytes] = {
    "colliding keys": frame_of({"s": [{"i": hex(number)} for number in _COLLIDING]}),
    "integer of 400,000 bits": frame_of({"i": "0x" + "f" * 99_999}),
    "a range of 10**18": frame_of({"r": [0, 10**18, 1]}),
    "NaN payload": frame_of(_array("<f8", [1]), b"\x01\0\0\0\0\0\xf8\x7f"),
    "a text of lone surrogates": raw_frame(b'[[],"\\ud800\\udfff"]'),
    "a decimal of 4,000 digits to the 10**9": frame_of({"de": "9" * 3900 + "E+999999999"}),
    "a frame of 8 million rows": frame_of({"pf": [["range", [0, 0, 1], None], ["range", [0, 1 << 40, 1], None], []]}),
    "an index of 10**12": frame_of({"pi": ["range", [0, 10**12, 1], None]}),
}
