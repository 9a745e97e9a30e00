"""pandas: frames, series and indexes, column by column. Text goes as Arrow buffers that are validated in full.

`attrs`, flags and pandas' own metadata stay behind. Kinds of columns that aren't listed here don't travel.
"""

import re
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from judge.codec.arrays import read_array, write_array
from judge.codec.core import CodecError, Decoder, Encoder, Node, Reader, Writer, zone_node, zone_of

_FREQUENCY = re.compile(r"-?[0-9]{0,6}[A-Za-z]{1,5}(-[A-Z]{3})?")
_UNITS = ("s", "ms", "us", "ns")
_MASKED = {str(kind()): kind for kind in (
    pd.Int8Dtype, pd.Int16Dtype, pd.Int32Dtype, pd.Int64Dtype, pd.UInt8Dtype, pd.UInt16Dtype, pd.UInt32Dtype,
    pd.UInt64Dtype, pd.Float32Dtype, pd.Float64Dtype, pd.BooleanDtype,
)}  # fmt: skip


def _write_frame(encoder: Encoder, frame: Any, depth: int) -> Node:
    columns, index = _write_index(encoder, frame.columns, depth), _write_index(encoder, frame.index, depth)
    kinds = set(frame.dtypes)
    if len(kinds) == 1 and isinstance(kind := kinds.pop(), np.dtype) and kind.kind in "biufc":
        return {"pv": [columns, index, write_array(encoder, frame.to_numpy(), depth)]}
    return {
        "pf": [columns, index, [_write_column(encoder, frame.iloc[:, n].array, depth) for n in range(frame.shape[1])]]
    }


def _read_frame(decoder: Decoder, body: Any, depth: int) -> pd.DataFrame:
    columns, index, arrays = body
    labels, rows = _read_index(decoder, columns, depth), _read_index(decoder, index, depth)
    values = [_read_column(decoder, array, depth) for array in arrays]
    if any(len(column) != len(rows) for column in values) or len(values) != len(labels):
        raise CodecError("a frame of false size")
    frame = pd.DataFrame(dict(enumerate(values)), index=rows)
    frame.columns = labels
    return frame


def _read_values(decoder: Decoder, body: Any, depth: int) -> pd.DataFrame:
    columns, index, values = body
    table = read_array(decoder, _only(values, "na"), depth)
    return pd.DataFrame(table, index=_read_index(decoder, index, depth), columns=_read_index(decoder, columns, depth))


def _write_series(encoder: Encoder, series: Any, depth: int) -> Node:
    index = _write_index(encoder, series.index, depth)
    return {"ps": [_write_column(encoder, series.array, depth), index, encoder.node(series.name, depth)]}


def _read_series(decoder: Decoder, body: Any, depth: int) -> "pd.Series[Any]":
    array, index, name = body
    return pd.Series(
        _read_column(decoder, array, depth), index=_read_index(decoder, index, depth), name=decoder.value(name, depth)
    )


def _write_index(encoder: Encoder, index: Any, depth: int) -> Node:
    kind = type(index)
    if kind not in _INDEXES:
        raise CodecError(f"an index of type {kind.__name__} can't travel")
    if kind is pd.RangeIndex:
        return ["range", [index.start, index.stop, index.step], encoder.node(index.name, depth)]
    if kind is pd.MultiIndex:
        levels = [_write_index(encoder, level, depth + 1) for level in index.levels]
        codes = [write_array(encoder, np.asarray(code), depth) for code in index.codes]
        return ["multi", [levels, codes], encoder.items(list(index.names), depth)]
    frequency = getattr(index, "freqstr", None) if kind in (pd.DatetimeIndex, pd.TimedeltaIndex) else None
    return ["array", [_write_column(encoder, index.array, depth), frequency], encoder.node(index.name, depth)]


def _read_index(decoder: Decoder, node: Node, depth: int) -> Any:
    kind, body, name = node
    if kind == "range":
        start, stop, step = decoder.items(body, depth)
        return pd.RangeIndex(start, stop, step, name=decoder.value(name, depth))
    if kind == "multi":
        return _read_multi(decoder, body, name, depth + 1)
    column, frequency = body
    index = pd.Index(_read_column(decoder, column, depth), name=decoder.value(name, depth))
    if frequency is not None:
        if type(frequency) is not str or not _FREQUENCY.fullmatch(frequency):
            raise CodecError("no frequency")
        index = type(index)(index, freq=frequency)
    return index


def _read_multi(decoder: Decoder, body: Any, names: Node, depth: int) -> pd.MultiIndex:
    levels, codes = body
    if type(levels) is not list or not 1 <= len(levels) <= 32:
        raise CodecError("no index")
    if depth > 4:
        raise CodecError("an index nested too deep")
    return pd.MultiIndex(
        levels=[_read_index(decoder, level, depth) for level in levels],
        codes=[read_array(decoder, _only(code, "na"), depth).tolist() for code in codes],
        names=decoder.items(names, depth),
        verify_integrity=True,
    )


def _write_column(encoder: Encoder, array: Any, depth: int) -> Node:
    dtype = array.dtype
    if isinstance(dtype, np.dtype) or type(array) is pd.arrays.NumpyExtensionArray:
        return ["np", encoder.node(np.asarray(array), depth)]
    for kind, write in _COLUMN_WRITERS.items():
        if type(dtype) is kind:
            return write(encoder, array, depth)
    raise CodecError(f"a column of {dtype} can't travel")


def _write_text(encoder: Encoder, array: Any, depth: int) -> Node:
    text = pa.array(array, type=pa.large_string())
    # A table glued together has several chunks; concat_arrays drops what a slice has before and behind it.
    chunks = text.chunks if isinstance(text, pa.ChunkedArray) else [text]
    text = pa.concat_arrays(chunks) if chunks else pa.array([], type=pa.large_string())
    validity, offsets, data = text.buffers()
    missing = "nan" if isinstance(array.dtype.na_value, float) else "NA"
    parts = [None if part is None else encoder.blob(memoryview(part)) for part in (validity, offsets, data)]
    return ["str", array.dtype.storage, missing, len(text), parts]


def _read_text(decoder: Decoder, body: Any, depth: int) -> Any:
    storage, missing, length, parts = body
    if storage not in ("pyarrow", "python") or missing not in ("nan", "NA") or type(length) is not int or length < 0:
        raise CodecError("no text column")
    buffers = [None if part is None else pa.py_buffer(bytes(decoder.blob(part))) for part in parts]
    validity, offsets, data = buffers
    if length == 0:
        text = pa.array([], type=pa.large_string())
    else:
        if offsets is None or offsets.size < 8 * (length + 1) or (validity is not None and validity.size * 8 < length):
            raise CodecError("a text column of false size")
        text = pa.Array.from_buffers(pa.large_string(), length, [validity, offsets, data or pa.py_buffer(b"")])
        text.validate(full=True)
    dtype: Any = pd.StringDtype(storage, na_value=np.nan if missing == "nan" else pd.NA)
    return dtype.__from_arrow__(text)


def _write_masked(encoder: Encoder, array: Any, depth: int) -> Node:
    mask = np.asarray(array.isna())
    values = array.to_numpy(dtype=array.dtype.numpy_dtype, na_value=array.dtype.numpy_dtype.type(0))
    return ["masked", str(array.dtype), write_array(encoder, values, depth), write_array(encoder, mask, depth)]


def _read_masked(decoder: Decoder, body: Any, depth: int) -> Any:
    name, values, mask = body
    dtype: Any = _MASKED[name]()
    data, missing = (read_array(decoder, _only(node, "na"), depth) for node in (values, mask))
    if data.dtype != dtype.numpy_dtype or missing.dtype != np.bool_ or data.shape != missing.shape or data.ndim != 1:
        raise CodecError("a nullable column of false size")
    return dtype.construct_array_type()(data, missing)


def _write_categories(encoder: Encoder, array: Any, depth: int) -> Node:
    codes = write_array(encoder, np.asarray(array.codes), depth)
    return ["cat", codes, _write_index(encoder, array.categories, depth), bool(array.ordered)]


def _read_categories(decoder: Decoder, body: Any, depth: int) -> Any:
    codes, categories, ordered = body
    if depth > MAX_COLUMN_DEPTH or type(ordered) is not bool:
        raise CodecError("no categories")
    dtype = pd.CategoricalDtype(_read_index(decoder, categories, depth + 1), ordered)
    return pd.Categorical.from_codes(read_array(decoder, _only(codes, "na"), depth), dtype=dtype)


def _write_zoned(encoder: Encoder, array: Any, depth: int) -> Node:
    plain = np.asarray(array.tz_convert("UTC").tz_localize(None))
    return ["zoned", write_array(encoder, plain, depth), zone_node(array.dtype.tz)]


def _read_zoned(decoder: Decoder, body: Any, depth: int) -> Any:
    values, zone = body
    times = read_array(decoder, _only(values, "na"), depth)
    if times.dtype.kind != "M" or zone is None:
        raise CodecError("no times")
    return pd.DatetimeIndex(times, tz="UTC").tz_convert(zone_of(zone)).array


def _write_periods(encoder: Encoder, array: Any, depth: int) -> Node:
    return ["period", write_array(encoder, np.asarray(array.asi8), depth), array.freqstr]


def _read_periods(decoder: Decoder, body: Any, depth: int) -> Any:
    ordinals, frequency = body
    if type(frequency) is not str or not _FREQUENCY.fullmatch(frequency):
        raise CodecError("no frequency")
    index: Any = pd.PeriodIndex  # its stubs lack from_ordinals
    return index.from_ordinals(read_array(decoder, _only(ordinals, "na"), depth), freq=frequency).array


def _write_intervals(encoder: Encoder, array: Any, depth: int) -> Node:
    ends = [_write_index(encoder, end, depth) for end in (array.left, array.right)]
    return ["interval", *ends, array.closed]


def _read_intervals(decoder: Decoder, body: Any, depth: int) -> Any:
    left, right, closed = body
    if depth > MAX_COLUMN_DEPTH:
        raise CodecError("no intervals")
    first, last = (_read_index(decoder, end, depth + 1) for end in (left, right))
    return pd.arrays.IntervalArray.from_arrays(first, last, closed=closed)


MAX_COLUMN_DEPTH = 60
_COLUMN_WRITERS: dict[type, Writer] = {
    pd.StringDtype: _write_text,
    pd.CategoricalDtype: _write_categories,
    pd.DatetimeTZDtype: _write_zoned,
    pd.PeriodDtype: _write_periods,
    pd.IntervalDtype: _write_intervals,
    **dict.fromkeys(_MASKED.values(), _write_masked),
}
_COLUMN_READERS: dict[str, Reader] = {
    "str": _read_text,
    "masked": _read_masked,
    "cat": _read_categories,
    "zoned": _read_zoned,
    "period": _read_periods,
    "interval": _read_intervals,
}
_INDEXES = (
    pd.Index, pd.RangeIndex, pd.MultiIndex, pd.DatetimeIndex, pd.TimedeltaIndex, pd.CategoricalIndex, pd.PeriodIndex,
    pd.IntervalIndex,
)  # fmt: skip


def _read_column(decoder: Decoder, node: Node, depth: int) -> Any:
    if type(node) is not list or not node or depth > MAX_COLUMN_DEPTH:
        raise CodecError("no column")
    kind, *body = node
    if kind == "np":
        array = decoder.value(body[0], depth)
        if type(array) is not np.ndarray or array.ndim != 1:
            raise CodecError("no column")
        return array
    return _COLUMN_READERS[kind](decoder, body, depth)


def _only(node: Node, tag: str) -> Any:
    if type(node) is not dict or list(node) != [tag]:
        raise CodecError("an unexpected value")
    return node[tag]


def _write_timestamp(encoder: Encoder, value: Any, depth: int) -> Node:
    plain = value if value.tzinfo is None else value.tz_convert("UTC").tz_localize(None)
    return {"pt": [plain.asm8.view("i8").item(), value.unit, zone_node(value.tzinfo)]}


def _read_timestamp(decoder: Decoder, body: Any, depth: int) -> Any:
    ticks, unit, zone = body
    if unit not in _UNITS or type(ticks) is not int:
        raise CodecError("no time")
    plain = pd.Timestamp(np.datetime64(ticks, unit))
    return plain if zone is None else plain.tz_localize("UTC").tz_convert(zone_of(zone))


def _write_timedelta(encoder: Encoder, value: Any, depth: int) -> Node:
    return {"pl": [value.asm8.view("i8").item(), value.unit]}


def _read_timedelta(decoder: Decoder, body: Any, depth: int) -> Any:
    ticks, unit = body
    if unit not in _UNITS or type(ticks) is not int:
        raise CodecError("no duration")
    return pd.Timedelta(np.timedelta64(ticks, unit))


def _read_missing(decoder: Decoder, body: Any, depth: int) -> Any:
    return {"NaT": pd.NaT, "NA": pd.NA}[body]


def _write_interval(encoder: Encoder, value: Any, depth: int) -> Node:
    return {"pw": [*encoder.items([value.left, value.right], depth), value.closed]}


def _read_interval(decoder: Decoder, body: Any, depth: int) -> Any:
    left, right, closed = body
    return pd.Interval(decoder.value(left, depth), decoder.value(right, depth), closed)


def _write_period(encoder: Encoder, value: Any, depth: int) -> Node:
    return {"pp": [value.ordinal, value.freqstr]}


def _read_period(decoder: Decoder, body: Any, depth: int) -> Any:
    ordinal, frequency = body
    if type(frequency) is not str or not _FREQUENCY.fullmatch(frequency) or type(ordinal) is not int:
        raise CodecError("no period")
    index: Any = pd.PeriodIndex  # its stubs lack from_ordinals
    return index.from_ordinals([ordinal], freq=frequency)[0]


def _write_dtype(encoder: Encoder, value: Any, depth: int) -> Node:
    """An extension dtype, as the empty column that has it."""
    return {"py": _write_column(encoder, pd.Series([], dtype=value).array, depth)}


def _read_dtype(decoder: Decoder, body: Any, depth: int) -> Any:
    return _read_column(decoder, body, depth).dtype


def _write_array(encoder: Encoder, value: Any, depth: int) -> Node:
    return {"px": _write_column(encoder, value, depth)}


WRITERS: dict[type, Writer] = {
    pd.DataFrame: _write_frame,
    pd.Series: _write_series,
    **dict.fromkeys(_INDEXES, lambda encoder, value, depth: {"pi": _write_index(encoder, value, depth)}),
    pd.Timestamp: _write_timestamp,
    pd.Timedelta: _write_timedelta,
    pd.Period: _write_period,
    pd.Interval: _write_interval,
    type(pd.NaT): lambda encoder, value, depth: {"pn": "NaT"},
    type(pd.NA): lambda encoder, value, depth: {"pn": "NA"},
    **dict.fromkeys(_COLUMN_WRITERS, _write_dtype),
    **dict.fromkeys((type(pd.array(["a"], dtype=kind)) for kind in ("str", "string", "category")), _write_array),
    **dict.fromkeys((kind.construct_array_type() for kind in (k() for k in _MASKED.values())), _write_array),
}
READERS: dict[str, Reader] = {
    "pf": _read_frame,
    "pv": _read_values,
    "ps": _read_series,
    "pi": _read_index,
    "pt": _read_timestamp,
    "pl": _read_timedelta,
    "pp": _read_period,
    "pw": _read_interval,
    "pn": _read_missing,
    "py": _read_dtype,
    "px": _read_column,
}
