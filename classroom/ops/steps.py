"""An instructor's steps from the command line, on the class's own machine: generate, release, collect, feedback."""

import logging
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from classroom.assignments import Course, load_course
from classroom.config import OPERATOR_NAME, Settings, child_environment, load_settings
from classroom.db.engine import Database, migrate
from classroom.db.tables import Feedback
from classroom.errors import ClassroomError, CourseError
from classroom.exchange.transfers import Transfers
from classroom.gradebook import Gradebook
from classroom.grading.by_hand import record_by_hand
from classroom.holds import load_holds
from classroom.ops.release import open_transfers
from classroom.policy import is_time_to_show
from classroom.progress import newest_feedback
from classroom.scores import ScoreRow

log = logging.getLogger(__name__)
NBGRADER_CONFIG = "nbgrader_config.py"
_LAST_LINES = 15


@dataclass(frozen=True)
class Class:
    """The class that the settings point to."""

    settings: Settings
    course: Course
    database: Database

    @cached_property
    def gradebook(self) -> Gradebook:
        return Gradebook(self.settings.gradebook_url, self.course)

    @cached_property
    def transfers(self) -> Transfers:
        return open_transfers(self.settings, self.course, self.database)

    def close(self) -> None:
        """Gives all connections back."""
        self.database.dispose()
        if "gradebook" in self.__dict__:
            self.gradebook.close()


@contextmanager
def open_class(settings: Settings | None = None) -> Iterator[Class]:
    """The class of the given settings, else of the environment's, its database brought up to date."""
    settings = settings or load_settings()
    course = load_course(settings.course_root, starts=settings.starts)
    settings.state.mkdir(parents=True, exist_ok=True)
    migrate(settings.service_db_url)
    here = Class(settings, course, Database(settings.service_db_url))
    try:
        yield here
    finally:
        here.close()


def generate(here: Class, assignment: str) -> Path:
    """The folder that nbgrader made for the students; raises CourseError with what it said."""
    rules = here.course.assignment(assignment)
    root = here.settings.course_root
    if not (root / NBGRADER_CONFIG).is_file():
        raise CourseError(f"{root} has no {NBGRADER_CONFIG}; copy the one of this repository there")
    command = [sys.executable, "-m", "nbgrader", "generate_assignment", rules.id, "--force"]
    places = {"CLASSROOM_COURSE": str(root), "CLASSROOM_STATE": str(here.settings.state)}
    environment = child_environment(places)
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        said = "\n".join((done.stderr or done.stdout).strip().splitlines()[-_LAST_LINES:])
        raise CourseError(f"{rules.id} can't be generated:\n{said}")
    here.gradebook.ensure_assignment(rules.id)
    return here.settings.course_dir("release") / rules.id


def release(here: Class, assignment: str) -> int:
    """The number of the version that students now fetch."""
    folder = here.settings.course_dir("release") / here.course.assignment(assignment).id
    if not folder.is_dir():
        raise CourseError(f"{assignment} was never generated; run: classroom generate {assignment}")
    return here.transfers.release(assignment, folder, actor=OPERATOR_NAME).version


def collect(here: Class, assignment: str) -> int:
    """How many submissions are new in submitted/; those that people alone mark are recorded as well."""
    rules = here.course.assignment(assignment)
    count = here.transfers.collect(rules.id, here.settings.course_dir("submitted"), actor=OPERATOR_NAME)
    record_by_hand(here.settings, here.course, here.database, here.gradebook, rules.id)
    return count


def show_scores(here: Class) -> int:
    """Gives back what is fully graded and not given yet, where `scores_show` says so; to how many students.

    A submission that can't be given back stops no other; the log has the reason.
    """
    given = 0
    for rules in here.course.assignments:
        if not is_time_to_show(rules, here.transfers.clock()):
            continue
        with here.database.reading() as session:
            newest = {row.student: row for row in newest_feedback(session, here.course.id, rules.id)}
        attempts = here.transfers.collected(rules.id)
        waiting = [
            str(row.student)
            for row in here.gradebook.scores(rules.id)
            if not row.needs_manual_grade and not _is_given(newest.get(row.student), attempts.get(row.student), row)
        ]
        given += sum(_show(here, rules.id, student) for student in waiting)
    return given


def _show(here: Class, assignment: str, student: str) -> int:
    try:
        made, _ = feedback(here, assignment, [student], publish=True, ungraded=False)
    except ClassroomError as error:
        log.warning("no feedback for %s at %s: %s", student, assignment, error)
        return 0
    return len(made)


def _is_given(newest: Feedback | None, attempt: int | None, row: ScoreRow) -> bool:
    return newest is not None and (newest.attempt, newest.score) == (attempt, row.score)


def feedback(
    here: Class, assignment: str, students: Sequence[str] | None, *, publish: bool, ungraded: bool
) -> tuple[list[str], list[str]]:
    """Whose feedback was made, and who still waits for a person's grade; published if asked for. Not what is held."""
    from classroom.feedback import give_feedback, make_feedback, write_feedback

    rules = here.course.assignment(assignment)
    rows = [row for row in here.gradebook.scores(rules.id) if students is None or row.student in students]
    if missing := sorted(set(students or ()) - {row.student for row in rows}):
        raise CourseError(f"{', '.join(missing)}: no graded submission of {assignment}; autograde it first")
    with here.database.reading() as session:
        held = {student for _, student in load_holds(session, here.course.id, assignment=rules.id)}
    rows = [row for row in rows if row.student not in held]
    waiting = [row.student for row in rows if row.needs_manual_grade and not ungraded]
    attempts = here.transfers.collected(rules.id)
    made = []
    for row in rows:
        if row.student in waiting:
            continue
        files = make_feedback(here.settings, here.course, rules.id, row.student, gradebook=here.gradebook)
        if not publish:
            write_feedback(here.settings, rules.id, row.student, files)
        elif not give_feedback(
            here.settings,
            here.transfers,
            here.gradebook,
            rules.id,
            row.student,
            files,
            attempt=attempts.get(row.student),
            actor=OPERATOR_NAME,
        ):
            continue
        made.append(str(row.student))
    return made, [str(student) for student in waiting]
