"""Every way a test can end, as the instructor reads it: its state, its reason, its points."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from classroom.errors import GraderError
from classroom.grading.jobs import MAX_TRIES
from classroom.grading.standalone import grade_one
from judge.plan import CellVerdict, GradingJob, GradingResult, Limits, PlanCell, State
from judge.runner import Runner
from judge.sandbox.slots import own_uid
from tests.tiny_course import RIGHT, SOURCE, filled

# Generous, but for the one that a case is about.
LIMITS = Limits(cell_s=60, call_s=60, test_s=60, total_s=200, memory_mb=1200)
RIGHT_F = "def f(): return 1"
ENDLESS = "def f():\n    while True: pass"


@dataclass(frozen=True)
class Case:
    """What is handed in and asked, and what is read: `reason` is part of the test's, or None when it has none."""

    answer: str
    test: str
    state: State
    reason: str | None
    points: float = 0.0
    limits: Limits = LIMITS


CASES = {
    "ok": Case(RIGHT_F, "award(f() == 1, 1)", State.ok, None, 1.0),
    "ok by asserts": Case(RIGHT_F, "assert f() == 1", State.ok, None, 1.0),
    "wrong": Case(RIGHT_F, "assert f() == 2, 'two was asked'", State.wrong, "line 2: AssertionError: two was asked"),
    "wrong in part": Case(
        RIGHT_F, "award(0.5 * holds('is one', lambda: f() == 1), 1)", State.wrong, "is one: yes", 0.5
    ),
    "error in student code": Case("def f(): return 1 / 0", "assert f() == 1", State.error, "ZeroDivisionError"),
    "error of a name": Case("g = 1", "assert f() == 1", State.error, "NameError: name 'f' is not defined"),
    "error in the test": Case(RIGHT_F, "f()\naward('one', 1)", State.error, "TypeError: points is the text 'one'"),
    "timeout of a call": Case(
        ENDLESS, "f()", State.timeout, "the student's process is gone", limits=replace(LIMITS, call_s=1)
    ),
    "timeout of a test": Case(
        RIGHT_F, "f()\nwhile True: pass", State.timeout, "the test took too long", limits=replace(LIMITS, test_s=2)
    ),
    "timeout of the notebook": Case(
        "while True: pass",
        "f()",
        State.timeout,
        "not run: the notebook's 3 s were used up",
        limits=replace(LIMITS, total_s=3),
    ),
    "out of memory": Case(
        "def f(): return len(bytearray(3 << 30))", "f()", State.out_of_memory, "out of memory"
    ),
    "crashed in a call": Case(
        "import os\ndef f(): os._exit(3)", "f()", State.crashed, "the student's process is gone"
    ),
    "crashed before": Case("import os\nos._exit(3)", "f()", State.crashed, "the student's process ended before"),
}  # fmt: skip


@pytest.fixture(scope="module")
def runner() -> Iterator[Runner]:
    with own_uid() as uid, Runner(preload=[], uid=uid) as runner:
        yield runner


@pytest.mark.needs("sandbox")
@pytest.mark.parametrize("name", CASES)
def test_a_test_ends_in_its_state_with_its_reason(runner: Runner, name: str) -> None:
    case = CASES[name]
    test = f"from judge.kit import award, holds\n{case.test}"
    cells = (PlanCell("answer", "student", case.answer), PlanCell("test", "test", test, 1.0))

    result = runner.grade(GradingJob("job", "ps1", cells, limits=case.limits))

    (verdict,) = result.verdicts
    assert (verdict.state, verdict.points) == (case.state, case.points), verdict.reason
    if case.reason is None:
        assert verdict.reason is None
    else:
        assert case.reason in (verdict.reason or "")
    assert result.state == case.state


@dataclass
class Failing:
    """An engine that fails so many times, then gives all points."""

    failures: int
    name: str = "failing"
    asked: list[str] = field(default_factory=list)

    def grade(self, job: GradingJob) -> GradingResult:
        self.asked.append(job.id)
        if len(self.asked) <= self.failures:
            raise GraderError("the grading process died")
        verdicts = tuple(
            CellVerdict(cell.id, cell.points, cell.points, State.ok) for cell in job.cells if cell.role == "test"
        )
        return GradingResult(job.id, (), verdicts, State.ok, None, 0.0, 0.0, self.name)

    def stop(self) -> None:
        """Nothing runs."""


@pytest.mark.parametrize(
    ("failures", "state", "reason"),
    [(1, "ok", None), (MAX_TRIES - 1, "ok", None), (MAX_TRIES, "grader_fault", "the grading process died")],
    ids=["once", "all but the last try", "always"],
)
def test_a_fault_of_the_grader_is_tried_again_and_named(
    tmp_path: Path, failures: int, state: str, reason: str | None
) -> None:
    submission = tmp_path / "ps1.ipynb"
    submission.write_bytes(filled(RIGHT))

    graded = grade_one(SOURCE, submission, Failing(failures), Limits())

    assert (graded.result.status, graded.result.reason) == (state, reason)
    assert {one.state for one in graded.result.notebooks["ps1"].verdicts} == {State(state)}
