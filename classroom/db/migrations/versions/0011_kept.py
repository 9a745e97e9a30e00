"""An index of the events that say that a person was deleted: few or none, and asked for on every page."""

from alembic import op
from sqlalchemy import text

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_DELETED = text("kind = 'person_deleted'")


def upgrade() -> None:
    """Add it."""
    op.create_index("ix_event_deleted", "event", ["id"], unique=False, sqlite_where=_DELETED, postgresql_where=_DELETED)
