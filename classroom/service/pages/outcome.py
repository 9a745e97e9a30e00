"""How a released score was made, task by task, as its student may read it.

Only what was there when the feedback went out, and of a hidden test only points, state and its author's hint.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from classroom.corrections import Cell, Standing, in_force, load_corrections
from classroom.db.tables import Feedback, Grading, Job, of_recorded_runs
from classroom.grading.models import SubmissionResult
from classroom.ids import GradeId, NotebookId, StudentId
from classroom.progress import RAN_WORDS, Work
from classroom.rubric.models import Criterion, Gate, Marking, Rubric, level_name
from classroom.rubric.scoring import score
from classroom.rubric.store import final_of, rounds_of
from classroom.service.deps import Context
from classroom.service.pages.asked import AskedTask, load_tasks, readable
from classroom.service.pages.doors import rubric
from judge.plan import CellVerdict


@dataclass(frozen=True)
class TaskOutcome:
    """One autograded task. state: a word of the vocabulary. correction: why a person set its points."""

    title: str
    points: float
    max_points: float
    state: str
    hint: str | None
    correction: str = ""

    @property
    def is_full(self) -> bool:
        return self.points >= self.max_points


@dataclass(frozen=True)
class CriterionOutcome:
    """One criterion with the level reached, a half between two; next_level where there is one above."""

    criterion: Criterion
    level: float
    points: float
    comment: str

    @property
    def name(self) -> str:
        return level_name(self.level)

    @property
    def next_level(self) -> int | None:
        return int(self.level) + 1 if self.level < 4 else None


@dataclass(frozen=True)
class WrittenOutcome:
    """One written task by its rubric."""

    title: str
    points: float
    max_points: float
    criteria: tuple[CriterionOutcome, ...]
    capped_by: Gate | None


@dataclass(frozen=True)
class Outcome:
    """All tasks of a submission. unanswered: written ones that nobody marked. taken: points that the late rule took."""

    tasks: tuple[TaskOutcome, ...]
    written: tuple[WrittenOutcome, ...]
    unanswered: tuple[AskedTask, ...]
    taken: float

    @property
    def auto(self) -> float:
        return sum(task.points for task in self.tasks)

    @property
    def auto_max(self) -> float:
        return sum(task.max_points for task in self.tasks)


def load_outcome(session: Session, context: Context, work: Work, feedback: Feedback) -> Outcome:
    """The parts of the released score; empty where a part was graded outside this classroom."""
    asked = load_tasks(context.store, work.release.tree) if work.release else ()
    student = StudentId(feedback.student)
    rows = load_corrections(session, context.course.id, work.assignment.id, student, until=feedback.released_at)
    tasks = _tasks(_job(session, feedback), {task.grade_id: task for task in asked}, in_force(rows, student))
    gradings = _gradings(session, feedback)
    written = tuple(
        _written(rubric(context.settings, work.assignment, task), gradings[task])
        for task in work.assignment.written
        if task in gradings
    )
    unanswered = tuple(task for task in asked if task.written and task.grade_id not in gradings)
    made = sum(task.points for task in tasks) + sum(task.points for task in written)
    late = work.counted is not None and work.late_s(work.counted) > 0
    return Outcome(tasks, written, unanswered, max(0.0, made - feedback.score) if late else 0.0)


def _job(session: Session, feedback: Feedback) -> Job | None:
    query = (
        select(Job)
        .where(Job.course == feedback.course, Job.assignment == feedback.assignment, Job.student == feedback.student)
        .where(
            Job.state == "done", Job.finished_at <= feedback.released_at, Job.result.is_not(None), of_recorded_runs()
        )
    )
    return session.scalar(query.order_by(Job.id.desc()).limit(1))


def _tasks(
    job: Job | None, asked: Mapping[str, AskedTask], held: Mapping[Cell, Standing | None]
) -> tuple[TaskOutcome, ...]:
    if job is None or job.result is None:
        return ()
    return tuple(
        _task(verdict, asked.get(verdict.id), held.get((NotebookId(name), GradeId(verdict.id))))
        for name, result in SubmissionResult.from_json(job.result).notebooks.items()
        for verdict in result.verdicts
        if verdict.max_points  # a visible check is worth nothing by itself
    )


def _task(verdict: CellVerdict, asked: AskedTask | None, correction: Standing | None) -> TaskOutcome:
    points = correction.score(verdict.max_points) if correction else verdict.points
    return TaskOutcome(
        title=asked.title if asked else readable(verdict.id),
        points=points,
        max_points=verdict.max_points,
        state="corrected" if correction else RAN_WORDS.get(verdict.state, "wrong"),
        hint=verdict.hint if points < verdict.max_points else None,
        correction=correction.sentence if correction else "",
    )


def _gradings(session: Session, feedback: Feedback) -> Mapping[str, Marking]:
    """The marking of each task that stood when the feedback went out."""
    query = (
        select(Grading)
        .where(Grading.course == feedback.course, Grading.assignment == feedback.assignment)
        .where(Grading.student == feedback.student, Grading.at <= feedback.released_at)
    )
    rows: Sequence[Grading] = session.scalars(query.order_by(Grading.id)).all()
    tasks = {row.task for row in rows}
    return {task: final_of(rounds_of([row for row in rows if row.task == task])) for task in tasks}


def _written(rules: Rubric, marking: Marking) -> WrittenOutcome:
    made = score(rules, marking.levels, marking.gates)
    criteria = tuple(
        CriterionOutcome(
            criterion,
            marking.levels.get(criterion.id, 0),
            made.parts[criterion.id] / 100,
            marking.comments.get(criterion.id, ""),
        )
        for criterion in rules.criteria
    )
    return WrittenOutcome(rules.title, made.total / 100, rules.points / 100, criteria, made.capped_by)
