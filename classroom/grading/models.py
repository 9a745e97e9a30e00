"""What passes between intake, pool, recorder and feedback: plain data."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal, Self

from classroom.ids import AssignmentId, NotebookId, StudentId
from judge.plan import GradingJob, GradingResult, PlanCell

Kind = Literal["code", "markdown"]


class Fault(StrEnum):
    """Why a submitted notebook can't be run; its tasks earn nothing, and the words stand as the job's status."""

    missing = "missing"
    empty = "empty"
    unreadable = "unreadable"


@dataclass(frozen=True)
class SourceCell:
    """One cell of the instructor's notebook. nbgrader: its metadata, {} for an ungraded cell."""

    kind: Kind
    source: str
    cell_id: str
    nbgrader: Mapping[str, Any] = field(default_factory=dict)

    @property
    def grade_id(self) -> str | None:
        return self.nbgrader.get("grade_id")

    @property
    def is_test(self) -> bool:
        return bool(self.nbgrader.get("grade")) and not self.nbgrader.get("solution") and self.kind == "code"

    @property
    def is_written(self) -> bool:
        """Marked by a person."""
        graded = self.nbgrader.get("grade") or self.nbgrader.get("task")
        return bool(graded) and not self.is_test

    @property
    def is_solution(self) -> bool:
        return bool(self.nbgrader.get("solution"))

    @property
    def points(self) -> float:
        return float(self.nbgrader.get("points") or 0.0) if self.is_test or self.is_written else 0.0


@dataclass(frozen=True)
class SourceNotebook:
    """The instructor's notebook. metadata: the notebook's own, with its kernelspec."""

    id: NotebookId
    cells: tuple[SourceCell, ...]
    metadata: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_graded(self) -> bool:
        return any(cell.is_test or cell.is_written for cell in self.cells)


@dataclass(frozen=True)
class SubmittedCell:
    """All that is taken from a cell of a submission."""

    kind: Kind
    source: str
    grade_id: str | None


@dataclass(frozen=True)
class PlacedCell:
    """A cell as it's run and shown. origin None: the student added it. answered: False where the slot was missing."""

    plan: PlanCell
    kind: Kind
    origin: SourceCell | None
    answered: bool = True


@dataclass(frozen=True)
class NotebookIntake:
    """One graded notebook of a submission. Without a job there is nothing to run, for the reason given."""

    source: SourceNotebook
    cells: tuple[PlacedCell, ...]
    job: GradingJob | None
    fault: Fault | None = None
    reason: str | None = None


@dataclass(frozen=True)
class SubmissionIntake:
    """One submission. notes: what was passed over, such as an extra notebook. digest: of what decides its result."""

    assignment: AssignmentId
    student: StudentId
    notebooks: tuple[NotebookIntake, ...]
    notes: tuple[str, ...]
    digest: str


@dataclass(frozen=True)
class SubmissionResult:
    """The results of one submission by notebook id. status: judge.plan.State's word or a Fault's."""

    notebooks: Mapping[str, GradingResult]
    status: str
    reason: str | None

    @property
    def points(self) -> float:
        return sum(result.points for result in self.notebooks.values())

    @property
    def max_points(self) -> float:
        return sum(result.max_points for result in self.notebooks.values())

    def to_json(self) -> bytes:
        results = {name: json.loads(result.to_json()) for name, result in self.notebooks.items()}
        return json.dumps({"notebooks": results, "status": self.status, "reason": self.reason}).encode()

    @classmethod
    def from_json(cls, data: bytes) -> Self:
        body = json.loads(data)
        results = {name: GradingResult.from_json(json.dumps(one)) for name, one in body["notebooks"].items()}
        return cls(results, body["status"], body["reason"])
