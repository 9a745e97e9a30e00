"""Scores for a learning management system: as a file that it imports, or sent to it."""

import csv
import datetime as dt
import io
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing

import httpx
from sqlalchemy.orm import Session

from classroom.errors import Refused
from classroom.ids import AssignmentId, StudentId
from classroom.lti.outbox import Sent, work_off
from classroom.lti.setup import open_platform
from classroom.ops.steps import Class
from classroom.progress import newest_feedback
from classroom.roster import Person, load_roster

FORMATS = ("canvas", "moodle")
# A spreadsheet takes a cell that begins so for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")

Scores = Mapping[str, Mapping[str, tuple[float, float]]]  # score and maximum by assignment and student


def plain_cell(text: str) -> str:
    """Text that no spreadsheet runs: with an apostrophe before what would begin a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def export_scores(here: Class, assignments: Sequence[str], form: str) -> str:
    """The scores given back so far as CSV for Canvas's or Moodle's import; one row a student of the roster.

    A student without released feedback has an empty cell, which both leave as it is.
    """
    if form not in FORMATS:
        raise Refused(f"{form!r} is none of {', '.join(FORMATS)}")
    rules = [here.course.assignment(one) for one in assignments]
    with here.database.reading() as session:
        people = load_roster(session, here.course.id)
        given: Scores = {one.id: _given(session, here, one.id) for one in rules}
    known = {student for scores in given.values() for student in scores}
    everybody = {name: person for name, person in people.items() if person.is_student}
    everybody |= {StudentId(name): Person(StudentId(name), name) for name in known - set(everybody)}
    titles: dict[str, str] = {one.id: one.title or one.id for one in rules}
    table = _canvas(everybody, titles, given) if form == "canvas" else _moodle(everybody, titles, given)
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerows(
        [[plain_cell(cell) for cell in row] for row in table]
    )
    return out.getvalue()


def _given(session: Session, here: Class, assignment: AssignmentId) -> dict[str, tuple[float, float]]:
    rows = newest_feedback(session, here.course.id, assignment)
    return {row.student: (row.score, row.max_score) for row in rows}


def _canvas(people: Mapping[StudentId, Person], titles: Mapping[str, str], given: Scores) -> list[list[str]]:
    """Canvas finds a student by `SIS Login ID`; its second row has the points possible."""
    fixed = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]
    possible = [f"{max((most for _, most in given[one].values()), default=0):g}" for one in titles]
    rows = [
        [_sorted_name(person.name), "", "", name, person.section, *(_points(given[one].get(name)) for one in titles)]
        for name, person in sorted(people.items())
    ]
    return [[*fixed, *titles.values()], ["    Points Possible", "", "", "", "", *possible], *rows]


def _moodle(people: Mapping[StudentId, Person], titles: Mapping[str, str], given: Scores) -> list[list[str]]:
    """Moodle's import lets one choose which column names the student: take `username`."""
    rows = [
        [name, person.name, *(_points(given[one].get(name)) for one in titles)]
        for name, person in sorted(people.items())
    ]
    return [["username", "fullname", *titles.values()], *rows]


def _points(score: tuple[float, float] | None) -> str:
    return "" if score is None else f"{score[0]:g}"


def _sorted_name(name: str) -> str:
    first, _, last = name.rpartition(" ")
    return f"{last}, {first}" if first else last


def send_scores(
    here: Class, clock: Callable[[], dt.datetime], transport: httpx.BaseTransport | None = None
) -> Sent | None:
    """Sends what was given back since the last time; None where no platform is set up."""
    opened = open_platform(here.settings, transport)
    if opened is None:
        return None
    known, platform = opened
    with closing(platform):
        return work_off(here.database, here.course, known, platform, clock)
