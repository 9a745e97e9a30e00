"""The protocol: addresses, times and errors mean the same on both sides."""

import datetime as dt

import pytest

from classroom.errors import Forbidden, NotFound, RequestError, TooLarge, Unavailable
from classroom.exchange import protocol
from classroom.exchange.protocol import AttemptInfo, ErrorBody, ErrorDetail, error_of


def error_body(code: str) -> bytes:
    detail = ErrorDetail(code=code, message="what happened", request_id="r1")
    return ErrorBody(error=detail).model_dump_json().encode()


@pytest.mark.parametrize("kind", RequestError.__subclasses__(), ids=lambda kind: kind.__name__)
def test_every_error_arrives_as_the_class_that_was_raised(kind: type[RequestError]) -> None:
    error = error_of(kind.status, error_body(kind.code))

    assert type(error) is kind
    assert "what happened" in str(error)


def test_codes_and_statuses_are_distinct() -> None:
    kinds = RequestError.__subclasses__()

    assert len({kind.code for kind in kinds}) == len({kind.status for kind in kinds}) == len(kinds)


def test_our_faults_name_the_request() -> None:
    assert "r1" in str(error_of(500, error_body("internal")))
    assert "r1" not in str(error_of(403, error_body("forbidden")))


@pytest.mark.parametrize(
    ("status", "kind"), [(403, Forbidden), (404, NotFound), (413, TooLarge), (503, Unavailable), (418, RequestError)]
)
def test_an_answer_of_somebody_else_keeps_its_status(status: int, kind: type[RequestError]) -> None:
    assert type(error_of(status, b"<html>proxy</html>")) is kind


def test_a_timestamp_is_what_nbgrader_writes() -> None:
    berlin = dt.timezone(dt.timedelta(hours=1))
    attempt = AttemptInfo(
        course="tiny",
        assignment="ps1",
        student="ada",
        number=1,
        received_at=dt.datetime(2026, 11, 10, 13, 5, 6, 70_000, tzinfo=berlin),
        arrival="on_time",
        late_s=0,
        size_bytes=1,
        files=1,
        receipt={},
    )

    # nbgrader 0.9.6, Exchange.timestamp_format with its default zone.
    assert attempt.timestamp == "2026-11-10 12:05:06.070000 UTC"


def test_routes_and_requests_have_one_address() -> None:
    route = protocol.feedback_path("{course}", "{assignment}", "{student}", "{number}")

    filled = route.format(course="tiny", assignment="ps1", student="ada", number=2)

    assert filled == protocol.feedback_path("tiny", "ps1", "ada", 2)
    assert filled == "/courses/tiny/assignments/ps1/submissions/ada/2/feedback"
