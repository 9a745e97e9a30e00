"""The store: whole blobs or none, whatever dies when."""

import hashlib
import io
import multiprocessing
import os
import signal
import stat
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import pytest

from classroom.archive import CHUNK
from classroom.errors import GraderError, NotFound
from classroom.exchange.store import Store
from classroom.ids import Digest

SPAWN = multiprocessing.get_context("spawn")
CONTENT = b"content" * 1000
DIGEST = Digest(hashlib.sha256(CONTENT).hexdigest())


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def files_of(store: Store) -> list[str]:
    return sorted(path.relative_to(store.root).as_posix() for path in store.root.rglob("*") if path.is_file())


def blob_path(store: Store, digest: Digest) -> Path:
    return store.root / "sha256" / digest[:2] / digest[2:]


def damage(path: Path) -> None:
    path.chmod(0o600)
    path.write_bytes(b"X" + path.read_bytes()[1:])


class Tap:
    """A stream of zeros that notes the largest piece asked for."""

    def __init__(self, size: int) -> None:
        self.left = size
        self.largest = 0

    def read(self, size: int = -1, /) -> bytes:
        self.largest = max(self.largest, size if size >= 0 else self.left)
        given = min(size, self.left)
        self.left -= given
        return bytes(given)


def test_a_blob_is_found_under_its_sha256_and_nowhere_else(store: Store) -> None:
    digest = store.put_bytes(CONTENT)

    assert digest == DIGEST
    assert files_of(store) == [f"sha256/{DIGEST[:2]}/{DIGEST[2:]}"]
    assert store.read_bytes(digest) == CONTENT
    assert store.size_bytes(digest) == len(CONTENT)


def test_nobody_may_write_a_blob(store: Store) -> None:
    assert stat.S_IMODE(blob_path(store, store.put_bytes(CONTENT)).stat().st_mode) == 0o400


def test_the_same_content_is_kept_once(store: Store) -> None:
    inode = blob_path(store, store.put_bytes(CONTENT)).stat().st_ino

    store.put_bytes(CONTENT)

    assert [path.stat().st_ino for path in store.root.rglob("*") if path.is_file()] == [inode]


def test_a_large_stream_is_never_read_in_large_pieces(store: Store) -> None:
    tap = Tap(20 * CHUNK)

    store.put_stream(tap)

    assert tap.largest <= CHUNK


@pytest.mark.parametrize("call", ["open", "read_bytes", "size_bytes", "tree"])
def test_an_unknown_digest_is_not_found(store: Store, call: str) -> None:
    with pytest.raises(NotFound):
        getattr(store, call)(DIGEST)


def test_a_damaged_blob_is_noticed(store: Store) -> None:
    damage(blob_path(store, store.put_bytes(CONTENT)))

    with pytest.raises(GraderError, match="damaged"):
        store.read_bytes(DIGEST)


def test_an_upload_that_is_not_kept_leaves_nothing(store: Store) -> None:
    with store.stage() as staging:
        staging.put_bytes(CONTENT)
        assert store.root.is_dir()

    assert files_of(store) == []
    assert list((store.root / "incoming").iterdir()) == []


def test_nothing_of_an_upload_is_visible_before_it_is_kept(store: Store) -> None:
    with store.stage() as staging:
        digest = staging.put_bytes(CONTENT)
        with pytest.raises(NotFound):
            store.open(digest)
        staging.keep()
        assert store.read_bytes(digest) == CONTENT


def test_a_tree_has_one_digest_whatever_the_order(store: Store) -> None:
    one, other = store.put_bytes(b"1"), store.put_bytes(b"2")
    files = {PurePosixPath("a.py"): one, PurePosixPath("d/b.py"): other}

    first, second = store.put_tree(files), store.put_tree(dict(reversed(files.items())))

    assert first == second
    assert store.tree(first) == files


@pytest.mark.parametrize("content", [b"{}", b"[]", b"no json", b'{"files": {"../a": "%s"}}' % DIGEST.encode()])
def test_a_blob_that_is_no_list_of_files_is_not_taken_for_one(store: Store, content: bytes) -> None:
    with pytest.raises(GraderError, match="no list of files"):
        store.tree(store.put_bytes(content))


def test_a_written_tree_replaces_the_folder_whole(store: Store, tmp_path: Path) -> None:
    target = tmp_path / "out" / "a1"
    (target / "old").mkdir(parents=True)
    (target / "old" / "stale.py").write_text("stale")
    tree = store.put_tree({PurePosixPath("d/new.py"): store.put_bytes(b"new")})

    store.write_tree(tree, target, extra={PurePosixPath("timestamp.txt"): b"now"})

    assert {path.relative_to(tmp_path / "out").as_posix() for path in tmp_path.glob("out/**/*") if path.is_file()} == {
        "a1/d/new.py", "a1/timestamp.txt",
    }  # fmt: skip


def test_a_damaged_tree_leaves_the_folder_as_it_was(store: Store, tmp_path: Path) -> None:
    target = tmp_path / "a1"
    target.mkdir()
    (target / "good.py").write_text("good")
    tree = store.put_tree({PurePosixPath("bad.py"): store.put_bytes(CONTENT)})
    damage(blob_path(store, DIGEST))

    with pytest.raises(GraderError):
        store.write_tree(tree, target)

    assert [path.name for path in target.iterdir()] == ["good.py"]
    assert not list(tmp_path.glob(".a1*"))


def test_a_sweep_spares_uploads_under_way(store: Store) -> None:
    with store.stage() as staging:
        digest = staging.put_bytes(CONTENT)

        assert store.sweep() == 0

        staging.keep()
    assert store.read_bytes(digest) == CONTENT


def write_for_ever(root: Path, started: "multiprocessing.connection.Connection") -> None:
    """Run in a process of its own until it is killed."""

    class Endless:
        def read(self, size: int = -1, /) -> bytes:
            started.send("writing")
            return bytes(size)

    with Store(root).stage() as staging:
        staging.put_bytes(CONTENT)
        staging.put_stream(Endless())


@pytest.fixture
def killed_writer(store: Store) -> Iterator[None]:
    here, there = SPAWN.Pipe()
    process = SPAWN.Process(target=write_for_ever, args=(store.root, there))
    process.start()
    there.close()
    for _ in range(3):
        assert here.recv() == "writing"
    os.kill(process.pid or 0, signal.SIGKILL)
    process.join()
    here.close()
    yield
    process.close()


@pytest.mark.usefixtures("killed_writer")
def test_what_a_killed_writer_left_is_never_a_blob_and_is_swept(store: Store) -> None:
    assert not list(store.root.glob("sha256/*/*"))
    assert len(list((store.root / "incoming").iterdir())) == 1

    assert store.sweep() == 1

    assert list((store.root / "incoming").iterdir()) == []


def put_many(root: Path) -> None:
    store = Store(root)
    for number in range(20):
        store.put_stream(io.BytesIO(bytes([number]) * 10_000))


def test_processes_that_write_the_same_at_once_do_not_disturb_each_other(store: Store) -> None:
    processes = [SPAWN.Process(target=put_many, args=(store.root,)) for _ in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()

    assert [process.exitcode for process in processes] == [0, 0, 0]
    assert len(files_of(store)) == 20
    assert all(store.read_bytes(Digest(path[7:].replace("/", ""))) for path in files_of(store))


def test_only_old_and_unused_blobs_are_forgotten(store: Store) -> None:
    used, young, old = (store.put_bytes(content) for content in (b"used", b"young", b"old"))
    for digest in (used, old):
        os.utime(blob_path(store, digest), (1, 1))

    assert store.forget_unused({used}, older_than_s=60) == 1

    assert store.read_bytes(used) + store.read_bytes(young) == b"usedyoung"
    with pytest.raises(NotFound):
        store.open(old)


def test_a_blob_that_is_put_again_is_young_again(store: Store) -> None:
    os.utime(blob_path(store, store.put_bytes(CONTENT)), (1, 1))

    store.put_bytes(CONTENT)

    assert store.forget_unused(set(), older_than_s=60) == 0
