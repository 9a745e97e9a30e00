"""A course that asks for calibration: the queue opens when a grader agrees with the anchors."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from classroom.ids import AssignmentId
from classroom.marking.calibration import weigh
from classroom.rubric.files import load_rubric, rubric_path
from classroom.rubric.models import Rubric
from tests.integration.test_pages import Page
from tests.pages_class import FULL, GRADED, TASK, Hand, PagesClass, pages_class, url
from tests.pages_class import _at as at


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PagesClass]:
    with pages_class(
        tmp_path_factory.mktemp("calibration") / "class", hands=[Hand("ada", at(10), FULL)], rules="calibration: true"
    ) as made:
        yield made


def rubric_of(room: PagesClass) -> Rubric:
    return load_rubric(rubric_path(room.settings.course_root, AssignmentId(GRADED), TASK))


def mark_anchors(room: PagesClass, who: str, *, shift: int) -> httpx.Response:
    """One round through all anchors, with levels off the reference by `shift`; the page after the last one."""
    rubric = rubric_of(room)
    with room.browser(who) as browser:
        for _ in rubric.anchors:
            page = Page(browser.get(url(f"grading/{TASK}/calibrate?again=1")).text)
            form = next(form for form in page.forms if "anchor" in form["fields"])
            anchor = next(one for one in rubric.anchors if one.id == form["fields"]["anchor"])
            assert not any(mark.reason in page.html for mark in anchor.marks.values())
            levels = {f"level-{name}": str((level + shift) % 5) for name, level in anchor.levels.items()}
            answer = browser.post(form["action"], data={**form["fields"], **levels})
            assert answer.status_code == 303
            compared = browser.get(answer.headers["location"])
            assert compared.status_code == 200
        return browser.get(url(f"grading/{TASK}/calibrate"))


def test_the_queue_opens_when_the_anchors_were_marked_well(room: PagesClass) -> None:
    with room.browser("gil") as browser:
        closed = browser.get(url("grading"))
        assert "Calibrate first" in closed.text
        assert 'id="go-on"' not in closed.text
        assert browser.get(url(f"grading/{TASK}")).headers["location"].endswith("/calibrate")

    failed = mark_anchors(room, "gil", shift=2)
    assert "not passed" in failed.text
    with room.browser("gil") as browser:
        assert "Calibrate first" in browser.get(url("grading")).text
    passed = mark_anchors(room, "gil", shift=0)

    assert "passed: weighted kappa 1.00" in passed.text
    with room.browser("gil") as browser:
        assert 'id="go-on"' in browser.get(url("grading")).text
    with room.browser("gus") as browser:
        assert "Calibrate first" in browser.get(url("grading")).text


def test_a_reference_is_shown_only_after_the_own_choice(room: PagesClass) -> None:
    anchor = rubric_of(room).anchors[0].id

    with room.browser("gwen") as browser:
        assert browser.get(url(f"grading/{TASK}/calibrate/{anchor}")).status_code == 404


def test_kappa_is_of_the_last_whole_round() -> None:
    rubric = load_rubric(Path(__file__).resolve().parents[2] / "rubrics" / GRADED / f"{TASK}.yaml")
    right = [(one.id, one.levels) for one in rubric.anchors]
    wrong = [(one.id, {name: 4 - level for name, level in one.levels.items()}) for one in rubric.anchors]

    assert weigh(rubric, "gil", []).kappa is None
    assert weigh(rubric, "gil", right[:-1]).done == len(right) - 1
    assert weigh(rubric, "gil", right).passed
    assert not weigh(rubric, "gil", [*right, *wrong]).passed
    assert weigh(rubric, "gil", [*right, wrong[0]]).passed
