"""Every page for every role, over HTTP, without JavaScript: who sees it, what is never on it, what a form does."""

import datetime as dt
import io
import re
import shutil
import zipfile
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select

from classroom.db.tables import Attempt, Draft, Event, Grading, Job, Run
from classroom.errors import Conflict, NotFound
from classroom.ids import AssignmentId, StudentId
from classroom.scores import ScoreRow
from classroom.service.pages.release_feedback import FAULT, begin, release_all, releasing
from tests.pages_class import (
    GRADED,
    HANDS,
    HIDDEN,
    HINT,
    LATER,
    NOW,
    OPEN,
    TASK,
    Hand,
    PagesClass,
    autograde,
    open_class,
    pages_class,
    submit,
    url,
)

PRIVATE = "COMMENT-CANARY-2210"  # in a comment on work whose feedback isn't out
STUDENTS = ("ada", "bob", "cem", "dora", "zoe-canary")
CRITERIA = ("defect", "evidence", "impact", "contract", "reader")
HOME = "/services/classroom/"
STUDENT_PAGES = ("my", f"my/{GRADED}", f"my/{OPEN}", f"my/{GRADED}/feedback", f"my/{OPEN}/feedback")
GRADER_PAGES = ("grading",)
INSTRUCTOR_PAGES = (
    "assignments",
    f"assignments/{GRADED}",
    f"assignments/{OPEN}",
    f"assignments/{LATER}",
    f"assignments/{GRADED}/release",
    f"assignments/{GRADED}/feedback",
    f"assignments/{GRADED}/submissions",
    f"assignments/{GRADED}/submissions?show=late&sort=total&down=1&q=c",
    f"assignments/{GRADED}/submissions?show=nonsense&sort=nonsense",
    f"assignments/{GRADED}/submissions/cem",
    f"assignments/{GRADED}/submissions/cem/correct?cell=test_parses_prices",
    f"assignments/{GRADED}/excuse",
    f"assignments/{GRADED}/excuse?cell=exercises/test_parses_prices",
    f"assignments/{LATER}/excuse",
    f"assignments/{GRADED}/dry-run",
    f"assignments/{GRADED}/runs/1",
    "extensions",
    "roster",
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """ada has her feedback; cem is marked, and it isn't out; bob, dora and zoe-canary wait for a grader."""
    folder = tmp_path_factory.mktemp("class") / "made"
    with pages_class(folder) as room:
        room.grade("ada", dict(zip(CRITERIA, (4, 3, 2, 3, 4), strict=True)), {"evidence": "Say what else it could be."})
        room.clock.now += dt.timedelta(hours=1)
        room.give_back("ada")
        room.grade("cem", dict.fromkeys(CRITERIA, 2), {"defect": PRIVATE})
    return folder


@pytest.fixture(scope="module")
def room(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PagesClass]:
    """For tests that only read."""
    with open_class(shutil.copytree(made, tmp_path_factory.mktemp("read") / "class")) as opened:
        yield opened


@pytest.fixture
def own_room(made: Path, tmp_path: Path) -> Iterator[PagesClass]:
    """For a test that writes."""
    with open_class(shutil.copytree(made, tmp_path / "class")) as opened:
        yield opened


class Page(HTMLParser):
    """What a test asks of a page: tags with their attributes, forms with their fields, text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.html = html
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.forms: list[dict[str, Any]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.tags.append((tag, given))
        if tag == "form":
            self.forms.append({"action": given.get("action", ""), "method": given.get("method", "get"), "fields": {}})
        if tag in {"input", "textarea"} and self.forms and given.get("type") not in {"radio", "checkbox"}:
            self.forms[-1]["fields"][given.get("name", "")] = given.get("value", "")

    def form(self, ending: str) -> dict[str, Any]:
        """The form whose address ends so."""
        return next(form for form in self.forms if form["action"].endswith(ending))

    def marking(self) -> dict[str, Any]:
        """The form of a piece beside its rubric."""
        return next(form for form in self.forms if "seen" in form["fields"])

    def links(self) -> list[str]:
        return [given["href"] for tag, given in self.tags if tag == "a" and "href" in given]


def get(room: PagesClass, who: str, path: str, **headers: str) -> httpx.Response:
    with room.browser(who) as browser:
        return browser.get(path if path.startswith("/") else url(path), headers=headers)


def words(answer: httpx.Response) -> str:
    """What a reader reads, tags taken out."""
    return " ".join(re.sub(r"<[^>]*>", "", answer.text).split())


def post(room: PagesClass, who: str, path: str, **fields: str) -> httpx.Response:
    """As a browser sends a form: with the token that stood in it."""
    with room.browser(who) as browser:
        return browser.post(url(path), data={"csrf_token": room.csrf(who), **fields})


def count(room: PagesClass, table: type[Any]) -> int:
    with room.transfers.database.reading() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def all_pages(room: PagesClass) -> list[tuple[str, str]]:
    """(who, path) of everything that has content."""
    piece = Page(get(room, "gil", "grading").text).links()
    grading = [link for link in piece if f"/grading/{TASK}/" in link]
    return [
        *((student, path) for student in ("ada", "bob", "cem") for path in STUDENT_PAGES),
        *(("gil", path) for path in (*GRADER_PAGES, *grading)),
        *(("ivy", path) for path in (*INSTRUCTOR_PAGES, *GRADER_PAGES)),
        ("tess", HOME),
        ("eve", HOME),
        ("ada", url("grading")),  # the 403 page
        ("ada", url(f"my/{LATER}")),  # the 404 page
    ]


# Who may open what.


@pytest.mark.parametrize(
    ("paths", "allowed", "others"),
    [
        (STUDENT_PAGES, ("ada", "bob"), ("gil", "ivy", "eve")),
        (GRADER_PAGES, ("gil", "ivy", "tess"), ("ada", "eve")),
        (INSTRUCTOR_PAGES, ("ivy",), ("ada", "gil", "tess", "eve")),
    ],
    ids=["student", "grader", "instructor"],
)
def test_a_page_opens_for_its_role_and_says_to_others_which_role_it_is_for(
    room: PagesClass, paths: tuple[str, ...], allowed: tuple[str, ...], others: tuple[str, ...]
) -> None:
    for path in paths:
        for who in allowed:
            assert get(room, who, path).status_code == 200, (who, path)
        for who in others:
            answer = get(room, who, path)
            assert answer.status_code == 403, (who, path)
            assert "this is for the role" in answer.text.lower()


@pytest.mark.parametrize(
    ("who", "target"),
    [("ada", url("my")), ("gil", url("grading")), ("ivy", url("assignments"))],
    ids=["student", "grader", "instructor"],
)
def test_the_front_door_leads_to_the_page_of_the_role(room: PagesClass, who: str, target: str) -> None:
    answer = get(room, who, HOME)

    assert (answer.status_code, answer.headers["location"]) == (303, target)


def test_the_front_door_offers_a_choice_for_two_roles_and_words_for_none(room: PagesClass) -> None:
    assert {url("my"), url("grading")} <= set(Page(get(room, "tess", HOME).text).links())
    assert "not in this course yet" in get(room, "eve", HOME).text


def test_who_is_not_signed_in_goes_to_the_hub_and_comes_back(room: PagesClass) -> None:
    answer = get(room, "", "my")

    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/services/classroom/login?next=")


def test_another_course_is_not_open_to_anybody(room: PagesClass) -> None:
    assert get(room, "ivy", "/services/classroom/other/assignments").status_code == 403


def test_what_is_not_released_looks_like_what_does_not_exist(room: PagesClass) -> None:
    later, none = get(room, "ada", f"my/{LATER}"), get(room, "ada", "my/99_nothing")

    assert (later.status_code, none.status_code) == (404, 404)


def test_unknown_things_of_the_instructor_are_404(room: PagesClass) -> None:
    for path in ("99_nothing", f"{GRADED}/submissions/nobody", f"{GRADED}/runs/99", f"{OPEN}/runs/1"):
        assert get(room, "ivy", f"assignments/{path}").status_code == 404, path


# What must never be on a page.


def test_a_student_sees_nothing_of_another_and_nothing_hidden(room: PagesClass) -> None:
    for path in (*STUDENT_PAGES, f"my/{GRADED}/feedback/exercises.html"):
        text = get(room, "ada", path).text
        assert HIDDEN not in text, path
        assert PRIVATE not in text, path
        for other in STUDENTS[1:]:
            assert not re.search(rf"\b{re.escape(other)}\b", text), (path, other)


def test_a_student_sees_no_point_and_no_comment_before_the_feedback_is_out(room: PagesClass) -> None:
    shown = "".join(get(room, "cem", path).text for path in STUDENT_PAGES)

    assert PRIVATE not in shown
    assert "being graded" in shown
    assert HINT not in shown
    # What cem will get: 6 + 3, less two days begun of 10 %.
    assert not re.search(r"\b7\.2\b|\b9\.0\b|level [0-4] of 4", shown)


def test_a_grader_learns_no_name_no_time_of_arrival_and_no_autograded_points(room: PagesClass) -> None:
    queue = get(room, "gil", "grading").text
    pieces = {link for link in Page(queue).links() if f"/grading/{TASK}/" in link}

    for text in (queue, *(get(room, "gil", link).text for link in pieces)):
        assert HIDDEN not in text
        assert not re.search(rf"\b({'|'.join(STUDENTS)})\b", text)
        assert "14.0" not in text
        assert "17 Nov" not in text  # when cem handed in, late
    assert len(pieces) == 3


def test_a_student_s_html_is_text_beside_the_rubric(room: PagesClass) -> None:
    piece = next(link for link in Page(get(room, "gil", "grading").text).links() if f"/grading/{TASK}/" in link)

    page = get(room, "gil", piece).text

    assert "&lt;script&gt;alert(" in page
    assert "<strong>2023-03-01</strong>" in page


def test_the_instructor_sees_reasons_and_the_student_s_own_traceback(room: PagesClass) -> None:
    page = get(room, "ivy", f"assignments/{GRADED}/submissions/cem").text

    assert HIDDEN in page
    assert "Traceback (most recent call last)" in page
    assert "\x1b" not in page
    assert PRIVATE in page


def test_no_page_has_inline_script_or_style_and_each_forbids_them(room: PagesClass) -> None:
    for who, path in all_pages(room):
        answer = get(room, who, path)
        policy = answer.headers["Content-Security-Policy"]
        assert "script-src 'self'" in policy, path
        assert "unsafe" not in policy, path
        assert answer.headers["Cache-Control"] == "no-store", path
        page = Page(answer.text)
        for tag, given in page.tags:
            assert "style" not in given, (path, tag)
            assert tag != "style", path
            assert tag != "script" or given.get("src", "").startswith("/services/classroom/static/"), path
            assert not any(name.startswith(("on", "hx-on")) for name in given), (path, tag)


def test_every_page_names_its_language_its_title_and_one_heading_of_first_rank(room: PagesClass) -> None:
    for who, path in all_pages(room):
        text = get(room, who, path).text
        if "/runs/" in path:
            continue  # a fragment
        page = Page(text)
        assert ("html", {"lang": "en"}) in page.tags, path
        assert re.search(r"<title>\S.* · .+</title>", text), path
        assert sum(tag == "h1" for tag, _ in page.tags) == 1, path


def test_the_theme_of_the_cookie_stands_in_the_page(room: PagesClass) -> None:
    with room.browser("ada") as browser:
        browser.cookies.set("theme", "dark")
        page = Page(browser.get(url("my")).text)

    assert ("html", {"lang": "en", "data-theme": "dark"}) in page.tags


def test_every_static_file_of_a_page_is_there(room: PagesClass) -> None:
    page = Page(get(room, "ivy", f"assignments/{GRADED}").text)

    files = {given.get("src") or given.get("href", "") for tag, given in page.tags if tag in {"script", "link"}}
    assert len(files) == 5
    for file in files:
        assert get(room, "ivy", file).status_code == 200, file


# My work.


def test_my_work_tells_what_is_next_and_what_came_back(room: PagesClass) -> None:
    page = words(get(room, "ada", "my"))

    assert "Next: Features" in page
    assert "If you submit now: in time, attempt 1 of 5" in page
    assert "15.75 of 20.0" in page  # 6 + 5 of the tests, 4.75 by rubric
    assert "opens Sat 12 Dec, 09:00" in page


def test_an_assignment_tells_the_rule_the_attempts_and_what_is_asked(room: PagesClass) -> None:
    page = get(room, "ada", f"my/{GRADED}").text

    assert "You cannot submit now" in page
    assert "genuine" in page
    assert "Find the seam" in page
    assert page.count("/download") == 2
    assert "on time" in page


def test_feedback_tells_points_hints_levels_comments_and_what_the_next_level_asks(room: PagesClass) -> None:
    page = get(room, "ada", f"my/{GRADED}/feedback").text

    assert HINT in page
    assert "15.75 <small>of 20.0</small>" in page
    assert "11.0 <small>of 14.0</small>" in page
    assert "4.75 <small>of 6.0</small>" in page
    assert "Say what else it could be." in page
    assert "Level 4 asks:" in page
    assert 'aria-label="level 3 of 4"' in page


def test_a_feedback_document_runs_nothing_and_stands_only_in_our_frames(room: PagesClass) -> None:
    answer = get(room, "ada", f"my/{GRADED}/feedback/exercises.html")

    policy = answer.headers["Content-Security-Policy"]
    assert "Feedback of ada" in answer.text
    assert "default-src 'none'" in policy
    assert "sandbox" in policy
    assert "script-src" not in policy


@pytest.mark.parametrize("name", ["other.html", "..%2Fexercises.html", "exercises.ipynb"])
def test_only_documents_of_the_own_feedback_are_served(room: PagesClass, name: str) -> None:
    assert get(room, "ada", f"my/{GRADED}/feedback/{name}").status_code == 404
    assert get(room, "cem", f"my/{GRADED}/feedback/exercises.html").status_code == 404


def test_a_student_takes_the_receipt_and_the_own_attempt_away(room: PagesClass) -> None:
    receipt = get(room, "ada", f"my/{GRADED}/attempts/1/receipt")
    attempt = get(room, "ada", f"my/{GRADED}/attempts/1/download")

    assert (receipt.json()["student"], receipt.json()["attempt"]) == ("ada", 1)
    assert receipt.headers["Content-Disposition"].startswith("attachment;")
    assert zipfile.ZipFile(io.BytesIO(attempt.content)).namelist() == ["exercises.ipynb"]


def test_an_attempt_that_is_not_the_own_is_404(room: PagesClass) -> None:
    for path in (f"my/{GRADED}/attempts/2/receipt", f"my/{GRADED}/attempts/2/download", "my/x/attempts/1/download"):
        assert get(room, "bob", path).status_code == 404, path  # ada has a second attempt, bob hasn't


# The course.


def test_the_board_says_what_waits(room: PagesClass) -> None:
    page = get(room, "ivy", "assignments").text

    assert "3 to grade" in page
    assert "no source yet" in page


def test_the_steps_say_how_far_an_assignment_is(room: PagesClass) -> None:
    page = get(room, "ivy", f"assignments/{GRADED}").text

    assert "5 of 5" in page
    assert "1 of 5 out" in page
    assert "3 pieces to grade by hand" in page
    assert "Release feedback of 2" in page


@pytest.mark.parametrize(
    ("query", "students"),
    [
        ("", ["ada", "bob", "cem", "dora", "zoe-canary"]),
        ("?show=late", ["cem"]),
        ("?show=broken", ["cem", "dora"]),
        ("?show=to+grade", ["bob", "dora", "zoe-canary"]),
        ("?q=A", ["ada", "dora", "zoe-canary"]),
        ("?sort=auto&down=1&show=graded", ["ada", "cem"]),
        ("?sort=total", ["dora", "cem", "bob", "zoe-canary", "ada"]),
        ("?q=zzz", []),
    ],
)
def test_the_table_filters_searches_and_sorts_by_its_address(room: PagesClass, query: str, students: list[str]) -> None:
    page = get(room, "ivy", f"assignments/{GRADED}/submissions{query}").text

    rows = page.partition("<tbody>")[2].partition("</tbody>")[0]
    assert re.findall(r'<th scope="row"><a href="[^"]*">([^<]*)</a>', rows) == students


def test_a_total_with_a_part_missing_is_no_total(room: PagesClass) -> None:
    rows = get(room, "ivy", f"assignments/{GRADED}/submissions?q=bob").text

    assert "14.0+" in rows


@pytest.mark.parametrize("path", [f"assignments/{GRADED}", f"assignments/{GRADED}/submissions?show=late"])
def test_a_fragment_is_the_same_part_of_the_page(room: PagesClass, path: str) -> None:
    page, part = get(room, "ivy", path), get(room, "ivy", path, **{"HX-Request": "true"})

    assert "<html" not in part.text
    assert part.text.strip() in page.text
    assert "HX-Request" in page.headers["Vary"]


def test_the_card_of_a_run_is_the_same_in_page_fragment_and_event(room: PagesClass) -> None:
    page = get(room, "ivy", f"assignments/{GRADED}").text
    card = get(room, "ivy", f"assignments/{GRADED}/runs/1").text
    events = get(room, "ivy", f"assignments/{GRADED}/runs/1/events")

    sent = "\n".join(line.removeprefix("data: ") for line in events.text.splitlines() if line.startswith("data: "))
    assert card.strip() in page
    assert events.headers["content-type"].startswith("text/event-stream")
    assert card.strip() in sent
    assert re.findall(r"^event: (\w+)$", events.text, re.MULTILINE) == ["counts", "spoken", "done"]


def test_a_page_of_300_students_stays_small(own_room: PagesClass) -> None:
    names = [f"student{number:03}" for number in range(300)]
    with own_room.transfers.database.session() as session:
        run = Run(course="cards", assignment=GRADED, actor="ivy", created_at=NOW, finished_at=NOW)
        session.add(run)
        session.flush()
        for name in names:
            session.add(make_attempt(name))
            session.add(make_job(run.id, name))
    own_room.app.state.gradebook = Full(names)

    sizes = {path: len(get(own_room, "ivy", path).content) for path in INSTRUCTOR_PAGES if "/cem" not in path}

    assert max(sizes.values()) < 150_000, sizes


class Full:
    """A gradebook in which everybody has a score."""

    def __init__(self, names: list[str]) -> None:
        self.rows = [ScoreRow(StudentId(name), NOW, 17.25, 1.75, 15.5, 20.0, True) for name in names]

    def scores(self, assignment: AssignmentId) -> list[ScoreRow]:
        return self.rows


def make_attempt(student: str) -> Attempt:
    return Attempt(
        course="cards",
        assignment=GRADED,
        student=student,
        number=1,
        tree="0" * 64,
        size_bytes=2000,
        files=1,
        received_at=NOW,
        arrival="late",
        late_s=93_000.0,
        receipt={},
    )


def make_job(run: int, student: str) -> Job:
    return Job(
        run_id=run,
        course="cards",
        assignment=GRADED,
        student=student,
        attempt=1,
        state="done",
        tries=1,
        status="timeout",
        reason="exercises: the cell parse_prices took longer than 30 s and was ended",
        score=11.25,
        max_score=14.0,
        finished_at=NOW,
    )


def test_collecting_from_the_page_takes_what_came(own_room: PagesClass) -> None:
    answer = post(own_room, "ivy", f"assignments/{GRADED}/collect")

    assert (answer.status_code, answer.headers["location"]) == (303, url(f"assignments/{GRADED}"))
    assert says(own_room, "ivy", answer) == "Nothing new to collect."


def says(room: PagesClass, who: str, answer: httpx.Response) -> str:
    """The sentence on top of the page that a form leads to; it is there once."""
    with room.browser(who) as browser:
        browser.cookies.set("classroom-said", answer.cookies["classroom-said"])
        first = browser.get(answer.headers["location"])
    found = re.search(r'<div class="note said \w+" role="status">.*?<div>(.*?)</div>', first.text)
    assert 'classroom-said=""' in first.headers["set-cookie"]
    return found[1] if found else ""


def test_autograding_from_the_page_queues_a_job_for_each_submission(own_room: PagesClass) -> None:
    answer = post(own_room, "ivy", f"assignments/{GRADED}/autograde", force="1")

    assert says(own_room, "ivy", answer) == "Run 2 started: 5 submissions."
    with own_room.transfers.database.reading() as session:
        states = session.scalars(select(Job.state).where(Job.run_id == 2)).all()
        run = session.get_one(Run, 2)
    assert list(states) == ["queued"] * 5
    assert (run.actor, run.force) == ("ivy", True)
    page = get(own_room, "ivy", f"assignments/{GRADED}").text
    assert f'sse-connect="{url(f"assignments/{GRADED}/runs/2/events")}"' in page
    assert "Waiting for a grader process" in page
    assert "<strong>0</strong> of 5" in page


def test_a_second_run_is_refused_while_one_goes(own_room: PagesClass) -> None:
    post(own_room, "ivy", f"assignments/{GRADED}/autograde")

    assert post(own_room, "ivy", f"assignments/{GRADED}/autograde").status_code == 409
    assert count(own_room, Run) == 2


def test_one_submission_is_autograded_again_from_its_page(own_room: PagesClass) -> None:
    form = Page(get(own_room, "ivy", f"assignments/{GRADED}/submissions/cem").text).form("/autograde")
    with own_room.browser("ivy") as browser:
        browser.post(form["action"], data=form["fields"])

    with own_room.transfers.database.reading() as session:
        assert session.scalars(select(Job.student).where(Job.run_id == 2)).all() == ["cem"]


def test_releasing_asks_first_and_then_releases_once(own_room: PagesClass) -> None:
    ask = Page(get(own_room, "ivy", f"assignments/{OPEN}/release").text)
    form = ask.form("/release")
    notebook = own_room.settings.course_dir("release") / OPEN / "exercises.ipynb"
    notebook.write_bytes(notebook.read_bytes().replace(b"Write the report", b"Write your report"))

    with own_room.browser("ivy") as browser:
        answers = [browser.post(form["action"], data=form["fields"]) for _ in range(2)]

    assert [says(own_room, "ivy", answer) for answer in answers] == ["Version 2 is released."] * 2
    assert own_room.transfers.find_release(OPEN).version == 2


def test_a_release_without_files_is_told_and_changes_nothing(own_room: PagesClass) -> None:
    answer = post(own_room, "ivy", f"assignments/{LATER}/release")

    assert "holds no notebook" in says(own_room, "ivy", answer)


@pytest.mark.parametrize(
    "act", ["generate", "release", "collect", "autograde", "feedback", "excuse", "submissions/ada/correct"]
)
def test_an_act_of_the_instructor_needs_the_role_and_the_form_s_token(room: PagesClass, act: str) -> None:
    before = count(room, Event)

    assert post(room, "ada", f"assignments/{GRADED}/{act}").status_code == 403
    assert post(room, "gil", f"assignments/{GRADED}/{act}").status_code == 403
    assert post(room, "ivy", f"assignments/{GRADED}/{act}", csrf_token="other").status_code == 403
    assert count(room, Event) == before


def test_feedback_goes_out_and_one_that_can_not_be_made_stops_no_other(own_room: PagesClass) -> None:
    rules = own_room.course.assignment(GRADED)
    context = own_room.app.state.context
    own_room.clock.now = NOW + dt.timedelta(hours=2)

    def make(_settings: Any, _course: Any, _assignment: Any, student: str) -> dict[str, bytes]:
        if student == "ada":
            raise NotFound("ada isn't graded")
        return {"exercises.html": b"<!doctype html>"}

    begin(own_room.app, rules)
    with pytest.raises(Conflict):
        begin(own_room.app, rules)
    release_all(
        own_room.app,
        context,
        own_room.gradebook,
        rules,
        {StudentId("ada"): 2, StudentId("cem"): 1},
        actor="ivy",
        make=make,
    )

    assert releasing(own_room.app) == set()
    given = own_room.transfers.feedback(GRADED, "cem")
    assert (given.score, given.max_score, given.attempt) == (7.2, 20.0, 1)  # (6 + 3) less 20 %
    with own_room.transfers.database.reading() as session:
        fault = session.scalars(select(Event).where(Event.kind == FAULT)).one()
    assert (fault.student, fault.data) == ("ada", {"reason": "ada isn't graded"})
    page = get(own_room, "cem", f"my/{GRADED}/feedback").text
    assert PRIVATE in page
    assert "−1.8" in page


# Grading by hand.


def open_piece(room: PagesClass, who: str) -> Page:
    """The next piece of this grader's queue, by its button."""
    with room.browser(who) as browser:
        queue = Page(browser.get(url("grading")).text)
        link = next(given["href"] for tag, given in queue.tags if given.get("id") == "go-on")
        return Page(browser.get(link).text)


def send(room: PagesClass, who: str, page: Page, levels: dict[str, int], **fields: str) -> httpx.Response:
    form = page.marking()
    chosen = {f"level-{name}": str(level) for name, level in levels.items()}
    with room.browser(who) as browser:
        return browser.post(form["action"], data={**form["fields"], **chosen, **fields})


def all_levels(level: int) -> dict[str, int]:
    return dict.fromkeys(CRITERIA, level)


def test_choosing_levels_stores_a_grading_and_projects_it_into_the_gradebook(own_room: PagesClass) -> None:
    piece = open_piece(own_room, "gil")

    answer = send(own_room, "gil", piece, all_levels(3) | {"evidence": 4}, **{"comment-impact": "Which rows?"})

    assert answer.status_code == 303
    assert f"/grading/{TASK}/" in answer.headers["location"]
    with own_room.transfers.database.reading() as session:
        row = session.scalars(select(Grading).order_by(Grading.id.desc())).first()
        event = session.scalars(select(Event).where(Event.kind == "grading")).one()
    assert row is not None
    assert (row.grader, row.attempt, row.comments) == ("gil", 1, {"impact": "Which rows?"})
    assert (event.actor, event.student, event.data["grading"]) == ("gil", row.student, row.id)
    found = own_room.gradebook.submission(AssignmentId(GRADED), StudentId(row.student))
    assert found is not None
    task = next(task for task in found.tasks if task.grade_id == TASK)
    assert task.manual_score == 5.0  # 1 * 3/4 four times, 2 * 4/4
    assert task.comment is not None
    assert "Which rows?" in task.comment
    assert not found.row.needs_manual_grade


def test_a_gate_caps_what_is_projected(own_room: PagesClass) -> None:
    piece = open_piece(own_room, "gil")

    send(own_room, "gil", piece, all_levels(4), **{"gate-not_in_the_feed": "1"})

    with own_room.transfers.database.reading() as session:
        row = session.scalars(select(Grading).order_by(Grading.id.desc())).first()
    assert row is not None
    assert row.gates == ["not_in_the_feed"]
    found = own_room.gradebook.submission(AssignmentId(GRADED), StudentId(row.student))
    assert found is not None
    assert [task.manual_score for task in found.tasks if task.grade_id == TASK] == [1.5]


def test_the_queue_is_walked_to_its_end(own_room: PagesClass) -> None:
    seen = []
    for left in (3, 2, 1):
        assert f"{left} {'piece' if left == 1 else 'pieces'} to grade" in get(own_room, "gil", "grading").text
        piece = open_piece(own_room, "gil")
        seen.append(piece.marking()["action"])
        answer = send(own_room, "gil", piece, all_levels(2))

    assert answer.headers["location"] == url("grading")
    assert "is graded" in says(own_room, "gil", answer)
    assert len(set(seen)) == 3
    assert "Grade by hand" in get(own_room, "ivy", f"assignments/{GRADED}").text
    assert "Release feedback to 5 students" in get(own_room, "ivy", f"assignments/{GRADED}").text


def test_a_missing_level_is_asked_for_and_nothing_chosen_is_lost(own_room: PagesClass) -> None:
    before = count(own_room, Grading)
    piece = open_piece(own_room, "gil")

    answer = send(own_room, "gil", piece, {"defect": 4}, **{"comment-defect": "Kept words"})

    assert answer.status_code == 422
    assert "<title>Error: " in answer.text
    assert "A query that shows it, with its result" in answer.text
    assert "Kept words" in answer.text
    assert re.search(r'name="level-defect" value="4"[^>]* checked', answer.text)
    assert count(own_room, Grading) == before


def name_of(page: Page) -> str:
    found = re.search(r"<h1>(.*?)</h1>", page.html)
    assert found
    return found[1]


def test_two_graders_are_never_given_the_same_piece(own_room: PagesClass) -> None:
    first, second = open_piece(own_room, "gil"), open_piece(own_room, "gus")

    assert name_of(first) != name_of(second)


def test_a_claim_runs_out_and_who_takes_over_is_told(own_room: PagesClass) -> None:
    opened = open_piece(own_room, "gil")
    own_room.clock.now = NOW + dt.timedelta(minutes=29)
    assert name_of(open_piece(own_room, "gus")) != name_of(opened)

    own_room.clock.now = NOW + dt.timedelta(minutes=61)

    taken = walk(own_room, "gus", until=name_of(opened))[-1]
    assert "You took this over from gil" in taken.html
    draft = post_draft(own_room, "gil", opened, all_levels(2))
    assert (draft.status_code, draft.json()["holder"]) == (409, "gus")


def walk(room: PagesClass, who: str, until: str = "") -> list[Page]:
    """Marks one piece after another to the end, or until the one of that name is open."""
    queue = Page(get(room, who, "grading").text)
    first = next(given["href"] for _, given in queue.tags if given.get("id") == "go-on")
    pages = [Page(get(room, who, first).text)]
    while name_of(pages[-1]) != until:
        send_action = pages[-1].marking()
        with room.browser(who) as browser:
            levels = {f"level-{name}": "2" for name in CRITERIA}
            answer = browser.post(send_action["action"], data={**send_action["fields"], **levels})
            if "/grading/" not in answer.headers["location"]:
                break
            pages.append(Page(browser.get(answer.headers["location"]).text))
    return pages


def post_draft(room: PagesClass, who: str, page: Page, levels: dict[str, int], **fields: str) -> httpx.Response:
    form = page.marking()
    chosen = {f"level-{name}": str(level) for name, level in levels.items()}
    with room.browser(who) as browser:
        return browser.post(f"{form['action']}/draft", data={**form["fields"], **chosen, **fields})


def test_the_second_of_two_savers_is_told_and_loses_nothing(own_room: PagesClass) -> None:
    late_page = open_piece(own_room, "gil")
    own_room.clock.now = NOW + dt.timedelta(minutes=31)
    walk(own_room, "gus")  # takes over what gil left alone, and marks it
    before = count(own_room, Grading)

    late = send(own_room, "gil", late_page, all_levels(4), **{"comment-reader": "My words"})

    assert late.status_code == 409
    assert "Somebody saved another marking" in late.text
    assert "My words" in late.text
    assert '<td class="n">2</td><td class="n">4</td>' in late.text
    assert count(own_room, Grading) == before
    again = send(own_room, "gil", Page(late.text), all_levels(4), **{"comment-reader": "My words"})
    assert again.status_code == 303
    assert count(own_room, Grading) == before + 1


def test_a_draft_is_kept_and_is_no_grading(own_room: PagesClass) -> None:
    before = count(own_room, Grading)
    piece = open_piece(own_room, "gil")

    answer = post_draft(own_room, "gil", piece, {"impact": 2}, **{"comment-impact": "Which month?"})

    assert (answer.status_code, answer.json()["holder"]) == (200, "gil")
    assert count(own_room, Grading) == before
    again = get(own_room, "gil", piece.marking()["action"]).text
    assert "Which month?" in again
    assert re.search(r'name="level-impact" value="2"[^>]* checked', again)


def test_a_draft_that_comes_after_done_changes_nothing(own_room: PagesClass) -> None:
    piece = open_piece(own_room, "gil")
    send(own_room, "gil", piece, all_levels(3))

    post_draft(own_room, "gil", piece, all_levels(3))

    assert count(own_room, Draft) == 0


def test_one_criterion_in_a_row_ends_in_gradings(own_room: PagesClass) -> None:
    before = count(own_room, Grading)
    for criterion in CRITERIA:
        with own_room.browser("gil") as browser:
            answer = browser.get(url(f"grading/{TASK}?by={criterion}"))
            for _ in range(3):
                page = Page(browser.get(answer.headers["location"]).text)
                assert page.html.count('<fieldset class="crit"') == 1
                form = page.marking()
                answer = browser.post(form["action"], data={**form["fields"], f"level-{criterion}": "3"})

    assert answer.headers["location"] == url("grading")
    assert count(own_room, Grading) == before + 3
    assert count(own_room, Draft) == 0


def test_comments_used_twice_are_offered_again(own_room: PagesClass) -> None:
    for _ in range(2):
        send(own_room, "gil", open_piece(own_room, "gil"), all_levels(3), **{"comment-impact": "Which <b>month</b>?"})

    page = open_piece(own_room, "gil").html

    assert 'data-text="Which &lt;b&gt;month&lt;/b&gt;?"' in page


def test_lifting_a_name_needs_a_reason_and_stands_in_the_ledger(own_room: PagesClass) -> None:
    piece = open_piece(own_room, "gil")
    address = piece.marking()["action"]
    assert not any(re.search(rf"\b{student}\b", piece.html) for student in STUDENTS)
    with own_room.browser("gil") as browser:
        token = piece.marking()["fields"]["csrf_token"]
        assert browser.post(f"{address}/name", data={"csrf_token": token, "reason": "why"}).status_code == 422
        browser.post(f"{address}/name", data={"csrf_token": token, "reason": "plagiarism suspected"})

    shown = get(own_room, "gil", address).text

    with own_room.transfers.database.reading() as session:
        event = session.scalars(select(Event).where(Event.kind == "name_lifted")).one()
    assert (event.actor, event.data["reason"]) == ("gil", "plagiarism suspected")
    assert f"<strong>{event.student}</strong>" in shown


def test_a_form_sent_twice_is_stored_once(own_room: PagesClass) -> None:
    before = count(own_room, Grading)
    piece = open_piece(own_room, "gil")

    answers = [send(own_room, "gil", piece, all_levels(3)) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [303, 303]
    assert count(own_room, Grading) == before + 1


def test_a_new_attempt_comes_back_into_the_queue(own_room: PagesClass) -> None:
    """A marking belongs to the attempt it was made on."""
    with own_room.transfers.database.reading() as session:
        graded = session.scalars(select(Grading).where(Grading.student == "cem")).one()
    own_room.clock.now = dt.datetime(2026, 11, 17, 4, tzinfo=dt.UTC)
    resubmit(own_room, "cem")
    own_room.clock.now = NOW

    assert graded.attempt == 1
    assert "4 pieces to grade" in get(own_room, "gil", "grading").text


def resubmit(room: PagesClass, student: str) -> None:
    again = Hand(student, room.clock())
    submit(room, again)
    autograde(room, [*HANDS, again])


@pytest.mark.parametrize("piece", ["0123456789abcdef", "ada", "%2e%2e"])
def test_a_piece_that_is_not_in_the_own_queue_is_404(room: PagesClass, piece: str) -> None:
    assert get(room, "gil", f"grading/{TASK}/{piece}").status_code == 404
    assert post(room, "gil", f"grading/{TASK}/{piece}").status_code == 404


def test_an_address_of_one_grader_says_nothing_to_another(room: PagesClass) -> None:
    own = {link for link in Page(get(room, "gil", "grading").text).links() if f"/grading/{TASK}/" in link}
    other = {link for link in Page(get(room, "gus", "grading").text).links() if f"/grading/{TASK}/" in link}

    assert not own & other
    for link in own:
        assert get(room, "gus", link).status_code == 404
    assert get(room, "gil", "grading/other_task/0123456789abcdef").status_code == 404


def test_a_level_out_of_range_and_a_student_s_marking_are_refused(own_room: PagesClass) -> None:
    before = count(own_room, Grading)
    piece = open_piece(own_room, "gil")

    assert send(own_room, "gil", piece, all_levels(9)).status_code == 422
    form = piece.marking()
    with own_room.browser("ada") as browser:
        assert browser.post(form["action"], data={"csrf_token": own_room.csrf("ada")}).status_code == 403
    assert count(own_room, Grading) == before
