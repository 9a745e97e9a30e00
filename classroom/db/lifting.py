"""The one way around the append-only triggers: for taking a person out, inside one transaction."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import bindparam, text
from sqlalchemy.orm import Session

from classroom.db.tables import Base

# The triggers as the migrations name them; SQLite has no others.
_SQLITE = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name IN :tables ORDER BY name"
_POSTGRESQL = """
SELECT relname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
WHERE relnamespace = current_schema()::regnamespace AND relname IN :tables AND tgname = relname || '_append_only'
ORDER BY relname
"""


@contextmanager
def changes_allowed(session: Session, *tables: type[Base]) -> Iterator[None]:
    """Rows of these append-only tables may change in the block, and of no others; nobody else's session may.

    The triggers are off in this transaction alone. A block that raises ends it: nothing can be committed with them off.
    """
    names = [table.__tablename__ for table in tables]
    is_postgresql = session.connection().dialect.name == "postgresql"
    query = text(_POSTGRESQL if is_postgresql else _SQLITE).bindparams(bindparam("tables", expanding=True))
    triggers = session.execute(query, {"tables": names}).all()
    if is_postgresql:
        off = [f'ALTER TABLE "{table}" DISABLE TRIGGER "{table}_append_only"' for (table,) in triggers]
        on = [statement.replace(" DISABLE ", " ENABLE ") for statement in off]
    else:
        off, on = [f'DROP TRIGGER "{name}"' for name, _ in triggers], [sql for _, sql in triggers]
    try:
        for statement in off:
            session.connection().exec_driver_sql(statement)
        yield
        session.flush()
        for statement in on:
            session.connection().exec_driver_sql(statement)
    except BaseException:
        session.rollback()
        raise
