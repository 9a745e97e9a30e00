"""What a class tells Prometheus: one page of the service, read with a token of its own.

Counts of submissions and jobs come from the database, whoever made them. What only a process knows (how long pages
take, how long gradings take) is counted there; a runner leaves its numbers in a file that the service shows, so that
nothing but the service listens.
"""

import datetime as dt
import hmac
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest, write_to_textfile
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from classroom.db.engine import Database
from classroom.db.tables import Attempt, Job, Run, of_recorded_runs
from classroom.errors import DatabaseAway

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
TOKEN_FILE = "metrics.token"
FOLDER = "metrics"
# A runner writes every few seconds; what is older is of one that has ended.
STALE = dt.timedelta(minutes=5)
_PAGE_S = (0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30)
_GRADING_S = (0.5, 1, 2, 5, 10, 20, 60, 120, 300, 600)


class ServiceMetrics:
    """The service's registry, with the class's numbers in it. Made once for each application."""

    def __init__(self, database: Database, course: str, state: Path, clock: Callable[[], dt.datetime]) -> None:
        self._registry = CollectorRegistry()
        self._pages = Histogram(
            "classroom_request_seconds",
            "How long requests took, by route: names and ids in an address are left out.",
            ["method", "route", "status"],
            buckets=_PAGE_S,
            registry=self._registry,
        )
        self._registry.register(_ClassCollector(database, course, clock))
        self._registry.register(_RunnerFiles(state / FOLDER, clock))

    def observe(self, method: str, route: str, status: int, duration_s: float) -> None:
        """Counts one answered request. route: the route's pattern, never an address with somebody's name in it."""
        self._pages.labels(method, route, f"{status // 100}xx").observe(duration_s)

    def page(self) -> bytes:
        """All of it in Prometheus's text format."""
        return generate_latest(self._registry)


class RunnerMetrics:
    """What one runner counts, written into the state folder for the service to show."""

    def __init__(self, state: Path, runner: str) -> None:
        self._registry = CollectorRegistry()
        self._file = state / FOLDER / f"{runner.replace('/', '-')}.prom"
        name, labels = runner.rpartition("/")[0], ["runner"]
        self._seen = Gauge(
            "classroom_runner_seen_timestamp_seconds",
            "When the runner last looked for work.",
            labels,
            registry=self._registry,
        ).labels(name)
        self._graded = Counter(
            "classroom_runner_graded", "Submissions graded, by how they ended.", [*labels, "status"],
            registry=self._registry,
        )  # fmt: skip
        self._seconds = Histogram(
            "classroom_runner_grading_seconds",
            "From taking a submission to its recorded score.",
            labels,
            buckets=_GRADING_S,
            registry=self._registry,
        ).labels(name)
        self._name = name

    def observe(self, status: str, duration_s: float) -> None:
        """Counts one graded submission."""
        self._graded.labels(self._name, status).inc()
        self._seconds.observe(duration_s)

    def write(self, now: dt.datetime) -> None:
        """Leaves the numbers where the service finds them, as of this moment."""
        self._seen.set(now.timestamp())
        self._file.parent.mkdir(exist_ok=True)
        write_to_textfile(str(self._file), self._registry)

    def remove(self) -> None:
        """The runner has ended."""
        self._file.unlink(missing_ok=True)


def ensure_token(secrets_folder: Path, given: str = "") -> str:
    """The token that lets Prometheus in: the one given, else made at the service's first start (64 hex digits).

    It stands in the secrets folder, for its owner to read.
    """
    path = secrets_folder / TOKEN_FILE
    secrets_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if given:
        path.unlink(missing_ok=True)
    with suppress(FileExistsError), open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(given or secrets.token_hex(32))
    return path.read_text(encoding="ascii").strip()


def is_allowed(secrets_folder: Path, authorization: str | None) -> bool:
    """Whether a header `Authorization: Bearer ...` holds the token of the secrets folder; never without one there."""
    path = secrets_folder / TOKEN_FILE
    if not path.is_file() or authorization is None:
        return False
    given = authorization.removeprefix("Bearer ").strip()
    return hmac.compare_digest(given.encode(), path.read_bytes().strip())


class _ClassCollector(Collector):
    """Asked anew each time Prometheus comes. Without its database it gives only that."""

    def __init__(self, database: Database, course: str, clock: Callable[[], dt.datetime]) -> None:
        self._database, self._course, self._clock = database, course, clock

    def describe(self) -> list[Metric]:
        """Nothing: it would cost a query before there is a table."""
        return []

    def collect(self) -> Iterator[Metric]:
        answers = GaugeMetricFamily("classroom_database_up", "1 while the class's database answers.")
        try:
            with self._database.reading() as session:
                found = [self._submissions(session), *self._jobs(session)]
        except DatabaseAway:
            found = []
        answers.add_metric([], 1 if found else 0)
        yield from (answers, *found)

    def _submissions(self, session: Session) -> Metric:
        metric = CounterMetricFamily(
            "classroom_submissions", "Submissions with a receipt, by assignment and arrival.",
            labels=["assignment", "arrival"],
        )  # fmt: skip
        query = select(Attempt.assignment, Attempt.arrival, func.count()).where(Attempt.course == self._course)
        for assignment, arrival, count in session.execute(query.group_by(Attempt.assignment, Attempt.arrival)):
            metric.add_metric([assignment, arrival], count)
        return metric

    def _jobs(self, session: Session) -> Iterator[Metric]:
        jobs = GaugeMetricFamily("classroom_jobs", "Autograding jobs that wait or run.", labels=["state"])
        done = CounterMetricFamily("classroom_gradings", "Autograding jobs that ended, by how.", labels=["status"])
        age = GaugeMetricFamily("classroom_queue_age_seconds", "Since when the oldest open job waits.")
        counted = select(Job.state, Job.status, func.count()).where(Job.course == self._course, of_recorded_runs())
        open_jobs = {"queued": 0, "running": 0}
        for state, status, count in session.execute(counted.group_by(Job.state, Job.status)):
            if state == "done":
                done.add_metric([status or "unknown"], count)
            else:
                open_jobs[state] += count
        for state, count in open_jobs.items():
            jobs.add_metric([state], count)
        waiting = select(func.min(Run.created_at)).join(Job, Job.run_id == Run.id)
        oldest = session.scalar(waiting.where(Run.course == self._course, Job.state != "done"))
        age.add_metric([], max(0.0, (self._clock() - oldest).total_seconds()) if oldest else 0.0)
        yield from (jobs, done, age)


class _RunnerFiles(Collector):
    """What the runners of this state folder have left, unless it's old."""

    def __init__(self, folder: Path, clock: Callable[[], dt.datetime]) -> None:
        self._folder, self._clock = folder, clock

    def describe(self) -> list[Metric]:
        """Nothing: there may be no runner yet."""
        return []

    def collect(self) -> Iterator[Metric]:
        merged: dict[str, Metric] = {}
        for path in sorted(self._folder.glob("*.prom")):
            try:
                is_stale = self._clock().timestamp() - path.stat().st_mtime > STALE.total_seconds()
                families = [] if is_stale else list(text_string_to_metric_families(path.read_text(encoding="utf-8")))
            except (OSError, ValueError):
                continue  # it has just ended
            for family in families:
                known = merged.setdefault(family.name, family)
                if known is not family:
                    known.samples.extend(family.samples)
        yield from merged.values()
