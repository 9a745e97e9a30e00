"""Submissions as folders: submitted/<student>/<assignment>/, as nbgrader reads them."""

import fcntl
import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from classroom.archive import folder_entries
from classroom.db.tables import Attempt
from classroom.errors import Refused
from classroom.exchange.store import Store
from classroom.exchange.upload import TIMESTAMP_FILE
from classroom.ids import parse_digest


def bring_to(folder: Path, attempt: Attempt, store: Store) -> bool:
    """Make the folder hold exactly the attempt and its timestamp.txt; whether anything had to be written.

    Called by one collector at a time: what lies half-written beside the folder is a dead one's.
    """
    for stale in folder.parent.glob(f".{folder.name}.*.part"):
        shutil.rmtree(stale)
    extra = {TIMESTAMP_FILE: f"{attempt.received_at:%Y-%m-%d %H:%M:%S.%f} UTC".encode()}
    tree = parse_digest(attempt.tree)
    wanted: dict[PurePosixPath, str] = {**store.tree(tree)}
    wanted |= {path: hashlib.sha256(content).hexdigest() for path, content in extra.items()}
    if _digests(folder) == wanted:
        return False
    store.write_tree(tree, folder, extra=extra)
    return True


@contextmanager
def one_collector(folder: Path) -> Iterator[None]:
    """A lock on the folder: two that collect at once take turns. Frees itself when its process dies."""
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _digests(folder: Path) -> dict[PurePosixPath, str] | None:
    """The sha256 of each file; None where something stands that no submission holds."""
    try:
        found = {}
        for entry in folder_entries(folder):
            with entry.open() as file:
                found[entry.path] = hashlib.file_digest(file, "sha256").hexdigest()
        return found
    except Refused:
        return None
