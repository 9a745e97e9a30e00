import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest

from classroom.assignments import Assignment, Course, load_course
from classroom.class_rows import Facts, Row, load_classes
from classroom.db.attempts import load_sent
from classroom.db.engine import Database
from classroom.db.tables import Attempt, Base, Feedback, Job, Release, Run
from classroom.errors import NotFound
from classroom.extensions import load_more_time
from classroom.ids import StudentId
from classroom.ledger import Kind, record
from classroom.progress import load_my_assignment, load_my_work, next_to_do, student_word
from classroom.scores import ScoreRow

COURSE = """
course: tiny
title: Tiny
time_zone: UTC
starts: 2026-11-02
defaults:
  grace_minutes: 10
  late: {penalty_per_day: 0.1, closes_after_days: 2}
assignments:
  a1: {title: One, release: day 0 09:00, due: day 10 12:00}
  a2: {title: Two, release: day 5 09:00, due: day 8 12:00}
  a3: {title: Three, release: day 30 09:00, due: day 40 12:00}
"""
DUE = dt.datetime(2026, 11, 12, 12, tzinfo=dt.UTC)  # of a1
ADA, BOB, CEM = StudentId("ada"), StudentId("bob"), StudentId("cem")
DAY = dt.timedelta(days=1)


@pytest.fixture
def course(tmp_path: Path) -> Course:
    (tmp_path / "course.yaml").write_text(COURSE)
    return load_course(tmp_path)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database(f"sqlite:///{tmp_path}/classroom.db")
    Base.metadata.create_all(opened.engine)
    yield opened
    opened.dispose()


def make_attempt(student: str, number: int, at: dt.datetime, *, assignment: str = "a1", late_s: float = 0) -> Attempt:
    return Attempt(
        course="tiny",
        assignment=assignment,
        student=student,
        number=number,
        tree="0" * 64,
        size_bytes=1,
        files=1,
        received_at=at,
        arrival="late" if late_s else "on_time",
        late_s=late_s,
        receipt={},
    )


def make_release(assignment: str) -> Release:
    at = DUE - 10 * DAY
    return Release(course="tiny", assignment=assignment, version=1, tree="0" * 64, released_at=at, actor="ivy")


def make_feedback(student: str, score: float) -> Feedback:
    return Feedback(
        course="tiny",
        assignment="a1",
        student=student,
        attempt=1,
        tree="0" * 64,
        score=score,
        max_score=10,
        released_at=DUE + 9 * DAY,
        actor="ivy",
    )


def make_job(student: str, state: str, status: str | None, score: float | None = None) -> Job:
    return Job(
        run_id=1, course="tiny", assignment="a1", student=student, attempt=1, state=state, status=status, score=score
    )


def make_score(student: StudentId, *, to_grade: bool = False) -> ScoreRow:
    return ScoreRow(student, DUE, 8, 1, 7, 10, to_grade)


@pytest.mark.parametrize(
    ("now", "is_released", "word"),
    [
        (DUE - 11 * DAY, True, "not open"),
        (DUE - DAY, False, "not open"),
        (DUE - DAY, True, "open"),
        (DUE + dt.timedelta(minutes=10), True, "open"),
        (DUE + dt.timedelta(minutes=11), True, "late"),
        (DUE + 3 * DAY, True, "missing"),
    ],
    ids=["before its time", "not released", "open", "grace", "late", "closed"],
)
def test_without_a_submission_the_clock_says_the_word(
    course: Course, now: dt.datetime, is_released: bool, word: str
) -> None:
    rules = course.assignment("a1")

    got = student_word(rules, now, is_released=is_released, counted=None, is_collected=False, has_feedback=False)

    assert got == word


@pytest.mark.parametrize(
    ("late_s", "is_collected", "has_feedback", "word"),
    [
        (0, False, False, "in"),
        (60, False, False, "late"),
        (0, True, False, "being graded"),
        (0, True, True, "feedback out"),
    ],
)
def test_with_a_submission_its_way_says_the_word(
    course: Course, late_s: float, is_collected: bool, has_feedback: bool, word: str
) -> None:
    got = student_word(
        course.assignment("a1"),
        DUE,
        is_released=True,
        counted=make_attempt("ada", 1, DUE + dt.timedelta(minutes=10, seconds=late_s), late_s=late_s),
        is_collected=is_collected,
        has_feedback=has_feedback,
    )

    assert got == word


def test_my_work_holds_the_own_rows_alone(course: Course, database: Database) -> None:
    with database.session() as session:
        session.add_all([make_release("a1"), make_release("a2"), make_feedback("bob", 9)])
        session.add_all([make_attempt("ada", 1, DUE - 2 * DAY), make_attempt("bob", 1, DUE - DAY)])

    with database.reading() as session:
        works = load_my_work(session, course, ADA, DUE - DAY)

    assert [(work.assignment.id, work.word, work.counts) for work in works] == [
        ("a1", "in", 1),
        ("a2", "late", None),
        ("a3", "not open", None),
    ]
    assert [attempt.student for work in works for attempt in work.attempts] == ["ada"]
    assert works[0].feedback is None


def test_a_newer_attempt_than_the_collected_one_is_in_again(course: Course, database: Database) -> None:
    with database.session() as session:
        session.add(make_release("a1"))
        session.add(make_attempt("ada", 1, DUE - 2 * DAY))
        record(
            session, Kind.collect, course="tiny", actor="ivy", at=DUE - DAY, assignment="a1", student="ada", attempt=1
        )

    with database.reading() as session:
        before = load_my_assignment(session, course, course.assignment("a1").id, ADA, DUE)
    with database.session() as session:
        session.add(make_attempt("ada", 2, DUE))
    with database.reading() as session:
        after = load_my_assignment(session, course, course.assignment("a1").id, ADA, DUE)

    assert (before.word, after.word, after.counts) == ("being graded", "in", 2)
    assert after.counted is not None
    assert after.counted.received_at == DUE


def test_an_assignment_before_its_release_is_not_found(course: Course, database: Database) -> None:
    with database.reading() as session, pytest.raises(NotFound):
        load_my_assignment(session, course, course.assignment("a3").id, ADA, DUE)


def test_next_is_what_is_due_first_and_has_nothing_handed_in(course: Course, database: Database) -> None:
    with database.session() as session:
        session.add_all(
            [make_release("a1"), make_release("a2"), make_attempt("ada", 1, DUE - 6 * DAY, assignment="a2")]
        )

    with database.reading() as session:
        ada = next_to_do(load_my_work(session, course, ADA, DUE - 5 * DAY))
        bob = next_to_do(load_my_work(session, course, BOB, DUE - 5 * DAY))
        none = next_to_do(load_my_work(session, course, BOB, DUE + 20 * DAY))

    assert ada is not None
    assert bob is not None
    assert (ada.assignment.id, bob.assignment.id, none) == ("a1", "a2", None)


def load_rows(
    course: Course,
    database: Database,
    *,
    collected: dict[StudentId, int | None],
    scores: list[ScoreRow] | None = None,
    manual: dict[StudentId, float] | None = None,
) -> dict[str, Row]:
    assignment: Assignment = course.assignment("a1")
    with database.reading() as session:
        sent = load_sent(session, course.id, [assignment.id])[assignment.id]
        facts = Facts(assignment, sent, scores or [], manual or {}, collected, {ADA: 2, BOB: 1})
        (rows,) = load_classes(session, course, [facts], load_more_time(session, course.id), DUE + DAY)
    return {row.student: row for row in rows}


def test_a_class_is_everybody_who_fetched_or_submitted(course: Course, database: Database) -> None:
    with database.session() as session:
        session.add(make_attempt("ada", 1, DUE))
        record(session, Kind.fetch, course="tiny", actor="bob", at=DUE, assignment="a2", student="bob")
        record(session, Kind.fetch, course="other", actor="eve", at=DUE, assignment="a2", student="eve")

    rows = load_rows(course, database, collected={})

    assert {name: row.word for name, row in rows.items()} == {"ada": "in", "bob": "missing"}


def test_a_collected_submission_goes_from_the_grader_to_a_person_to_graded(course: Course, database: Database) -> None:
    wanted: dict[StudentId, int | None] = {ADA: 1, BOB: 1, CEM: None}
    with database.session() as session:
        session.add_all([make_attempt("ada", 1, DUE), make_attempt("ada", 2, DUE), make_attempt("bob", 1, DUE)])
    collected = load_rows(course, database, collected=wanted)
    with database.session() as session:
        session.add(make_run())
        session.flush()
        session.add_all([make_job("ada", "queued", None), make_job("bob", "done", "timeout", 4.0)])
    grading = load_rows(course, database, collected=wanted, scores=[make_score(BOB, to_grade=True)])
    graded = load_rows(course, database, collected=wanted, scores=[make_score(BOB)], manual={BOB: 3.5})

    assert [row.word for row in collected.values()] == ["collected"] * 3
    assert [row.word for row in grading.values()] == ["being graded", "to grade", "collected"]
    bob = graded["bob"]
    assert (bob.word, bob.ran, bob.is_broken) == ("graded", "timeout", True)
    assert (bob.auto, bob.manual, bob.penalty, bob.total) == (4.0, 3.5, 1, 7)
    assert graded["ada"].is_newer_in  # attempt 2 counts, attempt 1 was collected
    assert not bob.is_newer_in


def test_the_newest_job_says_how_it_ran(course: Course, database: Database) -> None:
    with database.session() as session:
        session.add_all([make_run(), make_run()])
        session.flush()
        session.add(make_job("bob", "done", "crashed", 0.0))
        again = make_job("bob", "done", "ok", 8.0)
        again.run_id = 2
        session.add(again)

    row = load_rows(course, database, collected={BOB: 1}, scores=[make_score(BOB)])["bob"]

    assert (row.ran, row.auto) == ("ok", 8.0)


def make_run() -> Run:
    return Run(course="tiny", assignment="a1", actor="ivy", created_at=DUE)
