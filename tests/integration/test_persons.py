"""One student's data, out or away: nothing of theirs is left, nothing of others' is touched."""

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from classroom import holds, roster
from classroom.assignments import load_course
from classroom.db.tables import PERSON_DELETED, Attempt, Base, Event, Grading
from classroom.errors import Conflict, NotFound
from classroom.extensions import Given
from classroom.grading import jobs
from classroom.ids import StudentId
from classroom.ops import persons
from classroom.ops.steps import Class
from classroom.service.pages.release_feedback import begin, release_all
from tests.integration.test_pages import CRITERIA
from tests.pages_class import FULL, GRADED, Hand, PagesClass, pages_class
from tests.pages_class import _at as at

ADA, BOB, GIL = StudentId("ada-lovelace"), StudentId("bob"), StudentId("gil")
ANSWER = "Report by adalovelace, who was ill"


@pytest.fixture
def room(tmp_path: Path, database_url: str) -> Iterator[PagesClass]:
    """Both handed in and marked; ada has a hold with a reason, a home and a row of the roster."""
    hands = [Hand(ADA, at(10), FULL, answer=ANSWER), Hand(BOB, at(11), FULL, answer="Report by bob")]
    with pages_class(tmp_path / "class", hands=hands, database_url=database_url) as opened:
        opened.grade(ADA, dict.fromkeys(CRITERIA, 3), {"evidence": "You were ill."})
        opened.grade(BOB, dict.fromkeys(CRITERIA, 2), {})
        rules, given = opened.course.assignment(GRADED), Given("ivy", opened.clock(), "ada was ill")
        with opened.transfers.database.session() as session:
            holds.place_hold(session, opened.course.id, rules, ADA, given, holds=True)
            people = roster.parse_roster(b"name,id,section,role\nAda L,ada-lovelace,,student\nBob,bob,,student\n")
            change = roster.compare(roster.load_roster(session, opened.course.id), people)
            roster.write_change(session, opened.course, change, actor="ivy", at=opened.clock())
        home = opened.settings.state / "homes" / ADA
        home.mkdir(parents=True)
        (home / "notes.txt").write_text("mine")
        yield opened


@pytest.fixture
def here(room: PagesClass) -> Class:
    opened = Class(room.settings, load_course(room.settings.course_root), room.transfers.database)
    opened.__dict__["gradebook"] = room.gradebook
    return opened


def everything(here: Class) -> str:
    """All rows of all tables, as text."""
    with here.database.reading() as session:
        return "\n".join(str(list(session.execute(select(table)))) for table in Base.metadata.sorted_tables)


def test_what_is_written_out_is_all_of_the_student_s_and_nothing_of_another_s(here: Class, tmp_path: Path) -> None:
    persons.export(here, ADA, tmp_path / "out")

    told = json.loads((tmp_path / "out/data.json").read_text())
    assert {row["student"] for row in told["tables"]["attempt"]} == {ADA}
    assert (tmp_path / f"out/attempts/{GRADED}/1/exercises.ipynb").read_text().count(ANSWER) == 1
    assert (tmp_path / "out/home/notes.txt").read_text() == "mine"
    assert told["tables"]["hold"][0]["reason"] == "ada was ill"
    assert len(told["tables"]["grading"]) == 1
    assert told["scores"][GRADED]
    assert "Report by bob" not in "".join(path.read_text() for path in (tmp_path / "out").rglob("*") if path.is_file())
    assert (tmp_path / "out").stat().st_mode & 0o777 == 0o700


def test_what_is_taken_away_is_nowhere_and_the_rest_stays_append_only(here: Class, room: PagesClass) -> None:
    before = everything(here)
    bob = here.gradebook.submission(here.course.assignment(GRADED).id, BOB)
    blobs = {path for path in room.settings.store.rglob("*") if path.is_file()}

    pseudonym = persons.remove(here, ADA, dt.datetime(2026, 12, 1, tzinfo=dt.UTC))

    assert str(ADA) in before
    assert (str(ADA) in everything(here), "ill" in everything(here)) == (False, False)
    left = {path for path in room.settings.state.rglob("*") if path.is_file()}
    assert blobs - left
    assert not [path for path in left if "sha256" in path.parts and ANSWER.encode() in path.read_bytes()]
    assert not [path for path in left if str(ADA) in str(path)]
    assert here.gradebook.submission(here.course.assignment(GRADED).id, ADA) is None
    assert here.gradebook.submission(here.course.assignment(GRADED).id, BOB) == bob
    with here.database.reading() as session:
        kinds = list(session.scalars(select(Event.kind).where(Event.student == pseudonym).order_by(Event.id)))
        levels = session.scalar(select(Grading.levels).where(Grading.student == pseudonym))
        assert [row.student for row in session.scalars(select(Attempt))] == [BOB]
    assert {"fetch", "submit", "collect", PERSON_DELETED} <= set(kinds)
    assert levels == dict.fromkeys(CRITERIA, 3)
    for table in ("event", "attempt", "grading", "roster"):  # none of the hold is left
        with pytest.raises(DBAPIError, match="append-only"), here.database.session() as session:
            session.execute(text(f"DELETE FROM {table}"))


def test_feedback_that_is_going_out_brings_nobody_back(here: Class, room: PagesClass) -> None:
    """ada is deleted while her document is made, bob while his can't be made."""
    rules, day = room.course.assignment(GRADED), dt.datetime(2026, 12, 1, tzinfo=dt.UTC)

    def make(_settings: Any, _course: Any, _assignment: Any, student: StudentId) -> dict[str, bytes]:
        persons.remove(here, student, day)
        if student == BOB:
            raise NotFound("bob isn't graded")
        return {"exercises.html": b"<!doctype html>"}

    begin(room.app, rules)
    release_all(room.app, room.app.state.context, room.gradebook, rules, {ADA: 1, BOB: 1}, actor="ivy", make=make)

    assert (str(ADA) in everything(here), f"'{BOB}'" in everything(here)) == (False, False)
    assert not [path for path in room.settings.state.rglob("*") if path.name in (ADA, BOB)]


def test_a_grader_is_not_deleted_nor_who_is_being_graded_and_those_who_left_are_found_by_the_day(here: Class) -> None:
    day = dt.datetime(2026, 12, 1, tzinfo=dt.UTC)
    with here.database.session() as session:
        people = roster.parse_roster(b"name,id,section,role\nBob,bob,,student\n")
        change = roster.compare(roster.load_roster(session, here.course.id), people)
        roster.write_change(session, here.course, change, actor="ivy", at=day)

        jobs.create_run(session, here.course.id, here.course.assignment(GRADED).id, {BOB: 1}, actor="ivy", now=day)
        assert jobs.lease(session, "runner", day)

    with pytest.raises(Conflict, match="has graded"):
        persons.remove(here, GIL, day)
    with pytest.raises(Conflict, match="is being graded"):  # whose result would bring bob back
        persons.remove(here, BOB, day)
    assert persons.find(here, BOB).rows["attempt"] == 1
    with pytest.raises(NotFound):
        persons.find(here, StudentId("nobody"))
    with here.database.reading() as session:
        found = [persons.left_before(session, here.course.id, dt.date(2026, 12, number)) for number in (1, 2)]
    assert found == [[], [ADA]]
