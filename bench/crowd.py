"""A class of any number of students in any number of assignments, made of rows and folders, to ask its pages.

What a page reads is there for every student: attempts, a finished run, markings, feedback, extensions, a roster. It is
written in bulk: neither the exchange nor a grader runs, which would take an hour for 300 students.
"""

import datetime as dt
import json
import shutil
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import nbgrader.api as nb
from sqlalchemy import insert
from sqlalchemy.orm import Session

from classroom.assignments import Course, load_course
from classroom.config import Settings
from classroom.db.engine import Database, migrate
from classroom.db.tables import Attempt, Event, Extension, Feedback, Grading, Job, RosterRow, Run
from classroom.exchange.receipts import ReceiptKey
from classroom.exchange.store import Store
from classroom.exchange.transfers import Transfers
from classroom.gradebook import Gradebook
from classroom.grading.models import SubmissionResult
from classroom.ids import AssignmentId, Digest, GradeId, NotebookId
from classroom.ledger import Kind
from classroom.rubric.files import load_rubric, rubric_path
from judge.plan import CellResult, CellVerdict, GradingResult, State

ROOT = Path(__file__).resolve().parents[1]
COURSE = "crowd"
NOTEBOOK = NotebookId("exercises")
TESTS = tuple(f"test_skill_{number}" for number in range(8))
RUBRIC = ROOT / "rubrics" / "01_data_engineering" / "data_quality_report.yaml"
NOW = dt.datetime(2026, 11, 24, 12, tzinfo=dt.UTC)
RECEIVED = dt.datetime(2026, 11, 12, 12, tzinfo=dt.UTC)
FEEDBACK_FILE = "exercises.html"


@dataclass(frozen=True)
class Crowd:
    """Where the class is. Of every third student the written task waits for a grader."""

    settings: Settings
    course: Course
    students: tuple[str, ...]


def make_crowd(folder: Path, *, students: int, assignments: int) -> Crowd:
    """The class in an empty folder; students are student000 and so on, graders gil, instructors ivy."""
    settings = Settings(course_root=folder / "course", state=folder / "state")
    names = tuple(f"student{number:03}" for number in range(students))
    _write_course(settings, assignments)
    course = load_course(settings.course_root)
    migrate(settings.service_db_url)
    database, store = Database(settings.service_db_url), Store(settings.store)
    try:
        transfers = Transfers(course, database, store, ReceiptKey.load(settings.secrets), lambda: RECEIVED)
        trees = [_release(settings, transfers, assignment.id) for assignment in course.assignments]
        feedback = store.put_tree({PurePosixPath(FEEDBACK_FILE): store.put_bytes(b"<!doctype html><h1>Feedback</h1>")})
        with database.session() as session:
            _write_roster(session, names)
            for number, (assignment, tree) in enumerate(zip(course.assignments, trees, strict=True)):
                rubric = load_rubric(rubric_path(settings.course_root, assignment.id, written(number)))
                _write_rows(session, assignment.id, number, names, tree, feedback, rubric.digest)
    finally:
        database.dispose()
    _write_gradebook(settings, course, names)
    _write_folders(settings, course, names)
    return Crowd(settings, course, names)


def written(number: int) -> GradeId:
    """The written task of an assignment, by its place."""
    return GradeId(f"report_{number:02}")


def _write_course(settings: Settings, assignments: int) -> None:
    rows = [
        f"  {_id(number)}: {{title: M{number}, release: day 0 09:00, due: day 13 23:59, written: [{written(number)}]}}"
        for number in range(assignments)
    ]
    head = [
        f"course: {COURSE}",
        "title: A crowd",
        "time_zone: Europe/Berlin",
        "starts: 2026-11-02",
        "defaults: {grace_minutes: 10, late: {penalty_per_day: 0.1, closes_after_days: 3}}",
        "assignments:",
    ]
    root = settings.course_root
    root.mkdir(parents=True)
    (root / "course.yaml").write_text("\n".join([*head, *rows]) + "\n")
    rubric = RUBRIC.read_text(encoding="utf-8")
    (root / "rubrics").mkdir()
    shutil.copy(RUBRIC.parents[1] / "schema.json", root / "rubrics")
    for number in range(assignments):
        (root / "rubrics" / _id(number)).mkdir()
        path = root / "rubrics" / _id(number) / f"{written(number)}.yaml"
        path.write_text(rubric.replace("task: data_quality_report", f"task: {written(number)}"), encoding="utf-8")
        for parent in (settings.source, settings.course_dir("release")):
            (parent / _id(number)).mkdir(parents=True)
            (parent / _id(number) / f"{NOTEBOOK}.ipynb").write_bytes(_notebook(number))


def _release(settings: Settings, transfers: Transfers, assignment: AssignmentId) -> Digest:
    return transfers.release(assignment, settings.course_dir("release") / assignment, actor="ivy").tree


def _write_roster(session: Session, names: tuple[str, ...]) -> None:
    people = [*((name, "student") for name in names), ("gil", "grader"), ("ivy", "instructor")]
    rows = [
        {
            "course": COURSE,
            "person": person,
            "name": f"Given-{number} Family-{number}",
            "section": "AB"[number % 2],
            "role": role,
            "has_left": False,
            "actor": "ivy",
            "at": RECEIVED,
        }
        for number, (person, role) in enumerate(people)
    ]
    session.execute(insert(RosterRow), rows)


def _write_rows(
    session: Session, assignment: str, number: int, names: tuple[str, ...], tree: str, feedback: str, rubric: str
) -> None:
    """Everything of one assignment in the service's database."""
    place = {"course": COURSE, "assignment": assignment}
    run = Run(**place, actor="ivy", created_at=RECEIVED, finished_at=NOW)
    session.add(run)
    session.flush()
    result = _result()
    jobs = {
        "run_id": run.id,
        "attempt": 2,
        "state": "done",
        "status": "wrong",
        "score": result.points,
        "max_score": result.max_points,
        "started_at": RECEIVED,
        "finished_at": RECEIVED,
        "result": result.to_json(),
        "digest": "0" * 64,
    }
    attempts, events, rows, gradings, given, extended = [], [], [], [], [], []
    for place_of, name in enumerate(names):
        mine = place | {"student": name}
        for attempt in (1, 2):
            received = _received(place_of, attempt)
            attempts.append(mine | _attempt(attempt, tree, received))
            events.append(mine | _event(Kind.submit, name, {"attempt": attempt, "tree": tree}))
        events.append(mine | _event(Kind.fetch, name, {"version": 1, "tree": tree}))
        events.append(mine | _event(Kind.collect, "ivy", {"attempt": 2, "tree": tree}))
        rows.append(mine | jobs)
        if place_of % 3:
            gradings.append(mine | _grading(written(number), rubric))
            given.append(mine | _feedback(feedback))
        if not place_of % 20:
            extended.append(mine | {"until": NOW, "reason": "an example", "actor": "ivy", "at": RECEIVED})
    for table, values in (
        (Attempt, attempts),
        (Event, events),
        (Job, rows),
        (Grading, gradings),
        (Feedback, given),
        (Extension, extended),
    ):
        if values:
            session.execute(insert(table), values)


def _received(place: int, attempt: int) -> dt.datetime:
    """Every tenth hands in more than a day late."""
    late = dt.timedelta(days=5) if not place % 10 and attempt == 2 else dt.timedelta()
    return RECEIVED + dt.timedelta(minutes=place, seconds=attempt) + late


def _attempt(number: int, tree: str, received: dt.datetime) -> dict[str, Any]:
    late = received > dt.datetime(2026, 11, 15, 23, 9, tzinfo=dt.UTC)
    return {
        "number": number,
        "tree": tree,
        "size_bytes": 40_000,
        "files": 1,
        "received_at": received,
        "arrival": "late" if late else "on_time",
        "late_s": 90_000.0 if late else 0.0,
        "receipt": {},
    }


def _event(kind: Kind, actor: str, data: dict[str, Any]) -> dict[str, Any]:
    return {"kind": kind, "actor": actor, "at": RECEIVED, "data": data}


def _grading(task: str, rubric: str) -> dict[str, Any]:
    return {
        "notebook": NOTEBOOK,
        "task": task,
        "attempt": 2,
        "grader": "gil",
        "at": RECEIVED,
        "rubric": rubric,
        "levels": dict.fromkeys(("defect", "evidence", "impact", "contract", "reader"), 3),
        "gates": [],
        "comments": {"evidence": "Say what else it could be."},
    }


def _feedback(tree: str) -> dict[str, Any]:
    return {"attempt": 2, "tree": tree, "score": 9.0, "max_score": 14.0, "released_at": NOW, "actor": "ivy"}


def _result() -> SubmissionResult:
    verdicts = tuple(
        CellVerdict(name, 1.0 if number % 3 else 0.0, 1.0, State.ok if number % 3 else State.wrong, "A hint.", "why")
        for number, name in enumerate(TESTS)
    )
    cells = (CellResult("skill_0", [], "KeyError: 'price'", State.error),)
    graded = GradingResult("job", cells, verdicts, State.wrong, None, 1.0, 0.8, "made up")
    return SubmissionResult({NOTEBOOK: graded}, "wrong", None)


def _write_gradebook(settings: Settings, course: Course, names: tuple[str, ...]) -> None:
    book = Gradebook(settings.gradebook_url, course)
    book.close()
    with nb.Gradebook(settings.gradebook_url, COURSE) as stock:
        for number, assignment in enumerate(course.assignments):
            stock.add_assignment(assignment.id)
            stock.add_notebook(NOTEBOOK, assignment.id)
            for name in TESTS:
                stock.add_grade_cell(name, NOTEBOOK, assignment.id, max_score=1, cell_type="code")
            stock.add_grade_cell(written(number), NOTEBOOK, assignment.id, max_score=6, cell_type="markdown")
            stock.add_solution_cell(written(number), NOTEBOOK, assignment.id)
        rows = list(_gradebook_rows(stock, course, names))
        stock.db.execute(insert(nb.Student), [{"id": name} for name in names])
        for table in (nb.SubmittedAssignment, nb.SubmittedNotebook, nb.Grade, nb.Comment):
            stock.db.execute(insert(table.__table__), [values for kind, values in rows if kind is table])
        stock.db.commit()


def _gradebook_rows(stock: Any, course: Course, names: tuple[str, ...]) -> Iterator[tuple[Any, dict[str, Any]]]:
    for assignment in course.assignments:
        found = stock.find_assignment(assignment.id)
        (notebook,) = found.notebooks
        tests = [cell for cell in notebook.grade_cells if cell.name in TESTS]
        (report,) = [cell for cell in notebook.grade_cells if cell.name not in TESTS]
        (solution,) = notebook.solution_cells
        for place, name in enumerate(names):
            submission, submitted = uuid.uuid4().hex, uuid.uuid4().hex
            time = _received(place, 2).replace(tzinfo=None)
            row = {"id": submission, "assignment_id": found.id, "student_id": name, "timestamp": time}
            yield nb.SubmittedAssignment, row | {"extension": None}
            yield nb.SubmittedNotebook, {"id": submitted, "assignment_id": submission, "notebook_id": notebook.id}
            for cell in tests:
                yield nb.Grade, _grade(cell, submitted, auto=1.0, manual=None, waits=False)
            marked = bool(place % 3)
            yield nb.Grade, _grade(report, submitted, auto=None, manual=4.5 if marked else None, waits=not marked)
            yield nb.Comment, {"id": uuid.uuid4().hex, "cell_id": solution.id, "notebook_id": submitted}


def _grade(cell: Any, notebook: str, *, auto: float | None, manual: float | None, waits: bool) -> dict[str, Any]:
    scores = {"auto_score": auto, "manual_score": manual, "needs_manual_grade": waits}
    return {"id": uuid.uuid4().hex, "cell_id": cell.id, "notebook_id": notebook, **scores}


def _write_folders(settings: Settings, course: Course, names: tuple[str, ...]) -> None:
    """submitted/, as collecting leaves it."""
    for number, assignment in enumerate(course.assignments):
        content = _notebook(
            number, answer="## Report\n\nThe column `price` holds cents since March: 416 of 9,360 rows."
        )
        for place, name in enumerate(names):
            folder = settings.course_dir("submitted") / name / assignment.id
            folder.mkdir(parents=True)
            (folder / f"{NOTEBOOK}.ipynb").write_bytes(content)
            (folder / "timestamp.txt").write_text(f"{_received(place, 2):%Y-%m-%d %H:%M:%S.%f} UTC")


def _id(number: int) -> AssignmentId:
    return AssignmentId(f"{number:02}_module")


def _notebook(number: int, answer: str = "Write the report here.") -> bytes:
    cells = [_cell("markdown", f"# Module {number}", {})]
    for name in TESTS:
        cells.append(_cell("markdown", f"## {name}", {}))
        cells.append(_cell("code", "# your answer", {"grade": False, "solution": True, "grade_id": name[5:]}))
        cells.append(_cell("code", "# checks", {"grade": True, "solution": False, "grade_id": name, "points": 1}))
    about = {"grade": True, "solution": True, "grade_id": written(number), "points": 6}
    cells.append(_cell("markdown", answer, about))
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode()


def _cell(kind: str, source: str, about: dict[str, Any]) -> dict[str, Any]:
    extra = {"outputs": [], "execution_count": None} if kind == "code" else {}
    return {"cell_type": kind, "id": "x", "metadata": {"nbgrader": about} if about else {}, "source": source, **extra}
