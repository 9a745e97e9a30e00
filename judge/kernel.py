"""The first engine: one ordinary kernel runs a notebook's cells and its tests.

It contains crashes, endless loops and floods of output, and keeps hidden tests' outputs apart from what is shown. It
does NOT separate the student's code from the tests: both run in one process, as one user, as in stock nbgrader, so a
student who means to can forge points or read a test that runs after a cell of theirs. The next engine takes its place
behind the same types.

    python -m judge.kernel [--python-path FOLDER]... [--shared FOLDER]... < job.json > result.json
"""

import argparse
import os
import queue
import resource
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.connect import write_connection_file

from judge.outputs import Collector, Ran, Room
from judge.plan import CellResult, CellVerdict, GradingJob, GradingResult, Limits, PlanCell, State, fault, worst
from judge.process import adopt_orphans, die_with_parent, resident_bytes, start_kernel, sweep, work_place
from judge.verdict import judge_cell

ENGINE = "kernel-1"
START_S = 60.0
INTERRUPT_S = 3.0  # how long an interrupted cell may take to end
_POLL_S = 0.25
_MIN_CELL_S = 0.05

# The student's own modules are importable, but come after everything installed.
_PREPARE = "import os as _os, sys as _sys; _sys.path.append(_os.getcwd()); del _os, _sys"


_Message = dict[str, Any]


class KernelGone(Exception):
    """The kernel is no more; `ran` says how the cell it ran ended."""

    def __init__(self, ran: Ran) -> None:
        super().__init__(ran.reason)
        self.ran = ran


class Kernel:
    """A running kernel. After KernelGone only `close` may be called."""

    def __init__(self, place: Path, python_path: Sequence[Path], limits: Limits) -> None:
        self._limits = limits
        self._room = Room()
        # Unix sockets in a private folder: no port that two kernels could both choose.
        file, _ = write_connection_file(str(place / "run/kernel.json"), ip=str(place / "run/k"), transport="ipc")
        self._process = start_kernel(Path(file), place, python_path)
        self._client = BlockingKernelClient(connection_file=file)
        self._client.load_connection_file()
        self._client.start_channels(hb=False, stdin=False)

    def wait_until_ready(self) -> None:
        """Raises RuntimeError when the kernel doesn't answer."""
        self._client.wait_for_ready(timeout=START_S)
        self.run(_PREPARE, START_S)

    def run(self, source: str, timeout_s: float) -> Ran:
        """Runs one cell; an error in it is a result. Raises KernelGone."""
        collector = Collector(self._limits.output_bytes, self._room)
        asked = self._client.execute(source, allow_stdin=False, stop_on_error=False)
        interrupted, reply = self._collect(asked, collector, timeout_s)
        content = (reply or self._wait_for_reply(asked, collector))["content"]
        if content.get("status") != "ok":
            # The reply names an error even where the student's code kept it from being shown.
            name, value = content.get("ename", "Aborted"), content.get("evalue", "")
            collector.note_error(str(name), str(value), [str(line) for line in content.get("traceback", [])])
        if interrupted:
            return collector.end(State.timeout, f"the cell ran longer than {timeout_s:.3g} s and was interrupted")
        return collector.end(State.ok)

    def close(self) -> None:
        """Ends the kernel and gives its sockets back."""
        self._process.kill()
        self._process.wait()
        self._client.stop_channels()
        self._client.context.destroy(linger=0)

    def _collect(self, asked: str, collector: Collector, timeout_s: float) -> tuple[bool, _Message | None]:
        """Takes messages until the cell has ended; whether it had to be interrupted, and the reply if it's there."""
        deadline = time.monotonic() + timeout_s
        next_look = time.monotonic() + _POLL_S
        interrupted, reply = False, None
        while True:
            message = self._next_message()
            now = time.monotonic()
            if now > deadline and interrupted:
                raise self._killed(
                    collector, State.timeout, f"the cell ran longer than {timeout_s:.3g} s, even when interrupted"
                )
            if now > deadline:
                interrupted, deadline = True, now + INTERRUPT_S
                self._process.send_signal(signal.SIGINT)
            if message is None or now > next_look:
                self._look_at_process(collector)
                next_look = now + _POLL_S
            if message is None and reply is not None:
                return interrupted, reply  # a flood of output can make ZeroMQ drop the message that says "idle"
            if message is None:
                reply = self._find_reply(asked)
            elif message["parent_header"].get("msg_id") == asked:
                if message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
                    return interrupted, reply
                collector.add(message["msg_type"], message["content"])

    def _next_message(self) -> _Message | None:
        try:
            return dict(self._client.get_iopub_msg(timeout=_POLL_S))
        except queue.Empty:
            return None

    def _find_reply(self, asked: str, timeout_s: float = 0.0) -> _Message | None:
        try:
            reply = dict(self._client.get_shell_msg(timeout=timeout_s))
        except queue.Empty:
            return None
        return reply if reply["parent_header"].get("msg_id") == asked else None

    def _look_at_process(self, collector: Collector) -> None:
        if (code := self._process.poll()) is not None:
            how = f"signal {-code}" if code < 0 else f"exit code {code}"
            raise self._killed(collector, State.crashed, f"the kernel died while the cell ran ({how})")
        if resident_bytes(self._process.pid) > self._limits.memory_mb << 20:
            raise self._killed(collector, State.out_of_memory, f"the cell needed more than {self._limits.memory_mb} MB")

    def _killed(self, collector: Collector, state: State, reason: str) -> KernelGone:
        self._process.kill()
        return KernelGone(collector.end(state, reason))

    def _wait_for_reply(self, asked: str, collector: Collector) -> _Message:
        deadline = time.monotonic() + INTERRUPT_S
        while time.monotonic() < deadline:
            if reply := self._find_reply(asked, _POLL_S):
                return reply
            self._look_at_process(collector)
        raise self._killed(collector, State.crashed, "the kernel didn't answer after the cell had ended")


class _Session:
    """Runs a job's cells one after another and knows why a cell can't run any more."""

    def __init__(self, kernel: Kernel, limits: Limits) -> None:
        self._kernel = kernel
        self._limits = limits
        self._deadline = time.monotonic() + limits.total_s
        self._over: Ran | None = None

    def run(self, cell: PlanCell) -> Ran:
        if self._over:
            return self._over
        left = self._deadline - time.monotonic()
        if left < _MIN_CELL_S:
            reason = f"not run: the submission's {self._limits.total_s:g} s were used up"
            self._over = Ran(State.timeout, reason=reason)
            return self._over
        own = self._limits.test_s if cell.role == "test" else self._limits.cell_s
        try:
            return self._kernel.run(cell.source, min(own, left))
        except KernelGone as gone:
            self._over = Ran(State.crashed, reason=f"not run: in {cell.id} {gone.ran.reason}", has_run=False)
            return gone.ran


def grade(job: GradingJob, *, python_path: Sequence[Path] = (), shared: Sequence[Path] = ()) -> GradingResult:
    """The verdicts of a job. Whatever the student's code does, this returns within its limits and some seconds.

    python_path: folders that test cells may import from. shared: folders linked beside the work folder.
    """
    begun, cpu = time.monotonic(), _cpu_s()
    with work_place(job.files, shared) as place:
        kernel = Kernel(place, python_path, job.limits)
        try:
            kernel.wait_until_ready()
            session = _Session(kernel, job.limits)
            ran = [(cell, session.run(cell)) for cell in job.cells if cell.role != "markdown"]
        except RuntimeError as error:
            return fault(job, f"the kernel didn't start: {error}", ENGINE)
        finally:
            kernel.close()
            sweep()
    cells = tuple(_cell_result(cell, how) for cell, how in ran if cell.role != "test")
    verdicts = tuple(judge_cell(cell, how) for cell, how in ran if cell.role == "test")
    state, reason = _summary(ran, verdicts)
    wall_s, cpu_s = round(time.monotonic() - begun, 3), round(_cpu_s() - cpu, 3)
    return GradingResult(job.id, cells, verdicts, state, reason, wall_s, cpu_s, ENGINE)


def _cell_result(cell: PlanCell, ran: Ran) -> CellResult:
    state = State.error if ran.state is State.ok and ran.error else ran.state
    return CellResult(cell.id, ran.outputs, ran.reason or ran.error, state)


def _summary(ran: list[tuple[PlanCell, Ran]], verdicts: tuple[CellVerdict, ...]) -> tuple[State, str | None]:
    """The worst that happened and where. An error in a cell without points is no fault of the submission, a hang or a
    crash always is; cells that couldn't run any more add nothing to what stopped them.
    """
    ends = [(cell.id, how.state, how.reason) for cell, how in ran if cell.role != "test" and how.has_run]
    skipped = {cell.id for cell, how in ran if not how.has_run}
    ends += [(one.id, one.state, one.reason) for one in verdicts if one.id not in skipped]
    state = worst([state for _, state, _ in ends])
    if state is State.ok:
        return state, None
    return state, next(f"{name}: {reason}" for name, how, reason in ends if how is state)


def _cpu_s() -> float:
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def main() -> None:
    """One job on stdin, one result on stdout."""
    parser = argparse.ArgumentParser(prog="python -m judge.kernel")
    parser.add_argument("--python-path", action="append", type=Path, default=[])
    parser.add_argument("--shared", action="append", type=Path, default=[])
    arguments = parser.parse_args()
    die_with_parent()
    adopt_orphans()
    job = GradingJob.from_json(sys.stdin.read())
    # Nothing but the result may reach stdout.
    with os.fdopen(os.dup(1), "w") as answer:
        os.dup2(2, 1)
        answer.write(grade(job, python_path=arguments.python_path, shared=arguments.shared).to_json())


if __name__ == "__main__":
    main()
