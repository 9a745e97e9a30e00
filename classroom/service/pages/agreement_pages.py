"""The instructor's page on how far graders agree."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session

from classroom.assignments import Assignment
from classroom.config import SERVICE_PREFIX
from classroom.errors import NotFound
from classroom.marking.agreed import FEWEST, GraderAgreement, TaskAgreement, load_twice, newest_grading, summarise
from classroom.rubric.models import Rubric
from classroom.rubric.store import Task
from classroom.service.deps import Caller, Context, InContext, Role, require
from classroom.service.pages.doors import rubric
from classroom.service.pages.pieces import written_tasks
from classroom.service.pages.render import page

router = APIRouter(prefix=f"{SERVICE_PREFIX}/{{course}}/agreement", include_in_schema=False)
InInstructor = Annotated[Caller, Depends(require(Role.INSTRUCTOR))]

_WIDTH, _HEIGHT, _RANGE = 600, 160, 2.0  # of the drawing, and the levels it reaches to either side


@dataclass(frozen=True)
class Line:
    """One grader's drift as points of an SVG polyline. number: which of the strokes."""

    grader: str
    number: int
    points: str


@router.get("")
def first_task(request: Request, caller: InInstructor, context: InContext) -> Response:
    """The figures of the task that was released last."""
    return _page(request, caller, context, None)


@router.get("/{task}")
def one_task(request: Request, caller: InInstructor, context: InContext, task: str) -> Response:
    """Can the marks of this task be trusted?"""
    return _page(request, caller, context, task)


def _page(request: Request, caller: Caller, context: Context, wanted: str | None) -> Response:
    with context.database.reading() as session:
        tasks = [
            (assignment, Task(context.course.id, assignment.id, asked.notebook, asked.grade_id))
            for assignment, asked in written_tasks(session, context)
        ]
        chosen = next(((a, t) for a, t in reversed(tasks) if wanted in {None, t.task}), None)
        if chosen is None:
            if wanted is not None:
                raise NotFound("there is no such task; go back to the agreement page")
            return page(request, caller, "agreement.html", tasks=[], task=None, found=None)
        rules = rubric(context.settings, chosen[0], chosen[1].task)
        found = _figures(request, session, chosen[1], rules)
    return page(
        request,
        caller,
        "agreement.html",
        tasks=[(one, _title(context, assignment, one)) for assignment, one in tasks],
        task=chosen[1],
        rubric=rules,
        found=found,
        fewest=FEWEST,
        lines=draw_drift(found.graders),
        size=(_WIDTH, _HEIGHT),
    )


def _title(context: Context, assignment: Assignment, task: Task) -> str:
    return rubric(context.settings, assignment, task.task).title


def _figures(request: Request, session: Session, task: Task, rules: Rubric) -> TaskAgreement:
    """Made anew only after a grading, or a change of the rubric."""
    state = request.app.state
    if not hasattr(state, "agreement"):
        state.agreement = {}
    made: dict[Task, tuple[tuple[int, str], TaskAgreement]] = state.agreement
    version = (newest_grading(session, task), rules.digest)
    if task not in made or made[task][0] != version:
        made[task] = (version, summarise(rules, load_twice(session, task)))
    return made[task][1]


def draw_drift(graders: Sequence[GraderAgreement]) -> list[Line]:
    """A line for each grader with two windows or more; the zero line runs through the middle."""
    longest = max((end for one in graders for end, _ in one.drift), default=1)
    return [
        Line(one.grader, number, " ".join(_point(end / longest, levels) for end, levels in one.drift))
        for number, one in enumerate(graders)
        if len(one.drift) > 1
    ]


def _point(share: float, levels: float) -> str:
    inside = max(-_RANGE, min(_RANGE, levels))
    return f"{share * _WIDTH:.1f},{_HEIGHT / 2 - inside / _RANGE * _HEIGHT / 2:.1f}"
