"""The map from the brief's bullets to what meets them: what it refuses, and that the real one is whole and rendered."""

import shutil
from pathlib import Path

import pytest
import yaml

from classroom.course.coverage import Bullet, Held, Module, complaints_about_map, load_coverage, rendered
from classroom.errors import CourseError

ROOT = Path(__file__).resolve().parents[2]
HELD = Held(
    sections=("1 · Leaks", "Summary"),
    tasks={"audit": "1 · Audit (6 points)", "audit_shows": "1 · Audit (6 points)", "memo": "2 · Memo (4 points)"},
    quiz=("too_good",),
    criteria=("memo/claim",),
)
WHOLE = Bullet(bullet="leaks", lesson=("1 · Leaks",), tasks=("audit",), quiz=("too_good",), rubric=("memo/claim",))


def complaints(*bullets: Bullet) -> list[str]:
    return complaints_about_map(Module("coverage/02.yaml", "02_eda", bullets, HELD))


def test_the_real_map_has_no_fault() -> None:
    modules = load_coverage(ROOT)

    assert [text for module in modules for text in complaints_about_map(module)] == []


def test_every_module_with_exercises_has_a_map() -> None:
    modules = sorted(path.name for path in (ROOT / "source").iterdir() if path.is_dir())

    assert [module.name for module in load_coverage(ROOT)] == modules


def test_the_page_shows_the_map_as_it_is() -> None:
    """Mended by: classroom coverage"""
    page = (ROOT / "docs" / "reference" / "coverage.md").read_text(encoding="utf-8")

    assert page == rendered(load_coverage(ROOT))


def test_a_whole_map_draws_no_complaint() -> None:
    assert complaints(WHOLE) == []


@pytest.mark.parametrize(
    ("field", "noun"),
    [("lesson", "lesson section"), ("tasks", "task"), ("quiz", "quiz item"), ("rubric", "criterion")],
)
def test_a_name_that_is_not_there_is_told(field: str, noun: str) -> None:
    bullet = WHOLE.model_copy(update={field: (*getattr(WHOLE, field), "gone")})

    assert complaints(bullet) == [f"coverage/02.yaml: “leaks”: there is no {noun} “gone”; correct it"]


def test_a_bullet_that_nothing_grades_is_told() -> None:
    ungraded = WHOLE.model_copy(update={"bullet": "charts", "tasks": (), "rubric": ()})

    assert complaints(WHOLE, ungraded) == ["coverage/02.yaml: “charts”: no task and no criterion grades it; name one"]


def test_parts_that_serve_no_bullet_are_told() -> None:
    """A summary need not be named, a numbered section must be; one test of an exercise speaks for all of it."""
    held = Held(
        sections=("1 · Leaks", "2 · Ratios", "Summary"),
        tasks={**HELD.tasks, "ratio": "3 · Ratios (2 points)"},
        quiz=HELD.quiz,
        criteria=("memo/claim", "memo/figure"),
    )

    assert complaints_about_map(Module("coverage/02.yaml", "02_eda", (WHOLE,), held)) == [
        "coverage/02.yaml: the lesson's section “2 · Ratios” serves no bullet; name it, or cut it",
        "coverage/02.yaml: the exercise “3 · Ratios (2 points)” serves no bullet; name one of its tests, or cut it",
        "coverage/02.yaml: the criterion memo/figure serves no bullet; name it",
    ]


def test_a_map_that_cannot_be_read_is_named_with_its_fault(tmp_path: Path) -> None:
    course = tmp_path / "course"
    for name in ("source", "rubrics", "quizzes", "coverage"):
        shutil.copytree(ROOT / name, course / name)
    path = course / "coverage" / "01.yaml"
    raw = yaml.safe_load(path.read_text(encoding="utf-8"))

    path.write_text(yaml.safe_dump({**raw, "module": "01_elsewhere"}), encoding="utf-8")
    with pytest.raises(CourseError, match=r"coverage/01\.yaml: there is no source/01_elsewhere"):
        load_coverage(course)

    path.write_text(yaml.safe_dump({**raw, "bullets": [{"bullet": "x", "lesson": []}]}), encoding="utf-8")
    with pytest.raises(CourseError, match=r"coverage/01\.yaml: bullets\.0\.lesson"):
        load_coverage(course)


def test_a_bar_in_a_bullet_does_not_break_the_table() -> None:
    bullet = WHOLE.model_copy(update={"bullet": "rules | heuristics"})

    assert "| rules \\| heuristics | 1 · Leaks | `audit` | `too_good` | `memo/claim` |" in rendered(
        [Module("coverage/02.yaml", "02_eda", (bullet,), HELD)]
    )
