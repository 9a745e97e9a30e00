"""Frames, caps, and Python's own types.

In the JSON text null, true, numbers, texts and arrays stand for themselves (an array is a list); an object has one
key, a tag, which says what its value is. Arrays of numpy and pandas add their tags in their own modules.
"""

import collections
import datetime as dt
import decimal
import fractions
import json
import keyword
import re
import struct
import zoneinfo
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

MAGIC = b"SP1"
MAX_FRAME_BYTES = 64 << 20
MAX_TEXT_BYTES = 32 << 20
MAX_DEPTH = 60
MAX_NODES = 500_000
MAX_STRING = 8 << 20  # characters of one text
MAX_HEX_DIGITS = 100_000  # of one integer
_PLAIN_INT = 1 << 63
_SCALARS = (type(None), bool, float, str)

Node = Any  # what json.loads gives
Spec = dict[str, Any]  # a handle: plain JSON


class CodecError(Exception):
    """A value that can't travel, or bytes that are no frame."""


class Opaque(Protocol):
    """How one side names objects that don't travel, and finds them again."""

    def export(self, value: object) -> Spec: ...

    def resolve(self, spec: Spec) -> object: ...


@dataclass
class Encoder:
    """The blobs gathered so far. `depth` and `nodes` are bounded here too: a cycle ends as a CodecError."""

    opaque: Opaque | None = None
    blobs: list[bytes | memoryview] = field(default_factory=list)
    nodes: int = 0

    def blob(self, data: bytes | memoryview) -> int:
        self.blobs.append(data)
        return len(self.blobs) - 1

    def node(self, value: object, depth: int = 0) -> Node:
        """The JSON node of a value; raises CodecError."""
        self.nodes += 1
        if depth > MAX_DEPTH or self.nodes > MAX_NODES:
            raise CodecError(f"the value is nested deeper than {MAX_DEPTH} or has more than {MAX_NODES} parts")
        kind = type(value)
        if kind is float:
            return value if _is_finite(value) else {"f": repr(value)}
        if kind is str:
            return _checked_text(value)
        if value is None or kind is bool:
            return value
        if kind is int:
            return _int_node(value)  # type: ignore[arg-type]  # exactly int: isinstance would let subclasses in
        writer = _WRITERS.get(kind) or _find_writer(kind)
        if writer is not None:
            return writer(self, value, depth + 1)
        if self.opaque is None:
            raise CodecError(f"a {kind.__name__} can't travel between the processes")
        return {"h": self.opaque.export(value)}

    def items(self, values: Sequence[object], depth: int) -> list[Node]:
        if len(values) > MAX_NODES:
            raise CodecError(f"the value has more than {MAX_NODES} parts")
        return [self.node(value, depth) for value in values]


@dataclass
class Decoder:
    """The blobs of one frame, and how much of the caps is used."""

    blobs: Sequence[memoryview]
    opaque: Opaque | None = None
    nodes: int = 0

    def blob(self, index: object) -> memoryview:
        if type(index) is not int or not 0 <= index < len(self.blobs):
            raise CodecError("a blob is missing")
        return self.blobs[index]

    def value(self, node: Node, depth: int = 0) -> Any:
        """The value of a JSON node; raises CodecError, and whatever a type's constructor raises."""
        self.nodes += 1
        if depth > MAX_DEPTH or self.nodes > MAX_NODES:
            raise CodecError("the frame is nested too deep or has too many parts")
        kind = type(node)
        if kind is str:
            return _checked_text(node)
        if kind is list:
            return self.items(node, depth + 1)
        if kind is not dict:
            return node
        if len(node) != 1:
            raise CodecError("a tagged value has one tag")
        ((tag, body),) = node.items()
        if tag == "h":
            if self.opaque is None or type(body) is not dict:
                raise CodecError("a handle where none may stand")
            return self.opaque.resolve(body)
        reader = _READERS.get(tag) or _find_reader(tag)
        if reader is None:
            raise CodecError("an unknown tag")
        return reader(self, body, depth + 1)

    def items(self, nodes: object, depth: int) -> list[Any]:
        if type(nodes) is not list:
            raise CodecError("an array is expected")
        return [self.value(node, depth) for node in nodes]


Writer = Callable[[Encoder, Any, int], Node]
Reader = Callable[[Decoder, Any, int], Any]


def encode(value: object, opaque: Opaque | None = None) -> bytes:
    """The frame of a value; raises CodecError when it can't travel or is too large."""
    encoder = Encoder(opaque)
    node = encoder.node(value)
    text = json.dumps([[len(blob) for blob in encoder.blobs], node], allow_nan=False, separators=(",", ":")).encode()
    size = len(text) + sum(len(blob) for blob in encoder.blobs)
    if len(text) > MAX_TEXT_BYTES or size > MAX_FRAME_BYTES:
        raise CodecError(f"the value takes {size >> 20} MB; {MAX_FRAME_BYTES >> 20} MB is the most")
    return b"".join([MAGIC, struct.pack("<I", len(text)), text, *encoder.blobs])


def decode(frame: bytes | memoryview, opaque: Opaque | None = None) -> Any:
    """The value of a frame; raises CodecError whatever is wrong with it."""
    try:
        node, blobs = _parse_frame(memoryview(frame))
        return Decoder(blobs, opaque).value(node)
    except CodecError:
        raise
    except (
        ArithmeticError,
        AttributeError,
        LookupError,
        OverflowError,
        RecursionError,
        TypeError,
        ValueError,
    ) as error:
        raise CodecError(f"a frame that can't be read: {type(error).__name__}") from None


def _parse_frame(frame: memoryview) -> tuple[Node, list[memoryview]]:
    head = len(MAGIC) + 4
    if len(frame) > MAX_FRAME_BYTES + head or frame[: len(MAGIC)] != MAGIC or len(frame) < head:
        raise CodecError("no frame of this protocol")
    (size,) = struct.unpack_from("<I", frame, len(MAGIC))
    if size > MAX_TEXT_BYTES or head + size > len(frame):
        raise CodecError("a frame of false length")
    parsed = json.loads(bytes(frame[head : head + size]), parse_constant=_refuse_constant)
    if type(parsed) is not list or len(parsed) != 2 or type(parsed[0]) is not list:
        raise CodecError("no frame of this protocol")
    return parsed[1], _cut_blobs(frame[head + size :], parsed[0])


def _cut_blobs(data: memoryview, sizes: list[object]) -> list[memoryview]:
    blobs, start = [], 0
    for size in sizes:
        if type(size) is not int or size < 0 or start + size > len(data):
            raise CodecError("a frame of false length")
        blobs.append(data[start : start + size])
        start += size
    if start != len(data):
        raise CodecError("a frame of false length")
    return blobs


def _refuse_constant(name: str) -> Node:
    raise CodecError(f"{name} is no JSON")


def _is_finite(number: Any) -> bool:
    finite: bool = number - number == 0.0
    return finite


def _checked_text(text: Any) -> str:
    exact: str = text  # callers have looked at its type
    if len(exact) > MAX_STRING:
        raise CodecError(f"a text of more than {MAX_STRING} characters")
    return exact


def _int_node(number: int) -> Node:
    if -_PLAIN_INT <= number < _PLAIN_INT:
        return number
    if number.bit_length() > 4 * MAX_HEX_DIGITS:
        raise CodecError(f"an integer of more than {MAX_HEX_DIGITS} hex digits")
    return {"i": hex(number)}


_HEX = re.compile(r"-?0x[0-9a-f]+")


def _read_int(decoder: Decoder, body: Any, depth: int) -> int:
    if type(body) is not str or len(body) > MAX_HEX_DIGITS + 3 or not _HEX.fullmatch(body):
        raise CodecError("no integer")
    return int(body, 16)


def _read_float(decoder: Decoder, body: Any, depth: int) -> float:
    if body not in ("nan", "inf", "-inf"):
        raise CodecError("no float")
    return float(body)


def _write_dict(encoder: Encoder, value: Any, depth: int) -> Node:
    return {_DICT_TAGS[type(value)]: [encoder.items(list(value), depth), encoder.items(list(value.values()), depth)]}


_DICT_TAGS: dict[type, str] = {
    dict: "d",
    collections.OrderedDict: "od",
    collections.Counter: "ct",
    collections.defaultdict: "dd",
}


def _read_dict(make: Callable[[], dict[Any, Any]]) -> Reader:
    def read(decoder: Decoder, body: Any, depth: int) -> dict[Any, Any]:
        keys, values = (decoder.items(part, depth) for part in body)
        result = make()
        for key, value in zip(keys, values, strict=True):
            result[key] = value
        return result

    return read


def _write_items(tag: str) -> Writer:
    def write(encoder: Encoder, value: Any, depth: int) -> Node:
        return {tag: encoder.items(list(value), depth)}

    return write


def _read_items(make: Callable[[list[Any]], Any]) -> Reader:
    def read(decoder: Decoder, body: Any, depth: int) -> Any:
        return make(decoder.items(body, depth))

    return read


def _write_bytes(tag: str) -> Writer:
    def write(encoder: Encoder, value: Any, depth: int) -> Node:
        return {tag: encoder.blob(bytes(value))}

    return write


def _write_deque(encoder: Encoder, value: Any, depth: int) -> Node:
    return {"dq": [encoder.items(list(value), depth), value.maxlen]}


def _read_deque(decoder: Decoder, body: Any, depth: int) -> collections.deque[Any]:
    items, maxlen = body
    return collections.deque(decoder.items(items, depth), _int_or_none(maxlen))


def _write_namedtuple(encoder: Encoder, value: Any, depth: int) -> Node:
    kind = type(value)
    return {"nt": [kind.__name__, list(kind._fields), encoder.items(tuple.__getitem__(value, slice(None)), depth)]}


_TUPLE_TYPES: dict[tuple[str, ...], type] = {}
_MAX_TUPLE_TYPES = 256


def _read_namedtuple(decoder: Decoder, body: Any, depth: int) -> Any:
    name, fields, items = body
    words = (name, *fields)
    if len(words) > 101 or not all(_is_identifier(word) for word in words) or len(set(fields)) != len(fields):
        raise CodecError("no namedtuple")
    if words not in _TUPLE_TYPES:
        if len(_TUPLE_TYPES) >= _MAX_TUPLE_TYPES:
            raise CodecError("too many kinds of namedtuple")
        _TUPLE_TYPES[words] = collections.namedtuple(name, fields)
    return _TUPLE_TYPES[words](*decoder.items(items, depth))


def _is_identifier(word: object) -> bool:
    return (
        type(word) is str
        and len(word) <= 100
        and word.isidentifier()
        and not keyword.iskeyword(word)
        and word[0] != "_"
    )


def _int_or_none(value: object) -> int | None:
    if value is not None and type(value) is not int:
        raise CodecError("no whole number")
    return value


def _write_range(encoder: Encoder, value: Any, depth: int) -> Node:
    return {"r": [_int_node(part) for part in (value.start, value.stop, value.step)]}


def _read_range(decoder: Decoder, body: Any, depth: int) -> range:
    parts = decoder.items(body, depth)
    if len(parts) != 3 or any(type(part) is not int for part in parts):
        raise CodecError("no range")
    return range(*parts)


def _write_slice(encoder: Encoder, value: Any, depth: int) -> Node:
    return {"sl": encoder.items([value.start, value.stop, value.step], depth)}


def _read_slice(decoder: Decoder, body: Any, depth: int) -> slice:
    start, stop, step = decoder.items(body, depth)
    return slice(start, stop, step)


def _write_zoned(tag: str) -> Writer:
    def write(encoder: Encoder, value: Any, depth: int) -> Node:
        return {tag: [value.replace(tzinfo=None).isoformat(), value.fold, zone_node(value.tzinfo)]}

    return write


def _read_zoned(kind: type[dt.datetime] | type[dt.time]) -> Reader:
    def read(decoder: Decoder, body: Any, depth: int) -> Any:
        text, fold, zone = body
        if fold not in (0, 1):
            raise CodecError("no time")
        return kind.fromisoformat(text).replace(fold=fold, tzinfo=zone_of(zone))

    return read


_ZONE_NAME = re.compile(r"[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+){0,2}")


def zone_node(zone: object) -> Node:
    """A time zone as its name, or as seconds from UTC; raises CodecError for other kinds."""
    if zone is None:
        return None
    if type(zone) is dt.timezone:
        return zone.utcoffset(None).total_seconds()
    if type(zone) is zoneinfo.ZoneInfo and zone.key:
        return zone.key
    raise CodecError("a time zone of an unknown kind can't travel")


def zone_of(node: Node) -> dt.tzinfo | None:
    """The time zone of a node; raises CodecError."""
    if node is None:
        return None
    if type(node) in (int, float):
        return dt.timezone(dt.timedelta(seconds=node))
    if type(node) is not str or len(node) > 60 or not _ZONE_NAME.fullmatch(node):
        raise CodecError("no time zone")
    try:
        return zoneinfo.ZoneInfo(node)
    except (zoneinfo.ZoneInfoNotFoundError, OSError):
        raise CodecError("no time zone") from None


def _write_timedelta(encoder: Encoder, value: Any, depth: int) -> Node:
    return {"td": [value.days, value.seconds, value.microseconds]}


def _read_timedelta(decoder: Decoder, body: Any, depth: int) -> dt.timedelta:
    days, seconds, microseconds = body
    return dt.timedelta(days, seconds, microseconds)


def _read_decimal(decoder: Decoder, body: Any, depth: int) -> decimal.Decimal:
    if type(body) is not str or len(body) > 4000:
        raise CodecError("no decimal")
    return decimal.Decimal(body)


def _read_fraction(decoder: Decoder, body: Any, depth: int) -> fractions.Fraction:
    over, under = decoder.items(body, depth)
    if type(over) is not int or type(under) is not int:
        raise CodecError("no fraction")
    return fractions.Fraction(over, under)


def _read_complex(decoder: Decoder, body: Any, depth: int) -> complex:
    real, imaginary = decoder.items(body, depth)
    return complex(float(real), float(imaginary))


def _read_ellipsis(decoder: Decoder, body: Any, depth: int) -> object:
    return ...


_WRITERS: dict[type, Writer] = {
    list: lambda encoder, value, depth: encoder.items(value, depth),
    tuple: _write_items("t"),
    set: _write_items("s"),
    frozenset: _write_items("fs"),
    **dict.fromkeys(_DICT_TAGS, _write_dict),
    bytes: _write_bytes("b"),
    bytearray: _write_bytes("ba"),
    collections.deque: _write_deque,
    complex: lambda encoder, value, depth: {"c": encoder.items([value.real, value.imag], depth)},
    range: _write_range,
    slice: _write_slice,
    type(...): lambda encoder, value, depth: {"e": 0},
    dt.datetime: _write_zoned("dt"),
    dt.time: _write_zoned("tm"),
    dt.date: lambda encoder, value, depth: {"da": value.isoformat()},
    dt.timedelta: _write_timedelta,
    decimal.Decimal: lambda encoder, value, depth: {"de": str(value)},
    fractions.Fraction: lambda encoder, value, depth: {
        "fr": encoder.items([value.numerator, value.denominator], depth)
    },
}

_READERS: dict[str, Reader] = {
    "f": _read_float,
    "i": _read_int,
    "t": _read_items(tuple),
    "s": _read_items(set),
    "fs": _read_items(frozenset),
    "d": _read_dict(dict),
    "od": _read_dict(collections.OrderedDict),
    "ct": _read_dict(collections.Counter),
    "dd": _read_dict(collections.defaultdict),
    "b": lambda decoder, body, depth: bytes(decoder.blob(body)),
    "ba": lambda decoder, body, depth: bytearray(decoder.blob(body)),
    "dq": _read_deque,
    "nt": _read_namedtuple,
    "c": _read_complex,
    "r": _read_range,
    "sl": _read_slice,
    "e": _read_ellipsis,
    "dt": _read_zoned(dt.datetime),
    "tm": _read_zoned(dt.time),
    "da": lambda decoder, body, depth: dt.date.fromisoformat(body),
    "td": _read_timedelta,
    "de": _read_decimal,
    "fr": _read_fraction,
}


def _find_writer(kind: type) -> Writer | None:
    """A writer of numpy's or pandas' types, or of namedtuples; the libraries are only asked for their own."""
    if kind.__module__.partition(".")[0] in ("numpy", "pandas"):
        _load_tables()
        return _WRITERS.get(kind)
    fields = kind.__dict__.get("_fields") if kind.__bases__ == (tuple,) else None
    is_namedtuple = type(fields) is tuple and _is_identifier(kind.__name__) and all(map(_is_identifier, fields))
    return _write_namedtuple if is_namedtuple else None


def _find_reader(tag: object) -> Reader | None:
    if type(tag) is not str or tag[:1] not in ("n", "p"):
        return None
    _load_tables()
    return _READERS.get(tag)


def _load_tables() -> None:
    from judge.codec import arrays, frames

    _WRITERS.update(arrays.WRITERS | frames.WRITERS)
    _READERS.update(arrays.READERS | frames.READERS)
