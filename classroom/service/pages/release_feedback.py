"""Feedback of many students: made one after another behind the answer; one that can't be made stops no other."""

import logging
import threading
from collections.abc import Callable, Mapping

from fastapi import FastAPI

from classroom.assignments import Assignment, Course
from classroom.config import Settings
from classroom.errors import ClassroomError, Conflict
from classroom.feedback import give_feedback, make_feedback
from classroom.gradebook import Gradebook
from classroom.ids import AssignmentId, StudentId
from classroom.ledger import record
from classroom.service.deps import Context
from classroom.writer import only_writer

log = logging.getLogger(__name__)
FAULT = "feedback_fault"
_beginning = threading.Lock()
MakeFeedback = Callable[[Settings, Course, AssignmentId, StudentId], Mapping[str, bytes]]


def releasing(app: FastAPI) -> set[AssignmentId]:
    """The assignments whose feedback is going out of this process now."""
    if not hasattr(app.state, "releasing"):
        app.state.releasing = set()
    found: set[AssignmentId] = app.state.releasing
    return found


def begin(app: FastAPI, assignment: Assignment) -> None:
    """Marks the assignment's feedback as going out; raises Conflict when it already is."""
    with _beginning:
        going = releasing(app)
        if assignment.id in going:
            raise Conflict(f"feedback of {assignment.id} is going out already; wait for its end")
        going.add(assignment.id)


def release_all(
    app: FastAPI,
    context: Context,
    gradebook: Gradebook,
    assignment: Assignment,
    students: Mapping[StudentId, int | None],
    *,
    actor: str,
    make: MakeFeedback = make_feedback,
) -> None:
    """Makes and publishes the feedback of each student, for the attempt given; what fails is told in the ledger."""
    try:
        for student, attempt in students.items():
            try:
                files = make(context.settings, context.course, assignment.id, student)
                give_feedback(
                    context.settings,
                    context.transfers,
                    gradebook,
                    assignment.id,
                    student,
                    files,
                    attempt=attempt,
                    actor=actor,
                )
            except ClassroomError as error:
                log.warning("no feedback for %s at %s: %s", student, assignment.id, error)
                _note(context, gradebook, assignment, student, actor, str(error))
            except Exception:  # the edge of a task: told in the log, and in the ledger that it is ours
                log.exception("no feedback for %s at %s", student, assignment.id)
                _note(context, gradebook, assignment, student, actor, "our fault: the service's log has the reason")
    finally:
        releasing(app).discard(assignment.id)


def _note(
    context: Context, gradebook: Gradebook, assignment: Assignment, student: StudentId, actor: str, reason: str
) -> None:
    """Into the ledger; not of a person who was deleted meanwhile, whose name would be back with it."""
    with only_writer(context.settings.state):
        if gradebook.submission(assignment.id, student) is None:
            return
        with context.database.session() as session:
            record(
                session,
                FAULT,
                course=context.course.id,
                actor=actor,
                at=context.clock(),
                assignment=assignment.id,
                student=student,
                reason=reason[:500],
            )
