"""Runs jobs in processes of their own, so that nothing a notebook does can reach the runner."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from classroom.config import Settings
from classroom.errors import GraderError
from classroom.grading.models import NotebookIntake, SubmissionIntake, SubmissionResult
from judge.kernel import ENGINE, START_S, fault
from judge.plan import CellVerdict, GradingJob, GradingResult, State, worst

OVERRUN_S = 30.0  # beyond the submission's own budget, for starting, stopping and writing


@dataclass(frozen=True)
class Engine:
    """Where grading processes find things: folders to import from, and folders linked beside the work folder."""

    python_path: tuple[Path, ...] = ()
    shared: tuple[Path, ...] = ()
    _running: "set[subprocess.Popen[str]]" = field(default_factory=set, repr=False, compare=False)

    @property
    def name(self) -> str:
        return ENGINE

    def grade(self, job: GradingJob) -> GradingResult:
        """Runs one job in a new process; raises GraderError when that process fails or overruns."""
        command = [sys.executable, "-P", "-m", "judge.kernel"]
        command += [word for path in self.python_path for word in ("--python-path", str(path))]
        command += [word for path in self.shared for word in ("--shared", str(path))]
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=_environment(),
            start_new_session=True,
        )
        self._running.add(process)
        try:
            answer, complaint = process.communicate(job.to_json(), timeout=job.limits.total_s + START_S + OVERRUN_S)
        except subprocess.TimeoutExpired as error:
            raise GraderError(f"{job.id}: the grading process didn't end in time and was killed") from error
        finally:
            _kill_group(process)
            process.communicate()
            self._running.discard(process)
        if process.returncode != 0:
            last = complaint.strip().splitlines()[-1:] or [f"exit code {process.returncode}"]
            raise GraderError(f"{job.id}: the grading process failed: {last[0][:300]}")
        return GradingResult.from_json(answer)

    def stop(self) -> None:
        """Kills what runs; each `grade` that waits for it then raises GraderError."""
        for process in list(self._running):
            _kill_group(process)


def engine_of(settings: Settings) -> Engine:
    """Test cells may import the authors' library from the checkout; data/ is where code looks for it."""
    data = settings.course_root / "data"
    return Engine(python_path=(settings.course_root,), shared=(data,) if data.is_dir() else ())


def grade_submission(engine: Engine, intake: SubmissionIntake) -> SubmissionResult:
    """All notebooks of one submission, one after another. Never raises over a notebook: that's a grader's fault."""
    results = {str(notebook.source.id): grade_notebook(engine, notebook) for notebook in intake.notebooks}
    return summarise(intake, results)


def grade_notebook(engine: Engine, notebook: NotebookIntake) -> GradingResult:
    """The result of one notebook; without a job its tests earn nothing."""
    if notebook.job is None:
        return unrun(notebook)
    try:
        return engine.grade(notebook.job)
    except (GraderError, OSError, ValueError) as error:
        return fault(notebook.job, str(error))


def unrun(notebook: NotebookIntake) -> GradingResult:
    """Zero for each test, with the reason why the notebook couldn't be run."""
    verdicts = tuple(
        CellVerdict(cell.plan.id, 0.0, cell.plan.points, State.error, None, notebook.reason)
        for cell in notebook.cells
        if cell.plan.role == "test"
    )
    return GradingResult(notebook.source.id, (), verdicts, State.error, notebook.reason, 0.0, 0.0, ENGINE)


def summarise(intake: SubmissionIntake, results: Mapping[str, GradingResult]) -> SubmissionResult:
    """The submission's status: a grader's fault, else the first notebook's fault, else the worst state."""
    state = worst([result.state for result in results.values()])
    faults = [notebook.fault for notebook in intake.notebooks if notebook.fault is not None]
    status = str(faults[0]) if faults and state is not State.grader_fault else str(state)
    reasons = [result.reason for result in results.values() if result.reason]
    return SubmissionResult(results, status, "; ".join([*reasons, *intake.notes]) or None)


class Pool:
    """Grades up to `workers` submissions at a time."""

    def __init__(self, engine: Engine, workers: int, executor: ThreadPoolExecutor) -> None:
        self.engine = engine
        self.workers = workers
        self._executor = executor

    def submit(self, intake: SubmissionIntake) -> "Future[SubmissionResult]":
        return self._executor.submit(grade_submission, self.engine, intake)


@contextmanager
def open_pool(settings: Settings) -> Iterator[Pool]:
    """A pool with settings.workers processes, or one a core."""
    workers = settings.workers or os.cpu_count() or 1
    # The threads only wait for their process; student code never runs in this one.
    executor = ThreadPoolExecutor(workers, thread_name_prefix="grade")
    engine = engine_of(settings)
    try:
        yield Pool(engine, workers, executor)
    finally:
        executor.shutdown(wait=False, cancel_futures=True)
        engine.stop()
        executor.shutdown(wait=True)


def _environment() -> dict[str, str]:
    """For the judge's process, which gives the kernel an environment of its own: no token, no setting."""
    return {"PATH": os.defpath, "LANG": "C.UTF-8", "HOME": "/nonexistent", "OMP_NUM_THREADS": "1"}


def _kill_group(process: "subprocess.Popen[str]") -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
