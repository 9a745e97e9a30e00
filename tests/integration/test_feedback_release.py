"""Feedback of a class, from the graded submission to the exchange: nothing hidden, nothing hostile, everything due."""

import datetime as dt
import fcntl
import re
from dataclasses import replace
from typing import Any

import pytest

from classroom.assignments import load_course
from classroom.config import Settings
from classroom.errors import NotFound
from classroom.exchange.transfers import Transfers
from classroom.extensions import Given, due_dates, extend
from classroom.feedback import make_feedback
from classroom.gradebook import Gradebook
from classroom.holds import place_hold
from classroom.ids import GradeId, NotebookId, StudentId
from classroom.ops.steps import feedback, open_class, show_scores
from classroom.writer import LOCK
from tests.tiny_course import CANARY, ERRORS, PS1, RIGHT, filled, hand_in, make_course, run

HOSTILE = """from IPython.display import HTML, Javascript, SVG, display
display(HTML("<script>alert('HTML-CANARY')</script>"), Javascript("alert('JS-CANARY')"))
display(SVG("<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'><text>SVG-CANARY</text></svg>"))
print("<script>alert('shown as text')</script>")
import matplotlib.pyplot as plt
plt.plot([1, 2, 3]);"""


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    settings = make_course(tmp_path_factory.mktemp("class"))
    run(settings, "classroom", "generate", "ps1")
    released = settings.course_dir("release") / "ps1" / "ps1.ipynb"
    hostile = RIGHT | {"explain": "**ok** <script>alert('MD-CANARY')</script> ![x](http://evil.example/a.png)"}
    hand_in(settings, "ada", {"ps1.ipynb": filled(hostile, released, extra=HOSTILE)})
    hand_in(settings, "bob", {"ps1.ipynb": filled(ERRORS, released)}, at="2026-11-15 12:00:00.0")
    run(settings, "classroom", "autograde", "ps1")
    book = Gradebook(settings.gradebook_url, load_course(settings.course_root))
    book.set_manual(PS1, NotebookId("ps1"), GradeId("explain"), StudentId("bob"), 2.0, "Say <b>why</b>.")
    book.close()
    return settings


def document(settings: Settings, student: str) -> bytes:
    files = make_feedback(settings, load_course(settings.course_root), PS1, StudentId(student))
    assert list(files) == ["ps1.html"]
    return files["ps1.html"]


def test_no_word_of_a_hidden_test_reaches_the_student(graded: Settings) -> None:
    for student in ("ada", "bob"):
        html = document(graded, student)
        assert CANARY not in html
        assert b"HIDDEN TESTS" not in html
    assert b"# 1 point: the greeting names who is greeted." in html


def test_hostile_outputs_are_text_or_nothing_and_a_figure_is_a_picture(graded: Settings) -> None:
    html = document(graded, "ada").decode()

    assert "<script" not in html
    assert "<svg" not in html
    assert "evil.example" not in re.sub(r"&lt;.*?&gt;", "", html)
    assert "alert(&#39;shown as text&#39;)" in html
    assert html.count('<img src="data:image/png;base64,') == 1
    assert "text/html" not in html


def test_points_states_late_rule_and_comment_are_told(graded: Settings) -> None:
    html = document(graded, "bob").decode()

    # 5 of 6 automatic points and 2 by hand, two tenths taken: 5.6.
    assert "<strong>5.6</strong> of 10 points" in html
    assert "Handed in late, after Fri 13 Nov, 23:59: 20% of the points, 1.4 of 7, are taken." in html
    assert '<h3>greet by name: 0 of 1</h3>\n<p><span class="state">error</span>' in html
    assert "Say &lt;b&gt;why&lt;/b&gt;." in html


def test_who_is_not_graded_has_no_feedback(graded: Settings) -> None:
    with pytest.raises(NotFound, match="autograde it first"):
        document(graded, "eve")


def test_releasing_gives_it_once_and_only_to_who_is_fully_graded(graded: Settings) -> None:
    with open_class(graded) as here:
        first = feedback(here, "ps1", None, publish=True, ungraded=False)
        again = feedback(here, "ps1", None, publish=True, ungraded=False)
        given = here.transfers.all_feedback("ps1", "bob")

    assert first == again == (["bob"], ["ada"])
    assert [(row.score, row.max_score) for row in given] == [(5.6, 10.0)]
    written = graded.course_dir("feedback") / "bob" / "ps1" / "ps1.html"
    assert written.read_bytes() == document(graded, "bob")
    assert not (graded.course_dir("feedback") / "ada").exists()


def test_it_is_given_by_the_one_writer(graded: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that nobody is deleted between the look at the scores and the row that says what was given."""
    held = []

    def publish(_transfers: Transfers, _assignment: str, student: str, *_: Any, **_named: Any) -> None:
        with (graded.state / LOCK).open("ab") as file, pytest.raises(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        held.append(student)

    monkeypatch.setattr(Transfers, "publish_feedback", publish)
    with open_class(graded) as here:
        feedback(here, "ps1", None, publish=True, ungraded=False)

    assert held == ["bob"]


def test_scores_that_show_once_graded_go_out_by_themselves_once_and_not_while_held(graded: Settings) -> None:
    """bob's penalty is given back, so his score is a new one; ada's report waits for a grader."""
    with open_class(graded) as here:
        rules = replace(here.course.assignment("ps1"), scores_show="graded")
        opened = replace(here, course=replace(here.course, assignments=(rules,)))
        reason = Given("ivy", here.transfers.clock(), "a test")
        bob = StudentId("bob")
        with here.database.session() as session:
            extend(session, here.course, rules, bob, rules.due + dt.timedelta(days=9), reason)
            place_hold(session, here.course.id, rules, bob, reason, holds=True)
            due = due_dates(session, here.course, bob)
        here.gradebook.extend(bob, due)

        while_held = show_scores(opened)
        with here.database.session() as session:
            place_hold(session, here.course.id, rules, bob, reason, holds=False)
        let_go = show_scores(opened), show_scores(opened)

        assert (while_held, let_go) == (0, (1, 0))
        assert here.transfers.feedback("ps1", "bob").score == 7.0
        assert here.transfers.all_feedback("ps1", "ada") == []
        opened.close()
