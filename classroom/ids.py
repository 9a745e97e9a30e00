"""Names, parsed once at the edge: what comes out is safe in a path, a URL, a log line and an SQL parameter."""

import re
import unicodedata
from pathlib import PurePosixPath
from typing import NewType

from classroom.errors import Refused

CourseId = NewType("CourseId", str)
AssignmentId = NewType("AssignmentId", str)
NotebookId = NewType("NotebookId", str)
StudentId = NewType("StudentId", str)
GradeId = NewType("GradeId", str)
Digest = NewType("Digest", str)  # sha256, 64 lower-case hex digits

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@-]{0,63}")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_MAX_PATH_LENGTH = 240
_MAX_PATH_DEPTH = 8


def parse_course_id(text: str) -> CourseId:
    """A course id; raises Refused."""
    return CourseId(_parse_name(text, "course"))


def parse_assignment_id(text: str) -> AssignmentId:
    """An assignment id such as 01_data_engineering; raises Refused."""
    return AssignmentId(_parse_name(text, "assignment"))


def parse_notebook_id(text: str) -> NotebookId:
    """A notebook's name without .ipynb; raises Refused."""
    return NotebookId(_parse_name(text, "notebook"))


def parse_student_id(text: str) -> StudentId:
    """A student id, which is the name of a hub account; raises Refused."""
    return StudentId(_parse_name(text, "student"))


def parse_grade_id(text: str) -> GradeId:
    """The grade_id of a cell; raises Refused."""
    return GradeId(_parse_name(text, "grade_id"))


def parse_digest(text: str) -> Digest:
    """A sha256 in lower-case hex; raises Refused."""
    if not _DIGEST.fullmatch(text):
        raise Refused(f"{text[:80]!r} is no sha256: 64 lower-case hex digits are")
    return Digest(text)


def parse_member_path(text: str) -> PurePosixPath:
    """The relative path of a file inside a submission or a release; raises Refused.

    No absolute path, no "..", no control or separator character, at most 8 folders deep and 240 characters long. Two
    names that a file system may take for one (case, Unicode form) are the caller's to compare, with `folded_path`.
    """
    shown = repr(text[:100])
    if not text or len(text) > _MAX_PATH_LENGTH:
        raise Refused(f"file name {shown} is empty or longer than {_MAX_PATH_LENGTH} characters; rename it")
    if "\\" in text or any(unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"} for character in text):
        raise Refused(f"file name {shown} holds a character that isn't allowed in names; rename it")
    parts = text.split("/")
    if text.startswith("/") or any(part in {"", ".", ".."} for part in parts) or len(parts) > _MAX_PATH_DEPTH:
        raise Refused(f"file name {shown} doesn't stay inside the assignment's folder; move the file into it")
    if any(part != part.strip() for part in parts):
        raise Refused(f"file name {shown} begins or ends with a space; rename it")
    return PurePosixPath(*parts)


def folded_path(path: PurePosixPath) -> str:
    """The path as a file system that ignores case and Unicode form sees it."""
    return unicodedata.normalize("NFC", str(path)).casefold()


def _parse_name(text: str, what: str) -> str:
    if not _NAME.fullmatch(text) or ".." in text:
        raise Refused(f"{text[:80]!r} is no {what} id: 1 to 64 letters, digits, '_', '-', '.', '@', without '..'")
    return text
