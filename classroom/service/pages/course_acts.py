"""What an instructor does to an assignment: POST forms that work without JavaScript, then back to the pipeline.

None of it runs a student's code: generating runs nbgrader on the instructor's source in a process of its own, and
autograding only writes jobs that a `classroom runner` takes.
"""

import subprocess
import sys
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, BackgroundTasks, Depends, Form, Request
from fastapi.responses import Response

from classroom.assignments import Assignment
from classroom.config import SERVICE_PREFIX, Settings, child_environment
from classroom.errors import Conflict, CourseError
from classroom.grading.by_hand import record_by_hand
from classroom.grading.jobs import create_run, newest_run, progress
from classroom.grading.submissions import collected
from classroom.ids import StudentId
from classroom.ledger import record
from classroom.service.deps import Caller, Context, InContext, Role, require
from classroom.service.pages.doors import gradebook
from classroom.service.pages.pipeline import AUTOGRADE, DRY_RUN, GENERATE, load_pipeline
from classroom.service.pages.release_feedback import begin, release_all
from classroom.service.pages.render import page, redirect
from classroom.service.pages.shown import count

router = APIRouter(prefix=f"{SERVICE_PREFIX}/{{course}}/assignments", include_in_schema=False)
InInstructor = Annotated[Caller, Depends(require(Role.INSTRUCTOR))]

_GENERATE_S = 300
_TOLD_CHARACTERS = 1500


@router.post("/{assignment}/generate")
def generate(request: Request, caller: InInstructor, context: InContext, assignment: str) -> Response:
    """Makes release/ anew from source/."""
    rules = context.course.assignment(assignment)
    try:
        run_generate(context.settings, rules)
    except CourseError as error:
        return _back(request, context, rules, str(error), tone="bad")
    with context.database.session() as session:
        record(
            session,
            GENERATE,
            course=context.course.id,
            actor=caller.name,
            at=context.clock(),
            assignment=rules.id,
        )
    return _back(request, context, rules, "Generated: release/ holds what students get. They see it after Release.")


@router.get("/{assignment}/release")
def ask_release(request: Request, caller: InInstructor, context: InContext, assignment: str) -> Response:
    """What releasing would do, with the button that does it."""
    rules = context.course.assignment(assignment)
    with context.database.reading() as session:
        pipeline = load_pipeline(request, context, session, rules)
    folder = context.settings.course_dir("release") / rules.id
    files = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return page(request, caller, "ask_release.html", assignment=rules, pipeline=pipeline, files=files)


@router.post("/{assignment}/release")
def release(request: Request, caller: InInstructor, context: InContext, assignment: str) -> Response:
    """Lets students fetch what was generated; a version that they have stays as it is."""
    rules = context.course.assignment(assignment)
    try:
        made = context.transfers.release(rules.id, context.settings.course_dir("release") / rules.id, actor=caller.name)
    except CourseError as error:
        return _back(request, context, rules, str(error), tone="bad")
    return _back(request, context, rules, f"Version {made.version} is released.")


@router.post("/{assignment}/collect")
def collect(request: Request, caller: InInstructor, context: InContext, assignment: str) -> Response:
    """Brings submitted/ to the attempts that count; what people alone mark is recorded at once."""
    rules = context.course.assignment(assignment)
    written = context.transfers.collect(rules.id, context.settings.course_dir("submitted"), actor=caller.name)
    try:
        record_by_hand(context.settings, context.course, context.database, gradebook(request), rules.id)
    except CourseError as error:
        return _back(request, context, rules, str(error), tone="bad")
    said = f"Collected {count(written, 'submission')}." if written else "Nothing new to collect."
    return _back(request, context, rules, said)


@router.post("/{assignment}/autograde")
def autograde(
    request: Request,
    caller: InInstructor,
    context: InContext,
    assignment: str,
    force: Annotated[bool, Form()] = False,
    dry: Annotated[bool, Form()] = False,
    student: Annotated[list[str] | None, Form()] = None,
) -> Response:
    """Queues a job for each collected submission; what is unchanged keeps its result unless `force`.

    The results of a `dry` run are only compared with the gradebook, on a page of their own.
    """
    rules = context.course.assignment(assignment)
    with context.database.session() as session:
        running = newest_run(session, context.course.id, rules.id, dry=dry)
        if running is not None and not progress(session, running).finished:
            raise Conflict(f"run {running} of {rules.id} is still going; wait for its end")
        wanted = collected(session, context.settings, context.course.id, rules.id)
        if student:
            wanted = {StudentId(name): wanted[StudentId(name)] for name in student if name in wanted}
        if not wanted:
            return _back(request, context, rules, "Nothing to autograde: collect first.", tone="warn")
        now = context.clock()
        run = create_run(session, context.course.id, rules.id, wanted, actor=caller.name, now=now, force=force, dry=dry)
        record(
            session,
            DRY_RUN if dry else AUTOGRADE,
            course=context.course.id,
            actor=caller.name,
            at=now,
            assignment=rules.id,
            run=run,
            submissions=len(wanted),
        )
    said = f"{'Dry run' if dry else 'Run'} {run} started: {count(len(wanted), 'submission')}."
    return _back(request, context, rules, said, page="/dry-run" if dry else "")


@router.get("/{assignment}/feedback")
def ask_feedback(request: Request, caller: InInstructor, context: InContext, assignment: str) -> Response:
    """What releasing feedback would do: counts first, since it can't be taken back."""
    rules = context.course.assignment(assignment)
    with context.database.reading() as session:
        pipeline = load_pipeline(request, context, session, rules)
    return page(request, caller, "ask_feedback.html", assignment=rules, pipeline=pipeline)


@router.post("/{assignment}/feedback")
def feedback(
    request: Request, caller: InInstructor, context: InContext, assignment: str, tasks: BackgroundTasks
) -> Response:
    """Gives each fully graded student the scores and comments as they stand now, behind the answer."""
    rules = context.course.assignment(assignment)
    with context.database.reading() as session:
        pipeline = load_pipeline(request, context, session, rules)
    ready = {row.student: row.counted.number if row.counted else None for row in pipeline.ready_for_feedback}
    if not ready:
        return _back(request, context, rules, "Nothing is fully graded yet, so no feedback went out.", tone="warn")
    begin(request.app, rules)
    tasks.add_task(release_all, request.app, context, gradebook(request), rules, ready, actor=caller.name)
    return _back(request, context, rules, f"Feedback for {count(len(ready), 'student')} is going out.", tasks=tasks)


def run_generate(settings: Settings, assignment: Assignment) -> None:
    """`classroom generate` in a process of its own: nbgrader's converters change the working directory.

    Raises CourseError with the end of what it said.
    """
    command = [str(Path(sys.executable).with_name("classroom")), "generate", assignment.id]
    environment = child_environment(
        {"CLASSROOM_COURSE": str(settings.course_root), "CLASSROOM_STATE": str(settings.state)}
    )
    try:
        done = subprocess.run(
            command, cwd=settings.course_root, env=environment, capture_output=True, text=True, timeout=_GENERATE_S
        )
    except subprocess.TimeoutExpired as error:
        raise CourseError(f"generating {assignment.id} took longer than {_GENERATE_S} s and was ended") from error
    if done.returncode != 0:
        raise CourseError(f"{assignment.id} could not be generated. {_last_words(done.stderr or done.stdout)}")


def _last_words(text: str) -> str:
    return text.strip()[-_TOLD_CHARACTERS:] or "It said nothing."


def _back(
    request: Request,
    context: Context,
    assignment: Assignment,
    said: str,
    *,
    tone: str = "ok",
    tasks: BackgroundTasks | None = None,
    page: str = "",
) -> Response:
    url = f"{SERVICE_PREFIX}/{context.course.id}/assignments/{assignment.id}{page}"
    answer = redirect(request, url, said, tone=tone)
    answer.background = tasks
    return answer
