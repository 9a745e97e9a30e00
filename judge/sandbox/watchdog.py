"""Memory, processes and files of a whole family, watched from outside: an rlimit binds one process only.

Where there is a control group the kernel does the counting, and this says what it stopped.
"""

import ctypes
import os
import signal
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from judge.plan import Limits
from judge.sandbox.groups import Counters, Group

INTERVAL_S = 0.05
TASKS_A_PROCESS = 4  # the kernel counts threads: libraries start some, and the processes are counted here
_ENTRY_BYTES = 4096  # what even an empty file costs
_libc = ctypes.CDLL(None, use_errno=True)
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


def shared_out_kb(pid: int, inherited_kb: int) -> int:
    """Memory of a process in KB, without files; what it shares with others in equal parts. 0 when it's gone.

    What it shares with nobody would be too little: a family of copies has each of its pages twice. inherited_kb: what
    it was forked with. Where we may not look closer, it's what it has beyond that.
    """
    try:
        return _sum_kb(f"/proc/{pid}/smaps_rollup", (b"Pss_Anon:", b"Pss_Shmem:", b"SwapPss:"))
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


@contextmanager
def looking_as(uid: int | None) -> Iterator[None]:
    """Meanwhile this thread reads /proc with the eyes of a user: in a container root may not look at other users'
    processes, but may become who may. Asking for files of one's own stays as it is: only the thread changes."""
    if uid is None:
        yield
        return
    _libc.setfsgid(uid), _libc.setfsuid(uid)
    try:
        yield
    finally:
        _libc.setfsuid(os.geteuid()), _libc.setfsgid(os.getegid())


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

    def __init__(
        self, ancestor: int, folder: Path, limits: Limits, group: Group | None = None, uid: int | None = None
    ) -> None:
        """Made before the family is: what `ancestor` has by then isn't theirs.

        folder: where the family may write. group: whose members they are, and nobody else; it's capped here. uid: who
        they are, when that isn't us. Raises OSError when the group can't be capped.
        """
        self._ancestor = ancestor
        self._uid = uid
        # Only asked where no group counts: the read walks all of a warm zygote's pages.
        self._ancestor_kb = shared_out_kb(ancestor, 0) if group is None else 0
        self._folder = folder
        self._memory_kb = limits.memory_mb << 10
        self._disk_bytes = limits.disk_mb << 20
        self._processes = limits.processes
        self._group = group
        self._before = Counters()
        if group is not None:
            group.limit(limits.memory_mb << 20, limits.processes * TASKS_A_PROCESS)
            self._before = group.counters()
        self._verdict: str | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)

    def __enter__(self) -> "Watchdog":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    @property
    def verdict(self) -> str | None:
        """ "memory", "processes" or "disk"; as of now, where the kernel counts: it kills between two looks."""
        self._verdict = self._verdict or self._stopped_by_kernel()
        return self._verdict

    def _watch(self) -> None:
        while not self._stop.wait(INTERVAL_S):
            family = self._family()
            self._verdict = self.verdict or self._judge(family)
            if self._verdict:
                # A family that forks while it's killed needs more than one round.
                for pid in [*family, *self._family()]:
                    _kill(pid)

    def _family(self) -> list[int]:
        return descendants(self._ancestor) if self._group is None else self._group.members()

    def _judge(self, family: list[int]) -> str | None:
        if len(family) > self._processes:
            return "processes"
        if family and self._written_bytes(family) > self._disk_bytes:
            return "disk"
        if self._group is None and sum(map(resident_kb, family)) > self._memory_kb:
            return "memory" if self._memory_of(family) > self._memory_kb else None
        return None

    def _written_bytes(self, family: list[int]) -> int:
        nameless = nameless_bytes(family)  # who can't be dumped shows them to root only
        if not nameless:
            with looking_as(self._uid):
                nameless = nameless_bytes(family)
        return nameless + written_bytes(self._folder, self._disk_bytes)

    def _memory_of(self, family: list[int]) -> int:
        """In KB. Pages from before the fork are the ancestor's, however many share them by now."""
        with looking_as(self._uid):
            theirs = sum(shared_out_kb(pid, self._ancestor_kb) for pid in family)
        return theirs + shared_out_kb(self._ancestor, 0) - self._ancestor_kb

    def _stopped_by_kernel(self) -> str | None:
        if self._group is None:
            return None
        now = self._group.counters()
        if now.kills > self._before.kills:
            return "memory"
        return "processes" if now.refusals > self._before.refusals else None


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.kill(pid, signal.SIGKILL)
