"""What was read of a table whose rows are only added, kept between answers: the next one reads what came since.

Rows never change, so what was read of them can't be old. They go, or get another name, only when a person is deleted,
and the ledger tells that in the same transaction: then all is read anew.
"""

from collections.abc import Callable
from typing import Generic, TypeVar
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, func, literal_column, select
from sqlalchemy.orm import Session
from sqlalchemy.pool import Pool

from classroom.db.engine import is_read_only
from classroom.db.tables import PERSON_DELETED, Attempt, Event, Grading

Value = TypeVar("Value")


class Kept(Generic[Value]):
    """What `add` made of the rows of a table, by database. Safe to share between threads, as no value is changed."""

    def __init__(
        self, table: type[Attempt] | type[Grading], empty: Value, add: Callable[[Value, Session, int], Value]
    ) -> None:
        """add: a new value from one, and from the rows above an id, by id."""
        self._table, self._empty, self._add = table, empty, add
        self._held: WeakKeyDictionary[Pool, tuple[int, int, Value]] = WeakKeyDictionary()

    def read(self, session: Session) -> Value:
        """What follows from all rows that this session sees. A query for the newest, and one for those that are new."""
        newest, deleted = _state(session, self._table)
        pool = _pool(session)
        up_to, last_deleted, value = self._held.get(pool, (0, 0, self._empty))
        if last_deleted != deleted or up_to > newest:  # the latter in a session that began before another one's
            up_to, value = 0, self._empty
        if up_to == newest:
            return value
        value = self._add(value, session, up_to)
        if is_read_only(session):  # a writer's rows may never be committed, and their ids given to others
            self._held[pool] = newest, deleted, value
        return value


def _state(session: Session, table: type[Attempt] | type[Grading]) -> tuple[int, int]:
    """The newest row's id, and that of the event of the last person who was deleted."""
    newest = select(func.max(table.id)).scalar_subquery()
    # Written out, not bound: only so SQLite knows that the index of these events alone will do.
    deleted = select(func.max(Event.id)).where(Event.kind == literal_column(f"'{PERSON_DELETED}'")).scalar_subquery()
    row = session.connection().execute(select(newest, deleted)).one()
    return row[0] or 0, row[1] or 0


def _pool(session: Session) -> Pool:
    bind = session.get_bind()
    return (bind if isinstance(bind, Engine) else bind.engine).pool
