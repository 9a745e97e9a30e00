"""What confinement really holds on this machine: confined children attack, and we look at what came of it.

    python -m judge.sandbox.probe [--uid N] [--without landlock|seccomp|groups]...

prints the rung as one line of JSON. Inside a worker's container the same command tells of the container.
"""

import argparse
import ctypes
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from typing import Self

from judge.sandbox import landlock
from judge.sandbox.attacks import LIMITS, MEMORY_BYTES, Attack, Target, attacks_on, rights
from judge.sandbox.confine import Boundary, ConfinementError, confine
from judge.sandbox.groups import Group, open_group
from judge.sandbox.slots import own_uid
from judge.sandbox.watchdog import TASKS_A_PROCESS, Watchdog

LAYERS = ("landlock", "seccomp", "groups")
_ATTACK_LIMIT_S = 60.0  # a busy machine must not look like one that can't confine
_PROBE_LIMIT_S = 300.0
_SUCCEEDED, _STOPPED = "succeeded", "stopped"
_PR_SET_CHILD_SUBREAPER = 36


@dataclass(frozen=True)
class Rung:
    """Which attacks of a confined child were stopped; `problems` are for a person.

    confined: every one was, so hidden tests may run here. own_uid: the child also ran as a user of its own, so that
    it can't touch the processes of another submission. counting: who counts a family's memory and processes.
    """

    confined: bool
    own_uid: bool
    landlock_abi: int
    counting: str  # "cgroup v2", "cgroup v1" or "watchdog"
    stopped: tuple[str, ...]
    problems: tuple[str, ...]

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Self:
        body = json.loads(text)
        return cls(**body | {"stopped": tuple(body["stopped"]), "problems": tuple(body["problems"])})


@cache
def rung_here() -> Rung:
    """The rung of this machine, found once a process and by another one: this one may have threads."""
    command = [sys.executable, "-P", "-m", __name__]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_PROBE_LIMIT_S, check=False)
        return Rung.from_json(done.stdout)
    except subprocess.TimeoutExpired:
        return unknown("the attacks didn't end in time")
    except (OSError, ValueError, KeyError, TypeError):
        return unknown(f"the attacks can't be tried: {done.stderr.strip()[-300:]}")


def unknown(problem: str) -> Rung:
    """The rung where nothing could be tried."""
    return Rung(False, False, landlock.abi(), "watchdog", (), (problem,))


def probe(*, uid: int | None = None, layers: Sequence[str] = LAYERS) -> Rung:
    """The rung of this machine, found by attack and not by version. `uid`: whom a child becomes, when we are root.

    It forks: call it with one thread.
    """
    # Whoever loses its parent below us becomes our child, so that all can be ended.
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    group = open_group() if "groups" in layers else None
    try:
        with _target() as (target, work):
            if uid is not None:
                os.chown(work, uid, uid)
            boundary = Boundary(
                work,
                uid=uid,
                layers=layers,
                memory_bytes=MEMORY_BYTES,
                tasks=LIMITS.processes * TASKS_A_PROCESS,
                joins=group.entries if group else (),
                watched=group is None,
            )
            answers = {name: _try(boundary, target, name, group) for name in [*rights(work), *attacks_on(target)]}
            return _rung(answers, list(rights(work)), uid, group)
    finally:
        if group is not None:
            group.close()


@contextmanager
def _target() -> Iterator[tuple[Target, Path]]:
    """Something to attack, and a folder for the attacker."""
    with (
        tempfile.TemporaryDirectory(prefix="probe-") as place,
        socket.socket() as listener,
        socket.socket(socket.AF_UNIX) as service,
    ):
        folder = Path(place)
        outside, work = folder / "outside", folder / "work"
        outside.mkdir()
        (outside / "secret").write_text("a canary", encoding="ascii")
        (outside / "secret").chmod(0o644)
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        service.bind(str(outside / "service"))
        service.listen()
        (outside / "service").chmod(0o777)
        outside.chmod(0o777)
        folder.chmod(0o755)
        work.mkdir(mode=0o700)
        port = listener.getsockname()[1]
        yield Target(outside / "secret", port, outside / "service", os.getpid(), frozenset()), work


def _try(boundary: Boundary, target: Target, name: str, group: Group | None) -> str:
    """What came of one attack by a child of its own: "succeeded", "stopped: why", or why it couldn't be tried."""
    reader, writer = os.pipe()
    with closing(socket.socket(socket.AF_UNIX)) as inherited:
        inherited.set_inheritable(True)
        watchdog = Watchdog(os.getpid(), boundary.work, LIMITS, group, boundary.uid)
        child = os.fork()
        if child == 0:
            with suppress(BaseException):
                os.write(writer, _attack(boundary, replace(target, kept=frozenset([writer])), name).encode())
            os._exit(0)
    os.close(writer)
    try:
        with watchdog:
            answer = _read(reader)
        return answer or f"{_STOPPED}: it was ended ({watchdog.verdict or 'no word why'})"
    finally:
        os.close(reader)
        _end(child)


def _attack(boundary: Boundary, target: Target, name: str) -> str:
    os.setpgid(0, 0)
    try:
        confine(boundary, keep=target.kept)
    except ConfinementError as error:
        return str(error)
    attacks: dict[str, Attack] = rights(boundary.work) | attacks_on(target)
    try:
        attacks[name]()
    except (OSError, MemoryError) as error:
        return f"{_STOPPED}: {error}"
    return _SUCCEEDED


def _read(reader: int) -> str:
    ready, _, _ = select.select([reader], [], [], _ATTACK_LIMIT_S)
    return os.read(reader, 4096).decode("utf-8", "replace") if ready else "it didn't end in time"


def _end(child: int) -> None:
    """Ends a child with all that it forked."""
    while True:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(child, signal.SIGKILL)
        try:
            os.waitpid(-child, 0)
        except ChildProcessError:
            return


def _rung(answers: dict[str, str], wanted: Sequence[str], uid: int | None, group: Group | None) -> Rung:
    tried = [name for name in answers if name not in wanted]
    stopped = tuple(name for name in tried if answers[name].startswith(_STOPPED))
    odd = [answer for answer in answers.values() if not answer.startswith((_STOPPED, _SUCCEEDED))]
    problems = list(dict.fromkeys(odd))
    problems += [f"a confined process could {name}" for name in tried if answers[name] == _SUCCEEDED]
    problems += [f"a confined process couldn't {name}" for name in wanted if answers[name].startswith(_STOPPED)]
    counting = f"cgroup v{group.version}" if group else "watchdog"
    return Rung(not problems, uid is not None, landlock.abi(), counting, stopped, tuple(problems))


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry point of the process that probes."""
    parser = argparse.ArgumentParser(prog="python -m judge.sandbox.probe")
    parser.add_argument("--uid", type=int)
    parser.add_argument("--without", action="append", default=[], choices=LAYERS)
    given = parser.parse_args(arguments)
    layers = [layer for layer in LAYERS if layer not in given.without]
    with own_uid(given.uid) as uid:
        print(probe(uid=uid, layers=layers).to_json())


if __name__ == "__main__":
    main()
