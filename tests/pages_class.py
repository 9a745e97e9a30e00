"""A class whose every page has something on it: released, handed in, collected, autograded, marked, given back.

The exchange, the gradebook, the jobs and the gradings are the real ones; only the autograder's verdicts are made up.
"""

import datetime as dt
import io
import json
import os
import shutil
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path, PurePosixPath

import httpx
import nbgrader.api as nb
import uvicorn
from anyio.from_thread import start_blocking_portal
from fastapi import FastAPI

from classroom.archive import ByteStream, Entry, pack
from classroom.assignments import Course, load_course
from classroom.config import SERVICE_PREFIX, Settings
from classroom.db.engine import Database, migrate
from classroom.exchange.receipts import ReceiptKey
from classroom.exchange.store import Store
from classroom.exchange.transfers import Transfers
from classroom.gradebook import Gradebook
from classroom.grading import jobs
from classroom.grading.models import SubmissionResult
from classroom.grading.submissions import collected
from classroom.ids import AssignmentId, CourseId, GradeId, NotebookId, StudentId
from classroom.ops.instance import free_ports
from classroom.rubric.files import load_rubric, rubric_path
from classroom.rubric.models import Marking
from classroom.rubric.store import Piece, Task, append_grading, project
from classroom.scores import TaskRecord
from classroom.service.app import create_app
from classroom.service.auth import Caller, Role
from classroom.service.sessions import SESSION_COOKIE, Session, load_seals
from judge.plan import CellResult, CellVerdict, GradingResult, State
from tests.postgres import Postgres
from tests.small_class import AppTransport

ROOT = Path(__file__).resolve().parents[1]
COURSE = "cards"
GRADED, OPEN, LATER = "01_data_engineering", "02_features", "03_training"
NOTEBOOK = NotebookId("exercises")
TASK = GradeId("data_quality_report")
HIDDEN = "HIDDEN-CANARY-7391"  # in the reason of each lost test
HINT = "Compare what you return for a blank price with what the task says."
COURSE_YAML = f"""
course: {COURSE}
title: ML Engineering on Trading Cards
term: autumn 2026
time_zone: Europe/Berlin
starts: 2026-11-02
defaults:
  grace_minutes: 10
  late: {{penalty_per_day: 0.1, closes_after_days: 3}}
  attempts: 5
  double_marked: 0  # one of five drawn at random would be in two graders' queues
  limits: {{upload_mb: 1, files: 5, file_mb: 0.5, extra_files: ["*.csv"]}}
assignments:
  {GRADED}: {{title: Data engineering, release: day 0 09:00, due: day 13 23:59, written: [{TASK}]}}
  {OPEN}: {{title: Features, release: day 14 09:00, due: day 27 23:59}}
  {LATER}: {{title: Training and experiments, release: day 40 09:00, due: day 60 23:59}}
"""
Tests = Mapping[str, tuple[float, str]]  # points and heading by grade_id
TESTS: Tests = {"test_finds_the_seam": (6.0, "Find the seam"), "test_parses_prices": (8.0, "Parse the prices")}
PATIENCE_S = 60
NOW = dt.datetime(2026, 11, 24, 12, 0, tzinfo=dt.UTC)
ANSWER = """## Report on source B

Since **2023-03-01** the column `list_price` of source B is in cents while `currency` still says USD: 416 of 9,360 rows.

```sql
SELECT date_trunc('month', scraped_at), median(list_price) FROM raw WHERE source = 'B' GROUP BY 1
```

| month | median |
|---|---|
| before | 0.745 |
| since | 52.00 |

- 4,000 rows a month times $0.85 is **$3,400 a month**, even after our repair.
- Contract: `list_price` in dollars, two decimals; we check each file on arrival and send back what fails.

<script>alert("STUDENT-HTML")</script>
"""


@dataclass
class Clock:
    now: dt.datetime = NOW

    def __call__(self) -> dt.datetime:
        return self.now


@dataclass(frozen=True)
class Hand:
    """One submission to make: when, and how its tests end. days_late moves it behind the due date."""

    student: str
    at: dt.datetime
    points: Mapping[str, float] = field(default_factory=dict)
    state: State = State.ok
    answer: str = ANSWER


@dataclass
class PagesClass:
    """The class and its service. Everything is in `settings.state`."""

    settings: Settings
    course: Course
    clock: Clock
    transfers: Transfers
    gradebook: Gradebook
    app: FastAPI
    transport: httpx.BaseTransport

    def browser(self, name: str) -> httpx.Client:
        """A browser in which this person signed in; nobody for ""."""
        client = httpx.Client(base_url="http://test", transport=self.transport)
        if name:
            seals = load_seals(self.settings.secrets)
            client.cookies.set(SESSION_COOKIE, seals.seal_session(Session(f"{name}-token", f"id-of-{name}")))
        return client

    def csrf(self, name: str) -> str:
        return load_seals(self.settings.secrets).csrf_token(Session(f"{name}-token", f"id-of-{name}"))

    def grade(self, student: str, levels: Mapping[str, int], comments: Mapping[str, str], grader: str = "gil") -> None:
        """A marking, projected as the page does it."""
        rubric = load_rubric(rubric_path(self.settings.course_root, AssignmentId(GRADED), TASK))
        marking = Marking(levels, (), comments)
        task = Task(CourseId(COURSE), AssignmentId(GRADED), NOTEBOOK, TASK)
        with self.transfers.database.session() as session:
            numbers = collected(session, self.settings, CourseId(COURSE), AssignmentId(GRADED))
            piece = Piece(task, StudentId(student), numbers[StudentId(student)])
            append_grading(session, piece, marking, rubric=rubric, grader=grader, at=self.clock())
        made = project(rubric, marking)
        self.gradebook.set_manual(AssignmentId(GRADED), NOTEBOOK, TASK, StudentId(student), made.points, made.comment)

    def give_back(self, student: str) -> None:
        """Feedback, with a document that stands for the one the feedback module makes."""
        found = self.gradebook.submission(AssignmentId(GRADED), StudentId(student))
        assert found is not None
        html = f"<!doctype html><title>Feedback</title><h1>Feedback of {student}</h1>".encode()
        newest = self.transfers.attempts(GRADED, student)[-1].number
        self.transfers.publish_feedback(
            GRADED, student, newest, {"exercises.html": html}, found.row.score, found.row.max_score, actor="ivy"
        )


@dataclass(frozen=True)
class MadeClass:
    """A class that was made before, of which each test opens a copy. server: where its database is; None for SQLite."""

    folder: Path
    server: Postgres | None
    database_url: str

    @contextmanager
    def copy(self, folder: Path) -> Iterator[PagesClass]:
        """Opened in this folder, with a database of its own."""
        shutil.copytree(self.folder, folder)
        url = self.server.copy(self.database_url) if self.server else ""
        with open_class(folder, url) as opened:
            yield opened


def identify(token: str) -> Caller | None:
    """ivy teaches; gil, gus and gwen grade; tess grades and learns; eve is in no group; all others are students."""
    name = token.removesuffix("-token")
    roles = {
        "ivy": {Role.INSTRUCTOR, Role.GRADER},
        "gil": {Role.GRADER},
        "gus": {Role.GRADER},
        "gwen": {Role.GRADER},
        "tess": {Role.STUDENT, Role.GRADER},
        "eve": set(),
    }.get(name, {Role.STUDENT})
    return Caller(name, frozenset(roles), CourseId(COURSE))


@contextmanager
def pages_class(
    folder: Path,
    *,
    hands: Sequence[Hand] | None = None,
    rules: str = "",
    by_hand: bool = False,
    database_url: str = "",
) -> Iterator[PagesClass]:
    """The class made in `folder`: collected and autograded, at NOW. rules: more of course.yaml on what is graded.

    by_hand: there is no test, and what was handed in isn't collected yet.
    """
    tests = {} if by_hand else TESTS
    settings = replace(_write_course(folder, rules, tests), database_url=database_url)
    migrate(settings.service_db_url)
    _enter_cells(settings, tests)
    chosen = HANDS if hands is None else hands
    with open_class(folder, database_url) as room:
        _release(room)
        for hand in chosen:
            submit(room, hand)
        room.clock.now = NOW - dt.timedelta(days=4)
        if not by_hand:
            autograde(room, chosen)
        room.clock.now = NOW
        yield room


@contextmanager
def open_class(folder: Path, database_url: str = "") -> Iterator[PagesClass]:
    """A class that was made before, in this folder or another one that it was copied from."""
    settings = Settings(course_root=folder / "course", state=folder / "state", database_url=database_url)
    course = load_course(settings.course_root)
    clock = Clock()
    database, store = Database(settings.service_db_url), Store(settings.store)
    transfers = Transfers(course, database, store, ReceiptKey.load(settings.secrets), clock)
    gradebook = Gradebook(settings.gradebook_url, course)
    app = create_app(settings, identify=identify, clock=clock)
    app.state.gradebook = gradebook
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(app.router.lifespan_context(app)):
        yield PagesClass(settings, course, clock, transfers, gradebook, app, AppTransport(app, portal))
    gradebook.close()
    database.dispose()


@contextmanager
def listening(room: PagesClass) -> Iterator[str]:
    """The class's service on a port of this machine until the end of the block; its address."""
    (port,) = free_ports(1)
    config = uvicorn.Config(room.app, port=port, lifespan="off", log_config=None, access_log=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + PATIENCE_S
    while not server.started and time.monotonic() < deadline and thread.is_alive():
        time.sleep(0.05)
    assert server.started
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(PATIENCE_S)


def _at(day: int, hour: int = 12, minute: int = 0) -> dt.datetime:
    return dt.datetime(2026, 11, day, hour, minute, tzinfo=dt.UTC)


FULL = {name: points for name, (points, _) in TESTS.items()}
HANDS = (
    Hand("ada", _at(9), {"test_finds_the_seam": 6, "test_parses_prices": 3}, State.wrong),
    Hand("ada", _at(12), {"test_finds_the_seam": 6, "test_parses_prices": 5}, State.wrong),
    Hand("bob", _at(14), FULL),
    Hand("cem", _at(17, 3), {"test_finds_the_seam": 6}, State.crashed),  # more than a day late
    Hand("dora", _at(15), {"test_finds_the_seam": 6}, State.timeout),
    Hand("zoe-canary", _at(13), FULL),
)


def autograde(room: PagesClass, hands: Sequence[Hand]) -> None:
    """Collects, and ends a run with the verdicts of the hands."""
    room.transfers.collect(GRADED, room.settings.course_dir("submitted"), actor="ivy")
    last = {hand.student: hand for hand in hands}
    with room.transfers.database.session() as session:
        wanted = collected(session, room.settings, CourseId(COURSE), AssignmentId(GRADED))
        run = jobs.create_run(session, CourseId(COURSE), AssignmentId(GRADED), wanted, actor="ivy", now=room.clock())
        while held := jobs.lease(session, "test", room.clock(), run_id=run):
            outcome = _outcome(last[held.student])
            jobs.finish(session, held, outcome, room.clock())
    for student in wanted:
        _record(room, last[student])


def _outcome(hand: Hand) -> jobs.Outcome:
    verdicts = tuple(_verdict(hand, name) for name in TESTS)
    cells = (
        CellResult("parse_prices", [_traceback()], "KeyError: 'list_price'", State.error),
        CellResult("extra-1", [], None, State.ok),
    )
    result = GradingResult(hand.student, cells, verdicts, hand.state, None, 1.0, 0.8, "kernel 1")
    reason = None if hand.state in {State.ok, State.wrong} else "exercises: parse_prices ended its process"
    whole = SubmissionResult({NOTEBOOK: result}, hand.state, reason)
    return jobs.Outcome(hand.state, reason, whole.points, whole.max_points, whole.to_json(), digest="0" * 64)


def _verdict(hand: Hand, name: str) -> CellVerdict:
    most, got = TESTS[name][0], float(hand.points.get(name, 0.0))
    if got >= most:
        return CellVerdict(name, got, most, State.ok)
    state = hand.state if hand.state is not State.ok else State.wrong
    return CellVerdict(name, got, most, state, HINT, f"AssertionError: {HIDDEN} expected 3 of 8 blanks")


def _traceback() -> dict[str, object]:
    lines = ["\x1b[0;31mKeyError\x1b[0m  Traceback (most recent call last)", "----> 1 df['list_price']"]
    return {"output_type": "error", "ename": "KeyError", "evalue": "'list_price'", "traceback": lines}


def _record(room: PagesClass, hand: Hand) -> None:
    records = [TaskRecord(name, float(hand.points.get(name, 0.0))) for name in TESTS]
    received = room.transfers.attempts(GRADED, hand.student)[-1].received_at
    room.gradebook.record_result(
        AssignmentId(GRADED), StudentId(hand.student), received, {NOTEBOOK: [*records, TaskRecord(TASK, None)]}
    )


def _write_course(folder: Path, rules: str, tests: Tests = TESTS) -> Settings:
    course = folder / "course"
    (course / "rubrics" / GRADED).mkdir(parents=True)
    (course / "course.yaml").write_text(COURSE_YAML.replace("written:", f"{rules}, written:" if rules else "written:"))
    shutil.copy(ROOT / "rubrics" / "schema.json", course / "rubrics")
    shutil.copy(ROOT / "rubrics" / GRADED / f"{TASK}.yaml", course / "rubrics" / GRADED)
    settings = Settings(course_root=course, state=folder / "state")
    for assignment in (GRADED, OPEN):
        for parent in (settings.source, settings.course_dir("release")):
            (parent / assignment).mkdir(parents=True)
            (parent / assignment / "exercises.ipynb").write_bytes(_notebook(tests))
    return settings


def _notebook(tests: Tests) -> bytes:
    cells = [_markdown("# Exercises", {})]
    for name, (points, title) in tests.items():
        cells.append(_markdown(f"## {title}", {}))
        cells.append(_code("# your answer", {"grade": False, "solution": True, "grade_id": name.removeprefix("test_")}))
        cells.append(_code("# checks", {"grade": True, "solution": False, "grade_id": name, "points": points}))
    cells.append(_markdown("## The data-quality report", {}))
    cells.append(_markdown("Write the report here.", {"grade": True, "solution": True, "grade_id": TASK, "points": 6}))
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode()


def _answered(path: Path, answer: str) -> bytes:
    notebook = json.loads(path.read_bytes())
    notebook["cells"][-1]["source"] = answer
    return json.dumps(notebook).encode()


def _markdown(source: str, about: Mapping[str, object]) -> dict[str, object]:
    return {"cell_type": "markdown", "id": "x", "metadata": {"nbgrader": about} if about else {}, "source": source}


def _code(source: str, about: Mapping[str, object]) -> dict[str, object]:
    return {
        "cell_type": "code",
        "id": "x",
        "metadata": {"nbgrader": about},
        "source": source,
        "outputs": [],
        "execution_count": None,
    }


def _enter_cells(settings: Settings, tests: Tests = TESTS) -> None:
    """What `nbgrader generate_assignment` leaves in the gradebook."""
    settings.state.mkdir(parents=True, exist_ok=True)
    bin_folder = str(Path(sys.executable).parent)
    if bin_folder not in os.environ["PATH"].split(os.pathsep):
        os.environ["PATH"] = f"{bin_folder}{os.pathsep}{os.environ['PATH']}"  # nbgrader calls alembic by its name
    book = nb.Gradebook(settings.gradebook_url, COURSE)
    try:
        for assignment in (GRADED, OPEN):
            book.update_or_create_assignment(assignment)
            book.update_or_create_notebook(NOTEBOOK, assignment)
            for name, (points, _) in tests.items():
                book.update_or_create_grade_cell(name, NOTEBOOK, assignment, max_score=points, cell_type="code")
            book.update_or_create_grade_cell(TASK, NOTEBOOK, assignment, max_score=6, cell_type="markdown")
            book.update_or_create_solution_cell(TASK, NOTEBOOK, assignment)
    finally:
        book.close()


def _release(room: PagesClass) -> None:
    for assignment, day in ((GRADED, 2), (OPEN, 16)):
        room.clock.now = _at(day, 8)
        room.transfers.release(assignment, room.settings.course_dir("release") / assignment, actor="ivy")


def submit(room: PagesClass, hand: Hand) -> None:
    room.clock.now = hand.at - dt.timedelta(hours=2)
    room.transfers.fetch(GRADED, actor=hand.student)
    room.clock.now = hand.at
    content = _answered(room.settings.source / GRADED / "exercises.ipynb", hand.answer)
    entry = Entry(PurePosixPath("exercises.ipynb"), len(content), partial(io.BytesIO, content))
    room.transfers.submit(GRADED, hand.student, ByteStream(pack([entry])))


def url(path: str) -> str:
    """An address below the course."""
    return f"{SERVICE_PREFIX}/{COURSE}/{path}"
