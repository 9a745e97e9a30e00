"""The submissions' table: filter, search and sort as a GET form, so that a view is an address. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from pydantic import BaseModel, ConfigDict, Field

from classroom.class_rows import Row


@dataclass(frozen=True)
class Filter:
    """name: in the address and in Pipeline.counts; title: on its chip."""

    name: str
    title: str
    keeps: Callable[[Row], bool]


FILTERS: Sequence[Filter] = (
    Filter("all", "All", lambda row: True),
    Filter("to grade", "To grade by hand", lambda row: row.to_grade and row.is_collected),
    Filter("broken", "Did not run to the end", lambda row: row.is_broken),
    Filter("late", "Late", lambda row: row.is_late),
    Filter("missing", "Nothing handed in", lambda row: row.is_missing),
    Filter("graded", "Graded", lambda row: row.word in {"graded", "feedback out"}),
)
_EARLIEST = 0.0
SORTS: Mapping[str, Callable[[Row], Any]] = {
    "student": lambda row: (not row.is_enrolled, row.student),
    "arrived": lambda row: row.counted.received_at.timestamp() if row.counted else _EARLIEST,
    "state": lambda row: row.word,
    "auto": lambda row: -1.0 if row.auto is None else row.auto,
    "manual": lambda row: -1.0 if row.manual is None else row.manual,
    "total": lambda row: -1.0 if row.total is None else row.total,
}


class TableQuery(BaseModel):
    """What stands in the address. Unknown words fall back to all, by student."""

    model_config = ConfigDict(frozen=True)

    show: str = Field("all", max_length=20)
    q: str = Field("", max_length=64)
    sort: str = Field("student", max_length=10)
    down: bool = False

    def address(self, **changed: Any) -> str:
        """The query part of the address with some of it changed, shortest form."""
        values = self.model_dump() | changed
        plain = type(self)().model_dump()
        given = {key: value for key, value in values.items() if value != plain[key]}
        return "?" + urlencode({key: int(value) if isinstance(value, bool) else value for key, value in given.items()})


def _found_by(row: Row) -> str:
    return f"{row.student} {row.person.name} {row.person.section}".casefold() if row.person else row.student.casefold()


def chosen_rows(rows: Sequence[Row], query: TableQuery) -> list[Row]:
    """The rows to show, in order; equal ones by student."""
    keeps = next((one.keeps for one in FILTERS if one.name == query.show), FILTERS[0].keeps)
    wanted = query.q.strip().casefold()
    found = [row for row in rows if keeps(row) and wanted in _found_by(row)]
    return sorted(found, key=SORTS.get(query.sort, SORTS["student"]), reverse=query.down)
