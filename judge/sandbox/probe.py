"""What confinement really holds on this machine: a confined child attacks, and we look at what came of it."""

import json
import os
import socket
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from judge.sandbox import landlock
from judge.sandbox.confine import Boundary, ConfinementError, confine

_PROBE_LIMIT_S = 10.0
_SECRET = "canary-of-the-probe"


@dataclass(frozen=True)
class Rung:
    """Which attacks of a confined child were stopped; `problems` are for a person.

    confined: every one was, so hidden tests may run here. own_uid: the child also ran as a user of its own, so that
    its processes can be counted and can't touch those of another submission.
    """

    confined: bool
    own_uid: bool
    landlock_abi: int
    stopped: tuple[str, ...]
    problems: tuple[str, ...]


def probe(*, uid: int | None = None, layers: tuple[str, ...] = ("landlock", "seccomp")) -> Rung:
    """The rung of this machine, found by attack and not by version. `uid`: whom the child becomes, when we are root."""
    with tempfile.TemporaryDirectory(prefix="probe-") as folder, socket.socket() as listener:
        outside = Path(folder) / "outside"
        outside.mkdir(mode=0o755)
        secret = outside / "secret"
        secret.write_text(_SECRET, encoding="ascii")
        secret.chmod(0o644)
        work = Path(folder) / "work"
        work.mkdir(mode=0o700)
        if uid is not None:
            os.chown(work, uid, uid)
        Path(folder).chmod(0o755)
        listener.bind(("127.0.0.1", 0))
        listener.listen(1)
        attacks = _attacks(secret, outside, listener.getsockname()[1], os.getpid())
        answers = _attack_from_child(Boundary(work=work, uid=uid, layers=layers), attacks)
        return _rung(answers, list(attacks), uid)


def _attacks(secret: Path, outside: Path, port: int, victim: int) -> dict[str, Callable[[], object]]:
    """Each of these returns when it succeeds and raises OSError when it's stopped."""
    return {
        "read a file outside": secret.read_text,
        "write a file outside": lambda: (outside / "mark").write_text("x"),
        "connect to a port of this machine": lambda: socket.create_connection(("127.0.0.1", port), timeout=2).close(),
        "signal the grader": lambda: os.kill(victim, 0),
        "leave its process group": os.setsid,
        "read the grader's environment": lambda: Path(f"/proc/{victim}/environ").read_bytes(),
    }


def _attack_from_child(boundary: Boundary, attacks: dict[str, Callable[[], object]]) -> dict[str, str] | str:
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        with suppress(BaseException):
            os.write(writer, json.dumps(_run_attacks(boundary, attacks, writer)).encode())
        os._exit(0)
    os.close(writer)
    try:
        return _read_answers(reader, child)
    finally:
        os.close(reader)


def _run_attacks(boundary: Boundary, attacks: dict[str, Callable[[], object]], keep: int) -> dict[str, str] | str:
    os.setpgid(0, 0)
    try:
        confine(boundary, keep=[keep])
    except ConfinementError as error:
        return str(error)
    answers = {}
    for name, attack in attacks.items():
        try:
            attack()
            answers[name] = "succeeded"
        except OSError as error:
            answers[name] = f"stopped: {error.strerror or error}"
    return answers


def _read_answers(reader: int, child: int) -> dict[str, str] | str:
    deadline, data = time.monotonic() + _PROBE_LIMIT_S, b""
    os.set_blocking(reader, False)
    while time.monotonic() < deadline:
        with suppress(BlockingIOError):
            part = os.read(reader, 65536)
            data += part
            if not part:
                break
        time.sleep(0.005)
    with suppress(ProcessLookupError):
        os.kill(child, 9)
    os.waitpid(child, 0)
    answers: dict[str, str] | str = json.loads(data) if data else "the confined child died without a word"
    return answers


def _rung(answers: dict[str, str] | str, names: list[str], uid: int | None) -> Rung:
    known = landlock.abi()
    if isinstance(answers, str):
        return Rung(False, False, known, (), (answers,))
    succeeded = [name for name in names if answers.get(name) == "succeeded"]
    problems = [f"a confined process could {name}" for name in succeeded]
    if known < 6 and uid is None:
        problems.append("without root and with Landlock below ABI 6, processes of two submissions share one user")
    stopped = tuple(name for name in names if name not in succeeded)
    return Rung(not succeeded, uid is not None, known, stopped, tuple(problems))
