"""Control groups, version 1 and 2: the kernel caps memory and tasks of a whole family.

A group is made where this machine lets us make one: below our own group, or in version 2, where a group with members
has no capped groups below, beside it. In a default container and for most ordinary users there is no such place.
Files and counters: the kernel's admin-guide, cgroup-v1/ and cgroup-v2.rst.
"""

import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

from judge.sandbox import owners

_ROUNDS = 1000  # of killing what forks while it's killed
_UNLIMITED = "-1"


@dataclass(frozen=True)
class Place:
    """Folders in which groups may be made: one for memory, one for tasks; the same in version 2."""

    version: int
    memory: Path
    pids: Path


@dataclass(frozen=True)
class Counters:
    """How often the kernel stopped a group's family: killed for memory, refused a new task."""

    kills: int = 0
    refusals: int = 0


@dataclass(frozen=True)
class Group:
    """One group. entries: the files that a process joins by writing 0 to each."""

    place: Place
    name: str

    @property
    def version(self) -> int:
        return self.place.version

    @cached_property
    def folders(self) -> tuple[Path, ...]:
        return tuple(dict.fromkeys((self.place.memory / self.name, self.place.pids / self.name)))

    @cached_property
    def entries(self) -> tuple[Path, ...]:
        return tuple(folder / "cgroup.procs" for folder in self.folders)

    def limit(self, memory_bytes: int, tasks: int) -> None:
        """Caps the family. tasks: threads count, too. Raises OSError."""
        memory, pids = self.place.memory / self.name, self.place.pids / self.name
        (pids / "pids.max").write_text(str(tasks), encoding="ascii")
        if self.version == 2:
            (memory / "memory.max").write_text(str(memory_bytes), encoding="ascii")
            _write_if_there(memory / "memory.swap.max", "0")
            _write_if_there(memory / "memory.oom.group", "1")
            return
        # Memory with swap may never be below memory, so it's lifted first and set last.
        _write_if_there(memory / "memory.memsw.limit_in_bytes", _UNLIMITED)
        (memory / "memory.limit_in_bytes").write_text(str(memory_bytes), encoding="ascii")
        _write_if_there(memory / "memory.memsw.limit_in_bytes", str(memory_bytes))

    def counters(self) -> Counters:
        memory, pids = self._counted
        return Counters(_counter(memory, b"oom_kill"), _counter(pids, b"max"))

    @cached_property
    def _counted(self) -> tuple[Path, Path]:
        memory = "memory.events" if self.version == 2 else "memory.oom_control"
        return self.place.memory / self.name / memory, self.place.pids / self.name / "pids.events"

    def members(self) -> list[int]:
        with suppress(OSError, ValueError):
            return [int(word) for word in _read(self.entries[-1]).split()]
        return []

    def kill(self) -> None:
        """Ends every member, also those that fork meanwhile; it doesn't wait for them."""
        switch = self.folders[-1] / "cgroup.kill"
        if switch.exists():
            with suppress(OSError):
                switch.write_text("1", encoding="ascii")
                return
        for pid in self.members():
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)

    def close(self) -> None:
        """Ends what is in it and removes it; what can't be removed yet is swept later."""
        for _ in range(_ROUNDS):
            if not self.members():
                break
            self.kill()
        for folder in self.folders:
            with suppress(OSError):
                folder.rmdir()


def open_group() -> Group | None:
    """A new group with nobody in it, or None where this machine lets us make none. Call it with one thread."""
    for place in places_here():
        group = Group(place, owners.new_name())
        try:
            for folder in group.folders:
                folder.mkdir()
            group.limit(1 << 30, 64)
            if _can_join(group):
                return group
        except OSError:
            pass
        group.close()
    return None


def places_here() -> list[Place]:
    """Where groups may be made on this machine, the likeliest place first; empty without control groups."""
    try:
        own, mounts = (Path(f"/proc/self/{name}").read_text(encoding="utf-8") for name in ("cgroup", "mountinfo"))
    except OSError:
        return []
    return [place for place in find_places(own, mounts) if place.memory.is_dir() and place.pids.is_dir()]


def find_places(own: str, mounts: str) -> list[Place]:
    """The places for a process with these texts of /proc/self/cgroup and /proc/self/mountinfo."""
    paths: dict[str, PurePosixPath] = {}
    for line in own.splitlines():
        _, controllers, path = line.split(":", 2)
        paths |= dict.fromkeys(controllers.split(","), PurePosixPath(path))
    mounted = list(_parse_mounts(mounts))
    # A mount's options name its controllers; those of version 2 name none.
    found = {
        controller: _folder_in(root, point, paths[controller])
        for kind, root, point, options in mounted
        for controller in ("memory", "pids")
        if kind == "cgroup" and controller in options and controller in paths
    }
    places = [Place(1, found["memory"], found["pids"])] if len(found) == 2 else []
    for kind, root, point, _ in mounted:
        if kind == "cgroup2" and "" in paths:
            own_folder = _folder_in(root, point, paths[""])
            above = [folder for folder in own_folder.parents if folder.is_relative_to(point)]
            places += [Place(2, folder, folder) for folder in (own_folder, *above)]
    return places


def sweep(places: Sequence[Place]) -> None:
    """Ends and removes the groups of processes that are no more."""
    for place in places:
        for folder in (*place.memory.glob("judge-*"), *place.pids.glob("judge-*")):
            if owners.dead_owner(folder.name) is not None:
                Group(place, folder.name).close()


def _parse_mounts(text: str) -> Iterator[tuple[str, PurePosixPath, Path, frozenset[str]]]:
    """Type, the path within its tree that is mounted, where, and the options of each mount of control groups."""
    for line in text.splitlines():
        words, _, rest = line.partition(" - ")
        kind, _, options = [*rest.split(), "", "", ""][:3]
        if kind in ("cgroup", "cgroup2"):
            root, point = words.split()[3:5]
            yield kind, PurePosixPath(root), Path(point), frozenset(options.split(","))


def _folder_in(root: PurePosixPath, point: Path, path: PurePosixPath) -> Path:
    """Where a group's folder is when `root` of its tree is mounted at `point`; what is outside counts as the mount."""
    return point / path.relative_to(root) if path.is_relative_to(root) else point


def _can_join(group: Group) -> bool:
    """Tried by a child: in version 2 it depends on who owns the groups above."""
    child = os.fork()
    if child == 0:
        status = 1
        with suppress(BaseException):
            join(group.entries)
            status = 0
        os._exit(status)
    return os.waitpid(child, 0)[1] == 0


def join(entries: tuple[Path, ...]) -> None:
    """Makes this process a member, and with it all that it forks. Raises OSError."""
    for entry in entries:
        entry.write_text("0", encoding="ascii")


def _write_if_there(path: Path, text: str) -> None:
    if path.exists():
        path.write_text(text, encoding="ascii")


def _counter(path: Path, key: bytes) -> int:
    with suppress(OSError, ValueError):
        for line in _read(path).splitlines():
            name, _, value = line.partition(b" ")
            if name == key:
                return int(value)
    return 0


def _read(path: Path) -> bytes:
    """A watchdog asks 20 times a second: Path.read_text takes three times as long."""
    with open(path, "rb", buffering=0) as file:
        return file.readall()
