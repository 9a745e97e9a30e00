"""A small class in a folder, for tests of the exchange and for the processes they start."""

import datetime as dt
import io
import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

from classroom.archive import Entry, pack
from classroom.assignments import load_course
from classroom.db.engine import Database, migrate
from classroom.exchange.receipts import ReceiptKey
from classroom.exchange.store import Store
from classroom.exchange.transfers import Transfers

COURSE = """
course: demo
title: A demo
time_zone: Europe/Berlin
starts: 2026-11-02
defaults:
  grace_minutes: 10
  late: {penalty_per_day: 0.1, closes_after_days: 7}
  attempts: 3
  limits: {upload_mb: 0.5, files: 4, file_mb: 0.25, extra_files: ["*.py", "*.txt"]}
assignments:
  a1: {title: First, release: day 0 09:00, due: day 14 23:59}
  a2: {title: Second, release: day 20 09:00, due: day 30 23:59, attempts: 100, attempt_counts: best}
"""
IN_TIME = dt.datetime(2026, 11, 10, 12, tzinfo=dt.UTC)
DUE = dt.datetime(2026, 11, 16, 22, 59, tzinfo=dt.UTC)


class Clock:
    """A clock that stands until it is set."""

    def __init__(self, now: dt.datetime = IN_TIME) -> None:
        self.now = now

    def __call__(self) -> dt.datetime:
        return self.now


def open_class(folder: Path, clock: Callable[[], dt.datetime], url: str) -> Transfers:
    """The class in the folder, made on first use; a2 is open already for tests of many attempts."""
    if not (folder / "course.yaml").exists():  # several processes open one class; none may see half a file
        (folder / f"{os.getpid()}.yaml").write_text(COURSE)
        (folder / f"{os.getpid()}.yaml").replace(folder / "course.yaml")
    migrate(url)
    course = load_course(folder)
    first, second = course.assignments
    opened = replace(course, assignments=(first, replace(second, release=first.release)))
    return Transfers(opened, Database(url), Store(folder / "store"), ReceiptKey.load(folder / "secrets"), clock)


def notebook(*cells: str, **changed: Any) -> bytes:
    """A notebook of code cells."""
    made = [{"cell_type": "code", "metadata": {}, "outputs": [], "source": text} for text in cells]
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": made, **changed}).encode()


def tar(files: Mapping[str, bytes]) -> io.BytesIO:
    """Files as an upload."""
    entries = [_entry(name, content) for name, content in files.items()]
    return io.BytesIO(b"".join(pack(entries)))


def answers(text: str = "1 + 1") -> io.BytesIO:
    """An upload of one student's notebook."""
    return tar({"exercises.ipynb": notebook(text)})


def write_release(folder: Path, text: str = "# your code here") -> Path:
    """A release of two notebooks and a module beside them."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "lesson.ipynb").write_bytes(notebook("'lesson'"))
    (folder / "exercises.ipynb").write_bytes(notebook(text))
    (folder / "given.csv").write_text("a,b\n")
    return folder


def blobs(folder: Path) -> list[Path]:
    """Everything in the class's store: blobs, and uploads under way."""
    return sorted(path for path in (folder / "store").rglob("*") if path.is_file() or path.parent.name == "incoming")


def files_below(folder: Path) -> Iterator[str]:
    """The relative paths of a folder's files."""
    return (path.relative_to(folder).as_posix() for path in sorted(folder.rglob("*")) if path.is_file())


def _entry(name: str, content: bytes) -> Entry:
    return Entry(PurePosixPath(name), len(content), lambda: io.BytesIO(content))
