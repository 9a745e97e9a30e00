"""Runs and their jobs as rows: created by a page or a command, worked off by any runner, resumable after kill -9.

A runner leases a job for `LEASE` and renews while it works. A lease that ran out belongs to whoever comes next, so a
killed runner loses nothing. A job is tried `MAX_TRIES` times; then it's done as a grader's fault, at no cost to the
student: the gradebook keeps what it had.
"""

import datetime as dt
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from classroom.db.tables import Job, Run
from classroom.errors import NotFound
from classroom.ids import AssignmentId, CourseId, StudentId
from classroom.logs import request_id

LEASE = dt.timedelta(seconds=60)
MAX_TRIES = 3
GRADER_FAULT = "grader_fault"


@dataclass(frozen=True)
class Lease:
    """A job in the hands of one runner. `tries` counts this one."""

    job_id: int
    run_id: int
    assignment: AssignmentId
    student: StudentId
    attempt: int | None
    tries: int
    force: bool
    dry: bool
    runner: str
    request: str  # id of the request that ordered the run, for the logs


@dataclass(frozen=True)
class Outcome:
    """How a job ended. `status`: judge.plan.State's word, or why nothing could run (intake.Fault's word)."""

    status: str
    reason: str | None
    score: float
    max_score: float
    result: bytes  # models.SubmissionResult as JSON
    digest: str  # of submission, source and engine: what a later run may skip


@dataclass(frozen=True)
class RunProgress:
    """How far a run is. by_state: queued, running, and for jobs that are done their status words, with counts."""

    run_id: int
    total: int
    done: int
    by_state: Mapping[str, int]
    seconds_left: float | None  # None as long as nothing is done, or when the run has ended
    finished: bool


def create_run(
    session: Session,
    course: CourseId,
    assignment: AssignmentId,
    students: Mapping[StudentId, int | None],
    *,
    actor: str,
    now: dt.datetime,
    force: bool = False,
    dry: bool = False,
) -> int:
    """The id of a new run with one queued job a student; students maps to the number of the collected attempt.

    submissions.collected(...) gives all of an assignment. Without `force` a submission that is unchanged since it was
    last graded keeps its result. The results of a `dry` run stay with its jobs: nothing is recorded, but the next run
    may take them, too.
    """
    run = Run(
        course=course, assignment=assignment, actor=actor, created_at=now, force=force, dry=dry, request=request_id()
    )
    session.add(run)
    session.flush()
    for student, attempt in sorted(students.items()):
        session.add(Job(run_id=run.id, course=course, assignment=assignment, student=student, attempt=attempt))
    if not students:
        run.finished_at = now
    session.flush()
    return run.id


def newest_run(session: Session, course: CourseId, assignment: AssignmentId, *, dry: bool = False) -> int | None:
    """The run created last for an assignment, of those that record or of the dry ones."""
    query = select(func.max(Run.id)).where(Run.course == course, Run.assignment == assignment, Run.dry == dry)
    return session.scalar(query)


def newest_runs(session: Session, course: CourseId, assignments: Collection[AssignmentId]) -> dict[str, Run]:
    """The run that records created last for each of these assignments. One query."""
    newest = select(func.max(Run.id)).where(Run.course == course, Run.assignment.in_(assignments), Run.dry.is_(False))
    rows = session.scalars(select(Run).where(Run.id.in_(newest.group_by(Run.assignment))))
    return {run.assignment: run for run in rows}


def is_any_open(session: Session) -> bool:
    """Whether any job waits or runs."""
    return session.scalar(select(Job.id).where(Job.state != "done").limit(1)) is not None


def lease(session: Session, runner: str, now: dt.datetime, *, run_id: int | None = None) -> Lease | None:
    """The next job, now held by `runner`; None when nothing waits. With run_id only of that run."""
    free = or_(Job.state == "queued", (Job.state == "running") & (Job.leased_until < now))
    query = select(Job).where(free).order_by(Job.id).limit(1)
    if run_id is not None:
        query = query.where(Job.run_id == run_id)
    while job := session.scalar(query):
        if job.tries < MAX_TRIES:
            return _hold(session, job, runner, now)
        _give_up(session, job, f"no runner survived it in {MAX_TRIES} tries", now)
    return None


def renew(session: Session, held: Lease, now: dt.datetime) -> bool:
    """Keeps the job for another `LEASE`; False when it's no longer this runner's."""
    job = _held(session, held)
    if job is None:
        return False
    job.leased_until = now + LEASE
    return True


def finish(session: Session, held: Lease, outcome: Outcome, now: dt.datetime) -> bool:
    """Writes the outcome; False, and nothing written, when the job is no longer this runner's."""
    job = _held(session, held)
    if job is None:
        return False
    job.state, job.finished_at, job.leased_until = "done", now, None
    job.status, job.reason, job.result = outcome.status, outcome.reason, outcome.result
    job.score, job.max_score, job.digest = outcome.score, outcome.max_score, outcome.digest
    _close_run(session, job.run_id, now)
    return True


def give_back(session: Session, held: Lease, reason: str, now: dt.datetime, *, for_good: bool = False) -> None:
    """Queues the job again after a fault of the grader, or ends it as one when it had its tries or can't do better."""
    job = _held(session, held)
    if job is None:
        return
    if for_good or job.tries >= MAX_TRIES:
        _give_up(session, job, reason, now)
    else:
        job.state, job.runner, job.leased_until, job.reason = "queued", None, None, reason
        session.flush()


def put_back(session: Session, held: Lease) -> None:
    """Queues the job again as if it hadn't been begun: the runner stops in good order."""
    job = _held(session, held)
    if job is not None:
        job.state, job.runner, job.leased_until, job.tries = "queued", None, None, job.tries - 1
        session.flush()


def free_jobs_of_dead(session: Session, is_dead: Callable[[str], bool]) -> int:
    """Queues the jobs of runners that are known to be dead, without waiting for their leases; their number."""
    running = session.scalars(select(Job).where(Job.state == "running")).all()
    dead = [job for job in running if job.runner and is_dead(job.runner)]
    for job in dead:
        job.state, job.runner, job.leased_until = "queued", None, None
    session.flush()
    return len(dead)


def progress(session: Session, run_id: int) -> RunProgress:
    """Counts and the time left of a run; raises NotFound."""
    run = session.get(Run, run_id)
    if run is None:
        raise NotFound(f"there is no run {run_id}")
    return progress_of(session, [run])[run_id]


def progress_of(session: Session, runs: Collection[Run]) -> dict[int, RunProgress]:
    """The same of several runs, by id. One query."""
    query = select(
        Job.run_id, Job.state, Job.status, func.count(), func.min(Job.started_at), func.max(Job.finished_at)
    ).where(Job.run_id.in_([run.id for run in runs]))
    counted: dict[int, list[_Counted]] = {run.id: [] for run in runs}
    for run_id, state, status, count, begun, ended in session.execute(
        query.group_by(Job.run_id, Job.state, Job.status)
    ):
        counted[run_id].append(_Counted(state, status, count, begun, ended))
    return {run.id: _progress(run, counted[run.id]) for run in runs}


@dataclass(frozen=True)
class _Counted:
    """The jobs of a run that are in one state with one status."""

    state: str
    status: str | None
    count: int
    started_at: dt.datetime | None  # the first
    finished_at: dt.datetime | None  # the last


def _progress(run: Run, jobs: Sequence[_Counted]) -> RunProgress:
    done = [row for row in jobs if row.state == "done"]
    by_state: Counter[str] = Counter()
    for row in jobs:
        by_state[row.status or row.state if row.state == "done" else row.state] += row.count
    total, finished = sum(row.count for row in jobs), sum(row.count for row in done)
    return RunProgress(
        run_id=run.id,
        total=total,
        done=finished,
        by_state=dict(by_state),
        seconds_left=_seconds_left(
            [row.started_at for row in jobs if row.started_at],
            [row.finished_at for row in done if row.finished_at],
            finished,
            total,
        ),
        finished=run.finished_at is not None,
    )


def graded_before(session: Session, held: Lease, digest: str) -> Job | None:
    """The newest job that ended with a verdict for the same student, submission, source and engine."""
    return session.scalar(
        select(Job)
        .where(Job.assignment == held.assignment, Job.student == held.student, Job.state == "done")
        .where(Job.digest == digest, Job.status != GRADER_FAULT, Job.id != held.job_id)
        .order_by(Job.id.desc())
        .limit(1)
    )


def _hold(session: Session, job: Job, runner: str, now: dt.datetime) -> Lease:
    job.state, job.runner, job.leased_until = "running", runner, now + LEASE
    job.tries += 1
    job.started_at = now
    session.flush()
    run = session.get_one(Run, job.run_id)
    assignment, student = AssignmentId(job.assignment), StudentId(job.student)
    return Lease(
        job.id, job.run_id, assignment, student, job.attempt, job.tries, run.force, run.dry, runner, run.request
    )


def _held(session: Session, held: Lease) -> Job | None:
    query = select(Job).where(Job.id == held.job_id, Job.state == "running", Job.runner == held.runner)
    return session.scalar(query.where(Job.tries == held.tries))


def _give_up(session: Session, job: Job, reason: str, now: dt.datetime) -> None:
    job.state, job.status, job.reason = "done", GRADER_FAULT, reason
    job.finished_at, job.leased_until = now, None
    _close_run(session, job.run_id, now)


def _close_run(session: Session, run_id: int, now: dt.datetime) -> None:
    session.flush()
    open_jobs = session.scalar(select(func.count()).where(Job.run_id == run_id, Job.state != "done"))
    if open_jobs == 0:
        session.get_one(Run, run_id).finished_at = now
        session.flush()


def _seconds_left(
    started: Sequence[dt.datetime], finished: Sequence[dt.datetime], done: int, total: int
) -> float | None:
    if not finished or done == total:
        return None
    elapsed = (max(finished) - min(started)).total_seconds()
    return max(elapsed, 0.0) / done * (total - done)
