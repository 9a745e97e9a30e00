"""The pure parts behind the pages."""

import datetime as dt
import re
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from classroom.db.tables import Event
from classroom.ids import AssignmentId, CourseId, GradeId, NotebookId, StudentId
from classroom.rubric.store import Task
from classroom.service.pages import shown
from classroom.service.pages.asked import by_heading, parse_tasks, readable
from classroom.service.pages.pseudonyms import load_key, name_all, piece_id
from classroom.service.pages.table import TableQuery
from classroom.service.pages.told import tell
from classroom.service.pages.written import to_html, words

BERLIN = ZoneInfo("Europe/Berlin")
NOW = dt.datetime(2026, 11, 24, 12, tzinfo=dt.UTC)
TASK = Task(CourseId("c"), AssignmentId("a1"), NotebookId("n"), GradeId("report"))
STUDENTS = tuple(StudentId(f"student{number}") for number in range(300))


# Values as a person reads them.


def test_a_time_is_in_the_course_s_zone_and_has_its_year_when_it_is_another() -> None:
    assert shown.day_and_time(NOW, BERLIN, NOW) == "Tue 24 Nov, 13:00"
    assert shown.day_and_time(dt.datetime(2027, 1, 1, tzinfo=dt.UTC), BERLIN, NOW) == "Fri 1 Jan 2027, 01:00"
    assert shown.to_the_second(NOW, BERLIN) == "2026-11-24 13:00:00 +01:00"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (45, "45 s"),
        (150, "2 min 30 s"),
        (1230, "20 min"),
        (7800, "2 h 10 min"),
        (97_200, "1 day 3 h"),
        (172_800, "2 days"),
        (864_000, "10 days"),
    ],
)
def test_a_duration_has_at_most_two_units(seconds: float, text: str) -> None:
    assert shown.duration(seconds) == text


def test_relative_times_look_both_ways() -> None:
    assert shown.relative(NOW + dt.timedelta(days=10), NOW) == "in 10 days"
    assert shown.relative(NOW - dt.timedelta(hours=3), NOW) == "3 h ago"
    assert shown.relative(NOW, NOW) == "just now"


@pytest.mark.parametrize(
    ("value", "text"), [(45, "45.0"), (5.25, "5.25"), (-1.8, "\N{MINUS SIGN}1.8"), (0, "0.0"), (7.1999999, "7.2")]
)
def test_points_have_one_decimal_and_two_where_quarters_occur(value: float, text: str) -> None:
    assert shown.points(value) == text


@pytest.mark.parametrize(("bytes_", "text"), [(90, "90 bytes"), (187_400, "187 kB"), (1_000_000, "1 MB")])
def test_sizes_have_a_unit(bytes_: int, text: str) -> None:
    assert shown.size(bytes_) == text


# A student's Markdown.


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<svg onload=alert(1)>",
        "[a](javascript:alert(1))",
        "![a](https://example.org/pixel.png)",
        "<https://example.org>",
        "<style>body{display:none}</style>",
        '<a href="https://example.org" style="position:fixed">a</a>',
        "[a]: javascript:alert(1)\n\n[a]",
        "```html\n<script>alert(1)</script>\n```",
        "<div class=toast>",
        "&lt;script&gt;",
    ],
)
def test_nothing_of_a_student_s_text_becomes_an_element_that_acts(text: str) -> None:
    html = str(to_html(text))

    assert set(re.findall(r"<[^>]*>", html)) <= {"<p>", "</p>", "<pre>", "</pre>", "<code>", "</code>"}


def test_markdown_keeps_its_structure() -> None:
    html = to_html("Some **bold**\n\n| a | b |\n|:--|---|\n| 1 | 2 |\n\n- one\n\n> said\n\n`code`")

    for wanted in ("<strong>bold</strong>", "<td>1</td>", "<li>one</li>", "<blockquote>", "<code>code</code>"):
        assert wanted in html


def test_headings_start_below_the_page_s_own_and_leave_no_gap() -> None:
    html = str(to_html("### a\n# b\n## c\n###### d\n# e"))

    assert re.findall(r"<h(\d)>(\w)</h\1>", html) == [("3", "a"), ("3", "b"), ("4", "c"), ("5", "d"), ("3", "e")]


def test_words_count_without_marks() -> None:
    assert words("# A report\n\n- one, **two** | 12 % ok") == 6


# What an assignment asks.


def make_cell(kind: str, source: str, **about: Any) -> dict[str, Any]:
    return {"cell_type": kind, "source": source, "metadata": {"nbgrader": about} if about else {}}


def test_tasks_are_named_by_the_heading_above_them() -> None:
    cells = [
        make_cell("code", "checks", grade=True, solution=False, grade_id="test_early", points=1),
        make_cell("markdown", "## m1.1 *Parse* the `price` (2 points, stretch)"),
        make_cell("code", "visible checks", grade=True, solution=False, grade_id="test_visible", points=0),
        make_cell("code", "# your answer", grade=False, solution=True, grade_id="parse"),
        make_cell("code", "checks", grade=True, solution=False, grade_id="test_parse", points=2),
        make_cell("markdown", "## Report"),
        make_cell("markdown", "# An answer's own heading", grade=True, solution=True, grade_id="report", points=6),
    ]

    tasks = parse_tasks(NotebookId("n"), {"cells": cells})

    assert [(task.grade_id, task.title, task.points, task.written) for task in tasks] == [
        ("test_early", "Early", 1, False),
        ("test_parse", "m1.1 Parse the price", 2, False),
        ("report", "Report", 6, True),
    ]


def test_tasks_under_one_heading_are_told_apart_and_asked_together() -> None:
    cells = [
        make_cell("markdown", "## 1 · Find (3 points)"),
        make_cell("code", "checks", grade=True, solution=False, grade_id="find_all", points=1),
        make_cell("code", "checks", grade=True, solution=False, grade_id="find_the_rare", points=2),
        make_cell("markdown", "## 2 · Report"),
        make_cell("markdown", "text", grade=True, solution=True, grade_id="report", points=6),
    ]

    tasks = parse_tasks(NotebookId("n"), {"cells": cells})

    assert [task.title for task in tasks] == ["1 · Find: find all", "1 · Find: find the rare", "2 · Report"]
    assert by_heading(tasks) == [("1 · Find", 3, False), ("2 · Report", 6, True)]


def test_a_grade_id_reads_as_words() -> None:
    assert readable("test_split_keeps_groups") == "Split keeps groups"


# Pseudonyms.


def test_pseudonyms_are_all_different_and_stay_when_somebody_comes(tmp_path: Any) -> None:
    key = load_key(tmp_path / "secrets")

    few, all_ = name_all(key, TASK, STUDENTS[:200]), name_all(key, TASK, STUDENTS)

    assert len(set(all_.values())) == 300
    assert {student: all_[student] for student in few} == few
    assert load_key(tmp_path / "secrets") == key
    assert (tmp_path / "secrets" / "pseudonyms.key").stat().st_mode & 0o077 == 0


def test_a_pseudonym_and_an_address_follow_nobody_to_another_task_grader_or_key() -> None:
    other = Task(TASK.course, AssignmentId("a2"), TASK.notebook, GradeId("memo"))
    names = [name_all(key, task, STUDENTS) for key, task in ((b"k", TASK), (b"k", other), (b"l", TASK))]
    addresses = {
        piece_id(key, task, grader, STUDENTS[0])
        for key, task, grader in (
            (b"k", TASK, "gil"),
            (b"k", other, "gil"),
            (b"k", TASK, "gus"),
            (b"l", TASK, "gil"),
        )
    }

    assert len(addresses) == 4
    for one, two in ((0, 1), (0, 2)):
        # 49 trees times 99 numbers: by chance one in 4,851 agrees
        assert sum(names[one][student] == names[two][student] for student in STUDENTS) < 5


# The table's address and the ledger's lines.


def test_an_address_holds_only_what_differs_from_the_plain_view() -> None:
    query = TableQuery(show="late", down=True)

    assert query.address() == "?show=late&down=1"
    assert query.address(show="all", down=False) == "?"
    assert query.address(q="a b") == "?show=late&q=a+b&down=1"


def make_event(kind: str, actor: str, student: str | None, minute: float) -> Event:
    at = NOW - dt.timedelta(minutes=minute)
    return Event(at=at, course="c", actor=actor, kind=kind, assignment="a1", student=student, data={"attempt": 1})


def test_one_act_for_many_students_is_one_line() -> None:
    events = [
        make_event("submit", "zoe", "zoe", 0),
        *(make_event("collect", "ivy", f"student{number}", 1 + number / 100) for number in range(40)),
        make_event("collect", "ivy", "ada", 90),
        make_event("submit", "ada", "ada", 91),
        make_event("submit", "ada", "ada", 91.1),
    ]

    told = tell(events)

    assert [(line.kind, line.students, line.student) for line in told] == [
        ("submit", 1, "zoe"),
        ("collect", 40, None),
        ("collect", 1, "ada"),
        ("submit", 1, "ada"),
        ("submit", 1, "ada"),
    ]
    assert len(tell(events, lines=2)) == 2
