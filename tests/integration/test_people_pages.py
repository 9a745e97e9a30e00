"""Pages on which staff decide about single students, and what these students then read."""

import datetime as dt
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from classroom.errors import Conflict
from classroom.exchange.listing import describe_attempts, find_feedback
from classroom.ids import AssignmentId
from classroom.service.pages.pieces import find_queue
from tests.pages_class import GRADED, OPEN, TASK, PagesClass, open_class, pages_class, url


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """cem was more than a day late; nobody has feedback."""
    folder = tmp_path_factory.mktemp("class") / "made"
    with pages_class(folder):
        pass
    return folder


@pytest.fixture
def room(made: Path, tmp_path: Path) -> Iterator[PagesClass]:
    with open_class(shutil.copytree(made, tmp_path / "class")) as opened:
        yield opened


def get(room: PagesClass, who: str, path: str) -> httpx.Response:
    with room.browser(who) as browser:
        return browser.get(url(path))


def post(room: PagesClass, who: str, path: str, **fields: str) -> httpx.Response:
    """As a browser sends a form, with the token that stood in it."""
    with room.browser(who) as browser:
        return browser.post(url(path), data={"csrf_token": room.csrf(who), **fields})


def words(answer: httpx.Response) -> str:
    """What a reader reads."""
    return " ".join(re.sub(r"<[^>]*>", "", answer.text).split())


def penalty(room: PagesClass, student: str) -> float:
    return next(row.penalty for row in room.gradebook.scores(AssignmentId(GRADED)) if row.student == student)


@pytest.mark.parametrize("path", ["extensions", "roster"])
def test_only_instructors_see_who_has_more_time(room: PagesClass, path: str) -> None:
    got = {who: get(room, who, path).status_code for who in ("ivy", "gil", "ada", "eve")}

    assert got == {"ivy": 200, "gil": 403, "ada": 403, "eve": 403}


def test_an_extension_after_the_submission_gives_the_penalty_back_and_the_student_reads_the_new_date(
    room: PagesClass,
) -> None:
    before = penalty(room, "cem")

    fields = {"students": "cem", "assignment": GRADED, "until": "2026-11-18T23:59", "reason": "a broken laptop"}
    answer = post(room, "ivy", "extensions", **fields)

    assert (before, answer.status_code, penalty(room, "cem")) == (pytest.approx(1.2), 303, 0.0)
    assert "a broken laptop" in words(get(room, "ivy", "extensions"))
    assert "due Wed 18 Nov, 23:59, extended" in words(get(room, "ivy", f"assignments/{GRADED}/submissions/cem"))
    own = words(get(room, "cem", f"my/{GRADED}"))
    assert "Due Wed 18 Nov, 23:59" in own
    assert "on time" in own
    assert "a broken laptop" not in own


def test_a_withdrawn_extension_takes_the_points_again(room: PagesClass) -> None:
    fields = {"students": "cem", "assignment": GRADED, "until": "2026-11-18T23:59", "reason": "ill"}
    post(room, "ivy", "extensions", **fields)

    post(room, "ivy", "extensions/withdraw", student="cem", assignment=GRADED)

    assert penalty(room, "cem") == pytest.approx(1.2)
    assert "0 extensions" in words(get(room, "ivy", "extensions"))


def test_extra_days_hold_for_all_that_were_named(room: PagesClass) -> None:
    post(room, "ivy", "extensions/accommodations", students="cem, dora\nbob", days="3", reason="always")

    assert penalty(room, "cem") == 0.0
    assert "3 students with extra days" in words(get(room, "ivy", "extensions"))
    room.clock.now = dt.datetime(2026, 11, 17, 12, tzinfo=dt.UTC)
    assert "Due Wed 18 Nov, 23:59" in words(get(room, "dora", f"my/{GRADED}"))


@pytest.mark.parametrize(
    ("path", "fields", "said"),
    [
        ("extensions", {"students": ""}, "no student is named"),
        ("extensions", {"students": "../etc"}, "Nothing was changed"),
        ("extensions", {"until": "2026-11-01T10:00"}, "give a later time"),
        ("extensions", {"until": "soon"}, "is no time"),
        ("extensions", {"reason": ""}, "a reason is missing"),
        ("extensions", {"assignment": "99_nothing"}, "has no assignment"),
        ("extensions/accommodations", {"days": "many"}, "is no number of days"),
        ("extensions/accommodations", {"days": "99"}, "0 to 60 can"),
    ],
)
def test_a_form_with_a_fault_changes_nothing_and_keeps_what_was_typed(
    room: PagesClass, path: str, fields: dict[str, str], said: str
) -> None:
    right = {"students": "cem", "assignment": GRADED, "until": "2026-11-18T23:59", "days": "3", "reason": "a reason"}

    answer = post(room, "ivy", path, **(right | fields))

    assert answer.status_code == 422
    assert said in words(answer)
    assert (fields.get("reason") or "a reason") in answer.text
    assert penalty(room, "cem") == pytest.approx(1.2)


def give_back(room: PagesClass, student: str) -> None:
    room.grade(student, dict.fromkeys(("defect", "evidence", "impact", "contract", "reader"), 2), {})
    room.clock.now += dt.timedelta(hours=1)
    room.give_back(student)


def test_held_work_shows_no_score_and_no_feedback_until_it_is_let_go(room: PagesClass) -> None:
    give_back(room, "bob")
    pages = (f"my/{GRADED}", f"my/{GRADED}/feedback", "my")
    before = [words(get(room, "bob", path)) for path in pages]

    place = f"assignments/{GRADED}/submissions/bob/hold"
    post(room, "ivy", place, holds="1", reason="SUSPICION-CANARY of a shared notebook")
    held = [words(get(room, "bob", path)) for path in pages]
    document = get(room, "bob", f"my/{GRADED}/feedback/exercises.html")
    post(room, "ivy", place, holds="0", reason="it was their own")

    assert all("17.0 of 20.0" in page for page in before)
    assert not any("17.0" in page or "SUSPICION" in page for page in held)
    assert all("being looked into" in page for page in held[:2])
    assert document.status_code == 404
    assert [words(get(room, "bob", path)).count("17.0 of 20.0") > 0 for path in pages] == [True] * 3


def test_a_hold_and_its_end_are_told_apart(room: PagesClass) -> None:
    place = f"assignments/{GRADED}/submissions/bob"
    post(room, "ivy", f"{place}/hold", holds="1", reason="two answers are equal")
    post(room, "ivy", f"{place}/hold", holds="0", reason="it was their own")

    to_staff, to_bob = words(get(room, "ivy", place)), words(get(room, "bob", f"my/{GRADED}"))

    assert "ivy held back, bob: two answers are equal" in to_staff
    assert "ivy let go, bob: it was their own" in to_staff
    assert "Your submission is looked into" in to_bob
    assert "Your submission is no longer looked into" in to_bob


def test_held_work_gets_no_feedback_from_anybody(room: PagesClass) -> None:
    room.grade("bob", dict.fromkeys(("defect", "evidence", "impact", "contract", "reader"), 2), {})
    post(room, "ivy", f"assignments/{GRADED}/submissions/bob/hold", holds="1", reason="looked into")

    with pytest.raises(Conflict, match="lift the hold first"):
        room.give_back("bob")

    assert "held" in words(get(room, "ivy", f"assignments/{GRADED}/submissions"))
    assert "Nothing is fully graded" in words(follow(room, post(room, "ivy", f"assignments/{GRADED}/feedback")))


def test_a_hold_without_a_reason_is_not_placed(room: PagesClass) -> None:
    answer = post(room, "ivy", f"assignments/{GRADED}/submissions/bob/hold", holds="1")

    assert "a reason is missing" in words(follow(room, answer))
    assert "Held back" not in words(get(room, "ivy", f"assignments/{GRADED}/submissions/bob"))


def test_only_an_instructor_holds_back(room: PagesClass) -> None:
    for who in ("gil", "bob"):
        answer = post(room, who, f"assignments/{GRADED}/submissions/bob/hold", holds="1", reason="x")
        assert answer.status_code == 403


def test_the_exchange_gives_no_feedback_of_held_work(room: PagesClass) -> None:
    give_back(room, "bob")
    attempts = room.transfers.attempts(GRADED, "bob")
    post(room, "ivy", f"assignments/{GRADED}/submissions/bob/hold", holds="1", reason="looked into")

    with room.transfers.database.reading() as session:
        (info,) = describe_attempts(session, room.transfers.store, room.course, attempts)
        found = find_feedback(session, attempts[0])

    assert (info.feedback, found) == (None, None)


def test_before_submitting_a_student_reads_when_scores_show(room: PagesClass) -> None:
    assert "show when the instructor releases them" in words(get(room, "dora", f"my/{OPEN}"))


@pytest.fixture
def asked(room: PagesClass) -> PagesClass:
    """bob has feedback, marked by gil, and asks about the report."""
    allow_second_looks(room)
    give_back(room, "bob")
    post(room, "bob", f"my/{GRADED}/second-look", task=TASK, text="The report names since when, in row two.")
    return room


def allow_second_looks(room: PagesClass) -> None:
    """Seven days; a course is never changed while it runs, so here the whole is put in its place."""
    context = room.app.state.context
    opened = [replace(one, second_look_days=7) for one in context.course.assignments]
    room.app.state.context = replace(context, course=replace(context.course, assignments=tuple(opened)))


def test_a_question_is_answered_by_another_grader_and_both_read_it(asked: PagesClass) -> None:
    waiting = words(get(asked, "gus", "second-looks"))
    answer = post(asked, "gus", "second-looks/1", text="You are right, it does name the month.")

    assert "1 question open" in waiting
    assert "bob" not in waiting
    assert answer.status_code == 303
    own = words(get(asked, "bob", f"my/{GRADED}/feedback"))
    assert "names since when, in row two" in own
    assert "it does name the month" in own
    assert "gus" not in own
    assert "it does name the month" in words(get(asked, "ivy", "second-looks"))


def test_who_marked_the_task_neither_sees_nor_answers_the_question(asked: PagesClass) -> None:
    assert "0 questions open" in words(get(asked, "gil", "second-looks"))
    assert post(asked, "gil", "second-looks/1", text="It stays as it is.").status_code == 403
    assert "It stays" not in words(get(asked, "bob", f"my/{GRADED}/feedback"))


def test_a_question_is_answered_once(asked: PagesClass) -> None:
    post(asked, "gus", "second-looks/1", text="The first answer of two.")
    second = post(asked, "ivy", "second-looks/1", text="The second answer of two.")

    assert "somebody answered this question before you" in words(follow(asked, second))
    assert "The second answer" not in words(get(asked, "bob", f"my/{GRADED}/feedback"))


def test_a_task_that_was_asked_about_is_marked_by_a_second_grader_too(asked: PagesClass) -> None:
    with asked.transfers.database.reading() as session:
        found = {
            who: find_queue(session, asked.app.state.context, asked.gradebook, TASK, who) for who in ("gil", "gus")
        }

    rounds = {who: next(one for one in queue.pieces if one.student == "bob").round for who, queue in found.items()}
    assert rounds == {"gil": 1, "gus": 2}


@pytest.mark.parametrize(
    ("task", "text", "days", "said"),
    [
        (TASK, "Please look at it once more.", 8, "the time to ask for a second look is over"),
        (TASK, "short", 1, "write 10 to 600"),
        ("nothing", "Please look at it once more.", 1, "choose one"),
    ],
    ids=["after the window", "too short", "another task"],
)
def test_a_question_that_may_not_be_asked_leaves_nothing(
    room: PagesClass, task: str, text: str, days: int, said: str
) -> None:
    allow_second_looks(room)
    give_back(room, "bob")
    room.clock.now += dt.timedelta(days=days)

    answer = post(room, "bob", f"my/{GRADED}/second-look", task=task, text=text)

    assert said in words(follow(room, answer, "bob"))
    assert "0 questions open" in words(get(room, "ivy", "second-looks"))


def test_a_second_question_about_a_task_waits_for_the_first_answer(asked: PagesClass) -> None:
    again = {"task": TASK, "text": "And another thing about it."}
    refused = post(asked, "bob", f"my/{GRADED}/second-look", **again)
    post(asked, "gus", "second-looks/1", text="It stays as it is.")
    post(asked, "bob", f"my/{GRADED}/second-look", **again)

    assert "already" in words(follow(asked, refused, "bob"))
    assert "1 question open" in words(get(asked, "ivy", "second-looks"))


def test_where_the_course_gives_no_days_nobody_asks(room: PagesClass) -> None:
    give_back(room, "bob")

    answer = post(room, "bob", f"my/{GRADED}/second-look", task=TASK, text="Please look at it once more.")

    assert "is over" in words(follow(room, answer, "bob"))
    assert "Second look" not in words(get(room, "bob", f"my/{GRADED}/feedback"))


def follow(room: PagesClass, answer: httpx.Response, who: str = "ivy") -> httpx.Response:
    """The page that a form leads to, with what it said."""
    with room.browser(who) as browser:
        for name, value in answer.cookies.items():
            browser.cookies.set(name, value)
        return browser.get(answer.headers["location"])
