"""`classroom rescore`: what a changed rubric does to the points that were given."""

import datetime as dt

from classroom.config import OPERATOR_NAME
from classroom.marking.rescore import Plan, apply_rescore, plan_rescore, undo_rescore
from classroom.ops.steps import Class
from classroom.rubric.files import load_rubric, rubric_path
from classroom.rubric.models import Rubric
from classroom.rubric.store import Task, load_tasks


def rescore(here: Class, assignment: str, *, write: bool) -> Plan:
    """The changes that the present rubrics make; with `write` they are in the gradebook."""
    rules = here.course.assignment(assignment)
    with here.database.reading() as session:
        tasks: list[tuple[Task, Rubric]] = [
            (task, load_rubric(rubric_path(here.settings.course_root, rules.id, task.task)))
            for task in load_tasks(session, here.course.id, rules.id)
            if task.task in rules.written
        ]
        plan = plan_rescore(session, here.gradebook, tasks)
    if write:
        now = dt.datetime.now(dt.UTC)
        apply_rescore(here.database, here.gradebook, here.course.id, rules.id, plan, actor=OPERATOR_NAME, now=now)
    return plan


def undo(here: Class, assignment: str) -> int:
    """Takes the last rescore back; how many scores that changed."""
    rules = here.course.assignment(assignment)
    now = dt.datetime.now(dt.UTC)
    return undo_rescore(here.database, here.gradebook, here.course.id, rules.id, actor=OPERATOR_NAME, now=now)


def told(plan: Plan) -> list[str]:
    """One line for each piece that changes or can't, and one with the counts."""
    lines = [
        f"{one.student:<24} {one.task:<24} {one.before.points:>7g} -> {one.after.points:g}" for one in plan.changes
    ]
    lines += [f"{student:<24} {task:<24} must be marked again: a criterion is new" for task, student in plan.unmarked]
    return [*lines, f"{len(plan.changes)} change, {plan.same} stay, {len(plan.unmarked)} must be marked again"]
