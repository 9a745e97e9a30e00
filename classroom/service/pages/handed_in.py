"""A file that was handed in, shown so that it can't act. Pure.

What a file is follows from its bytes. Its name only chooses how a text is laid out, and every layout is escaped: HTML
and SVG are texts, whose source is shown. Pictures are made anew from their pixels; all else is there to take away.
"""

import csv
import re
from codecs import getincrementaldecoder
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from itertools import islice

from markupsafe import Markup, escape

from classroom.feedback.clean import clean_text
from classroom.service.pages.written import to_html

MAX_TEXT_BYTES = 40_000
MAX_ROWS, MAX_COLUMNS, MAX_FIELD = 100, 20, 200  # of a table; characters of a field
_DELIMITERS = ",;\t"
_ENDING = re.compile(r"\.[A-Za-z0-9]{1,8}\Z")
_CUT = Markup('<p class="muted small">Cut here; the file is longer. Take it away to read the rest.</p>')


class Kind(StrEnum):
    """picture: PNG or JPEG. other: to take away unseen."""

    picture = "picture"
    pdf = "PDF"
    text = "text"
    other = "other"


_MAGIC = {
    b"\x89PNG\r\n\x1a\n": Kind.picture,
    b"\xff\xd8\xff": Kind.picture,
    b"%PDF-": Kind.pdf,
}


@dataclass(frozen=True)
class File:
    """A file that was handed in beside the notebook, by the name its author gave it."""

    name: str
    data: bytes

    @cached_property
    def kind(self) -> Kind:
        return kind_of(self.data)

    @property
    def ending(self) -> str:
        """The last part of its name with the dot, where it is one that says a type; else empty."""
        found = _ENDING.search(self.name)
        return found[0] if found else ""

    @property
    def view(self) -> Markup | None:
        """A text as HTML that can't act, cut where it is long; None for all else."""
        if self.kind is not Kind.text:
            return None
        text = _decoded(self.data[:MAX_TEXT_BYTES]) or ""
        is_whole = len(self.data) <= MAX_TEXT_BYTES
        return _laid_out(self.ending.lower(), clean_text(text)) + ("" if is_whole else _CUT)


def kind_of(data: bytes) -> Kind:
    """What these bytes are, whatever they are called."""
    for magic, kind in _MAGIC.items():
        if data.startswith(magic):
            return kind
    return Kind.other if _decoded(data[:MAX_TEXT_BYTES]) is None else Kind.text


def _decoded(data: bytes) -> str | None:
    """UTF-8, whose last character may be cut; None where it is none."""
    if b"\0" in data:
        return None
    try:
        return getincrementaldecoder("utf-8-sig")().decode(data)
    except UnicodeDecodeError:
        return None


def _laid_out(ending: str, text: str) -> Markup:
    if ending == ".md":
        return to_html(text)
    if ending in {".csv", ".tsv"} and (table := _table(text)) is not None:
        return table
    return Markup("<pre>{}</pre>").format(text)


def _table(text: str) -> Markup | None:
    """The first rows and columns; None where they are no table."""
    lines = text.splitlines(keepends=True)
    if not lines:
        return None
    delimiter = max(_DELIMITERS, key=lines[0].count)
    try:
        rows = list(islice(csv.reader(lines, delimiter=delimiter), MAX_ROWS + 2))
    except csv.Error:
        return None
    if not rows:
        return None
    is_cut = len(rows) > MAX_ROWS + 1 or any(len(row) > MAX_COLUMNS for row in rows)
    head, *body = rows[: MAX_ROWS + 1]
    made = Markup("<table><thead>{}</thead><tbody>{}</tbody></table>").format(
        _row(head, "th"), Markup("").join(_row(row, "td") for row in body)
    )
    return made + (_CUT if is_cut else "")


def _row(fields: list[str], tag: str) -> Markup:
    return Markup("<tr>{}</tr>").format(Markup("").join(_cells(fields[:MAX_COLUMNS], tag)))


def _cells(fields: list[str], tag: str) -> Iterator[Markup]:
    for field in fields:
        short = field if len(field) <= MAX_FIELD else field[:MAX_FIELD] + "…"
        yield Markup(f"<{tag}>") + escape(short) + Markup(f"</{tag}>")
