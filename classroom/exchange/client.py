"""The exchange as a client sees it: a student's server, an instructor's command line."""

import ssl
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TypeVar

import httpx
from pydantic import BaseModel, ValidationError

from classroom.archive import ByteStream, Readable
from classroom.errors import Unavailable
from classroom.exchange import protocol
from classroom.exchange.protocol import (
    API,
    TAR,
    AssignmentList,
    AttemptInfo,
    AttemptList,
    CourseList,
    ReleaseInfo,
    error_of,
)
from classroom.logs import REQUEST_ID_HEADER, new_request_id, request_id

Body = TypeVar("Body", bound=BaseModel)

# JupyterLab's extension waits for us inside the student's server, which does nothing else meanwhile.
TIMEOUT = httpx.Timeout(connect=3.0, read=15.0, write=15.0, pool=3.0)
# Storing 20 MB with fsync takes seconds when a class submits at once.
UPLOAD_TIMEOUT = httpx.Timeout(connect=3.0, read=60.0, write=30.0, pool=3.0)
_TRIES = 2


class ExchangeClient:
    """Speaks to the service at `base_url` (with its prefix) as the owner of a hub token.

    Every method raises the errors of classroom.errors that the service raised, and Unavailable when no answer came.
    Questions are asked twice before that; an upload is sent once, and again only when no connection was made.
    """

    def __init__(
        self,
        base_url: str,
        token: str,
        *,
        transport: httpx.BaseTransport | None = None,
        timeout: httpx.Timeout = TIMEOUT,
    ) -> None:
        self._http = httpx.Client(
            base_url=f"{base_url}{API}",
            headers={"Authorization": f"token {token}"},
            # ssl's own default honours SSL_CERT_FILE. No proxy of the environment: the classroom is near.
            transport=transport or httpx.HTTPTransport(verify=ssl.create_default_context(), retries=1),
            trust_env=False,
            timeout=timeout,
            event_hooks={"request": [_name_request]},
        )

    def __enter__(self) -> "ExchangeClient":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()

    def courses(self) -> CourseList:
        """The courses in which the caller has a role."""
        return self._ask(protocol.courses_path(), CourseList)

    def assignments(self, course: str) -> AssignmentList:
        """The assignments, with what would become of a submission now."""
        return self._ask(protocol.assignments_path(course), AssignmentList)

    def own_attempts(self, course: str, assignment: str | None = None) -> AttemptList:
        """The caller's attempts with receipts, and what feedback there is."""
        return self._ask(protocol.own_attempts_path(course), AttemptList, assignment=assignment)

    def submissions(self, course: str, assignment: str | None = None, student: str | None = None) -> AttemptList:
        """Everybody's attempts, for instructors."""
        return self._ask(protocol.submissions_path(course), AttemptList, assignment=assignment, student=student)

    def counting(self, course: str, assignment: str) -> AttemptList:
        """The attempts that count, one for each student who submitted."""
        return self._ask(protocol.counting_path(course, assignment), AttemptList)

    def release(self, course: str, assignment: str, tar: Iterable[bytes]) -> ReleaseInfo:
        """Publish a version; the same files again make no new one."""
        return self._send("PUT", protocol.release_path(course, assignment), tar, ReleaseInfo)

    def submit(self, course: str, assignment: str, tar: Iterable[bytes]) -> AttemptInfo:
        """Hand in an attempt; what comes back is stored for good."""
        return self._send("POST", protocol.submit_path(course, assignment), tar, AttemptInfo)

    def publish_feedback(self, attempt: AttemptInfo, tar: Iterable[bytes]) -> AttemptInfo:
        """Give a student the feedback for an attempt."""
        return self._send("PUT", protocol.feedback_path(*_address(attempt)), tar, AttemptInfo)

    @contextmanager
    def open_release(self, course: str, assignment: str) -> Iterator[tuple[int, Readable]]:
        """The newest release: its version, and its files as a tar stream."""
        with self._open(protocol.release_path(course, assignment)) as (headers, stream):
            yield int(headers[protocol.VERSION_HEADER]), stream

    @contextmanager
    def open_attempt(self, attempt: AttemptInfo, *, purpose: str | None = None) -> Iterator[Readable]:
        """The files of an attempt, as a tar stream. purpose: `collect` when it's to be graded, for the ledger."""
        with self._open(protocol.attempt_path(*_address(attempt)), purpose=purpose) as (_, stream):
            yield stream

    @contextmanager
    def open_feedback(self, attempt: AttemptInfo) -> Iterator[Readable]:
        """The feedback for an attempt, as a tar stream."""
        with self._open(protocol.feedback_path(*_address(attempt))) as (_, stream):
            yield stream

    def _ask(self, path: str, kind: type[Body], **query: str | None) -> Body:
        params = {key: value for key, value in query.items() if value is not None}
        for left in reversed(range(_TRIES)):
            try:
                answer = self._http.get(path, params=params)
            except httpx.TransportError as error:
                if not left or isinstance(error, httpx.TimeoutException):
                    raise _unavailable(error) from error
                continue
            if answer.status_code not in (502, 503, 504) or not left:
                break
        return _parse(answer, kind)

    def _send(self, method: str, path: str, tar: Iterable[bytes], kind: type[Body]) -> Body:
        headers = {"Content-Type": TAR}
        try:
            answer = self._http.request(method, path, content=tar, headers=headers, timeout=UPLOAD_TIMEOUT)
        except httpx.ConnectError as error:
            raise _unavailable(error) from error
        except httpx.TransportError as error:
            raise Unavailable(
                f"no answer came to the upload ({_kind(error)}), so it may have arrived or not: "
                "look at the list of submissions before you send it again"
            ) from error
        return _parse(answer, kind)

    @contextmanager
    def _open(self, path: str, **query: str | None) -> Iterator[tuple[Mapping[str, str], Readable]]:
        params = {key: value for key, value in query.items() if value is not None}
        try:
            with self._http.stream("GET", path, params=params) as answer:
                if answer.status_code != httpx.codes.OK:
                    raise error_of(answer.status_code, answer.read())
                yield answer.headers, ByteStream(answer.iter_raw())
        except httpx.TransportError as error:
            raise _unavailable(error) from error


def _address(attempt: AttemptInfo) -> tuple[str, str, str, int]:
    return attempt.course, attempt.assignment, attempt.student, attempt.number


def _parse(answer: httpx.Response, kind: type[Body]) -> Body:
    if not answer.is_success:
        raise error_of(answer.status_code, answer.content)
    try:
        return kind.model_validate_json(answer.content)
    except ValidationError as error:
        raise Unavailable(
            f"the classroom's address answered with something else ({answer.status_code}); is its service running?"
        ) from error


def _name_request(request: httpx.Request) -> None:
    """The service's log lines carry this id; so one of ours finds its counterpart there."""
    request.headers.setdefault(REQUEST_ID_HEADER, request_id() or new_request_id())


def _unavailable(error: httpx.TransportError) -> Unavailable:
    return Unavailable(f"the classroom doesn't answer ({_kind(error)}); nothing was changed, try again in a moment")


def _kind(error: httpx.TransportError) -> str:
    return type(error).__name__
