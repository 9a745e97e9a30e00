"""The request that a run of grading came from, for the logs."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; the runs there are came from none that is known."""
    op.add_column("run", sa.Column("request", sa.String(length=16), nullable=False, server_default=sa.text("''")))
