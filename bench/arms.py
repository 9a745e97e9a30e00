"""The three things that are compared, each in a process of its own: `python -m bench.arms ARM FOLDER`.

Each grades all submissions of a prepared folder and prints one JSON object: CPU seconds of each submission in their
order, everything counted that worked for it, and the points of each test cell by student. The first submission
is the warm-up: it also pays for imports and for starting, and `bench.grading` leaves it out of every arm.
"""

import json
import os
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from bench.reference import ASSIGNMENT, NOTEBOOK

Points = dict[str, dict[str, float]]  # by student and grade_id

# What the assignment's notebook imports: an engine is told so by the course.
PRELOAD = (
    "numpy", "pandas", "pyarrow", "matplotlib.pyplot", "sklearn.compose", "sklearn.linear_model",
    "sklearn.model_selection", "sklearn.pipeline", "sklearn.preprocessing", "sklearn.metrics",
)  # fmt: skip
UID = 61_900  # whom student code becomes where the benchmark runs as root


class EngineArm:
    """The split engine: confined, judged, and recorded in a gradebook by the classroom's recorder."""

    def __init__(self, folder: Path) -> None:
        from classroom.assignments import load_course
        from classroom.config import Settings
        from classroom.gradebook import Gradebook
        from classroom.ids import parse_assignment_id
        from judge.runner import Runner

        self.settings = Settings(course_root=folder, state=folder)
        self.course = load_course(folder)
        self.gradebook = Gradebook(self.settings.gradebook_url, self.course)
        self.assignment = parse_assignment_id(ASSIGNMENT)
        self.points: Points = {}
        self.figures = 0
        self.runner = Runner(preload=PRELOAD, uid=UID if os.geteuid() == 0 else None)
        self.zygotes = (self.runner._students.pid, self.runner._judges.pid)

    def read(self, student: str) -> Any:
        from classroom.grading.submissions import read_source, read_submission, submission_folder
        from classroom.ids import parse_student_id

        source = read_source(self.settings, self.assignment)
        place = submission_folder(self.settings, self.assignment, parse_student_id(student))
        rules = self.course.assignment(self.assignment)
        return read_submission(place, parse_student_id(student), source, rules, engine="bench")

    def grade(self, intake: Any) -> Any:
        (notebook,) = intake.notebooks
        assert notebook.job is not None, notebook.reason
        result = self.runner.grade(notebook.job)
        self.figures += sum(figures_in(json.dumps(cell.outputs)) for cell in result.cells)
        return result

    def record(self, student: str, intake: Any, result: Any) -> None:
        from classroom.grading.models import SubmissionResult
        from classroom.grading.recorder import record

        whole = SubmissionResult({NOTEBOOK: result}, str(result.state), result.reason)
        record(self.settings, self.gradebook, intake, whole)
        self.points[student] = {verdict.id: verdict.points for verdict in result.verdicts}


class FloorArm:
    """Cells, one after another in a copy of one warm process: no boundary, no judge, no gradebook."""

    def __init__(self, folder: Path) -> None:
        import importlib

        # matplotlib reads its backend at import: without this one no figure is drawn, and the floor would be too low.
        os.environ |= {
            "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
            "MPLBACKEND": "module://matplotlib_inline.backend_inline",
            "MPLCONFIGDIR": str(folder / "matplotlib"),
        }
        for module in PRELOAD:
            importlib.import_module(module)
        from judge.shell import make_shell
        from judge.warm import warm_up

        self.folder = folder
        self.figures = 0
        self.shell = make_shell()
        warm_up(self.shell)

    def run(self, student: str, *, tests: bool = True) -> None:
        work = Path(tempfile.mkdtemp(dir=self.folder))
        shutil.copy(self.folder / "source" / ASSIGNMENT / "orders.csv", work)
        child = os.fork()
        if child == 0:
            os.chdir(work)
            shown = [
                json.dumps(self.shell.run(source), default=str)
                for source in _run_cells(self.folder, student, tests=tests)
            ]
            os._exit(sum(map(figures_in, shown)))
        self.figures += os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        shutil.rmtree(work)


def engine(folder: Path) -> dict[str, Any]:
    arm = EngineArm(folder)

    def grade(student: str) -> None:
        intake = arm.read(student)
        arm.record(student, intake, arm.grade(intake))

    with arm.runner:
        cpu_s, wall_s = _each(folder, grade, lambda: own_s() + sum(map(_tree_s, arm.zygotes)))
    return {"cpu_s": cpu_s, "wall_s": wall_s, "points": arm.points, "figures": arm.figures}


def floor(folder: Path) -> dict[str, Any]:
    """All cells, tests too."""
    out = sys.stdout
    arm = FloorArm(folder)
    try:
        cpu_s, wall_s = _each(folder, arm.run, lambda: own_s() + _reaped_s())
    finally:
        sys.stdout = out
    return {"cpu_s": cpu_s, "wall_s": wall_s, "points": {}, "figures": arm.figures}


def figures_in(outputs: str) -> int:
    """How many figures outputs hold, as JSON."""
    return outputs.count('"image/png"')


def _run_cells(folder: Path, student: str, *, tests: bool) -> list[str]:
    """The student's cells, with the instructor's tests in place of the released ones, or without any."""
    paths = (folder / "source" / ASSIGNMENT, folder / "submitted" / student / ASSIGNMENT)
    ours, theirs = (json.loads((path / f"{NOTEBOOK}.ipynb").read_text())["cells"] for path in paths)
    asked = {_grade_id(cell): cell["source"] for cell in ours if cell["metadata"].get("nbgrader", {}).get("grade")}
    cells = [cell for cell in theirs if cell["cell_type"] == "code" and (tests or _grade_id(cell) not in asked)]
    return [asked.get(_grade_id(cell), cell["source"]) for cell in cells]


def _grade_id(cell: Mapping[str, Any]) -> str | None:
    name: str | None = cell["metadata"].get("nbgrader", {}).get("grade_id")
    return name


def _each(folder: Path, grade: Callable[[str], None], clock: Callable[[], float]) -> tuple[list[float], list[float]]:
    """CPU and wall seconds of each submission, by the arm's own clock of CPU."""
    cpu_s, wall_s = [], []
    for place in sorted((folder / "submitted").iterdir()):
        before, began = clock(), time.perf_counter()
        grade(place.name)
        cpu_s.append(clock() - before)
        wall_s.append(time.perf_counter() - began)
    return cpu_s, wall_s


def own_s() -> float:
    return _seconds(resource.RUSAGE_SELF)


def _reaped_s() -> float:
    return _seconds(resource.RUSAGE_CHILDREN)


def _seconds(who: int) -> float:
    used = resource.getrusage(who)
    return used.ru_utime + used.ru_stime


def _tree_s(pid: int) -> float:
    """CPU seconds of a process and of all that it has reaped."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(int(field) for field in fields[11:15]) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    print(json.dumps({"engine": engine, "floor": floor}[sys.argv[1]](Path(sys.argv[2]))))
