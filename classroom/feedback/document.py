"""The document: plain data, and the HTML of it. Nothing in it runs, and it loads nothing."""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

MAX_CELL_BYTES = 64 << 10
MAX_DOCUMENT_BYTES = 2 << 20
_HERE = Path(__file__).parent


@dataclass(frozen=True)
class Part:
    """Something to show of a cell. Exactly one is set: code, text of an output, Markdown's clean HTML, or a PNG."""

    code: str | None = None
    text: str | None = None
    html: str | None = None
    png: bytes | None = None

    @property
    def size(self) -> int:
        """Bytes it will take in the document, about."""
        words = len((self.code or self.text or self.html or "").encode("utf-8", "replace"))
        return words + 4 * len(self.png or b"") // 3 + 200

    @property
    def source(self) -> str:
        return "data:image/png;base64," + base64.b64encode(self.png or b"").decode()

    @property
    def markup(self) -> Markup:
        """Only ever clean.clean_markdown's result."""
        return Markup(self.html or "")


@dataclass(frozen=True)
class CriterionMark:
    """One criterion of a rubric with the level that a grader chose. next_level: what the level above asks for."""

    title: str
    level: str
    descriptor: str
    points: str
    weight: str
    comment: str = ""
    next_level: str = ""
    next_descriptor: str = ""


@dataclass(frozen=True)
class TaskResult:
    """One graded cell. state: the word; meaning: the word in a sentence; capped: the gate that caps the score."""

    grade_id: str
    score: float
    max_score: float
    state: str
    meaning: str
    hint: str = ""
    comment: str = ""
    criteria: tuple[CriterionMark, ...] = ()
    capped: str = ""

    @property
    def is_full(self) -> bool:
        return self.score >= self.max_score and self.state in {"ok", "graded", "corrected"}

    @property
    def title(self) -> str:
        """The grade_id for people."""
        return self.grade_id.replace("_", " ")

    @property
    def shown_score(self) -> str:
        if not self.max_score:
            return "no points"
        return f"{round(self.score, 2):g} of {round(self.max_score, 2):g}"


@dataclass(frozen=True)
class Block:
    """A cell: what is shown of it, and for a graded one how it was marked."""

    parts: tuple[Part, ...] = ()
    task: TaskResult | None = None
    note: str = ""


@dataclass(frozen=True)
class Document:
    """One notebook's feedback. late: the late rule in a sentence. total: of the whole submission, penalty taken."""

    title: str
    student: str
    notebook: str
    total: float
    max_total: float
    blocks: tuple[Block, ...]
    late: str = ""
    fault: str = ""
    handed_in: str = ""
    tasks: tuple[TaskResult, ...] = field(default=())


def render(document: Document) -> bytes:
    """The HTML, at most 2 MB: what doesn't fit is left out with a note, marks first of all to stay."""
    style = (_HERE / "feedback.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    blocks, room = document.blocks, MAX_DOCUMENT_BYTES - len(style) - 4096
    while True:
        html = _template().render(
            document=document, blocks=_fitting(blocks, room), style=Markup(style), style_hash=digest
        )
        data = html.encode("utf-8", "replace")
        if len(data) <= MAX_DOCUMENT_BYTES:
            return data
        room = room // 2  # escaping can make five bytes of one


def _fitting(blocks: Sequence[Block], room: int) -> list[Block]:
    left = room - sum(_mark_size(block) for block in blocks)
    fitting = []
    for block in blocks:
        size = sum(part.size for part in block.parts)
        if size <= left:
            left -= size
            fitting.append(block)
        else:
            fitting.append(Block((), block.task, "Left out here: the document would be too large."))
    return fitting


def _mark_size(block: Block) -> int:
    return len(repr(block.task)) + 2000 if block.task else 200


@lru_cache(maxsize=1)
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(_HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["points"] = lambda number: f"{round(number, 2):g}"
    return environment.get_template("feedback.html.j2")
