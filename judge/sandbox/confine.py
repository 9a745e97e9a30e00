"""Putting a forked child behind its boundary."""

import ctypes
import itertools
import os
import resource
import sys
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

from judge.sandbox import capability, groups, landlock, refusals, seccomp

_PR_SET_DUMPABLE, _PR_SET_NO_NEW_PRIVS = 4, 38
_libc = ctypes.CDLL(None, use_errno=True)

# What an interpreter and its libraries read. /proc is left out, but for what thread pools ask of the machine.
_SYSTEM = (
    "/usr", "/bin", "/lib", "/lib64", "/etc/ld.so.cache", "/etc/localtime", "/etc/mime.types", "/etc/passwd",
    "/etc/group", "/etc/nsswitch.conf", "/etc/fonts", "/etc/ssl/certs", "/dev/urandom", "/dev/random", "/dev/zero",
    "/proc/cpuinfo", "/proc/meminfo", "/sys/devices/system/cpu", "/sys/fs/cgroup/cpu.max",
    "/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "/sys/fs/cgroup/cpu/cpu.cfs_period_us",
)  # fmt: skip
_WRITABLE_DEVICES = ("/dev/null",)


class ConfinementError(Exception):
    """A layer could not be put in force; the child must not run anything."""


@dataclass(frozen=True)
class Boundary:
    """What a child may have.

    work: its folder, the only one it can write; it starts in `start`, within that. readable: further paths it may read.
    uid: whom it becomes when we are root, else None. memory_bytes: address space beyond what the process has at the
    fork. file_bytes: of one file. tasks: processes and their threads, counted for the uid, so it binds only where the
    uid is the child's own. joins: entries of the control group that it becomes a member of. watched: whether its user
    may look at it from outside, as the watchdog does that counts memory where there is no such group.
    programs: it may run others. servers: it may listen, on Unix sockets.
    """

    work: Path
    start: str = "."
    readable: tuple[Path, ...] = ()
    uid: int | None = None
    memory_bytes: int = 1536 << 20
    cpu_s: int = 300
    file_bytes: int = 64 << 20
    tasks: int = 256
    open_files: int = 256
    joins: tuple[Path, ...] = ()
    watched: bool = False
    programs: bool = False
    servers: bool = False
    layers: Collection[str] = field(default=("landlock", "seccomp"))  # tests switch one off to see an attack succeed


def confine(boundary: Boundary, *, keep: Collection[int]) -> None:
    """Confines this process for ever; `keep` are the descriptors it goes on with. Raises ConfinementError.

    Call it right after the fork, with one thread, as leader of a process group of its own.
    """
    try:
        groups.join(boundary.joins)
        _close_descriptors(keep)
        os.chdir(boundary.work / boundary.start)
        os.umask(0o077)
        _set_limits(boundary)
        if boundary.uid is not None:
            _become(boundary.uid)
        _prctl(_PR_SET_NO_NEW_PRIVS, 1)
        _prctl(_PR_SET_DUMPABLE, int(boundary.watched))
        if "landlock" in boundary.layers:
            readable = [*map(Path, _SYSTEM), *map(Path, python_paths()), *boundary.readable]
            landlock.restrict(readable=readable, writable=[boundary.work, *map(Path, _WRITABLE_DEVICES)])
        if "seccomp" in boundary.layers:
            refusals.explain(programs=boundary.programs, servers=boundary.servers)
            seccomp.install(seccomp.build_filter(programs=boundary.programs, servers=boundary.servers))
    except (OSError, ValueError) as error:
        raise ConfinementError(f"this process can't be confined: {error}") from error


def _become(uid: int) -> None:
    """Another user, for ever. Where only root may read the interpreter, the right to read goes along."""
    keeps_reading = not is_readable_to_all(Path(sys.base_prefix)) or not is_readable_to_all(Path(sys.prefix))
    if keeps_reading:
        capability.keep_through_change_of_user()
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)
    if keeps_reading:
        capability.leave_only_reading()


def is_readable_to_all(folder: Path) -> bool:
    """Whether any user gets to a folder: each one on the way there lets others pass."""
    return all(path.stat().st_mode & 0o001 for path in (folder, *folder.parents))


def python_paths() -> set[str]:
    """Where this interpreter and its installed packages live; not the folders that an editable install points to."""
    prefixes = {sys.prefix, sys.base_prefix, sys.exec_prefix}
    packages = {path for path in sys.path if path.endswith(("site-packages", "dist-packages"))}
    return prefixes | packages


def _close_descriptors(keep: Collection[int]) -> None:
    kept = sorted({0, 1, 2, *keep})
    for below, above in itertools.pairwise(kept):
        os.closerange(below + 1, above)
    os.closerange(kept[-1] + 1, resource.getrlimit(resource.RLIMIT_NOFILE)[0])


def _set_limits(boundary: Boundary) -> None:
    size = address_space_bytes() + boundary.memory_bytes
    for what, most in (
        (resource.RLIMIT_AS, size),
        (resource.RLIMIT_CPU, boundary.cpu_s),
        (resource.RLIMIT_FSIZE, boundary.file_bytes),
        (resource.RLIMIT_NOFILE, boundary.open_files),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))
    if boundary.uid is not None:
        resource.setrlimit(resource.RLIMIT_NPROC, (boundary.tasks, boundary.tasks))


def address_space_bytes() -> int:
    """The size of this process' address space now."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    return pages * resource.getpagesize()


def _prctl(option: int, value: int) -> None:
    if _libc.prctl(option, value, 0, 0, 0):
        raise OSError(ctypes.get_errno(), f"prctl({option})")
