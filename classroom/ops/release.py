"""Generate and release what students may have by now, so that a fresh class isn't empty."""

import hashlib
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from classroom.assignments import Assignment, Course, load_course
from classroom.config import OPERATOR_NAME, Settings, child_environment
from classroom.db.engine import Database
from classroom.errors import CourseError
from classroom.exchange.receipts import ReceiptKey
from classroom.exchange.store import Store
from classroom.exchange.transfers import Transfers, server_time
from classroom.ids import AssignmentId
from classroom.ops.files import write_private

_ERROR_CHARACTERS = 1500


def release_open_assignments(settings: Settings, *, backdate: bool = False) -> list[AssignmentId]:
    """Release each assignment whose time has come and whose source isn't released as it is; raises CourseError.

    backdate: as if a first version had been released when it was due to be.
    """
    course = load_course(settings.course_root, starts=settings.starts)
    database = Database(settings.service_db_url)
    try:
        transfers = open_transfers(settings, course, database)
        return [each.id for each in _open(course) if _release(settings, transfers, each, backdate=backdate)]
    finally:
        database.dispose()


def open_transfers(settings: Settings, course: Course, database: Database) -> Transfers:
    """The exchange of the class, for steps that run beside its service."""
    return Transfers(course, database, Store(settings.store), ReceiptKey.load(settings.secrets))


def _open(course: Course) -> list[Assignment]:
    return [assignment for assignment in course.assignments if assignment.release <= server_time()]


def digest_folder(folder: Path) -> str:
    """sha256 over the names and contents of the folder's files; what starts with a dot doesn't count."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        if path.is_file() and not any(part.startswith(".") for part in relative.parts):
            content = hashlib.sha256(path.read_bytes()).hexdigest()
            digest.update(f"{relative}\0{content}\0".encode())
    return digest.hexdigest()


def _release(settings: Settings, transfers: Transfers, assignment: Assignment, *, backdate: bool) -> bool:
    name = assignment.id
    source = settings.source / name
    if not source.is_dir():
        return False
    generated, digest = _read_generated(settings), digest_folder(source)
    if generated.get(name) == digest:
        return False
    _generate(settings, name)
    if backdate and name not in generated:
        transfers = replace(transfers, clock=lambda: assignment.release)
    transfers.release(name, settings.course_dir("release") / name, actor=OPERATOR_NAME)
    write_private(_generated_file(settings), json.dumps({**generated, name: digest}, indent=1))
    return True


def _generate(settings: Settings, assignment: AssignmentId) -> None:
    """In a process of its own: nbgrader's converters change the working directory."""
    command = [str(Path(sys.executable).parent / "classroom"), "generate", assignment]
    places = {"CLASSROOM_COURSE": str(settings.course_root), "CLASSROOM_STATE": str(settings.state)}
    done = subprocess.run(command, env=child_environment(places), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise CourseError(f"{assignment} can't be generated: {(done.stderr or done.stdout)[-_ERROR_CHARACTERS:]}")


def _read_generated(settings: Settings) -> dict[str, str]:
    path = _generated_file(settings)
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def _generated_file(settings: Settings) -> Path:
    """Which source was released last, by assignment: what a later start may skip."""
    return settings.state / "generated.json"
