"""Lets plain `nbgrader autograde` grade with the classroom's engine: Judge stands where nbgrader has Execute.

nbgrader goes through the submissions one after another. Judge grades ahead of it: when it is asked for the first, it
starts as many as there are workers, in the order in which nbgrader will come for them.
"""

import datetime as dt
import sys
from collections.abc import Mapping
from concurrent.futures import Future
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import nbformat
from nbgrader.plugins import BasePlugin
from nbgrader.preprocessors import NbGraderPreprocessor
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from classroom import policy
from classroom.assignments import Course, load_course
from classroom.config import Settings, load_settings
from classroom.db.engine import Database, migrate
from classroom.errors import GraderError
from classroom.extensions import due_dates
from classroom.gradebook import Gradebook
from classroom.grading.models import SubmissionIntake, SubmissionResult
from classroom.grading.notebooks import build_notebook
from classroom.grading.pool import Pool, open_pool
from classroom.grading.submissions import read_source, read_submission, submission_folder
from classroom.ids import AssignmentId, NotebookId, StudentId, parse_assignment_id, parse_student_id
from judge.plan import State

_Key = tuple[AssignmentId, StudentId]
_Graded = tuple[SubmissionIntake, "Future[SubmissionResult]"]


class Judge(NbGraderPreprocessor):
    """Puts the engine's outputs and points into the notebook; nbgrader's SaveAutoGrades then reads them."""

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """Called by nbgrader for each notebook of a submission, after it was sanitised.

        Raises GraderError when the grader failed: nbgrader reports the submission and goes on with the next.
        """
        given = resources["nbgrader"]
        bench = _bench_of(self.parent.parent)
        assignment, student = parse_assignment_id(given["assignment"]), parse_student_id(given["student"])
        intake, result = bench.result(assignment, student)
        notebook = NotebookId(given["notebook"])
        found = next((one for one in intake.notebooks if one.source.id == notebook), None)
        if found is None:
            return nb, resources  # a lesson: nothing in it is graded
        graded = result.notebooks[notebook]
        if graded.state is State.grader_fault:
            raise GraderError(f"{student}/{notebook}: {graded.reason}; run the command again")
        self.log.info(
            "%s of %s: %s, %g of %g points", notebook, student, graded.state, graded.points, graded.max_points
        )
        built = build_notebook(found, graded, bench.gradebook.untouched(assignment, notebook))
        return nbformat.from_dict(built), resources


class LatePenalty(BasePlugin):
    """The late rule of course.yaml, asked by nbgrader's AssignLatePenalties for each notebook."""

    def late_submission_penalty(self, student_id: str, score: float, total_seconds_late: float) -> float | None:
        """Points to take from a notebook; total_seconds_late counts from the due date, grace included."""
        course = _load_course(load_settings())
        rules = course.assignment(self.parent.assignment_id)
        received = rules.due + dt.timedelta(seconds=total_seconds_late)
        return policy.late_penalty(rules, received) * score or None


class _Bench:
    """One run of `nbgrader autograde`: what it will ask for, and what is being graded ahead."""

    def __init__(self, converter: Any) -> None:
        self._settings = load_settings()
        self._course = _load_course(self._settings)
        self.gradebook = Gradebook(self._settings.gradebook_url, self._course)
        self._open = ExitStack()
        migrate(self._settings.service_db_url)
        self._database = Database(self._settings.service_db_url)
        self._open.callback(self._database.dispose)
        self._pool: Pool = self._open.enter_context(open_pool(self._settings))
        self._waiting = [key for path in sorted(converter.assignments) if (key := _key_of(converter, path))]
        self._graded: dict[_Key, _Graded] = {}
        self._bar = self._open.enter_context(_progress_bar())
        self._total = len(self._waiting)
        self._task = self._bar.add_task("autograde", total=self._total)
        self._last: _Key | None = None

    def result(self, assignment: AssignmentId, student: StudentId) -> tuple[SubmissionIntake, SubmissionResult]:
        key = (assignment, student)
        if key != self._last:
            self._graded = {other: graded for other, graded in self._graded.items() if other != self._last}
            self.gradebook.ensure_assignment(assignment)
            # nbgrader counts the days late from its own extension, and made the row before it came here.
            self.gradebook.extend(student, self._due(student))
        self._last = key
        self._begin(key)
        if key in self._waiting:
            # nbgrader passed over those before this one: they were graded already.
            del self._waiting[: self._waiting.index(key) + 1]
        for other in self._waiting[: self._pool.workers - 1]:
            self._begin(other)
        intake, future = self._graded[key]
        result = future.result()
        self._bar.update(self._task, completed=self._total - len(self._waiting))
        if not self._waiting:
            self._bar.stop()
        return intake, result

    def _due(self, student: StudentId) -> Mapping[AssignmentId, dt.datetime | None]:
        with self._database.reading() as session:
            return due_dates(session, self._course, student)

    def _begin(self, key: _Key) -> None:
        if key in self._graded:
            return
        assignment, student = key
        rules = self._course.assignment(assignment)
        folder = submission_folder(self._settings, assignment, student)
        source = read_source(self._settings, assignment)
        intake = read_submission(folder, student, source, rules, engine=self._pool.engine.name)
        self._graded[key] = (intake, self._pool.submit(intake))


_benches: dict[int, _Bench] = {}


def _bench_of(converter: Any) -> _Bench:
    """nbgrader makes a new preprocessor for each notebook; what lasts a run hangs on its converter."""
    if id(converter) not in _benches:
        _benches[id(converter)] = _Bench(converter)
    return _benches[id(converter)]


def _key_of(converter: Any, path: str) -> _Key | None:
    """Which submission a folder is; None for one that nbgrader will skip, since it's graded and nothing is newer."""
    assignment, student = Path(path).name, Path(path).parent.name
    done = Path(converter.coursedir.format_path(converter.coursedir.autograded_directory, student, assignment))
    if not converter.force and done.exists() and not _is_newer(converter, Path(path), done):
        return None
    return parse_assignment_id(assignment), parse_student_id(student)


def _is_newer(converter: Any, submitted: Path, done: Path) -> bool:
    old, new = (converter.coursedir.get_existing_timestamp(str(path)) for path in (done, submitted))
    return bool(old is not None and new is not None and new > old)


def _load_course(settings: Settings) -> Course:
    return load_course(settings.course_root, starts=settings.starts)


def _progress_bar() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty())
