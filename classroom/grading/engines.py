"""Which engine runs a job, and the processes it runs in. A judge never shares a process with the one who records.

`SplitEngine` is the one: the student's code answers in a confined process, the tests judge in another. Where this
machine can't confine, hidden tests aren't run at all, unless the operator says that it's wanted: `KernelEngine` then
runs notebook and tests in one kernel, and its name stands in each result.
"""

import contextlib
import importlib.util
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import judge
from classroom.assignments import Course, load_course
from classroom.config import Settings
from classroom.errors import GraderError
from classroom.grading.image import Contents
from classroom.grading.warm import OVERRUN_S, WarmEngine
from judge import kernel, runner
from judge.plan import GradingJob, GradingResult
from judge.sandbox.probe import rung_here


class Engine(Protocol):
    """Runs jobs. `grade` may be called from several threads; it raises GraderError when the grader itself failed."""

    @property
    def name(self) -> str: ...

    def grade(self, job: GradingJob) -> GradingResult: ...

    def stop(self) -> None:
        """Kills what runs; each `grade` that waits for it then raises GraderError."""


@dataclass(frozen=True)
class Places:
    """Where grading processes find things.

    authors: packages that only tests may import. readable: folders of students' packages that aren't installed as
    copies. shared: folders linked beside a notebook's own.
    """

    authors: tuple[Path, ...] = ()
    readable: tuple[Path, ...] = ()
    shared: tuple[Path, ...] = ()


def places_of(settings: Settings, course: Course) -> Places:
    """The course's packages and its data; what doesn't exist is left out."""
    root = settings.course_root
    authors = tuple(root / name for name in course.author_packages if (root / name).is_dir())
    data = root / "data"
    return Places(authors, _package_folders(course.student_packages), (data,) if data.is_dir() else ())


def engine_of(settings: Settings, course: Course | None = None) -> Engine:
    """The engine for this machine; raises GraderError where it can't confine and nobody allowed to go without."""
    course = course or load_course(settings.course_root, starts=settings.starts)
    if settings.grader == "docker":
        # Docker's library takes 0.2 s to import, which authors who grade all day needn't wait for.
        from classroom.grading.containers import open_engine

        return open_engine(contents_of(settings, course))
    return bare_engine(places_of(settings, course), unsafe=settings.unsafe_engine)


def contents_of(settings: Settings, course: Course) -> Contents:
    """What the grader's image holds for a course."""
    places = places_of(settings, course)
    packages = (Path(judge.__file__).parent, *_package_folders(course.student_packages))
    return Contents(packages, places.authors, places.shared)


def bare_engine(places: Places, *, unsafe: bool = False) -> Engine:
    """As engine_of, without a course."""
    rung = rung_here()
    if rung.confined:
        return SplitEngine(places)
    if unsafe:
        return KernelEngine(places)
    raise GraderError(
        f"this machine can't confine student code ({'; '.join(rung.problems)}), so hidden tests aren't run on it. Run "
        "`classroom doctor`; with CLASSROOM_UNSAFE_ENGINE=1 notebooks and tests share one kernel, and can be forged"
    )


@dataclass(frozen=True)
class KernelEngine:
    """A new process for each job, with one ordinary kernel: it contains harm by accident, and no cheating."""

    places: Places = Places()
    _running: "set[subprocess.Popen[bytes]]" = field(default_factory=set, repr=False, compare=False)

    @property
    def name(self) -> str:
        return kernel.ENGINE

    def grade(self, job: GradingJob) -> GradingResult:
        parents = {path.parent for path in self.places.authors}
        command = [*_words("--python-path", sorted(parents)), *_words("--shared", self.places.shared)]
        process = _start("judge.kernel", command)
        self._running.add(process)
        try:
            answer, complaint = process.communicate(
                job.to_json().encode(), timeout=job.limits.total_s + kernel.START_S + OVERRUN_S
            )
        except subprocess.TimeoutExpired as error:
            raise GraderError(f"{job.id}: the grading process didn't end in time and was killed") from error
        finally:
            _kill_group(process)
            process.communicate()
            self._running.discard(process)
        if process.returncode != 0:
            last = complaint.decode("utf-8", "replace").strip().splitlines()[-1:]
            raise GraderError(f"{job.id}: the grading process failed: {''.join(last)[:300]}")
        return GradingResult.from_json(answer.decode())

    def stop(self) -> None:
        for process in list(self._running):
            _kill_group(process)


class SplitEngine(WarmEngine):
    """Grades in processes of this machine."""

    def __init__(self, places: Places | None = None) -> None:
        places = places or Places()
        arguments = [
            *_words("--authors", places.authors),
            *_words("--readable", places.readable),
            *_words("--shared", places.shared),
        ]
        super().__init__(runner.ENGINE, lambda: LocalWorker(arguments))


class LocalWorker:
    """A grading process of this machine, spoken with over its standard streams."""

    def __init__(self, arguments: Sequence[str]) -> None:
        self._process = _start("judge.worker", arguments)

    def ask(self, line: str, deadline: float) -> bytes:
        return _converse(self._process, line, deadline)

    def is_alive(self) -> bool:
        return self._process.poll() is None

    def end(self) -> None:
        _kill_group(self._process)
        with contextlib.suppress(OSError, ValueError):
            self._process.communicate(timeout=10)


def _converse(process: "subprocess.Popen[bytes]", line: str, deadline: float) -> bytes:
    """One line of answer for one line of job; raises GraderError when the process dies or is too late."""
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(line.encode() + b"\n")
        process.stdin.flush()
        answer = bytearray()
        while not answer.endswith(b"\n"):
            ready, _, _ = select.select([process.stdout], [], [], max(deadline - time.monotonic(), 0))
            if not ready:
                raise GraderError("the grading process didn't answer in time and was killed")
            part = os.read(process.stdout.fileno(), 1 << 20)
            if not part:
                raise GraderError("the grading process died")
            answer += part
    except (OSError, ValueError) as error:
        raise GraderError(f"the grading process died: {error}") from error
    return bytes(answer)


def _start(module: str, arguments: Sequence[str]) -> "subprocess.Popen[bytes]":
    """A process with an environment of its own: no token, no setting of ours."""
    environment = {"PATH": os.defpath, "LANG": "C.UTF-8", "HOME": "/nonexistent", "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        [sys.executable, "-P", "-m", module, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL if module == "judge.worker" else subprocess.PIPE,
        env=environment,
        start_new_session=True,
    )


def _words(option: str, paths: Sequence[Path]) -> list[str]:
    return [word for path in paths for word in (option, str(path))]


def _package_folders(names: Sequence[str]) -> tuple[Path, ...]:
    found = [importlib.util.find_spec(name) for name in names]
    return tuple(Path(place) for spec in found if spec for place in spec.submodule_search_locations or ())


def _kill_group(process: "subprocess.Popen[bytes]") -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
