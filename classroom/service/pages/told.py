"""The ledger as it is told on a page: what one act wrote for many students is a line; what is decided about one stays
apart. Pure."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from classroom.corrections import EVENT as CORRECTION
from classroom.db.tables import Event
from classroom.ledger import Kind

_ONE_ACT = dt.timedelta(minutes=2)
_APART = {CORRECTION, Kind.hold}


@dataclass(frozen=True)
class Told:
    """One line. students: how many events it stands for; `student` and `data` are those of the only one."""

    at: dt.datetime
    actor: str
    kind: str
    student: str | None
    data: Mapping[str, Any]
    students: int = 1


def tell(events: Sequence[Event], *, lines: int = 20) -> list[Told]:
    """The newest lines; events must be newest first."""
    told: list[Told] = []
    oldest: dt.datetime | None = None
    for event in events:
        last = told[-1] if told else None
        if last and oldest and _is_one_act(last, event, oldest):
            told[-1] = Told(last.at, last.actor, last.kind, None, {}, last.students + 1)
        elif len(told) == lines:
            break
        else:
            told.append(Told(event.at, event.actor, event.kind, event.student, event.data))
        oldest = event.at
    return told


def _is_one_act(last: Told, event: Event, oldest: dt.datetime) -> bool:
    is_same = (last.kind, last.actor) == (event.kind, event.actor) and event.kind not in _APART
    return is_same and event.student not in {None, event.actor} and oldest - event.at < _ONE_ACT
