"""What stands beside a piece for its grader: the answer, the notebook's figures, files handed in, checks that ran."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

from markupsafe import Markup
from sqlalchemy import select
from sqlalchemy.orm import Session

from classroom.db.tables import Job
from classroom.errors import NotFound
from classroom.feedback.clean import clean_picture
from classroom.grading.models import SubmissionResult
from classroom.grading.submissions import (
    TIMESTAMP,
    read_files,
    read_regular,
    submission_folder,
)
from classroom.progress import RAN_WORDS
from classroom.rubric.store import Piece, Task
from classroom.service.deps import Context
from classroom.service.pages.asked import AskedTask, find_answer, readable
from classroom.service.pages.handed_in import File
from classroom.service.pages.written import to_html, words

MAX_FIGURES = 12
_MAX_NOTEBOOK_BYTES = 50 << 20
_MAX_FILES_BYTES = 100 << 20


@dataclass(frozen=True)
class Check:
    """One autograded task, as a word of the vocabulary; no points."""

    title: str
    state: str


@dataclass(frozen=True)
class Evidence:
    """text: the answer, None when its cell is gone. figures: how many pictures the notebook drew when it was graded."""

    MAX_SHOWN: ClassVar = 12  # of the files; the others are to take away

    text: str | None
    released: str
    figures: int
    files: Sequence[File]
    checks: Sequence[Check]

    @cached_property
    def answer(self) -> Markup | None:
        """The answer as HTML that can't act."""
        return to_html(self.text) if self.text else None

    @property
    def words(self) -> int:
        return words(self.text) if self.text else 0

    @property
    def is_untouched(self) -> bool:
        return self.text is not None and self.text.strip() == self.released.strip()


def load_evidence(session: Session, context: Context, asked: AskedTask, piece: Piece) -> Evidence:
    """All that a grader may see of the submission."""
    return Evidence(
        find_text(context, piece),
        asked.text,
        min(len(_pictures(context, piece)), MAX_FIGURES),
        load_files(context, piece),
        _checks(session, piece.task, piece.student),
    )


def find_text(context: Context, piece: Piece) -> str | None:
    """The answer's text; None when its cell or its notebook is gone."""
    folder = submission_folder(context.settings, piece.task.assignment, piece.student)
    try:
        return find_answer(folder, piece.task.notebook, piece.task.task)
    except NotFound:
        return None


def load_files(context: Context, piece: Piece) -> list[File]:
    """What was handed in beside the notebooks, by name: regular files alone."""
    folder = submission_folder(context.settings, piece.task.assignment, piece.student)
    return [
        File(name.encode("utf-8", "replace").decode(), data)  # a name needn't be UTF-8
        for name, data in sorted(dict(read_files(folder, _MAX_FILES_BYTES)).items())
        if isinstance(data, bytes) and name != TIMESTAMP and not name.endswith(".ipynb")
    ]


def load_figure(context: Context, piece: Piece, number: int) -> bytes:
    """A picture of the autograded notebook, from 0, as a PNG made anew from its pixels; raises NotFound."""
    pictures = _pictures(context, piece)[:MAX_FIGURES]
    made = clean_picture(pictures[number]) if 0 <= number < len(pictures) else None
    if made is None:
        raise NotFound("there is no such figure")
    return made


def _pictures(context: Context, piece: Piece) -> list[Any]:
    """The encoded pictures that the student's own cells drew while they were graded."""
    folder = context.settings.course_dir("autograded") / piece.student / piece.task.assignment
    pictures = []
    for cell in _cells(folder / f"{piece.task.notebook}.ipynb"):
        about = cell.get("metadata", {}).get("nbgrader", {})
        if cell.get("cell_type") != "code" or (about.get("grade") and not about.get("solution")):
            continue
        for output in cell.get("outputs", ()):
            data = output.get("data", {})
            if picture := data.get("image/png") or data.get("image/jpeg"):
                pictures.append(picture)
    return pictures


def _cells(path: Path) -> list[dict[str, Any]]:
    try:
        cells: list[dict[str, Any]] = json.loads(read_regular(path, _MAX_NOTEBOOK_BYTES))["cells"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return []
    return cells


def _checks(session: Session, task: Task, student: str) -> list[Check]:
    newest = (
        select(Job.result)
        .where(Job.course == task.course, Job.assignment == task.assignment, Job.student == student)
        .where(Job.state == "done", Job.result.is_not(None))
        .order_by(Job.id.desc())
        .limit(1)
    )
    data = session.scalar(newest)
    if data is None:
        return []
    return [
        Check(readable(verdict.id), RAN_WORDS.get(verdict.state, "wrong"))
        for result in SubmissionResult.from_json(data).notebooks.values()
        for verdict in result.verdicts
        if verdict.max_points
    ]
