"""`classroom grade-one`: one submission, no course, no gradebook. Imports little, since authors run it all day."""

import contextlib
import json
from pathlib import Path

from classroom.assignments import Course, load_course
from classroom.config import load_settings
from classroom.errors import NotFound, SettingsError
from classroom.feedback.alone import feedback_of_one
from classroom.grading.engines import Places, bare_engine, engine_of
from classroom.grading.standalone import Graded
from classroom.grading.standalone import grade_one as grade_alone
from classroom.grading.submissions import limits_of
from judge.plan import Limits


def grade_one(source: Path, submission: Path, feedback: Path | None) -> Graded:
    """One submission graded on its own; its feedback written if asked for."""
    try:
        settings = load_settings()
        course = load_course(settings.course_root, starts=settings.starts)
        engine, limits = engine_of(settings, course), _limits_in(course, source)
    except SettingsError:  # no course anywhere: a notebook that needs none is graded all the same
        engine, limits = bare_engine(Places()), Limits()
    try:
        graded = grade_alone(source, submission, engine, limits)
    finally:
        engine.stop()
    if feedback is not None:
        feedback.write_bytes(feedback_of_one(graded.intake, graded.result))
    return graded


def _limits_in(course: Course, source: Path) -> Limits:
    """Those of the assignment in whose folder the notebook lies, else the usual ones."""
    with contextlib.suppress(NotFound):
        return limits_of(course.assignment(source.resolve().parent.name))
    return Limits()


def shown(graded: Graded, *, as_json: bool) -> str:
    """The verdict for a program or for a person."""
    told = graded.as_json()
    if as_json:
        return json.dumps(told)
    lines = [f"{told['status']}: {told['score']:g} of {told['max_score']:g} points, {told['wall_s']:.1f} s"]
    lines += [
        f"  {cell['score']:>5g} of {cell['max_score']:<5g} {cell['state']:<14} {cell['grade_id']}"
        for cell in told["cells"]
    ]
    return "\n".join(lines + ([f"  {told['reason']}"] if told["reason"] else []))
