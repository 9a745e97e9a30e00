"""Controls: with a layer of the engine switched off a named attack must succeed, or the suite wouldn't notice a loss.

Layers are switched off from here, in the process that grades in the lab; no setting of the engine's could do it.
"""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from unittest import mock

from judge import places
from judge.runner import Runner, environment_of
from judge.sandbox.watchdog import Watchdog
from judge.zygote import Child, Usage, Zygote

_REPOSITORY = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Control:
    """layers: what is switched off; several where each stops the attack by itself. attack: the id that must succeed."""

    layers: tuple[str, ...]
    attack: str


CONTROLS = (
    Control(("landlock",), "c02"),
    Control(("seccomp",), "c61"),
    Control(("landlock", "seccomp"), "e01"),
    Control(("uid", "seccomp"), "c60"),
    Control(("watchdog",), "d85"),
    Control(("seal",), "b42"),
    Control(("comparison",), "a08"),
    Control(("copies",), "a75"),
    Control(("intake",), "a14"),
    Control(("environment",), "b07"),
    Control(("key out of reach",), "a56"),
    Control(("end of all processes",), "e40"),
)


@contextlib.contextmanager
def switched_off(layers: Collection[str], runner: Runner) -> Iterator[None]:
    """Meanwhile the engine in this process works without these layers."""
    while _left:
        zygote, child = _left.pop()
        zygote.end(child)
    with ExitStack() as stack:
        for layer in layers:
            stack.enter_context(_LAYERS[layer](runner))
        yield


def _without_wall(layer: str) -> Callable[[Runner], AbstractContextManager[Any]]:
    return lambda runner: mock.patch.object(runner, "_layers", tuple(one for one in runner._layers if one != layer))


def _without_seal(runner: Runner) -> AbstractContextManager[Any]:
    """A test is asked at its own moment, while cells that can show something are still to come."""
    keep = places._keep_place

    def keep_and_ask(run: Any, park: Any, channel: Any) -> None:
        keep(run, park, channel)
        tests = [cell for cell in run.job.cells if cell.id in park.tests and cell.id in run.place_of]
        if tests:
            runner._ask_judge(run, tests)

    return mock.patch.object(places, "_keep_place", keep_and_ask)


@contextlib.contextmanager
def _other_judge(runner: Runner, text: str) -> Iterator[None]:
    """The judge's process runs `text` before anything else."""
    folder = Path(tempfile.mkdtemp(prefix="control-"))
    folder.chmod(0o755)
    (folder / "sitecustomize.py").write_text(text, encoding="utf-8")
    judges = Zygote("judge", sorted(runner._preload), environment_of(runner._folder, [folder]), runner._folder)
    try:
        with mock.patch.object(runner, "_judges", judges):
            yield
    finally:
        judges.close()
        shutil.rmtree(folder)


@contextlib.contextmanager
def _full_environment(runner: Runner) -> Iterator[None]:
    environment = dict(os.environ) | environment_of(runner._folder, [])
    students = Zygote("student", sorted(runner._preload), environment, runner._folder)
    try:
        with mock.patch.object(runner, "_students", students):
            yield
    finally:
        students.close()


def _trusting_intake(runner: Runner) -> AbstractContextManager[Any]:
    """The submission's own notebook says which cells are tests, and what they are worth."""
    from classroom.grading import submissions
    from classroom.grading.intake import make_intake, parse_source

    def make(job_id: str, source: Any, submitted: Any, **more: Any) -> Any:
        claimed = replace(parse_source(source.id, submitted), id=source.id)
        return make_intake(job_id, claimed, submitted, **more)

    return mock.patch.object(submissions, "make_intake", make)


def _leave_them(zygote: Zygote, child: Child) -> Usage:
    _left.append((zygote, child))
    return Usage(0.0, None)


_left: list[tuple[Zygote, Child]] = []  # until the next submission, so that whoever survived can be seen


_COMPARISON = """
from judge.proxies import Remote
Remote._compare = lambda self, name, other: bool(self._asking.op(name, self, other))
"""
_COPIES = """
from judge.session import Session
inner = Session.call
def call(self, target, args, kwargs):
    with self.changes_come_back():
        return inner(self, target, args, kwargs)
Session.call = call
"""

_LAYERS: dict[str, Callable[[Runner], AbstractContextManager[Any]]] = {
    "landlock": _without_wall("landlock"),
    "seccomp": _without_wall("seccomp"),
    "uid": lambda runner: mock.patch.object(runner, "_uid", None),
    "watchdog": lambda runner: mock.patch.object(Watchdog, "_judge", return_value=None),
    "seal": _without_seal,
    "comparison": lambda runner: _other_judge(runner, _COMPARISON),
    "copies": lambda runner: _other_judge(runner, _COPIES),
    "intake": _trusting_intake,
    "environment": _full_environment,
    "key out of reach": lambda runner: mock.patch.object(runner, "_readable", (*runner._readable, _REPOSITORY)),
    "end of all processes": lambda runner: mock.patch.object(Zygote, "end", _leave_them),
}
