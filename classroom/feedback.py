"""What a student gets back: one sanitised HTML document a notebook, without hidden tests and without student HTML."""

from collections.abc import Mapping

from classroom.assignments import Course
from classroom.config import Settings
from classroom.ids import AssignmentId, StudentId


def make_feedback(
    settings: Settings, course: Course, assignment: AssignmentId, student: StudentId
) -> Mapping[str, bytes]:
    """The documents of one autograded submission, by file name; raises NotFound when it isn't graded."""
    raise NotImplementedError


def write_feedback(
    settings: Settings, assignment: AssignmentId, student: StudentId, files: Mapping[str, bytes]
) -> None:
    """Writes them to feedback/<student>/<assignment>/, whole or not at all."""
    raise NotImplementedError


def release_feedback(settings: Settings, course: Course, assignment: AssignmentId, students: list[StudentId]) -> int:
    """Makes, writes and publishes the feedback of some students, or of all graded; the number published."""
    raise NotImplementedError
