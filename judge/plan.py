"""What is asked of a judge, and what comes back: plain data that travels as JSON."""

import base64
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, Literal, Self

# Values that the controller keeps until the tests run. When there's more, it keeps a copy of the student's process.
MAX_VALUES_BYTES = 8 << 20

Role = Literal["student", "locked", "test", "markdown"]


class State(StrEnum):
    """How a cell ended. Only `grader_fault` is ours: it's tried again and costs the student nothing."""

    ok = "ok"
    wrong = "wrong"
    error = "error"
    timeout = "timeout"
    out_of_memory = "out_of_memory"
    crashed = "crashed"
    grader_fault = "grader_fault"


# The worst comes last; a submission's state is the worst of its cells.
SEVERITY = (State.ok, State.wrong, State.error, State.timeout, State.out_of_memory, State.crashed, State.grader_fault)


@dataclass(frozen=True)
class Limits:
    """Seconds for a cell of the student, a call from a test, a test cell and the whole submission; of all that it forks
    memory in MB, processes and MB on disk; bytes of output a cell. services: it may listen on Unix sockets.
    subprocesses: it may run other programs."""

    cell_s: float = 30
    call_s: float = 20
    test_s: float = 30
    total_s: float = 300
    memory_mb: int = 2048
    processes: int = 64
    disk_mb: int = 200
    output_bytes: int = 64 << 10
    services: bool = False
    subprocesses: bool = False


@dataclass(frozen=True)
class PlanCell:
    """One cell in the order of the instructor's notebook.

    id: the grade_id, or for an ungraded cell of the student "extra-N". role "test": instructor's text worth `points`;
    "locked": instructor's text without points; "student": the student's text.
    """

    id: str
    role: Role
    source: str
    points: float = 0.0
    hint: str | None = None


@dataclass(frozen=True)
class GradingJob:
    """One notebook of one submission. `files`: what stands beside it, by relative path; those `released` are the
    instructor's, which no cell can change. `preload`: modules that a warm process imports beforehand; without, those
    that the instructor's cells import."""

    id: str
    notebook: str
    cells: tuple[PlanCell, ...]
    files: Mapping[str, bytes] = field(default_factory=dict)
    limits: Limits = Limits()
    preload: tuple[str, ...] | None = None
    released: tuple[str, ...] = ()

    def to_json(self) -> str:
        body = asdict(self) | {"files": {name: base64.b64encode(data).decode() for name, data in self.files.items()}}
        return json.dumps(body)

    @classmethod
    def from_json(cls, text: str) -> Self:
        body = json.loads(text)
        files = {name: base64.b64decode(data) for name, data in body["files"].items()}
        cells = tuple(PlanCell(**cell) for cell in body["cells"])
        preload = None if body["preload"] is None else tuple(body["preload"])
        limits, released = Limits(**body["limits"]), tuple(body["released"])
        return cls(body["id"], body["notebook"], cells, files, limits, preload, released)


@dataclass(frozen=True)
class CellResult:
    """What a cell of the student, or a locked one, showed: nbformat outputs. error: "NameError: ..." or None."""

    id: str
    outputs: list[dict[str, Any]]
    error: str | None
    state: State


@dataclass(frozen=True)
class CellVerdict:
    """Points of one test cell. `reason` is for the instructor only; `hint` is public, an author's literal."""

    id: str
    points: float
    max_points: float
    state: State
    hint: str | None = None
    reason: str | None = None


@dataclass(frozen=True)
class GradingResult:
    """The verdicts of one notebook. `state` is the worst of its cells', `reason` says why in a line."""

    job_id: str
    cells: tuple[CellResult, ...]
    verdicts: tuple[CellVerdict, ...]
    state: State
    reason: str | None
    wall_s: float
    cpu_s: float
    engine: str

    @property
    def points(self) -> float:
        return sum(verdict.points for verdict in self.verdicts)

    @property
    def max_points(self) -> float:
        return sum(verdict.max_points for verdict in self.verdicts)

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Self:
        body = json.loads(text)
        cells = tuple(CellResult(**cell | {"state": State(cell["state"])}) for cell in body.pop("cells"))
        verdicts = tuple(CellVerdict(**one | {"state": State(one["state"])}) for one in body.pop("verdicts"))
        return cls(**body | {"cells": cells, "verdicts": verdicts, "state": State(body["state"])})


def worst(states: list[State]) -> State:
    """The most severe of some states; ok of none."""
    return max(states, key=SEVERITY.index, default=State.ok)


def fault(job: GradingJob, reason: str, engine: str) -> GradingResult:
    """The result when the grader failed: nothing is known about the submission."""
    verdicts = tuple(
        CellVerdict(cell.id, 0.0, cell.points, State.grader_fault, None, reason)
        for cell in job.cells
        if cell.role == "test"
    )
    return GradingResult(job.id, (), verdicts, State.grader_fault, reason, 0.0, 0.0, engine)
