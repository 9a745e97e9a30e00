"""`classroom check` at work: the real generator and the real engine, several known answers at a time."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import replace
from pathlib import Path

from classroom.assignments import Assignment, load_course
from classroom.config import Settings, child_environment
from classroom.course.checks import CourseFolders, Grade, Report, Row, check_assignment
from classroom.errors import CourseError
from classroom.grading.engines import Engine, engine_of
from classroom.ids import AssignmentId
from judge.plan import GradingJob, GradingResult

GENERATE_LIMIT_S = 300


def prove(settings: Settings, assignment: AssignmentId, *, task: str | None = None) -> Report:
    """The report on an assignment of the course in settings.course_root; raises CourseError, NotFound."""
    root = settings.course_root
    folders = CourseFolders(settings.source, root / "bank", root / "rubrics")

    def generate(wanted: AssignmentId, folder: Path) -> None:
        generate_release(settings, wanted, folder)

    course = load_course(root, starts=settings.starts)
    rules = course.assignment(assignment)
    engine = engine_of(settings, course)

    def grade(jobs: Sequence[GradingJob]) -> Iterator[GradingResult]:
        run = grader_of(engine, settings.workers or os.cpu_count() or 1)
        return run([_allowed(job, rules) for job in jobs])

    try:
        return check_assignment(assignment, folders, written=rules.written, generate=generate, grade=grade, task=task)
    finally:
        engine.stop()


def _allowed(job: GradingJob, rules: Assignment) -> GradingJob:
    """The job with what course.yaml allows; its times are the check's own."""
    limits = replace(job.limits, services=rules.services, subprocesses=rules.subprocesses)
    return replace(job, limits=limits)


def grader_of(engine: Engine, workers: int) -> Grade:
    """Grades up to `workers` jobs at a time; results as they come."""

    def grade(jobs: Sequence[GradingJob]) -> Iterator[GradingResult]:
        with ThreadPoolExecutor(workers, thread_name_prefix="check") as executor:
            for future in as_completed([executor.submit(engine.grade, job) for job in jobs]):
                yield future.result()

    return grade


def generate_release(settings: Settings, assignment: AssignmentId, folder: Path) -> None:
    """Plain nbgrader's release of an assignment, in `folder`, with a gradebook that is thrown away."""
    with tempfile.TemporaryDirectory(prefix="classroom-generate-") as state:
        places = {"CLASSROOM_COURSE": str(settings.course_root), "CLASSROOM_STATE": state}
        done = subprocess.run(
            [sys.executable, "-m", "nbgrader", "generate_assignment", assignment],
            cwd=settings.course_root,
            env=child_environment(places),
            capture_output=True,
            text=True,
            timeout=GENERATE_LIMIT_S,
            check=False,
        )
        made = Path(state) / "release" / assignment
        if done.returncode or not made.is_dir():
            raise CourseError(f"nbgrader can't generate {assignment}: {done.stderr.strip()[-1500:]}")
        shutil.copytree(made, folder, dirs_exist_ok=True)


def verdict_of(row: Row) -> str:
    """One line of the table: what an answer earned, and where it lost points."""
    lost = f"  loses {', '.join(row.lost)}" if row.lost and row.name != "release" else ""
    return f"{'BAD' if row.complaints else 'ok':3}  {row.name:48} {row.points:5g} of {row.max_points:<5g}{lost}"
