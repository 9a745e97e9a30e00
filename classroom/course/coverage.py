"""Which section, task, quiz item and criterion meets which bullet of the brief: coverage/NN.yaml, checked and rendered.

A bullet is met when a lesson teaches it, a quiz item asks for it, and a task or a criterion grades it. Nothing of a
module may serve no bullet.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from classroom.course.lint import Cell, load_cells
from classroom.course.quizzes import load_quiz
from classroom.errors import CourseError
from classroom.rubric.files import load_rubric

_HEADING = re.compile(r"^## +(.+?)\s*$", re.MULTILINE)
_FENCE = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)
_NUMBERED = re.compile(r"\d+ · ")

Named = tuple[Annotated[str, Field(min_length=1)], ...]


class Bullet(BaseModel):
    """One demand of the brief, in its words, and the names of what meets it."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    bullet: str = Field(min_length=1)
    lesson: Named = Field(min_length=1)
    tasks: Named = ()
    quiz: Named = Field(min_length=1)
    rubric: Named = ()


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    module: str
    bullets: tuple[Bullet, ...] = Field(min_length=1)


@dataclass(frozen=True)
class Held:
    """What a module has to meet bullets with.

    sections: headings of the lesson, in order. tasks: exercise section by grade_id. criteria: `task/criterion`.
    """

    sections: tuple[str, ...]
    tasks: Mapping[str, str]
    quiz: tuple[str, ...]
    criteria: tuple[str, ...]


@dataclass(frozen=True)
class Module:
    """One module's map. `source` names its file in messages."""

    source: str
    name: str
    bullets: tuple[Bullet, ...]
    held: Held


def load_coverage(root: Path) -> list[Module]:
    """The maps of a course, in order; raises CourseError, which names the file, for one that can't be read."""
    return [_load(path, root) for path in sorted((root / "coverage").glob("*.yaml"))]


def complaints_about_map(module: Module) -> list[str]:
    """What the map gets wrong: names that are not there, bullets that nothing meets, parts that meet none."""
    found: list[str] = []
    held = module.held
    for bullet in module.bullets:
        found += _unknown(bullet, "lesson section", bullet.lesson, held.sections)
        found += _unknown(bullet, "task", bullet.tasks, held.tasks)
        found += _unknown(bullet, "quiz item", bullet.quiz, held.quiz)
        found += _unknown(bullet, "criterion", bullet.rubric, held.criteria)
        if not bullet.tasks and not bullet.rubric:
            found.append(f"“{bullet.bullet}”: no task and no criterion grades it; name one")
    taught = {name for bullet in module.bullets for name in bullet.lesson}
    graded = {held.tasks.get(name) for bullet in module.bullets for name in bullet.tasks}
    judged = {name for bullet in module.bullets for name in bullet.rubric}
    graded |= {held.tasks.get(name.partition("/")[0]) for name in judged}
    found += [
        f"the lesson's section “{section}” serves no bullet; name it, or cut it"
        for section in held.sections
        if _NUMBERED.match(section) and section not in taught
    ]
    found += [
        f"the exercise “{section}” serves no bullet; name one of its tests, or cut it"
        for section in dict.fromkeys(held.tasks.values())
        if section not in graded
    ]
    found += [f"the criterion {name} serves no bullet; name it" for name in held.criteria if name not in judged]
    return [f"{module.source}: {text}" for text in found]


def rendered(modules: Sequence[Module]) -> str:
    """The page docs/reference/coverage.md, Markdown."""
    lines = [
        "# What meets the brief",
        "",
        "Each bullet of the course's brief, and the lesson sections, tests, quiz items and criteria that meet it.",
        "Made by `classroom coverage` from `coverage/*.yaml`; a test compares them.",
    ]
    for module in modules:
        lines += ["", f"## {module.name}", "", "| bullet | lesson | tests | quiz | rubric |", "|---|---|---|---|---|"]
        lines += [f"| {' | '.join(_cells(bullet))} |" for bullet in module.bullets]
    return "\n".join(lines) + "\n"


def _cells(bullet: Bullet) -> list[str]:
    coded = [", ".join(f"`{name}`" for name in names) or "–" for names in (bullet.tasks, bullet.quiz, bullet.rubric)]
    return [text.replace("|", "\\|") for text in (bullet.bullet, "; ".join(bullet.lesson), *coded)]


def _unknown(bullet: Bullet, noun: str, names: Sequence[str], known: Collection[str]) -> list[str]:
    return [f"“{bullet.bullet}”: there is no {noun} “{name}”; correct it" for name in names if name not in known]


def _load(path: Path, root: Path) -> Module:
    source = f"{path.parent.name}/{path.name}"
    try:
        parsed = _File.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except yaml.YAMLError as error:
        raise CourseError(f"{source}: not YAML; mend this: {error}") from error
    except ValidationError as error:
        faults = [f"{source}: {'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()]
        raise CourseError("\n".join(faults)) from error
    if not (root / "source" / parsed.module).is_dir():
        raise CourseError(f"{source}: there is no source/{parsed.module}; correct `module`")
    return Module(source, parsed.module, parsed.bullets, _held(root, parsed.module, path.stem))


def _held(root: Path, module: str, number: str) -> Held:
    sections: list[str] = []
    tasks: dict[str, str] = {}
    criteria: list[str] = []
    for path in sorted((root / "source" / module).glob("*.ipynb")):
        cells = load_cells(path)
        found = _tasks(cells)
        tasks |= found
        if not found:
            sections += [heading for cell in cells for heading in _headings(cell)]
        for cell in cells:
            if cell.is_manual and cell.grade_id:
                rubric = load_rubric(root / "rubrics" / module / f"{cell.grade_id}.yaml")
                criteria += [f"{cell.grade_id}/{criterion.id}" for criterion in rubric.criteria]
    quiz = load_quiz(root / "quizzes" / f"{number}.yaml")
    return Held(tuple(sections), tasks, tuple(item.id for item in quiz.items), tuple(criteria))


def _tasks(cells: Sequence[Cell]) -> dict[str, str]:
    """The exercise section of each cell that gives points."""
    section, found = "", {}
    for cell in cells:
        section = [section, *_headings(cell)][-1]
        if cell.grade and cell.points and cell.grade_id:
            found[cell.grade_id] = section
    return found


def _headings(cell: Cell) -> list[str]:
    return _HEADING.findall(_FENCE.sub("", cell.source)) if cell.kind == "markdown" else []
