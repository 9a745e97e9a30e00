"""What `course.yaml` declares: the course and its assignments."""

import datetime as dt
import re
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from classroom.errors import CourseError, NotFound, Refused
from classroom.ids import AssignmentId, CourseId, GradeId, parse_assignment_id, parse_course_id, parse_grade_id


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class LateRule(_Strict):
    """penalty_per_day: share of the points, 0 to 1, for each day begun; nothing is accepted after the last day."""

    penalty_per_day: float = Field(default=0.0, ge=0, le=1)
    closes_after_days: int = Field(default=0, ge=0)


class FileLimits(_Strict):
    """What a submission may hold. `extra_files`: shell patterns of names, beside the assignment's notebooks."""

    upload_mb: float = Field(default=20, gt=0)
    files: int = Field(default=50, gt=0)
    file_mb: float = Field(default=5, gt=0)
    extra_files: tuple[str, ...] = ()


class Budget(_Strict):
    """Seconds that a cell of the student, a test's call of student code, a test cell, and all together may take."""

    cell: float = Field(default=30, gt=0)
    call: float = Field(default=20, gt=0)
    test: float = Field(default=30, gt=0)
    total: float = Field(default=300, gt=0)


class _Rules(_Strict):
    title: str = ""
    release: dt.datetime | str
    due: dt.datetime | str
    grace_minutes: int = Field(default=0, ge=0)
    late: LateRule = LateRule()
    attempts: int = Field(default=10, gt=0)
    attempt_counts: Literal["latest", "best"] = "latest"
    scores_show: dt.datetime | str = "release"  # release, graded or a time
    weight: float = Field(default=1.0, ge=0)
    pass_share: float = Field(default=0.5, ge=0, le=1)
    services: bool = False
    subprocesses: bool = False
    per_student: tuple[str, ...] = ()
    limits: FileLimits = FileLimits()
    budget_s: Budget = Budget()
    written: tuple[str, ...] = ()
    double_marked: float = Field(default=0.2, ge=0, le=1)
    calibration: bool = False
    second_look_days: int = Field(default=0, ge=0)


class _Packages(_Strict):
    students: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()


class _CourseFile(_Strict):
    course: str
    title: str
    term: str = ""
    time_zone: str = "UTC"
    starts: dt.date
    graders_see: Literal["all", "section"] = "all"
    packages: _Packages = _Packages()
    graders: tuple[str, ...] = ()
    defaults: dict[str, Any] = Field(default_factory=dict)
    assignments: dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Assignment:
    """One assignment. release and due carry the course's time zone."""

    id: AssignmentId
    title: str
    release: dt.datetime
    due: dt.datetime
    grace: dt.timedelta
    late: LateRule
    attempts: int
    attempt_counts: Literal["latest", "best"]
    scores_show: dt.datetime | Literal["release", "graded"]
    weight: float
    pass_share: float
    services: bool
    subprocesses: bool
    limits: FileLimits
    budget: Budget
    written: tuple[GradeId, ...]  # cells that a grader marks by rubric
    double_marked: float = 0.2  # share of the written answers that two graders mark, blind
    calibration: bool = False  # whether a grader must agree with the anchors before the queue opens
    second_look_days: int = 0  # so long after feedback a student may ask about it; 0: not at all

    @cached_property
    def in_time_until(self) -> dt.datetime:
        """The end of the grace for everybody, in UTC. Pages compare thousands of times with it."""
        return self.due.astimezone(dt.UTC) + self.grace


@dataclass(frozen=True)
class Course:
    """The course; assignments in the order of the file.

    student_packages: what notebooks import, installed where they run. author_packages: folders of the checkout that
    hidden tests may import, never installed. graders: between whom marking is shared; empty: all who began.
    graders_see: whose work, everybody's or the own section's.
    """

    id: CourseId
    title: str
    term: str
    time_zone: ZoneInfo
    assignments: tuple[Assignment, ...]
    student_packages: tuple[str, ...] = ()
    author_packages: tuple[str, ...] = ()
    graders: tuple[str, ...] = ()
    graders_see: Literal["all", "section"] = "all"

    def assignment(self, assignment_id: str) -> Assignment:
        """The assignment of that id; raises NotFound."""
        for assignment in self.assignments:
            if assignment.id == assignment_id:
                return assignment
        raise NotFound(f"the course {self.id} has no assignment {assignment_id[:80]!r}")


def load_course(root: Path, *, starts: dt.date | None = None) -> Course:
    """The course declared in root/course.yaml, its term moved to `starts` if given; raises CourseError."""
    path = root / "course.yaml"
    try:
        declared = _CourseFile.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
        zone = ZoneInfo(declared.time_zone)
        first_day = dt.datetime.combine(starts or declared.starts, dt.time(), zone)
        rules = {name: _Rules.model_validate(declared.defaults | own) for name, own in declared.assignments.items()}
        assignments = tuple(_parse(name, own, first_day) for name, own in rules.items())
        return Course(
            id=parse_course_id(declared.course),
            title=declared.title,
            term=declared.term,
            time_zone=zone,
            assignments=assignments,
            student_packages=declared.packages.students,
            author_packages=declared.packages.authors,
            graders=declared.graders,
            graders_see=declared.graders_see,
        )
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise CourseError(f"{path.name}: {where}: {first['msg']} (of {error.error_count()} faults)") from error
    except (OSError, yaml.YAMLError, Refused, ZoneInfoNotFoundError) as error:
        raise CourseError(f"{path.name}: {error}") from error


def _parse(name: str, rules: _Rules, first_day: dt.datetime) -> Assignment:
    release, due = (_parse_time(name, time, first_day) for time in (rules.release, rules.due))
    if due <= release:
        raise CourseError(f"course.yaml: {name} is due before its release; move one of the two")
    return Assignment(
        id=parse_assignment_id(name),
        title=rules.title or name,
        release=release,
        due=due,
        grace=dt.timedelta(minutes=rules.grace_minutes),
        late=rules.late,
        attempts=rules.attempts,
        attempt_counts=rules.attempt_counts,
        scores_show=_parse_scores_show(name, rules.scores_show, first_day),
        weight=rules.weight,
        pass_share=rules.pass_share,
        services=rules.services,
        subprocesses=rules.subprocesses,
        limits=rules.limits,
        budget=rules.budget_s,
        written=tuple(parse_grade_id(grade_id) for grade_id in rules.written),
        double_marked=rules.double_marked,
        calibration=rules.calibration,
        second_look_days=rules.second_look_days,
    )


def _parse_scores_show(
    name: str, given: dt.datetime | str, first_day: dt.datetime
) -> dt.datetime | Literal["release", "graded"]:
    if given == "release" or given == "graded":
        return "release" if given == "release" else "graded"
    return _parse_time(name, given, first_day)


_MINUTE = re.compile(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}")
_DAY = re.compile(r"day (-?\d{1,4}) (\d{2}):(\d{2})")


def _parse_time(name: str, time: dt.datetime | str, first_day: dt.datetime) -> dt.datetime:
    """`day N HH:MM` by the wall clock of the time zone, also across the change to summer time."""
    if isinstance(time, dt.datetime):
        return time.replace(tzinfo=first_day.tzinfo)
    if _MINUTE.fullmatch(time):  # YAML itself takes a time for one only with its seconds
        with suppress(ValueError):
            return dt.datetime.fromisoformat(time).replace(tzinfo=first_day.tzinfo)
    if not (match := _DAY.fullmatch(time)):
        raise CourseError(f"course.yaml: {name}: {time!r} is no time; write 2026-12-11 23:59 or day 39 23:59")
    day, hour, minute = (int(number) for number in match.groups())
    return (first_day + dt.timedelta(days=day)).replace(hour=hour, minute=minute)
