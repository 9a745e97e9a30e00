"""What `classroom check` says of rubrics and the notebooks they are for."""

import shutil
from pathlib import Path

import pytest

from classroom.course.lint import Cell
from classroom.course.rubric_checks import complaints_about_listing, complaints_about_rubrics
from classroom.ids import AssignmentId

ROOT = Path(__file__).resolve().parents[2]
ASSIGNMENT, TASK = AssignmentId("01_data_engineering"), "data_quality_report"


@pytest.fixture
def rubrics(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "rubrics", tmp_path / "rubrics")
    return tmp_path / "rubrics"


def written(grade_id: str, points: float) -> Cell:
    return Cell(
        id="c1",
        kind="markdown",
        source="",
        grade_id=grade_id,
        grade=True,
        solution=True,
        locked=False,
        points=points,
        has_output=False,
    )


def test_a_rubric_that_fits_its_cell_draws_no_complaint(rubrics: Path) -> None:
    assert complaints_about_rubrics(ASSIGNMENT, [written(TASK, 6)], rubrics) == []


def test_other_points_in_the_cell_are_told(rubrics: Path) -> None:
    (complaint,) = complaints_about_rubrics(ASSIGNMENT, [written(TASK, 5)], rubrics)

    assert complaint == f"{TASK}: the cell has 5 points, its rubric 6"


def test_a_rubric_without_a_task_and_a_task_without_a_rubric_are_told(rubrics: Path) -> None:
    found = complaints_about_rubrics(ASSIGNMENT, [written("essay", 6)], rubrics)

    assert len(found) == 2
    assert "essay.yaml" in found[0]
    assert f"no notebook has a written task {TASK}" in found[1]


def test_the_listing_in_course_yaml_names_each_written_task_and_nothing_else() -> None:
    cells = [written(TASK, 6), written("essay", 2)]

    found = complaints_about_listing(ASSIGNMENT, cells, ("essay", "memo"))

    assert found == [
        f"course.yaml: {ASSIGNMENT} doesn't list {TASK} under `written:`, so no grader would see it; add it there",
        f"course.yaml: {ASSIGNMENT} lists memo under `written:`, but no notebook has such a task; remove it there",
    ]
    assert complaints_about_listing(ASSIGNMENT, cells, (TASK, "essay")) == []


def test_everything_wrong_in_a_file_is_told(rubrics: Path) -> None:
    path = rubrics / ASSIGNMENT / f"{TASK}.yaml"
    path.write_text(path.read_text().replace("weight: 2", "weight: 1", 1))

    found = complaints_about_rubrics(ASSIGNMENT, [written(TASK, 6)], rubrics)

    assert any("the weights add up to 5, the task has 6 points" in complaint for complaint in found)
    assert any("anchor 'strong_without_a_check'" in complaint for complaint in found)


def test_an_anchor_without_a_reason_is_told(rubrics: Path) -> None:
    path = rubrics / ASSIGNMENT / f"{TASK}.yaml"
    path.write_text(
        path.read_text().replace('reason: "Request first, about 100 words, no blame, no term."', 'reason: ""')
    )

    (complaint,) = complaints_about_rubrics(ASSIGNMENT, [written(TASK, 6)], rubrics)

    assert "reason" in complaint
