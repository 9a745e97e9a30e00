"""The rules of the exchange on a real store and database, with processes that hurry and processes that die."""

import datetime as dt
import io
import json
import multiprocessing
import os
import signal
import tarfile
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from pathlib import Path, PurePosixPath

import pytest
from sqlalchemy import func, select

from classroom.db.tables import Attempt, Event, Job, Release, Run
from classroom.errors import CourseError, NotFound, Refused, RequestError, TooLarge
from classroom.exchange.receipts import KEY_FILE, ReceiptKey, is_genuine
from classroom.exchange.transfers import Transfers
from classroom.ledger import Kind, events_of_assignment, events_of_student, record
from tests.exchange_class import (
    DUE,
    IN_TIME,
    Clock,
    answers,
    blobs,
    files_below,
    notebook,
    open_class,
    tar,
    write_release,
)

SPAWN = multiprocessing.get_context("spawn")
MINUTE = dt.timedelta(minutes=1)
LONG_AGO = 1.0


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def transfers(tmp_path: Path, clock: Clock, database_url: str) -> Iterator[Transfers]:
    made = open_class(tmp_path, clock, database_url)
    for assignment in ("a1", "a2"):
        made.release(assignment, write_release(tmp_path / "release" / assignment), actor="instructor")
    yield made
    made.database.dispose()


def history(transfers: Transfers, student: str) -> list[tuple[str, dict[str, object]]]:
    """What the ledger tells about a student, oldest first."""
    with transfers.database.reading() as session:
        return [(event.kind, event.data) for event in reversed(events_of_student(session, "demo", student))]


def count(transfers: Transfers, table: type[Attempt] | type[Event] | type[Release]) -> int:
    with transfers.database.reading() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


# ---- release and fetch


def test_a_release_is_what_students_fetch(transfers: Transfers) -> None:
    released = transfers.fetch("a1", actor="s1")

    assert (released.version, released.notebooks) == (1, ["exercises", "lesson"])
    assert [str(path) for path in released.files] == ["exercises.ipynb", "given.csv", "lesson.ipynb"]
    assert history(transfers, "s1") == [("fetch", {"version": 1, "tree": released.tree})]


def test_releasing_the_same_again_makes_no_new_version(transfers: Transfers, tmp_path: Path) -> None:
    again = transfers.release("a1", tmp_path / "release" / "a1", actor="instructor")

    assert again.version == 1
    assert count(transfers, Release) == 2  # one of each assignment


def test_a_mended_release_is_a_new_version_and_the_old_one_is_kept(transfers: Transfers, tmp_path: Path) -> None:
    old = transfers.find_release("a1")

    new = transfers.release("a1", write_release(tmp_path / "release" / "a1", text="# mended"), actor="instructor")

    assert new.version == 2
    assert transfers.find_release("a1") == new
    assert transfers.store.tree(old.tree) == old.files != new.files


def test_hidden_files_are_not_released(transfers: Transfers, tmp_path: Path) -> None:
    (tmp_path / "release" / "a1" / ".ipynb_checkpoints").mkdir()
    (tmp_path / "release" / "a1" / ".ipynb_checkpoints" / "old.ipynb").write_bytes(notebook())

    assert transfers.release("a1", tmp_path / "release" / "a1", actor="instructor").version == 1


def test_a_release_without_a_notebook_stops_the_instructor(transfers: Transfers, tmp_path: Path) -> None:
    with pytest.raises(CourseError, match="classroom generate a1"):
        transfers.release("a1", tmp_path / "nothing", actor="instructor")


def test_before_its_date_a_release_is_there_for_the_staff_only(transfers: Transfers, clock: Clock) -> None:
    clock.now = dt.datetime(2026, 11, 2, 7, 59, tzinfo=dt.UTC)

    assert transfers.released() == []
    assert [one.assignment.id for one in transfers.released(early=True)] == ["a1", "a2"]
    assert transfers.find_release("a1", early=True).version == 1
    with pytest.raises(NotFound, match="not released"):
        transfers.fetch("a1", actor="s1")


def test_an_unknown_assignment_is_not_found(transfers: Transfers) -> None:
    with pytest.raises(NotFound):
        transfers.submit("a9", "s1", answers())


# ---- submit


def test_a_submission_gets_a_signed_receipt_a_row_and_an_event(transfers: Transfers) -> None:
    files = {"exercises.ipynb": notebook("1"), "src/mine.py": b"x = 1\n"}

    receipt = transfers.submit("a1", "s1", tar(files))

    assert is_genuine(receipt.as_json(), transfers.key.public_pem)
    assert (receipt.course, receipt.assignment, receipt.student, receipt.attempt) == ("demo", "a1", "s1", 1)
    assert (receipt.time, receipt.files) == ("2026-11-10T12:00:00+00:00", 2)
    assert receipt.size_bytes == sum(map(len, files.values()))
    (row,) = transfers.attempts("a1", "s1")
    assert (row.tree, row.receipt, row.arrival, row.late_s) == (receipt.sha256, receipt.as_json(), "on_time", 0)
    assert history(transfers, "s1") == [("submit", {"attempt": 1, "tree": row.tree, "arrival": "on_time"})]


def test_what_was_submitted_is_kept_byte_for_byte_in_every_attempt(transfers: Transfers) -> None:
    for number in (1, 2):
        transfers.submit("a1", "s1", answers(f"answer {number}"))

    trees = [transfers.store.tree(row.tree) for row in transfers.attempts("a1", "s1")]

    path = PurePosixPath("exercises.ipynb")
    assert [transfers.store.read_bytes(tree[path]) for tree in trees] == [notebook("answer 1"), notebook("answer 2")]


@pytest.mark.parametrize(
    ("after_due", "arrival", "late_s"), [(0, "on_time", 0), (1, "grace", 0), (10, "grace", 0), (11, "late", 60)]
)
def test_the_server_s_clock_says_how_late_it_is(
    transfers: Transfers, clock: Clock, after_due: int, arrival: str, late_s: float
) -> None:
    clock.now = DUE + after_due * MINUTE

    transfers.submit("a1", "s1", answers())

    (row,) = transfers.attempts("a1", "s1")
    assert (row.arrival, row.late_s, row.received_at) == (arrival, late_s, clock.now)


@pytest.mark.parametrize(
    ("now", "said"),
    [(IN_TIME - dt.timedelta(days=30), "opens Mon 2 Nov"), (DUE + dt.timedelta(days=8), "closed Tue 24 Nov, 00:09")],
    ids=["too early", "too late"],
)
def test_outside_its_time_nothing_is_read_or_taken(
    transfers: Transfers, clock: Clock, now: dt.datetime, said: str
) -> None:
    clock.now = now
    stream = answers()

    with pytest.raises(Refused, match=said):
        transfers.submit("a1", "s1", stream)

    assert stream.tell() == 0


class Slow:
    """An upload during which time passes."""

    def __init__(self, clock: Clock, until: dt.datetime) -> None:
        self.clock, self.until, self.stream = clock, until, answers()

    def read(self, size: int = -1, /) -> bytes:
        self.clock.now = self.until
        return self.stream.read(size)


def test_an_upload_counts_when_it_is_complete(transfers: Transfers, clock: Clock) -> None:
    receipt = transfers.submit("a1", "s1", Slow(clock, DUE + 11 * MINUTE))

    assert receipt.time == "2026-11-16T23:10:00+00:00"
    assert transfers.attempts("a1", "s1")[0].arrival == "late"


def test_an_upload_that_ends_after_the_closing_leaves_nothing(
    transfers: Transfers, clock: Clock, tmp_path: Path
) -> None:
    before = blobs(tmp_path)

    with pytest.raises(Refused, match="closed"):
        transfers.submit("a1", "s1", Slow(clock, DUE + dt.timedelta(days=8)))

    assert blobs(tmp_path) == before
    assert transfers.attempts("a1", "s1") == []


def test_attempts_run_out_and_what_was_submitted_stays(transfers: Transfers) -> None:
    for _ in range(3):
        transfers.submit("a1", "s1", answers())

    with pytest.raises(Refused, match="all 3 attempts are used"):
        transfers.submit("a1", "s1", answers("one more"))

    assert [row.number for row in transfers.attempts("a1", "s1")] == [1, 2, 3]
    assert transfers.decision("a1", "s1").attempts_left == 0
    assert transfers.decision("a1", "s2").attempts_left == 3


def linked(kind: bytes) -> io.BytesIO:
    stream, member = io.BytesIO(), tarfile.TarInfo("exercises.ipynb")
    member.type, member.linkname = kind, "/etc/passwd"
    with tarfile.open(fileobj=stream, mode="w") as archive:
        archive.addfile(member)
    return io.BytesIO(stream.getvalue())


def named(name: str) -> io.BytesIO:
    stream, member = io.BytesIO(), tarfile.TarInfo(name)
    with tarfile.open(fileobj=stream, mode="w") as archive:
        archive.addfile(member)
    return io.BytesIO(stream.getvalue())


def beside(name: str, content: bytes = b"x") -> io.BytesIO:
    """A good notebook, and after it another file."""
    return tar({"exercises.ipynb": notebook("1"), name: content})


def exercises(content: bytes) -> io.BytesIO:
    return tar({"exercises.ipynb": content})


def cut(stream: io.BytesIO, size: int) -> io.BytesIO:
    return io.BytesIO(stream.getvalue()[:size])


class Broken:
    """An upload whose line goes dead after the first half."""

    def __init__(self) -> None:
        self.stream = cut(answers("x" * 5000), 3000)

    def read(self, size: int = -1, /) -> bytes:
        if chunk := self.stream.read(size):
            return chunk
        raise ConnectionResetError


BAD_UPLOADS = {
    "symbolic link": (lambda: linked(tarfile.SYMTYPE), Refused, "symbolic link"),
    "hard link": (lambda: linked(tarfile.LNKTYPE), Refused, "hard link"),
    "fifo": (lambda: linked(tarfile.FIFOTYPE), Refused, "FIFO"),
    "upwards": (lambda: named("../a.py"), Refused, "inside"),
    "absolute": (lambda: named("/etc/cron.d/a.py"), Refused, "inside"),
    "newline": (lambda: named("a\nb.py"), Refused, "isn't allowed in names"),
    "unexpected name": (lambda: beside("zz.exe"), Refused, "zz.exe"),
    "another notebook": (lambda: beside("zz.ipynb", notebook()), Refused, "zz.ipynb"),
    "timestamp": (lambda: beside("timestamp.txt"), Refused, "written by the classroom"),
    "large file": (lambda: beside("zz.py", bytes(2**18 + 1)), TooLarge, "zz.py"),
    "large upload": (
        lambda: tar({"exercises.ipynb": notebook(), "y.py": bytes(2**18), "zz.py": bytes(2**18)}),
        TooLarge,
        "limit of 0.5 MB",
    ),
    "many files": (
        lambda: tar({"exercises.ipynb": notebook(), **{f"z{number}.py": b"" for number in range(4)}}),
        TooLarge,
        "4 are allowed",
    ),
    "twice": (lambda: beside("Exercises.ipynb", notebook()), Refused, r"Exercises\.ipynb"),
    "no notebook": (lambda: tar({"zz.py": b"x"}), Refused, "exercises.ipynb, lesson.ipynb"),
    "nothing at all": (lambda: tar({}), Refused, "exercises.ipynb, lesson.ipynb"),
    "no json": (lambda: exercises(b"not json"), Refused, "isn't JSON"),
    "not utf-8": (lambda: exercises(b"\xff\xfe{}"), Refused, "isn't JSON"),
    "deep json": (lambda: exercises(b"[" * 100_000), Refused, "isn't JSON"),
    "huge number": (lambda: exercises(b'{"nbformat": ' + b"9" * 10_000 + b"}"), Refused, "isn't JSON"),
    "json of something else": (lambda: exercises(b"[1]"), Refused, "format 4"),
    "format 3": (lambda: exercises(notebook(nbformat=3)), Refused, "format 4"),
    "no cells": (lambda: exercises(notebook(cells={})), Refused, "format 4"),
    "cell without text": (lambda: exercises(notebook(cells=[{"cell_type": "code"}])), Refused, "cell 1 has no text"),
    "cell of numbers": (
        lambda: exercises(notebook(cells=[{"cell_type": "code", "source": [1]}])),
        Refused,
        "cell 1 has no text",
    ),
    "cell of no type": (lambda: exercises(notebook(cells=[{"source": ""}])), Refused, "cell 1 has no known type"),
    "cell that is none": (lambda: exercises(notebook(cells=[7])), Refused, "cell 1 has no text"),
    "many cells": (lambda: exercises(notebook(*["1"] * 501)), Refused, "501 cells"),
    "long cell": (lambda: exercises(notebook("x" * 200_001)), Refused, "200000 characters"),
    "cut off": (lambda: cut(answers(), 700), Refused, "before its end mark"),
    "compressed": (lambda: io.BytesIO(b"\x1f\x8b" + bytes(600)), Refused, "gzip"),
    "empty": (io.BytesIO, Refused, "before its end mark"),
    "dead line": (Broken, ConnectionResetError, "^$"),
}


@pytest.mark.parametrize(("upload", "error", "said"), BAD_UPLOADS.values(), ids=BAD_UPLOADS.keys())
def test_a_bad_upload_is_named_and_leaves_nothing_but_an_event(
    transfers: Transfers, tmp_path: Path, upload: Callable[[], io.BytesIO], error: type[Exception], said: str
) -> None:
    before = blobs(tmp_path)

    with pytest.raises(error, match=said) as caught:
        transfers.submit("a1", "s1", upload())

    assert blobs(tmp_path) == before
    assert transfers.attempts("a1", "s1") == []
    reason = (
        str(caught.value) if isinstance(caught.value, RequestError) else "the upload broke off (ConnectionResetError)"
    )
    assert history(transfers, "s1") == [("refused", {"reason": reason})]


def test_a_refused_upload_costs_no_attempt(transfers: Transfers) -> None:
    with pytest.raises(Refused):
        transfers.submit("a1", "s1", tar({}))

    assert transfers.submit("a1", "s1", answers()).attempt == 1


# ---- attempts


def test_another_s_attempt_looks_like_one_that_does_not_exist(transfers: Transfers) -> None:
    transfers.submit("a1", "s1", answers())

    with pytest.raises(NotFound) as foreign:
        transfers.fetch_attempt("a1", "s1", 1, actor="s2", is_staff=False)
    with pytest.raises(NotFound) as absent:
        transfers.fetch_attempt("a1", "s1", 2, actor="s2", is_staff=False)

    assert str(foreign.value).replace("attempt 1", "attempt 2") == str(absent.value)
    assert [kind for kind, _ in history(transfers, "s1")] == ["submit"]


@pytest.mark.parametrize(("actor", "is_staff"), [("s1", False), ("grader", True)])
def test_its_student_and_the_staff_fetch_an_attempt(transfers: Transfers, actor: str, is_staff: bool) -> None:
    receipt = transfers.submit("a1", "s1", answers())

    got = transfers.fetch_attempt("a1", "s1", 1, actor=actor, is_staff=is_staff)

    assert got.tree == receipt.sha256
    assert history(transfers, "s1")[-1] == ("attempt_fetch", {"attempt": 1, "tree": got.tree})


def test_everybody_s_attempts_come_by_student_and_number(transfers: Transfers) -> None:
    for student in ("s2", "s1", "s2"):
        transfers.submit("a1", student, answers())

    assert [(row.student, row.number) for row in transfers.attempts("a1", None)] == [("s1", 1), ("s2", 1), ("s2", 2)]


# ---- collect


def test_collecting_writes_each_student_s_latest_attempt_with_its_time(transfers: Transfers, tmp_path: Path) -> None:
    transfers.submit("a1", "s1", answers("first"))
    transfers.submit("a1", "s1", answers("second"))
    transfers.submit("a1", "s2", beside("mine.py"))

    number = transfers.collect("a1", tmp_path / "submitted", actor="instructor")

    assert number == 2
    assert list(files_below(tmp_path / "submitted")) == [
        "s1/a1/exercises.ipynb", "s1/a1/timestamp.txt",
        "s2/a1/exercises.ipynb", "s2/a1/mine.py", "s2/a1/timestamp.txt",
    ]  # fmt: skip
    assert (tmp_path / "submitted/s1/a1/exercises.ipynb").read_bytes() == notebook("second")
    assert (tmp_path / "submitted/s1/a1/timestamp.txt").read_text() == "2026-11-10 12:00:00.000000 UTC"
    assert transfers.collected("a1") == {"s1": 2, "s2": 1}


def test_collecting_again_writes_and_records_nothing(transfers: Transfers, tmp_path: Path) -> None:
    transfers.submit("a1", "s1", answers())
    transfers.collect("a1", tmp_path / "submitted", actor="instructor")
    before = (tmp_path / "submitted/s1/a1").stat().st_ino, count(transfers, Event)

    assert transfers.collect("a1", tmp_path / "submitted", actor="instructor") == 0

    assert ((tmp_path / "submitted/s1/a1").stat().st_ino, count(transfers, Event)) == before


def test_a_newer_attempt_replaces_the_folder_and_what_is_stale_goes(transfers: Transfers, tmp_path: Path) -> None:
    transfers.submit("a1", "s1", beside("mine.py"))
    transfers.collect("a1", tmp_path / "submitted", actor="instructor")
    transfers.submit("a1", "s1", answers())

    assert transfers.collect("a1", tmp_path / "submitted", actor="instructor") == 1

    assert list(files_below(tmp_path / "submitted")) == ["s1/a1/exercises.ipynb", "s1/a1/timestamp.txt"]


@pytest.mark.parametrize("change", ["edited", "added", "link", "removed"])
def test_a_folder_that_somebody_changed_is_made_right(transfers: Transfers, tmp_path: Path, change: str) -> None:
    transfers.submit("a1", "s1", answers())
    transfers.collect("a1", tmp_path / "submitted", actor="instructor")
    folder = tmp_path / "submitted/s1/a1"
    right = {name: (folder / name).read_bytes() for name in files_below(folder)}
    if change == "edited":
        (folder / "exercises.ipynb").write_text("{}")
    elif change == "added":
        (folder / "extra.py").write_text("")
    elif change == "link":
        (folder / "away").symlink_to(tmp_path / "secrets")
    else:
        (folder / "timestamp.txt").unlink()

    assert transfers.collect("a1", tmp_path / "submitted", actor="instructor") == 1

    assert {name: (folder / name).read_bytes() for name in files_below(folder)} == right
    assert not (folder / "away").is_symlink()


def test_a_collection_that_died_is_finished_by_the_next(transfers: Transfers, tmp_path: Path) -> None:
    """It died after moving the old folder away and before the new one was in place, and had recorded nothing."""
    transfers.submit("a1", "s1", answers())
    half = tmp_path / "submitted" / "s1" / ".a1.xyz.part" / "new"
    half.mkdir(parents=True)
    (half / "exercises.ipynb").write_text("half")

    assert transfers.collect("a1", tmp_path / "submitted", actor="instructor") == 1

    assert list(files_below(tmp_path / "submitted")) == ["s1/a1/exercises.ipynb", "s1/a1/timestamp.txt"]


def test_a_folder_in_place_without_its_event_gets_one(transfers: Transfers, tmp_path: Path) -> None:
    transfers.submit("a1", "s1", answers())
    (attempt,) = transfers.attempts("a1", "s1")
    extra = {PurePosixPath("timestamp.txt"): b"2026-11-10 12:00:00.000000 UTC"}
    transfers.store.write_tree(attempt.tree, tmp_path / "submitted/s1/a1", extra=extra)

    transfers.collect("a1", tmp_path / "submitted", actor="instructor")

    assert transfers.collected("a1") == {"s1": 1}


def test_only_the_named_students_are_collected_and_others_folders_stay(transfers: Transfers, tmp_path: Path) -> None:
    transfers.submit("a1", "s1", answers())
    transfers.submit("a1", "s2", answers())
    by_hand = tmp_path / "submitted" / "guest" / "a1"
    by_hand.mkdir(parents=True)
    (by_hand / "exercises.ipynb").write_bytes(notebook())

    assert transfers.collect("a1", tmp_path / "submitted", actor="instructor", students=["s2"]) == 1

    assert {path.name for path in (tmp_path / "submitted").iterdir()} == {"s2", "guest"}
    assert (by_hand / "exercises.ipynb").read_bytes() == notebook()


def graded(transfers: Transfers, assignment: str, student: str, shares: dict[int, float]) -> None:
    for number, share in shares.items():
        with transfers.database.session() as session:
            run = Run(course="demo", assignment=assignment, actor="i", created_at=IN_TIME)
            session.add(run)
            session.flush()
            place = {"run_id": run.id, "course": "demo", "assignment": assignment, "student": student}
            session.add(Job(attempt=number, state="done", score=share * 8, max_score=8.0, **place))


@pytest.mark.parametrize(("shares", "number"), [({}, 2), ({1: 0.9, 2: 1.0}, 2), ({1: 1.0, 2: 1.0}, 1), ({1: 1.0}, 2)])
def test_a_late_attempt_counts_unless_it_is_known_to_be_worse(
    transfers: Transfers, clock: Clock, shares: dict[int, float], number: int
) -> None:
    transfers.submit("a1", "s1", answers("in time"))
    clock.now = DUE + 20 * MINUTE  # 10 % are taken: 1.0 becomes 0.9, and 0.9 is no better than 0.9
    transfers.submit("a1", "s1", answers("late"))
    graded(transfers, "a1", "s1", shares)

    assert transfers.counting("a1")["s1"].number == number


def test_where_the_best_counts_a_graded_worse_one_does_not_replace_it(transfers: Transfers) -> None:
    for number in (1, 2):
        transfers.submit("a2", "s1", answers(f"{number}"))
    graded(transfers, "a2", "s1", {1: 0.9, 2: 0.4})

    assert transfers.counting("a2")["s1"].number == 1


# ---- feedback


def test_feedback_is_given_once_and_the_newest_is_read(transfers: Transfers) -> None:
    transfers.submit("a1", "s1", answers())
    first = transfers.publish_feedback("a1", "s1", 1, {"exercises.html": b"<p>one"}, 3.0, 8.0, actor="instructor")
    again = transfers.publish_feedback("a1", "s1", 1, {"exercises.html": b"<p>one"}, 3.0, 8.0, actor="instructor")
    second = transfers.publish_feedback("a1", "s1", 1, {"exercises.html": b"<p>two"}, 4.0, 8.0, actor="instructor")

    got = transfers.fetch_feedback("a1", "s1", actor="s1")

    assert first.id == again.id
    assert [row.id for row in transfers.all_feedback("a1", "s1")] == [second.id, first.id]
    assert (got.score, got.max_score, got.attempt) == (4.0, 8.0, 1)
    path = PurePosixPath("exercises.html")
    assert transfers.store.read_bytes(transfers.store.tree(got.tree)[path]) == b"<p>two"
    assert [kind for kind, _ in history(transfers, "s1")] == ["submit", *["feedback_release"] * 2, "feedback_fetch"]


def test_a_changed_score_alone_is_new_feedback(transfers: Transfers) -> None:
    for score in (3.0, 4.0):
        transfers.publish_feedback("a1", "s1", 1, {"exercises.html": b""}, score, 8.0, actor="instructor")

    assert [row.score for row in transfers.all_feedback("a1", "s1")] == [4.0, 3.0]


def test_without_feedback_there_is_nothing_to_find(transfers: Transfers) -> None:
    transfers.publish_feedback("a1", "s1", 1, {"exercises.html": b""}, 1.0, 8.0, actor="instructor")

    with pytest.raises(NotFound, match="no feedback for 's2'"):
        transfers.feedback("a1", "s2")


def test_feedback_with_an_unsafe_name_is_refused(transfers: Transfers) -> None:
    with pytest.raises(Refused):
        transfers.publish_feedback("a1", "s1", 1, {"../x.html": b""}, 1.0, 8.0, actor="instructor")


# ---- sweeping


def test_a_sweep_forgets_what_no_row_refers_to_and_nothing_else(transfers: Transfers, tmp_path: Path) -> None:
    transfers.submit("a1", "s1", answers())
    transfers.publish_feedback("a1", "s1", 1, {"exercises.html": b"<p>"}, 1.0, 8.0, actor="instructor")
    before = blobs(tmp_path)
    transfers.store.put_bytes(b"of a transaction that never was")
    for path in blobs(tmp_path):
        os.utime(path, (LONG_AGO, LONG_AGO))

    assert transfers.sweep() == 1

    assert blobs(tmp_path) == before


def test_a_sweep_of_a_damaged_store_removes_nothing(transfers: Transfers, tmp_path: Path) -> None:
    digest = transfers.find_release("a1").tree
    manifest = tmp_path / "store/sha256" / digest[:2] / digest[2:]
    manifest.chmod(0o600)
    manifest.write_bytes(b"{}")
    transfers.store.put_bytes(b"unused")
    for path in blobs(tmp_path):
        os.utime(path, (LONG_AGO, LONG_AGO))
    before = blobs(tmp_path)

    assert transfers.sweep() == 0

    assert blobs(tmp_path) == before


# ---- several processes


def submit_many(folder: Path, url: str, student: str, times: int) -> None:
    transfers = open_class(folder, Clock(), url)
    for number in range(times):
        transfers.submit("a2", student, answers(f"{os.getpid()} {number}"))


def record_many(folder: Path, url: str, student: str, times: int) -> None:
    transfers = open_class(folder, Clock(), url)
    for _ in range(times):
        with transfers.database.session() as session:
            record(session, Kind.fetch, course="demo", actor=student, at=IN_TIME, assignment="a2", student=student)
        with transfers.database.reading() as session:
            assert events_of_assignment(session, "demo", "a2")


def run_all(*processes: multiprocessing.context.SpawnProcess) -> list[int | None]:
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    return [process.exitcode for process in processes]


def test_attempts_of_one_student_at_once_get_different_numbers(transfers: Transfers, tmp_path: Path) -> None:
    codes = run_all(
        *(SPAWN.Process(target=submit_many, args=(tmp_path, transfers.database.url, "s1", 10)) for _ in range(3))
    )

    rows = transfers.attempts("a2", "s1")
    assert codes == [0, 0, 0]
    assert [row.number for row in rows] == list(range(1, 31))
    assert len({row.tree for row in rows}) == 30
    assert all(is_genuine(row.receipt, transfers.key.public_pem) for row in rows)
    assert [data["attempt"] for kind, data in history(transfers, "s1")] == list(range(1, 31))


def send_key(folder: Path, pipe: Connection) -> None:
    pipe.send("ready")
    pipe.recv()
    pipe.send(ReceiptKey.load(folder).public_pem)


def test_processes_that_make_the_key_at_once_have_one_key(tmp_path: Path) -> None:
    pipes = [SPAWN.Pipe() for _ in range(4)]
    processes = [SPAWN.Process(target=send_key, args=(tmp_path / "secrets", there)) for _, there in pipes]
    for process in processes:
        process.start()
    for here, _ in pipes:
        assert here.recv() == "ready"
    for here, _ in pipes:
        here.send("go")

    keys = {here.recv() for here, _ in pipes}

    for process in processes:
        process.join()
    assert len(keys) == 1
    assert [path.name for path in (tmp_path / "secrets").iterdir()] == [KEY_FILE]


def test_a_class_that_submits_while_others_write_never_meets_a_locked_database(
    transfers: Transfers, tmp_path: Path
) -> None:
    place = tmp_path, transfers.database.url
    codes = run_all(
        *(SPAWN.Process(target=submit_many, args=(*place, f"s{number}", 6)) for number in (1, 2)),
        *(SPAWN.Process(target=record_many, args=(*place, f"s{number}", 40)) for number in (3, 4)),
    )

    assert codes == [0, 0, 0, 0]
    assert len(transfers.attempts("a2", None)) == 12


def submit_and_stall(folder: Path, url: str, pipe: Connection) -> None:
    """One whole submission, then one that stops in the middle of its second file."""
    transfers = open_class(folder, Clock(), url)
    pipe.send(transfers.submit("a1", "s1", answers("kept")).as_json())
    half = cut(beside("zz.py", bytes(100_000)), 60_000)

    class Stalled:
        def read(self, size: int = -1, /) -> bytes:
            if chunk := half.read(size):
                return chunk
            pipe.send("stalled")
            pipe.recv()
            return b""

    transfers.submit("a1", "s1", Stalled())


def test_a_kill_in_the_middle_of_an_upload_loses_nothing_that_had_a_receipt(
    transfers: Transfers, tmp_path: Path
) -> None:
    here, there = SPAWN.Pipe()
    process = SPAWN.Process(target=submit_and_stall, args=(tmp_path, transfers.database.url, there))
    process.start()
    receipt = here.recv()
    assert here.recv() == "stalled"
    kept = sorted(tmp_path.glob("store/sha256/*/*"))
    assert len(blobs(tmp_path)) > len(kept)
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    process.join()

    restarted = open_class(tmp_path, Clock(), transfers.database.url)
    swept = restarted.sweep()

    assert swept == 1
    assert blobs(tmp_path) == kept
    (row,) = restarted.attempts("a1", "s1")
    restarted.database.dispose()
    assert json.loads(json.dumps(row.receipt)) == receipt
    assert is_genuine(receipt, restarted.key.public_pem)
    content = restarted.store.tree(row.tree)[PurePosixPath("exercises.ipynb")]
    assert restarted.store.read_bytes(content) == notebook("kept")
    assert restarted.submit("a1", "s1", answers("again")).attempt == 2
    restarted.database.dispose()
