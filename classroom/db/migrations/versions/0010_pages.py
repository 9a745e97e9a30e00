"""Indexes that hold all that a board, a queue and a submission's page ask of the ledger and of jobs.

A job's row has its whole result beside it, and an event its data: reading a class of them for two words each is what
these pages spent their time on.
"""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Widen the index of kinds, and add one of acts and two of jobs."""
    op.drop_index("ix_event_kind", table_name="event")
    op.create_index("ix_event_kind", "event", ["course", "kind", "student"], unique=False)
    op.create_index("ix_event_act", "event", ["course", "assignment", "kind", "id"], unique=False)
    op.create_index("ix_job_newest", "job", ["course", "assignment", "student", "id", "run_id"], unique=False)
    op.create_index(
        "ix_job_score",
        "job",
        ["course", "assignment", "state", "run_id", "student", "attempt", "score", "max_score", "id"],
        unique=False,
    )
