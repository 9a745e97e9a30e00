"""A student's upload, taken in and checked before anything of it belongs to the classroom."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from classroom.archive import Limits, Readable, read_members
from classroom.assignments import FileLimits
from classroom.errors import Refused
from classroom.exchange.store import Staging
from classroom.ids import Digest

# nbgrader's file in submitted/<student>/<assignment>/; the classroom writes it, from its own clock.
TIMESTAMP_FILE = PurePosixPath("timestamp.txt")
NOTEBOOK_SUFFIX = ".ipynb"
MAX_CELLS = 500
MAX_CELL_CHARACTERS = 200_000
_MEBIBYTE = 1024 * 1024


@dataclass(frozen=True)
class Upload:
    """What an upload holds: its files, and the sum of their sizes."""

    files: dict[PurePosixPath, Digest]
    size_bytes: int


def upload_limits(limits: FileLimits, released: Collection[PurePosixPath]) -> Limits:
    """What may be uploaded: files that were released, and extra ones by pattern."""
    return Limits(
        total_bytes=int(limits.upload_mb * _MEBIBYTE),
        file_bytes=int(limits.file_mb * _MEBIBYTE),
        files=limits.files,
        names=frozenset(released),
        patterns=limits.extra_files,
    )


def receive(staging: Staging, stream: Readable, released: Collection[PurePosixPath], limits: FileLimits) -> Upload:
    """Write the stream's files into the staging folder; raises TooLarge and Refused with the offending name.

    At least one of the released notebooks must be among them, and every notebook must be one.
    """
    files: dict[PurePosixPath, Digest] = {}
    size = 0
    for member in read_members(stream, upload_limits(limits, released)):
        if member.path == TIMESTAMP_FILE:
            raise Refused(f"{TIMESTAMP_FILE} is written by the classroom; leave it out")
        files[member.path] = digest = staging.put_stream(member.content)
        size += member.size_bytes
        if member.path.suffix == NOTEBOOK_SUFFIX:
            check_notebook(member.path, staging.read_bytes(digest))
    expected = notebooks(released)
    if not any(path in files for path in expected):
        raise Refused(
            f"none of the assignment's notebooks is there: {', '.join(map(str, expected))}; submit at least one"
        )
    return Upload(files, size)


def notebooks(paths: Collection[PurePosixPath]) -> list[PurePosixPath]:
    """The assignment's own notebooks among its files, sorted: those at the top."""
    return sorted(path for path in paths if path.suffix == NOTEBOOK_SUFFIX and len(path.parts) == 1)


def check_notebook(path: PurePosixPath, content: bytes) -> None:
    """Raise Refused unless it is a notebook of format 4 of a sane size: what the grader reads of it must be there.

    Not nbformat's schema: it refuses what a student can't mend in JupyterLab, and is slow on hostile files.
    """
    try:
        notebook = json.loads(content.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise Refused(f"{path} isn't a notebook, its content isn't JSON; open it in JupyterLab and save it") from error
    if not isinstance(notebook, dict) or notebook.get("nbformat") != 4 or not isinstance(notebook.get("cells"), list):
        raise Refused(f"{path} isn't a notebook of format 4; open it in JupyterLab and save it")
    if len(notebook["cells"]) > MAX_CELLS:
        raise Refused(f"{path} has {len(notebook['cells'])} cells, {MAX_CELLS} are allowed; remove some")
    for number, cell in enumerate(notebook["cells"], start=1):
        _check_cell(f"{path}: cell {number}", cell)


def _check_cell(where: str, cell: Any) -> None:
    source = cell.get("source") if isinstance(cell, dict) else None
    lines = [source] if isinstance(source, str) else source
    if not isinstance(lines, list) or not all(isinstance(line, str) for line in lines):
        raise Refused(f"{where} has no text; open the notebook in JupyterLab and save it")
    if cell.get("cell_type") not in {"code", "markdown", "raw"}:
        raise Refused(f"{where} has no known type; open the notebook in JupyterLab and save it")
    if sum(map(len, lines)) > MAX_CELL_CHARACTERS:
        raise Refused(f"{where} has more than {MAX_CELL_CHARACTERS} characters; shorten it")
