"""The document of a submission that was graded without course and gradebook."""

from classroom.feedback.build import Facts, Mark, build_document
from classroom.feedback.document import render
from classroom.feedback.make import fault_sentence
from classroom.grading.models import SubmissionIntake, SubmissionResult
from classroom.grading.notebooks import build_notebook


def feedback_of_one(submission: SubmissionIntake, submitted: SubmissionResult) -> bytes:
    """What the student would get, as far as it's known without a person; of the first notebook when there are more."""
    intake = submission.notebooks[0]
    result = submitted.notebooks[intake.source.id]
    marks = {
        cell.plan.id: Mark(0.0, cell.plan.points, needs_person=True)
        for cell in intake.cells
        if cell.origin is not None and cell.origin.is_written
    }
    marks |= {one.id: Mark(one.points, one.max_points, verdict=one) for one in result.verdicts}
    facts = Facts(
        title=intake.source.id,
        student=submission.student,
        notebook=intake.source.id,
        total=result.points,
        max_total=sum(mark.max_score for mark in marks.values()),
        marks=marks,
        fault=fault_sentence(intake.source.id, submitted),
    )
    return render(build_document(build_notebook(intake, result, {}), facts))
