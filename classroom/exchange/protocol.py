"""The exchange over HTTP: addresses and bodies, as both sides use them. Pure.

Addresses are relative to the service; the service declares its routes with the same functions, given "{course}" and
so on for the names. Files travel as uncompressed tar streams (classroom.archive), times as ISO 8601 with a zone.
"""

import datetime as dt
from typing import Any

from pydantic import BaseModel, ConfigDict

from classroom.config import SERVICE_PREFIX
from classroom.errors import RequestError

API = "/api/v1"
API_PREFIX = f"{SERVICE_PREFIX}{API}"
TAR = "application/x-tar"
VERSION_HEADER = "X-Classroom-Version"  # of a release, with its download

# What nbgrader writes into timestamp.txt and reads back.
TIMESTAMP_FORMAT = "%Y-%m-%d %H:%M:%S.%f UTC"


def courses_path() -> str:
    """GET: the caller's courses."""
    return "/courses"


def assignments_path(course: str) -> str:
    """GET: the assignments that the caller may know of."""
    return f"/courses/{course}/assignments"


def release_path(course: str, assignment: str) -> str:
    """PUT (instructor): a new version. GET: the newest one."""
    return f"{assignments_path(course)}/{assignment}/release"


def own_attempts_path(course: str) -> str:
    """GET: the caller's own attempts, ?assignment= for one assignment's."""
    return f"/courses/{course}/attempts"


def submit_path(course: str, assignment: str) -> str:
    """POST (student): a new attempt of the caller."""
    return f"{assignments_path(course)}/{assignment}/attempts"


def submissions_path(course: str) -> str:
    """GET (instructor): everybody's attempts, ?assignment= and ?student= for fewer."""
    return f"/courses/{course}/submissions"


def counting_path(course: str, assignment: str) -> str:
    """GET (instructor): of each student who submitted the attempt that counts."""
    return f"{assignments_path(course)}/{assignment}/counting"


def attempt_path(course: str, assignment: str, student: str, number: int | str) -> str:
    """GET (its student, instructor): the files of one attempt; ?purpose=collect when an instructor collects."""
    return f"{assignments_path(course)}/{assignment}/submissions/{student}/{number}"


def receipt_path(course: str, assignment: str, student: str, number: int | str) -> str:
    """GET (its student, instructor): the signed receipt."""
    return f"{attempt_path(course, assignment, student, number)}/receipt"


def feedback_path(course: str, assignment: str, student: str, number: int | str) -> str:
    """PUT (instructor): what the student shall read. GET (its student, instructor): the newest of it."""
    return f"{attempt_path(course, assignment, student, number)}/feedback"


class _Body(BaseModel):
    """Unknown fields are passed over, so that an older client reads a newer service."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class ErrorDetail(_Body):
    """code: the machine's word; message: for a person, to be shown as it is."""

    code: str
    message: str
    request_id: str = ""


class ErrorBody(_Body):
    """The one shape of every error of the API."""

    error: ErrorDetail


class CourseInfo(_Body):
    """roles: the caller's, of student, grader, instructor."""

    id: str
    title: str
    roles: tuple[str, ...]


class CourseList(_Body):
    """The courses in which the caller has a role."""

    caller: str
    courses: tuple[CourseInfo, ...]


class Expected(_Body):
    """What a submission may hold: the release's files, extra ones of these patterns, and how much of it."""

    names: tuple[str, ...]
    patterns: tuple[str, ...]
    upload_bytes: int
    file_bytes: int
    files: int


class AssignmentInfo(_Body):
    """status: what would become of a submission now (policy.Arrival). policy: the same as a sentence for the student.

    version: of the newest release; None, with no names in `expected`, before the caller may fetch one.
    """

    id: str
    title: str
    status: str
    policy: str
    release_at: dt.datetime
    due_at: dt.datetime
    closes_at: dt.datetime
    attempts_used: int
    attempts_allowed: int
    version: int | None
    expected: Expected


class AssignmentList(_Body):
    """The course's assignments, in the course's order."""

    caller: str
    assignments: tuple[AssignmentInfo, ...]


class ReleaseInfo(_Body):
    """One version of an assignment. tree: sha256 of its list of files. is_new: whether this request made it."""

    assignment: str
    version: int
    tree: str
    files: int
    released_at: dt.datetime
    is_new: bool


class FeedbackInfo(_Body):
    """The newest released feedback for an attempt. files: sha256 by name."""

    released_at: dt.datetime
    score: float
    max_score: float
    files: dict[str, str]


class AttemptInfo(_Body):
    """One submission. late_s: after the due date and its grace."""

    course: str
    assignment: str
    student: str
    number: int
    received_at: dt.datetime
    arrival: str
    late_s: float
    size_bytes: int
    files: int
    receipt: dict[str, Any]
    feedback: FeedbackInfo | None = None

    @property
    def timestamp(self) -> str:
        """When it was received, as nbgrader writes it."""
        return self.received_at.astimezone(dt.UTC).strftime(TIMESTAMP_FORMAT)


class AttemptList(_Body):
    """Attempts, by assignment, student and number."""

    caller: str
    attempts: tuple[AttemptInfo, ...]


def error_of(status: int, body: bytes) -> RequestError:
    """The error that the service raised, from its answer; a plain RequestError when the answer isn't the service's."""
    try:
        detail = ErrorBody.model_validate_json(body).error
    except ValueError:
        kind = _by("status").get(status, RequestError)
        return kind(f"the classroom's address answered {status} without a reason; is its service running?")
    known = _by("code").get(detail.code, RequestError)
    where = f" (request {detail.request_id})" if status >= 500 and detail.request_id else ""
    return known(f"{detail.message}{where}")


def _by(field: str) -> dict[Any, type[RequestError]]:
    return {getattr(kind, field): kind for kind in RequestError.__subclasses__()}
