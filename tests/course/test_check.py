"""`classroom check` on the real course: it passes, and it fails when a test stops biting."""

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from classroom.config import Settings, load_settings
from classroom.course.proof import prove
from classroom.ids import AssignmentId

pytestmark = pytest.mark.needs("sandbox")

MODULE_0, MODULE_1 = AssignmentId("00_ml_in_business"), AssignmentId("01_data_engineering")
MODULE_2, MODULE_3 = AssignmentId("02_eda_and_features"), AssignmentId("03_model_training")
MODULE_4 = AssignmentId("04_model_evaluation")


@pytest.fixture
def settings(course_root: Path, tmp_path: Path) -> Settings:
    return replace(load_settings({"CLASSROOM_COURSE": str(course_root)}), state=tmp_path / "state")


@pytest.mark.parametrize(("module", "n_answers"), [(MODULE_0, 55), (MODULE_1, 100), (MODULE_2, 70), (MODULE_4, 95)])
def test_a_module_passes_its_check(module: AssignmentId, n_answers: int, settings: Settings) -> None:
    report = prove(settings, module)

    assert report.complaints == ()
    assert {row.name: row.points for row in report.rows}["release"] == 0
    assert len(report.rows) > n_answers


def test_module_3_passes_its_check_with_the_answers_of_one_task(settings: Settings) -> None:
    """The others fit and log models for minutes: make acceptance-training."""
    report = prove(settings, MODULE_3, task="group_folds")

    assert report.complaints == ()
    assert {row.name: row.points for row in report.rows}["release"] == 0
    assert len(report.rows) == 13


def test_a_weakened_test_cell_fails_the_check(settings: Settings, tmp_path: Path) -> None:
    """The cell gives its points to anybody, so known-wrong answers keep them, and so does the untouched release."""
    course = tmp_path / "course"
    for name in ("source", "bank", "rubrics", "cardpress", "data"):
        shutil.copytree(settings.course_root / name, course / name)
    for name in ("course.yaml", "nbgrader_config.py"):
        shutil.copy(settings.course_root / name, course)
    weaken(course / "source" / MODULE_1 / "exercises_01.ipynb", "split_looks_only_back", points=2)

    report = prove(replace(settings, course_root=course), MODULE_1, task="split")

    assert any("should lose points on split_looks_only_back" in text for text in report.complaints)
    assert "release: untouched, it earns points on split_looks_only_back" in report.complaints
    assert all("split_looks_only_back" in text for text in report.complaints)


def weaken(path: Path, grade_id: str, *, points: int) -> None:
    """Replaces the hidden part of a test cell by full points for all."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    (cell,) = (one for one in notebook["cells"] if one["metadata"].get("nbgrader", {}).get("grade_id") == grade_id)
    gift = f"### BEGIN HIDDEN TESTS\nfrom judge.kit import award\n\naward({points}, {points})\n### END HIDDEN TESTS"
    source = "".join(cell["source"])
    cell["source"] = re.sub(r"### BEGIN HIDDEN TESTS.*### END HIDDEN TESTS", gift, source, flags=re.DOTALL)
    assert cell["source"] != source
    path.write_text(json.dumps(notebook), encoding="utf-8")
