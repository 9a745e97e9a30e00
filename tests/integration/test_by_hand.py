"""An assignment that people alone mark: collected, marked and given back, with or without a run of the autograder."""

import datetime as dt
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from classroom.db.engine import Database
from classroom.extensions import Given, extend
from classroom.feedback import make_feedback
from classroom.grading.by_hand import record_by_hand
from classroom.grading.models import SubmissionResult
from classroom.grading.recorder import record
from classroom.grading.submissions import read_source, read_submission, submission_folder
from classroom.ids import AssignmentId, StudentId
from classroom.scores import SubmissionScores
from judge.plan import GradingResult, State
from tests.pages_class import GRADED, NOTEBOOK, NOW, TASK, Hand, PagesClass, open_class, pages_class, submit, url
from tests.pages_class import _at as at

ADA, BOB = StudentId("ada"), StudentId("bob")
WORK = AssignmentId(GRADED)
CRITERIA = ("defect", "evidence", "impact", "contract", "reader")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("by_hand") / "class"
    with pages_class(folder, hands=(Hand(ADA, at(9)), Hand(BOB, at(17, 3))), by_hand=True):
        pass
    return folder


@pytest.fixture
def room(made: Path, tmp_path: Path) -> Iterator[PagesClass]:
    with open_class(shutil.copytree(made, tmp_path / "class")) as opened:
        yield opened


def get(room: PagesClass, who: str, path: str) -> str:
    with room.browser(who) as browser:
        return browser.get(url(path)).text


def post(room: PagesClass, who: str, path: str, **fields: str) -> httpx.Response:
    with room.browser(who) as browser:
        return browser.post(url(path), data={"csrf_token": room.csrf(who), **fields}, follow_redirects=True)


def collect(room: PagesClass) -> str:
    return post(room, "ivy", f"assignments/{GRADED}/collect").text


def mark(room: PagesClass, level: int) -> None:
    """The next piece of the queue, the same level on every criterion; its form goes where the page says."""
    with room.browser("gil") as browser:
        piece = browser.get(url(f"grading/{TASK}")).headers["location"]
        browser.get(piece)
        levels = {f"level-{name}": str(level) for name in CRITERIA}
        browser.post(piece, data={"csrf_token": room.csrf("gil"), "round": "1", "seen": "0", **levels})


def autograde(room: PagesClass, student: StudentId) -> None:
    """Records what a run would: a result without any test."""
    rules = room.course.assignment(GRADED)
    folder = submission_folder(room.settings, WORK, student)
    intake = read_submission(folder, student, read_source(room.settings, WORK), rules, engine="kernel")
    result = GradingResult("job", (), (), State.ok, None, 1.0, 1.0, "kernel")
    record(room.settings, room.gradebook, intake, SubmissionResult({NOTEBOOK: result}, State.ok, None))


def scores(room: PagesClass, student: StudentId) -> SubmissionScores:
    found = room.gradebook.submission(WORK, student)
    assert found is not None
    return found


def test_what_was_collected_stands_in_the_queue_at_once(room: PagesClass) -> None:
    assert "Nothing to grade" not in get(room, "gil", "grading")
    assert "0 pieces to grade" in get(room, "gil", "grading")

    collect(room)

    queue = get(room, "gil", "grading")
    assert "2 pieces to grade" in queue
    assert "after autograding" not in queue


def test_a_grading_goes_into_the_gradebook_with_the_late_rule(room: PagesClass) -> None:
    collect(room)

    mark(room, 4)
    mark(room, 4)

    assert scores(room, ADA).row.score == 6
    assert scores(room, BOB).row.raw_score == 6
    assert scores(room, BOB).row.penalty == pytest.approx(1.2)  # two days begun at a tenth each
    assert not scores(room, ADA).row.needs_manual_grade


def test_a_later_autograding_keeps_the_marks(room: PagesClass) -> None:
    collect(room)
    mark(room, 3)
    mark(room, 3)
    before = scores(room, ADA)

    autograde(room, ADA)

    assert scores(room, ADA) == before
    assert before.row.score == 4.5


def test_an_autograding_before_takes_nothing_from_the_queue(room: PagesClass) -> None:
    room.transfers.collect(GRADED, room.settings.course_dir("submitted"), actor="ivy")
    autograde(room, ADA)
    autograde(room, BOB)

    collect(room)
    mark(room, 4)
    mark(room, 4)

    assert scores(room, ADA).row.score == 6


def test_collecting_again_leaves_what_was_marked(room: PagesClass) -> None:
    collect(room)
    mark(room, 2)
    mark(room, 2)
    before = scores(room, ADA)

    assert "Nothing new to collect" in collect(room)
    assert scores(room, ADA) == before


def test_a_new_attempt_is_to_be_marked_again(room: PagesClass) -> None:
    collect(room)
    mark(room, 2)
    mark(room, 2)
    submit(room, Hand(ADA, at(13), answer="Another report."))
    room.clock.now = NOW

    collect(room)

    assert scores(room, ADA).row.needs_manual_grade
    assert not scores(room, BOB).row.needs_manual_grade
    assert "1 piece to grade" in get(room, "gil", "grading")


def test_feedback_goes_out_without_any_run(room: PagesClass) -> None:
    collect(room)
    mark(room, 4)
    mark(room, 4)

    answer = post(room, "ivy", f"assignments/{GRADED}/feedback")

    assert "Feedback for 2 students is going out" in answer.text
    given = room.transfers.feedback(GRADED, ADA)
    assert (given.score, given.max_score) == (6, 6)
    (document,) = make_feedback(room.settings, room.course, WORK, ADA, gradebook=room.gradebook).values()
    assert b"416 of 9,360 rows" in document
    shown = " ".join(re.sub(r"<[^>]*>", "", get(room, ADA, f"my/{GRADED}/feedback")).split())
    assert "total6.0 of 6.0 by hand6.0 of 6.0" in shown
    assert "autograded" not in shown


def test_no_page_asks_for_a_run(room: PagesClass) -> None:
    collect(room)
    pipeline = get(room, "ivy", f"assignments/{GRADED}")
    submission = get(room, "ivy", f"assignments/{GRADED}/submissions/{ADA}")

    assert "no test to run" in pipeline
    assert "2 pieces to grade by hand" in pipeline
    assert "run Autograde" not in submission
    assert "A person marks all of it" in submission


def test_a_submission_without_the_notebook_has_nothing_to_mark(room: PagesClass) -> None:
    (room.settings.course_dir("submitted") / "cem" / GRADED).mkdir(parents=True)

    collect(room)

    assert scores(room, StudentId("cem")).row.score == 0
    assert not scores(room, StudentId("cem")).row.needs_manual_grade
    assert "2 pieces to grade" in get(room, "gil", "grading")


def test_an_extension_counts_when_it_is_recorded(room: PagesClass) -> None:
    until, given = dt.datetime(2026, 11, 18, tzinfo=dt.UTC), Given("ivy", NOW, "ill")
    with room.transfers.database.session() as session:
        extend(session, room.course, room.course.assignment(GRADED), BOB, until, given)

    collect(room)
    mark(room, 4)
    mark(room, 4)

    assert (scores(room, BOB).row.score, scores(room, BOB).row.penalty) == (6, 0)


def test_recording_is_done_once(room: PagesClass) -> None:
    room.transfers.collect(GRADED, room.settings.course_dir("submitted"), actor="ivy")
    database = Database(room.settings.service_db_url)

    counts = [record_by_hand(room.settings, room.course, database, room.gradebook, WORK) for _ in range(2)]

    database.dispose()
    assert counts == [2, 0]
