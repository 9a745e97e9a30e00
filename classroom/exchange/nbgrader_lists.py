"""The lists that nbgrader's JupyterLab extension and formgrader expect from the exchange, in exactly these shapes."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import groupby
from pathlib import Path
from typing import Any

from classroom.exchange.protocol import AssignmentInfo, AttemptInfo
from classroom.exchange.workfolder import FEEDBACK, is_notebook, sha256_if_there

Entry = dict[str, Any]


def released(course: str, assignment: AssignmentInfo, folder: Path) -> Entry:
    """One released assignment; `fetched`, with absolute paths, when the student has its folder."""
    is_fetched = folder.is_dir()
    names = [path.name for path in sorted(folder.glob("*.ipynb"))] if is_fetched else _notebooks(assignment)
    return {
        "course_id": course,
        "assignment_id": assignment.id,
        "status": "fetched" if is_fetched else "released",
        "path": str(folder),
        "notebooks": [{"notebook_id": Path(name).stem, "path": str(folder / name)} for name in names],
        "policy": assignment.policy,
    }


def submitted(
    attempts: Iterable[AttemptInfo], assignments: Mapping[str, AssignmentInfo], folder_of: Callable[[str], Path]
) -> list[Entry]:
    """Attempts, sorted by assignment and student, as one entry a student and assignment."""
    entries = []
    for (assignment, student), own in groupby(attempts, key=lambda one: (one.assignment, one.student)):
        names = _notebooks(assignments[assignment]) if assignment in assignments else []
        submissions = [_submission(one, names, folder_of(assignment)) for one in own]
        entries.append(
            {
                "course_id": submissions[0]["course_id"],
                "student_id": student,
                "assignment_id": assignment,
                "status": "submitted",
                "submissions": submissions,
            }
        )
    return entries


def lines(entries: Iterable[Entry]) -> Iterator[str]:
    """The same for the command line."""
    for entry in entries:
        if "submissions" not in entry:
            state = " (already downloaded)" if entry["status"] == "fetched" else ""
            yield f"{entry['course_id']} {entry['assignment_id']}{state}"
        for one in entry.get("submissions", ()):
            said = f"{one['course_id']} {one['student_id']} {one['assignment_id']} {one['timestamp']}"
            yield f"{said} ({_feedback_state(one)})"


def _submission(attempt: AttemptInfo, names: list[str], folder: Path) -> Entry:
    place = (folder / FEEDBACK / attempt.timestamp).absolute()
    given = attempt.feedback.files if attempt.feedback else {}
    notebooks = [_notebook(Path(name).stem, place, given) for name in names]
    own = {name: sha256_if_there(place / name) for name in given}
    is_local = bool(given) and None not in own.values()
    return {
        "course_id": attempt.course,
        "student_id": attempt.student,
        "assignment_id": attempt.assignment,
        "timestamp": attempt.timestamp,
        "status": "submitted",
        "path": f"{attempt.course}/{attempt.assignment}/{attempt.student}/{attempt.number}",
        "notebooks": notebooks,
        "has_local_feedback": is_local,
        "has_exchange_feedback": bool(given),
        "feedback_updated": is_local and own != given,
        "local_feedback_path": str(place) if is_local else None,
    }


def _notebook(notebook_id: str, place: Path, given: Mapping[str, str]) -> Entry:
    name = f"{notebook_id}.html"
    own = sha256_if_there(place / name)
    return {
        "notebook_id": notebook_id,
        "path": f"{notebook_id}.ipynb",
        "has_local_feedback": own is not None,
        "has_exchange_feedback": name in given,
        "local_feedback_path": str(place / name) if own else None,
        "feedback_updated": own is not None and name in given and own != given[name],
    }


def _feedback_state(submission: Entry) -> str:
    if submission["has_local_feedback"] and not submission["feedback_updated"]:
        return "feedback already fetched"
    return "feedback ready to be fetched" if submission["has_exchange_feedback"] else "no feedback available"


def _notebooks(assignment: AssignmentInfo) -> list[str]:
    return [name for name in assignment.expected.names if is_notebook(name)]
