"""Values between the student's process and the judge's, as bytes that can't do anything but be read.

A frame is b"SP1", the length of a JSON text, the JSON text, and blobs. Only exact types travel: what a student
derives from `list` is no list. Everything else is exported as a handle by an `Opaque`, or refused. There is no
pickle, no eval and no class name that is looked up.

Decoding raises CodecError for whatever is wrong with the bytes, and nothing else.
"""

from judge.codec.core import CodecError, Opaque, decode, encode

__all__ = ["CodecError", "Opaque", "decode", "encode"]
