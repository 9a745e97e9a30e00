"""Values beside the codec's own that travel whole: packed as plain parts, put together again on the other side.

Each kind is known by its exact class, and what arrives is built by this module from checked plain parts. A packed
value stands in a handle's place: {"packed": kind, "frame": base64 of a frame without handles}.
"""

import base64
import importlib
import io
import math
import pathlib
import re
import sys
import uuid
from collections.abc import Callable
from typing import Any

from judge.codec import CodecError, decode, encode
from judge.codec.core import Spec

MAX_PATTERN = 10_000

# Classes that are values themselves: `dtype=int`, `expected_type(pd.DataFrame)`.
_CLASSES = {
    "builtins": ("bool", "int", "float", "complex", "str", "bytes", "bytearray", "list", "tuple", "set", "frozenset",
                 "dict", "object", "type", "range", "slice"),
    "datetime": ("date", "datetime", "time", "timedelta"),
    "pandas": ("DataFrame", "Series", "Index", "Timestamp", "Timedelta"),
    "numpy": ("ndarray", "bool", "generic", "number", "integer", "floating", "int8", "int16", "int32", "int64", "uint8",
              "uint16", "uint32", "uint64", "float16", "float32", "float64", "str_", "object_", "datetime64"),
}  # fmt: skip


def pack(value: object) -> str:
    """A plain value as text; raises CodecError when it holds anything else."""
    return base64.b64encode(encode(value)).decode("ascii")


def unpack(text: object) -> Any:
    """The plain value of a packed text; raises CodecError."""
    if type(text) is not str:
        raise CodecError("nothing is packed")
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        raise CodecError("nothing is packed") from None
    return decode(data)


def export(value: object) -> Spec | None:
    """The packed form of a value of a known kind; None for all others. Raises CodecError for odd ones."""
    if isinstance(value, type):
        module = value.__module__.partition(".")[0]
        is_known = value.__name__ in _CLASSES.get(module, ()) and _class_of(module, value.__name__) is value
        return {"packed": "class", "frame": pack([module, value.__name__])} if is_known else None
    kind = type(value)
    if kind.__module__.startswith("scipy.sparse"):
        return _packed("sparse", _sparse_parts(value))
    if kind.__module__.startswith("sklearn."):
        from judge import estimators

        helper = estimators.helper_parts(value)
        return None if helper is None else _packed("helper", helper)
    if kind.__module__.partition(".")[0] == "polars":
        from judge import polars_tables

        parts = polars_tables.parts_of(value)
        return None if parts is None else _packed("polars", parts)
    if kind in _PARTS:
        name, parts_of = _PARTS[kind]
        return _packed(name, parts_of(value))
    return None


def export_to_student(value: object) -> Spec | None:
    """The packed form of what only a test gives away: random generators by their state, estimators by their parameters.

    No state of a student's would be set here. Raises CodecError for a fitted estimator.
    """
    kind = type(value)
    if kind.__module__.startswith("sklearn."):
        from judge import estimators

        return _packed("estimator", estimators.pack_unfitted(value)) if estimators.is_known(value) else None
    if kind.__module__.startswith("numpy.random") and kind.__name__ == "Generator":
        generator: Any = value  # numpy isn't imported here
        return _packed("generator", generator.bit_generator.state)
    return None


def resolve(spec: Spec, *, is_from_test: bool = False) -> object:
    """The value of a packed one; raises CodecError, whatever it holds. is_from_test: on the student's side."""
    builders = _BUILDERS | _STUDENT_BUILDERS if is_from_test else _BUILDERS
    build = builders.get(spec["packed"]) if type(spec.get("packed")) is str else None
    if build is None:
        raise CodecError("nothing of a known kind is packed")
    try:
        return build(unpack(spec.get("frame")))
    except (CodecError, MemoryError):
        raise
    except Exception as error:  # noqa: BLE001 - libraries raise what they like over hostile parts
        raise CodecError(f"a packed value that can't be read: {type(error).__name__}") from None


def _packed(kind: str, parts: object) -> Spec:
    return {"packed": kind, "frame": pack(parts)}


def _class_of(module: str, name: str) -> object:
    return getattr(sys.modules.get(module), name, None)


def _read_class(parts: Any) -> object:
    module, name = parts
    if name not in _CLASSES[module]:
        raise CodecError("no known class")
    return getattr(importlib.import_module(module), name)


def _sparse_parts(matrix: Any) -> list[Any] | None:
    rows = matrix.tocsr()
    is_array = type(matrix).__name__.endswith("_array")
    return [is_array, matrix.format, list(rows.shape), rows.data, rows.indices, rows.indptr]


def _read_sparse(parts: Any) -> object:
    """A sparse matrix whose indices are checked: scipy's compiled code trusts them."""
    import numpy as np

    sparse = importlib.import_module("scipy.sparse")
    is_array, form, shape, data, indices, indptr = parts
    if form not in ("csr", "csc", "coo", "lil", "dok", "bsr", "dia"):
        raise CodecError("no sparse matrix")
    if len(shape) != 2 or any(type(size) is not int or not 0 <= size < 1 << 31 for size in shape):
        raise CodecError("no sparse matrix")
    if any(type(part) is not np.ndarray or part.ndim != 1 for part in (data, indices, indptr)):
        raise CodecError("no sparse matrix")
    if form in ("lil", "dia", "bsr") and math.prod(shape) > 1 << 26:
        raise CodecError("a sparse matrix of a form that would grow here")
    matrix = (sparse.csr_array if is_array else sparse.csr_matrix)((data, indices, indptr), shape=tuple(shape))
    matrix.check_format(full_check=True)
    return matrix.asformat(form)


def _read_pattern(parts: Any) -> "re.Pattern[Any]":
    text, flags = parts
    if type(text) not in (str, bytes) or type(flags) is not int or len(text) > MAX_PATTERN:
        raise CodecError("no pattern")
    return re.compile(text, flags & ~re.DEBUG)


def _read_buffer(make: Callable[[Any], Any], kind: type) -> Callable[[Any], object]:
    def read(parts: Any) -> object:
        content, place = parts
        if type(content) is not kind or type(place) is not int:
            raise CodecError("no buffer")
        buffer = make(content)
        buffer.seek(place)
        return buffer

    return read


def _read_generator(state: Any) -> object:
    import numpy as np

    if state["bit_generator"] not in ("PCG64", "MT19937", "Philox", "SFC64", "PCG64DXSM"):
        raise CodecError("no generator")
    bits = getattr(np.random, state["bit_generator"])()
    bits.state = state
    return np.random.Generator(bits)


def _read_helper(parts: Any) -> object:
    from judge import estimators

    return estimators.build_helper(parts)


def _read_estimator(frame: Any) -> object:
    from judge import estimators

    return estimators.build(frame)


def _read_polars(parts: Any) -> object:
    from judge import polars_tables

    return polars_tables.build(parts)


_PARTS: dict[type, tuple[str, Callable[[Any], object]]] = {
    pathlib.PosixPath: ("path", str),
    pathlib.PurePosixPath: ("pure path", str),
    io.StringIO: ("text file", lambda value: [value.getvalue(), value.tell()]),
    io.BytesIO: ("binary file", lambda value: [value.getvalue(), value.tell()]),
    re.Pattern: ("pattern", lambda value: [value.pattern, value.flags]),
    uuid.UUID: ("uuid", str),
}
_BUILDERS: dict[str, Callable[[Any], object]] = {
    "class": _read_class,
    "sparse": _read_sparse,
    "polars": _read_polars,
    "helper": _read_helper,
    "path": pathlib.PosixPath,
    "pure path": pathlib.PurePosixPath,
    "text file": _read_buffer(io.StringIO, str),
    "binary file": _read_buffer(io.BytesIO, bytes),
    "pattern": _read_pattern,
    "uuid": lambda text: uuid.UUID(text),
}
_STUDENT_BUILDERS: dict[str, Callable[[Any], object]] = {
    "generator": _read_generator,
    "estimator": _read_estimator,
}
