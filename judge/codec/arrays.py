"""numpy: arrays, scalars and dtypes. The bytes are checked against shape and dtype before anything is made of them."""

import math
import re
from typing import Any

import numpy as np

from judge.codec.core import CodecError, Decoder, Encoder, Node, Reader, Writer

_DTYPE = re.compile(
    r"[<>|=](?:b1|[iu][1248]|f(?:2|4|8|16)|c(?:8|16|32)|[SU]\d{1,6}|[Mm]8(?:\[\d{0,6}[A-Za-z]{1,2}\])?)"
)
_MAX_DIMENSIONS = 32
_MAX_CODE_POINT = 0x10FFFF


def dtype_of(text: object) -> np.dtype[Any]:
    """The dtype of numpy's short spelling, "<f8"; raises CodecError outside the allowed kinds."""
    if type(text) is not str or not _DTYPE.fullmatch(text):
        raise CodecError("no dtype")
    return np.dtype(text)


def write_array(encoder: Encoder, array: Any, depth: int) -> Node:
    """An exact ndarray as bytes, or, when it holds objects, as a list of values."""
    if array.dtype.kind == "O":
        return {"no": [list(array.shape), encoder.items(array.ravel().tolist(), depth)]}
    if not _DTYPE.fullmatch(array.dtype.str):
        raise CodecError(f"an array of {array.dtype} can't travel")
    by_column = array.flags.f_contiguous and not array.flags.c_contiguous
    data = (array.T if by_column else array).tobytes()
    return {"na": [array.dtype.str, list(array.shape), "F" if by_column else "C", encoder.blob(data)]}


def read_array(decoder: Decoder, body: Any, depth: int) -> np.ndarray[Any, Any]:
    """A writable array of its own memory."""
    name, shape, order, blob = body
    dtype, data = dtype_of(name), decoder.blob(blob)
    _check_shape(shape)
    if order not in ("C", "F") or math.prod(shape) * dtype.itemsize != len(data):
        raise CodecError("an array of false size")
    flat = np.frombuffer(data, dtype).copy() if len(data) else np.empty(math.prod(shape), dtype)
    return _sound(flat).reshape(shape, order=order)


def _sound(flat: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Truth values are 0 or 1 and text is made of code points; other bytes would make numpy misbehave later."""
    if flat.dtype.kind == "b":
        return np.asarray(flat.view(np.uint8) != 0)
    if flat.dtype.kind == "U" and flat.size and flat.dtype.itemsize:
        points = flat.view(np.dtype(np.uint32).newbyteorder(flat.dtype.byteorder))
        if points.max(initial=0) > _MAX_CODE_POINT:
            raise CodecError("no text")
    return flat


def _check_shape(shape: object) -> None:
    if type(shape) is not list or len(shape) > _MAX_DIMENSIONS:
        raise CodecError("no shape")
    if any(type(size) is not int or not 0 <= size < 1 << 40 for size in shape):
        raise CodecError("no shape")


def _read_objects(decoder: Decoder, body: Any, depth: int) -> np.ndarray[Any, Any]:
    shape, items = body
    _check_shape(shape)
    values = decoder.items(items, depth)
    if math.prod(shape) != len(values):
        raise CodecError("an array of false size")
    array = np.empty(len(values), dtype=object)
    for place, value in enumerate(values):
        array[place] = value
    return array.reshape(shape)


def _write_scalar(encoder: Encoder, value: Any, depth: int) -> Node:
    if not _DTYPE.fullmatch(value.dtype.str):
        raise CodecError(f"a scalar of {value.dtype} can't travel")
    return {"ns": [value.dtype.str, encoder.blob(value.tobytes())]}


def _read_scalar(decoder: Decoder, body: Any, depth: int) -> Any:
    name, blob = body
    dtype, data = dtype_of(name), decoder.blob(blob)
    if dtype.itemsize != len(data):
        raise CodecError("a scalar of false size")
    if not len(data):
        return dtype.type()
    return _sound(np.frombuffer(data, dtype).copy())[0]


def _write_dtype(encoder: Encoder, value: Any, depth: int) -> Node:
    if value.kind != "O" and not _DTYPE.fullmatch(value.str):
        raise CodecError(f"the dtype {value} can't travel")
    return {"ny": "O" if value.kind == "O" else value.str}


def _read_dtype(decoder: Decoder, body: Any, depth: int) -> np.dtype[Any]:
    return np.dtype(object) if body == "O" else dtype_of(body)


_SCALAR_TYPES = [
    kind for kind in np.sctypeDict.values() if issubclass(kind, np.generic) and kind not in (np.void, np.object_)
]

WRITERS: dict[type, Writer] = {
    np.ndarray: write_array,
    **dict.fromkeys(_SCALAR_TYPES, _write_scalar),
    **{type(np.dtype(kind)): _write_dtype for kind in [*_SCALAR_TYPES, np.object_]},
}
READERS: dict[str, Reader] = {"na": read_array, "no": _read_objects, "ns": _read_scalar, "ny": _read_dtype}
