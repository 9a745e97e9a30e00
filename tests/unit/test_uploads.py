"""Bodies of requests: cut off at the limit; and what still comes after the answer is thrown away, but not for ever."""

from pathlib import Path
from types import SimpleNamespace
from typing import cast

import anyio
import pytest
from fastapi import Request
from starlette.types import Message, Receive, Scope, Send

from classroom.archive import Limits
from classroom.errors import TooLarge
from classroom.service import linger
from classroom.service.deps import Context
from classroom.service.linger import Linger
from classroom.service.uploads import receive_upload

MEBIBYTE = 1024 * 1024
LIMITS = Limits(total_bytes=MEBIBYTE, file_bytes=MEBIBYTE, files=5)


class Line:
    """A client that sends chunks of 64 KiB for as long as somebody listens, up to a total."""

    def __init__(self, total_bytes: int) -> None:
        self.left, self.taken = total_bytes, 0

    async def receive(self) -> Message:
        chunk = bytes(min(65_536, self.left))
        self.left -= len(chunk)
        self.taken += len(chunk)
        return {"type": "http.request", "body": chunk, "more_body": self.left > 0}


def scope(**headers: str) -> Scope:
    raw = [(name.replace("_", "-").lower().encode(), value.encode()) for name, value in headers.items()]
    return {"type": "http", "method": "POST", "path": "/", "headers": raw}


def received(line: Line, folder: Path, **headers: str) -> bytes:
    """What receive_upload gives for a request on that line."""
    context = cast(Context, SimpleNamespace(settings=SimpleNamespace(store=folder)))

    async def run() -> bytes:
        async with receive_upload(Request(scope(**headers), line.receive), context, LIMITS) as file:
            return file.read()

    return anyio.run(run)


def test_a_body_within_the_limit_arrives_whole_and_leaves_no_file(tmp_path: Path) -> None:
    assert received(Line(MEBIBYTE), tmp_path) == bytes(MEBIBYTE)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("headers", [{}, {"Content_Length": "1000"}], ids=["no length", "a false length"])
def test_a_body_is_read_hardly_further_than_the_limit(tmp_path: Path, headers: dict[str, str]) -> None:
    line = Line(300 * MEBIBYTE)

    with pytest.raises(TooLarge):
        received(line, tmp_path, **headers)

    assert line.taken < 1.25 * MEBIBYTE
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("length", [str(300 * MEBIBYTE), "-1", "1e3", "٣"])
def test_an_announced_length_that_is_too_large_or_no_number_is_refused_unread(tmp_path: Path, length: str) -> None:
    line = Line(300 * MEBIBYTE)

    with pytest.raises(TooLarge):
        received(line, tmp_path, Content_Length=length)

    assert line.taken == 0


def answered(line: Line, headers: dict[str, str]) -> list[tuple[str, bool, int]]:
    """What an application that answers unread sends: kind, whether more comes, bytes taken by then."""
    sent: list[tuple[str, bool, int]] = []

    async def refuse(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 413, "headers": []})
        await send({"type": "http.response.body", "body": b"too large"})

    async def note(message: Message) -> None:
        sent.append((message["type"], message.get("more_body", False), line.taken))

    anyio.run(Linger(refuse), scope(**headers), line.receive, note)
    return sent


def test_the_answer_goes_out_before_the_rest_of_the_body_is_thrown_away() -> None:
    sent = answered(Line(4 * MEBIBYTE), {"Transfer_Encoding": "chunked"})

    assert sent == [
        ("http.response.start", False, 0),
        ("http.response.body", True, 0),
        ("http.response.body", False, 4 * MEBIBYTE),
    ]


def test_a_body_that_never_ends_leaves_the_answer_incomplete(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linger, "MAX_BYTES", MEBIBYTE)

    sent = answered(Line(300 * MEBIBYTE), {"Transfer_Encoding": "chunked"})

    assert [more for _, more, _ in sent] == [False, True]


def test_a_request_without_a_body_is_answered_at_once() -> None:
    assert answered(Line(0), {}) == [("http.response.start", False, 0), ("http.response.body", False, 0)]
