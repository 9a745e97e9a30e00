"""The notebook's folder as it was at each moment that tests ask about: tests run after all cells.

The student's process keeps copies for the copies of itself. A file that it can't write, as those of the assignment, is
linked; so is what is no file, such as a service's socket.
"""

import itertools
import os
import shutil
import stat
import time
from pathlib import Path

MAX_BYTES = 32 << 20  # of all copies; later moments then have the files of the notebook's end
MAX_ENTRIES = 1000
# Two writes within a tick of the file system's clock look like one.
_TICK_S = 0.1

_Entry = tuple[str, os.stat_result]


class Moments:
    """Keeps a folder's moments beside it."""

    def __init__(self, work: Path) -> None:
        self._work = work
        self._beside = work.parent / "moments"
        self._left = MAX_BYTES
        self._numbers = itertools.count(1)
        self._newest: Path | None = None
        self._seen: object = None

    def keep(self) -> Path:
        """The folder as it is now: the newest copy when nothing changed since, the folder itself over the limits."""
        try:
            entries = _entries(self._work)
            seen = [
                (name, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns) for name, found in entries
            ]
            if self._newest is None or seen != self._seen:
                self._newest = self._copy(entries)
                is_settled = all(found.st_mtime < time.time() - _TICK_S for _, found in entries)
                self._seen = seen if is_settled else None
        except OSError:
            return self._work
        return self._newest

    def _copy(self, entries: list[_Entry]) -> Path:
        own = {name for name, found in entries if stat.S_ISREG(found.st_mode) and os.access(self._work / name, os.W_OK)}
        size = sum(found.st_size for name, found in entries if name in own)
        if size > self._left:
            return self._work
        self._left -= size
        self._beside.mkdir(exist_ok=True)
        copy = self._beside / str(next(self._numbers))
        copy.mkdir()
        for name, found in entries:
            if stat.S_ISDIR(found.st_mode):
                (copy / name).mkdir()
            elif name in own:
                shutil.copy2(self._work / name, copy / name)
            else:
                (copy / name).symlink_to(self._work / name)
        return copy


def _entries(folder: Path) -> list[_Entry]:
    """Everything below a folder by relative name, folders before what is in them; raises OSError when it's too much."""
    found: list[_Entry] = []
    waiting = [""]
    while waiting:
        inside = waiting.pop()
        with os.scandir(folder / inside) as entries:
            for entry in entries:
                name = f"{inside}/{entry.name}" if inside else entry.name
                found.append((name, entry.stat(follow_symlinks=False)))
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(name)
                if len(found) > MAX_ENTRIES:
                    raise OSError("more files than are kept")
    return sorted(found)
