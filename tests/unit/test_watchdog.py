"""What a family of processes uses, counted where it can be hidden."""

import ctypes
import mmap
import os
import threading
from pathlib import Path

import pytest

from judge.places import needs_threads
from judge.sandbox.sweep import remove_folder
from judge.sandbox.watchdog import nameless_bytes, resident_kb, shared_out_kb, written_bytes

SIZE = 32 << 20
NESTED = 1_500  # folders in each other: deeper than Python's stack


@pytest.fixture
def nested(tmp_path: Path) -> Path:
    folder = tmp_path / "nested"
    folder.mkdir()
    fd = os.open(folder, os.O_RDONLY)
    for _ in range(NESTED):
        os.mkdir("d", dir_fd=fd)
        inner = os.open("d", os.O_RDONLY, dir_fd=fd)
        os.close(fd)
        fd = inner
    os.close(fd)
    return folder


def test_a_file_in_memory_is_counted() -> None:
    before = nameless_bytes([os.getpid()])
    fd = os.memfd_create("hidden")
    os.write(fd, b"x" * SIZE)

    counted = nameless_bytes([os.getpid()])

    os.close(fd)
    assert counted - before >= SIZE


def test_an_open_file_that_was_deleted_is_counted_once(tmp_path: Path) -> None:
    before = nameless_bytes([os.getpid()])
    with (tmp_path / "gone").open("wb") as file:
        file.write(b"x" * SIZE)
        file.flush()
        again = os.dup(file.fileno())
        (tmp_path / "gone").unlink()

        counted = nameless_bytes([os.getpid(), os.getpid()])

    os.close(again)
    assert SIZE <= counted - before < 2 * SIZE


def test_shared_memory_is_counted() -> None:
    before, private_before = resident_kb(os.getpid()), shared_out_kb(os.getpid(), 0)
    with mmap.mmap(-1, SIZE) as shared:
        shared.write(b"x" * SIZE)

        counted, private = resident_kb(os.getpid()), shared_out_kb(os.getpid(), 0)

    assert counted - before > SIZE // 1024 * 0.9
    assert private - private_before > SIZE // 1024 * 0.9


def test_a_folder_nested_too_deep_to_count_is_too_much(nested: Path) -> None:
    assert written_bytes(nested, 1 << 40) > 1 << 40
    remove_folder(nested)


def test_a_folder_nested_too_deep_for_python_is_removed(nested: Path) -> None:
    remove_folder(nested)

    assert not nested.exists()


def test_a_thread_named_in_no_encoding_is_none_of_a_library() -> None:
    named, over = threading.Event(), threading.Event()

    def live() -> None:
        ctypes.CDLL(None).prctl(15, b"\xff\xfe", 0, 0, 0)
        named.set()
        over.wait(60)

    thread = threading.Thread(target=live)
    thread.start()
    named.wait(60)

    found = needs_threads(os.getpid())

    over.set()
    thread.join()
    assert found is False
