"""Rules that hold for every notebook of the course, beyond what `classroom check` reads."""

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from judge.names import parse_cell

SOURCE = Path(__file__).resolve().parents[2] / "source"
LESSONS = sorted(path for path in SOURCE.glob("*/*.ipynb") if path.stem == path.parent.name)
EXERCISES = sorted(path for path in SOURCE.glob("*/exercises_*.ipynb"))
MIN_SEED_BITS = 100  # a 128-bit literal may begin with zeros


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.stem)
def test_a_lesson_converts_to_marimo_and_passes_its_check(lesson: Path, tmp_path: Path) -> None:
    script = tmp_path / "lesson.py"

    run_marimo("convert", str(lesson), "-o", str(script))
    run_marimo("check", "--strict", str(script))

    assert "@app.cell" in script.read_text(encoding="utf-8")


def run_marimo(*words: str) -> None:
    done = subprocess.run([sys.executable, "-m", "marimo", *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]


@pytest.mark.parametrize("exercises", EXERCISES, ids=lambda path: path.stem)
def test_hidden_seeds_are_too_long_to_guess_and_used_once(exercises: Path) -> None:
    seeds = [seed for source in hidden_parts(exercises) for seed in seeds_in(source)]

    assert seeds
    assert min(seed.bit_length() for seed in seeds) >= MIN_SEED_BITS
    assert len(set(seeds)) == len(seeds)


def test_the_authors_library_is_not_installed() -> None:
    """A notebook in a student's server, whose path holds only what is installed, can't import it."""
    command = [sys.executable, "-P", "-c", "import cardlab, cardpress"]

    done = subprocess.run(command, capture_output=True, text=True, cwd="/", env={}, check=False)

    assert "No module named 'cardpress'" in done.stderr


def hidden_parts(path: Path) -> Iterator[str]:
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        source = "".join(cell["source"])
        if "### BEGIN HIDDEN TESTS" in source:
            yield source.split("### BEGIN HIDDEN TESTS")[1].split("### END HIDDEN TESTS")[0]


def seeds_in(source: str) -> Iterator[int]:
    """Whole numbers that are the first argument, or `seed`, of a call of a make_* function."""
    for node in ast.walk(parse_cell(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id.startswith("make_"):
            given = [*node.args[:1], *(word.value for word in node.keywords if word.arg == "seed")]
            yield from (one.value for one in given if isinstance(one, ast.Constant) and isinstance(one.value, int))
