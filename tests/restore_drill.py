"""Lose a class that works, and get it back: uploads and gradings go on, a backup is made, all is wiped and restored.

    python -m tests.restore_drill [--fewest N]

It fails unless every receipt that was given before the backup began is there again with its files, the gradebook says
what the jobs say, feedback is byte for byte the same, and the class goes on from there.
"""

import argparse
import contextlib
import dataclasses
import datetime as dt
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import func, select

from classroom.archive import Limits, Readable, read_members
from classroom.config import Settings
from classroom.db.tables import Event, Job
from classroom.errors import RequestError, Unavailable
from classroom.exchange.client import ExchangeClient
from classroom.exchange.receipts import ReceiptKey, is_genuine
from classroom.ops import steps
from classroom.ops.autograding import queue_run
from classroom.ops.backup import make_backup
from classroom.ops.restore import restore
from tests.postgres import server
from tests.small_class import COURSE, RELEASED, Service, fake_hub, serve, tar
from tests.tiny_course import PARTLY, RIGHT, environment, filled, make_course, run

ANY = Limits(total_bytes=10_000_000, file_bytes=10_000_000, files=100)
STUDENTS = ("ada", "bob")
PATIENCE_S, PACE_S = 1200.0, 0.3
Sent = dict[str, dict[str, dict[str, bytes]]]  # by student and signature of the receipt: the files that were sent


def drill(folder: Path, new_database: Callable[[], str], *, fewest: int) -> str:
    """What was lost and found again, in a sentence. fewest: submissions and gradings of each student before the backup;
    new_database: gives an empty database, "" for SQLite in the state folder."""
    settings = dataclasses.replace(_make_class(folder), database_url=new_database())
    sent: Sent = {name: {} for name in STUDENTS}
    with fake_hub() as hub:
        with serve(settings, hub) as service, _runner(settings), _load(settings, service, sent):
            _wait_until(lambda: min(map(len, sent.values())) >= fewest and _graded(settings) >= fewest * len(STUDENTS))
            _give_feedback(settings)
            feedback = {name: _feedback(service, name) for name in STUDENTS}
            before = {name: dict(files) for name, files in sent.items()}
            made = make_backup(_now(settings), folder / "backup", dt.datetime.now(dt.UTC))
            after = sum(map(len, sent.values())) - sum(map(len, before.values()))
        shutil.rmtree(settings.state)
        again = dataclasses.replace(settings, database_url=new_database())
        restore(_now(again), folder / "backup")
        _check_scores(again)
        with serve(again, hub) as service:
            for name in STUDENTS:
                _check_receipts(again, service, name, before[name], sent[name])
                assert _feedback(service, name) == feedback[name], f"{name}'s feedback is another"
            with _runner(again):
                _go_on(again, service)
    first = sum(map(len, before.values()))
    return f"{first} receipts before the backup, {after} during it, {len(made.files)} files: all there again"


def _make_class(folder: Path) -> Settings:
    settings = make_course(folder)
    course = settings.course_root / "course.yaml"
    course.write_text(course.read_text().replace("attempts: 3", "attempts: 100000"))
    run(settings, "classroom", "generate", RELEASED)
    run(settings, "classroom", "release", RELEASED)
    shutil.rmtree(settings.state / "secrets", ignore_errors=True)
    shutil.rmtree(settings.state / "store", ignore_errors=True)
    (settings.state / "classroom.db").unlink()
    (settings.state / "homes" / "ada").mkdir(parents=True)
    (settings.state / "homes" / "ada" / "notes.txt").write_text("mine\n")
    (settings.state / "homes" / "ada" / "elsewhere").symlink_to("/etc/passwd")
    return settings


def _now(settings: Settings) -> Settings:
    """The course as `serve` and the runner have it: open for a week."""
    return dataclasses.replace(settings, starts=dt.datetime.now(dt.UTC).date() - dt.timedelta(days=7))


@contextlib.contextmanager
def _runner(settings: Settings) -> Iterator[None]:
    variables = {"CLASSROOM_DATABASE_URL": settings.database_url, "CLASSROOM_STARTS": str(_now(settings).starts)}
    with (settings.state / "runner.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "classroom.cli", "runner"],
            cwd=settings.course_root, env={**environment(settings), **variables}, stdout=log, stderr=log,
        )  # fmt: skip
        try:
            yield
        finally:
            process.terminate()
            process.wait(60)


@contextlib.contextmanager
def _load(settings: Settings, service: Service, sent: Sent) -> Iterator[None]:
    """Students who submit, and an instructor who collects and grades, until the block ends; raises what stopped one."""
    release = settings.course_dir("release") / RELEASED
    with _client(service, "ivy") as ivy:
        ivy.release(COURSE, RELEASED, tar({path.name: path.read_bytes() for path in release.iterdir()}))
    stop = threading.Event()

    def going_on(act: Callable[[], None]) -> None:
        while not stop.wait(PACE_S):
            act()

    acts = [partial(_submit, service, name, sent[name]) for name in STUDENTS]
    with ThreadPoolExecutor() as pool:
        all_ends = [pool.submit(going_on, act) for act in (*acts, partial(_grade, settings))]
        try:
            yield
        finally:
            stop.set()
    for end in all_ends:
        end.result()


def _submit(service: Service, name: str, sent: dict[str, dict[str, bytes]]) -> None:
    answers = PARTLY if len(sent) % 2 else RIGHT
    files = {"ps1.ipynb": filled(answers, extra=f"# {name} {len(sent)}"), "extra.csv": str(len(sent)).encode() * 20_000}
    with _client(service, name) as client:
        try:
            receipt = client.submit(COURSE, RELEASED, tar(files)).receipt
        except Unavailable:  # its answer came too late; a student would try again, too
            return
    sent[str(receipt["signature"])] = files


def _grade(settings: Settings) -> None:
    with steps.open_class(_now(settings)) as here:
        if steps.collect(here, RELEASED):
            queue_run(here, RELEASED, None)


def _graded(settings: Settings) -> int:
    with steps.open_class(_now(settings)) as here, here.database.reading() as session:
        return session.scalar(select(func.count()).select_from(Job).where(Job.state == "done")) or 0


def _give_feedback(settings: Settings) -> None:
    with steps.open_class(_now(settings)) as here:
        made, _ = steps.feedback(here, RELEASED, None, publish=True, ungraded=True)
    assert sorted(made) == sorted(STUDENTS), made


def _feedback(service: Service, name: str) -> Mapping[str, bytes]:
    """The student's first feedback document; later ones may be made while we look."""
    with _client(service, name) as client:
        [given] = [one for one in client.own_attempts(COURSE).attempts if one.feedback][:1]
        with client.open_feedback(given) as stream:
            return _read(stream)


def _check_receipts(
    settings: Settings,
    service: Service,
    name: str,
    before: Mapping[str, Mapping[str, bytes]],
    sent: Mapping[str, Mapping[str, bytes]],
) -> None:
    public = ReceiptKey.load(settings.secrets).public_pem
    with _client(service, name) as client:
        attempts = {str(one.receipt["signature"]): one for one in client.own_attempts(COURSE).attempts}
        assert set(before) <= set(attempts), f"{len(set(before) - set(attempts))} receipts of {name} are lost"
        numbers = sorted(one.number for one in attempts.values())
        assert numbers == list(range(1, len(numbers) + 1)), (
            f"{name} has later submissions without earlier ones: {numbers}"
        )
        assert numbers == _numbers_in_ledger(settings, name), f"the ledger knows of other submissions of {name}"
        for signature, attempt in attempts.items():
            assert is_genuine(attempt.receipt, public)
            # One whose answer was still on its way when the class was stopped is known to the class alone.
            if signature in sent:
                assert _files(client, attempt) == sent[signature]


def _numbers_in_ledger(settings: Settings, name: str) -> list[int]:
    with steps.open_class(_now(settings)) as here, here.database.reading() as session:
        told = session.scalars(select(Event).where(Event.kind == "submit", Event.student == name))
        return sorted(event.data["attempt"] for event in told)


def _files(client: ExchangeClient, attempt: Any) -> dict[str, bytes]:
    with client.open_attempt(attempt) as stream:
        return _read(stream)


def _read(stream: Readable) -> dict[str, bytes]:
    return {str(one.path): b"".join(iter(one.content.read, b"")) for one in read_members(stream, ANY)}


def _client(service: Service, name: str) -> ExchangeClient:
    """As patient as a machine that is busy with other things needs it."""
    return ExchangeClient(service.url, f"{name}-token", timeout=httpx.Timeout(120))


def _check_scores(settings: Settings) -> None:
    """What the newest finished job of each student says stands in the gradebook."""
    with steps.open_class(_now(settings)) as here:
        with here.database.reading() as session:
            done = select(func.max(Job.id)).where(Job.state == "done").group_by(Job.student)
            jobs = {job.student: job for job in session.scalars(select(Job).where(Job.id.in_(done)))}
        assert sorted(jobs) == sorted(STUDENTS)
        cells = here.gradebook.cell_scores(here.course.assignment(RELEASED).id)
    for name, job in jobs.items():
        newer = _is_open(settings, name)
        got = sum(points for (_, cell), points in cells[name].items() if cell != "explain")
        # A job that was recorded, but not yet called done in this moment, will record the same again.
        assert newer or got == job.score, f"{name} has {got}, the job says {job.score}"


def _is_open(settings: Settings, name: str) -> bool:
    with steps.open_class(_now(settings)) as here, here.database.reading() as session:
        return bool(session.scalar(select(Job.id).where(Job.student == name, Job.state != "done").limit(1)))


def _go_on(settings: Settings, service: Service) -> None:
    """The class grades what was waiting and takes the next submission, whose number follows."""
    with _client(service, "ada") as client:
        last = max(one.number for one in client.own_attempts(COURSE).attempts)
        files = {"ps1.ipynb": filled(RIGHT)}
        assert client.submit(COURSE, RELEASED, tar(files)).number == last + 1
    _grade(settings)
    _wait_until(lambda: not any(_is_open(settings, name) for name in STUDENTS))
    _check_scores(settings)


def _wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while True:
        with contextlib.suppress(RequestError):
            if condition():
                return
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.2)


def main() -> None:
    parser = argparse.ArgumentParser(description="Lose a working class and get it back, on SQLite and on PostgreSQL.")
    parser.add_argument("--fewest", type=int, default=40, help="submissions and gradings of each student before")
    fewest = parser.parse_args().fewest
    with server() as postgres, tempfile.TemporaryDirectory(prefix="drill-") as folder:
        for name, new_database in (("SQLite", lambda: ""), ("PostgreSQL", postgres.new_database)):
            print(f"{name}: {drill(Path(folder) / name, new_database, fewest=fewest)}", flush=True)


if __name__ == "__main__":
    main()
