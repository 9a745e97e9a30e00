"""The engines that an attack can be tried on, each behind one call: a source and a submission in, a verdict out."""

import json
import os
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

from classroom.assignments import load_course
from classroom.errors import GraderError
from classroom.grading.models import NotebookIntake, SubmissionIntake
from classroom.grading.pool import summarise, unrun
from classroom.grading.submissions import load_source, read_submission
from classroom.ids import AssignmentId, StudentId
from judge.plan import GradingJob, GradingResult, Limits, State
from tests.redteam.corpus.base import Entry, Link, Pipe
from tests.redteam.reference import ASSIGNMENT, NOTEBOOK, TASKS

ATTACKER = "attacker"
# One budget for all engines: a cell, a test, a submission; seconds.
CELL_S, CALL_S, TEST_S, TOTAL_S = 6.0, 4.0, 6.0, 30.0
STOCK_CELL_S = 6
LIMITS = Limits(cell_s=CELL_S, call_s=CALL_S, test_s=TEST_S, total_s=TOTAL_S)
# For what must get to its end, however busy the machine is: honest work, and attacks that are to succeed.
PATIENT = Limits(cell_s=20, call_s=15, test_s=20, total_s=60)
DIED = "the grader died"
_COURSE = f"""
course: lab
title: A lab
starts: 2026-11-02
assignments:
  {ASSIGNMENT}:
    release: day 0 09:00
    due: day 11 23:59
    limits: {{upload_mb: 20, files: 50, extra_files: ["*.py", "*.csv", "*.txt"]}}
    budget_s: {{cell: {CELL_S}, test: {TEST_S}, total: {TOTAL_S}}}
"""


@dataclass(frozen=True)
class Graded:
    """What an engine answered. documents: every text that a student may see, by its kind. status: "" when all went
    well, otherwise a reason; DIED when the process that grades was lost."""

    points: dict[str, float] = field(default_factory=dict)
    documents: dict[str, str] = field(default_factory=dict)
    status: str = ""
    has_grade: bool = True
    wall_s: float = 0.0

    @property
    def total(self) -> float:
        return sum(self.points.values())


class Engine(Protocol):
    """Grades one submission at a time. budget_s: what a submission may take, with the engine's own work.

    feedback: False where nobody will look at the document, for an engine that takes long to make it. patient: with time
    in plenty. without: layers that are switched off meanwhile, for a control.
    """

    budget_s: float

    def grade(
        self,
        source: bytes,
        submission: Mapping[str, Entry],
        *,
        feedback: bool = True,
        patient: bool = False,
        without: Sequence[str] = (),
    ) -> Graded: ...

    def close(self) -> None: ...


def write_submission(folder: Path, submission: Mapping[str, Entry]) -> None:
    """The folder as a student could have made it, links and pipes too."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name, entry in submission.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(entry, Link):
            path.symlink_to(entry.target)
        elif isinstance(entry, Pipe):
            os.mkfifo(path)
        else:
            path.write_bytes(entry)


class Stock:
    """Plain `nbgrader autograde` and `nbgrader generate_feedback`, as subprocesses in the course's folder."""

    budget_s = 2 * len(TASKS) * STOCK_CELL_S + 30.0

    def __init__(self, root: Path) -> None:
        self._course = root / "course"

    def grade(
        self,
        source: bytes,
        submission: Mapping[str, Entry],
        *,
        feedback: bool = True,
        patient: bool = False,
        without: Sequence[str] = (),
    ) -> Graded:
        write_submission(self._course / "submitted" / ATTACKER / ASSIGNMENT, submission)
        for stage in ("autograded", "feedback"):
            shutil.rmtree(self._course / stage / ATTACKER, ignore_errors=True)
        begun = time.monotonic()
        code, said = self.run(
            "autograde", f"--ExecutePreprocessor.timeout={STOCK_CELL_S}", "--ClearSolutions.enabled=False"
        )
        if code < 0:
            return Graded(status=DIED, has_grade=False, wall_s=time.monotonic() - begun)
        points = self._points()
        if code or points is None:
            return Graded(points or {}, self._documents(), f"autograde failed: {said}", False, time.monotonic() - begun)
        code, said = self.run("generate_feedback") if feedback else (0, "")
        status = f"feedback failed: {said}" if code else ""
        return Graded(points, self._documents(), status, True, time.monotonic() - begun)

    def run(self, command: str, *options: str) -> tuple[int, str]:
        """The exit code, negative when it was killed, and the last line said."""
        words = [sys.executable, "-m", "nbgrader", command, ASSIGNMENT, "--force", *options]
        if command != "generate_assignment":
            words += ["--student", ATTACKER]
        process = subprocess.Popen(
            words,
            cwd=self._course,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
            preexec_fn=_cap_memory,
        )
        try:
            said, _ = process.communicate(timeout=self.budget_s)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            return 124, "it didn't end in time"
        return process.returncode, next((line for line in reversed(said.splitlines()) if line.strip()), "")[:200]

    def close(self) -> None:
        """Nothing stays between two submissions."""

    def _points(self) -> dict[str, float] | None:
        query = """
            select base_cell.name, grade.auto_score from grade join grade_cells on grade.cell_id = grade_cells.id
            join base_cell on base_cell.id = grade_cells.id
            join submitted_notebook on submitted_notebook.id = grade.notebook_id
            join submitted_assignment on submitted_assignment.id = submitted_notebook.assignment_id
            where submitted_assignment.student_id = ? and base_cell.name like 'test_%'"""
        with sqlite3.connect(self._course / "gradebook.db") as database:
            rows = database.execute(query, [ATTACKER]).fetchall()
        database.close()
        return {name: float(score or 0.0) for name, score in rows} or None

    def _documents(self) -> dict[str, str]:
        graded, feedback = (self._course / stage / ATTACKER / ASSIGNMENT for stage in ("autograded", "feedback"))
        documents = {}
        if (graded / f"{NOTEBOOK}.ipynb").is_file():
            documents = _outputs_by_kind(json.loads((graded / f"{NOTEBOOK}.ipynb").read_text(errors="replace")))
        if (feedback / f"{NOTEBOOK}.html").is_file():
            documents["feedback"] = (feedback / f"{NOTEBOOK}.html").read_text(errors="replace")
        others = [path for path in graded.rglob("*") if path.is_file() and path.name != f"{NOTEBOOK}.ipynb"]
        documents["files"] = "\n".join(path.read_bytes()[:2_000_000].decode(errors="replace") for path in others)
        return documents


class Judged:
    """The classroom's own path: intake, an engine that takes jobs, and the feedback where it's made."""

    budget_s = TOTAL_S + 10.0  # the deadline is absolute; this much for starting, judging and a loaded machine

    def __init__(
        self,
        root: Path,
        run: Callable[[GradingJob], GradingResult],
        close: Callable[[], None],
        off: Callable[[Sequence[str]], AbstractContextManager[None]] = lambda without: nullcontext(),
    ) -> None:
        """off: switches layers off, where an engine has some."""
        self._course, self._run, self.close, self._off = root / "course", run, close, off
        (root / "rules").mkdir(exist_ok=True)
        (root / "rules/course.yaml").write_text(_COURSE)
        self._rules = load_course(root / "rules").assignment(ASSIGNMENT)

    def grade(
        self,
        source: bytes,
        submission: Mapping[str, Entry],
        *,
        feedback: bool = True,
        patient: bool = False,
        without: Sequence[str] = (),
    ) -> Graded:
        with self._off(without):
            return self._grade_submission(submission, PATIENT if patient or without else LIMITS)

    def _grade_submission(self, submission: Mapping[str, Entry], limits: Limits) -> Graded:
        folder = self._course / "submitted" / ATTACKER / ASSIGNMENT
        write_submission(folder, submission)
        begun = time.monotonic()
        loaded = load_source(self._course / "source" / ASSIGNMENT, AssignmentId(ASSIGNMENT))
        intake = read_submission(folder, StudentId(ATTACKER), loaded, self._rules, engine="redteam")
        notebook = intake.notebooks[0]
        try:
            result = self._grade(notebook, limits)
        except (GraderError, OSError, EOFError) as error:
            return Graded(_no_points(), {}, f"{DIED}: {error}", False, _since(begun))
        if result.state is State.grader_fault:
            return Graded(_no_points(), {}, f"{DIED}: {result.reason}", False, _since(begun))
        points = {verdict.id: verdict.points for verdict in result.verdicts}
        wall_s = _since(begun)
        try:
            "".join(str(one) for one in (result.reason, *_reasons(result))).encode()  # as a database stores it
            documents = _documents(intake, result)
        except Exception as error:  # noqa: BLE001 - whatever it is, this student gets no feedback
            return Graded(points, {}, f"feedback failed: {error!a}", True, wall_s)
        return Graded(points, documents, result.reason or "", True, wall_s)

    def _grade(self, notebook: NotebookIntake, limits: Limits) -> GradingResult:
        if notebook.job is None:
            return unrun(notebook, "redteam")
        return self._run(replace(notebook.job, limits=limits))


def open_engine(name: str, root: Path) -> Engine:
    """The engine of that name: stock, kernel, split or judge.

    judge and split are the same engine: in the grading process itself, so that its memory and descriptors are seen, and
    behind the classroom's processes.
    """
    if name == "stock":
        return Stock(root)
    if name in ("kernel", "split"):
        from classroom.grading.engines import KernelEngine, SplitEngine

        engine = KernelEngine() if name == "kernel" else SplitEngine()
        return Judged(root, engine.grade, engine.stop)
    if name == "judge":
        return _open_judge(root)
    raise ValueError(f"there is no engine {name!r}; take stock, kernel, split or judge")


def _open_judge(root: Path) -> Engine:
    from judge.runner import Runner
    from judge.sandbox.slots import own_uid
    from tests.redteam.controls import switched_off

    lease = ExitStack()
    runner = Runner(preload=["numpy", "pandas", "matplotlib.pyplot"], uid=lease.enter_context(own_uid()))
    lease.callback(runner.close)
    return Judged(root, runner.grade, lease.close, lambda without: switched_off(without, runner))


def _documents(submission: SubmissionIntake, result: GradingResult) -> dict[str, str]:
    """Outputs as they go into the feedback, public hints, and the feedback."""
    from classroom.feedback.alone import feedback_of_one

    submitted = summarise(submission, {str(submission.notebooks[0].source.id): result})
    hints = [verdict.hint for verdict in result.verdicts if verdict.hint]
    return {
        "outputs": json.dumps([cell.outputs for cell in result.cells]),
        "hints": "\n".join(hints),
        "feedback": feedback_of_one(submission, submitted).decode(),
    }


def _outputs_by_kind(notebook: dict[str, Any]) -> dict[str, str]:
    """The outputs of a student's cells and of tests, apart: a lazy student sees some of the second kind too."""
    kinds: dict[str, list[Any]] = {"outputs": [], "tests": []}
    for cell in notebook.get("cells", []):
        nbgrader = cell.get("metadata", {}).get("nbgrader") or {}
        kinds["tests" if nbgrader.get("grade") else "outputs"].append(cell.get("outputs"))
    return {kind: json.dumps(outputs) for kind, outputs in kinds.items()}


def _reasons(result: GradingResult) -> list[str | None]:
    return [cell.error for cell in result.cells] + [verdict.reason for verdict in result.verdicts]


def _no_points() -> dict[str, float]:
    return {task.test_id: 0.0 for task in TASKS}


def _since(begun: float) -> float:
    return time.monotonic() - begun


def _cap_memory() -> None:
    """A net below the attacks: none of them wants more than 3 GB at a time."""
    resource.setrlimit(resource.RLIMIT_AS, (10 << 30, 10 << 30))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
