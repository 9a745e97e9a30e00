"""A folder with a course of one assignment, collected submissions and an empty gradebook, for one arm to grade."""

import subprocess
import sys
from pathlib import Path

from bench.reference import ASSIGNMENT, NOTEBOOK, Submission, files, source_notebook, submitted_notebook
from classroom.gradebook_file import prepare_gradebook

_COURSE = f"""
course: bench
title: Grading benchmark
term: none
time_zone: Europe/Berlin
starts: 2026-11-02
defaults: {{late: {{penalty_per_day: 0.0, closes_after_days: 7}}}}
assignments:
  {ASSIGNMENT}: {{title: Orders, release: day 0 09:00, due: day 39 23:59}}
"""
# Everything else as nbgrader has it: its own Execute, its own kernels.
_NBGRADER = """
c.CourseDirectory.course_id = "bench"
c.ExecutePreprocessor.timeout = 60
"""
_STAMP = "2026-11-10 12:00:00.000000 UTC"


def write_course(folder: Path, submissions: list[Submission]) -> None:
    """Writes all of it, and releases the assignment, which fills the gradebook with its cells."""
    source = folder / "source" / ASSIGNMENT
    source.mkdir(parents=True)
    (folder / "course.yaml").write_text(_COURSE)
    (folder / "nbgrader_config.py").write_text(_NBGRADER)
    (source / f"{NOTEBOOK}.ipynb").write_bytes(source_notebook())
    for name, data in files().items():
        (source / name).write_bytes(data)
    for submission in submissions:
        place = folder / "submitted" / submission.student / ASSIGNMENT
        place.mkdir(parents=True)
        (place / f"{NOTEBOOK}.ipynb").write_bytes(submitted_notebook(submission))
        (place / "timestamp.txt").write_text(_STAMP)
    prepare_gradebook(f"sqlite:///{folder / 'gradebook.db'}")
    run_nbgrader(folder, "generate_assignment", ASSIGNMENT)


def run_nbgrader(folder: Path, *arguments: str) -> None:
    """Raises CalledProcessError, with what it said, when nbgrader fails."""
    start_nbgrader(folder, *arguments, check=True)


def start_nbgrader(folder: Path, *arguments: str, check: bool) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "nbgrader", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=check)
