"""How far an assignment is, step by step: what an instructor sees first, and what may be done next."""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from fastapi import Request
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from classroom.assignments import Assignment
from classroom.class_rows import Facts, Row, load_classes
from classroom.db.attempts import load_sent
from classroom.db.tables import Event, Release, Run
from classroom.errors import NotFound
from classroom.exchange.counting import count_attempts
from classroom.extensions import load_more_time
from classroom.grading.jobs import RunProgress, newest_runs, progress, progress_of
from classroom.grading.submissions import collected_of
from classroom.ids import AssignmentId, StudentId
from classroom.ledger import Kind
from classroom.progress import RAN_WORDS, newest_releases
from classroom.rubric.scoring import score
from classroom.rubric.store import Task, by_student, final_of, load_gradings, load_history
from classroom.service.deps import Context
from classroom.service.pages.asked import AskedTask, by_heading, load_tasks
from classroom.service.pages.doors import gradebook, rubric

STEPS = ("generate", "release", "collect", "autograde", "grade", "feedback")
# Kinds of the ledger that these pages write themselves; the exchange writes its own.
GENERATE, AUTOGRADE, DRY_RUN = "generate", "autograde", "dry_run"


@dataclass(frozen=True)
class Step:
    """One of STEPS. state: done, now, wait. at, by: when and who, last. lines: what an instructor reads under it."""

    name: str
    title: str
    state: str
    lines: tuple[str, ...]
    at: dt.datetime | None = None
    by: str = ""


@dataclass(frozen=True)
class RunView:
    """A run with its progress; parts: count by word, in the order of the vocabulary."""

    run: Run
    progress: RunProgress
    parts: Sequence[tuple[str, int]]

    @property
    def is_waiting(self) -> bool:
        """Nobody took a job yet."""
        return not self.progress.finished and self.progress.done == 0 and not self.progress.by_state.get("running")


@dataclass(frozen=True)
class Pipeline:
    """One assignment: its newest run, every student's row, the newest event of each kind. edited_at: its source."""

    assignment: Assignment
    release: Release | None
    generated_at: dt.datetime | None
    edited_at: dt.datetime | None
    tasks: tuple[AskedTask, ...]
    rows: tuple[Row, ...]
    run: RunView | None
    acts: Mapping[str, Event]

    @property
    def has_source(self) -> bool:
        return self.edited_at is not None

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """In the order of STEPS."""
        return _steps(self)

    @property
    def is_by_hand(self) -> bool:
        """People alone mark it; nothing is to be run."""
        return is_by_hand(self.tasks)

    @property
    def present(self) -> Step | None:
        return next((step for step in self.steps if step.state == "now"), None)

    def is_waiting_for_staff(self, now: dt.datetime) -> bool:
        """Somebody can act on the present step: not while nothing is due from them."""
        if self.present is None or (self.release is None and now < self.assignment.release):
            return False
        return self.present.name != "collect" or (bool(self.submitted) and now > self.assignment.due)

    @cached_property
    def submitted(self) -> list[Row]:
        return [row for row in self.rows if row.attempts or row.is_collected]

    @cached_property
    def ready_for_feedback(self) -> list[Row]:
        """Collected, autograded and marked by hand; a total with a part missing is no total."""
        return [row for row in self.rows if _is_complete(row) and row.hold is None]

    @cached_property
    def counts(self) -> Mapping[str, int]:
        """By the names of the submission table's filters."""
        rows = self.rows
        return {
            "all": len(rows),
            "in": len(self.submitted),
            "collected": sum(row.is_collected for row in rows),
            "new": sum(row.is_newer_in for row in rows),
            "to grade": sum(row.to_grade and row.is_collected for row in rows),
            "broken": sum(row.is_broken for row in rows),
            "late": sum(row.is_late for row in rows),
            "missing": sum(row.is_missing for row in rows),
            "graded": sum(row.word in {"graded", "feedback out"} for row in rows),
            "scored": sum(row.total is not None for row in rows),
            "ready": len(self.ready_for_feedback),
            "feedback out": sum(row.has_feedback for row in rows),
        }


def is_by_hand(tasks: Sequence[AskedTask]) -> bool:
    """Whether people alone mark these tasks; there are some."""
    return bool(tasks) and all(task.written for task in tasks)


def _is_complete(row: Row) -> bool:
    return row.is_collected and row.total is not None and not row.to_grade


def load_pipeline(
    request: Request, context: Context, session: Session, assignment: Assignment, *, by_hand: bool = False
) -> Pipeline:
    """Everything about one assignment. by_hand: with the points that rubrics gave in each row."""
    (made,) = load_pipelines(request, context, session, [assignment], by_hand=by_hand)
    return made


def load_pipelines(
    request: Request,
    context: Context,
    session: Session,
    assignments: Sequence[Assignment],
    *,
    by_hand: bool = False,
) -> list[Pipeline]:
    """Everything about these assignments; one query a table, whatever their number and that of students."""
    course, ids = context.course, [one.id for one in assignments]
    releases = newest_releases(session, course.id)
    tasks = {AssignmentId(name): load_tasks(context.store, row.tree) for name, row in releases.items()}
    classes = _load_rows(request, context, session, assignments, tasks if by_hand else {})
    runs = newest_runs(session, course.id, ids)
    counted = progress_of(session, [*runs.values()])
    acts = _last_acts(session, context, ids)
    return [
        Pipeline(
            one,
            releases.get(one.id),
            newest_file(context.settings.course_dir("release") / one.id),
            newest_file(context.settings.source / one.id),
            tasks.get(one.id, ()),
            rows,
            _run_view(run, counted[run.id]) if (run := runs.get(one.id)) else None,
            acts[one.id],
        )
        for one, rows in zip(assignments, classes, strict=True)
    ]


def load_row(
    request: Request, context: Context, session: Session, assignment: Assignment, student: StudentId
) -> tuple[Row, tuple[AskedTask, ...]]:
    """One student in an assignment, with the points that rubrics gave, and what was released of it; raises NotFound."""
    releases = newest_releases(session, context.course.id)
    tasks = load_tasks(context.store, releases[assignment.id].tree) if assignment.id in releases else ()
    (rows,) = _load_rows(request, context, session, [assignment], {assignment.id: tasks}, student=student)
    if not rows:
        raise NotFound(f"there is no student {student!r} in this course")
    return rows[0], tasks


def _load_rows(
    request: Request,
    context: Context,
    session: Session,
    assignments: Sequence[Assignment],
    by_hand: Mapping[AssignmentId, Sequence[AskedTask]],
    *,
    student: StudentId | None = None,
) -> list[tuple[Row, ...]]:
    """The rows of each of these assignments, of one student if given; by_hand: tasks whose points are in them."""
    course, ids = context.course, [one.id for one in assignments]
    sent = load_sent(session, course.id, ids, student=student)
    collected = collected_of(context.settings, sent, student=student)
    more_time = load_more_time(session, course.id, student=student)
    counts = count_attempts(session, course, sent, more_time, student=student)
    scores = gradebook(request).scores_of(ids, student=student)
    known = [
        Facts(
            one,
            sent[one.id],
            scores[one.id],
            _manual_points(session, context, one, by_hand.get(one.id, ()), student),
            collected[one.id],
            counts[one.id],
        )
        for one in assignments
    ]
    return load_classes(session, course, known, more_time, context.clock(), student=student)


def load_run(session: Session, run_id: int) -> RunView:
    """A run and its counts; raises NotFound."""
    made = progress(session, run_id)
    return _run_view(session.get_one(Run, run_id), made)


def _run_view(run: Run, made: RunProgress) -> RunView:
    words = {RAN_WORDS.get(state, state): count for state, count in made.by_state.items()}
    order = ["ok", "wrong", "error", "timeout", "out of memory", "crashed", "our fault", "running", "queued"]
    parts = sorted(words.items(), key=lambda item: order.index(item[0]) if item[0] in order else len(order))
    return RunView(run, made, parts)


def newest_file(folder: Path) -> dt.datetime | None:
    """When the newest notebook of a folder was written; None without any."""
    times = [path.stat().st_mtime for path in folder.glob("*.ipynb")]
    return dt.datetime.fromtimestamp(max(times), dt.UTC) if times else None


def _manual_points(
    session: Session,
    context: Context,
    assignment: Assignment,
    tasks: Sequence[AskedTask],
    student: StudentId | None,
) -> Mapping[StudentId, float]:
    """The points given by rubric for these tasks, by student, or of one student if given."""
    notebooks = {task.grade_id: task.notebook for task in tasks}
    points: dict[StudentId, float] = {}
    for grade_id in assignment.written:
        if grade_id not in notebooks:
            continue
        task = Task(context.course.id, assignment.id, notebooks[grade_id], grade_id)
        rules = rubric(context.settings, assignment, grade_id)
        gradings = load_gradings(session, task) if student is None else load_history(session, task, student)
        for one, rounds in by_student(gradings).items():
            marking = final_of(rounds)
            made = score(rules, marking.levels, marking.gates).total / 100
            points[one] = points.get(one, 0.0) + made
    return points


def _last_acts(
    session: Session, context: Context, assignments: Collection[AssignmentId]
) -> Mapping[str, Mapping[str, Event]]:
    """The newest event of each kind, by assignment."""
    of_course = (Event.course == context.course.id, Event.assignment.in_(assignments))
    newest = select(func.max(Event.id)).where(*of_course).group_by(Event.assignment, Event.kind)
    found: dict[str, dict[str, Event]] = {assignment: {} for assignment in assignments}
    for event in session.scalars(select(Event).where(Event.id.in_(newest))):
        found[str(event.assignment)][event.kind] = event
    return found


def _steps(made: Pipeline) -> tuple[Step, ...]:
    counts, acts, edited = made.counts, made.acts, made.edited_at
    is_open = bool(made.release)
    is_stale = bool(made.generated_at and edited and edited > made.generated_at)
    is_unreleased = bool(made.generated_at and (not made.release or made.generated_at > made.release.released_at))
    is_running = made.run is not None and not made.run.progress.finished
    graded = sum(row.is_collected and (row.ran is not None or row.total is not None) for row in made.rows)
    done = {
        "generate": made.generated_at is not None and not is_stale,
        "release": is_open,
        "collect": counts["collected"] > 0 and not counts["new"],
        "autograde": counts["collected"] > 0 and graded >= counts["collected"] and not is_running,
        "grade": counts["collected"] > 0 and graded >= counts["collected"] and counts["to grade"] == 0,
        "feedback": counts["collected"] > 0 and counts["feedback out"] >= counts["collected"],
    }
    lines = {
        "generate": _generate_lines(made, is_stale),
        "release": (
            (f"version {made.release.version}", *(("generated again since",) if is_unreleased else ()))
            if made.release
            else ("students see nothing yet",)
        ),
        "collect": (
            f"{counts['collected']} of {counts['in']}" if counts["collected"] else f"{counts['in']} in",
            *((f"{counts['new']} newer since",) if counts["new"] and counts["collected"] else ()),
        ),
        "autograde": _autograde_lines(made, graded, counts["collected"]),
        "grade": (
            f"{counts['to grade']} to grade" if counts["to grade"] else "nothing waits",
            *(("no written task",) if not made.assignment.written else ()),
        ),
        "feedback": (f"{counts['feedback out']} of {counts['collected']} out",),
    }
    titles = ("Generate", "Release", "Collect", "Autograde", "Grade by hand", "Feedback")
    kinds = (GENERATE, Kind.release, Kind.collect, AUTOGRADE, "grading", Kind.feedback_release)
    present = "autograde" if is_running else next((name for name in STEPS if not done[name]), None)
    return tuple(
        Step(
            name,
            title,
            "now" if name == present else "done" if done[name] else "wait",
            lines[name],
            acts[kind].at if kind in acts else made.generated_at if name == "generate" else None,
            acts[kind].actor if kind in acts else "",
        )
        for name, title, kind in zip(STEPS, titles, kinds, strict=True)
    )


def _generate_lines(made: Pipeline, is_stale: bool) -> tuple[str, ...]:
    if made.generated_at is None:
        return ("not made from source yet",) if made.has_source else ("no source yet",)
    points = sum(task.points for task in made.tasks)
    about = (f"{len(by_heading(made.tasks))} tasks, {points:g} points",) if made.tasks else ()
    return (*about, *(("source changed since",) if is_stale else ()))


def _autograde_lines(made: Pipeline, graded: int, wanted: int) -> tuple[str, ...]:
    if made.run is not None and not made.run.progress.finished:
        return ("running",)
    if made.is_by_hand and graded >= wanted:
        return ("no test to run",)
    broken = made.counts["broken"]
    return (f"{graded} of {wanted}", *((f"{broken} did not run to the end",) if broken else ()))
