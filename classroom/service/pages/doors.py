"""What the pages reach beyond the service's own database: the gradebook and the rubrics."""

import threading

from fastapi import Request

from classroom.assignments import Assignment
from classroom.config import Settings
from classroom.errors import CourseError, Unavailable
from classroom.gradebook import Gradebook
from classroom.ids import GradeId
from classroom.rubric.files import load_rubric, rubric_path
from classroom.rubric.models import Rubric
from classroom.service.deps import context

_opening = threading.Lock()


def gradebook(request: Request) -> Gradebook:
    """The process' one gradebook, opened when first asked for."""
    state = request.app.state
    with _opening:
        if not hasattr(state, "gradebook"):
            here = context(request)
            state.gradebook = Gradebook(here.settings.gradebook_url, here.course)
    found: Gradebook = state.gradebook
    return found


def rubric(settings: Settings, assignment: Assignment, task: GradeId) -> Rubric:
    """The rubric of a written task; raises Unavailable while its file is wrong. What is wrong is for its author."""
    try:
        return load_rubric(rubric_path(settings.course_root, assignment.id, task))
    except CourseError as error:
        raise Unavailable(
            f"the rubric of {task} has a mistake and can't be used before it is mended; `classroom check` says which. "
            "What was marked is stored"
        ) from error
