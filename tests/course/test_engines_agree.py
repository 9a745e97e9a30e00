"""Plain nbgrader and the classroom's engine on every notebook of the course: the same scores, the same outputs.

Each notebook runs once in an ordinary kernel, by nbgrader's own preprocessor, and once in the engine; exercises with
the solution in and as students get them.
"""

import copy
import itertools
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbgrader.preprocessors import ClearSolutions, Execute
from nbgrader.utils import determine_grade, is_grade, is_solution
from traitlets.config import Config

from classroom.assignments import load_course
from classroom.config import Settings
from classroom.course.checks import plan_cells
from classroom.course.lint import load_cells
from classroom.grading.engines import Engine, Places, engine_of, places_of
from judge.plan import GradingJob, Limits, State

pytestmark = pytest.mark.needs("sandbox")

ROOT = Path(__file__).resolve().parents[2]
# The last one isn't the course's: what cells do beside what these do.
NOTEBOOKS = [*sorted((ROOT / "source").glob("*/*.ipynb")), Path(__file__).with_name("odds.ipynb")]
# Whose cells may run other programs.
RUNS_PROGRAMS = {assignment.id for assignment in load_course(ROOT).assignments if assignment.subprocesses}
# Cells whose outputs may differ, with the reason: {"notebook/cell": "why"}.
EXCEPTIONS: dict[str, str] = {}
# What differs between two runs of one engine, or is a matter of where it ran.
VARYING = {
    r"\x1b\[[0-9;]*m": "",
    r"0x[0-9a-f]{6,16}": "0x",
    r"\bT_[0-9a-f]{5}": "T_",  # pandas' Styler
    r"<ipython-input-\d+-[0-9a-f]+>|/tmp/ipykernel_\d+/\d+\.py": "<cell>",
}
_RANDOM_HTML_ID = re.compile(r'<div id="([A-Za-z]{12})"')  # jupyterquiz

Outputs = list[dict[str, Any]]


@dataclass(frozen=True)
class Version:
    """A notebook as it is run. is_solved: with the solutions, else with what students get in their place."""

    path: Path
    is_solved: bool

    @property
    def name(self) -> str:
        return f"{self.path.stem}-{'solution' if self.is_solved else 'release'}"


@dataclass(frozen=True)
class Ran:
    """Outputs by cell, scores by grade_id."""

    outputs: Mapping[str, Outputs]
    scores: Mapping[str, float]


def versions() -> Iterator[Version]:
    for path in NOTEBOOKS:
        yield Version(path, is_solved=True)
        if any(cell.solution and cell.kind == "code" for cell in load_cells(path)):
            yield Version(path, is_solved=False)


@pytest.fixture(scope="module")
def places() -> Places:
    settings = Settings(course_root=ROOT, state=ROOT / ".state")
    return places_of(settings, load_course(ROOT))


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    engine = engine_of(Settings(course_root=ROOT, state=ROOT / ".state"))
    yield engine
    engine.stop()


@pytest.fixture(scope="module", params=list(versions()), ids=lambda version: version.name)
def both(
    request: pytest.FixtureRequest, engine: Engine, places: Places, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Version, Ran, Ran]:
    """A version of a notebook, run by plain nbgrader and by the engine."""
    version: Version = request.param
    notebook = as_run(version)
    folder = tmp_path_factory.mktemp("plain")
    with ThreadPoolExecutor(1) as other:
        judged = other.submit(run_engine, engine, version, notebook)
        plain = run_plain(notebook, folder, places)
        return version, plain, judged.result()


def as_run(version: Version) -> nbformat.NotebookNode:
    notebook = nbformat.read(version.path, as_version=4)
    if not version.is_solved:
        notebook, _ = ClearSolutions().preprocess(notebook, {})
    return notebook


def run_plain(notebook: nbformat.NotebookNode, folder: Path, places: Places) -> Ran:
    """As `nbgrader autograde` executes and scores it, with the course's packages and data where they're expected."""
    (folder / "work").mkdir()
    (folder / "packages").mkdir()
    for path in places.authors:
        (folder / "packages" / path.name).symlink_to(path)
    for path in places.shared:
        (folder / path.name).symlink_to(path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(folder / "packages"))
        patch.setenv("OMP_NUM_THREADS", "1")
        resources = {"metadata": {"path": str(folder / "work")}}
        with tempfile.TemporaryDirectory(prefix="agree-") as sockets:
            # Unix sockets, whose paths are short: no port that two kernels could both choose.
            config = Config(KernelManager={"transport": "ipc", "ip": f"{sockets}/k"})
            done, _ = Execute(config=config, timeout=120).preprocess(copy.deepcopy(notebook), resources)
    code = [cell for cell in done.cells if cell.cell_type == "code"]
    tests = [cell for cell in code if is_grade(cell) and not is_solution(cell)]  # a person marks the others
    scores = {cell.metadata.nbgrader.grade_id: determine_grade(cell)[0] for cell in tests}
    return Ran({name_of(cell): cell.outputs for cell in code}, scores)


def run_engine(engine: Engine, version: Version, notebook: nbformat.NotebookNode) -> Ran:
    texts = {cell.metadata.nbgrader.grade_id: cell.source for cell in notebook.cells if "nbgrader" in cell.metadata}
    cells = plan_cells(load_cells(version.path), texts)
    programs = version.path.parent.name in RUNS_PROGRAMS
    limits = Limits(cell_s=120, call_s=120, test_s=120, total_s=600, subprocesses=programs)
    job = GradingJob(version.name, version.path.stem, cells, limits=limits)
    result = engine.grade(job)
    assert result.state is not State.grader_fault, result.reason
    return Ran({cell.id: cell.outputs for cell in result.cells}, {one.id: one.points for one in result.verdicts})


def name_of(cell: nbformat.NotebookNode) -> str:
    return str(cell.metadata.get("nbgrader", {}).get("grade_id") or cell.id)


def test_both_give_the_same_scores(both: tuple[Version, Ran, Ran]) -> None:
    _, plain, judged = both

    assert dict(judged.scores) == dict(plain.scores)


def test_every_cell_shows_the_same(both: tuple[Version, Ran, Ran]) -> None:
    """Figures to the byte. A test's outputs are compared nowhere: the engine shows none."""
    version, plain, judged = both

    compared = [name for name in judged.outputs if f"{version.path.stem}/{name}" not in EXCEPTIONS]
    differing = {
        name: (plain.outputs[name], judged.outputs[name])
        for name in compared
        if constant(plain.outputs[name]) != constant(judged.outputs[name])
    }

    assert differing == {}
    assert compared


def constant(outputs: Outputs) -> list[Any]:
    """Outputs without what varies; of an error its class and message: the engine's traceback is a plain one.

    A kernel sends what is printed in parts, as it likes, and stdout and stderr in any order between two displays.
    """
    joined: list[dict[str, Any]] = []
    for is_stream, group in itertools.groupby(outputs, lambda output: output["output_type"] == "stream"):
        several = list(group)
        joined += _one_for_each_name(several) if is_stream else several
    return [_constant_output(output) for output in joined]


def _one_for_each_name(streams: Iterable[dict[str, Any]]) -> Outputs:
    texts: dict[str, str] = {}
    for stream in streams:
        texts[stream["name"]] = texts.get(stream["name"], "") + stream["text"]
    return [{"output_type": "stream", "name": name, "text": text} for name, text in sorted(texts.items())]


def _constant_output(output: Mapping[str, Any]) -> Any:
    left_out = {"execution_count", "traceback"}
    return {key: _constant(value) for key, value in output.items() if key not in left_out}


def _constant(value: Any) -> Any:
    if isinstance(value, str):
        for pattern, word in VARYING.items():
            value = re.sub(pattern, word, value)
        for name in _RANDOM_HTML_ID.findall(value):
            value = value.replace(name, "")
        return value
    if isinstance(value, Mapping):
        return {key: _constant(inner) for key, inner in value.items()}
    return value
