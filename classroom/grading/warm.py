"""An engine of workers that stay warm between jobs; as many as there are jobs at a time."""

import contextlib
import queue
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from classroom.errors import GraderError
from judge.plan import GradingJob, GradingResult

OVERRUN_S = 60.0  # beyond the submission's own budget: for starting, judging, stopping and writing


class Worker(Protocol):
    """Speaks judge.worker's protocol, wherever it runs. All raise GraderError when it's gone or too late."""

    def ask(self, line: str, deadline: float) -> bytes:
        """The answer to a line, waited for until time.monotonic() is `deadline`."""

    def is_alive(self) -> bool: ...

    def end(self) -> None:
        """Kills it with everything in it; nothing of it is left, and whoever waits for its answer gets an error."""


class WarmEngine:
    """Gives each job to a worker that has no other; a worker that failed is not used again."""

    def __init__(self, name: str, start: Callable[[], Worker]) -> None:
        self._name = name
        self._start = start
        self._idle: queue.LifoQueue[Worker] = queue.LifoQueue()
        self._alive: set[Worker] = set()

    @property
    def name(self) -> str:
        return self._name

    def grade(self, job: GradingJob) -> GradingResult:
        worker = self._take()
        try:
            answer = worker.ask(job.to_json(), time.monotonic() + job.limits.total_s + OVERRUN_S)
        except BaseException:
            self._discard(worker)
            raise
        self._idle.put(worker)
        if answer.startswith(b'{"fault"'):
            raise GraderError(f"{job.id}: {answer.decode('utf-8', 'replace')[:500]}")
        return replace(GradingResult.from_json(answer.decode()), engine=self._name)

    def stop(self) -> None:
        for worker in list(self._alive):
            self._discard(worker)

    def _take(self) -> Worker:
        with contextlib.suppress(queue.Empty):
            while True:
                worker = self._idle.get_nowait()
                if worker.is_alive():
                    return worker
                self._discard(worker)
        worker = self._start()
        self._alive.add(worker)
        return worker

    def _discard(self, worker: Worker) -> None:
        self._alive.discard(worker)
        worker.end()
