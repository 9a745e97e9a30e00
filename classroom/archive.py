"""Folders as tar streams, and tar streams of strangers read member by member under limits.

Python's tarfile reads more than is wanted here (links, devices, sparse files, sizes changed by extended headers, long
names of any length into memory), so the reading side takes the plain format apart itself: 512-byte headers of regular
files, with an extended header only where a name needs one. Nothing is ever extracted by tarfile.
Format: POSIX.1-2017, pax, "ustar Interchange Format" and "pax Header Block".
"""

import io
import os
import shutil
import stat
import tarfile
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Protocol

from classroom.errors import Conflict, Refused, TooLarge
from classroom.ids import folded_path, parse_member_path

BLOCK = 512
CHUNK = 64 * 1024
_MEBIBYTE = 1024 * 1024
_MAX_EXTENDED_BYTES = 4096
# What an extended header may say beside the name: none of it is used.
_IGNORED_KEYS = {"mtime", "atime", "ctime", "uid", "gid", "uname", "gname", "comment", "hdrcharset"}
_KINDS = {
    b"1": "a hard link",
    b"2": "a symbolic link",
    b"3": "a device",
    b"4": "a device",
    b"5": "a folder entry",
    b"6": "a FIFO",
    b"S": "a sparse file",
    b"L": "a long name in GNU form (use the pax form)",
    b"g": "a global header",
}
_COMPRESSED = {
    b"\x1f\x8b": "gzip",
    b"BZh": "bzip2",
    b"\xfd7zXZ": "xz",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"PK\x03\x04": "zip",
}


class Readable(Protocol):
    """What bytes are read from: a file, a socket's file, a ByteStream."""

    def read(self, size: int = -1, /) -> bytes: ...


@dataclass(frozen=True)
class Limits:
    """What a stream may hold. `names`: exact paths that are allowed; `patterns`: shell patterns, compared with the
    file's name, or with the whole path if the pattern has a slash. Neither given: any name."""

    total_bytes: int
    file_bytes: int
    files: int
    names: frozenset[PurePosixPath] = frozenset()
    patterns: tuple[str, ...] = ()

    def allows(self, path: PurePosixPath) -> bool:
        """Whether a file of that path may be there. A pattern never allows a hidden file or folder."""
        if path in self.names or not (self.names or self.patterns):
            return True
        if any(part.startswith(".") for part in path.parts):
            return False
        return any(fnmatchcase(str(path) if "/" in pattern else path.name, pattern) for pattern in self.patterns)


@dataclass(frozen=True)
class Entry:
    """One file to pack. `open` gives a reader of exactly `size_bytes` bytes."""

    path: PurePosixPath
    size_bytes: int
    open: Callable[[], io.BufferedIOBase]


@dataclass(frozen=True)
class Member:
    """One file of a stream. `content` is valid until the next member is asked for; unread bytes are passed over."""

    path: PurePosixPath
    size_bytes: int
    content: Readable


class ByteStream(io.RawIOBase):
    """Chunks of bytes, as an iterator gives them, read like a file."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # typeshed's buffer type is private
        while not self._rest:
            try:
                self._rest = next(self._chunks)
            except StopIteration:
                return 0
        size = min(len(buffer), len(self._rest))
        buffer[:size], self._rest = self._rest[:size], self._rest[size:]
        return size


def pack(entries: Iterable[Entry]) -> Iterator[bytes]:
    """The chunks of a tar stream, the same bytes for the same files: sorted, no times, no owners, mode 644."""
    for entry in sorted(entries, key=lambda entry: str(entry.path)):
        header = tarfile.TarInfo(str(entry.path))
        header.size, header.mode = entry.size_bytes, 0o644
        yield header.tobuf(tarfile.PAX_FORMAT, "utf-8")
        yield from _exactly(entry)
        yield bytes(-entry.size_bytes % BLOCK)
    yield bytes(2 * BLOCK)


def pack_folder(folder: Path, *, keep: Callable[[PurePosixPath], bool] = lambda path: True) -> Iterator[bytes]:
    """A folder's regular files as a tar stream; raises Refused for a link or a name that can't travel.

    keep: says which relative paths go along; folders that hold nothing kept are passed over.
    """
    return pack(folder_entries(folder, keep=keep))


def folder_entries(folder: Path, *, keep: Callable[[PurePosixPath], bool] = lambda path: True) -> list[Entry]:
    """A folder's regular files, sorted by path; raises Refused for a link, a device or a name that can't travel."""
    found = sorted((path.relative_to(folder).as_posix(), path) for path in _files_below(folder))
    return [_entry(path, parse_member_path(name)) for name, path in found if keep(PurePosixPath(name))]


def open_regular(path: Path) -> io.BufferedReader:
    """The file opened for reading, never through a link and never waiting; raises Refused if it isn't a regular one."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise Refused(f"{path.name!r} can't be read ({error.strerror}); only regular files travel") from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise Refused(f"{path.name!r} is no regular file; remove it or copy its content into one")
    return open(descriptor, "rb")


def read_members(stream: Readable, limits: Limits) -> Iterator[Member]:
    """The files of an untrusted tar stream, one after another, in constant memory.

    Raises TooLarge when the stream, a file or their number passes a limit, and Refused for everything that isn't a
    regular file of an allowed, safe and unique name, for a compressed stream, and for one that ends before its end
    mark: an upload that broke off never looks complete. A size is judged by the header, before the content is read.
    """
    return _Reader(stream, limits).members()


def unpack(stream: Readable, folder: Path, limits: Limits) -> list[PurePosixPath]:
    """Write a stream's files into `folder`, which must not exist; it appears whole or not at all.

    Raises as read_members does, and Conflict when the folder is there.
    """
    if folder.exists():
        raise Conflict(f"{folder.name} is already there; rename it or remove it")
    folder.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", suffix=".part", dir=folder.parent))
    try:
        paths = [_write_member(member, beside) for member in read_members(stream, limits)]
        beside.chmod(0o755)
        beside.rename(folder)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return paths


def copy_content(source: Readable, target: io.BufferedIOBase) -> int:
    """Copy all bytes in chunks; how many they were."""
    size = 0
    while chunk := source.read(CHUNK):
        target.write(chunk)
        size += len(chunk)
    return size


def _files_below(folder: Path) -> Iterator[Path]:
    """Everything that isn't a real folder; a link to a folder too, so that it's refused and not passed over."""
    for root, folders, names in os.walk(folder):
        yield from (Path(root) / name for name in names)
        yield from (Path(root) / name for name in folders if (Path(root) / name).is_symlink())


def _write_member(member: Member, folder: Path) -> PurePosixPath:
    target = folder / member.path
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("xb") as file:
        copy_content(member.content, file)
    return member.path


def _entry(path: Path, name: PurePosixPath) -> Entry:
    with open_regular(path) as file:
        size = os.fstat(file.fileno()).st_size
    return Entry(name, size, partial(open_regular, path))


def _exactly(entry: Entry) -> Iterator[bytes]:
    left = entry.size_bytes
    with entry.open() as source:
        while left:
            chunk = source.read(min(CHUNK, left))
            if not chunk:
                raise Conflict(f"{entry.path} became shorter while it was read; try again")
            left -= len(chunk)
            yield chunk


@dataclass
class _Content:
    """The bytes of one member, and no byte further."""

    reader: "_Reader"
    left: int

    def read(self, size: int = -1, /) -> bytes:
        wanted = self.left if size < 0 else min(size, self.left)
        if not wanted:
            return b""
        chunk = self.reader.read_some(wanted)
        self.left -= len(chunk)
        return chunk


@dataclass
class _Reader:
    stream: Readable
    limits: Limits
    count: int = 0
    total: int = 0
    files: set[str] = field(default_factory=set)
    folders: set[str] = field(default_factory=set)

    def members(self) -> Iterator[Member]:
        block = self.first_block()
        while any(block):
            header, long_name = _Header.parse(block), None
            if header.kind == b"x":
                long_name = self.extended_name(header)
                header = _Header.parse(self.read_block())
            member = self.member(long_name or header.name, header)
            yield member
            while member.content.read(CHUNK):
                pass
            self.read_fully(-header.size % BLOCK)
            block = self.read_block()
        if any(self.read_block()):
            raise Refused("the upload's end mark is damaged; upload it again")

    def member(self, name: str, header: "_Header") -> Member:
        if header.kind not in {b"0", b"\0"}:
            kind = _KINDS.get(header.kind, f"of the unknown type {header.kind!r}")
            raise Refused(f"{name[:100]!r} is {kind}; only regular files are taken")
        path = parse_member_path(name)
        if not self.limits.allows(path):
            raise Refused(f"the file {str(path)!r} isn't expected here; {self.expectation()}")
        self.measure(path, header.size)
        self.place(path)
        return Member(path, header.size, _Content(self, header.size))

    def measure(self, path: PurePosixPath, size: int) -> None:
        self.count += 1
        self.total += size
        if self.count > self.limits.files:
            raise TooLarge(f"{path} is one file too many: {self.limits.files} are allowed; remove some")
        if size > self.limits.file_bytes:
            raise TooLarge(f"{path} has {_megabytes(size)}; a file may have {_megabytes(self.limits.file_bytes)}")
        if self.total > self.limits.total_bytes:
            raise TooLarge(f"with {path} the upload passes its limit of {_megabytes(self.limits.total_bytes)}")

    def place(self, path: PurePosixPath) -> None:
        own, above = folded_path(path), {folded_path(parent) for parent in path.parents[:-1]}
        if own in self.files:
            raise Refused(f"{str(path)!r} is there twice, or twice but for case or Unicode form; rename one")
        if own in self.folders or above & self.files:
            raise Refused(f"{str(path)!r} makes one name both a file and a folder; rename one")
        self.files.add(own)
        self.folders |= above

    def expectation(self) -> str:
        names = sorted(str(name) for name in self.limits.names)
        return f"allowed are {', '.join([*names, *self.limits.patterns])[:400]}, hidden files are not"

    def extended_name(self, header: "_Header") -> str | None:
        if header.size > _MAX_EXTENDED_BYTES:
            raise Refused(f"an extended header has {header.size} bytes, {_MAX_EXTENDED_BYTES} are allowed")
        records = _parse_extended(self.read_fully(header.size))
        self.read_fully(-header.size % BLOCK)
        if odd := sorted(set(records) - _IGNORED_KEYS - {"path"}):
            raise Refused(f"the extended header {odd[0][:40]!r} isn't taken; pack the files plainly")
        return records.get("path")

    def first_block(self) -> bytes:
        start = self.read_some(BLOCK)
        if len(start) < 6:  # a slow line; the longest mark of a compressed stream has 6 bytes
            start += self.read_fully(6 - len(start))
        _refuse_compressed(start)
        return start + self.read_fully(BLOCK - len(start))

    def read_block(self) -> bytes:
        return self.read_fully(BLOCK)

    def read_fully(self, size: int) -> bytes:
        parts = []
        while size:
            parts.append(self.read_some(size))
            size -= len(parts[-1])
        return b"".join(parts)

    def read_some(self, size: int) -> bytes:
        chunk = self.stream.read(min(size, CHUNK))
        if not chunk:
            raise Refused("the upload ended before its end mark; upload it again")
        return chunk


@dataclass(frozen=True)
class _Header:
    name: str
    size: int
    kind: bytes

    @classmethod
    def parse(cls, block: bytes) -> "_Header":
        if block[257:262] != b"ustar" or _number(block[148:156]) != _checksum(block):
            raise Refused("this isn't a tar stream, or it was damaged; upload an uncompressed tar")
        # GNU's variant (magic "ustar  ") keeps times where POSIX keeps the first part of a long name.
        prefix = _text(block[345:500]) if block[257:263] == b"ustar\0" else ""
        name = _text(block[:100])
        return cls(f"{prefix}/{name}" if prefix else name, _number(block[124:136]), block[156:157])


def _checksum(block: bytes) -> int:
    return sum(block[:148]) + 8 * ord(" ") + sum(block[156:])


def _number(digits: bytes) -> int:
    """An octal field; GNU's binary numbers, for files past 8 GiB, are not taken."""
    text = digits.rstrip(b"\0 ").lstrip(b" ")
    if not text or not all(48 <= digit <= 55 for digit in text):
        raise Refused("a number in the tar stream is no plain octal number; upload an uncompressed tar")
    return int(text, 8)


def _text(raw: bytes) -> str:
    try:
        return raw.split(b"\0", 1)[0].decode("utf-8")
    except UnicodeDecodeError as error:
        raise Refused(f"the file name {raw[:100]!r} isn't UTF-8; rename the file") from error


def _parse_extended(raw: bytes) -> dict[str, str]:
    """Records `length key=value\\n`, length in decimal and counting itself; raises Refused."""
    records: dict[str, str] = {}
    while raw:
        length, _, _ = raw.partition(b" ")
        if not length.isdigit() or len(length) > 4 or not 0 < int(length) <= len(raw):
            raise Refused("an extended header is damaged; upload it again")
        record, raw = raw[len(length) + 1 : int(length)], raw[int(length) :]
        key, equals, value = record.partition(b"=")
        if not equals or not value.endswith(b"\n") or _text(key) in records:
            raise Refused("an extended header is damaged; upload it again")
        if b"\0" in value:
            raise Refused("a name in an extended header holds a zero byte; rename the file")
        records[_text(key)] = _text(value[:-1])
    return records


def _refuse_compressed(start: bytes) -> None:
    for magic, name in _COMPRESSED.items():
        if start.startswith(magic):
            raise Refused(f"the upload is compressed with {name}; upload an uncompressed tar")


def _megabytes(size: int) -> str:
    return f"{size / _MEBIBYTE:.3g} MB"
