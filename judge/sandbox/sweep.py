"""What grading processes left behind that were killed: processes, control groups, folders."""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from judge.sandbox import groups, owners


def sweep(folder: Path | None = None) -> None:
    """Ends and removes what belongs to nobody any more; what a living process uses stays.

    folder: where grading processes make their folders, when it isn't the machine's own for temporary files.
    """
    groups.sweep(groups.places_here())
    for left in (folder or Path(tempfile.gettempdir())).glob("judge-*"):
        owner = owners.dead_owner(left.name)
        if owner is None or not _is_ours(left):
            continue
        # A student's process can't leave the session, nor another one get its leader's pid while it lives.
        for pid in owners.processes_of_session(owner):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        remove_folder(left)


def remove_folder(folder: Path) -> None:
    """Removes a folder that students' code wrote into, also when it's nested deeper than Python's stack."""
    with contextlib.suppress(RecursionError):
        shutil.rmtree(folder, ignore_errors=True)
    if folder.exists():
        subprocess.run(["rm", "-rf", "--", str(folder)], stderr=subprocess.DEVNULL, check=False)


def _is_ours(folder: Path) -> bool:
    with contextlib.suppress(OSError):
        return folder.is_dir() and not folder.is_symlink() and folder.stat().st_uid == os.geteuid()
    return False
