"""Names that say whose a thing is, so that what a dead process left behind can be told from what is in use."""

import os
import re
import secrets
from pathlib import Path

_NAME = re.compile(r"judge-(\d+)-(\d+)-(\d+)-\w+")


def new_name() -> str:
    """A name for something of this process: judge-NAMESPACE-PID-START-TOKEN.

    A pid alone is used again, and in another pid namespace it's somebody else's.
    """
    pid = os.getpid()
    return f"judge-{_namespace()}-{pid}-{_started(pid)}-{secrets.token_hex(4)}"


def dead_owner(name: str) -> int | None:
    """The pid of the process that a thing of this name belonged to; None while it lives, or when nothing is known."""
    found = _NAME.fullmatch(name)
    if found is None:
        return None
    namespace, pid, started = (int(part) for part in found.groups())
    return pid if started and namespace == _namespace() and _started(pid) != started else None


def processes_of_session(leader: int) -> list[int]:
    """The living processes of a session, by its leader, whose pid goes to no other while there are any."""
    pids = (int(folder.name) for folder in Path("/proc").iterdir() if folder.name.isdigit())
    stats = ((pid, _stat(pid)) for pid in pids)
    return [pid for pid, stat in stats if stat[3:4] == [str(leader)] and stat[0] != "Z"]


def _namespace() -> int:
    try:
        return Path("/proc/self/ns/pid").stat().st_ino
    except OSError:
        return 0


def _started(pid: int) -> int:
    """When a process started, in clock ticks since boot; 0 when there's none."""
    fields = _stat(pid)
    return int(fields[19]) if fields else 0


def _stat(pid: int) -> list[str]:
    """/proc/PID/stat after the name: state, parent, group, session, ...; empty when the process is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rsplit(")", 1)[1].split()
    except OSError:
        return []
