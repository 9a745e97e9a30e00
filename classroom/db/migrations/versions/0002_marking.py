"""Rounds of a grading, and what graders have open, half done, and calibrated."""

import sqlalchemy as sa
from alembic import op

from classroom.db.migrations.append_only import forbid_changes

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the round, and three tables; calibrations are only ever added."""
    op.add_column("grading", sa.Column("round", sa.Integer(), server_default="1", nullable=False))
    op.create_table(
        "claim",
        *_piece(),
        sa.Column("round", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("grader", sa.String(length=64), nullable=False),
        sa.Column("since", sa.DateTime(), nullable=False),
        sa.Column("until", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("course", "assignment", "task", "student", "round"),
    )
    op.create_table(
        "draft",
        *_piece(),
        sa.Column("grader", sa.String(length=64), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=True),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("levels", sa.JSON(), nullable=False),
        sa.Column("gates", sa.JSON(), nullable=False),
        sa.Column("comments", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("course", "assignment", "task", "student", "grader"),
    )
    op.create_table(
        "calibration",
        sa.Column("id", sa.Integer(), nullable=False),
        *_piece()[:3],
        sa.Column("grader", sa.String(length=64), nullable=False),
        sa.Column("anchor", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("rubric", sa.String(length=64), nullable=False),
        sa.Column("levels", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "ix_calibration_grader", "calibration", ["course", "assignment", "task", "grader", "id"], unique=False
    )
    forbid_changes("calibration")


def _piece() -> list[sa.Column[str]]:
    return [
        sa.Column(name, sa.String(length=64), nullable=False) for name in ("course", "assignment", "task", "student")
    ]
