"""The rules of the exchange, on the server's side: release, fetch, submit, collect, give feedback.

No HTTP and no nbgrader here. Every transfer is a row in the ledger, written in the transaction that makes it so.
Who may call what is the caller's to check; only `attempt` looks at who reads.
"""

import datetime as dt
import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from sqlalchemy.orm import Session

from classroom.archive import Readable, folder_entries
from classroom.assignments import Assignment, Course
from classroom.db.engine import Database
from classroom.db.tables import Attempt, Feedback, Release
from classroom.errors import Conflict, CourseError, GraderError, NotFound, Refused, RequestError
from classroom.exchange import rows
from classroom.exchange.collecting import bring_to, one_collector
from classroom.exchange.counting import choose
from classroom.exchange.receipts import Receipt, ReceiptKey
from classroom.exchange.rows import Place
from classroom.exchange.store import Staging, Store
from classroom.exchange.upload import Upload, notebooks, receive
from classroom.extensions import find_due, load_more_time
from classroom.holds import load_holds
from classroom.ids import Digest, StudentId, parse_digest, parse_member_path, parse_student_id
from classroom.ledger import Kind, record
from classroom.policy import Decision, judge_arrival

_log = logging.getLogger(__name__)
# Longer than any upload: a blob this young may belong to a transaction that isn't committed yet.
_SPARED_S = 3600.0


def server_time() -> dt.datetime:
    """Now, by this machine's clock."""
    return dt.datetime.now(dt.UTC)


@dataclass(frozen=True)
class Released:
    """The newest version of an assignment that students may fetch."""

    assignment: Assignment
    version: int
    tree: Digest
    released_at: dt.datetime
    files: Mapping[PurePosixPath, Digest]

    @property
    def notebooks(self) -> list[str]:
        """The names of its notebooks, without .ipynb."""
        return [path.stem for path in notebooks(self.files)]


@dataclass(frozen=True)
class Transfers:
    """The exchange of one course. `clock` decides what is late; who plays another time passes another clock.

    Rows that come back are detached from the database: read them, don't change them.
    """

    course: Course
    database: Database
    store: Store
    key: ReceiptKey
    clock: Callable[[], dt.datetime] = server_time

    def release(self, assignment_id: str, folder: Path, *, actor: str) -> Released:
        """Release what the folder holds. A new version only if a file changed; earlier ones are kept."""
        assignment = self.course.assignment(assignment_id)
        with self.store.stage() as staging:
            files = {}
            for entry in folder_entries(folder, keep=_is_not_hidden):
                with entry.open() as file:
                    files[entry.path] = staging.put_stream(file)
            if not notebooks(files):
                raise CourseError(f"release/{assignment.id} holds no notebook; run: classroom generate {assignment.id}")
            tree = staging.put_tree(files)
            with self.database.session() as session:
                newest = rows.newest_release(session, self._place(assignment))
                if newest is None or newest.tree != tree:
                    staging.keep()
                    newest = self._add_release(session, assignment, newest, tree, actor)
        return self._released(assignment, newest)

    def released(self, *, early: bool = False) -> list[Released]:
        """What students may fetch now, in the course's order; with `early` also what opens later, for the staff."""
        with self.database.reading() as session:
            found = [(one, rows.newest_release(session, self._place(one))) for one in self.course.assignments]
        return [self._released(one, row) for one, row in found if row and (early or self._is_open(one))]

    def find_release(self, assignment_id: str, *, early: bool = False) -> Released:
        """The assignment's newest version; raises NotFound before its release, unless `early`."""
        assignment = self.course.assignment(assignment_id)
        with self.database.reading() as session:
            row = rows.newest_release(session, self._place(assignment))
        if row is None or not (early or self._is_open(assignment)):
            raise NotFound(f"{assignment.id} is not released yet")
        return self._released(assignment, row)

    def fetch(self, assignment_id: str, *, actor: str, early: bool = False) -> Released:
        """find_release, as a transfer: the caller packs `store.entries(released.tree)` and sends it."""
        released = self.find_release(assignment_id, early=early)
        self._note(Kind.fetch, released.assignment, actor, actor, version=released.version, tree=released.tree)
        return released

    def decision(self, assignment_id: str, student: str) -> Decision:
        """What would become of a submission of this student now; policy.if_submitted_now says it in a sentence."""
        assignment = self.course.assignment(assignment_id)
        with self.database.reading() as session:
            return self._judge(session, assignment, student, self.clock())

    def own_due(self, assignment_id: str, student: str) -> dt.datetime | None:
        """The student's own due date; None where everybody's holds."""
        with self.database.reading() as session:
            return find_due(session, self.course.id, self.course.assignment(assignment_id), student)

    def submit(self, assignment_id: str, student: str, stream: Readable) -> Receipt:
        """Take in a submission: a tar stream, read to its end mark. The receipt comes back only after the commit.

        The clock is read when the upload is complete; the grace is there for slow lines. Raises NotFound, Refused and
        TooLarge; these, and an upload that breaks off, leave an event and nothing else.
        """
        assignment = self.course.assignment(assignment_id)
        student_id = parse_student_id(student)
        try:
            released = self.find_release(assignment.id, early=True)
            _insist(self.decision(assignment.id, student_id))
            with self.store.stage() as staging:
                upload = receive(staging, stream, released.files, assignment.limits)
                return self._accept(staging, upload, assignment, student_id)
        except Exception as error:
            self._note(Kind.refused, assignment, student_id, student_id, reason=_reason(error))
            raise

    def attempts(self, assignment_id: str, student: str | None) -> Sequence[Attempt]:
        """The student's submissions of an assignment, oldest first; everybody's, by student, for None."""
        with self.database.reading() as session:
            return rows.attempts_of(session, self._place(self.course.assignment(assignment_id)), student)

    def attempt(self, assignment_id: str, student: str, number: int, *, reader: str | None) -> Attempt:
        """One submission, for its own student, or with `reader=None` for the staff.

        Raises NotFound, in the same words when there is none and when it's another's.
        """
        for row in self.attempts(assignment_id, student):
            if row.number == number and reader in {None, row.student}:
                return row
        raise NotFound(f"there is no attempt {number} of {student[:80]!r} at {assignment_id}")

    def fetch_attempt(
        self,
        assignment_id: str,
        student: str,
        number: int,
        *,
        actor: str,
        is_staff: bool,
        kind: Kind = Kind.attempt_fetch,
    ) -> Attempt:
        """`attempt`, as a transfer: the caller packs `store.entries(attempt.tree)` and sends it.

        kind: Kind.collect when an instructor collects from another machine, so that `collected` knows.
        """
        row = self.attempt(assignment_id, student, number, reader=None if is_staff else actor)
        assignment = self.course.assignment(assignment_id)
        self._note(kind, assignment, actor, row.student, attempt=number, tree=row.tree)
        return row

    def counting(self, assignment_id: str) -> dict[StudentId, Attempt]:
        """The attempt that counts of each student who submitted, by policy and by the scores known from grading."""
        assignment = self.course.assignment(assignment_id)
        with self.database.reading() as session:
            attempts = rows.attempts_of(session, self._place(assignment))
            shares = rows.score_shares(session, self._place(assignment))
            more_time = load_more_time(session, self.course.id, assignment=assignment.id)
        by_student: dict[StudentId, list[Attempt]] = {}
        for row in attempts:
            by_student.setdefault(StudentId(row.student), []).append(row)
        return {
            student: choose(assignment, own, shares, more_time.due(assignment, student))
            for student, own in by_student.items()
        }

    def collect(self, assignment_id: str, folder: Path, *, actor: str, students: Collection[str] | None = None) -> int:
        """Bring `folder`/<student>/<assignment>/ to the attempts that count; how many were new there.

        One that already holds its attempt is left alone; another is replaced whole, stale files with it. May be
        killed and run again. Students without a submission in the exchange are not touched.
        """
        assignment = self.course.assignment(assignment_id)
        with one_collector(folder):
            known = self.collected(assignment.id)
            chosen = [one for name, one in self.counting(assignment.id).items() if students is None or name in students]
            written = 0
            for attempt in chosen:
                is_new = bring_to(folder / attempt.student / assignment.id, attempt, self.store)
                if is_new or known.get(StudentId(attempt.student)) != attempt.number:
                    fact = {"attempt": attempt.number, "tree": attempt.tree}
                    self._note(Kind.collect, assignment, actor, attempt.student, **fact)
                    written += 1
        return written

    def collected(self, assignment_id: str) -> dict[StudentId, int]:
        """The number of the attempt that each student's folder under submitted/ was last brought to."""
        with self.database.reading() as session:
            return rows.collected_numbers(session, self._place(self.course.assignment(assignment_id)))

    def publish_feedback(
        self,
        assignment_id: str,
        student: str,
        attempt: int | None,
        files: Mapping[str, bytes],
        score: float,
        max_score: float,
        *,
        actor: str,
    ) -> Feedback:
        """Give a student feedback, its files by name. What was given last, unchanged, is not given again."""
        assignment = self.course.assignment(assignment_id)
        with self.store.stage() as staging:
            tree = staging.put_tree({parse_member_path(name): staging.put_bytes(files[name]) for name in files})
            row = Feedback(
                course=self.course.id,
                assignment=assignment.id,
                student=parse_student_id(student),
                attempt=attempt,
                tree=tree,
                score=score,
                max_score=max_score,
                released_at=self.clock(),
                actor=actor,
            )
            with self.database.session() as session:
                if load_holds(session, self.course.id, assignment=assignment.id, student=student):
                    raise Conflict(f"the work of {student} in {assignment.id} is held back; lift the hold first")
                given = rows.feedback_of(session, self._place(assignment), student)
                if given and _says_the_same(given[0], row):
                    return given[0]
                staging.keep()
                session.add(row)
                facts = {"attempt": attempt, "tree": tree, "score": score, "max_score": max_score}
                self._record(session, Kind.feedback_release, assignment, actor, student, facts)
        return row

    def all_feedback(self, assignment_id: str, student: str) -> Sequence[Feedback]:
        """All feedback the student was given for an assignment, newest first; the first is what counts."""
        with self.database.reading() as session:
            return rows.feedback_of(session, self._place(self.course.assignment(assignment_id)), student)

    def feedback(self, assignment_id: str, student: str) -> Feedback:
        """The newest feedback for the student; raises NotFound."""
        for newest in self.all_feedback(assignment_id, student):
            return newest
        raise NotFound(f"there is no feedback for {student[:80]!r} at {assignment_id} yet")

    def fetch_feedback(self, assignment_id: str, student: str, *, actor: str) -> Feedback:
        """`feedback`, as a transfer: the caller packs `store.entries(feedback.tree)` and sends it, or shows it."""
        row = self.feedback(assignment_id, student)
        assignment = self.course.assignment(assignment_id)
        self._note(Kind.feedback_fetch, assignment, actor, student, attempt=row.attempt, tree=row.tree)
        return row

    def sweep(self) -> int:
        """Remove what died uploads left, and old blobs that no row refers to; how many. Called at each start."""
        swept = self.store.sweep()
        # The write lock keeps out who is about to refer to an old blob.
        with self.database.session() as session:
            try:
                trees = rows.all_trees(session)
                used = trees.union(*(self.store.tree(tree).values() for tree in trees))
            except (GraderError, NotFound):
                _log.exception("the store is damaged: nothing that looks unused is removed")
                return swept
            return swept + self.store.forget_unused(used, older_than_s=_SPARED_S)

    def _accept(self, staging: Staging, upload: Upload, assignment: Assignment, student: StudentId) -> Receipt:
        tree = staging.put_tree(upload.files)
        with self.database.session() as session:
            now = self.clock()
            decision = self._judge(session, assignment, student, now)
            _insist(decision)
            number = rows.last_number(session, self._place(assignment), student) + 1
            receipt = self._receipt(assignment, student, number, tree, now, upload)
            staging.keep()
            session.add(self._attempt_row(receipt, decision, now))
            facts = {"attempt": number, "tree": tree, "arrival": decision.arrival.value}
            self._record(session, Kind.submit, assignment, student, student, facts, at=now)
        return receipt

    def _receipt(
        self, assignment: Assignment, student: StudentId, number: int, tree: Digest, now: dt.datetime, upload: Upload
    ) -> Receipt:
        return self.key.sign(
            Receipt(
                course=self.course.id,
                assignment=assignment.id,
                student=student,
                attempt=number,
                sha256=tree,
                time=now.astimezone(dt.UTC).isoformat(),
                size_bytes=upload.size_bytes,
                files=len(upload.files),
            )
        )

    def _attempt_row(self, receipt: Receipt, decision: Decision, now: dt.datetime) -> Attempt:
        return Attempt(
            course=receipt.course,
            assignment=receipt.assignment,
            student=receipt.student,
            number=receipt.attempt,
            tree=receipt.sha256,
            size_bytes=receipt.size_bytes,
            files=receipt.files,
            received_at=now,
            arrival=decision.arrival.value,
            late_s=decision.late.total_seconds(),
            receipt=receipt.as_json(),
        )

    def _judge(self, session: Session, assignment: Assignment, student: str, now: dt.datetime) -> Decision:
        used = rows.last_number(session, self._place(assignment), student)
        due = find_due(session, self.course.id, assignment, student)
        return judge_arrival(assignment, now, due, used=used)

    def _add_release(
        self, session: Session, assignment: Assignment, newest: Release | None, tree: Digest, actor: str
    ) -> Release:
        row = Release(
            course=self.course.id,
            assignment=assignment.id,
            version=newest.version + 1 if newest else 1,
            tree=tree,
            released_at=self.clock(),
            actor=actor,
        )
        session.add(row)
        self._record(session, Kind.release, assignment, actor, None, {"version": row.version, "tree": tree})
        return row

    def _released(self, assignment: Assignment, row: Release) -> Released:
        tree = parse_digest(row.tree)
        return Released(assignment, row.version, tree, row.released_at, self.store.tree(tree))

    def _is_open(self, assignment: Assignment) -> bool:
        return self.clock() >= assignment.release

    def _place(self, assignment: Assignment) -> Place:
        return Place(self.course.id, assignment.id)

    def _note(self, kind: Kind, assignment: Assignment, actor: str, student: str | None, **data: Any) -> None:
        with self.database.session() as session:
            self._record(session, kind, assignment, actor, student, data)

    def _record(
        self,
        session: Session,
        kind: Kind,
        assignment: Assignment,
        actor: str,
        student: str | None,
        data: Mapping[str, Any],
        at: dt.datetime | None = None,
    ) -> None:
        time = at or self.clock()
        place = {"course": self.course.id, "assignment": assignment.id}
        record(session, kind, actor=actor, at=time, student=student, **place, **data)


def _is_not_hidden(path: PurePosixPath) -> bool:
    return not any(part.startswith(".") for part in path.parts)


def _insist(decision: Decision) -> None:
    if not decision.is_accepted:
        raise Refused(f"not submitted: {decision.sentence}")


def _reason(error: Exception) -> str:
    return str(error) if isinstance(error, RequestError) else f"the upload broke off ({type(error).__name__})"


def _says_the_same(given: Feedback, new: Feedback) -> bool:
    return all(getattr(given, name) == getattr(new, name) for name in ("tree", "attempt", "score", "max_score"))
