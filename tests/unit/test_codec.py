"""The codec: what goes in comes out, and bytes made by an enemy end as a CodecError."""

import collections
import datetime as dt
import decimal
import fractions
import json
import pickle
import struct
import zoneinfo
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judge.codec import CodecError, decode, encode

Point = collections.namedtuple("Point", ["x", "y"])

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.binary()
    | st.complex_numbers(allow_nan=False)
    | st.decimals(allow_nan=False)
    | st.fractions()
    | st.dates()
    | st.datetimes(timezones=st.none() | st.just(dt.UTC) | st.just(zoneinfo.ZoneInfo("Europe/Berlin")))
    | st.timedeltas()
)
KEYS = st.text() | st.integers() | st.booleans() | st.none() | st.tuples(st.integers(), st.text())
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.lists(inner, max_size=5).map(tuple)
        | st.dictionaries(KEYS, inner, max_size=5)
        | st.frozensets(KEYS, max_size=5)
        | st.sets(KEYS, max_size=5)
    ),
    max_leaves=30,
)


def frame_of(node: object, *blobs: bytes) -> bytes:
    text = json.dumps([[len(blob) for blob in blobs], node]).encode()
    return b"SP1" + struct.pack("<I", len(text)) + text + b"".join(blobs)


def typed(value: Any) -> str:
    """The types in a value, all the way down: 1, 1.0 and True are equal and not the same."""
    if isinstance(value, dict):
        return f"dict{sorted((typed(key), typed(inner)) for key, inner in value.items())}"
    if isinstance(value, set | frozenset):
        return f"{type(value).__name__}{sorted(map(typed, value))}"
    if isinstance(value, list | tuple):
        return f"{type(value).__name__}{list(map(typed, value))}"
    return type(value).__name__


@given(VALUES)
def test_values_come_back_equal_and_of_the_same_type(value: Any) -> None:
    back = decode(encode(value))

    assert back == value
    assert typed(back) == typed(value)


@pytest.mark.parametrize(
    "value",
    [
        collections.OrderedDict([("b", 1), ("a", 2)]),
        collections.Counter("abracadabra"),
        collections.deque([1, 2], maxlen=3),
        bytearray(b"ab"),
        range(3, 10, 2),
        slice(1, None, -1),
        ...,
        10**4000,
        float("inf"),
        -0.0,
        dt.time(12, 30, tzinfo=dt.UTC),
        decimal.Decimal("1.10"),
        fractions.Fraction(1, 3),
        np.float64(2.5),
        np.datetime64("2026-01-01"),
        np.str_("ü"),
        np.dtype("float32"),
        pd.Timestamp("2026-03-29 02:30", tz="UTC"),
        pd.Timedelta("1D"),
        pd.Period("2026-01", freq="M"),
        pd.Interval(0, 1),
        pd.NaT,
        pd.NA,
    ],
    ids=lambda value: type(value).__name__,
)
def test_one_value_of_each_further_type_comes_back(value: Any) -> None:
    back = decode(encode(value))

    assert repr(back) == repr(value)
    assert type(back) is type(value)


def test_a_namedtuple_comes_back_as_its_like() -> None:
    back = decode(encode(Point(1, [2])))

    assert back == (1, [2])
    assert back.y == [2]
    assert repr(back) == "Point(x=1, y=[2])"


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6).reshape(2, 3),
        np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        np.array([], dtype="int8"),
        np.array(3.5),
        np.array(["a", "bcd"]),
        np.array([True, False]),
        np.array(["2026-01-01", "NaT"], dtype="datetime64[ns]"),
        np.array([1, "a", None], dtype=object),
        np.zeros((0, 3)),
    ],
    ids=lambda array: f"{array.dtype}-{array.shape}",
)
def test_arrays_come_back_writable_and_of_the_same_dtype(array: np.ndarray[Any, Any]) -> None:
    back = decode(encode(array))

    np.testing.assert_array_equal(back, array)
    assert back.dtype == array.dtype
    assert back.flags.writeable


def make_frame() -> pd.DataFrame:
    frame = pd.DataFrame(
        {
            "text": ["x", None, "ü"],
            "whole": [1, 2, 3],
            "kind": pd.Categorical(["u", "v", None], ordered=True),
            "day": pd.to_datetime(["2026-01-01", None, "2026-01-03"]),
            "zoned": pd.date_range("2026-03-28", periods=3, tz="Europe/Berlin"),
            "nullable": pd.array([1, None, 3], dtype="Int64"),
            "truth": pd.array([True, None, False]),
            "mixed": pd.Series(["a", 1, None], dtype=object),
            "bin": pd.cut([1, 2, 3], 2),
            "month": pd.period_range("2026-01", periods=3, freq="M"),
        }
    )
    return frame.set_index(pd.MultiIndex.from_tuples([("a", 1), ("a", 2), ("b", 1)], names=["set", None]))


@pytest.mark.parametrize(
    "frame",
    [
        make_frame(),
        make_frame().iloc[1:],
        make_frame().reset_index(),
        pd.DataFrame(),
        pd.DataFrame(np.eye(3)),
        pd.DataFrame({"a": [1]}).rename_axis(columns="name"),
        pd.DataFrame([[1, "a"]], columns=["same", "same"]),
        make_frame().describe(),
    ],
    ids=range(8),
)
def test_frames_come_back_with_dtypes_index_and_names(frame: pd.DataFrame) -> None:
    back = decode(encode(frame))

    pd.testing.assert_frame_equal(back, frame)


@pytest.mark.parametrize(
    "index",
    [
        pd.RangeIndex(3, name="n"),
        pd.date_range("2026-01-01", periods=3, freq="W-SUN"),
        pd.CategoricalIndex(["a", "b"]),
        pd.Index([], dtype="str"),
        pd.Index([1.5, 2.5], name=("a", 1)),
    ],
    ids=lambda index: type(index).__name__,
)
def test_an_index_comes_back_as_it_was(index: Any) -> None:
    pd.testing.assert_index_equal(decode(encode(index)), index)


def test_what_a_student_derives_from_a_plain_type_does_not_travel() -> None:
    class Liar(list[int]):
        def __eq__(self, other: object) -> bool:
            return True

    with pytest.raises(CodecError, match="Liar can't travel"):
        encode([Liar()])


def test_a_cycle_and_a_giant_are_refused() -> None:
    cycle: list[object] = []
    cycle.append(cycle)

    for value in (cycle, 1 << 500_000, "x" * ((8 << 20) + 1), np.zeros(9 << 20)):
        with pytest.raises(CodecError):
            encode(value)


DEEP = b"SP1" + struct.pack("<I", 200_006) + b"[[]," + b"[" * 100_000 + b"]" * 100_000 + b"]" + b" "


@pytest.mark.parametrize(
    "frame",
    [
        b"",
        b"SP1",
        b"SP2" + bytes(20),
        b"SP1" + struct.pack("<I", 0xFFFFFFFF),
        pickle.dumps([1]),
        DEEP,
        frame_of({"na": ["<f8", [1 << 39], "C", 0]}, b""),
        frame_of({"na": ["|O", [1], "C", 0]}, bytes(8)),
        frame_of({"na": ["<f8", [-1], "C", 0]}, bytes(8)),
        frame_of({"na": ["<f8", [1.0], "C", 0]}, bytes(8)),
        frame_of({"na": ["<U1", [1], "C", 0]}, b"\xff\xff\xff\xff"),
        frame_of({"na": ["V8", [1], "C", 0]}, bytes(8)),
        frame_of({"na": ["<f8", [1], "C", 7]}, bytes(8)),
        frame_of({"ny": "M8[as]xx"}),
        frame_of({"i": "0x" + "f" * 200_000}),
        frame_of({"i": "__import__('os')"}),
        frame_of({"nt": ["P", ["__class__"], [1]]}),
        frame_of({"nt": ["P", ["a", "a"], [1, 2]]}),
        frame_of({"nt": ["class", ["a"], [1]]}),
        frame_of({"d": [[[1]], [2]]}),
        frame_of({"s": [{"d": [[], []]}]}),
        frame_of({"dt": ["2026-01-01", 0, "../../etc/passwd"]}),
        frame_of({"dt": ["2026-01-01", 9, None]}),
        frame_of({"td": [10**12, 0, 0]}),
        frame_of({"h": {"id": 1}}),
        frame_of({"zz": 1}),
        frame_of({"d": [[], []], "t": []}),
        frame_of({"pf": [["range", [0, 1, 1], None], ["range", [0, 5, 1], None], [["np", [1]]]]}),
        frame_of({"px": ["str", "pyarrow", "nan", 1, [None, 0, 1]]}, struct.pack("<qq", 0, 1 << 40), b"x"),
        frame_of({"px": ["str", "pyarrow", "nan", 1, [None, 0, 1]]}, struct.pack("<qq", 0, 1), b"\xff"),
        frame_of({"px": ["str", "pyarrow", "nan", 10**9, [None, 0, 1]]}, bytes(16), b""),
        frame_of(
            {"px": ["masked", "Int64", {"na": ["<i4", [1], "C", 0]}, {"na": ["|b1", [1], "C", 1]}]}, bytes(4), b"\0"
        ),
        frame_of({"px": ["masked", "object", 0, 0]}),
        frame_of({"px": ["cat", {"na": ["|i1", [1], "C", 0]}, ["range", [0, 1, 1], None], False]}, b"\x07"),
        frame_of({"pi": ["multi", [[["range", [0, 1, 1], None]], [{"na": ["|i1", [1], "C", 0]}]], [None]]}, b"\x07"),
        frame_of({"pt": [1 << 80, "ns", None]}),
        frame_of({"pn": "os"}),
        frame_of([1]) + b"more",
        b"SP1" + struct.pack("<I", 9) + b"[[],NaN] ",
    ],
    ids=range(39),
)
def test_a_frame_made_by_an_enemy_is_refused(frame: bytes) -> None:
    with pytest.raises(CodecError):
        decode(frame)


SEEDS = [
    encode(value) for value in (make_frame(), {"a": [1, (2.5, "x")], 3: {4}}, np.arange(4), pd.Series(["a", None]))
]


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(SEEDS), st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), min_size=1, max_size=8))
def test_a_damaged_frame_is_read_or_refused_and_nothing_else(frame: bytes, damage: list[tuple[int, int]]) -> None:
    damaged = bytearray(frame)
    for place, byte in damage:
        damaged[place % len(damaged)] = byte

    try:
        value = decode(bytes(damaged))
    except CodecError:
        return
    repr(value)  # what is read can be looked at
