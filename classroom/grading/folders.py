"""Folders that commands make anew: whole or not at all."""

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path


def replace_folder(target: Path, files: Mapping[str, bytes]) -> None:
    """Puts a folder with exactly these files, by plain name, in the place of whatever stood there.

    Killed in between, it leaves the old folder, the new one or none; never a mixture. None can be made again.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=".new-", dir=target.parent))
    try:
        new = beside / "new"
        new.mkdir()
        for name, data in files.items():
            if "/" in name or name in {"", ".", ".."}:
                raise ValueError(f"{name!r} is no plain file name")
            (new / name).write_bytes(data)
        if target.exists():
            target.rename(beside / "old")
        new.rename(target)
    finally:
        # nbgrader leaves its files read-only; in a folder that may be written that stops no removal.
        shutil.rmtree(beside, ignore_errors=True)
