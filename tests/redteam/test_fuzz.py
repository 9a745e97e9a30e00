"""Whatever bytes arrive, decoding ends in a value or in a CodecError.

`make acceptance-fuzz` tries 200 times as many. Memory is bounded by the frame: a value may be larger than its bytes,
but not without end.
"""

import contextlib
import datetime as dt
import json
import struct
import tracemalloc
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from judge import foreign
from judge.codec import CodecError, arrays, core, decode, encode, frames
from tests.redteam.protocol_frames import FRAMES, VALUES, raw_frame

MAX_BYTES_A_BYTE = 2_000  # "[]," becomes a list of 56 bytes; a range of nothing becomes an index of pandas
SPARE_BYTES = 16 << 20

_SAMPLES: list[Any] = [
    {"a": [1, 2.5, None], (1, "b"): {3, 4}, "text": "é\n"},
    [Fraction(1, 3), 1 << 200, complex(1, -2), b"bytes", range(3), slice(1, None), ...],
    [dt.datetime(2026, 11, 30, 8, tzinfo=dt.UTC), dt.timedelta(1, 2, 3), dt.date(2026, 1, 1)],
    np.arange(12, dtype="<i4").reshape(3, 4),
    [np.float32(1.5), np.array(["a", "bc"]), np.array([True, False]), np.array([1, "a", None], dtype=object)],
    pd.DataFrame({"n": [1, 2], "t": ["a", None], "c": pd.Categorical(["x", "y"]), "d": pd.to_datetime(["2026", None])}),
    pd.Series([1, None], dtype="Int64", index=pd.MultiIndex.from_tuples([("a", 1), ("b", 2)])),
    [pd.Timestamp("2026-11-30", tz="UTC"), pd.NaT, pd.NA, pd.Period("2026-11"), pd.Interval(0, 1)],
]
_VALID = [encode(sample) for sample in _SAMPLES] + [frame for frame in (FRAMES | VALUES).values() if len(frame) < 5_000]
_TAGS = sorted([*core._READERS, *arrays.READERS, *frames.READERS, "h"])
_WORDS = [
    "<f8",
    "|O",
    "|b1",
    "<U3",
    "M8[ns]",
    "str",
    "pyarrow",
    "nan",
    "cat",
    "range",
    "multi",
    "np",
    "Europe",
    "2026-01-01",
    "0x1f",
    "int64",
    "D",
    "C",
    "F",
]

_leaves = st.none() | st.booleans() | st.integers(-(1 << 70), 1 << 70) | st.floats() | st.text(max_size=8)
_words = st.sampled_from(_WORDS)
_nodes = st.recursive(
    _leaves | _words | st.integers(0, 3),
    lambda inner: st.lists(inner, max_size=5) | st.builds(lambda tag, body: {tag: body}, st.sampled_from(_TAGS), inner),
    max_leaves=25,
)


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A valid frame with some bytes changed, cut out, doubled or put in."""
    data = bytearray(draw(st.sampled_from(_VALID)))
    for _ in range(draw(st.integers(1, 6))):
        place = draw(st.integers(0, max(len(data) - 1, 0)))
        some = draw(st.binary(min_size=1, max_size=8))
        match draw(st.integers(0, 3)):
            case 0:
                data[place : place + len(some)] = some
            case 1:
                del data[place : place + draw(st.integers(1, 40))]
            case 2:
                data[place:place] = some
            case _:
                data[place:place] = data[place : place + draw(st.integers(1, 40))]
    return bytes(data)


@st.composite
def well_formed(draw: st.DrawFn) -> bytes:
    """Sound lengths and JSON, a node of any shape, and blobs of any bytes."""
    blobs = draw(st.lists(st.binary(max_size=64), max_size=4))
    text = json.dumps([[len(blob) for blob in blobs], draw(_nodes)])
    return raw_frame(text.encode("utf-8", "replace"), b"".join(blobs))


def read(frame: bytes) -> None:
    tracemalloc.start()
    try:
        decode(frame)
    except CodecError:
        pass
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < SPARE_BYTES + MAX_BYTES_A_BYTE * len(frame)


_fuzzed = settings(deadline=None, suppress_health_check=list(HealthCheck))


@_fuzzed
@given(mutated())
def test_a_changed_frame_is_read_or_refused(frame: bytes) -> None:
    read(frame)


@_fuzzed
@given(well_formed())
def test_a_frame_of_any_shape_is_read_or_refused(frame: bytes) -> None:
    read(frame)


@_fuzzed
@given(st.binary(max_size=300))
@example(b"SP1" + struct.pack("<I", 0xFFFFFFFF))
def test_bytes_of_any_kind_are_read_or_refused(data: bytes) -> None:
    read(data)
    read(b"SP1" + struct.pack("<I", len(data)) + data)


_KINDS = [
    "class",
    "sparse",
    "polars",
    "helper",
    "path",
    "text file",
    "binary file",
    "pattern",
    "uuid",
    "generator",
    "estimator",
]


@_fuzzed
@given(st.sampled_from(_KINDS), _nodes, st.booleans())
def test_packed_parts_of_any_shape_are_built_or_refused(kind: str, parts: object, is_from_test: bool) -> None:
    with contextlib.suppress(CodecError):
        foreign.resolve({"packed": kind, "frame": foreign.pack(_plain(parts))}, is_from_test=is_from_test)


def _plain(node: Any) -> Any:
    return [node] if isinstance(node, dict) else node
