"""Pieces that two graders mark, blind, and a third decides where they differ: from the pages to the gradebook."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from classroom.db.tables import Grading
from classroom.ids import AssignmentId, StudentId
from tests.integration.test_pages import CRITERIA, Page
from tests.pages_class import FULL, GRADED, TASK, Hand, MadeClass, PagesClass, pages_class, url
from tests.pages_class import _at as at
from tests.postgres import Postgres

SECRET = "SECRET-OF-THE-FIRST-8812"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, database_server: Postgres | None) -> MadeClass:
    """Two students; every piece is marked twice."""
    database_url = database_server.new_database() if database_server else ""
    folder = tmp_path_factory.mktemp("double") / "class"
    hands = [Hand(name, at(day), FULL, answer=f"Report by {name}") for name, day in (("ada", 10), ("bob", 11))]
    with pages_class(folder, hands=hands, rules="double_marked: 1", database_url=database_url):
        pass
    return MadeClass(folder, database_server, database_url)


@pytest.fixture
def room(made: MadeClass, tmp_path: Path) -> Iterator[PagesClass]:
    with made.copy(tmp_path / "class") as opened:
        yield opened


def open_all(room: PagesClass, who: str) -> dict[str, Page]:
    """What this grader marked, opened again, by the student whose answer it is."""
    pages = {}
    with room.browser(who) as browser:
        queue = Page(browser.get(url("grading")).text)
        links = [link for link in queue.links() if re.search(rf"/grading/{TASK}/\w{{16}}$", link)]
        for link in links:
            page = Page(browser.get(link).text)
            found = re.search(r"Report by (\w+)", page.html)
            assert found
            pages[found[1]] = page
    return pages


def mark(room: PagesClass, who: str, page: Page, levels: Mapping[str, int], **fields: str) -> httpx.Response:
    form = page.marking()
    chosen = {f"level-{name}": str(level) for name, level in levels.items()}
    with room.browser(who) as browser:
        return browser.post(form["action"], data={**form["fields"], **chosen, **fields})


def mark_all(room: PagesClass, who: str, levels: Mapping[str, Mapping[str, int]], **fields: str) -> None:
    """Marks what comes, by whose answer it is, to the end of the queue."""
    with room.browser(who) as browser:
        queue = Page(browser.get(url("grading")).text)
        link = next((given["href"] for _, given in queue.tags if given.get("id") == "go-on"), "")
        while f"/{TASK}/" in link:
            page = Page(browser.get(link).text)
            found = re.search(r"Report by (\w+)", page.html)
            assert found
            answer = mark(room, who, page, levels[found[1]], **fields)
            assert answer.status_code == 303
            link = answer.headers["location"]


def all_at(level: int, **other: int) -> dict[str, int]:
    return dict.fromkeys(CRITERIA, level) | other


def score_of(room: PagesClass, student: str) -> tuple[float | None, str]:
    found = room.gradebook.submission(AssignmentId(GRADED), StudentId(student))
    assert found is not None
    task = next(task for task in found.tasks if task.grade_id == TASK)
    return task.manual_score, task.comment or ""


def rows(room: PagesClass) -> list[tuple[str, str, int]]:
    with room.transfers.database.reading() as session:
        return [(row.student, row.grader, row.round) for row in session.scalars(select(Grading).order_by(Grading.id))]


def third(room: PagesClass, who: str) -> tuple[str, Page]:
    """The address and page of what waits for a third opinion."""
    with room.browser(who) as browser:
        links = [link for link in Page(browser.get(url("grading")).text).links() if link.endswith("/third")]
        assert len(links) == 1
        return links[0], Page(browser.get(links[0]).text)


def decide(room: PagesClass, who: str, page: Page, **fields: str) -> httpx.Response:
    form: dict[str, Any] = next(form for form in page.forms if "step" in form["fields"])
    with room.browser(who) as browser:
        return browser.post(form["action"], data={**form["fields"], **fields})


def test_the_second_marker_sees_nothing_of_the_first_and_the_mean_counts(room: PagesClass) -> None:
    mark_all(room, "gil", {"ada": all_at(2), "bob": all_at(4)}, **{"comment-impact": SECRET})
    with room.browser("gus") as browser:
        seen = browser.get(url("grading")).text

    pages = []
    with room.browser("gus") as browser:
        link = next(given["href"] for _, given in Page(seen).tags if given.get("id") == "go-on")
        pages.append(browser.get(link).text)
    mark_all(room, "gus", {"ada": all_at(3), "bob": all_at(4)})

    shown = [page.partition("<main")[2] for page in (seen, *pages)]  # above it, all graders have a link to second looks
    assert all(shown)
    assert not any(word in page for page in shown for word in (SECRET, "gil", "second", "double"))
    assert sorted(rows(room)) == [("ada", "gil", 1), ("ada", "gus", 2), ("bob", "gil", 1), ("bob", "gus", 2)]
    assert score_of(room, "ada")[0] == 3.77  # 0.625 four times, rounded to 0.63, and 1.25
    assert score_of(room, "bob")[0] == 6
    assert SECRET in score_of(room, "ada")[1]


def test_a_marking_is_closed_once_the_other_one_is_in(room: PagesClass) -> None:
    mark_all(room, "gil", {"ada": all_at(2), "bob": all_at(4)})
    before = open_all(room, "gil")
    mark_all(room, "gus", {"ada": all_at(3), "bob": all_at(4)})

    late = mark(room, "gil", before["ada"], all_at(4))

    assert late.status_code == 409
    assert "closed for changes" in late.text
    assert len(rows(room)) == 4


def test_two_levels_apart_goes_to_a_third_who_chooses_before_seeing(room: PagesClass) -> None:
    mark_all(room, "gil", {"ada": all_at(2, impact=0), "bob": all_at(4)}, **{"comment-impact": SECRET})
    mark_all(room, "gus", {"ada": all_at(2, impact=3), "bob": all_at(4)})
    assert score_of(room, "ada")[0] == 2.88  # the mean stands meanwhile: 2.5 of the others, 0.375 of impact
    address, page = third(room, "gwen")
    assert SECRET not in page.html
    assert page.html.count('<fieldset class="crit"') == 1

    compared = decide(room, "gwen", page, **{"level-impact": "1"})
    silent = decide(room, "gwen", Page(compared.text), **{"level-impact": "3"})
    decided = decide(room, "gwen", Page(compared.text), **{"level-impact": "3", "comment-impact": "Both factors."})

    assert compared.status_code == 200
    assert SECRET in compared.text
    assert not re.search(r"\b(gil|gus)\b", compared.text)
    assert silent.status_code == 422
    assert decided.status_code == 303
    points, comment = score_of(room, "ada")
    assert points == 3.25  # 0.5 three times, 1.0, and 0.75 as decided
    assert "Both factors." in comment
    assert SECRET not in comment
    with room.browser("gwen") as browser:
        assert browser.get(address).status_code == 404


def test_who_marked_the_piece_does_not_decide_it(room: PagesClass) -> None:
    mark_all(room, "gil", {"ada": all_at(0), "bob": all_at(4)})
    mark_all(room, "gus", {"ada": all_at(4), "bob": all_at(4)})

    for who in ("gil", "gus"):
        with room.browser(who) as browser:
            assert "/third" not in browser.get(url("grading")).text


def test_a_student_reads_the_final_levels_and_comments_after_release_only(room: PagesClass) -> None:
    mark_all(room, "gil", {"ada": all_at(2), "bob": all_at(4)}, **{"comment-impact": SECRET})
    mark_all(room, "gus", {"ada": all_at(3), "bob": all_at(4)})
    with room.browser("ada") as browser:
        before = [browser.get(url(path)).text for path in ("my", f"my/{GRADED}", f"my/{GRADED}/feedback")]

    room.give_back("ada")

    with room.browser("ada") as browser:
        after = browser.get(url(f"my/{GRADED}/feedback")).text
    assert not any(SECRET in page for page in before)
    assert SECRET in after
    assert "level 2.5 of 4" in after
    assert "Developing to proficient" in after
    assert not re.search(r"\b(gil|gus)\b", after)
