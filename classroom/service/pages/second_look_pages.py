"""Questions about marks: asked on the feedback page, answered by somebody else than the first grader."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session

from classroom.config import SERVICE_PREFIX
from classroom.errors import Conflict, Forbidden, Refused
from classroom.ids import GradeId, StudentId
from classroom.progress import load_my_assignment
from classroom.roster import section_of
from classroom.second_looks import Thread, answer, ask, first_graders, threads_of
from classroom.service.deps import Caller, Context, InContext, Role, require
from classroom.service.pages.asked import load_tasks, readable
from classroom.service.pages.render import page, redirect

router = APIRouter(prefix=f"{SERVICE_PREFIX}/{{course}}", include_in_schema=False)
InStudent = Annotated[Caller, Depends(require(Role.STUDENT))]
InGrader = Annotated[Caller, Depends(require(Role.GRADER))]
Text = Annotated[str, Form(max_length=5000)]


@dataclass(frozen=True)
class Look:
    """A thread as staff see it. is_written: a rubric task, which is marked again on the grading desk."""

    thread: Thread
    assignment: str
    task: str
    is_written: bool


@router.post("/my/{assignment}/second-look")
def ask_again(
    request: Request, caller: InStudent, context: InContext, assignment: str, task: Text = "", text: Text = ""
) -> Response:
    """A question about one task of the own feedback."""
    rules = context.course.assignment(assignment)
    student = StudentId(caller.name)
    url = f"{SERVICE_PREFIX}/{context.course.id}/my/{rules.id}/feedback"
    try:
        with context.database.session() as session:
            now = context.clock()
            work = load_my_assignment(session, context.course, rules.id, student, now)
            known = {one.grade_id for one in load_tasks(context.store, work.release.tree)} if work.release else set()
            if work.feedback is None or GradeId(task) not in known:
                raise Refused("a second look is at a task of feedback that you have; choose one")
            given_back = work.feedback.released_at
            about = GradeId(task)
            ask(session, context.course.id, rules, student, about, text, given_back_at=given_back, now=now)
    except (Refused, Conflict) as error:
        return redirect(request, url, f"Nothing was sent: {error}.", tone="bad")
    return redirect(request, url, "Your question is sent; the answer appears here.")


@router.get("/second-looks")
def second_looks(request: Request, caller: InGrader, context: InContext) -> Response:
    """What students ask: of graders, written tasks that they did not mark; of instructors, everything."""
    with context.database.reading() as session:
        looks = _looks(session, context, caller)
    return page(request, caller, "second_looks.html", looks=looks)


@router.post("/second-looks/{number}")
def answer_one(request: Request, caller: InGrader, context: InContext, number: int, text: Text = "") -> Response:
    """The answer, which student and staff read from then on."""
    url = f"{SERVICE_PREFIX}/{context.course.id}/second-looks"
    is_instructor = caller.has(Role.INSTRUCTOR)
    try:
        with context.database.session() as session:
            if not any(look.thread.asked.id == number for look in _looks(session, context, caller)):
                raise Forbidden("this question is for another grader or the instructor")
            now, course = context.clock(), context.course.id
            answer(session, course, number, text, actor=caller.name, is_instructor=is_instructor, now=now)
    except (Refused, Conflict) as error:
        return redirect(request, url, f"Nothing was stored: {error}.", tone="bad")
    return redirect(request, url, "The answer is stored; the student reads it on the feedback page.")


def _looks(session: Session, context: Context, caller: Caller) -> list[Look]:
    titles = {str(one.id): one.title for one in context.course.assignments}
    written = {task for one in context.course.assignments for task in one.written}
    threads = threads_of(session, context.course.id)
    looks = [
        Look(
            one,
            titles.get(one.asked.assignment, one.asked.assignment),
            readable(one.asked.task),
            one.asked.task in written,
        )
        for one in threads
    ]
    if caller.has(Role.INSTRUCTOR):
        return looks
    section = section_of(session, context.course, caller.name)
    marked = first_graders(session, [one.asked for one in threads])
    return [
        look
        for look in looks
        if look.is_written
        and caller.name not in marked[look.thread.asked.id]
        and (section is None or look.thread.asked.student in section.students)
    ]
