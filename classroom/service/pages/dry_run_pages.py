"""A dry run of a regrade: what recording it would change, student by student."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from classroom.config import SERVICE_PREFIX
from classroom.grading.comparison import load_changes
from classroom.grading.jobs import newest_run
from classroom.service.deps import Caller, InContext, Role, require
from classroom.service.pages.doors import gradebook
from classroom.service.pages.pipeline import load_run, newest_file
from classroom.service.pages.render import fragment, page, wants_fragment

router = APIRouter(prefix=f"{SERVICE_PREFIX}/{{course}}/assignments", include_in_schema=False)
InInstructor = Annotated[Caller, Depends(require(Role.INSTRUCTOR))]


@router.get("/{assignment}/dry-run")
def dry_run(request: Request, caller: InInstructor, context: InContext, assignment: str) -> Response:
    """Who would gain or lose if everything were graded by the present source?"""
    rules = context.course.assignment(assignment)
    before = gradebook(request).cell_scores(rules.id)
    with context.database.reading() as session:
        run_id = newest_run(session, context.course.id, rules.id, dry=True)
        run = load_run(session, run_id) if run_id is not None else None
        changes = load_changes(session, run.run.id, before) if run and run.progress.finished else []
    edited = newest_file(context.settings.source / rules.id)
    values: dict[str, Any] = {
        "assignment": rules,
        "run": run,
        "changes": changes,
        "changed": [one for one in changes if one.is_changed],
        "is_stale": bool(run and edited and edited > run.run.created_at),
    }
    if wants_fragment(request):
        return Response(fragment(request, caller, "parts/dry_run.html", **values), media_type="text/html")
    return page(request, caller, "dry_run.html", **values)
