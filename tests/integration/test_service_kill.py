"""`kill -9` of the service: nothing that had a receipt is lost, and nothing half-written is left."""

import hashlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from classroom.archive import Limits, read_members
from classroom.config import SERVICE_PREFIX, Settings
from classroom.errors import RequestError
from classroom.exchange import protocol
from classroom.exchange.protocol import API
from classroom.exchange.receipts import ReceiptKey, is_genuine
from tests.small_class import (
    COURSE,
    RELEASE,
    RELEASED,
    Service,
    fake_hub,
    notebook,
    serve,
    tar,
    write_course,
)

ANY = Limits(total_bytes=10_000_000, file_bytes=10_000_000, files=100)


@pytest.fixture(scope="module")
def hub() -> Iterator[str]:
    with fake_hub() as address:
        yield address


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    return write_course(tmp_path, database_url)


def release(service: Service) -> None:
    with service.client("ivy") as ivy:
        ivy.release(COURSE, RELEASED, tar(RELEASE))


def wait_until(is_so: Callable[[], bool], timeout_s: float = 30) -> None:
    until = time.monotonic() + timeout_s
    while not is_so():
        assert time.monotonic() < until, "it never came to that"
        time.sleep(0.01)


def damaged_blobs(settings: Settings) -> list[Path]:
    """Blobs in the store whose content isn't what their name says."""
    blobs = [path for path in (settings.store / "sha256").glob("??/*") if path.is_file()]
    assert blobs
    return [path for path in blobs if hashlib.sha256(path.read_bytes()).hexdigest() != path.parent.name + path.name]


def half_written(settings: Settings) -> list[Path]:
    """Whatever lies in the store and isn't a blob in its place."""
    return [path for path in settings.store.rglob("*") if path.is_file() and path.parent.parent.name != "sha256"]


def send_half(service: Service) -> socket.socket:
    """The first half of an upload on an open connection."""
    body = b"".join(tar({"ps1.ipynb": notebook("never complete"), "extra.csv": bytes(400_000)}))
    head = (
        f"POST {SERVICE_PREFIX}{API}{protocol.submit_path(COURSE, RELEASED)} HTTP/1.1\r\nHost: x\r\n"
        f"Authorization: token ada-token\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    connection = socket.create_connection(("127.0.0.1", service.port))
    connection.sendall(head.encode() + body[: len(body) // 2])
    return connection


def is_receiving(service: Service) -> bool:
    """Whether the process holds a file of the store that has no name: the body, on its way in."""
    store = str(service.settings.store.resolve())
    held = [path.readlink() for path in Path(f"/proc/{service.process.pid}/fd").iterdir() if path.is_symlink()]
    return any(str(path).startswith(store) and str(path).endswith("(deleted)") for path in held)


def test_a_kill_in_the_middle_of_an_upload_loses_no_receipt_and_leaves_no_half(settings: Settings, hub: str) -> None:
    with serve(settings, hub) as service:
        release(service)
        with service.client("ada") as ada:
            receipt = ada.submit(COURSE, RELEASED, tar(RELEASE)).receipt
        with send_half(service):
            wait_until(lambda: is_receiving(service))
            service.kill()
    lying = half_written(settings)

    with serve(settings, hub) as service, service.client("ada") as ada:
        [attempt] = ada.own_attempts(COURSE).attempts
        with ada.open_attempt(attempt) as stream:
            files = {str(member.path): member.content.read() for member in read_members(stream, ANY)}
        after = ada.submit(COURSE, RELEASED, tar(RELEASE))

    assert lying == []
    assert attempt.receipt == receipt
    assert is_genuine(receipt, ReceiptKey.load(settings.secrets).public_pem)
    assert files == RELEASE
    assert (after.number, damaged_blobs(settings), half_written(settings)) == (2, [], [])


def submit_until_it_dies(service: Service, receipts: list[dict[str, object]]) -> None:
    with service.client("ada") as ada:
        try:
            while True:
                files = {"ps1.ipynb": notebook(f"attempt {len(receipts) + 1}"), "extra.csv": bytes(200_000)}
                receipts.append(ada.submit(COURSE, RELEASED, tar(files)).receipt)
        except RequestError:
            return


@pytest.mark.parametrize("wanted", [2, 5, 9])
def test_a_kill_at_any_moment_of_storing_keeps_every_receipt(settings: Settings, hub: str, wanted: int) -> None:
    """One submission after another until the kill, which then falls into parsing, fsync, rename or commit."""
    course_file = settings.course_root / "course.yaml"
    course_file.write_text(course_file.read_text().replace("attempts: 3", "attempts: 500"))
    receipts: list[dict[str, object]] = []
    with serve(settings, hub) as service:
        release(service)
        sender = threading.Thread(target=submit_until_it_dies, args=(service, receipts))
        sender.start()
        wait_until(lambda: len(receipts) >= wanted)
        service.kill()
        sender.join(30)

    with serve(settings, hub) as service, service.client("ada") as ada:
        attempts = ada.own_attempts(COURSE).attempts
        for attempt in attempts:
            with ada.open_attempt(attempt) as stream:
                files = {str(member.path): member.content.read() for member in read_members(stream, ANY)}
            assert files["ps1.ipynb"] == notebook(f"attempt {attempt.number}")

    # The last one may have been stored with its answer lost on the way.
    assert [one.receipt for one in attempts][: len(receipts)] == receipts
    assert len(attempts) - len(receipts) in (0, 1)
    assert (damaged_blobs(settings), half_written(settings)) == ([], [])


def test_the_service_ends_by_itself_when_it_is_asked_to(settings: Settings, hub: str) -> None:
    with serve(settings, hub) as service:
        service.process.terminate()

        assert service.process.wait(15) in (0, -15)
