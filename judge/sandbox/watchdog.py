"""Memory and processes of a whole family, watched from outside: an rlimit binds one process only."""

import os
import signal
import threading
from contextlib import suppress
from pathlib import Path

from judge.plan import Limits

INTERVAL_S = 0.05
_ENTRY_BYTES = 4096  # what even an empty file costs
_PAGE_KB = os.sysconf("SC_PAGESIZE") // 1024


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


def private_kb(pid: int) -> int:
    """Memory that a process shares with no other, in KB; 0 when it's gone."""
    total = 0
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines():
            if line.startswith(("Private_", "Swap:")):
                total += int(line.split()[1])
    return total


def resident_kb(pid: int) -> int:
    """Memory of a process, shared or not, without files: quick to read, and too much rather than too little."""
    with suppress(OSError, ValueError, IndexError):
        _, resident, shared = (int(word) for word in _read(f"/proc/{pid}/statm").split()[:3])
        return (resident - shared) * _PAGE_KB
    return 0


def _read(path: str) -> bytes:
    """A file of /proc. It's asked 20 times a second: Path.read_text takes four times as long."""
    with open(path, "rb", buffering=0) as file:
        return file.readall()


def written_bytes(folder: Path, enough: int) -> int:
    """Bytes that files below a folder take, counted until it's more than `enough`."""
    total, waiting = 0, [folder]
    while waiting and total <= enough:
        with suppress(OSError), os.scandir(waiting.pop()) as entries:
            for entry in entries:
                with suppress(OSError):
                    total += entry.stat(follow_symlinks=False).st_blocks * 512 + _ENTRY_BYTES
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(Path(entry.path))
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
        if family and written_bytes(self._folder, self._disk_bytes) > self._disk_bytes:
            return "disk"
        if sum(map(resident_kb, family)) > self._memory_kb and sum(map(private_kb, family)) > self._memory_kb:
            return "memory"
        return None


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.kill(pid, signal.SIGKILL)
