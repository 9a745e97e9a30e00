"""The student's folder of an assignment: what is fetched into it, and what of it is submitted.

Fetching never overwrites a student's work. What was fetched is remembered by sha256 in a hidden file, so that a file
the student changed can be told from one that only the release changed.
"""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath

from classroom.archive import Entry, Limits, Readable, folder_entries, open_regular, unpack
from classroom.errors import Refused, TooLarge
from classroom.exchange.protocol import AttemptInfo, Expected
from classroom.ids import parse_digest, parse_member_path

FETCHED_FILE = ".classroom-fetched.json"
RECEIPTS = ".receipts"
FEEDBACK = "feedback"
_MEBIBYTE = 1024 * 1024
# What comes from the service was checked by it; this only keeps a wrong address from filling the disk.
DOWNLOAD_LIMITS = Limits(total_bytes=500 * _MEBIBYTE, file_bytes=200 * _MEBIBYTE, files=2000)


@dataclass(frozen=True)
class Fetched:
    """What a fetch did, file by file. beside: of a file the student had changed, the name of its new version."""

    version: int
    is_first: bool = False
    restored: tuple[str, ...] = ()
    updated: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()


@dataclass(frozen=True)
class Selection:
    """What of a folder is submitted. passed_over: files that the assignment doesn't take."""

    entries: tuple[Entry, ...]
    passed_over: tuple[str, ...]
    missing: tuple[str, ...]  # notebooks of the release that aren't there


def fetch_into(folder: Path, version: int, tar: Readable) -> Fetched:
    """Bring a release into the folder: whole and at once when it isn't there, else without losing an edit.

    A file that is missing is restored; one that the student never changed is replaced; for a changed one the new
    version, if it differs from the one fetched before, arrives beside it as name.v2.ipynb.
    """
    with _beside(folder) as work:
        new = work / "new"
        paths = unpack(tar, new, DOWNLOAD_LIMITS)
        digests = {str(path): _sha256(new / path) for path in paths}
        if not folder.exists():
            _remember(new, version, digests)
            new.rename(folder)
            return Fetched(version, is_first=True)
        fetched = _merge(folder, new, version, digests)
        _remember(folder, version, digests)
    return fetched


def select_files(folder: Path, expected: Expected, ignored: Collection[str]) -> Selection:
    """The files to submit; raises Refused for a link among them, TooLarge when the service would refuse them all.

    ignored: nbgrader's patterns of names that never travel.
    """
    limits = Limits(
        total_bytes=expected.upload_bytes,
        file_bytes=expected.file_bytes,
        files=expected.files,
        names=frozenset(parse_member_path(name) for name in expected.names),
        patterns=expected.patterns,
    )
    passed_over = []

    def is_taken(path: PurePosixPath) -> bool:
        if _is_ours(path) or any(fnmatch(part, pattern) for part in path.parts for pattern in ignored):
            return False
        is_allowed = limits.allows(path)
        if not is_allowed:
            passed_over.append(str(path))
        return is_allowed

    entries = tuple(folder_entries(folder, keep=is_taken))
    _check_size(entries, limits)
    there = {str(entry.path) for entry in entries}
    missing = tuple(name for name in expected.names if is_notebook(name) and name not in there)
    return Selection(entries, tuple(passed_over), missing)


def is_notebook(name: str) -> bool:
    """Whether it's a notebook at the top of the folder, which is where an assignment has them."""
    return name.endswith(".ipynb") and "/" not in name


def write_receipt(folder: Path, attempt: AttemptInfo) -> Path:
    """Keep the receipt with the student's work, in a hidden folder that is never submitted."""
    path = folder / RECEIPTS / f"attempt-{attempt.number:02d}.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(attempt.receipt, indent=2, sort_keys=True) + "\n")
    return path


def place_feedback(folder: Path, timestamp: str, tar: Readable) -> Path:
    """Put feedback where JupyterLab's Assignment List looks for it; what was there of this attempt is replaced."""
    target = folder / FEEDBACK / timestamp
    with replace_folder(target) as new:
        unpack(tar, new, DOWNLOAD_LIMITS)
    return target


@contextmanager
def replace_folder(folder: Path) -> Iterator[Path]:
    """A path to make a folder at; it takes the place of `folder` when the block ends, and never when it raises."""
    with _beside(folder) as work:
        yield work / "new"
        if folder.exists():
            folder.rename(work / "old")
        (work / "new").rename(folder)


def is_not_hidden(path: PurePosixPath) -> bool:
    """Whether neither the file nor a folder above it is hidden."""
    return not any(part.startswith(".") for part in path.parts)


def sha256_if_there(path: Path) -> str | None:
    """The sha256 of a regular file; None when there is none."""
    return _sha256(path) if path.is_file() and not path.is_symlink() else None


def _merge(folder: Path, new: Path, version: int, digests: Mapping[str, str]) -> Fetched:
    """The new files into a folder that is there."""
    known = _recall(folder)
    restored, updated, kept, beside = [], [], [], []
    for name, digest in digests.items():
        target = folder / name
        if not os.path.lexists(target):
            _move(new / name, target)
            restored.append(name)
            continue
        own = sha256_if_there(target)
        if own == digest:
            continue
        if own is not None and own == known.get(name):
            _move(new / name, target)
            updated.append(name)
            continue
        kept.append(name)
        if known.get(name) != digest:
            beside.extend(_put_beside(new / name, target, version))
    return Fetched(version, restored=tuple(restored), updated=tuple(updated), kept=tuple(kept), beside=tuple(beside))


def _put_beside(source: Path, target: Path, version: int) -> list[str]:
    """As name.v2.ipynb; nothing when that is there already, fetched before and perhaps worked on."""
    beside = target.with_name(f"{target.stem}.v{version}{target.suffix}")
    if os.path.lexists(beside):
        return []
    _move(source, beside)
    return [beside.name]


def _move(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    source.replace(target)


def _is_ours(path: PurePosixPath) -> bool:
    """Hidden files, and feedback that was fetched into the folder."""
    return path.parts[0] == FEEDBACK or not is_not_hidden(path)


def _check_size(entries: Collection[Entry], limits: Limits) -> None:
    """As the service will, but before 300 MB are on their way."""
    size = sum(entry.size_bytes for entry in entries)
    if size > limits.total_bytes:
        largest = max(entries, key=lambda entry: entry.size_bytes)
        raise TooLarge(
            f"the files have {size / _MEBIBYTE:.3g} MB together, {limits.total_bytes / _MEBIBYTE:.3g} MB are allowed; "
            f"the largest is {largest.path}: remove what isn't needed"
        )


@contextmanager
def _beside(folder: Path) -> Iterator[Path]:
    """A hidden folder next to it, so that a rename is all that shows."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", suffix=".part", dir=folder.parent))
    try:
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _remember(folder: Path, version: int, digests: Mapping[str, str]) -> None:
    beside = folder / f"{FETCHED_FILE}.part"
    beside.write_text(json.dumps({"version": version, "files": dict(digests)}, indent=2, sort_keys=True) + "\n")
    beside.replace(folder / FETCHED_FILE)


def _recall(folder: Path) -> dict[str, str]:
    """sha256 by name of what was fetched before; empty when that isn't known, and then every file counts as edited."""
    try:
        files = json.loads((folder / FETCHED_FILE).read_text())["files"]
        return {str(name): parse_digest(digest) for name, digest in files.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, Refused):
        return {}


def _sha256(path: Path) -> str:
    with open_regular(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
