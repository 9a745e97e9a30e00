"""A dry run of a regrade: it tells what a mended test would change, records nothing, and is not done twice."""

import json
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

import pytest

from classroom.grading.engines import Engine
from classroom.grading.models import SubmissionIntake, SubmissionResult
from classroom.grading.pool import open_pool
from classroom.grading.runner import Graders, Workshop, work_off
from classroom.ledger import events_of_assignment
from classroom.ops.autograding import DRY_EVENT, queue_run
from classroom.ops.dry_run import shown_changes
from classroom.ops.steps import Class, open_class
from tests.tiny_course import PARTLY, PS1, RIGHT, filled, hand_in, make_course, run


@dataclass
class Idle:
    """Graders that must not be needed."""

    engine: Engine
    workers: int = 1

    def submit(self, intake: SubmissionIntake) -> "Future[SubmissionResult]":
        raise AssertionError(f"{intake.student} was graded again")


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Class]:
    """ada has 6 points and bob 4, both recorded."""
    settings = make_course(tmp_path)
    run(settings, "classroom", "generate", "ps1")
    released = settings.course_dir("release") / "ps1" / "ps1.ipynb"
    hand_in(settings, "ada", {"ps1.ipynb": filled(RIGHT, released)})
    hand_in(settings, "bob", {"ps1.ipynb": filled(PARTLY, released)})
    with open_class(settings) as opened:
        yield opened


def work(here: Class, pool: Graders, *, dry: bool) -> int:
    run_id = queue_run(here, PS1, None, dry=dry)
    shop = Workshop(here.settings, here.course, here.database, here.gradebook, pool)
    assert work_off(shop, run_id=run_id) == 2
    return run_id


def kinds(here: Class) -> list[str]:
    with here.database.reading() as session:
        return [event.kind for event in events_of_assignment(session, here.course.id, PS1)]


def mend_the_source(here: Class) -> None:
    """double_numbers pays its second point to anybody, also to bob."""
    path = here.settings.source / PS1 / "ps1.ipynb"
    path.write_text(path.read_text().replace("double(-21) == -42", "True"))


def test_a_dry_run_tells_what_would_change_records_nothing_and_saves_the_real_one_its_work(here: Class) -> None:
    with open_pool(here.settings) as pool:
        work(here, pool, dry=False)
        before, told = here.gradebook.scores(PS1), kinds(here)
        autograded = here.settings.course_dir("autograded") / "bob" / PS1 / "ps1.ipynb"
        stood = autograded.read_bytes()
        mend_the_source(here)

        dry = work(here, pool, dry=True)

        changes = json.loads(shown_changes(here, PS1, dry, for_program=True))
        assert here.gradebook.scores(PS1) == before
        assert autograded.read_bytes() == stood
        assert kinds(here) == [DRY_EVENT, *told]
        work(here, Idle(pool.engine), dry=False)

    assert changes["changed"] == 1
    assert [(one["student"], one["before"], one["after"]) for one in changes["students"]] == [
        ("bob", 4.0, 5.0),
        ("ada", 6.0, 6.0),
    ]
    assert changes["students"][0]["cells"] == [
        {"notebook": "ps1", "grade_id": "double_numbers", "before": 1.0, "after": 2.0}
    ]
    assert [(row.student, row.raw_score) for row in here.gradebook.scores(PS1)] == [("ada", 6.0), ("bob", 5.0)]
    assert kinds(here).count("graded") == 4
