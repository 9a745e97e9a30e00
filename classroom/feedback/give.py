"""The last step of feedback: into the class's folder and to the student, unless the student is deleted meanwhile."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from classroom.config import Settings
from classroom.exchange.transfers import Transfers
from classroom.feedback.make import write_feedback
from classroom.ids import AssignmentId, StudentId
from classroom.writer import only_writer

if TYPE_CHECKING:  # importing it costs 2 s
    from classroom.gradebook import Gradebook


def give_feedback(
    settings: Settings,
    transfers: Transfers,
    gradebook: "Gradebook",
    assignment: AssignmentId,
    student: StudentId,
    files: Mapping[str, bytes],
    *,
    attempt: int | None,
    actor: str,
) -> bool:
    """Writes and publishes the documents with the scores as they stand; False when the gradebook has none any more.

    One writer at a time: who deletes a person is another one, so nothing of that person comes back.
    """
    with only_writer(settings.state):
        found = gradebook.submission(assignment, student)
        if found is None:
            return False
        write_feedback(settings, assignment, student, files)
        transfers.publish_feedback(
            assignment, student, attempt, files, found.row.score, found.row.max_score, actor=actor
        )
    return True
