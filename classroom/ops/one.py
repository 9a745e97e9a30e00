"""`classroom grade-one`: one submission, no course, no gradebook. Imports little, since authors run it all day."""

import json
from pathlib import Path

from classroom.config import load_settings
from classroom.errors import SettingsError
from classroom.feedback.alone import feedback_of_one
from classroom.grading.engines import Places, bare_engine, engine_of
from classroom.grading.standalone import Graded
from classroom.grading.standalone import grade_one as grade_alone
from judge.plan import Limits


def grade_one(source: Path, submission: Path, feedback: Path | None) -> Graded:
    """One submission graded on its own; its feedback written if asked for."""
    try:
        engine = engine_of(load_settings())
    except SettingsError:  # no course anywhere: a notebook that needs none is graded all the same
        engine = bare_engine(Places())
    try:
        graded = grade_alone(source, submission, engine, Limits())
    finally:
        engine.stop()
    if feedback is not None:
        feedback.write_bytes(feedback_of_one(graded.intake, graded.result))
    return graded


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
