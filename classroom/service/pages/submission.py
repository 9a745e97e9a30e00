"""One submission in full, for the instructor: verdicts with their reasons, what the student's code showed, markings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from classroom.assignments import Assignment
from classroom.corrections import Cell, Standing, in_force, load_corrections
from classroom.db.tables import Attempt, Grading, Job
from classroom.exchange.transfers import Transfers
from classroom.extensions import find_due
from classroom.grading.models import SubmissionResult
from classroom.ids import GradeId, NotebookId, StudentId
from classroom.policy import lateness
from classroom.progress import RAN_WORDS
from classroom.rubric.models import Rubric
from classroom.rubric.scoring import Score, score
from classroom.rubric.store import Task, load_history
from classroom.service.deps import Context
from classroom.service.pages.asked import AskedTask, readable
from classroom.service.pages.doors import rubric

_MAX_TRACEBACK = 8_000  # characters shown; the whole is in the collected notebook
_ANSI = "\x1b["


@dataclass(frozen=True)
class VerdictView:
    """One test cell. reason: why, for the instructor; it may quote hidden tests. points: as autograding found them."""

    title: str
    notebook: str
    grade_id: str
    points: float
    max_points: float
    state: str
    reason: str | None
    hint: str | None
    correction: Standing | None

    @property
    def score(self) -> float:
        """What counts."""
        return self.correction.score(self.max_points) if self.correction else self.points


@dataclass(frozen=True)
class ErrorView:
    """An error in a cell of the student, with its traceback."""

    cell: str
    summary: str
    traceback: str


@dataclass(frozen=True)
class MarkingView:
    """One grading with what it was worth by the present rubric."""

    grading: Grading
    rubric: Rubric
    made: Score

    @property
    def total(self) -> float:
        return self.made.total / 100

    @property
    def is_by_old_rubric(self) -> bool:
        return self.grading.rubric != self.rubric.digest


@dataclass(frozen=True)
class Submission:
    """attempts: newest first. late_s: by their numbers, as the times hold now. reason: why a run had no result."""

    attempts: Sequence[Attempt]
    late_s: Mapping[int, float]
    verdicts: Sequence[VerdictView]
    errors: Sequence[ErrorView]
    markings: Sequence[MarkingView]
    reason: str | None
    engine: str

    @property
    def corrected_by(self) -> float:
        """Points that corrections give or take."""
        return sum(verdict.score - verdict.points for verdict in self.verdicts)


def load_submission(
    session: Session,
    context: Context,
    rules: Assignment,
    tasks: Sequence[AskedTask],
    student: StudentId,
    job: Job | None,
) -> Submission:
    """All there is about one student's work in an assignment; tasks: what was released of it."""
    result = SubmissionResult.from_json(job.result) if job and job.result else None
    titles: dict[str, AskedTask] = {task.grade_id: task for task in tasks}
    rows = load_corrections(session, context.course.id, rules.id, student)
    exchange: Transfers = context.transfers
    attempts = list(reversed(exchange.attempts(rules.id, student)))
    due = find_due(session, context.course.id, rules, student)
    return Submission(
        attempts=attempts,
        late_s={one.number: lateness(rules, one.received_at, due).total_seconds() for one in attempts},
        verdicts=_verdicts(result, titles, in_force(rows, student)),
        errors=_errors(result),
        markings=_markings(session, context, rules, tasks, student),
        reason=job.reason if job else None,
        engine=next(iter({one.engine for one in result.notebooks.values()}), "") if result else "",
    )


def _verdicts(
    result: SubmissionResult | None, titles: Mapping[str, AskedTask], held: Mapping[Cell, Standing | None]
) -> list[VerdictView]:
    if result is None:
        return []
    return [
        VerdictView(
            title=titles[verdict.id].title if verdict.id in titles else readable(verdict.id),
            notebook=name,
            grade_id=verdict.id,
            points=verdict.points,
            max_points=verdict.max_points,
            state=RAN_WORDS.get(verdict.state, "wrong"),
            reason=verdict.reason,
            hint=verdict.hint,
            correction=held.get((NotebookId(name), GradeId(verdict.id))),
        )
        for name, notebook in result.notebooks.items()
        for verdict in notebook.verdicts
    ]


def _errors(result: SubmissionResult | None) -> list[ErrorView]:
    if result is None:
        return []
    return [
        ErrorView(cell.id, cell.error, _traceback(cell.outputs))
        for notebook in result.notebooks.values()
        for cell in notebook.cells
        if cell.error
    ]


def _traceback(outputs: Sequence[Mapping[str, Any]]) -> str:
    """The student's own traceback as plain text, without terminal colours."""
    lines = [str(line) for output in outputs if output.get("output_type") == "error" for line in output["traceback"]]
    text = "\n".join(lines)
    parts = text.split(_ANSI)
    plain = parts[0] + "".join(part.partition("m")[2] for part in parts[1:])
    return plain[-_MAX_TRACEBACK:]


def _markings(
    session: Session, context: Context, assignment: Assignment, tasks: Sequence[AskedTask], student: StudentId
) -> list[MarkingView]:
    views = []
    notebooks = {task.grade_id: task.notebook for task in tasks}
    for grade_id in assignment.written:
        if grade_id not in notebooks:
            continue
        task = Task(context.course.id, assignment.id, notebooks[grade_id], grade_id)
        rules = rubric(context.settings, assignment, grade_id)
        views += [
            MarkingView(grading, rules, score(rules, grading.levels, grading.gates))
            for grading in reversed(load_history(session, task, student))
        ]
    return views
