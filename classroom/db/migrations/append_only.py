"""Triggers that keep a table append-only."""

from alembic import op

_SQLITE = """
CREATE TRIGGER {table}_no_{change} BEFORE {change} ON {table}
BEGIN SELECT RAISE(ABORT, '{table} is append-only: a correction is a new row'); END
"""
# The function is made by the first revision.
_POSTGRESQL = """
CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
FOR EACH STATEMENT EXECUTE FUNCTION classroom_append_only()
"""


def forbid_changes(*tables: str) -> None:
    """Let rows of these tables be added, and nothing else."""
    for table in tables:
        if op.get_context().dialect.name == "postgresql":
            op.execute(_POSTGRESQL.format(table=table))
        else:
            for change in ("update", "delete"):
                op.execute(_SQLITE.format(table=table, change=change))
