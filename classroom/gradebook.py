"""The one door to nbgrader's gradebook. Importing it costs 2 s: nbgrader loads its server extensions; do it late.

One instance a process: nbgrader's Gradebook creates and inspects all tables at each construction. Each method is one
transaction. Writers in other processes wait for SQLite's lock.
"""

import datetime as dt
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any

import nbgrader.api as nb
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session, selectinload
from sqlalchemy.orm import sessionmaker as make_sessions

from classroom.assignments import Course
from classroom.errors import CourseError, NotFound
from classroom.gradebook_file import opening, prepare_gradebook, set_up
from classroom.gradebook_late import write_extension, write_penalties
from classroom.gradebook_rows import load_rows, load_waiting
from classroom.ids import AssignmentId, GradeId, NotebookId, StudentId
from classroom.scores import AutoCell, ManualScore, ScoreRow, SubmissionScores, TaskRecord, TaskScore


class Gradebook:
    """nbgrader's gradebook of one course. Safe to share between threads."""

    def __init__(self, url: str, course: Course) -> None:
        """Opens it, made anew where it isn't there, in SQLite's WAL mode and with the indexes nbgrader forgot."""
        self._course = course
        prepare_gradebook(url)
        with opening(url):
            self._book = nb.Gradebook(url, course.id)
        self._book.db.remove()
        self._engine: Engine = self._book.engine
        set_up(self._engine)
        self._sessions = make_sessions(self._engine, expire_on_commit=False)

    def close(self) -> None:
        """Gives the connections back."""
        self._book.close()

    def ensure_assignment(self, assignment: AssignmentId) -> None:
        """Gives the assignment the due date of course.yaml; raises CourseError when it was never generated."""
        with self._writing() as session:
            row = _assignment(session, assignment)
            row.duedate = _naive(self._course.assignment(assignment).due)

    def record_result(
        self,
        assignment: AssignmentId,
        student: StudentId,
        submitted_at: dt.datetime | None,
        tasks: Mapping[NotebookId, Sequence[TaskRecord]],
        corrected: Mapping[tuple[NotebookId, GradeId], Callable[[float], float | None]] = MappingProxyType({}),
        due: dt.datetime | None = None,
    ) -> None:
        """Writes the auto scores of one submission, in one transaction. Manual scores and comments stay.

        corrected: from a cell's greatest score to the one that a correction gives it, None for none any more. due: the
        student's own due date, where there is one.
        A task needs a person when it has no score at all, or one by hand for another submission than this. Raises
        CourseError when a cell isn't in the gradebook: the assignment was changed after it was generated.
        """
        with self._writing() as session:
            submission = self._ensure_submission(session, assignment, student)
            is_new = submission.timestamp != _naive(submitted_at)
            submission.timestamp = _naive(submitted_at)
            write_extension(submission, self._course, due)
            for notebook, records in tasks.items():
                grades = {grade.cell.name: grade for grade in _notebook(submission, notebook).grades}
                for record in records:
                    if record.grade_id not in grades:
                        raise CourseError(
                            f"{assignment}/{notebook}: the gradebook has no cell {record.grade_id!r}; "
                            f"run classroom generate {assignment} again"
                        )
                    grade = grades[record.grade_id]
                    _write_auto_score(grade, record.auto_score, is_new=is_new)
                    if correct := corrected.get((notebook, GradeId(record.grade_id))):
                        grade.manual_score, grade.needs_manual_grade = correct(grade.max_score), False
            session.flush()
            write_penalties(session, self._course, [submission])

    def untouched(self, assignment: AssignmentId, notebook: NotebookId) -> Mapping[str, str]:
        """The checksum of each of the notebook's cells as students got it, by grade_id; empty when not generated."""
        query = (
            select(nb.SourceCell.name, nb.SourceCell.checksum)
            .join(nb.Notebook, nb.Notebook.id == nb.SourceCell.notebook_id)
            .join(nb.Assignment, nb.Assignment.id == nb.Notebook.assignment_id)
            .where(nb.Assignment.name == assignment, nb.Notebook.name == notebook)
        )
        with self._sessions() as session:
            return {name: checksum for name, checksum in session.execute(query) if checksum}

    def assignments(self) -> list[AssignmentId]:
        """What was generated, by name."""
        with self._sessions() as session:
            return [
                AssignmentId(name) for name in session.scalars(select(nb.Assignment.name).order_by(nb.Assignment.name))
            ]

    def scores(self, assignment: AssignmentId) -> list[ScoreRow]:
        """One row a submission, by student; empty when the assignment isn't there."""
        with self._sessions() as session:
            return [row for _, row in load_rows(session, [assignment])]

    def scores_of(
        self, assignments: Collection[AssignmentId], *, student: StudentId | None = None
    ) -> dict[AssignmentId, list[ScoreRow]]:
        """The same for each of these assignments, of one student if given. As many queries for many as for one."""
        found: dict[AssignmentId, list[ScoreRow]] = {assignment: [] for assignment in assignments}
        with self._sessions() as session:
            for assignment, row in load_rows(session, assignments, student):
                found[assignment].append(row)
        return found

    def waiting_of(self, assignments: Collection[AssignmentId]) -> dict[AssignmentId, dict[StudentId, bool]]:
        """For each of these assignments who has a submission, and whether it waits for a person. One query."""
        found: dict[AssignmentId, dict[StudentId, bool]] = {assignment: {} for assignment in assignments}
        with self._sessions() as session:
            for assignment, student, waits in load_waiting(session, assignments):
                found[assignment][student] = waits
        return found

    def submission(self, assignment: AssignmentId, student: StudentId) -> SubmissionScores | None:
        """The scores of one submission; None when it was never recorded."""
        with self._sessions() as session:
            rows = load_rows(session, [assignment], student)
            if not rows:
                return None
            submission = _submission(session, assignment, student)
            tasks = [task for notebook in submission.notebooks for task in _task_scores(notebook)]
            return SubmissionScores(rows[0][1], tuple(tasks))

    def set_manual(
        self,
        assignment: AssignmentId,
        notebook: NotebookId,
        task: GradeId,
        student: StudentId,
        points: float,
        comment: str | None,
    ) -> None:
        """A grader's points and comment for one task; the task then needs no manual grade. Raises NotFound."""
        self.set_manual_scores(assignment, notebook, task, {student: ManualScore(points, comment)})

    def set_manual_scores(
        self, assignment: AssignmentId, notebook: NotebookId, task: GradeId, scores: Mapping[StudentId, ManualScore]
    ) -> None:
        """Points and comments of one task for many, in one transaction. Raises NotFound when one can't be written."""
        with self._writing() as session:
            grades = _of_cell(session, nb.Grade, assignment, notebook, task, scores)
            found = {one.student_id: (grade, one) for grade, one in grades}
            for student in scores:
                if student not in found and _submission(session, assignment, student) is None:
                    raise NotFound(f"{student} has no autograded submission of {assignment}; autograde it first")
                if student not in found:
                    raise NotFound(f"{assignment}/{notebook} has no task {task!r}")
            for student, score in scores.items():
                grade = found[student][0]
                grade.manual_score, grade.needs_manual_grade = score.points, False
            for row, submission in _of_cell(session, nb.Comment, assignment, notebook, task, scores):
                row.manual_comment = scores[submission.student_id].comment
            session.flush()
            write_penalties(session, self._course, [found[student][1] for student in scores])

    def manual_scores(
        self, assignment: AssignmentId, notebook: NotebookId, task: GradeId
    ) -> Mapping[StudentId, ManualScore]:
        """What graders gave for one task, by student, without those who have nothing by hand yet."""
        of_task = (nb.Notebook.name == notebook, nb.BaseCell.name == task)
        student, grade, comment = nb.SubmittedAssignment.student_id, nb.Grade, nb.Comment
        points = _grades(assignment, student, grade.manual_score).where(*of_task, grade.manual_score.is_not(None))
        texts = _grades(assignment, student, comment.manual_comment, table=comment).where(*of_task)
        with self._sessions() as session:
            comments = dict(session.execute(texts).all())
            return {StudentId(name): ManualScore(score, comments.get(name)) for name, score in session.execute(points)}

    def auto_cells(self, assignment: AssignmentId) -> list[AutoCell]:
        """The cells that autograding scores, by notebook and grade_id."""
        query = select(nb.Notebook).join(nb.Assignment, nb.Assignment.id == nb.Notebook.assignment_id)
        with self._sessions() as session:
            notebooks = session.scalars(query.where(nb.Assignment.name == assignment).order_by(nb.Notebook.name)).all()
            return [
                AutoCell(assignment, NotebookId(notebook.name), GradeId(cell.name), cell.max_score)
                for notebook in notebooks
                for written in [{cell.name for cell in notebook.solution_cells}]
                for cell in sorted(notebook.grade_cells, key=lambda cell: cell.name)
                if cell.cell_type == "code" and cell.name not in written
            ]

    def cell_scores(self, assignment: AssignmentId) -> Mapping[StudentId, Mapping[tuple[NotebookId, GradeId], float]]:
        """The score of each test cell in each submission, corrections included, in one query."""
        tests = {(cell.notebook, cell.grade_id) for cell in self.auto_cells(assignment)}
        columns = (nb.SubmittedAssignment.student_id, nb.Notebook.name, nb.BaseCell.name, nb.Grade.score)
        query = _grades(assignment, *columns)
        found: dict[StudentId, dict[tuple[NotebookId, GradeId], float]] = {}
        with self._sessions() as session:
            for student, notebook, name, score in session.execute(query):
                if (notebook, name) in tests:
                    found.setdefault(StudentId(student), {})[notebook, name] = score
        return found

    def correct(self, cell: AutoCell, scores: Mapping[StudentId, float | None]) -> None:
        """Puts corrected scores in the place of auto scores, None for the auto score again; in one transaction."""
        with self._writing() as session:
            found = _of_cell(session, nb.Grade, cell.assignment, cell.notebook, cell.grade_id, scores)
            for grade, submission in found:
                grade.manual_score, grade.needs_manual_grade = scores[submission.student_id], False
            session.flush()
            write_penalties(session, self._course, [submission for _, submission in found])

    def enter_students(self, names: Mapping[StudentId, str]) -> None:
        """Makes or renames these students, by id; the last word of a name is taken as the family's."""
        with self._writing() as session:
            known = {row.id: row for row in session.scalars(select(nb.Student))}
            for student, name in names.items():
                row = known.get(student)
                if row is None:
                    row = nb.Student(id=student)
                    session.add(row)
                row.first_name, _, row.last_name = name.rpartition(" ")

    def remove_student(self, student: StudentId) -> None:
        """Takes the student out, with all submissions, scores and comments; one who isn't there is no matter."""
        with self._writing() as session:
            row = session.get(nb.Student, student)
            if row is not None:
                for submission in list(row.submissions):
                    session.delete(submission)
                session.flush()
                session.delete(row)

    def extend(self, student: StudentId, due: Mapping[AssignmentId, dt.datetime | None]) -> None:
        """Brings the student's submissions to these due dates of the own, None for everybody's, and their penalties."""
        with self._writing() as session:
            query = select(nb.SubmittedAssignment).where(nb.SubmittedAssignment.student_id == student)
            for submission in session.scalars(query):
                if submission.assignment.name in due:
                    write_extension(submission, self._course, due[submission.assignment.name])
                    write_penalties(session, self._course, [submission])

    @contextmanager
    def _writing(self) -> Iterator[Session]:
        with self._sessions() as session, session.begin():
            # Without the lock from the start, two writers that both read first would fail instead of waiting.
            session.execute(text("UPDATE alembic_version SET version_num = version_num"))
            yield session

    def _ensure_submission(self, session: Session, assignment: AssignmentId, student: StudentId) -> Any:
        """The submission with a row for each cell that the assignment has now."""
        found = _submission(session, assignment, student)
        if found is None:
            if session.get(nb.Student, student) is None:
                session.add(nb.Student(id=student))
            found = nb.SubmittedAssignment(assignment=_assignment(session, assignment), student_id=student)
            session.add(found)
            session.flush()
        present = {notebook.notebook_id: notebook for notebook in found.notebooks}
        for notebook in found.assignment.notebooks:
            submitted = present.get(notebook.id)
            if submitted is None:
                submitted = nb.SubmittedNotebook(notebook=notebook, assignment=found)
                session.add(submitted)
            _ensure_cells(session, notebook, submitted)
        session.flush()
        return found


def _grades(assignment: AssignmentId, *columns: Any, table: Any = nb.Grade) -> Any:
    """These columns of an assignment's grades, or comments, with their submissions, notebooks and cells."""
    return (
        select(*columns)
        .select_from(table)
        .join(nb.SubmittedNotebook, nb.SubmittedNotebook.id == table.notebook_id)
        .join(nb.SubmittedAssignment, nb.SubmittedAssignment.id == nb.SubmittedNotebook.assignment_id)
        .join(nb.Notebook, nb.Notebook.id == nb.SubmittedNotebook.notebook_id)
        .join(nb.Assignment, nb.Assignment.id == nb.SubmittedAssignment.assignment_id)
        .join(nb.BaseCell, nb.BaseCell.id == table.cell_id)
        .where(nb.Assignment.name == assignment)
    )


def _assignment(session: Session, assignment: AssignmentId) -> Any:
    row = session.scalar(select(nb.Assignment).where(nb.Assignment.name == assignment))
    if row is None:
        raise CourseError(f"{assignment} isn't in the gradebook; run classroom generate {assignment} first")
    return row


def _submission(session: Session, assignment: AssignmentId, student: StudentId) -> Any:
    query = (
        select(nb.SubmittedAssignment)
        .join(nb.Assignment, nb.Assignment.id == nb.SubmittedAssignment.assignment_id)
        .where(nb.Assignment.name == assignment, nb.SubmittedAssignment.student_id == student)
    )
    return session.scalar(query)


def _of_cell(
    session: Session,
    table: Any,
    assignment: AssignmentId,
    notebook: NotebookId,
    cell: GradeId,
    students: Collection[StudentId] | None = None,
) -> list[tuple[Any, Any]]:
    """Each submission's row of one cell, of nbgrader's grades or comments, with the submission; of these students, or
    of all. One query."""
    query = _grades(assignment, table, nb.SubmittedAssignment, table=table)
    query = query.where(nb.Notebook.name == notebook, nb.BaseCell.name == cell)
    if students is not None:
        query = query.where(nb.SubmittedAssignment.student_id.in_(students))
    if table is nb.Grade:  # for the penalty; one query instead of one each
        query = query.options(selectinload(nb.SubmittedAssignment.notebooks))
    return [(row, one) for row, one in session.execute(query)]


def _notebook(submission: Any, notebook: NotebookId) -> Any:
    for submitted in submission.notebooks:
        if submitted.notebook.name == notebook:
            return submitted
    name = submission.assignment.name
    raise CourseError(f"{name}: the gradebook has no notebook {notebook}; run classroom generate {name} again")


def _ensure_cells(session: Session, notebook: Any, submitted: Any) -> None:
    graded = {grade.cell_id for grade in submitted.grades}
    commented = {comment.cell_id for comment in submitted.comments}
    for cell in [*notebook.grade_cells, *notebook.task_cells]:
        if cell.id not in graded:
            session.add(nb.Grade(cell_id=cell.id, notebook=submitted))
    for cell in [*notebook.solution_cells, *notebook.task_cells]:
        if cell.id not in commented:
            session.add(nb.Comment(cell_id=cell.id, notebook=submitted))


def _write_auto_score(grade: Any, auto_score: float | None, *, is_new: bool) -> None:
    grade.auto_score = auto_score
    grade.needs_manual_grade = is_new if grade.manual_score is not None else auto_score is None


def _task_scores(notebook: Any) -> Iterator[TaskScore]:
    comments = {comment.cell.name: comment.manual_comment for comment in notebook.comments}
    for grade in notebook.grades:
        name = grade.cell.name
        yield TaskScore(
            notebook=NotebookId(notebook.notebook.name),
            grade_id=GradeId(name),
            max_score=grade.max_score,
            auto_score=grade.auto_score,
            manual_score=grade.manual_score,
            score=grade.score,
            needs_manual_grade=grade.needs_manual_grade,
            written=grade.cell_type == "markdown" or name in comments,
            comment=comments.get(name),
        )


def _naive(time: dt.datetime | None) -> dt.datetime | None:
    """nbgrader keeps UTC without saying so."""
    return None if time is None else time.astimezone(dt.UTC).replace(tzinfo=None)
