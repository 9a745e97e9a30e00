"""Corrections of autograded cells, append-only, and runs that record nothing."""

import sqlalchemy as sa
from alembic import op

from classroom.db.migrations.append_only import forbid_changes

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TABLE = "correction"


def upgrade() -> None:
    """Add the table with its triggers, and a column that is false for the runs there are."""
    op.create_table(
        TABLE,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("course", sa.String(length=64), nullable=False),
        sa.Column("assignment", sa.String(length=64), nullable=False),
        sa.Column("notebook", sa.String(length=64), nullable=False),
        sa.Column("cell", sa.String(length=64), nullable=False),
        sa.Column("student", sa.String(length=64), nullable=True),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("points", sa.Double(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_correction_of_assignment", TABLE, ["course", "assignment", "id"], unique=False)
    forbid_changes(TABLE)
    # Added in place: making the table anew, as SQLite needs it for more, would drop what jobs refer to.
    op.add_column("run", sa.Column("dry", sa.Boolean(), nullable=False, server_default=sa.false()))
