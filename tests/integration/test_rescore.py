"""A rubric's weights change: the difference is shown, written, and taken back; words change nothing."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from classroom.ids import AssignmentId, GradeId, StudentId
from classroom.rubric.files import load_rubric, rubric_path
from classroom.rubric.models import Hundredths
from classroom.rubric.scoring import score
from tests.integration.test_pages import CRITERIA
from tests.pages_class import FULL, GRADED, NOTEBOOK, TASK, Hand, MadeClass, PagesClass, pages_class, url
from tests.pages_class import _at as at
from tests.postgres import Postgres

PAGE = f"assignments/{GRADED}/rescore"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, database_server: Postgres | None) -> MadeClass:
    """Two students, marked: what ada has changes with the weights below, what bob has doesn't."""
    folder = tmp_path_factory.mktemp("rescore") / "class"
    database_url = database_server.new_database() if database_server else ""
    hands = [Hand("ada", at(10), FULL), Hand("bob", at(11), FULL)]
    with pages_class(folder, hands=hands, database_url=database_url) as room:
        room.grade("ada", dict.fromkeys(CRITERIA, 2) | {"evidence": 4}, {"impact": "Which rows?"})
        room.grade("bob", dict.fromkeys(CRITERIA, 3), {})
    return MadeClass(folder, database_server, database_url)


@pytest.fixture
def room(made: MadeClass, tmp_path: Path) -> Iterator[PagesClass]:
    with made.copy(tmp_path / "class") as opened:
        yield opened


def edit(room: PagesClass, change: Any) -> None:
    """The rubric's file after `change` of its content, with anchors that add up again."""
    path = rubric_path(room.settings.course_root, AssignmentId(GRADED), GradeId(TASK))
    rubric, raw = load_rubric(path), yaml.safe_load(path.read_text())
    change(raw)
    weights = {one["id"]: Hundredths(round(one["weight"] * 100)) for one in raw["criteria"]}
    rubric = replace(rubric, criteria=tuple(replace(one, weight=weights[one.id]) for one in rubric.criteria))
    for anchor, known in zip(raw["anchors"], rubric.anchors, strict=True):
        anchor["points"] = score(rubric, known.levels, known.gates).total / 100
    path.write_text(yaml.safe_dump(raw, sort_keys=False))


def swap_weights(raw: dict[str, Any]) -> None:
    """One point moves from evidence to impact."""
    for criterion in raw["criteria"]:
        criterion["weight"] = {"evidence": 1, "impact": 2}.get(criterion["id"], criterion["weight"])


def points(room: PagesClass, student: str) -> float:
    given = room.gradebook.manual_scores(AssignmentId(GRADED), NOTEBOOK, GradeId(TASK))
    return given[StudentId(student)].points


def send(room: PagesClass, path: str, who: str = "ivy") -> httpx.Response:
    with room.browser(who) as browser:
        return browser.post(url(path), data={"csrf_token": room.csrf(who)})


def test_weights_are_shown_written_and_taken_back(room: PagesClass) -> None:
    edit(room, swap_weights)
    with room.browser("ivy") as browser:
        shown = browser.get(url(PAGE)).text
    assert "1 score changes, 1 stay" in shown
    assert "<del>4.0</del> <strong>3.5</strong>" in shown
    assert points(room, "ada") == 4.0

    assert send(room, PAGE).status_code == 303

    assert (points(room, "ada"), points(room, "bob")) == (3.5, 4.5)
    with room.browser("ivy") as browser:
        assert "Every score is what the rubric makes" in browser.get(url(PAGE)).text
    send(room, f"{PAGE}/undo")
    assert (points(room, "ada"), points(room, "bob")) == (4.0, 4.5)
    assert send(room, f"{PAGE}/undo").status_code == 422


def test_taking_back_leaves_what_was_marked_since(room: PagesClass) -> None:
    edit(room, swap_weights)
    send(room, PAGE)
    room.grade("ada", dict.fromkeys(CRITERIA, 4), {})

    send(room, f"{PAGE}/undo")

    assert points(room, "ada") == 6.0


def test_a_change_of_words_changes_no_score(room: PagesClass) -> None:
    edit(room, lambda raw: raw["criteria"][0].update(title="Another title", notes="Other notes."))

    with room.browser("ivy") as browser:
        assert "0 scores change, 2 stay" in browser.get(url(PAGE)).text


def test_a_new_criterion_asks_for_marking_again(room: PagesClass) -> None:
    def rename(raw: dict[str, Any]) -> None:
        raw["criteria"][0]["id"] = "flaw"
        for anchor in raw["anchors"]:
            anchor["levels"]["flaw"] = anchor["levels"].pop("defect")

    path = rubric_path(room.settings.course_root, AssignmentId(GRADED), GradeId(TASK))
    raw = yaml.safe_load(path.read_text())
    rename(raw)
    path.write_text(yaml.safe_dump(raw, sort_keys=False))

    with room.browser("ivy") as browser:
        assert "2 must be marked again" in browser.get(url(PAGE)).text


def test_while_a_rubric_has_a_mistake_pages_say_so_and_what_was_marked_stands(room: PagesClass) -> None:
    path = rubric_path(room.settings.course_root, AssignmentId(GRADED), GradeId(TASK))
    right = path.read_text()
    path.write_text(right.replace("weight: ", "weight: 9", 1))

    with room.browser("gil") as browser:
        answers = [browser.get(url(page)) for page in ("grading", f"grading/{TASK}")]
    assert [one.status_code for one in answers] == [503, 503]
    assert all("has a mistake" in one.text and TASK in one.text for one in answers), answers[0].text
    with room.browser("ivy") as browser:
        assert browser.get(url("assignments")).status_code == 200

    path.write_text(right)
    with room.browser("gil") as browser:
        assert browser.get(url("grading")).status_code == 200
    assert points(room, "ada") == 4.0


def test_a_grader_does_not_score_anew(room: PagesClass) -> None:
    assert send(room, PAGE, "gil").status_code == 403
