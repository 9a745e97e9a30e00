"""Scores 1,000 gradings anew by a rubric with other weights, and fails where that takes 5 seconds or more.

python -m tests.rescore_bench
"""

import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from classroom.assignments import load_course
from classroom.db.engine import Database, migrate
from classroom.gradebook import Gradebook
from classroom.ids import AssignmentId, GradeId, StudentId
from classroom.marking.rescore import apply_rescore, plan_rescore
from classroom.rubric.files import load_rubric, rubric_path
from classroom.rubric.models import Hundredths, Marking, Rubric
from classroom.rubric.store import Piece, Task, append_grading, project
from classroom.scores import ManualScore, TaskRecord
from tests.pages_class import GRADED, NOTEBOOK, NOW, TASK, _enter_cells, _write_course

GRADINGS, MOST_S = 1000, 5.0


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        settings = _write_course(Path(folder), "")
        migrate(settings.service_db_url)
        _enter_cells(settings)
        course = load_course(settings.course_root)
        database, books = Database(settings.service_db_url), Gradebook(settings.gradebook_url, course)
        rubric = load_rubric(rubric_path(settings.course_root, AssignmentId(GRADED), TASK))
        task = Task(course.id, AssignmentId(GRADED), NOTEBOOK, GradeId(TASK))
        fill(database, books, task, rubric)
        halved = replace(
            rubric, criteria=tuple(replace(one, weight=Hundredths(one.weight // 2)) for one in rubric.criteria)
        )
        began = time.monotonic()
        with database.reading() as session:
            plan = plan_rescore(session, books, [(task, halved)])
        apply_rescore(database, books, course.id, task.assignment, plan, actor="ivy", now=NOW)
        took = time.monotonic() - began
        books.close()
        database.dispose()
    print(
        f"{len(plan.changes)} of {GRADINGS} gradings were scored anew in {took:.2f} s; at most {MOST_S:g} s are allowed"
    )
    return 0 if len(plan.changes) == GRADINGS and took < MOST_S else 1


def fill(database: Database, books: Gradebook, task: Task, rubric: Rubric) -> None:
    """As many autograded students, each marked with levels of their own."""
    scores = {}
    with database.session() as session:
        for number in range(GRADINGS):
            student = StudentId(f"student{number}")
            books.record_result(task.assignment, student, NOW, {task.notebook: [TaskRecord(task.task, None)]})
            levels = {one.id: (number + place) % 4 + 1 for place, one in enumerate(rubric.criteria)}
            marking = Marking(levels, (), {rubric.criteria[0].id: f"Comment {number}."})
            append_grading(session, Piece(task, student, 1), marking, rubric=rubric, grader="gil", at=NOW)
            made = project(rubric, marking)
            scores[student] = ManualScore(made.points, made.comment)
    books.set_manual_scores(task.assignment, task.notebook, task.task, scores)


if __name__ == "__main__":
    sys.exit(main())
