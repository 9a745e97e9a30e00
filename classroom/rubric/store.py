"""Gradings are appended, never changed: the newest row of a round of a piece is that round's word."""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import Session

from classroom.db.kept import Kept
from classroom.db.tables import Calibration, Claim, Draft, Grading
from classroom.ids import AssignmentId, CourseId, GradeId, NotebookId, StudentId
from classroom.rubric.models import Marking, Rubric, level_name
from classroom.rubric.rounds import FIRST, final
from classroom.rubric.scoring import check_marking, score, shown

OfTask = TypeVar("OfTask", Grading, Claim, Draft, Calibration)
_Place = tuple[str, str, str]  # course, assignment, task
_Round = tuple[str, str, int]  # student, grader, round
_ByPlace = Mapping[_Place, Mapping[_Round, Grading]]


@dataclass(frozen=True)
class Task:
    """A written task of an assignment, and the notebook that asks it."""

    course: CourseId
    assignment: AssignmentId
    notebook: NotebookId
    task: GradeId


@dataclass(frozen=True)
class Piece:
    """One student's answer to one written task. attempt: None when it was collected without the exchange."""

    task: Task
    student: StudentId
    attempt: int | None


@dataclass(frozen=True)
class Projection:
    """What the gradebook keeps of a grading: points, and all comments in one text."""

    points: float
    comment: str


def append_grading(
    session: Session,
    piece: Piece,
    marking: Marking,
    *,
    rubric: Rubric,
    grader: str,
    at: dt.datetime,
    round: int = FIRST,
) -> Grading:
    """A new row with the marking; raises Refused when it doesn't fit the rubric."""
    check_marking(rubric, marking)
    grading = Grading(
        course=piece.task.course,
        assignment=piece.task.assignment,
        notebook=piece.task.notebook,
        task=piece.task.task,
        student=piece.student,
        attempt=piece.attempt,
        grader=grader,
        at=at,
        rubric=rubric.digest,
        round=round,
        levels={name: int(level) for name, level in marking.levels.items()},
        gates=list(marking.gates),
        comments={name: text.strip() for name, text in marking.comments.items() if text.strip()},
    )
    session.add(grading)
    session.flush()
    return grading


def marking_of(grading: Grading) -> Marking:
    """What was chosen in a row."""
    return Marking(grading.levels, tuple(grading.gates), grading.comments)


def load_gradings(session: Session, task: Task) -> Sequence[Grading]:
    """Each grader's newest grading of each piece of a task in each round, oldest first."""
    return load_all_gradings(session, [task])[task]


def load_all_gradings(session: Session, tasks: Collection[Task]) -> dict[Task, list[Grading]]:
    """The same for each of these tasks. The rows belong to no session, and are the same ones from answer to answer."""
    kept = _kept.read(session)
    return {task: [*kept.get((task.course, task.assignment, task.task), {}).values()] for task in tasks}


def _add(known: _ByPlace, session: Session, above: int) -> _ByPlace:
    found: dict[_Place, dict[_Round, Grading]] = {}
    with Session(session.connection(), expire_on_commit=False) as own:
        for row in own.scalars(select(Grading).where(Grading.id > above).order_by(Grading.id)):
            place = row.course, row.assignment, row.task
            rounds = found.setdefault(place, dict(known.get(place, {})))
            round_ = row.student, row.grader, row.round
            rounds.pop(round_, None)  # to the end, where the newest ones are
            rounds[round_] = row
    return {**known, **found}


def of_tasks(table: type[OfTask], tasks: Collection[Task]) -> ColumnElement[bool]:
    """For queries: rows of these tasks, and perhaps of others with the same names, which `by_task` leaves out."""
    return and_(
        table.course.in_({task.course for task in tasks}),
        table.assignment.in_({task.assignment for task in tasks}),
        table.task.in_({task.task for task in tasks}),
    )


def by_task(rows: Iterable[OfTask], tasks: Collection[Task]) -> dict[Task, list[OfTask]]:
    """The rows of each task, in their order."""
    found: dict[Task, list[OfTask]] = {task: [] for task in tasks}
    places: dict[tuple[str, str, str], list[OfTask]] = {
        (task.course, task.assignment, task.task): own for task, own in found.items()
    }
    for row in rows:
        if (own := places.get((row.course, row.assignment, row.task))) is not None:
            own.append(row)
    return found


def load_tasks(session: Session, course: CourseId, assignment: AssignmentId) -> list[Task]:
    """The tasks of an assignment that anybody has marked, by notebook and name."""
    query = (
        select(Grading.notebook, Grading.task)
        .where(Grading.course == course, Grading.assignment == assignment)
        .distinct()
        .order_by(Grading.notebook, Grading.task)
    )
    return [Task(course, assignment, NotebookId(notebook), GradeId(task)) for notebook, task in session.execute(query)]


def load_history(session: Session, task: Task, student: StudentId) -> Sequence[Grading]:
    """All gradings of one piece, oldest first."""
    of_piece = (
        Grading.course == task.course,
        Grading.assignment == task.assignment,
        Grading.task == task.task,
        Grading.student == student,
    )
    return session.scalars(select(Grading).where(*of_piece).order_by(Grading.id)).all()


def rounds_of(gradings: Sequence[Grading]) -> dict[int, Grading]:
    """The grading that speaks for each round of one piece: the newest, of the attempt that was marked last."""
    ordered = sorted(gradings, key=lambda row: row.id)
    return {row.round: row for row in ordered if row.attempt == ordered[-1].attempt}


def by_student(gradings: Sequence[Grading]) -> dict[StudentId, dict[int, Grading]]:
    """The rounds of each piece of a task, by student."""
    pieces: dict[StudentId, list[Grading]] = {}
    for grading in gradings:
        pieces.setdefault(StudentId(grading.student), []).append(grading)
    return {student: rounds_of(rows) for student, rows in pieces.items()}


def final_of(rounds: Mapping[int, Grading]) -> Marking:
    """The marking that follows from the rounds of one piece; see rubric.rounds."""
    return final({number: marking_of(row) for number, row in rounds.items()})


def project(rubric: Rubric, marking: Marking) -> Projection:
    """The number and the comment of a marking as nbgrader keeps them."""
    made = score(rubric, marking.levels, marking.gates)
    lines = [
        f"{criterion.title}: {level_name(level).lower()}, {shown(made.parts[criterion.id])} of "
        f"{shown(criterion.weight)}. {marking.comments.get(criterion.id, '')}".rstrip()
        for criterion in rubric.criteria
        if (level := marking.levels.get(criterion.id)) is not None
    ]
    if made.capped_by:
        lines.append(f"At most {shown(made.capped_by.cap)} points: {made.capped_by.when}")
    return Projection(made.total / 100, "\n".join(lines))


_kept: Kept[_ByPlace] = Kept(Grading, {}, _add)
