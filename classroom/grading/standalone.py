"""Grades one submission against one instructor notebook, without course or gradebook: an author's everyday tool."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from classroom.errors import CourseError, Refused
from classroom.grading.engines import Engine
from classroom.grading.jobs import GRADER_FAULT, MAX_TRIES
from classroom.grading.models import SubmissionIntake, SubmissionResult
from classroom.grading.pool import grade_submission
from classroom.grading.submissions import AssignmentSource, load_notebook_source, read_files, take_in
from classroom.ids import AssignmentId, StudentId, parse_assignment_id
from judge.plan import Limits

STUDENT = StudentId("submission")
MAX_BYTES = 20 << 20
# What may go along beside a notebook when no course.yaml says it.
EXTRA_FILES = ("*.py", "*.csv", "*.json", "*.yaml", "*.md", "*.png", "*.txt", "*.parquet")


@dataclass(frozen=True)
class Graded:
    """One submission graded on its own."""

    source: AssignmentSource
    intake: SubmissionIntake
    result: SubmissionResult

    def as_json(self) -> Mapping[str, Any]:
        """The object that `grade-one --json` prints."""
        results = list(self.result.notebooks.values())
        cells = [
            {"grade_id": one.id, "score": one.points, "max_score": one.max_points, "state": str(one.state)}
            for result in results
            for one in result.verdicts
        ]
        return {
            "status": self.result.status,
            "reason": self.result.reason,
            "score": self.result.points,
            "max_score": self.result.max_points,
            "cells": cells,
            "cpu_s": sum(result.cpu_s for result in results),
            "wall_s": sum(result.wall_s for result in results),
        }


def grade_one(source_path: Path, submission: Path, engine: Engine, limits: Limits) -> Graded:
    """The verdict on a notebook, or on the folder of a submission; a grader's fault is tried again.

    Raises CourseError when the source can't be used or the submission isn't there.
    """
    source = load_notebook_source(source_path, _assignment_id(source_path), EXTRA_FILES, MAX_BYTES)
    if not source.graded:
        raise CourseError(f"{source_path.name} has no graded cell; is it the instructor's version?")
    if not submission.exists() and not submission.is_symlink():
        raise CourseError(f"there is no {submission}")
    found = dict(read_files(submission, MAX_BYTES))
    if not submission.is_dir() and submission.suffix == ".ipynb":
        # Whatever it is called, a single notebook is meant as this one.
        found = {f"{source.graded[0].id}.ipynb": found[submission.name]}
    intake = take_in(found, STUDENT, source, extra_files=EXTRA_FILES, limits=limits, engine=engine.name)
    for _ in range(MAX_TRIES):
        result = grade_submission(engine, intake)
        if result.status != GRADER_FAULT:
            break
    return Graded(source, intake, result)


def _assignment_id(path: Path) -> AssignmentId:
    try:
        return parse_assignment_id(path.resolve().parent.name)
    except Refused:
        return AssignmentId("assignment")
