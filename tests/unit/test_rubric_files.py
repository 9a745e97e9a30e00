import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from classroom.errors import CourseError
from classroom.rubric.files import load_rubric, rubric_path

ROOT = Path(__file__).resolve().parents[2]


def make_raw() -> dict[str, Any]:
    levels = {4: "All of it.", 3: "Most.", 2: "Some.", 1: "Little."}
    criteria = [
        {"id": name, "title": name.title(), "weight": 2, "levels": dict(levels), "notes": "n", "hint": "h"}
        for name in ("cause", "words")
    ]
    marks = {name: {"level": 3, "reason": "r"} for name in ("cause", "words")}
    anchors = [{"id": f"sample_{number}", "text": "t", "levels": dict(marks), "points": 3} for number in range(3)]
    gates = [{"id": "leak", "when": "it leaks", "cap_share": 0.5}]
    return {"task": "report", "title": "Report", "points": 4, "criteria": criteria, "gates": gates, "anchors": anchors}


def write_rubric(folder: Path, raw: dict[str, Any]) -> Path:
    path = folder / "rubrics" / "01_data" / "report.yaml"
    path.parent.mkdir(parents=True)
    shutil.copy(ROOT / "rubrics" / "schema.json", folder / "rubrics")
    path.write_text(yaml.safe_dump(raw, sort_keys=False), encoding="utf-8")
    return path


def test_a_rubric_is_read_with_points_in_hundredths(tmp_path: Path) -> None:
    rubric = load_rubric(write_rubric(tmp_path, make_raw()))

    assert (rubric.task, rubric.points) == ("report", 400)
    assert [criterion.weight for criterion in rubric.criteria] == [200, 200]
    assert rubric.criteria[0].descriptor(4) == "All of it."
    assert rubric.criteria[0].descriptor(0) == "Absent."
    assert rubric.gates[0].cap == 200
    assert len(rubric.digest) == 64


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    path = write_rubric(tmp_path, make_raw())
    before = load_rubric(path)

    path.write_text(path.read_text(encoding="utf-8").replace("title: Report", "title: Memo"), encoding="utf-8")

    assert load_rubric(path).title == "Memo"
    assert load_rubric(path).digest != before.digest


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(CourseError, match=r"rubrics/01_data/report\.yaml: report\.yaml is not there"):
        load_rubric(tmp_path / "rubrics" / "01_data" / "report.yaml")


def break_level(raw: dict[str, Any]) -> None:
    del raw["criteria"][1]["levels"][1]


def break_anchor(raw: dict[str, Any]) -> None:
    raw["anchors"][0]["points"] = 4


def break_weight(raw: dict[str, Any]) -> None:
    raw["criteria"][0]["weight"] = "two"


def break_task(raw: dict[str, Any]) -> None:
    raw["task"] = "memo"


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (break_level, "criteria: item 'words': levels: '1' is a required property"),
        (break_anchor, "anchor 'sample_0': levels and gates make 3 points, it says 4"),
        (break_weight, "criteria: item 'cause': weight: 'two' is not of type 'number'"),
        (break_task, "task is 'memo', the file is report.yaml"),
    ],
    ids=["level", "anchor", "weight", "task"],
)
def test_a_fault_names_file_and_item(tmp_path: Path, spoil: Any, words: str) -> None:
    raw = make_raw()
    spoil(raw)

    with pytest.raises(CourseError) as caught:
        load_rubric(write_rubric(tmp_path, raw))

    assert f"rubrics/01_data/report.yaml: {words}" in str(caught.value)


def test_what_is_no_yaml_is_refused(tmp_path: Path) -> None:
    path = write_rubric(tmp_path, make_raw())
    path.write_text("criteria: [", encoding="utf-8")

    with pytest.raises(CourseError, match="not YAML"):
        load_rubric(path)


def test_the_path_holds_assignment_and_task() -> None:
    path = rubric_path(Path("/course"), "01_data", "report")  # type: ignore[arg-type]  # plain text reads better here

    assert path == Path("/course/rubrics/01_data/report.yaml")
