"""Memory and processes of a whole family, watched from outside: an rlimit binds one process only."""

import os
import signal
import stat
import threading
from contextlib import suppress
from pathlib import Path

from judge.plan import Limits

INTERVAL_S = 0.05
_ENTRY_BYTES = 4096  # what even an empty file costs
_LONGEST_PATH = 2000  # beyond 4096 a path can't be asked about; every folder on the way costs time


def descendants(ancestor: int) -> list[int]:
    """All living processes below one; orphans count, when it's their subreaper."""
    found, waiting = [], [ancestor]
    while waiting:
        pid = waiting.pop()
        with suppress(OSError):
            for task in os.listdir(f"/proc/{pid}/task"):  # noqa: PTH208 - as in _read, for speed
                children = [int(word) for word in _read(f"/proc/{pid}/task/{task}/children").split()]
                found += children
                waiting += children
    return found


def private_kb(pid: int, inherited_kb: int) -> int:
    """Memory that a process shares with no other, in KB, and its part of shared memory; 0 when it's gone.

    inherited_kb: what it was forked with. Where only root may look closer, what it has beyond that.
    """
    try:
        return _sum_kb(f"/proc/{pid}/smaps_rollup", (b"Private_", b"Swap:", b"Pss_Shmem"))
    except PermissionError:
        return max(resident_kb(pid) - inherited_kb, 0)
    except OSError:
        return 0


def resident_kb(pid: int) -> int:
    """Memory of a process, shared or not, without files: quick to read, and too much rather than too little."""
    with suppress(OSError):
        return _sum_kb(f"/proc/{pid}/status", (b"RssAnon", b"RssShmem"))
    return 0


def _sum_kb(path: str, names: tuple[bytes, ...]) -> int:
    return sum(int(line.split()[1]) for line in _read(path).splitlines() if line.startswith(names))


def nameless_bytes(family: list[int]) -> int:
    """Bytes of the files that these processes hold open and no folder holds: deleted ones, and files in memory."""
    found: dict[tuple[int, int], int] = {}
    for pid in family:
        with suppress(OSError):
            for fd in os.listdir(f"/proc/{pid}/fd"):  # noqa: PTH208 - as in _read, for speed
                with suppress(OSError):
                    status = os.stat(f"/proc/{pid}/fd/{fd}")  # noqa: PTH116
                    if stat.S_ISREG(status.st_mode) and not status.st_nlink:
                        found[status.st_dev, status.st_ino] = status.st_blocks * 512
    return sum(found.values())


def _read(path: str) -> bytes:
    """A file of /proc. It's asked 20 times a second: Path.read_text takes four times as long."""
    with open(path, "rb", buffering=0) as file:
        return file.readall()


def written_bytes(folder: Path, enough: int) -> int:
    """Bytes that files below a folder take, counted until it's more than `enough`; too much when it's nested deep."""
    total, waiting = 0, [str(folder)]
    while waiting and total <= enough:
        with suppress(OSError), os.scandir(waiting.pop()) as entries:
            for entry in entries:
                if len(entry.path) > _LONGEST_PATH:
                    return enough + 1
                with suppress(OSError):
                    total += entry.stat(follow_symlinks=False).st_blocks * 512 + _ENTRY_BYTES
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
    return total


class Watchdog:
    """Kills what lives below `ancestor` when it's too much; `verdict` then says why. Use as a context manager."""

    def __init__(self, ancestor: int, folder: Path, limits: Limits) -> None:
        """folder: where the family may write."""
        self._ancestor = ancestor
        self._folder = folder
        self._memory_kb = limits.memory_mb << 10
        self._disk_bytes = limits.disk_mb << 20
        self._processes = limits.processes
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)
        self.verdict: str | None = None  # "memory", "processes" or "disk"

    def __enter__(self) -> "Watchdog":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(INTERVAL_S):
            family = descendants(self._ancestor)
            verdict = self._judge(family)
            if verdict:
                self.verdict = self.verdict or verdict
                # A family that forks while it's killed needs more than one round.
                for pid in [*family, *descendants(self._ancestor)]:
                    _kill(pid)

    def _judge(self, family: list[int]) -> str | None:
        if len(family) > self._processes:
            return "processes"
        written = written_bytes(self._folder, self._disk_bytes) if family else 0
        if written > self._disk_bytes or written + nameless_bytes(family) > self._disk_bytes:
            return "disk"
        if sum(map(resident_kb, family)) > self._memory_kb:
            inherited_kb = resident_kb(self._ancestor)
            if sum(private_kb(pid, inherited_kb) for pid in family) > self._memory_kb:
                return "memory"
        return None


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.kill(pid, signal.SIGKILL)
