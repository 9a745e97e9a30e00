"""course.yaml: what it declares, and what it says when it's wrong."""

import datetime as dt
from pathlib import Path

import pytest

from classroom.assignments import Course, load_course
from classroom.errors import CourseError, NotFound

COURSE = """
course: demo
title: A demo
time_zone: Europe/Berlin
starts: 2026-10-19
defaults:
  grace_minutes: 10
  attempts: 3
  limits: {upload_mb: 1, files: 2, file_mb: 1, extra_files: ["*.py"]}
assignments:
  a1:
    title: First
    release: day 0 09:00
    due: day 7 23:59
    written: [report]
  a2:
    release: 2026-11-02 09:00:00
    due: 2026-11-09 23:59:00
    attempts: 1
"""


def load(folder: Path, text: str, starts: dt.date | None = None) -> Course:
    (folder / "course.yaml").write_text(text)
    return load_course(folder, starts=starts)


def test_defaults_hold_where_an_assignment_says_nothing(tmp_path: Path) -> None:
    first, second = load(tmp_path, COURSE).assignments

    assert (first.attempts, second.attempts) == (3, 1)
    assert (first.title, second.title) == ("First", "a2")
    assert second.grace == dt.timedelta(minutes=10)
    assert first.limits.extra_files == ("*.py",)


def test_days_are_counted_by_the_wall_clock_across_the_change_of_time(tmp_path: Path) -> None:
    first = load(tmp_path, COURSE).assignment("a1")

    # Winter time began on 25 October 2026: the first stands two hours ahead of UTC, the second one.
    assert first.release.astimezone(dt.UTC) == dt.datetime(2026, 10, 19, 7, tzinfo=dt.UTC)
    assert first.due.astimezone(dt.UTC) == dt.datetime(2026, 10, 26, 22, 59, tzinfo=dt.UTC)


def test_a_time_needs_no_seconds(tmp_path: Path) -> None:
    second = load(tmp_path, COURSE.replace("23:59:00", "23:59")).assignment("a2")

    assert second.due == load(tmp_path, COURSE).assignment("a2").due


def test_a_moved_term_moves_counted_days_and_no_absolute_date(tmp_path: Path) -> None:
    first, second = load(tmp_path, COURSE, starts=dt.date(2027, 1, 4)).assignments

    assert first.release.date() == dt.date(2027, 1, 4)
    assert second.release.date() == dt.date(2026, 11, 2)


def test_an_unknown_assignment_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no assignment 'a9'"):
        load(tmp_path, COURSE).assignment("a9")


@pytest.mark.parametrize(
    ("wrong", "right", "said"),
    [
        ("titel: First", "title: First", "titel"),
        ("attempts: 0", "attempts: 1", "attempts"),
        ("due: day 0 08:00", "due: day 7 23:59", "due before its release"),
        ("due: next week", "due: day 7 23:59", "'next week' is no time"),
        ("time_zone: Mars/Olympus", "time_zone: Europe/Berlin", "Mars/Olympus"),
        ("  a/1:", "  a1:", "assignment id"),
        ("written: [a/b]", "written: [report]", "grade_id"),
        ("course: [", "course: demo", "course.yaml"),
    ],
)
def test_a_fault_is_named(tmp_path: Path, wrong: str, right: str, said: str) -> None:
    assert right in COURSE

    with pytest.raises(CourseError, match=r"course\.yaml") as caught:
        load(tmp_path, COURSE.replace(right, wrong, 1))

    assert said in str(caught.value)


def test_a_missing_file_is_the_course_s_fault(tmp_path: Path) -> None:
    with pytest.raises(CourseError, match=r"course\.yaml"):
        load_course(tmp_path)


def test_the_course_of_this_repository_loads(course_root: Path) -> None:
    course = load_course(course_root)

    assert course.id == "mlcards"
    assert course.assignment("01_data_engineering").written == ("data_quality_report",)
