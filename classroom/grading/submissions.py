"""Reads what lies in source/ and submitted/ into an intake. Never follows a link, never raises over one submission."""

import datetime as dt
import errno
import hashlib
import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from fnmatch import fnmatch
from functools import lru_cache
from pathlib import Path, PurePosixPath

from sqlalchemy.orm import Session

from classroom.assignments import Assignment
from classroom.config import Settings
from classroom.db.attempts import SentBy, load_sent
from classroom.errors import CourseError, Refused
from classroom.grading.intake import MAX_NOTEBOOK_BYTES, Unusable, make_intake, parse_source
from classroom.grading.models import Fault, SourceNotebook, SubmissionIntake
from classroom.ids import AssignmentId, CourseId, NotebookId, StudentId, parse_student_id
from judge.plan import Limits

TIMESTAMP = "timestamp.txt"
MAX_STAMP_BYTES = 200
_TIME_FORMAT = "%Y-%m-%d %H:%M:%S.%f UTC"
_MAX_FILES = 500  # walked in a folder, whatever the limits say


class NoRegularFile(ValueError):
    """A link, device, folder or pipe where a file should be."""


@dataclass(frozen=True)
class AssignmentSource:
    """The instructor's side of an assignment. files: what stands beside its notebooks, by relative path."""

    assignment: AssignmentId
    notebooks: tuple[SourceNotebook, ...]
    files: Mapping[str, bytes]
    digest: str

    @property
    def graded(self) -> tuple[SourceNotebook, ...]:
        return tuple(notebook for notebook in self.notebooks if notebook.is_graded)


def load_source(folder: Path, assignment: AssignmentId) -> AssignmentSource:
    """The notebooks and files of source/<assignment>; raises CourseError."""
    if not folder.is_dir():
        raise CourseError(f"there is no {folder}; an assignment's notebooks stand there")
    files = dict(read_files(folder, 1 << 30))
    notebooks = tuple(
        parse_source(NotebookId(PurePosixPath(name).stem), data)
        for name, data in sorted(files.items())
        if name.endswith(".ipynb") and "/" not in name and isinstance(data, bytes)
    )
    if not notebooks:
        raise CourseError(f"{folder} holds no notebook")
    others = {name: data for name, data in files.items() if isinstance(data, bytes) and not name.endswith(".ipynb")}
    graded = {f"{one.id}.ipynb": files[f"{one.id}.ipynb"] for one in notebooks if one.is_graded}
    return AssignmentSource(assignment, notebooks, others, _digest_files(graded | others))


def load_notebook_source(
    path: Path, assignment: AssignmentId, extra_files: Sequence[str], limit_bytes: int
) -> AssignmentSource:
    """One instructor notebook, with the files of these patterns beside it; raises CourseError."""
    if not path.is_file():
        raise CourseError(f"there is no notebook {path}")
    notebook = parse_source(NotebookId(path.stem), path.read_bytes())
    files: dict[str, bytes] = {}
    for beside in sorted(path.parent.iterdir()):
        if any(fnmatch(beside.name, pattern) for pattern in extra_files):
            data = _read(beside, limit_bytes - sum(len(one) for one in files.values()))
            files |= {beside.name: data} if isinstance(data, bytes) else {}
    digest = _digest_files({path.name: path.read_bytes(), **files})
    return AssignmentSource(assignment, (notebook,), files, digest)


def read_source(settings: Settings, assignment: AssignmentId) -> AssignmentSource:
    """The instructor's notebooks; read again only when a file of the folder changed."""
    folder = settings.source / assignment
    stamps = tuple(sorted((str(path), path.stat().st_mtime_ns) for path in folder.rglob("*") if path.is_file()))
    key = (folder, stamps)
    if key not in _sources:
        _sources.clear()
        _sources[key] = load_source(folder, assignment)
    return _sources[key]


def read_submission(
    folder: Path, student: StudentId, source: AssignmentSource, rules: Assignment, *, engine: str
) -> SubmissionIntake:
    """One submission as it lies in `folder`. What can't be used is named in the notebook's intake or the notes."""
    found = dict(read_files(folder, int(rules.limits.upload_mb * (1 << 20))))
    found.pop(TIMESTAMP, None)
    limits, extra_files = limits_of(rules), rules.limits.extra_files
    return take_in(found, student, source, extra_files=extra_files, limits=limits, engine=engine)


def limits_of(rules: Assignment) -> Limits:
    """What course.yaml lets the code of one notebook do."""
    budget = rules.budget
    return Limits(
        cell_s=budget.cell,
        call_s=budget.call,
        test_s=budget.test,
        total_s=budget.total,
        services=rules.services,
        subprocesses=rules.subprocesses,
    )


def take_in(
    found: Mapping[str, "bytes | Unusable"],
    student: StudentId,
    source: AssignmentSource,
    *,
    extra_files: Sequence[str],
    limits: Limits,
    engine: str,
) -> SubmissionIntake:
    """The intake of a submission's files. extra_files: shell patterns of names that go along beside the notebooks."""
    wanted = {f"{notebook.id}.ipynb" for notebook in source.notebooks}
    extra, notes = _extra_files(found, wanted, extra_files)
    files, names = {**extra, **source.files}, sorted(found)
    notebooks = tuple(
        make_intake(
            f"{student}/{source.assignment}/{notebook.id}",
            notebook,
            _submitted(found, notebook.id, names),
            files=files,
            released=tuple(source.files),
            limits=limits,
        )
        for notebook in source.graded
    )
    parts = [_digest_files(found), source.digest, engine, repr(asdict(limits))]
    digest = hashlib.sha256("\n".join(parts).encode()).hexdigest()
    return SubmissionIntake(source.assignment, student, notebooks, notes, digest)


def collected(
    session: Session, settings: Settings, course: CourseId, assignment: AssignmentId
) -> dict[StudentId, int | None]:
    """Everybody whose submission lies in submitted/, with the number of the attempt it is, where that is known."""
    sent = load_sent(session, course, [assignment])
    return collected_of(settings, sent)[assignment]


def collected_of(
    settings: Settings, sent: Mapping[AssignmentId, SentBy], *, student: StudentId | None = None
) -> dict[AssignmentId, dict[StudentId, int | None]]:
    """The same for the assignments of these attempts, of one student if given."""
    root = settings.course_dir("submitted")
    students = _student_folders(root) if student is None else [student]
    return {
        assignment: {
            student: next((one.number for one in reversed(attempts.get(student, ())) if one.received_at == time), None)
            for student in students
            for is_there, time in [_find_stamp(f"{root}/{student}/{assignment}")]
            if is_there
        }
        for assignment, attempts in sent.items()
    }


def collected_students(settings: Settings, assignment: AssignmentId) -> list[StudentId]:
    """The students who have a folder for the assignment in submitted/, sorted."""
    root = settings.course_dir("submitted")
    return [student for student in _student_folders(root) if os.path.lexists(f"{root}/{student}/{assignment}")]


def submission_folder(settings: Settings, assignment: AssignmentId, student: StudentId) -> Path:
    return settings.course_dir("submitted") / student / assignment


def submitted_at(settings: Settings, assignment: AssignmentId, student: StudentId) -> dt.datetime | None:
    """The time that the exchange wrote beside a submission; None where there's none to read."""
    return _find_stamp(f"{settings.course_dir('submitted')}/{student}/{assignment}")[1]


def _student_folders(root: Path) -> list[StudentId]:
    found = []
    for name in sorted(entry.name for entry in os.scandir(root)) if root.is_dir() else ():
        try:
            found.append(parse_student_id(name))
        except Refused:
            continue  # a stray folder that is no student's
    return found


def _find_stamp(folder: str) -> tuple[bool, dt.datetime | None]:
    """Whether a submission's folder is there, and the time in it. One look at the disk where both are."""
    # Paths as text: with hundreds of students pathlib's cost is most of a page's time.
    path = f"{folder}/{TIMESTAMP}"
    try:
        found = os.lstat(path)
    except OSError:
        return os.path.lexists(folder), None
    # The exchange never writes into a stamp, it replaces the folder: another file has another number.
    return True, _read_stamp(path, found.st_ino, found.st_mtime_ns, found.st_size)


@lru_cache(maxsize=20_000)
def _read_stamp(path: str, _inode: int, _mtime_ns: int, _size: int) -> dt.datetime | None:
    try:
        text = read_regular(Path(path), MAX_STAMP_BYTES).decode()
        return dt.datetime.strptime(text.strip(), _TIME_FORMAT).replace(tzinfo=dt.UTC)
    except (OSError, ValueError):
        return None


def read_files(path: Path, limit_bytes: int) -> Iterator[tuple[str, "bytes | Unusable"]]:
    """Files below a folder, or one file, by relative path, with their bytes or why they can't be had.

    At most `limit_bytes` together; what comes after that is named as too large.
    """
    if not path.is_dir() or path.is_symlink():
        yield path.name, _read(path, limit_bytes)
        return
    left, count = limit_bytes, 0
    for where, folders, names in os.walk(path, followlinks=False):
        folders[:] = sorted(name for name in folders if name not in {".ipynb_checkpoints", "__pycache__"})
        for name in sorted(names):
            count += 1
            if count > _MAX_FILES:
                return
            data = _read(Path(where) / name, left)
            left -= len(data) if isinstance(data, bytes) else 0
            yield (Path(where) / name).relative_to(path).as_posix(), data


def read_regular(path: Path, limit_bytes: int) -> bytes:
    """A regular file's bytes, one more than the limit at most; raises NoRegularFile for all else, OSError."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise NoRegularFile(f"{path.name} is a link") from error
        raise
    with open(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise NoRegularFile(f"{path.name} is no regular file")
        return file.read(limit_bytes + 1)


def _read(path: Path, left: int) -> "bytes | Unusable":
    limit = min(left, MAX_NOTEBOOK_BYTES) if path.suffix == ".ipynb" else left
    try:
        data = read_regular(path, limit)
    except (NoRegularFile, OSError) as error:
        return Unusable(Fault.unreadable, f"it can't be read: {error}")
    if len(data) > limit and path.suffix != ".ipynb":
        return Unusable(Fault.unreadable, "the submission is larger than the assignment allows")
    return data


def _submitted(
    found: Mapping[str, "bytes | Unusable"], notebook: NotebookId, names: Sequence[str]
) -> "bytes | Unusable":
    given = found.get(f"{notebook}.ipynb")
    if given is not None:
        return given
    held = f"it holds {', '.join(names[:5])}" if names else "it holds no file"
    return Unusable(Fault.missing, f"it isn't in the submission; {held}")


def _extra_files(
    found: Mapping[str, "bytes | Unusable"], notebooks: set[str], patterns: Sequence[str]
) -> tuple[dict[str, bytes], tuple[str, ...]]:
    """The files that go along, and a note for each that doesn't."""
    taken: dict[str, bytes] = {}
    notes = []
    for name, data in found.items():
        if name in notebooks:
            continue
        if name.endswith(".ipynb"):
            notes.append(f"the notebook {name} is not part of the assignment and was passed over")
        elif isinstance(data, Unusable):
            notes.append(f"{name} was passed over: {data}")
        elif not any(fnmatch(PurePosixPath(name).name, pattern) for pattern in patterns):
            notes.append(f"{name} was passed over: files of this kind are not taken")
        else:
            taken[name] = data
    return taken, tuple(notes)


def _digest_files(files: Mapping[str, "bytes | Unusable"]) -> str:
    whole = hashlib.sha256()
    for name, data in sorted(files.items()):
        content = data if isinstance(data, bytes) else str(data).encode()
        whole.update(f"{name}\0{hashlib.sha256(content).hexdigest()}\n".encode())
    return whole.hexdigest()


_sources: dict[tuple[Path, tuple[tuple[str, int], ...]], AssignmentSource] = {}
