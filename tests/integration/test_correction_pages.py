"""The instructor's pages for corrections and dry runs, and what students read of them."""

import datetime as dt
import html
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from sqlalchemy import func, select

from classroom.db.tables import Event
from classroom.grading import jobs
from classroom.grading.models import SubmissionResult
from classroom.ids import AssignmentId, StudentId
from judge.plan import CellVerdict, GradingResult, State
from tests.pages_class import GRADED, HIDDEN, NOTEBOOK, NOW, PagesClass, open_class, pages_class, url

PARSES, SEAM = "exercises/test_parses_prices", "exercises/test_finds_the_seam"
REASON = "The test wanted a currency that the task doesn't name."


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """ada has 6 of 6 and 5 of 8, bob all, cem, late, 6 and 0."""
    folder = tmp_path_factory.mktemp("class") / "made"
    with pages_class(folder):
        pass
    return folder


@pytest.fixture
def room(made: Path, tmp_path: Path) -> Iterator[PagesClass]:
    with open_class(shutil.copytree(made, tmp_path / "class")) as opened:
        yield opened


def get(room: PagesClass, path: str, who: str = "ivy") -> str:
    """What a reader reads, tags taken out."""
    with room.browser(who) as browser:
        answer = browser.get(url(path))
    assert answer.status_code == 200, answer.text
    return words(answer)


def post(room: PagesClass, path: str, **fields: str) -> httpx.Response:
    with room.browser("ivy") as browser:
        return browser.post(url(path), data={"csrf_token": room.csrf("ivy"), **fields})


def words(answer: httpx.Response) -> str:
    return html.unescape(" ".join(re.sub(r"<[^>]*>", "", answer.text).split()))


def raw(room: PagesClass, student: str) -> float:
    found = room.gradebook.submission(AssignmentId(GRADED), StudentId(student))
    assert found is not None
    return found.row.raw_score


def correct(room: PagesClass, student: str, **fields: str) -> httpx.Response:
    given = {"cell": PARSES, "act": "set", "reason": REASON, **fields}
    return post(room, f"assignments/{GRADED}/submissions/{student}/correct", **given)


def test_an_override_is_asked_for_set_told_and_withdrawn(room: PagesClass) -> None:
    own = f"assignments/{GRADED}/submissions/ada"
    asked = get(room, f"{own}/correct?cell={PARSES}")

    answer = correct(room, "ada", points="6,5")

    assert "Correct Parse the prices" in asked
    assert (answer.status_code, answer.headers["location"]) == (303, url(own))
    assert raw(room, "ada") == 12.5
    shown = get(room, own)
    assert "6.5 of 8.0found 5.0" in shown
    assert f":00: {REASON}" in shown
    assert "corrections+1.5" in shown
    assert "ivy corrected, ada, test_parses_prices: 6.5 points" in shown
    correct(room, "bob", points="1")
    assert "ivy corrected, ada, test_parses_prices: 6.5 points" in get(room, f"assignments/{GRADED}")
    correct(room, "ada", act="withdraw", reason="It does name it.")
    assert raw(room, "ada") == 11.0
    assert "ivy withdrew what was set: It does name it." in get(room, f"{own}/correct?cell={PARSES}")


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"points": "9"}, "9 points don't fit test_parses_prices: give 0 to 8."),
        ({"points": "many"}, "'many' is no number of points"),
        ({"points": "7", "reason": " "}, "Say why, in 1 to 500 characters"),
    ],
    ids=["too-many", "no-number", "no-reason"],
)
def test_what_cannot_be_set_is_told_and_what_was_typed_is_kept(
    room: PagesClass, fields: dict[str, str], told: str
) -> None:
    answer = correct(room, "ada", **fields)

    assert answer.status_code == 422
    assert told in words(answer)
    assert f'value="{fields["points"]}"' in answer.text
    assert raw(room, "ada") == 11.0


def test_what_does_not_exist_is_404(room: PagesClass) -> None:
    with room.browser("ivy") as browser:
        for path in (
            "submissions/ada/correct?cell=nothing",
            f"submissions/nobody/correct?cell={PARSES}",
            "submissions/ada/correct?cell=data_quality_report",
            "excuse?cell=nothing",
        ):
            assert browser.get(url(f"assignments/{GRADED}/{path}")).status_code == 404, path
    assert correct(room, "ada", act="withdraw").status_code == 404


def test_excusing_tells_first_whom_it_helps_and_can_be_withdrawn(room: PagesClass) -> None:
    path = f"assignments/{GRADED}/excuse"
    asked = get(room, f"{path}?cell={PARSES}")

    post(room, path, cell=PARSES, act="set", reason=REASON)

    assert "2 of 5 have its 8.0 points" in asked
    assert "3 students would gain, nobody loses" in asked
    assert [raw(room, student) for student in ("ada", "bob", "cem", "dora")] == [14.0] * 4
    listed = get(room, path)
    assert listed.index("Find the seam") < listed.index("Parse the prices")
    assert "5 of 5excused" in listed
    assert "excused for all ivy" in get(room, f"assignments/{GRADED}/submissions/cem")
    post(room, path, cell=PARSES, act="withdraw", reason="It was right.")
    assert [raw(room, student) for student in ("ada", "bob", "cem", "dora")] == [11.0, 14.0, 6.0, 6.0]


def test_a_student_reads_the_reason_when_feedback_goes_out_and_not_before(room: PagesClass) -> None:
    room.grade("ada", dict.fromkeys(("defect", "evidence", "impact", "contract", "reader"), 4), {})
    room.give_back("ada")
    room.clock.now = NOW + dt.timedelta(hours=1)
    correct(room, "ada", points="7")
    before = get(room, f"my/{GRADED}/feedback", "ada")
    room.clock.now = NOW + dt.timedelta(hours=2)
    room.give_back("ada")

    after = get(room, f"my/{GRADED}/feedback", "ada")

    assert REASON not in before
    assert f"The points of this task were set by hand: {REASON}" in after
    assert "7.0 of 8.0" in after
    assert "autograded13.0 of 14.0" in after
    assert HIDDEN not in after


def test_a_dry_run_from_the_page_shows_changes_first_and_counts_nowhere_else(room: PagesClass) -> None:
    page = f"assignments/{GRADED}/dry-run"
    before = get(room, page)

    started = post(room, f"assignments/{GRADED}/autograde", dry="1")

    assert "No dry run yet" in before
    assert started.headers["location"] == url(page)
    assert "Dry run 2" in get(room, page)
    with room.transfers.database.session() as session:
        while held := jobs.lease(session, "test", NOW):
            assert held.dry
            jobs.finish(session, held, outcome(4.0 if held.student == "bob" else 6.0), NOW)
    shown = get(room, page)
    # ada 11, bob 14, cem 6, dora 6 and zoe-canary 14 before; in the dry run nobody has the second test's points.
    assert "3 of 5 students would change" in shown
    assert shown.index("bob") < shown.index("zoe-canary") < shown.index("ada") < shown.index("cem")
    assert "bob14.04.0−10.0test_finds_the_seam 6.0 → 4.0; test_parses_prices 8.0 → 0.0" in shown
    assert raw(room, "bob") == 14.0
    assert "run 1" in get(room, f"assignments/{GRADED}/submissions/bob")
    with room.transfers.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Event).where(Event.kind == "dry_run")) == 1


def outcome(seam: float) -> jobs.Outcome:
    verdicts = (
        CellVerdict("test_finds_the_seam", seam, 6.0, State.ok),
        CellVerdict("test_parses_prices", 0.0, 8.0, State.wrong),
    )
    result = GradingResult("job", (), verdicts, State.wrong, None, 1.0, 0.8, "kernel 1")
    whole = SubmissionResult({NOTEBOOK: result}, "wrong", None)
    return jobs.Outcome("wrong", None, whole.points, whole.max_points, whole.to_json(), digest="1" * 64)
