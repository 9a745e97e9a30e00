"""Corrections of autograded cells: points set by hand for one student, or a cell with a wrong test excused for all.

A correction is a row that is added and never changed; the newest of a cell, and of a student or of all, stands until
it's withdrawn. It stands in the gradebook as a manual score, so nbgrader's own export has it, and it survives regrades:
the recorder asks for it with each result. One student's word goes before the word for all.

Written tasks have no corrections: they're marked again.
"""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from classroom.assignments import Course
from classroom.config import Settings
from classroom.db.engine import Database
from classroom.db.tables import Correction
from classroom.errors import NotFound, Refused
from classroom.ids import AssignmentId, CourseId, GradeId, NotebookId, StudentId
from classroom.ledger import record
from classroom.writer import only_writer

if TYPE_CHECKING:  # importing it costs 2 s
    from classroom.gradebook import Gradebook
    from classroom.scores import AutoCell

EVENT = "correction"  # in the ledger
MAX_REASON = 500
Cell = tuple[NotebookId, GradeId]


class Kind(StrEnum):
    """What a row says. An excused cell pays its full points. `withdrawn` ends what stood for the cell and student."""

    override = "override"
    excuse = "excuse"
    withdrawn = "withdrawn"


@dataclass(frozen=True)
class Standing:
    """What holds for a cell. points: of an override. student None: it holds for all."""

    kind: Kind
    student: str | None
    points: float | None
    reason: str
    actor: str
    at: dt.datetime

    @property
    def sentence(self) -> str:
        """What the student reads."""
        if self.kind is Kind.excuse:
            return f"This task pays its full points to everybody: {self.reason}"
        return f"The points of this task were set by hand: {self.reason}"

    def score(self, max_score: float) -> float:
        """The cell's score; a cell that is worth less by now pays no more than that."""
        return max_score if self.points is None else min(self.points, max_score)


def load_corrections(
    session: Session,
    course: CourseId,
    assignment: AssignmentId,
    student: StudentId | None = None,
    *,
    until: dt.datetime | None = None,
) -> Sequence[Correction]:
    """The rows of an assignment, oldest first; with student those that may concern that one; made until then."""
    query = select(Correction).where(Correction.course == course, Correction.assignment == assignment)
    if student is not None:
        query = query.where(or_(Correction.student == student, Correction.student.is_(None)))
    if until is not None:
        query = query.where(Correction.at <= until)
    return session.scalars(query.order_by(Correction.id)).all()


def in_force(rows: Sequence[Correction], student: StudentId | None) -> Mapping[Cell, Standing | None]:
    """What holds for a student, or for all; rows oldest first. None: what there was is withdrawn. Pure."""
    newest = {(row.notebook, row.cell, row.student): row for row in rows if row.student in {student, None}}
    held: dict[Cell, Standing | None] = {}
    # The word for all first, so that the student's own goes before it.
    for row in sorted(newest.values(), key=lambda row: row.student is not None):
        cell = NotebookId(row.notebook), GradeId(row.cell)
        held[cell] = _standing(row) or held.get(cell)
    return held


def find_cell(gradebook: "Gradebook", assignment: AssignmentId, name: str) -> "AutoCell":
    """The autograded cell of that grade_id, or NOTEBOOK/GRADE_ID; raises NotFound, Refused for one in two notebooks."""
    cells = gradebook.auto_cells(assignment)
    found = [cell for cell in cells if name in {cell.grade_id, f"{cell.notebook}/{cell.grade_id}"}]
    if not found:
        known = ", ".join(cell.grade_id for cell in cells) or "none"
        raise NotFound(
            f"{assignment} has no autograded cell {name[:80]!r}; it has {known}. A written task is marked again"
        )
    if len(found) > 1:
        where = " and ".join(cell.notebook for cell in found)
        raise Refused(f"{name!r} stands in {where}; say NOTEBOOK/{name}")
    return found[0]


@dataclass(frozen=True)
class Corrector:
    """Makes corrections, in the name of `actor`: the row and its ledger event, then the gradebook."""

    settings: Settings
    course: Course
    database: Database
    gradebook: "Gradebook"
    actor: str
    clock: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC)

    def override(self, cell: "AutoCell", student: StudentId, points: float, reason: str) -> None:
        """Sets one student's points; raises Refused for points that the cell can't pay, NotFound for the student."""
        if not 0 <= points <= cell.max_score:
            raise Refused(f"{points:g} points don't fit {cell.grade_id}: give 0 to {cell.max_score:g}")
        if self.gradebook.submission(cell.assignment, student) is None:
            raise NotFound(f"{student} has no autograded submission of {cell.assignment}; autograde it first")
        self._make(cell, student, Kind.override, reason, points)

    def excuse(self, cell: "AutoCell", reason: str) -> None:
        """Gives everybody who handed in, or will, the full points of a cell."""
        self._make(cell, None, Kind.excuse, reason)

    def withdraw(self, cell: "AutoCell", student: StudentId | None, reason: str) -> None:
        """Ends a student's override, or the excuse for all; raises NotFound when none stands."""
        with self.database.reading() as session:
            rows = load_corrections(session, self.course.id, cell.assignment)
        held = in_force([row for row in rows if row.student == student], student).get((cell.notebook, cell.grade_id))
        if held is None:
            whose = f"of {student}" if student else "for all"
            raise NotFound(f"no correction {whose} stands for {cell.grade_id} of {cell.assignment}")
        self._make(cell, student, Kind.withdrawn, reason)

    def _make(
        self, cell: "AutoCell", student: StudentId | None, kind: Kind, reason: str, points: float | None = None
    ) -> None:
        with only_writer(self.settings.state):
            with self.database.session() as session:
                self._append(session, cell, student, kind, _parse_reason(reason), points)
                rows = load_corrections(session, self.course.id, cell.assignment)
            concerned = [student] if student else [row.student for row in self.gradebook.scores(cell.assignment)]
            held = {one: in_force(rows, one).get((cell.notebook, cell.grade_id)) for one in concerned}
            # The gradebook is another database: what a kill keeps from it here, the next result or correction writes.
            scores = {one: word.score(cell.max_score) if word else None for one, word in held.items()}
            self.gradebook.correct(cell, scores)

    def _append(
        self,
        session: Session,
        cell: "AutoCell",
        student: StudentId | None,
        kind: Kind,
        reason: str,
        points: float | None,
    ) -> None:
        at = self.clock()
        row = Correction(
            course=self.course.id,
            assignment=cell.assignment,
            notebook=cell.notebook,
            cell=cell.grade_id,
            student=student,
            kind=kind,
            points=points,
            reason=reason,
            actor=self.actor,
            at=at,
        )
        session.add(row)
        record(
            session,
            EVENT,
            course=self.course.id,
            actor=self.actor,
            at=at,
            assignment=cell.assignment,
            student=student,
            correction=str(kind),
            cell=cell.grade_id,
            points=points,
            reason=reason,
        )


def _parse_reason(text: str) -> str:
    reason = text.strip()
    if not reason or len(reason) > MAX_REASON:
        raise Refused(f"say why, in 1 to {MAX_REASON} characters: the students whom it concerns read it")
    return reason


def _standing(row: Correction) -> Standing | None:
    kind = Kind(row.kind)
    if kind is Kind.withdrawn:
        return None
    return Standing(kind, row.student, row.points, row.reason, row.actor, row.at)
