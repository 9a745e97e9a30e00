"""Who is in the course: names, sections and roles, from a table that the office exports.

An import is the whole course: who isn't in the file has left, is marked so and keeps everything. Rows are only added;
the newest row of a person holds. A hub reads the groups of sections and roles from a file that each import writes.
"""

import csv
import datetime as dt
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from classroom.assignments import Course
from classroom.db.tables import RosterRow
from classroom.errors import Refused
from classroom.ids import CourseId, StudentId, parse_student_id
from classroom.ledger import Kind, record

COLUMNS = ("name", "id", "section", "role")
ROLES = ("student", "grader", "instructor")
MAX_BYTES = 2 << 20
MAX_PEOPLE = 20_000
_MAX_NAME = 100
_MAX_TOLD = 20
_SECTION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}")


@dataclass(frozen=True)
class Person:
    """id: the name at the hub. section: empty where there is none. role: one of ROLES."""

    id: StudentId
    name: str
    section: str = ""
    role: str = "student"
    has_left: bool = False

    @property
    def is_student(self) -> bool:
        """Takes part as a student now."""
        return self.role == "student" and not self.has_left


Roster = Mapping[StudentId, Person]


@dataclass(frozen=True)
class Section:
    """The students of a section, those who left included, and its graders."""

    students: frozenset[StudentId]
    graders: frozenset[StudentId]


@dataclass(frozen=True)
class Change:
    """What an import does to a roster, each by id. changed: another name, section or role, or back again."""

    new: tuple[Person, ...]
    changed: tuple[Person, ...]
    left: tuple[Person, ...]
    same: int

    @property
    def rows(self) -> tuple[Person, ...]:
        return (*self.new, *self.changed, *self.left)

    @property
    def sentence(self) -> str:
        counts = f"{len(self.new)} new, {len(self.changed)} changed, {len(self.left)} left, {self.same} as before"
        return f"{len(self.new) + len(self.changed) + self.same} people: {counts}"


def parse_roster(data: bytes) -> tuple[Person, ...]:
    """The people of a CSV file, by id; raises Refused with every fault and its line.

    UTF-8, with or without a byte order mark; commas or semicolons. The header names `name`, `id`, `section` and `role`
    in any order; other columns are passed over, and section and role may be missing: all are students then.
    """
    rows = csv.reader(io.StringIO(_decode(data)), delimiter=_delimiter(data), strict=True)
    faults: list[str] = []
    people: dict[StudentId, tuple[int, Person]] = {}
    try:
        places = _places(next(rows, []))
        for cells in rows:
            if any(cell.strip() for cell in cells):
                _take(people, faults, rows.line_num, cells, places)
    except csv.Error as error:
        faults.append(f"line {rows.line_num}: {error}")
    if not people and not faults:
        faults.append("there is nobody in it")
    if len(people) > MAX_PEOPLE:
        faults.append(f"it lists {len(people)} people, {MAX_PEOPLE} are the most")
    if faults:
        more = [f"and {len(faults) - _MAX_TOLD} more"] if len(faults) > _MAX_TOLD else []
        raise Refused(f"nothing was imported. {'; '.join([*faults[:_MAX_TOLD], *more])}")
    return tuple(person for _, (_, person) in sorted(people.items()))


def compare(roster: Roster, wanted: Iterable[Person]) -> Change:
    """What it takes to bring a roster to the people of an import."""
    listed = {person.id: person for person in wanted}
    new = [person for person in listed.values() if person.id not in roster]
    changed = [person for person in listed.values() if person.id in roster and roster[person.id] != person]
    left = [replace(one, has_left=True) for one in roster.values() if one.id not in listed and not one.has_left]
    return Change(tuple(new), tuple(changed), tuple(left), same=len(listed) - len(new) - len(changed))


def load_roster(session: Session, course: CourseId) -> Roster:
    """Everybody who is or was in the course, by id; empty before the first import."""
    newest = select(func.max(RosterRow.id)).where(RosterRow.course == course).group_by(RosterRow.person)
    columns = (RosterRow.person, RosterRow.name, RosterRow.section, RosterRow.role, RosterRow.has_left)
    rows = session.execute(select(*columns).where(RosterRow.id.in_(newest)).order_by(RosterRow.person))
    people = (Person(StudentId(one), name, section, role, gone) for one, name, section, role, gone in rows)
    return {person.id: person for person in people}


def write_change(session: Session, course: Course, change: Change, *, actor: str, at: dt.datetime) -> None:
    """Append the rows of a change and one event; a change of nobody writes nothing."""
    if not change.rows:
        return
    session.add_all(
        RosterRow(
            course=course.id,
            person=person.id,
            name=person.name,
            section=person.section,
            role=person.role,
            has_left=person.has_left,
            actor=actor,
            at=at,
        )
        for person in change.rows
    )
    record(
        session,
        Kind.roster,
        course=course.id,
        actor=actor,
        at=at,
        new=len(change.new),
        changed=len(change.changed),
        left=len(change.left),
        same=change.same,
    )


def groups_of(course: CourseId, roster: Roster) -> dict[StudentId, list[str]]:
    """The hub's groups of each person, for role and section; none for who has left."""
    return {person.id: _groups(course, person) for person in roster.values()}


def section_of(session: Session, course: Course, grader: str) -> Section | None:
    """Whose work a grader may mark and who else marks it; None for all.

    With `graders_see: section` a grader sees the own section's students, and whom the roster doesn't list sees nobody:
    list instructors in it, too.
    """
    if course.graders_see == "all":
        return None
    roster = load_roster(session, course.id)
    own = roster.get(StudentId(grader))
    if own is None or own.has_left:
        return Section(frozenset(), frozenset())
    if own.role == "instructor":
        return None
    there = [one for one in roster.values() if own.section and one.section == own.section]
    graders = frozenset(one.id for one in there if one.role == "grader" and not one.has_left)
    return Section(frozenset(one.id for one in there if one.role == "student"), graders)


def _groups(course: CourseId, person: Person) -> list[str]:
    if person.has_left:
        return []
    section = [f"{course}-section-{person.section}"] if person.section else []
    return [f"{course}-{person.role}s", *section]


def _decode(data: bytes) -> str:
    if len(data) > MAX_BYTES:
        raise Refused(f"the file is larger than {MAX_BYTES >> 20} MB; a roster is a table of names")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise Refused(f"nothing was imported. line {line}: this isn't UTF-8; save the table as CSV UTF-8") from error


def _delimiter(data: bytes) -> str:
    header = data.partition(b"\n")[0]
    return ";" if header.count(b";") > header.count(b",") else ","


def _places(header: Sequence[str]) -> dict[str, int]:
    """Where each column stands; raises Refused."""
    names = [name.strip().casefold() for name in header]
    if missing := [name for name in ("name", "id") if name not in names]:
        raise Refused(f"nothing was imported. line 1: the header names no {' and no '.join(missing)}: {names}")
    if twice := [name for name in COLUMNS if names.count(name) > 1]:
        raise Refused(f"nothing was imported. line 1: the header names {twice[0]} twice")
    return {name: names.index(name) for name in COLUMNS if name in names}


def _take(
    people: dict[StudentId, tuple[int, Person]],
    faults: list[str],
    line: int,
    cells: Sequence[str],
    places: Mapping[str, int],
) -> None:
    """Put one line's person among the others, or its fault among the faults."""
    try:
        person = _parse_person(cells, places)
    except Refused as error:
        faults.append(f"line {line}: {error}")
        return
    if person.id in people:
        faults.append(f"line {line}: {person.id} stands in line {people[person.id][0]} already")
        return
    people[person.id] = (line, person)


def _parse_person(cells: Sequence[str], places: Mapping[str, int]) -> Person:
    if len(cells) <= max(places.values()):
        raise Refused(f"it has {len(cells)} fields, and the header more")
    given = {column: " ".join(cells[place].split()) for column, place in places.items()}
    name, section, role = given["name"], given.get("section", ""), given.get("role", "").casefold() or "student"
    if not name or len(name) > _MAX_NAME or not name.isprintable():
        raise Refused(f"the name is missing, unprintable or longer than {_MAX_NAME} characters")
    if section and not _SECTION.fullmatch(section):
        raise Refused(f"the section {section[:40]!r} may hold letters of ASCII, digits, dots and dashes, at most 32")
    if role not in ROLES:
        raise Refused(f"the role {role[:40]!r} is none of {', '.join(ROLES)}")
    return Person(parse_student_id(given["id"]), name, section, role)
