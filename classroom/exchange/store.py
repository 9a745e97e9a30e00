"""The store: every file once, under the sha256 of its content; folders as lists of path and sha256.

    root/sha256/ab/cdef...      a blob, read-only, complete and on disk as soon as it has its name
    root/incoming/<random>/     an upload under way, locked by its writer; what no one locks is rubbish

A blob gets its name by a rename inside one file system, after fsync: it's there whole or not at all.
"""

import fcntl
import hashlib
import io
import json
import os
import shutil
import tempfile
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path, PurePosixPath

from classroom.archive import CHUNK, Entry, Readable, open_regular
from classroom.errors import GraderError, NotFound, Refused
from classroom.ids import Digest, parse_digest, parse_member_path

_PART = "part"  # what is still being written
Tree = Mapping[PurePosixPath, Digest]


class Staging:
    """An upload under way: its blobs belong to the store only after `keep`."""

    def __init__(self, store: "Store", folder: Path) -> None:
        self._store = store
        self._folder = folder

    def put_stream(self, stream: Readable) -> Digest:
        """Write a blob, in constant memory; its sha256."""
        temporary, digest = self._folder / _PART, hashlib.sha256()
        with temporary.open("wb") as file:
            while chunk := stream.read(CHUNK):
                digest.update(chunk)
                file.write(chunk)
            file.flush()
            os.fchmod(file.fileno(), 0o400)
            os.fsync(file.fileno())
        temporary.rename(self._folder / digest.hexdigest())
        return Digest(digest.hexdigest())

    def put_bytes(self, content: bytes) -> Digest:
        """Write a blob; its sha256."""
        return self.put_stream(io.BytesIO(content))

    def put_tree(self, files: Tree) -> Digest:
        """Write the list of a folder's files; its sha256. The same files give the same list."""
        return self.put_bytes(_manifest(files))

    def read_bytes(self, digest: Digest) -> bytes:
        """A blob of this upload."""
        return (self._folder / digest).read_bytes()

    def keep(self) -> None:
        """Give all blobs to the store. Returns when they are sure to survive a crash."""
        self._store.adopt({parse_digest(blob.name): blob for blob in self._folder.iterdir() if blob.name != _PART})


class Store:
    """The store in a folder, made on first use. Several processes may use it at once."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._blobs = root / "sha256"
        self._incoming = root / "incoming"

    @contextmanager
    def stage(self) -> Iterator[Staging]:
        """An upload under way; what `keep` didn't give to the store is gone after the block."""
        self._incoming.mkdir(parents=True, exist_ok=True)
        folder, lock = _locked_folder(self._incoming)
        try:
            yield Staging(self, folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            os.close(lock)

    def put_stream(self, stream: Readable) -> Digest:
        """Store a blob, in constant memory; its sha256."""
        with self.stage() as staging:
            digest = staging.put_stream(stream)
            staging.keep()
        return digest

    def put_bytes(self, content: bytes) -> Digest:
        """Store a blob; its sha256."""
        return self.put_stream(io.BytesIO(content))

    def put_tree(self, files: Tree) -> Digest:
        """Store the list of a folder's files, whose blobs are there already; its sha256."""
        return self.put_bytes(_manifest(files))

    def adopt(self, files: Mapping[Digest, Path]) -> None:
        """Move complete files of this file system to their places; blobs that are there are left alone, but young."""
        changed = {self._blobs}
        for digest, file in files.items():
            target = self._path(digest)
            try:
                os.utime(target)  # `forget_unused` spares what is young: somebody is about to refer to it
            except FileNotFoundError:
                target.parent.mkdir(parents=True, exist_ok=True)
                file.rename(target)
                changed.add(target.parent)
        for folder in changed:
            _fsync_folder(folder)

    def open(self, digest: Digest) -> io.BufferedReader:
        """A blob's content, unchecked; raises NotFound."""
        path = self._path(digest)
        if not path.is_file():
            raise NotFound(f"the store has no {digest}")
        return open_regular(path)

    def size_bytes(self, digest: Digest) -> int:
        """A blob's size; raises NotFound."""
        with self.open(digest) as file:
            return os.fstat(file.fileno()).st_size

    def read_bytes(self, digest: Digest) -> bytes:
        """A blob's content, compared with its name; raises NotFound, and GraderError when the disk lost a bit of it."""
        with self.open(digest) as file:
            content = file.read()
        if hashlib.sha256(content).hexdigest() != digest:
            raise GraderError(f"the store's blob {digest} is damaged; restore it from the backup")
        return content

    def tree(self, digest: Digest) -> dict[PurePosixPath, Digest]:
        """A folder's files by path, sorted; raises NotFound, and GraderError when the list is damaged."""
        try:
            listed = json.loads(self.read_bytes(digest))["files"]
            return {parse_member_path(path): parse_digest(blob) for path, blob in sorted(listed.items())}
        except (ValueError, KeyError, TypeError, AttributeError, Refused) as error:
            raise GraderError(f"the store's {digest} is no list of files") from error

    def entries(self, digest: Digest) -> list[Entry]:
        """A tree's files, to be packed."""
        return [
            Entry(path, self.size_bytes(blob), partial(self.open, blob)) for path, blob in self.tree(digest).items()
        ]

    def write_tree(self, digest: Digest, folder: Path, *, extra: Mapping[PurePosixPath, bytes] | None = None) -> None:
        """Make `folder` hold exactly the tree's files and `extra`; what was there is replaced whole.

        Written beside and renamed: whoever looks sees the old folder, none for a moment, or the new one. Every blob
        is compared with its name on the way.
        """
        files = {path: self.read_bytes(blob) for path, blob in self.tree(digest).items()} | dict(extra or {})
        folder.parent.mkdir(parents=True, exist_ok=True)
        beside = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", suffix=".part", dir=folder.parent))
        try:
            new, old = beside / "new", beside / "old"
            for path, content in files.items():
                (new / path).parent.mkdir(parents=True, exist_ok=True)
                (new / path).write_bytes(content)
            if os.path.lexists(folder):
                folder.rename(old)
            new.rename(folder)
        finally:
            shutil.rmtree(beside, ignore_errors=True)

    def sweep(self) -> int:
        """Remove what uploads that died have left; how many these were. Uploads under way are spared."""
        swept = 0
        for folder in self._incoming.glob("*"):
            try:
                lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(lock)
                continue
            except FileNotFoundError:
                continue
            shutil.rmtree(folder, ignore_errors=True)
            os.close(lock)
            swept += 1
        return swept

    def forget_unused(self, used: Collection[Digest], *, older_than_s: float) -> int:
        """Remove the blobs that are neither `used` nor younger; how many these were."""
        border, removed = time.time() - older_than_s, 0
        for blob in self._blobs.glob("??/*"):
            if blob.parent.name + blob.name not in used and blob.stat().st_mtime < border:
                blob.unlink()
                removed += 1
        return removed

    def remove(self, digests: Collection[Digest]) -> None:
        """Remove blobs that no row refers to any more, whatever their age; those that aren't there are no matter."""
        for digest in digests:
            self._path(digest).unlink(missing_ok=True)

    def _path(self, digest: Digest) -> Path:
        return self._blobs / digest[:2] / digest[2:]


def _manifest(files: Tree) -> bytes:
    listed = {str(path): digest for path, digest in files.items()}
    return json.dumps({"files": listed}, sort_keys=True, separators=(",", ":")).encode()


def _locked_folder(parent: Path) -> tuple[Path, int]:
    """A new folder and its descriptor, locked as long as it is open: the kernel lets go when the process dies."""
    while True:
        folder = Path(tempfile.mkdtemp(dir=parent))
        try:
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        except FileNotFoundError:  # a sweep was quicker than the lock
            continue
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        if folder.exists():
            return folder, descriptor
        os.close(descriptor)


def _fsync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
