"""Grades submissions, several at a time, each notebook by the engine in processes of its own."""

import os
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

from classroom.config import Settings
from classroom.errors import GraderError
from classroom.grading.engines import Engine, engine_of
from classroom.grading.models import NotebookIntake, SubmissionIntake, SubmissionResult
from judge.plan import CellVerdict, GradingResult, State, fault, worst


def grade_submission(engine: Engine, intake: SubmissionIntake) -> SubmissionResult:
    """All notebooks of one submission, one after another. Never raises over a notebook: that's a grader's fault."""
    results = {str(notebook.source.id): grade_notebook(engine, notebook) for notebook in intake.notebooks}
    return summarise(intake, results)


def grade_notebook(engine: Engine, notebook: NotebookIntake) -> GradingResult:
    """The result of one notebook; without a job its tests earn nothing."""
    if notebook.job is None:
        return unrun(notebook, engine.name)
    try:
        return engine.grade(notebook.job)
    except (GraderError, OSError, ValueError) as error:
        return fault(notebook.job, str(error), engine.name)


def unrun(notebook: NotebookIntake, engine: str) -> GradingResult:
    """Zero for each test, with the reason why the notebook couldn't be run."""
    verdicts = tuple(
        CellVerdict(cell.plan.id, 0.0, cell.plan.points, State.error, None, notebook.reason)
        for cell in notebook.cells
        if cell.plan.role == "test"
    )
    return GradingResult(notebook.source.id, (), verdicts, State.error, notebook.reason, 0.0, 0.0, engine)


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
