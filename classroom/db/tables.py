"""The tables of the service's own database. The gradebook is nbgrader's and lives elsewhere.

Runs, jobs, claims and drafts change state. Everything else is append-only: a correction is a new row.
"""

import datetime as dt
from typing import Any, ClassVar

from sqlalchemy import (
    JSON,
    ColumnElement,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    TypeDecorator,
    UniqueConstraint,
    false,
    select,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class UtcDateTime(TypeDecorator[dt.datetime]):
    """An aware datetime, stored in UTC; SQLite would drop the zone."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without zone can't be stored")
        return value.astimezone(dt.UTC).replace(tzinfo=None)

    def process_result_value(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        return None if value is None else value.replace(tzinfo=dt.UTC)


class Text(TypeDecorator[str]):
    """Text of people and programs. PostgreSQL takes no NUL in it: that is shown as a character that can't be read."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return value if value is None else value.replace("\0", "\ufffd")


class Base(DeclarativeBase):
    """Maps Python types to column types for all tables."""

    type_annotation_map: ClassVar = {
        dt.datetime: UtcDateTime,
        str: Text,
        dict[str, Any]: JSON,
        dict[str, str]: JSON,
        dict[str, int]: JSON,
    }


PERSON_DELETED = "person_deleted"  # kind of an event
_PERSON_DELETED = text(f"kind = '{PERSON_DELETED}'")


class Event(Base):
    """One row of the ledger: who did what to which, when."""

    __tablename__ = "event"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[dt.datetime]
    course: Mapped[str] = mapped_column(String(64))
    actor: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(32))
    assignment: Mapped[str | None] = mapped_column(String(64))
    student: Mapped[str | None] = mapped_column(String(64))
    data: Mapped[dict[str, Any]]

    __table_args__ = (
        Index("ix_event_of_student", "course", "student", "id"),
        Index("ix_event_kind", "course", "kind", "student"),
        Index("ix_event_act", "course", "assignment", "kind", "id"),
        # What was read of a class is good until somebody was deleted; asked for on every page.
        Index("ix_event_deleted", "id", sqlite_where=_PERSON_DELETED, postgresql_where=_PERSON_DELETED),
    )


class Release(Base):
    """One version of an assignment as students fetch it. `tree`: sha256 of its file list in the store."""

    __tablename__ = "release"

    id: Mapped[int] = mapped_column(primary_key=True)
    course: Mapped[str] = mapped_column(String(64))
    assignment: Mapped[str] = mapped_column(String(64))
    version: Mapped[int]
    tree: Mapped[str] = mapped_column(String(64))
    released_at: Mapped[dt.datetime]
    actor: Mapped[str] = mapped_column(String(64))

    __table_args__ = (UniqueConstraint("course", "assignment", "version"),)


class Attempt(Base):
    """One submission, complete and with a receipt. Every attempt is kept."""

    __tablename__ = "attempt"

    id: Mapped[int] = mapped_column(primary_key=True)
    course: Mapped[str] = mapped_column(String(64))
    assignment: Mapped[str] = mapped_column(String(64))
    student: Mapped[str] = mapped_column(String(64))
    number: Mapped[int]  # 1, 2, ... of this student in this assignment
    tree: Mapped[str] = mapped_column(String(64))
    size_bytes: Mapped[int]
    files: Mapped[int]
    received_at: Mapped[dt.datetime]
    arrival: Mapped[str] = mapped_column(String(16))  # policy.Arrival
    late_s: Mapped[float]  # after the due date and its grace; 0 when in time
    receipt: Mapped[dict[str, Any]]

    __table_args__ = (UniqueConstraint("course", "assignment", "student", "number"),)


class Run(Base):
    """One order to autograde: its jobs, and how far they are."""

    __tablename__ = "run"

    id: Mapped[int] = mapped_column(primary_key=True)
    course: Mapped[str] = mapped_column(String(64))
    assignment: Mapped[str] = mapped_column(String(64))
    actor: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[dt.datetime]
    finished_at: Mapped[dt.datetime | None]
    force: Mapped[bool] = mapped_column(default=False)  # grade what didn't change, too
    # Record nothing: what would it change?
    dry: Mapped[bool] = mapped_column(default=False, server_default=false())
    request: Mapped[str] = mapped_column(String(16), default="", server_default=text("''"))  # id of what ordered it


class Job(Base):
    """One submission to autograde in a run. state: queued, running, done."""

    __tablename__ = "job"

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("run.id"))
    course: Mapped[str] = mapped_column(String(64))
    assignment: Mapped[str] = mapped_column(String(64))
    student: Mapped[str] = mapped_column(String(64))
    attempt: Mapped[int | None]  # None: collected without the exchange
    state: Mapped[str] = mapped_column(String(16), default="queued")
    tries: Mapped[int] = mapped_column(default=0)
    runner: Mapped[str | None] = mapped_column(String(64))  # who holds it while running
    leased_until: Mapped[dt.datetime | None]
    started_at: Mapped[dt.datetime | None]
    finished_at: Mapped[dt.datetime | None]
    status: Mapped[str | None] = mapped_column(String(32))  # the submission's worst cell state, when done
    reason: Mapped[str | None]
    score: Mapped[float | None]
    max_score: Mapped[float | None]
    result: Mapped[bytes | None] = mapped_column(LargeBinary)  # grading.models.SubmissionResult as JSON
    digest: Mapped[str | None] = mapped_column(String(64))  # sha256 of submission, source and engine

    __table_args__ = (
        UniqueConstraint("run_id", "student"),
        Index("ix_job_state", "state", "id"),
        # A class is read out of these two without its results, which are most of the table.
        Index("ix_job_newest", "course", "assignment", "student", "id", "run_id"),
        Index(
            "ix_job_score", "course", "assignment", "state", "run_id", "student", "attempt", "score", "max_score", "id"
        ),
    )


class Grading(Base):
    """One marking by rubric. The newest row of a round of a piece is what counts for it; none is ever changed."""

    __tablename__ = "grading"

    id: Mapped[int] = mapped_column(primary_key=True)
    course: Mapped[str] = mapped_column(String(64))
    assignment: Mapped[str] = mapped_column(String(64))
    notebook: Mapped[str] = mapped_column(String(64))
    task: Mapped[str] = mapped_column(String(64))  # grade_id
    student: Mapped[str] = mapped_column(String(64))
    attempt: Mapped[int | None]
    grader: Mapped[str] = mapped_column(String(64))
    at: Mapped[dt.datetime]
    rubric: Mapped[str] = mapped_column(String(64))  # sha256 of the rubric's file
    levels: Mapped[dict[str, int]]  # criterion id -> level 0..4
    gates: Mapped[list[str]] = mapped_column(JSON, default=list)  # ids of the gates that apply
    comments: Mapped[dict[str, str]]  # criterion id -> text
    round: Mapped[int] = mapped_column(default=1, server_default="1")  # rubric.rounds: first, second, third opinion

    __table_args__ = (Index("ix_grading_piece", "course", "assignment", "task", "student", "id"),)


class Claim(Base):
    """One round of a piece, open on a grader's desk until it runs out."""

    __tablename__ = "claim"

    course: Mapped[str] = mapped_column(String(64), primary_key=True)
    assignment: Mapped[str] = mapped_column(String(64), primary_key=True)
    task: Mapped[str] = mapped_column(String(64), primary_key=True)
    student: Mapped[str] = mapped_column(String(64), primary_key=True)
    round: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    grader: Mapped[str] = mapped_column(String(64))
    since: Mapped[dt.datetime]
    until: Mapped[dt.datetime]


class Draft(Base):
    """What a grader chose for a piece and has not called done."""

    __tablename__ = "draft"

    course: Mapped[str] = mapped_column(String(64), primary_key=True)
    assignment: Mapped[str] = mapped_column(String(64), primary_key=True)
    task: Mapped[str] = mapped_column(String(64), primary_key=True)
    student: Mapped[str] = mapped_column(String(64), primary_key=True)
    grader: Mapped[str] = mapped_column(String(64), primary_key=True)
    attempt: Mapped[int | None]
    at: Mapped[dt.datetime]
    levels: Mapped[dict[str, int]]
    gates: Mapped[list[str]] = mapped_column(JSON, default=list)
    comments: Mapped[dict[str, str]]


class Calibration(Base):
    """A grader's marking of one anchor, before the queue opens."""

    __tablename__ = "calibration"

    id: Mapped[int] = mapped_column(primary_key=True)
    course: Mapped[str] = mapped_column(String(64))
    assignment: Mapped[str] = mapped_column(String(64))
    task: Mapped[str] = mapped_column(String(64))
    grader: Mapped[str] = mapped_column(String(64))
    anchor: Mapped[str] = mapped_column(String(64))
    at: Mapped[dt.datetime]
    rubric: Mapped[str] = mapped_column(String(64))
    levels: Mapped[dict[str, int]]

    __table_args__ = (Index("ix_calibration_grader", "course", "assignment", "task", "grader", "id"),)


class Correction(Base):
    """A person's word on an autograded cell, for one student or for all. The newest of a cell and student stands."""

    __tablename__ = "correction"

    id: Mapped[int] = mapped_column(primary_key=True)
    course: Mapped[str] = mapped_column(String(64))
    assignment: Mapped[str] = mapped_column(String(64))
    notebook: Mapped[str] = mapped_column(String(64))
    cell: Mapped[str] = mapped_column(String(64))  # grade_id
    student: Mapped[str | None] = mapped_column(String(64))  # None: all
    kind: Mapped[str] = mapped_column(String(16))  # corrections.Kind
    points: Mapped[float | None]  # of an override
    reason: Mapped[str]
    actor: Mapped[str] = mapped_column(String(64))
    at: Mapped[dt.datetime]

    __table_args__ = (Index("ix_correction_of_assignment", "course", "assignment", "id"),)


class Feedback(Base):
    """One feedback document. The newest released one is what the student reads."""

    __tablename__ = "feedback"

    id: Mapped[int] = mapped_column(primary_key=True)
    course: Mapped[str] = mapped_column(String(64))
    assignment: Mapped[str] = mapped_column(String(64))
    student: Mapped[str] = mapped_column(String(64))
    attempt: Mapped[int | None]
    tree: Mapped[str] = mapped_column(String(64))
    score: Mapped[float]
    max_score: Mapped[float]
    released_at: Mapped[dt.datetime]
    actor: Mapped[str] = mapped_column(String(64))

    __table_args__ = (Index("ix_feedback_of_student", "course", "assignment", "student", "id"),)


class Passback(Base):
    """A released feedback's score on its way to a learning management system. next_at None: sent, or refused."""

    __tablename__ = "passback"

    id: Mapped[int] = mapped_column(primary_key=True)
    course: Mapped[str] = mapped_column(String(64))
    feedback: Mapped[int] = mapped_column(ForeignKey("feedback.id"), unique=True)
    tries: Mapped[int]
    next_at: Mapped[dt.datetime | None]
    sent_at: Mapped[dt.datetime | None]
    reason: Mapped[str | None]  # why the last try failed

    __table_args__ = (Index("ix_passback_due", "course", "next_at"),)


class Extension(Base):
    """More time for one student in one assignment. The newest row holds; until None: withdrawn."""

    __tablename__ = "extension"

    id: Mapped[int] = mapped_column(primary_key=True)
    course: Mapped[str] = mapped_column(String(64))
    assignment: Mapped[str] = mapped_column(String(64))
    student: Mapped[str] = mapped_column(String(64))
    until: Mapped[dt.datetime | None]
    reason: Mapped[str]
    actor: Mapped[str] = mapped_column(String(64))
    at: Mapped[dt.datetime]

    __table_args__ = (Index("ix_extension_of_student", "course", "student", "assignment", "id"),)


class Accommodation(Base):
    """Extra days that a student has in every assignment. The newest row holds; 0 days: withdrawn."""

    __tablename__ = "accommodation"

    id: Mapped[int] = mapped_column(primary_key=True)
    course: Mapped[str] = mapped_column(String(64))
    student: Mapped[str] = mapped_column(String(64))
    extra_days: Mapped[int]
    reason: Mapped[str]
    actor: Mapped[str] = mapped_column(String(64))
    at: Mapped[dt.datetime]

    __table_args__ = (Index("ix_accommodation_of_student", "course", "student", "id"),)


class RosterRow(Base):
    """One person as an import had them. The newest row of a person holds."""

    __tablename__ = "roster"

    id: Mapped[int] = mapped_column(primary_key=True)
    course: Mapped[str] = mapped_column(String(64))
    person: Mapped[str] = mapped_column(String(64))
    name: Mapped[str]
    section: Mapped[str] = mapped_column(String(32))  # empty: none
    role: Mapped[str] = mapped_column(String(16))
    has_left: Mapped[bool]
    actor: Mapped[str] = mapped_column(String(64))
    at: Mapped[dt.datetime]

    __table_args__ = (Index("ix_roster_person", "course", "person", "id"),)


class Hold(Base):
    """A student's work in an assignment is looked into, or no more. The newest row holds."""

    __tablename__ = "hold"

    id: Mapped[int] = mapped_column(primary_key=True)
    course: Mapped[str] = mapped_column(String(64))
    assignment: Mapped[str] = mapped_column(String(64))
    student: Mapped[str] = mapped_column(String(64))
    holds: Mapped[bool]
    reason: Mapped[str]
    actor: Mapped[str] = mapped_column(String(64))
    at: Mapped[dt.datetime]

    __table_args__ = (Index("ix_hold_of_student", "course", "student", "assignment", "id"),)


class SecondLook(Base):
    """A student's question about a mark, or the row that answers it."""

    __tablename__ = "second_look"

    id: Mapped[int] = mapped_column(primary_key=True)
    course: Mapped[str] = mapped_column(String(64))
    assignment: Mapped[str] = mapped_column(String(64))
    student: Mapped[str] = mapped_column(String(64))
    task: Mapped[str] = mapped_column(String(64))
    actor: Mapped[str] = mapped_column(String(64))
    at: Mapped[dt.datetime]
    text: Mapped[str]
    answers: Mapped[int | None] = mapped_column(ForeignKey("second_look.id"))  # None: a question

    __table_args__ = (UniqueConstraint("answers"), Index("ix_second_look_student", "course", "student", "id"))


def of_recorded_runs() -> ColumnElement[bool]:
    """For queries of jobs: leaves out those of dry runs."""
    return Job.run_id.not_in(select(Run.id).where(Run.dry))
