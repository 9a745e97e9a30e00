"""Gathers what a document tells: the autograded notebook, scores, verdicts and markings."""

import datetime as dt
import json
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from classroom import policy
from classroom.assignments import Assignment, Course
from classroom.config import Settings
from classroom.corrections import Cell, Standing, in_force, load_corrections
from classroom.db.engine import Database
from classroom.db.tables import Job, of_recorded_runs
from classroom.errors import CourseError, NotFound
from classroom.extensions import find_due
from classroom.feedback.build import Facts, Mark, build_document
from classroom.feedback.document import render
from classroom.grading.folders import replace_folder
from classroom.grading.models import Fault, SubmissionResult
from classroom.grading.submissions import NoRegularFile, read_regular
from classroom.ids import AssignmentId, StudentId
from classroom.rubric.models import Marking, Rubric
from classroom.rubric.store import Task, final_of, load_history, rounds_of
from judge.plan import CellVerdict, State

if TYPE_CHECKING:  # importing it costs 2 s
    from classroom.gradebook import Gradebook
    from classroom.scores import ScoreRow, SubmissionScores, TaskScore

MAX_AUTOGRADED_BYTES = 64 << 20


def make_feedback(
    settings: Settings,
    course: Course,
    assignment: AssignmentId,
    student: StudentId,
    *,
    gradebook: "Gradebook | None" = None,
) -> Mapping[str, bytes]:
    """The documents of one autograded submission, by file name; raises NotFound when it isn't graded.

    gradebook: an open one, which saves opening it for each of many students.
    """
    rules = course.assignment(assignment)
    scores = _load_scores(settings, course, assignment, student, gradebook)
    database = Database(settings.service_db_url)
    try:
        with database.reading() as session:
            result = _newest_result(session, course, assignment, student)
            markings = _load_markings(session, course, rules, scores, student)
            corrected = in_force(load_corrections(session, course.id, assignment, student), student)
            due = find_due(session, course.id, rules, student)
    finally:
        database.dispose()
    notebooks = _load_autograded(settings, assignment, student)
    return {
        f"{name}.html": render(
            build_document(
                notebook,
                Facts(
                    title=rules.title,
                    student=student,
                    notebook=name,
                    total=scores.row.score,
                    max_total=scores.row.max_score,
                    marks=_marks(settings, rules, name, scores, result, markings, corrected),
                    late=_late_sentence(rules, scores.row, due),
                    fault=fault_sentence(name, result),
                    handed_in=_time(rules, scores.row),
                ),
            )
        )
        for name, notebook in notebooks.items()
    }


def fault_sentence(notebook: str, result: SubmissionResult | None) -> str:
    """Why the notebook could not be run, where that is no matter of its tests."""
    graded = result.notebooks.get(notebook) if result else None
    if result is None or graded is None or result.status not in set(Fault):
        return ""
    return f"This notebook could not be graded. {graded.reason}" if graded.reason else ""


def write_feedback(
    settings: Settings, assignment: AssignmentId, student: StudentId, files: Mapping[str, bytes]
) -> None:
    """Writes them to feedback/<student>/<assignment>/, whole or not at all."""
    replace_folder(settings.course_dir("feedback") / student / assignment, files)


def _load_scores(
    settings: Settings, course: Course, assignment: AssignmentId, student: StudentId, gradebook: "Gradebook | None"
) -> "SubmissionScores":
    with _open(settings, course, gradebook) as book:
        found = book.submission(assignment, student)
    if found is None:
        raise NotFound(f"{student} has no graded submission of {assignment}; autograde it first")
    return found


@contextmanager
def _open(settings: Settings, course: Course, gradebook: "Gradebook | None") -> "Iterator[Gradebook]":
    if gradebook is not None:
        yield gradebook
        return
    from classroom.gradebook import Gradebook

    with closing(Gradebook(settings.gradebook_url, course)) as opened:
        yield opened


def _newest_result(
    session: Session, course: Course, assignment: AssignmentId, student: StudentId
) -> SubmissionResult | None:
    """None when plain nbgrader graded it: then the scores tell all."""
    query = (
        select(Job.result)
        .where(Job.course == course.id, Job.assignment == assignment, Job.student == student)
        .where(Job.state == "done", Job.result.is_not(None), of_recorded_runs())
        .order_by(Job.id.desc())
        .limit(1)
    )
    data = session.scalar(query)
    return SubmissionResult.from_json(data) if data else None


def _load_markings(
    session: Session, course: Course, rules: Assignment, scores: "SubmissionScores", student: StudentId
) -> Mapping[str, Marking]:
    """The marking that stands for each written task, by grade_id."""
    found = {}
    for task in scores.tasks:
        if task.written:
            gradings = load_history(session, Task(course.id, rules.id, task.notebook, task.grade_id), student)
            if gradings:
                found[str(task.grade_id)] = final_of(rounds_of(gradings))
    return found


def _load_autograded(settings: Settings, assignment: AssignmentId, student: StudentId) -> dict[str, dict[str, Any]]:
    folder = settings.course_dir("autograded") / student / assignment
    try:
        notebooks = {
            path.stem: json.loads(read_regular(path, MAX_AUTOGRADED_BYTES)) for path in sorted(folder.glob("*.ipynb"))
        }
    except (OSError, ValueError, NoRegularFile) as error:
        raise CourseError(f"autograded/{student}/{assignment} can't be read: {error}; autograde it again") from error
    if not notebooks:
        raise NotFound(f"autograded/{student}/{assignment} holds no notebook; autograde it first")
    return {name: notebook for name, notebook in notebooks.items() if _is_graded(notebook)}


def _is_graded(notebook: Mapping[str, Any]) -> bool:
    metadata = [cell["metadata"].get("nbgrader", {}) for cell in notebook["cells"]]
    return any(one.get("grade") or one.get("task") for one in metadata)


def _marks(
    settings: Settings,
    rules: Assignment,
    notebook: str,
    scores: "SubmissionScores",
    result: SubmissionResult | None,
    markings: Mapping[str, Marking],
    corrected: Mapping[Cell, Standing | None],
) -> dict[str, Mark]:
    graded = result.notebooks.get(notebook) if result else None
    verdicts = {verdict.id: verdict for verdict in graded.verdicts} if graded else {}
    return {
        str(task.grade_id): _mark(
            settings,
            rules,
            task,
            verdicts.get(task.grade_id),
            markings.get(task.grade_id),
            corrected.get((task.notebook, task.grade_id)),
        )
        for task in scores.tasks
        if task.notebook == notebook
    }


def _mark(
    settings: Settings,
    rules: Assignment,
    task: "TaskScore",
    verdict: CellVerdict | None,
    marking: Marking | None,
    correction: Standing | None,
) -> Mark:
    return Mark(
        score=task.score,
        max_score=task.max_score,
        needs_person=task.needs_manual_grade,
        is_unanswered=task.written and task.auto_score is not None and task.manual_score is None,
        comment=task.comment or "",
        verdict=None if task.written else verdict or _verdict_of(task),
        correction=correction.sentence if correction else "",
        rubric=_rubric(settings, rules, task) if marking else None,
        marking=marking,
    )


def _verdict_of(task: "TaskScore") -> CellVerdict:
    """What the points alone tell, where no verdict was kept."""
    points = task.auto_score or 0.0
    state = State.ok if points >= task.max_score else State.wrong
    return CellVerdict(task.grade_id, points, task.max_score, state)


def _rubric(settings: Settings, rules: Assignment, task: "TaskScore") -> Rubric | None:
    from classroom.rubric.files import load_rubric, rubric_path  # 1.5 s, of jsonschema's formats

    path = rubric_path(settings.course_root, rules.id, task.grade_id)
    return load_rubric(path) if path.is_file() else None


def _late_sentence(rules: Assignment, row: "ScoreRow", due: dt.datetime | None) -> str:
    if row.submitted_at is None or not row.penalty:
        return ""
    share = policy.late_penalty(rules, row.submitted_at, due)
    return (
        f"Handed in late, after {policy.format_time(due or rules.due)}: {share:.0%} of the points, "
        f"{row.penalty:g} of {row.raw_score:g}, are taken."
    )


def _time(rules: Assignment, row: "ScoreRow") -> str:
    return policy.format_time(row.submitted_at.astimezone(rules.due.tzinfo)) if row.submitted_at else ""
