"""The one way around the append-only triggers: for taking a person out, inside one transaction."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import text
from sqlalchemy.orm import Session

# As the migrations name them.
_ENDINGS = ("_no_update", "_no_delete", "_append_only")


@contextmanager
def changes_allowed(session: Session) -> Iterator[None]:
    """Rows of append-only tables may change in the block; a transaction that fails leaves the triggers as they were."""
    if session.connection().dialect.name == "postgresql":
        query = "SELECT event_object_table FROM information_schema.triggers WHERE trigger_name LIKE '%\\_append\\_only'"
        tables = sorted(set(session.scalars(text(query))))
        for word in ("DISABLE", "ENABLE"):
            for table in tables:
                session.execute(text(f'ALTER TABLE "{table}" {word} TRIGGER "{table}_append_only"'))
            if word == "DISABLE":
                yield
                session.flush()
        return
    rows = session.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")).all()
    ours = [(name, sql) for name, sql in rows if name.endswith(_ENDINGS)]
    for name, _ in ours:
        session.execute(text(f'DROP TRIGGER "{name}"'))
    yield
    session.flush()
    for _, sql in ours:
        session.connection().exec_driver_sql(sql)
