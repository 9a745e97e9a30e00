"""polars tables in plain parts: numbers and times as arrays with a mask, texts as a column of pandas, others as lists.

polars keeps threads that a forked process hasn't got: the judge imports it after its fork, when a test needs it.
"""

from typing import Any

from judge.codec import CodecError

_NUMBERS = ("Int8", "Int16", "Int32", "Int64", "UInt8", "UInt16", "UInt32", "UInt64", "Float32", "Float64", "Boolean")
_TIMES = ("Date", "Time", "Datetime", "Duration")
_TEXTS = ("String", "Categorical", "Enum")
_OTHERS = ("Null", "Binary", "Decimal", "List", "Array", "Struct")


def parts_of(value: Any) -> list[Any] | None:
    """The parts of a DataFrame, Series or LazyFrame (which is collected); None for other objects of polars."""
    kind = type(value).__name__
    if kind == "Series":
        return ["Series", [_column_parts(value)]]
    if kind == "LazyFrame":
        return ["LazyFrame", [_column_parts(column) for column in value.collect()]]
    if kind == "DataFrame":
        return ["DataFrame", [_column_parts(column) for column in value]]
    return None


def build(parts: Any) -> Any:
    """The table of these parts; raises CodecError, also where polars isn't installed, and what polars raises."""
    try:
        import polars as pl
    except ImportError:
        raise CodecError("the student's table is one of polars, which the judge hasn't got") from None
    kind, columns = parts
    series = [_column(pl, *column) for column in columns]
    if kind == "Series":
        (only,) = series
        return only
    table = pl.DataFrame(series)
    return table.lazy() if kind == "LazyFrame" else table


def _column_parts(column: Any) -> list[Any]:
    dtype = _dtype_parts(column.dtype)
    if dtype[0] in _TEXTS:
        import pandas as pd

        return [column.name, dtype, pd.Series(column.to_list(), dtype="str"), None]
    if dtype[0] in _OTHERS:
        return [column.name, dtype, column.to_list(), None]
    physical = column.to_physical()
    values = physical.fill_null(False if dtype[0] == "Boolean" else 0).to_numpy()
    return [column.name, dtype, values, column.is_null().to_numpy() if column.null_count() else None]


def _column(pl: Any, name: Any, dtype: Any, values: Any, missing: Any) -> Any:
    if type(name) is not str:
        raise CodecError("no column")
    kind = _dtype(pl, dtype)
    if dtype[0] in _TEXTS:
        texts = values.astype(object).where(values.notna(), None).to_list()
        return pl.Series(name, texts, dtype=pl.String).cast(kind)
    if dtype[0] in _OTHERS:
        return pl.Series(name, values, dtype=kind)
    column = pl.Series(name, values).cast(kind)
    if missing is None:
        return column
    return pl.select(pl.when(pl.Series(missing)).then(None).otherwise(column).alias(name)).to_series()


def _dtype_parts(dtype: Any) -> list[Any]:
    name = dtype.base_type().__name__
    if name == "Datetime":
        return [name, dtype.time_unit, dtype.time_zone]
    if name == "Duration":
        return [name, dtype.time_unit]
    if name == "Enum":
        return [name, dtype.categories.to_list()]
    if name == "Decimal":
        return [name, dtype.precision, dtype.scale]
    if name == "List":
        return [name, _dtype_parts(dtype.inner)]
    if name == "Struct":
        return [name, {field.name: _dtype_parts(field.dtype) for field in dtype.fields}]
    if name not in (*_NUMBERS, *_TIMES, *_TEXTS, "Null", "Binary"):
        raise CodecError(f"a column of polars' {name} can't travel")
    return [name]


def _dtype(pl: Any, parts: Any) -> Any:
    name, *rest = parts
    if name == "List":
        return pl.List(_dtype(pl, rest[0]))
    if name == "Struct":
        return pl.Struct({field: _dtype(pl, inner) for field, inner in rest[0].items()})
    if name not in (*_NUMBERS, *_TIMES, *_TEXTS, *_OTHERS) or any(
        type(one) not in (str, int, list, type(None)) for one in rest
    ):
        raise CodecError("no dtype of polars")
    return getattr(pl, name)(*rest)
