"""All that a class knows of one student: written out for them, or taken away.

Taken away: submissions with their files, results, feedback, drafts, extensions, holds and their reasons, questions and
answers, the row of the roster, the gradebook's rows, home, logs of the server, account. What stays, under a pseudonym
that nobody can lead back: the ledger's rows without their data, so that it still tells what happened and in which
order, and the levels that graders chose, without their comments, since the agreement of graders is computed from them.
"""

import datetime as dt
import json
import secrets
import shutil
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from sqlalchemy import CursorResult, delete, or_, select, update
from sqlalchemy.orm import Session

from classroom.config import OPERATOR_NAME, Settings
from classroom.db.lifting import changes_allowed
from classroom.db.tables import (
    PERSON_DELETED,
    Accommodation,
    Attempt,
    Base,
    Calibration,
    Claim,
    Correction,
    Draft,
    Event,
    Extension,
    Feedback,
    Grading,
    Hold,
    Job,
    Passback,
    RosterRow,
    SecondLook,
)
from classroom.errors import Conflict, NotFound, Refused
from classroom.exchange.collecting import one_collector
from classroom.exchange.rows import all_trees
from classroom.exchange.store import Store
from classroom.ids import Digest, StudentId
from classroom.ledger import record
from classroom.ops.accounts import load_accounts, load_groups, write_accounts, write_groups
from classroom.ops.files import private_folder
from classroom.ops.manifest import copy_tree
from classroom.ops.people import GROUPS
from classroom.ops.steps import Class
from classroom.writer import only_writer

_OF_STUDENT: tuple[type[Base], ...] = (
    Attempt, Job, Feedback, Claim, Draft, Correction, Extension, Accommodation, Hold, SecondLook, Grading, Event,
)  # fmt: skip
_KEPT = (Grading, Event)


@dataclass(frozen=True)
class Known:
    """What there is of a student. rows: by table; files: folders and files of their own."""

    rows: Mapping[str, int]
    files: tuple[Path, ...]


def find(here: Class, student: StudentId) -> Known:
    """What the class knows of the student; raises NotFound when that is nothing."""
    with here.database.reading() as session:
        rows = {table: len(found) for table, found in _rows(session, student).items() if found}
    files = tuple(path for path in _places(here.settings, student) if path.exists())
    if not rows and not files:
        raise NotFound(f"the class knows nothing of {student}")
    return Known(rows, files)


def export(here: Class, student: StudentId, target: Path) -> Known:
    """A new folder with everything of the student: rows and scores as JSON, submissions, feedback and home as files."""
    if target.exists():
        raise Refused(f"{target} is there already; give the folder a new name")
    known = find(here, student)
    private_folder(target)
    with here.database.reading() as session:
        rows = _rows(session, student)
        for row in rows[Attempt.__tablename__]:
            _write_tree(here.transfers.store, row["tree"], target / "attempts" / row["assignment"] / str(row["number"]))
        for row in rows[Feedback.__tablename__]:
            _write_tree(here.transfers.store, row["tree"], target / "feedback" / row["assignment"] / str(row["id"]))
    scores = {
        assignment: [str(one) for one in book if one.student == student]
        for assignment, book in here.gradebook.scores_of([one.id for one in here.course.assignments]).items()
    }
    told = {"student": student, "course": here.course.id, "tables": rows, "scores": scores}
    (target / "data.json").write_text(
        json.dumps(told, indent=1, default=_as_json, ensure_ascii=False), encoding="utf-8"
    )
    home = here.settings.state / "homes" / student
    if home.is_dir() and not home.is_symlink():
        copy_tree(home, target / "home")
    return known


def remove(here: Class, student: StudentId, now: dt.datetime) -> str:
    """Takes the student away; the pseudonym under which the rest stays. May be run again after it was killed.

    The rows go first, in one transaction; files that a killed run left in the store go at the service's next start.
    Nobody collects, grades or marks meanwhile. Raises Conflict for someone who has graded, which is no student to
    delete, and while a grading of the student is under way, whose result would bring the student back.
    """
    pseudonym = f"gone-{secrets.token_hex(6)}"
    with one_collector(here.settings.course_dir("submitted")), only_writer(here.settings.state):
        with here.database.session() as session:
            _insist_on_rest(session, student, now)
            trees = _trees(session, student)
            counts = _remove_rows(session, student, pseudonym)
            course = here.course.id
            record(session, PERSON_DELETED, course=course, actor=OPERATOR_NAME, at=now, student=pseudonym, rows=counts)
        # Only now is it sure that no row names them. The write lock keeps out who is about to.
        with here.database.session() as session:
            _forget_files(session, here.transfers.store, trees)
        here.gradebook.remove_student(student)
        for path in _places(here.settings, student):
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink(missing_ok=True)
    _remove_account(here.settings, student)
    return pseudonym


def left_before(session: Session, course: str, day: dt.date) -> list[StudentId]:
    """Students whom the roster has had as left since before that day."""
    newest: dict[str, RosterRow] = {}
    for row in session.scalars(select(RosterRow).where(RosterRow.course == course).order_by(RosterRow.id)):
        newest[row.person] = row
    return sorted(
        StudentId(name)
        for name, row in newest.items()
        if row.has_left and row.role == "student" and row.at.date() < day
    )


def _rows(session: Session, student: str) -> dict[str, list[dict[str, Any]]]:
    """Every row about the student or by the student, by table."""
    found: dict[str, list[dict[str, Any]]] = {}
    tables: tuple[type[Base], ...] = (*_OF_STUDENT, RosterRow, Calibration)
    for table in tables:
        columns = table.__table__.c
        theirs = [columns[key] == student for key in ("student", "actor", "person", "grader") if key in columns]
        rows = session.execute(select(table.__table__).where(or_(*theirs))).mappings()
        found[table.__tablename__] = [dict(row) for row in rows]
    return found


def _as_json(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _remove_rows(session: Session, student: str, pseudonym: str) -> dict[str, int]:
    counts: dict[str, int] = {}
    session.flush()
    with changes_allowed(session, *_OF_STUDENT, Passback, RosterRow):
        theirs = select(Feedback.id).where(Feedback.student == student)
        session.execute(delete(Passback).where(Passback.feedback.in_(theirs)))
        asked = select(SecondLook.id).where(SecondLook.student == student)
        # Answers first: they refer to questions.
        session.execute(delete(SecondLook).where(SecondLook.answers.in_(asked)))
        for table in (one for one in _OF_STUDENT if one not in _KEPT):
            gone = session.execute(delete(table).where(table.__table__.c.student == student))
            counts[table.__tablename__] = cast("CursorResult[Any]", gone).rowcount
        session.execute(delete(RosterRow).where(RosterRow.person == student))
        session.execute(
            update(Grading).where(Grading.student == student).values(student=pseudonym, comments={}, gates=[])
        )
        session.execute(update(Event).where(Event.student == student).values(student=pseudonym, data={}))
        session.execute(update(Event).where(Event.actor == student).values(actor=pseudonym))
    return counts


def _insist_on_rest(session: Session, student: StudentId, now: dt.datetime) -> None:
    """Raises Conflict when somebody else's work would be broken, or is about to write about the student."""
    if session.scalar(select(Grading.id).where(Grading.grader == student).limit(1)) is not None:
        raise Conflict(f"{student} has graded others' work, which needs its grader's name; nothing was deleted")
    under_way = select(Job.id).where(Job.student == student, Job.state == "running", Job.leased_until >= now)
    if session.scalar(under_way.limit(1)) is not None:
        raise Conflict(f"a submission of {student} is being graded; nothing was deleted, try again in a minute")


def _trees(session: Session, student: str) -> set[Digest]:
    return {
        Digest(tree)
        for table in (Attempt, Feedback)
        for tree in session.scalars(select(table.tree).where(table.student == student))
    }


def _forget_files(session: Session, store: Store, trees: Collection[Digest]) -> None:
    """Removes what only these trees had. Called with the write lock."""
    kept = all_trees(session)
    used = kept.union(*(store.tree(tree).values() for tree in kept))
    gone = {blob for tree in trees for blob in (tree, *store.tree(tree).values())}
    store.remove(gone - used)


def _places(settings: Settings, student: StudentId) -> Iterator[Path]:
    for step in ("submitted", "autograded", "feedback"):
        yield settings.course_dir(step) / student
    yield settings.state / "homes" / student
    yield settings.state / "logs" / "servers" / f"{student}.log"


def _remove_account(settings: Settings, student: StudentId) -> None:
    accounts, groups = settings.people / "accounts.json", settings.people / GROUPS
    if accounts.is_file() and student in (known := load_accounts(accounts)):
        write_accounts(accounts, [one for name, one in known.items() if name != student])
    if student in (listed := load_groups(groups)):
        write_groups(groups, {StudentId(name): of for name, of in listed.items() if name != student})


def _write_tree(store: Store, tree: str, folder: Path) -> None:
    store.write_tree(Digest(tree), folder)
