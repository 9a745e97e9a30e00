"""Large uploads and downloads through a real socket: refused soon, or taken in constant memory."""

import io
import json
import socket
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path, PurePosixPath

import httpx
import pytest

from classroom.archive import CHUNK, Entry, pack
from classroom.config import SERVICE_PREFIX
from classroom.errors import TooLarge
from classroom.exchange import protocol
from classroom.exchange.protocol import API
from tests.small_class import COURSE, RELEASE, RELEASED, Service, fake_hub, serve, tar, write_course

MEBIBYTE = 1024 * 1024
SUBMIT = f"{API}{protocol.submit_path(COURSE, RELEASED)}"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    settings = write_course(tmp_path_factory.mktemp("streaming"))
    course_file = settings.course_root / "course.yaml"
    course_file.write_text(
        course_file.read_text().replace("upload_mb: 1,", "upload_mb: 100,").replace("file_mb: 0.5", "file_mb: 80")
    )
    with fake_hub() as hub, serve(settings, hub) as service:
        with service.client("ivy") as ivy:
            ivy.release(COURSE, RELEASED, tar(RELEASE))
        yield service


class Zeros(io.RawIOBase):
    """So many bytes, made when they are read."""

    def __init__(self, size_bytes: int) -> None:
        self.left = size_bytes

    def read(self, size: int = -1) -> bytes:
        chunk = bytes(min(self.left, size))
        self.left -= len(chunk)
        return chunk


def with_a_file_of(size_bytes: int) -> Iterator[bytes]:
    small = [Entry(PurePosixPath(name), len(text), partial(io.BytesIO, text)) for name, text in RELEASE.items()]
    return pack([*small, Entry(PurePosixPath("big.csv"), size_bytes, partial(Zeros, size_bytes))])


def peak_kib(service: Service) -> int:
    """The most memory the process has ever held."""
    status = Path(f"/proc/{service.process.pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0])


def files_of(service: Service) -> set[Path]:
    return {path for path in service.settings.store.rglob("*") if path.is_file()}


def test_an_upload_and_a_download_of_64_mb_take_constant_memory(service: Service) -> None:
    with service.client("ada") as ada:
        ada.submit(COURSE, RELEASED, tar(RELEASE))
        before = peak_kib(service)

        attempt = ada.submit(COURSE, RELEASED, with_a_file_of(64 * MEBIBYTE))
        with ada.open_attempt(attempt) as stream:
            received = sum(iter(lambda: len(stream.read(CHUNK)), 0))

    assert received > 64 * MEBIBYTE
    assert peak_kib(service) - before < 16 * 1024


@pytest.mark.parametrize("is_announced", [True, False], ids=["announced", "chunked"])
def test_an_upload_of_300_mb_is_refused_soon_and_leaves_nothing(service: Service, is_announced: bool) -> None:
    size, files, began = 300 * MEBIBYTE, files_of(service), time.monotonic()
    headers = {"Authorization": "token bob-token"} | ({"Content-Length": str(size)} if is_announced else {})
    body = (bytes(CHUNK) for _ in range(size // CHUNK))

    with httpx.Client(trust_env=False, timeout=30) as http:
        answer = http.post(f"{service.url}{SUBMIT}", content=body, headers=headers)

    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too_large")
    assert time.monotonic() - began < 20
    assert files_of(service) == files


def test_the_client_tells_of_a_refusal_in_the_middle_of_an_upload(service: Service) -> None:
    with service.client("bob") as bob, pytest.raises(TooLarge):
        bob.submit(COURSE, RELEASED, with_a_file_of(300 * MEBIBYTE))


def test_a_body_longer_than_announced_is_no_submission(service: Service) -> None:
    body = b"".join(tar(RELEASE))
    head = (
        f"POST {SERVICE_PREFIX}{SUBMIT} HTTP/1.1\r\nHost: x\r\nAuthorization: token bob-token\r\n"
        f"Content-Length: {len(body) // 2}\r\nConnection: close\r\n\r\n"
    )

    with socket.create_connection(("127.0.0.1", service.port), timeout=20) as connection:
        connection.sendall(head.encode() + body)
        answer = connection.recv(4096)

    assert answer.startswith(b"HTTP/1.1 4")
    with service.client("bob") as bob:
        assert bob.own_attempts(COURSE).attempts == ()


def test_the_log_is_json_without_tokens(service: Service) -> None:
    with service.client("ada") as ada:
        ada.courses()

    lines = [json.loads(line) for line in service.log.read_text().splitlines()]
    requests = [line for line in lines if line["message"] == "request"]
    assert {"request_id", "method", "path", "status", "duration_ms", "caller"} <= set(requests[-1])
    assert "-token" not in service.log.read_text()
