"""Grading on other machines by Dask: `Cluster` is an engine whose processes run wherever a `classroom worker` does.

What travels is a GradingJob as JSON and a GradingResult as JSON. A worker has no gradebook, no store and no token; it
needs the course's checkout only for the authors' packages and the data. Dask pickles between its own processes, so its
port must be reachable by them alone (a private network, or tls:// by Dask's own settings).
"""

import asyncio
import contextlib
import logging
import signal
import uuid
from collections.abc import Iterator
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import contextmanager

import distributed
from distributed import Client, KilledWorker, Worker, WorkerPlugin, get_worker

from classroom.errors import GraderError, Unavailable
from classroom.grading.engines import Engine
from classroom.grading.models import SubmissionIntake, SubmissionResult
from classroom.grading.pool import grade_submission
from judge.plan import GradingJob, GradingResult

log = logging.getLogger(__name__)
PLUGIN = "grading"
CONNECT_S = 30
FIRST_WORKER_S = 120  # a worker that was just started loads its libraries
MAX_AT_A_TIME = 512  # submissions that one runner waits for


class Cluster:
    """The engine of a cluster's workers, which must all be the same. May be called from several threads."""

    def __init__(self, client: Client, scheduler: str) -> None:
        """Asks a worker for its engine's name; raises Unavailable when there is none in time."""
        self._client = client
        self._scheduler = scheduler
        self.name = self._ask(
            client.submit(_engine_name, pure=False), FIRST_WORKER_S, "no worker is ready there"
        ).decode()

    def grade(self, job: GradingJob) -> GradingResult:
        """As Engine.grade; raises Unavailable when the scheduler is lost, which is no try of the job."""
        key = f"{job.id}-{uuid.uuid4().hex}"
        try:
            future = self._client.submit(_grade, job.to_json().encode(), self.name, key=key, pure=False)
        except (OSError, RuntimeError) as error:
            raise self._lost(str(error)) from error
        return GradingResult.from_json(self._ask(future, None, "the connection was lost").decode())

    @property
    def workers(self) -> int:
        """How many submissions to have there at a time: one waits, so that no worker has to."""
        try:
            return min(len(self._client.nthreads()) + 1, MAX_AT_A_TIME)
        except (OSError, RuntimeError) as error:
            raise self._lost(str(error)) from error

    def stop(self) -> None:
        """Leaves the cluster; what runs there for us is cancelled."""
        with contextlib.suppress(OSError, RuntimeError):
            self._client.close(timeout=5)

    def _ask(self, future: "distributed.Future[bytes]", timeout_s: float | None, why: str) -> bytes:
        try:
            return future.result(timeout_s)
        except KilledWorker as error:
            raise GraderError(f"no worker survived it: {error}") from error
        except (CancelledError, asyncio.CancelledError, TimeoutError, OSError) as error:
            raise self._lost(why) from error

    def _lost(self, why: str) -> Unavailable:
        return Unavailable(
            f"the scheduler {self._scheduler} can't be used: {why}. Nothing is lost, what was running waits for the "
            "next runner; see that `dask scheduler` and `classroom worker` run, and start again"
        )


class ClusterPool:
    """Grades submissions on a cluster, as many at a time as it has workers now. Looks like pool.Pool."""

    def __init__(self, engine: Cluster, executor: ThreadPoolExecutor) -> None:
        self.engine: Engine = engine
        self._cluster = engine
        self._executor = executor

    @property
    def workers(self) -> int:
        return self._cluster.workers

    def submit(self, intake: SubmissionIntake) -> "Future[SubmissionResult]":
        return self._executor.submit(grade_submission, self.engine, intake)


@contextmanager
def open_cluster(scheduler: str, *, connect_s: float = CONNECT_S) -> Iterator[ClusterPool]:
    """A pool on the cluster of this scheduler (tcp://host:port); raises Unavailable."""
    try:
        client = Client(scheduler, timeout=connect_s, set_as_default=False)
    except (OSError, ValueError) as error:
        raise Unavailable(f"no scheduler answers at {scheduler}; start one with `dask scheduler`") from error
    # The threads only wait for an answer.
    executor = ThreadPoolExecutor(MAX_AT_A_TIME, thread_name_prefix="cluster")
    try:
        yield ClusterPool(Cluster(client, scheduler), executor)
    finally:
        executor.shutdown(wait=False, cancel_futures=True)
        client.close(timeout=5)
        executor.shutdown(wait=True)


def serve_worker(scheduler: str, engine: Engine) -> None:
    """Grades one notebook at a time until SIGTERM; raises Unavailable when the scheduler is out of reach."""
    try:
        was_told = asyncio.run(_serve(scheduler, engine))
    except (OSError, TimeoutError) as error:
        raise Unavailable(f"no scheduler answers at {scheduler}: {error}") from error
    if not was_told:
        raise Unavailable(f"the scheduler {scheduler} is gone; start it, then this worker again")


class _Grading(WorkerPlugin):
    """Carries the engine on its worker."""

    name = PLUGIN

    def __init__(self, engine: Engine) -> None:
        self.engine = engine


async def _serve(scheduler: str, engine: Engine) -> bool:
    """True when it was told to stop, False when the scheduler was lost."""
    # Without a nanny: killed, it is started again by whatever started it, with its engine, and Dask repeats the task.
    async with Worker(
        scheduler, nthreads=1, memory_limit=0, dashboard=False, death_timeout=CONNECT_S, plugins=(_Grading(engine),)
    ) as worker:
        log.info("the worker of %s is ready", scheduler)
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        told, lost = asyncio.ensure_future(stop.wait()), asyncio.ensure_future(worker.finished())
        await asyncio.wait({told, lost}, return_when=asyncio.FIRST_COMPLETED)
        # What it is at is given to another worker; waiting for it could take minutes.
        await worker.close(executor_wait=False)
        return stop.is_set()


def _engine() -> Engine:
    found = get_worker().plugins.get(PLUGIN)
    if not isinstance(found, _Grading):
        raise GraderError("a worker of the cluster can't grade; start it with `classroom worker`")
    return found.engine


def _engine_name() -> bytes:
    return _engine().name.encode()


def _grade(job: bytes, engine_name: str) -> bytes:
    return grade_by(_engine(), job, engine_name)


def grade_by(engine: Engine, job: bytes, engine_name: str) -> bytes:
    """What a worker answers: a result as JSON, by the engine of that name and no other.

    Only GraderError travels back: to the runner another error means that the cluster is lost.
    """
    if engine.name != engine_name:
        raise GraderError(
            f"a worker grades by {engine.name}, another by {engine_name}; give all of them one version and image"
        )
    try:
        return engine.grade(GradingJob.from_json(job.decode())).to_json().encode()
    except (OSError, ValueError) as error:
        raise GraderError(str(error)) from error
