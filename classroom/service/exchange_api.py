"""The exchange's REST API: what nbgrader's plug-ins and other clients speak to."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from classroom import archive
from classroom.archive import Limits
from classroom.db.tables import Attempt
from classroom.errors import NotFound
from classroom.exchange import listing, protocol
from classroom.exchange.protocol import (
    API_PREFIX,
    TAR,
    VERSION_HEADER,
    AssignmentList,
    AttemptInfo,
    AttemptList,
    CourseInfo,
    CourseList,
    ErrorBody,
    ReleaseInfo,
)
from classroom.exchange.upload import upload_limits
from classroom.gradebook import Gradebook
from classroom.ids import AssignmentId, Digest, parse_digest, parse_student_id
from classroom.ledger import Kind, record
from classroom.service.deps import Caller, Context, InContext, Role, caller, require
from classroom.service.uploads import receive_upload
from classroom.writer import only_writer

_MEBIBYTE = 1024 * 1024
RELEASE_LIMITS = Limits(total_bytes=200 * _MEBIBYTE, file_bytes=100 * _MEBIBYTE, files=500)
FEEDBACK_LIMITS = Limits(total_bytes=50 * _MEBIBYTE, file_bytes=10 * _MEBIBYTE, files=50, patterns=("*.html",))

AnyRole = Annotated[Caller, Depends(require(*Role))]
Student = Annotated[Caller, Depends(require(Role.STUDENT))]
Instructor = Annotated[Caller, Depends(require(Role.INSTRUCTOR))]
Reader = Annotated[Caller, Depends(require(Role.STUDENT, Role.INSTRUCTOR))]

_ERRORS: dict[int | str, dict[str, Any]] = {
    status: {"model": ErrorBody} for status in (401, 403, 404, 409, 413, 422, 503)
}
router = APIRouter(prefix=API_PREFIX, tags=["exchange"], responses=_ERRORS)

_ATTEMPT = protocol.attempt_path("{course}", "{assignment}", "{student}", "{number}")
_TAR_BODY = {"requestBody": {"required": True, "content": {TAR: {"schema": {"type": "string", "format": "binary"}}}}}


@router.get(protocol.courses_path())
def courses(context: InContext, caller: Annotated[Caller, Depends(caller)]) -> CourseList:
    """The courses in which the caller has a role."""
    own = CourseInfo(id=context.course.id, title=context.course.title, roles=tuple(sorted(caller.roles)))
    return CourseList(caller=caller.name, courses=(own,) if caller.roles else ())


@router.get(protocol.assignments_path("{course}"))
def assignments(context: InContext, caller: AnyRole) -> AssignmentList:
    """The course's assignments, and what would become of a submission of the caller now."""
    described = listing.describe_assignments(context.transfers, caller.name, early=_is_staff(caller))
    return AssignmentList(caller=caller.name, assignments=tuple(described))


@router.put(protocol.release_path("{course}", "{assignment}"), openapi_extra=_TAR_BODY)
async def release(request: Request, assignment: str, context: InContext, caller: Instructor) -> ReleaseInfo:
    """Publishes a tar stream of the release folder as a new version; unchanged files make none."""
    context.course.assignment(assignment)
    async with receive_upload(request, context, RELEASE_LIMITS) as body:
        return await run_in_threadpool(_release, context, assignment, body, caller.name)


@router.get(protocol.release_path("{course}", "{assignment}"), response_class=StreamingResponse)
def fetch(assignment: str, context: InContext, caller: AnyRole) -> StreamingResponse:
    """The newest version as a tar stream; before the release date for staff only."""
    found = context.transfers.fetch(assignment, actor=caller.name, early=_is_staff(caller))
    return _tar(context, found.tree, f"{found.assignment.id}.tar", {VERSION_HEADER: str(found.version)})


@router.get(protocol.own_attempts_path("{course}"))
def own_attempts(context: InContext, caller: AnyRole, assignment: str | None = None) -> AttemptList:
    """The caller's own attempts, with receipts and what feedback there is."""
    return _list_attempts(context, caller, assignment, caller.name)


@router.post(protocol.submit_path("{course}", "{assignment}"), status_code=201, openapi_extra=_TAR_BODY)
async def submit(request: Request, assignment: str, context: InContext, caller: Student) -> AttemptInfo:
    """Takes a tar stream in as the caller's next attempt. The answer, with the receipt, comes when it's stored."""
    limits = upload_limits(context.course.assignment(assignment).limits, ())
    async with receive_upload(request, context, limits) as body:
        return await run_in_threadpool(_submit, context, assignment, caller.name, body)


@router.get(protocol.submissions_path("{course}"))
def submissions(
    context: InContext, caller: Instructor, assignment: str | None = None, student: str | None = None
) -> AttemptList:
    """Everybody's attempts."""
    return _list_attempts(context, caller, assignment, student)


@router.get(protocol.counting_path("{course}", "{assignment}"))
def counting(assignment: str, context: InContext, caller: Instructor) -> AttemptList:
    """The attempt that counts, of each student who submitted."""
    rows = [row for _, row in sorted(context.transfers.counting(assignment).items())]
    return AttemptList(caller=caller.name, attempts=_describe(context, rows))


@router.get(_ATTEMPT, response_class=StreamingResponse)
def fetch_attempt(
    assignment: str, student: str, number: int, context: InContext, caller: Reader, purpose: str = ""
) -> StreamingResponse:
    """The files of an attempt as a tar stream: one's own, or any for instructors (?purpose=collect to grade it)."""
    is_staff = caller.has(Role.INSTRUCTOR)
    kind = Kind.collect if is_staff and purpose == "collect" else Kind.attempt_fetch
    _attempt(context, caller, assignment, student, number)
    row = context.transfers.fetch_attempt(assignment, student, number, actor=caller.name, is_staff=is_staff, kind=kind)
    return _tar(context, parse_digest(row.tree), f"{assignment}-{student}-{number}.tar")


@router.get(f"{_ATTEMPT}/receipt")
def receipt(assignment: str, student: str, number: int, context: InContext, caller: Reader) -> dict[str, Any]:
    """The signed receipt of an attempt."""
    return _attempt(context, caller, assignment, student, number).receipt


@router.get(f"{_ATTEMPT}/feedback", response_class=StreamingResponse)
def fetch_feedback(assignment: str, student: str, number: int, context: InContext, caller: Reader) -> StreamingResponse:
    """The newest feedback for an attempt as a tar stream."""
    row = _attempt(context, caller, assignment, student, number)
    with context.database.reading() as session:
        found = listing.find_feedback(session, row)
    if found is None:
        raise NotFound("there is no feedback for this submission yet")
    _note(context, Kind.feedback_fetch, row, caller, found.tree)
    return _tar(context, parse_digest(found.tree), f"{assignment}-{student}-{number}-feedback.tar")


@router.put(f"{_ATTEMPT}/feedback", openapi_extra=_TAR_BODY)
async def publish_feedback(
    request: Request, assignment: str, student: str, number: int, context: InContext, caller: Instructor
) -> AttemptInfo:
    """Gives the student the HTML files of a tar stream, with the score that the gradebook has now."""
    row = await run_in_threadpool(_attempt, context, caller, assignment, student, number)
    async with receive_upload(request, context, FEEDBACK_LIMITS) as body:
        return await run_in_threadpool(_publish, context, row, body, caller.name)


def _is_staff(caller: Caller) -> bool:
    return caller.has(Role.GRADER)


def _release(context: Context, assignment: str, body: IO[bytes], actor: str) -> ReleaseInfo:
    before = {one.assignment.id: one.version for one in context.transfers.released(early=True)}
    with TemporaryDirectory(prefix="classroom-release-") as folder:
        archive.unpack(body, Path(folder) / assignment, RELEASE_LIMITS)
        made = context.transfers.release(assignment, Path(folder) / assignment, actor=actor)
    return ReleaseInfo(
        assignment=assignment,
        version=made.version,
        tree=made.tree,
        files=len(made.files),
        released_at=made.released_at,
        is_new=before.get(made.assignment.id) != made.version,
    )


def _submit(context: Context, assignment: str, student: str, body: IO[bytes]) -> AttemptInfo:
    receipt = context.transfers.submit(assignment, student, body)
    row = context.transfers.attempt(assignment, student, receipt.attempt, reader=student)
    return _describe(context, [row])[0]


def _publish(context: Context, row: Attempt, body: IO[bytes], actor: str) -> AttemptInfo:
    files = {str(member.path): member.content.read() for member in archive.read_members(body, FEEDBACK_LIMITS)}
    with only_writer(context.settings.state):  # who deletes a person is another one
        score, max_score = _score(context, row)
        context.transfers.publish_feedback(
            row.assignment, row.student, row.number, files, score, max_score, actor=actor
        )
    return _describe(context, [row])[0]


def _score(context: Context, row: Attempt) -> tuple[float, float]:
    gradebook = Gradebook(context.settings.gradebook_url, context.course)
    try:
        found = gradebook.submission(AssignmentId(row.assignment), parse_student_id(row.student))
    finally:
        gradebook.close()
    if found is None:
        raise NotFound("this submission isn't in the gradebook yet; autograde it first")
    return found.row.score, found.row.max_score


def _attempt(context: Context, caller: Caller, assignment: str, student: str, number: int) -> Attempt:
    """One attempt; for a student who isn't its owner, in every respect as if it weren't there."""
    reader = None if caller.has(Role.INSTRUCTOR) else caller.name
    try:
        return context.transfers.attempt(assignment, student, number, reader=reader)
    except NotFound:
        raise NotFound("there is no such submission") from None


def _list_attempts(context: Context, caller: Caller, assignment: str | None, student: str | None) -> AttemptList:
    with context.database.reading() as session:
        rows = listing.find_attempts(session, context.course.id, assignment=assignment, student=student)
        described = listing.describe_attempts(session, context.store, context.course, rows)
    return AttemptList(caller=caller.name, attempts=described)


def _describe(context: Context, rows: Sequence[Attempt]) -> tuple[AttemptInfo, ...]:
    with context.database.reading() as session:
        return listing.describe_attempts(session, context.store, context.course, rows)


def _note(context: Context, kind: Kind, row: Attempt, caller: Caller, tree: str) -> None:
    about = {"course": row.course, "assignment": row.assignment, "student": row.student}
    with context.database.session() as session:
        record(session, kind, actor=caller.name, at=context.clock(), **about, attempt=row.number, tree=tree)


def _tar(context: Context, tree: Digest, name: str, headers: dict[str, str] | None = None) -> StreamingResponse:
    """Opened before the answer begins, so that what is missing is still a clear error."""
    entries = context.store.entries(tree)
    disposition = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(archive.pack(entries), media_type=TAR, headers=disposition | (headers or {}))
