"""Rubrics as files: rubrics/<assignment>/<grade_id>.yaml, checked against rubrics/schema.json."""

import hashlib
import json
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from classroom.errors import CourseError
from classroom.ids import AssignmentId, GradeId
from classroom.rubric.models import Anchor, AnchorMark, Criterion, Gate, Hundredths, Level, Rubric
from classroom.rubric.scoring import problems

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError


def rubric_path(course_root: Path, assignment: AssignmentId, task: GradeId) -> Path:
    """Where the rubric of a written task stands."""
    return course_root / "rubrics" / assignment / f"{task}.yaml"


def load_rubric(path: Path) -> Rubric:
    """The rubric in a file; its schema is schema.json in the folder above the file's.

    Raises CourseError, which names the file and the item, when the file is missing, doesn't fit the schema, or
    doesn't add up. Read again only when the file changed.
    """
    name = f"{path.parent.parent.name}/{path.parent.name}/{path.name}"
    try:
        return _load(path, name, path.stat().st_mtime_ns)
    except FileNotFoundError as error:
        missing = Path(error.filename or path).name
        raise CourseError(f"{name}: {missing} is not there; write it, or take the task off course.yaml") from error


@lru_cache(maxsize=64)
def _load(path: Path, name: str, _changed_ns: int) -> Rubric:
    # Importing it costs 1.5 s of CPU: it builds a grammar for addresses. Commands that read no rubric don't pay.
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import best_match

    data = path.read_bytes()
    schema = json.loads((path.parent.parent / "schema.json").read_text(encoding="utf-8"))
    try:
        raw = _with_text_keys(yaml.safe_load(data))
    except yaml.YAMLError as error:
        raise CourseError(f"{name}: not YAML; mend this: {error}") from error
    if fault := best_match(Draft202012Validator(schema).iter_errors(raw)):
        raise CourseError(f"{name}: {_where(raw, fault)}{fault.message[:300]}")
    rubric = _parse(raw, hashlib.sha256(data).hexdigest())
    found = problems(rubric)
    if rubric.task != path.stem:
        found.insert(0, f"task is '{rubric.task}', the file is {path.name}; make them one")
    if found:
        raise CourseError("\n".join(f"{name}: {problem}" for problem in found))
    return rubric


def _with_text_keys(value: Any) -> Any:
    """YAML reads a level's `4:` as a number; JSON, and so the schema, knows text keys only."""
    if isinstance(value, dict):
        return {str(key): _with_text_keys(inner) for key, inner in value.items()}
    return [_with_text_keys(inner) for inner in value] if isinstance(value, list) else value


def _where(raw: Any, fault: "ValidationError") -> str:
    """`criteria: item 'cause': levels: `, by the item's id where it has one."""
    words: list[str] = []
    here = raw
    for step in fault.absolute_path:
        here = here[step]
        known = here.get("id") if isinstance(here, dict) else None
        label = f"item {step + 1}" if isinstance(step, int) else step
        words.append(f"item '{known}'" if isinstance(step, int) and known else label)
    return "".join(f"{word}: " for word in words)


def _parse(raw: dict[str, Any], digest: str) -> Rubric:
    points = _hundredths(raw["points"])
    return Rubric(
        task=GradeId(raw["task"]),
        title=raw["title"],
        points=points,
        criteria=tuple(_criterion(item) for item in raw["criteria"]),
        gates=tuple(_gate(item, points) for item in raw["gates"]),
        anchors=tuple(_anchor(item) for item in raw["anchors"]),
        digest=digest,
    )


def _criterion(raw: dict[str, Any]) -> Criterion:
    levels = tuple(Level(int(value), raw["levels"][value].strip()) for value in sorted(raw["levels"], reverse=True))
    weight = _hundredths(raw["weight"])
    return Criterion(raw["id"], raw["title"], weight, levels, raw["notes"].strip(), raw["hint"].strip())


def _gate(raw: dict[str, Any], points: Hundredths) -> Gate:
    return Gate(raw["id"], raw["when"].strip(), Hundredths(int(Decimal(str(raw["cap_share"])) * points)))


def _anchor(raw: dict[str, Any]) -> Anchor:
    marks = {name: AnchorMark(mark["level"], mark["reason"].strip()) for name, mark in raw["levels"].items()}
    gates = tuple(raw.get("gates", ()))
    return Anchor(raw["id"], raw["text"].strip(), marks, gates, _hundredths(raw["points"]))


def _hundredths(number: float) -> Hundredths:
    return Hundredths(round(Decimal(str(number)) * 100))
