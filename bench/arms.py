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


def engine(folder: Path) -> dict[str, Any]:
    """The split engine: confined, judged, and recorded in a gradebook by the classroom's recorder."""
    from classroom.assignments import load_course
    from classroom.config import Settings
    from classroom.gradebook import Gradebook
    from classroom.grading.models import SubmissionResult
    from classroom.grading.recorder import record
    from classroom.grading.submissions import read_source, read_submission, submission_folder
    from classroom.ids import parse_assignment_id, parse_student_id
    from judge.runner import Runner

    settings = Settings(course_root=folder, state=folder)
    course = load_course(folder)
    gradebook = Gradebook(settings.gradebook_url, course)
    assignment = parse_assignment_id(ASSIGNMENT)
    points: Points = {}

    def grade(runner: Runner, student: str) -> None:
        source = read_source(settings, assignment)
        place = submission_folder(settings, assignment, parse_student_id(student))
        rules = course.assignment(assignment)
        intake = read_submission(place, parse_student_id(student), source, rules, engine="bench")
        (notebook,) = intake.notebooks
        assert notebook.job is not None, notebook.reason
        result = runner.grade(notebook.job)
        record(settings, gradebook, intake, SubmissionResult({NOTEBOOK: result}, str(result.state), result.reason))
        points[student] = {verdict.id: verdict.points for verdict in result.verdicts}

    with Runner(preload=PRELOAD, uid=UID if os.geteuid() == 0 else None) as runner:
        pids = (runner._students.pid, runner._judges.pid)
        cpu_s, wall_s = _each(
            folder, lambda student: grade(runner, student), lambda: _own_s() + sum(map(_tree_s, pids))
        )
    return {"cpu_s": cpu_s, "wall_s": wall_s, "points": points}


def floor(folder: Path) -> dict[str, Any]:
    """All cells, tests too, one after another in a copy of one warm process: no boundary, no judge, no gradebook."""
    import importlib

    os.environ.update({"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MPLCONFIGDIR": str(folder / "matplotlib")})
    for module in PRELOAD:
        importlib.import_module(module)
    from judge.shell import make_shell
    from judge.warm import warm_up

    out = sys.stdout
    shell = make_shell()
    warm_up(shell)

    def grade(student: str) -> None:
        work = Path(tempfile.mkdtemp(dir=folder))
        shutil.copy(folder / "source" / ASSIGNMENT / "orders.csv", work)
        child = os.fork()
        if child == 0:
            os.chdir(work)
            for source in _run_cells(folder, student):
                json.dumps(shell.run(source), default=str)
            os._exit(0)
        os.waitpid(child, 0)
        shutil.rmtree(work)

    try:
        cpu_s, wall_s = _each(folder, grade, lambda: _own_s() + _reaped_s())
    finally:
        sys.stdout = out
    return {"cpu_s": cpu_s, "wall_s": wall_s, "points": {}}


def _run_cells(folder: Path, student: str) -> list[str]:
    """The student's cells, with the instructor's tests in place of the released ones."""
    paths = (folder / "source" / ASSIGNMENT, folder / "submitted" / student / ASSIGNMENT)
    ours, theirs = (json.loads((path / f"{NOTEBOOK}.ipynb").read_text())["cells"] for path in paths)
    tests = {_grade_id(cell): cell["source"] for cell in ours if cell["metadata"].get("nbgrader", {}).get("grade")}
    return [tests.get(_grade_id(cell), cell["source"]) for cell in theirs if cell["cell_type"] == "code"]


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


def _own_s() -> float:
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
