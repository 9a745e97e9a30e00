"""A module's quiz bank: quizzes/NN.yaml parsed, checked, and rendered for notebooks and spreadsheets.

`python -m classroom.course.quizzes` prints the JSON schema of such a file; quizzes/schema.json holds what it printed.
"""

import csv
import io
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from classroom.errors import CourseError

Number = float | str
"""A number, or the name of one in `params`."""

Text = Annotated[str, Field(min_length=1)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class Option(_Strict):
    """One answer to choose. A wrong one names the misconception it stands for; the right one has none."""

    text: Text
    correct: bool = False
    misconception: str | None = Field(None, pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")
    feedback: Text


class Trap(_Strict):
    """A wrong number that a known misconception leads to."""

    answer: Number
    misconception: str = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")
    feedback: Text


class _Item(_Strict):
    id: str = Field(pattern=r"^[a-z0-9]+(_[a-z0-9]+)*$")
    lo: str = Field(pattern=r"^LO-\d+\.\d+$")
    difficulty: int = Field(ge=1, le=3)
    stem: Text
    code: str | None = None


class ChoiceItem(_Item):
    """A question with one right option (choice) or several (many)."""

    type: Literal["choice", "many"]
    options: tuple[Option, ...] = Field(min_length=3, max_length=6)


class NumericItem(_Item):
    """A question whose answer is a number, right within `tolerance` (absolute, in `unit`).

    `params` lists variants: each gives a value to every {{name}} of the stem, and to `answer` and the traps where
    those are names.
    """

    type: Literal["numeric"]
    answer: Number
    tolerance: float = Field(ge=0)
    unit: str = ""
    feedback: Text
    traps: tuple[Trap, ...] = ()
    params: tuple[dict[str, float], ...] = ()


Item = ChoiceItem | NumericItem


class _QuizFile(_Strict):
    module: str = Field(pattern=r"^\d{2}$")
    title: Text
    items: tuple[Annotated[Item, Field(discriminator="type")], ...] = Field(min_length=1)


@dataclass(frozen=True)
class Quiz:
    """The bank of one module. `source` names its file in messages."""

    source: str
    module: str
    title: str
    items: tuple[Item, ...]


def load_quiz(path: Path) -> Quiz:
    """The quiz bank in a YAML file.

    Raises CourseError, one line a fault, each with the file, the item and the field; check_quiz finds the rest.
    """
    source = f"{path.parent.name}/{path.name}"
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise CourseError(f"{source}: no such file; write it or correct the path") from error
    except yaml.YAMLError as error:
        raise CourseError(f"{source}: not YAML; mend this: {error}") from error
    try:
        parsed = _QuizFile.model_validate(raw)
    except ValidationError as error:
        raise CourseError("\n".join(_readable(source, raw, fault) for fault in error.errors())) from error
    return Quiz(source, parsed.module, parsed.title, parsed.items)


def _readable(source: str, raw: Any, fault: Any) -> str:
    """One fault of pydantic's as: file, item by its id, field, what is wrong, what was there."""
    where = [part for part in fault["loc"] if part not in ("choice", "many", "numeric")]
    names = [str(part + 1) if isinstance(part, int) else part for part in where]
    if names[:1] == ["items"] and len(names) > 1:
        item = raw["items"][where[1]]
        known = item.get("id") if isinstance(item, dict) else None
        names = [f"item '{known}'" if known else f"item {names[1]}", *names[2:]]
    return f"{': '.join([source, *names])}: {fault['msg']}; found {fault['input']!r:.80}"


def check_quiz(quiz: Quiz) -> list[str]:
    """What an author must mend before the bank is used, one sentence each; empty when nothing is."""
    return [f"{quiz.source}: {problem}" for problem in _problems(quiz)]


def _problems(quiz: Quiz) -> Iterator[str]:
    yield from _repeated(quiz, "id", lambda item: item.id)
    yield from _repeated(quiz, "stem", _question_words)
    for item in quiz.items:
        problems = _choice_problems(item) if isinstance(item, ChoiceItem) else _numeric_problems(item)
        yield from (f"item '{item.id}': {problem}" for problem in problems)
        if "$" in item.model_dump_json():
            yield f"item '{item.id}' holds a dollar sign, which a notebook may read as maths; write 'dollars'"
    yield from _length_gives_away(quiz)


def _question_words(item: Item) -> str:
    return " ".join(f"{item.stem} {item.code or ''}".casefold().split())


def _repeated(quiz: Quiz, what: str, key: Callable[[Item], str]) -> Iterator[str]:
    first: dict[str, int] = {}
    for number, item in enumerate(quiz.items, start=1):
        earlier = first.setdefault(key(item), number)
        if earlier != number:
            yield f"items {earlier} and {number} ('{item.id}') have the same {what}; change one of them"


_ABOVE = re.compile(r"\b(all|none|both|any) of (the )?(above|these|those|options|answers)\b", re.IGNORECASE)


def _choice_problems(item: ChoiceItem) -> Iterator[str]:
    keys = [option for option in item.options if option.correct]
    if item.type == "choice" and len(keys) != 1:
        yield f"{len(keys)} options are correct; mark exactly one, or make it type 'many'"
    if item.type == "many" and (len(keys) < 2 or len(keys) == len(item.options)):
        yield f"{len(keys)} of {len(item.options)} options are correct; 'many' needs two or more, and a wrong one"
    if len({option.text.casefold() for option in item.options}) < len(item.options):
        yield "two options have the same text; change one of them"
    for number, option in enumerate(item.options, start=1):
        if _ABOVE.search(option.text):
            yield f"option {number} is '{option.text}'; options are shuffled, so write what it means"
        if option.correct == (option.misconception is not None):
            yield f"option {number}: a wrong option needs a misconception, a correct one has none"
    lengths = sorted(len(option.text) for option in item.options)
    if lengths[-1] > 2 * lengths[0] + 20:
        yield f"options are {lengths[0]} to {lengths[-1]} characters long; balance them"


def _length_gives_away(quiz: Quiz) -> Iterator[str]:
    """A student who always takes the longest option should gain nothing by it."""
    asked = [item for item in quiz.items if item.type == "choice" and isinstance(item, ChoiceItem)]
    told = [item for item in asked if max(item.options, key=lambda option: len(option.text)).correct]
    if len(asked) >= 6 and len(told) > len(asked) / 2:
        yield f"the longest option is the correct one in {len(told)} of {len(asked)} items; shorten keys"


def _numeric_problems(item: NumericItem) -> Iterator[str]:
    for number, row in enumerate(item.params or ({},), start=1):
        label = f"variant {number}: " if item.params else ""
        missing = sorted(_names(item) - row.keys())
        if missing:
            yield f"{label}no value for {', '.join(missing)}; add it to params"
            continue
        answer = _value(item.answer, row)
        near = [trap for trap in item.traps if abs(_value(trap.answer, row) - answer) <= item.tolerance]
        yield from (f"{label}trap '{trap.misconception}' is within tolerance of the answer" for trap in near)


_HOLE = re.compile(r"\{\{(\w+)\}\}")


def _names(item: NumericItem) -> set[str]:
    numbers = [item.answer, *(trap.answer for trap in item.traps)]
    texts = " ".join([item.stem, item.code or "", item.feedback, *(trap.feedback for trap in item.traps)])
    return {number for number in numbers if isinstance(number, str)} | set(_HOLE.findall(texts))


def _value(number: Number, row: Mapping[str, float]) -> float:
    return row[number] if isinstance(number, str) else number


def render_jupyterquiz(quiz: Quiz, *, variant: int = 0) -> list[dict[str, Any]]:
    """The items as jupyterquiz takes them, each with its id beside; numeric ones in their variant, counted round.

    Text becomes HTML that holds no maths and no link: jupyterquiz would fetch MathJax for a dollar sign.
    """
    return [
        _numeric_question(item, variant) if isinstance(item, NumericItem) else _choice_question(item)
        for item in quiz.items
    ]


def _choice_question(item: ChoiceItem) -> dict[str, Any]:
    answers = [
        {"answer": _html(option.text), "correct": option.correct, "feedback": _html(option.feedback)}
        for option in item.options
    ]
    kind = {"choice": "multiple_choice", "many": "many_choice"}[item.type]
    hint = " (several are right)" if item.type == "many" else ""
    return _question(item, item.stem + hint, item.code) | {"type": kind, "answer_cols": 1, "answers": answers}


def _numeric_question(item: NumericItem, variant: int) -> dict[str, Any]:
    row = item.params[variant % len(item.params)] if item.params else {}
    told = [(item.answer, item.feedback), *((trap.answer, trap.feedback) for trap in item.traps)]
    right, *wrong = [_numeric_answer(_value(given, row), item.tolerance, _fill(text, row)) for given, text in told]
    other = {"type": "default", "feedback": "Not yet. Work it out on paper with smaller numbers, then try again."}
    stem = _fill(item.stem, row) + (f" (in {item.unit})" if item.unit else "")
    code = _fill(item.code, row) if item.code else None
    return _question(item, stem, code) | {"type": "numeric", "answers": [right | {"correct": True}, *wrong, other]}


def _numeric_answer(value: float, tolerance: float, feedback: str) -> dict[str, Any]:
    # jupyterquiz compares low <= given < high; the margin lets the upper end in, and forgives rounding.
    margin = tolerance + 1e-9 * max(1.0, abs(value))
    return {"range": [value - margin, value + margin], "correct": False, "feedback": _html(feedback)}


def _question(item: Item, stem: str, code: str | None) -> dict[str, Any]:
    return {"id": item.id, "question": _html(stem)} | ({"code": escape(code)} if code else {})


def _fill(text: str, row: Mapping[str, float]) -> str:
    """The text with each {{name}} replaced by its value, thousands separated."""
    return _HOLE.sub(lambda hole: f"{row[hole[1]]:,.10g}", text)


def _html(text: str) -> str:
    """Text as safe HTML, `code` between backticks; dollar signs and brackets as entities (see render_jupyterquiz)."""
    safe = escape(text).replace("$", "&#36;").replace("[", "&#91;")
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", safe)


_COLUMNS = [
    *("module", "item_id", "lo", "type", "difficulty", "stem", "code"),
    *("params", "answer", "tolerance", "unit", "correct", "misconception", "feedback"),
]


def render_csv(quiz: Quiz) -> str:
    """The bank as CSV with a header, one row an option (or number, or trap), for a spreadsheet or another system."""
    out = io.StringIO()
    writer = csv.DictWriter(out, _COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    for item in quiz.items:
        about = {"module": quiz.module, "item_id": item.id, "lo": item.lo, "type": item.type} | {
            "difficulty": item.difficulty,
            "stem": item.stem,
            "code": item.code or "",
        }
        writer.writerows(about | row for row in _answer_rows(item))
    return out.getvalue()


def _answer_rows(item: Item) -> Iterator[dict[str, Any]]:
    if isinstance(item, ChoiceItem):
        for option in item.options:
            told = {"misconception": option.misconception or "", "feedback": option.feedback}
            yield {"answer": option.text, "correct": int(option.correct)} | told
        return
    shared = {"tolerance": item.tolerance, "unit": item.unit, "params": json.dumps(item.params) if item.params else ""}
    yield shared | {"answer": item.answer, "correct": 1, "feedback": item.feedback}
    for trap in item.traps:
        wrong = {"answer": trap.answer, "correct": 0, "misconception": trap.misconception, "feedback": trap.feedback}
        yield shared | wrong


def quiz_schema() -> dict[str, Any]:
    """The JSON schema of a quiz file, for editors and for authors who don't read Python."""
    title = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    return title | _QuizFile.model_json_schema() | {"title": "Quiz bank of one module"}


if __name__ == "__main__":
    print(json.dumps(quiz_schema(), indent=2))
