"""The tiny course in a folder of its own, with submissions that go right and wrong in every way."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from classroom.config import Settings
from classroom.ids import AssignmentId, StudentId

ROOT = Path(__file__).resolve().parent.parent
TINY = ROOT / "tests" / "course" / "tiny"
PS1 = AssignmentId("ps1")
SOURCE = TINY / "source" / "ps1" / "ps1.ipynb"
CANARY = b"CANARY-5e1f"
TESTS = {"double_check": 0.0, "double_numbers": 2.0, "mean_of_numbers": 3.0, "greet_by_name": 1.0}

RIGHT = {
    "double": "def double(x):\n    return x + x",
    "mean": "def mean(numbers):\n    return sum(numbers) / len(numbers)",
    "greet": "def greet(name):\n    return 'Hello, ' + name + '!'",
    "explain": "Add all, divide by how many there are.",
}
PARTLY = RIGHT | {"double": "def double(x):\n    return abs(2 * x)", "greet": "def greet(name):\n    return name"}
ERRORS = RIGHT | {"greet": "def greet(name):\n    return nonsense"}
LOOPS = RIGHT | {"greet": "def greet(name):\n    while True:\n        pass"}
EXITS = RIGHT | {"mean": "import os\nos._exit(3)"}


def make_course(folder: Path) -> Settings:
    """The course in a checkout of its own; its state elsewhere, as with STATE=."""
    course = folder / "course"
    shutil.copytree(TINY, course)
    shutil.copy(ROOT / "nbgrader_config.py", course)
    return Settings(course_root=course, state=folder / "state", workers=2)


def run(settings: Settings, *command: str, check: bool = True) -> "subprocess.CompletedProcess[str]":
    """A command such as ("classroom", "generate", "ps1"), by this interpreter, with PATH as bare as in a service."""
    module = {"classroom": "classroom.cli", "nbgrader": "nbgrader"}[command[0]]
    done = subprocess.run(
        [sys.executable, "-m", module, *command[1:]],
        cwd=settings.course_root,
        env=environment(settings),
        capture_output=True,
        text=True,
    )
    assert not check or done.returncode == 0, f"{command}: {done.stdout}\n{done.stderr}"
    return done


def environment(settings: Settings) -> dict[str, str]:
    return {
        "PATH": "/usr/bin:/bin",
        "HOME": str(settings.state),
        "LANG": "C.UTF-8",
        "OMP_NUM_THREADS": "1",
        "PYTHONDONTWRITEBYTECODE": os.environ.get("PYTHONDONTWRITEBYTECODE", ""),
        "CLASSROOM_COURSE": str(settings.course_root),
        "CLASSROOM_STATE": str(settings.state),
        "CLASSROOM_WORKERS": str(settings.workers),
    }


def filled(answers: Mapping[str, str], notebook: Path = SOURCE, *, extra: str = "") -> bytes:
    """A submission: the notebook with these answers, and perhaps a last cell of the student's own."""
    body = json.loads(notebook.read_text(encoding="utf-8"))
    for cell in body["cells"]:
        grade_id = cell["metadata"].get("nbgrader", {}).get("grade_id")
        cell["source"] = answers.get(grade_id, cell["source"])
    if extra:
        body["cells"].append(code_cell(extra))
    return json.dumps(body).encode()


def code_cell(source: str) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "id": "mine",
        "metadata": {},
        "outputs": [],
        "execution_count": None,
        "source": source,
    }


def hand_in(
    settings: Settings, student: str, files: Mapping[str, bytes], at: str = "2026-11-10 12:00:00.000000"
) -> None:
    """As collecting leaves it."""
    folder = settings.course_dir("submitted") / StudentId(student) / PS1
    folder.mkdir(parents=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    (folder / "timestamp.txt").write_text(f"{at} UTC")
