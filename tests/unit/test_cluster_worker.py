"""What a cluster's worker answers: a result by the engine that the runner counts on, or the grader's own fault."""

from dataclasses import dataclass

import pytest

from classroom.errors import GraderError
from classroom.grading.cluster import grade_by
from judge.plan import GradingJob, GradingResult, State

JOB = GradingJob("ada/ps1/ps1", "ps1", ())
RESULT = GradingResult(JOB.id, (), (), State.ok, None, 1.0, 0.5, "split-1")


@dataclass
class Fixed:
    """Answers each job with one result, or fails."""

    name: str = "split-1@0123456789ab"
    error: Exception | None = None

    def grade(self, job: GradingJob) -> GradingResult:
        if self.error:
            raise self.error
        return RESULT

    def stop(self) -> None:
        """Nothing runs."""


def test_a_job_as_json_becomes_a_result_as_json() -> None:
    engine = Fixed()

    answer = grade_by(engine, JOB.to_json().encode(), engine.name)

    assert GradingResult.from_json(answer.decode()) == RESULT


def test_a_worker_with_another_engine_or_image_grades_nothing() -> None:
    with pytest.raises(GraderError, match="a worker grades by split-1@0123456789ab, another by split-1@ba9876543210"):
        grade_by(Fixed(), JOB.to_json().encode(), "split-1@ba9876543210")


@pytest.mark.parametrize("error", [GraderError("it died"), OSError("no space left"), ValueError("no result")])
def test_whatever_the_engine_can_not_do_is_the_graders_fault(error: Exception) -> None:
    engine = Fixed(error=error)

    with pytest.raises(GraderError, match=str(error)):
        grade_by(engine, JOB.to_json().encode(), engine.name)
