"""The controller: runs a job's cells in the student's process, seals what they showed, then lets the judge ask.

Phase 1 (`judge.places`): the student's and locked cells run; at a test cell the student's process only parks a copy of
itself. No test text has left the controller. Then what was shown is kept as final and the channel is closed: the seal.
Phase 2: a judge is forked, gets the tests and the parked copies, and answers with numbers. The order in time is the
guarantee; nothing depends on what the student's process does honestly.
"""

import contextlib
import json
import os
import tempfile
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from judge.channel import Channel, ChannelGone, pair
from judge.park import trusted_cells
from judge.places import OVERUSE, Run, lost_tests, receive_bare, run_cells, without_the_end
from judge.plan import CellVerdict, GradingJob, GradingResult, PlanCell, State, worst
from judge.sandbox import Boundary
from judge.sandbox.groups import open_group
from judge.sandbox.owners import new_name
from judge.sandbox.sweep import remove_folder
from judge.sandbox.watchdog import TASKS_A_PROCESS, Watchdog
from judge.workplace import NOTEBOOK, work_folder
from judge.zygote import Usage, Zygote

ENGINE = "split-1"
MAX_HUNG_JUDGES = 2  # of one submission; its other tests are given up
HUNG = "the test hung and was killed"
JUDGE_GRACE_S = 6.0  # for the verdict after a test's own alarm, on a busy machine


class Runner:
    """Grades one job after another with two zygotes. Use as a context manager."""

    def __init__(
        self,
        *,
        preload: Sequence[str],
        authors: Sequence[Path] = (),
        readable: Sequence[Path] = (),
        shared: Sequence[Path] = (),
        uid: int | None = None,
        layers: Sequence[str] = ("landlock", "seccomp", "groups"),
    ) -> None:
        """preload: what the assignment's notebooks import, never its solutions. authors: packages that only tests may
        import; the student's process neither finds nor reads them. readable: folders that both may read beside the
        interpreter. shared: folders that both find beside their own.
        """
        self._folder = Path(tempfile.gettempdir()) / new_name()
        self._folder.mkdir()
        self._folder.chmod(0o711)
        self._group = open_group() if "groups" in layers else None
        self._uid, self._layers, self._preload = uid, tuple(layers), frozenset(preload)
        package = Path(__file__).resolve().parent
        self._readable = (package, *readable, *shared)
        self._shared = tuple(shared)
        self._judge_readable = (*self._readable, *authors)
        # A folder with nothing but these packages in it: the course's own folder holds much more.
        importable = self._folder / "authors"
        importable.mkdir(mode=0o711)
        for path in authors:
            (importable / path.name).symlink_to(path)
        self._students = Zygote("student", preload, environment_of(self._folder, []), self._folder)
        self._judges = Zygote("judge", preload, environment_of(self._folder, [importable]), self._folder)

    def __enter__(self) -> "Runner":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._students.close()
        self._judges.close()
        if self._group is not None:
            self._group.close()
        remove_folder(self._folder)

    def grade(self, job: GradingJob) -> GradingResult:
        """The verdicts of one notebook; a StudentCodeError is never raised: it's a state. Raises ZygoteError."""
        began = time.monotonic()
        run = Run(job, began + job.limits.total_s)
        used: list[Usage] = []
        with contextlib.ExitStack() as students:
            students.callback(_close, run.places)
            students.enter_context(self._student(run, used))
            if lost := lost_tests(run):
                again = Run(without_the_end(run, lost), run.deadline)
                students.enter_context(self._student(again, used))
                run.place_of |= {test: place + len(run.places) for test, place in again.place_of.items()}
                run.places += again.places
            verdicts, usage = self._judge(run)
            used.append(usage)
        return _result(run, verdicts, used, time.monotonic() - began)

    @contextlib.contextmanager
    def _student(self, run: Run, used: list[Usage]) -> Iterator[None]:
        """Phase 1, in a process that lives on with its copies until the block ends."""
        zygote = self._students
        with self._work_folder(run.job.files, run.job.released) as work, contextlib.ExitStack() as life:
            channel, theirs = pair()
            watchdog = run.watchdog = Watchdog(zygote.pid, work, run.job.limits, self._group, self._uid)
            boundary = self._boundary(work, run.job, self._readable)
            if self._group is None:
                boundary = replace(boundary, watched=True)
            else:
                boundary = replace(boundary, joins=self._group.entries)
            with theirs:
                child = zygote.fork(boundary, theirs)
            life.callback(lambda: used.append(zygote.end(child)))
            run.pid = child.pid
            life.enter_context(watchdog)
            with channel:
                channel.watch(child.pid)
                run_cells(run, channel, watchdog, self._preload)
                if run.gone is not None:
                    channel.kill()  # it may hang, and take the tests' time
            if watchdog.verdict is not None:
                life.close()  # it ends the copies, too, and would end those of a second run
            yield

    def _judge(self, run: Run) -> tuple[list[CellVerdict], Usage]:
        """Phase 2. A judge that dies or hangs costs the test it was at; a fresh one goes on with the rest."""
        verdicts: dict[str, CellVerdict] = {}
        used: list[Usage] = []
        hung = 0
        while waiting := [cell for cell in run.job.cells if cell.role == "test" and cell.id not in verdicts]:
            if hung >= MAX_HUNG_JUDGES or time.monotonic() > run.deadline:
                used_up = f"not run: the notebook's {run.job.limits.total_s:g} s were used up"
                reason = "not run: two tests hung" if hung >= MAX_HUNG_JUDGES else used_up
                found, usage = [_late(cell, reason) for cell in waiting], Usage(0.0, None)
            else:
                found, usage = self._ask_judge(run, waiting)
            hung += found[-1].reason == HUNG
            verdicts |= {verdict.id: verdict for verdict in found}
            used.append(usage)
        cpu_s = sum(usage.cpu_s for usage in used)
        return [verdicts[cell.id] for cell in run.job.cells if cell.role == "test"], Usage(cpu_s, None)

    def _ask_judge(self, run: Run, tests: Sequence[PlanCell]) -> tuple[list[CellVerdict], Usage]:
        """Verdicts of some tests from one judge, at least one; all of them when it lives to the end."""
        asked = {cell.id for cell in tests}
        cells = [cell for cell in trusted_cells(run.job.cells) if cell.role != "test" or cell.id in asked]
        order = {
            "cells": [asdict(cell) for cell in cells if cell.role != "markdown"],
            "place_of": run.place_of,
            "places": len(run.places),
            "limits": asdict(run.job.limits),
        }
        with self._work_folder({}, ()) as work:
            channel, theirs = pair()
            with theirs:
                child = self._judges.fork(self._boundary(work, run.job, self._judge_readable), theirs)
            try:
                with channel:
                    verdicts = _order_verdicts(channel, order, run, tests)
            finally:
                usage = self._judges.end(child)
        return verdicts, usage

    def _work_folder(self, files: Mapping[str, bytes], released: Collection[str]) -> AbstractContextManager[Path]:
        return work_folder(self._folder, files, released, shared=self._shared, uid=self._uid)

    def _boundary(self, work: Path, job: GradingJob, readable: Sequence[Path]) -> Boundary:
        memory = job.limits.memory_mb << 20
        return Boundary(
            work=work,
            start=NOTEBOOK,
            readable=tuple(readable),
            uid=self._uid,
            memory_bytes=memory,
            cpu_s=int(job.limits.total_s) + 10,
            tasks=job.limits.processes * TASKS_A_PROCESS,
            programs=job.limits.subprocesses,
            servers=job.limits.services,
            layers=self._layers,
        )


def environment_of(home: Path, python_path: Sequence[Path]) -> dict[str, str]:
    """All that a zygote and its children have in their environment."""
    return {
        "PATH": os.defpath,
        "LANG": "C.UTF-8",
        "HOME": str(home),
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "MPLCONFIGDIR": str(home / "matplotlib"),
        "IPYTHONDIR": str(home / "ipython"),
        # One thread: a forked child has none of its parent's, and OpenMP would wait for them for ever.
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "JOBLIB_MULTIPROCESSING": "0",
        "LOKY_MAX_CPU_COUNT": "1",  # else it counts cores by running lscpu, which no filter lets it
        "ARROW_DEFAULT_MEMORY_POOL": "system",
        "JE_ARROW_MALLOC_CONF": "background_thread:false",
        "PYTHONPATH": os.pathsep.join(str(path) for path in python_path),
    }


def _close(places: Sequence[Channel | memoryview]) -> None:
    for place in places:
        if isinstance(place, Channel):
            place.close()


def _order_verdicts(channel: Channel, order: dict[str, Any], run: Run, tests: Sequence[PlanCell]) -> list[CellVerdict]:
    """The verdicts as they come. The last one is about the judge itself when it didn't get to the end."""
    verdicts: list[CellVerdict] = []
    try:
        channel.send({"do": "judge"}, json.dumps(order).encode())
        for place in run.places:
            if isinstance(place, Channel):
                channel.send({}, fds=[place.fileno()])
            else:
                channel.send({}, place)
        # The first one waits for the locked cells, too; a judge rings its own alarm before ours.
        limit = (
            run.job.limits.test_s
            + JUDGE_GRACE_S
            + sum(run.job.limits.test_s for cell in order["cells"] if cell["role"] == "locked")
        )
        for cell in tests:
            reply = receive_bare(channel, min(time.monotonic() + limit, run.deadline + JUDGE_GRACE_S))
            verdicts.append(_with_cause(_parse_verdict(json.loads(bytes(reply.frame)), cell), run.watchdog))
            limit = run.job.limits.test_s + JUDGE_GRACE_S
    except (ChannelGone, ValueError, TypeError, KeyError) as error:
        verdicts.append(_of_lost_judge(tests[len(verdicts)], str(error)))
    return verdicts


def _of_lost_judge(cell: PlanCell, why: str) -> CellVerdict:
    """A judge that hangs does so in a library, over what a student made; one that dies is our fault."""
    if "in time" in why:
        return _late(cell, HUNG)
    return CellVerdict(cell.id, 0.0, cell.points, State.grader_fault, cell.hint, f"the judge is gone: {why}")


def _with_cause(verdict: CellVerdict, watchdog: Watchdog | None) -> CellVerdict:
    """A verdict that says why the student's process went away, where we ended it."""
    if watchdog is None or verdict.state != State.crashed or not watchdog.verdict:
        return verdict
    state, reason = OVERUSE[watchdog.verdict]
    return replace(verdict, state=state, reason=reason)


def _late(cell: PlanCell, reason: str) -> CellVerdict:
    return CellVerdict(cell.id, 0.0, cell.points, State.timeout, cell.hint, reason)


def _parse_verdict(raw: Mapping[str, Any], cell: PlanCell) -> CellVerdict:
    """What the judge said of a test, with points, maximum and hint as the plan has them."""
    points = raw["points"]
    if raw["id"] != cell.id or type(points) not in (int, float) or not 0 <= points <= cell.points:
        raise ValueError("a verdict that can't be")
    # A student's text may hold lone surrogates, which are no UTF-8.
    reason = raw["reason"] and str(raw["reason"])[:4000].encode("utf-8", "replace").decode()
    return CellVerdict(cell.id, float(points), cell.points, State(raw["state"]), cell.hint, reason)


def _result(run: Run, verdicts: Sequence[CellVerdict], usage: Sequence[Usage], wall_s: float) -> GradingResult:
    state = worst([*(cell.state for cell in run.cells), *(verdict.state for verdict in verdicts)])
    reasons = [f"{cell.id}: {cell.error}" for cell in run.cells if cell.error]
    reasons += [
        f"{verdict.id}: {verdict.reason}" for verdict in verdicts if verdict.reason and verdict.state != State.ok
    ]
    cpu_s = sum(one.cpu_s for one in usage)
    reason = reasons[0][:500] if reasons else None
    return GradingResult(run.job.id, tuple(run.cells), tuple(verdicts), state, reason, wall_s, cpu_s, ENGINE)
