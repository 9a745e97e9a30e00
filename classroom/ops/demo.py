"""A few submissions for a class that is only looked at: so no page of it is empty.

Everything goes the way of real work: the exchange's transfers, job rows, a marking by one of the rubric's anchors. The
clock alone is another, so that it all seems to have happened since the term began. What can only be done after
autograding is done by a process of its own (`python -m classroom.ops.demo`): the start of a class doesn't wait for it.
"""

import datetime as dt
import json
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from classroom.archive import ByteStream, pack_folder
from classroom.assignments import Assignment, Course, load_course
from classroom.config import Settings, load_settings
from classroom.db.engine import Database
from classroom.exchange.transfers import Transfers
from classroom.feedback import make_feedback, write_feedback
from classroom.gradebook import Gradebook
from classroom.grading import jobs
from classroom.grading.submissions import collected, load_source
from classroom.ids import GradeId, NotebookId, StudentId
from classroom.ledger import record
from classroom.ops.answers import fill, solutions_of, wrong_answers
from classroom.ops.files import write_private
from classroom.ops.release import open_transfers
from classroom.rubric.files import load_rubric, rubric_path
from classroom.rubric.models import Marking, Rubric
from classroom.rubric.store import Piece, Task, append_grading, project

GRADED, TO_GRADE = StudentId("student1"), StudentId("student2")
INSTRUCTOR, GRADER = "instructor", "grader"
# Days after the release: two attempts of one student, one of the other, the collecting, and a newer one after it.
FIRST_DAY, SECOND_DAY, OTHER_DAY, COLLECTED_DAY, NEWER_DAY = 4, 6, 8, 10, 12
_WRONG_TASKS = 2
# Autograding the two took 20 s; the rest is for a machine that does much else.
_PATIENCE_S = 900.0
_PAUSE_S = 1.0


@dataclass(frozen=True)
class Stage:
    """Where the demo plays: of the open assignments the one that is due last, so that its work is going on."""

    settings: Settings
    course: Course
    assignment: Assignment
    database: Database
    transfers: Transfers

    def on_day(self, day: int) -> Transfers:
        """The exchange as it was that many days after the release, or as it is now if that is still to come."""
        then = self.assignment.release + dt.timedelta(days=day, hours=day % 5, minutes=7 * day)
        return replace(self.transfers, clock=lambda: min(then, dt.datetime.now(dt.UTC)))


def seed(settings: Settings) -> None:
    """Hand in, collect and queue for autograding; once in a class's life. A runner does the rest when there is one."""
    if _read_notes(settings):
        return
    with _open_stage(settings) as stage:
        if stage is not None:
            _write_notes(settings, run=_hand_in(stage), is_done=False)


def finish(settings: Settings) -> None:
    """After autograding: mark one student's written tasks and give the feedback; once, and again if it was killed."""
    notes = _read_notes(settings)
    if not notes or notes["is_done"]:
        return
    with _open_stage(settings) as stage:
        if stage is not None and _wait_for_run(stage, notes["run"]):
            _mark_and_give_feedback(stage)
            _write_notes(settings, run=notes["run"], is_done=True)


@contextmanager
def _open_stage(settings: Settings) -> Iterator[Stage | None]:
    """None when no assignment is open."""
    course = load_course(settings.course_root, starts=settings.starts)
    database = Database(settings.service_db_url)
    try:
        transfers = open_transfers(settings, course, database)
        opened = [release.assignment for release in transfers.released()]
        chosen = max(opened, key=lambda assignment: assignment.due, default=None)
        yield Stage(settings, course, chosen, database, transfers) if chosen else None
    finally:
        database.dispose()


def _hand_in(stage: Stage) -> int:
    """The id of the run that now waits for a runner."""
    right, partly_wrong = _notebooks(stage, wrong_tasks=0), _notebooks(stage, wrong_tasks=_WRONG_TASKS)
    for day, student, files in (
        (FIRST_DAY, GRADED, partly_wrong),
        (SECOND_DAY, GRADED, right),
        (OTHER_DAY, TO_GRADE, partly_wrong),
    ):
        _submit(stage.on_day(day), stage.assignment, student, files)
    run = _collect_and_queue(stage, stage.on_day(COLLECTED_DAY))
    _submit(stage.on_day(NEWER_DAY), stage.assignment, TO_GRADE, right)
    return run


def _notebooks(stage: Stage, *, wrong_tasks: int) -> dict[str, bytes]:
    """A submission's files: the solution, with known-wrong answers to the first tasks of the bank."""
    name, root = stage.assignment.id, stage.settings.course_root
    wrong = wrong_answers(root / "bank" / name, tasks=wrong_tasks)
    released = sorted((stage.settings.course_dir("release") / name).glob("*.ipynb"))
    return {
        path.name: fill(path, {**solutions_of(stage.settings.source / name / path.name), **wrong}) for path in released
    }


def _submit(transfers: Transfers, assignment: Assignment, student: StudentId, files: Mapping[str, bytes]) -> None:
    with tempfile.TemporaryDirectory(prefix="classroom-demo-") as folder:
        for name, data in files.items():
            (Path(folder) / name).write_bytes(data)
        transfers.fetch(assignment.id, actor=student)
        transfers.submit(assignment.id, student, ByteStream(pack_folder(Path(folder))))


def _collect_and_queue(stage: Stage, then: Transfers) -> int:
    name, now = stage.assignment.id, then.clock()
    then.collect(name, stage.settings.course_dir("submitted"), actor=INSTRUCTOR)
    with stage.database.session() as session:
        students = collected(session, stage.settings, stage.course.id, name)
        run = jobs.create_run(session, stage.course.id, name, students, actor=INSTRUCTOR, now=now)
        facts: dict[str, Any] = {"run": run, "submissions": len(students)}
        record(session, "autograde", course=stage.course.id, actor=INSTRUCTOR, at=now, assignment=name, **facts)
    return run


def _wait_for_run(stage: Stage, run: int) -> bool:
    """Whether the run ended in time."""
    deadline = time.monotonic() + _PATIENCE_S
    while time.monotonic() < deadline:
        with stage.database.reading() as session:
            if jobs.progress(session, run).finished:
                return True
        time.sleep(_PAUSE_S)
    return False


def _mark_and_give_feedback(stage: Stage) -> None:
    name, attempt = stage.assignment.id, stage.transfers.collected(stage.assignment.id).get(GRADED)
    gradebook = Gradebook(stage.settings.gradebook_url, stage.course)
    try:
        for grade_id in stage.assignment.written:
            _mark(stage, gradebook, grade_id, attempt)
        found = gradebook.submission(name, GRADED)
    finally:
        gradebook.close()
    if found is None:
        return
    files = make_feedback(stage.settings, stage.course, name, GRADED)
    write_feedback(stage.settings, name, GRADED, files)
    stage.transfers.publish_feedback(
        name, GRADED, attempt, files, found.row.score, found.row.max_score, actor=INSTRUCTOR
    )


def _mark(stage: Stage, gradebook: Gradebook, grade_id: GradeId, attempt: int | None) -> None:
    """By the rubric's best anchor: its levels, and its reasons as comments."""
    name, now = stage.assignment.id, dt.datetime.now(dt.UTC)
    rubric = load_rubric(rubric_path(stage.settings.course_root, name, grade_id))
    marking = _marking_of_best_anchor(rubric)
    task = Task(stage.course.id, name, _notebook_of(stage, grade_id), grade_id)
    with stage.database.session() as session:
        piece = Piece(task, GRADED, attempt)
        row = append_grading(session, piece, marking, rubric=rubric, grader=GRADER, at=now)
        facts: dict[str, Any] = {"task": grade_id, "grading": row.id}
        place = {"course": stage.course.id, "assignment": name, "student": GRADED}
        record(session, "grading", actor=GRADER, at=now, **place, **facts)
    made = project(rubric, marking)
    gradebook.set_manual(name, task.notebook, grade_id, GRADED, made.points, made.comment)


def _marking_of_best_anchor(rubric: Rubric) -> Marking:
    if not rubric.anchors:
        return Marking({criterion.id: 3 for criterion in rubric.criteria})
    best = max(rubric.anchors, key=lambda anchor: anchor.points)
    return Marking(best.levels, best.gates, {name: mark.reason for name, mark in best.marks.items()})


def _notebook_of(stage: Stage, grade_id: GradeId) -> NotebookId:
    source = load_source(stage.settings.source / stage.assignment.id, stage.assignment.id)
    return next(book.id for book in source.notebooks if grade_id in {cell.grade_id for cell in book.cells})


def _read_notes(settings: Settings) -> dict[str, Any]:
    path = _notes_file(settings)
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def _write_notes(settings: Settings, *, run: int, is_done: bool) -> None:
    write_private(_notes_file(settings), json.dumps({"run": run, "is_done": is_done}))


def _notes_file(settings: Settings) -> Path:
    return settings.state / "demo.json"


if __name__ == "__main__":
    finish(load_settings())
