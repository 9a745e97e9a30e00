"""More time for single students: what the exchange, the gradebook and a replay of the ledger make of it."""

import datetime as dt
from collections.abc import Iterator, Sequence
from pathlib import Path

import nbgrader.api as nb
import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from classroom.assignments import Course
from classroom.db.tables import Accommodation, Event, Extension
from classroom.errors import Refused
from classroom.exchange.listing import describe_assignments, describe_attempts
from classroom.exchange.transfers import Transfers
from classroom.extensions import Given, accommodate, due_dates, extend, parse_until
from classroom.gradebook import Gradebook
from classroom.ids import AssignmentId, NotebookId, StudentId
from classroom.ledger import Kind
from classroom.policy import counting_attempt, judge_arrival, own_due, rate
from classroom.scores import TaskRecord
from tests.exchange_class import DUE, IN_TIME, Clock, answers, open_class, write_release

ADA, BOB = StudentId("ada"), StudentId("bob")
DAY = dt.timedelta(days=1)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def room(tmp_path: Path, clock: Clock) -> Iterator[Transfers]:
    transfers = open_class(tmp_path, clock, f"sqlite:///{tmp_path / 'classroom.db'}")
    transfers.release("a1", write_release(tmp_path / "release"), actor="ivy")
    yield transfers
    transfers.database.dispose()


def give(room: Transfers, until: dt.datetime | None, student: StudentId = ADA, reason: str = "a lost week") -> None:
    with room.database.session() as session:
        extend(session, room.course, room.course.assignment("a1"), student, until, Given("ivy", room.clock(), reason))


def give_days(room: Transfers, days: int, student: StudentId = ADA) -> None:
    with room.database.session() as session:
        accommodate(session, room.course, student, days, Given("ivy", room.clock(), "always"))


def submit(room: Transfers, clock: Clock, at: dt.datetime, student: str = ADA) -> None:
    clock.now = at
    room.submit("a1", student, answers(f"{at}"))


def test_with_an_extension_a_closed_assignment_takes_a_submission_of_that_student_alone(
    room: Transfers, clock: Clock
) -> None:
    give(room, DUE + 10 * DAY)
    clock.now = DUE + 9 * DAY

    room.submit("a1", ADA, answers())
    with pytest.raises(Refused, match="closed"):
        room.submit("a1", BOB, answers())

    (attempt,) = room.attempts("a1", ADA)
    assert (attempt.arrival, attempt.late_s) == ("on_time", 0)


def test_extra_days_hold_in_every_assignment_until_they_are_taken_back(room: Transfers) -> None:
    give_days(room, 3)
    with_days = more_time(room)

    give_days(room, 0)

    assert with_days == [3 * DAY, 3 * DAY]
    assert more_time(room) == [0 * DAY, 0 * DAY]


def test_what_a_student_is_told_follows_the_own_date(room: Transfers, clock: Clock) -> None:
    give(room, DUE + 4 * DAY)
    clock.now = DUE + 3 * DAY

    told = describe_assignments(room, ADA, early=False)[0]

    assert (told.status, told.due_at) == ("on_time", DUE + 4 * DAY)
    assert told.policy.startswith("If you submit now: in time, attempt 1 of 3")


def test_a_late_attempt_that_is_in_time_by_a_later_extension_counts_as_if_it_had_been(
    room: Transfers, clock: Clock
) -> None:
    submit(room, clock, IN_TIME)
    submit(room, clock, DUE + DAY)
    submit(room, clock, DUE + 2 * DAY)
    give(room, DUE + 3 * DAY)

    with room.database.reading() as session:
        infos = describe_attempts(session, room.store, room.course, room.attempts("a1", ADA))

    assert [(info.arrival, info.late_s) for info in infos] == [("on_time", 0)] * 3
    assert room.counting("a1")[ADA].number == 3


def test_a_withdrawn_extension_holds_no_more(room: Transfers, clock: Clock) -> None:
    give(room, DUE + 3 * DAY)
    submit(room, clock, DUE + DAY)
    give(room, None, reason="given to the wrong student")

    with room.database.reading() as session:
        (info,) = describe_attempts(session, room.store, room.course, room.attempts("a1", ADA))

    assert info.arrival == "late"
    assert room.own_due("a1", ADA) is None


@pytest.mark.parametrize(
    ("until", "reason", "said"),
    [
        (DUE, "too early", "give a later time"),
        (DUE + DAY, "  ", "a reason is missing"),
        (DUE + DAY, "x" * 501, "500 are allowed"),
    ],
    ids=["not later", "no reason", "too long"],
)
def test_what_makes_no_sense_is_refused_and_leaves_no_row(
    room: Transfers, until: dt.datetime, reason: str, said: str
) -> None:
    with pytest.raises(Refused, match=said):
        give(room, until, reason=reason)

    with room.database.reading() as session:
        assert session.scalars(select(Extension)).all() == []
    assert events(room, Kind.extension) == []


@pytest.mark.parametrize("days", [-1, 61])
def test_extra_days_have_bounds(room: Transfers, days: int) -> None:
    with pytest.raises(Refused, match="0 to 60 can"):
        give_days(room, days)


def test_a_time_is_read_by_the_course_s_clock(room: Transfers) -> None:
    assert parse_until("2026-12-01T23:59", room.course) == dt.datetime(2026, 12, 1, 22, 59, tzinfo=dt.UTC)
    with pytest.raises(Refused, match="'soon' is no time"):
        parse_until("soon", room.course)


@pytest.mark.parametrize("table", [Extension, Accommodation])
def test_rows_are_never_changed(room: Transfers, table: type[Extension | Accommodation]) -> None:
    give(room, DUE + DAY)
    give_days(room, 2)

    with pytest.raises(IntegrityError, match="append-only"), room.database.session() as session:
        session.scalars(select(table)).one().reason = "another"


def test_the_ledger_alone_tells_every_decision_again(room: Transfers, clock: Clock) -> None:
    """Extensions before and after attempts, one withdrawn, extra days, a refusal; for two students."""
    submit(room, clock, IN_TIME)
    give(room, DUE + 2 * DAY)
    submit(room, clock, DUE + DAY)
    give_days(room, 9, BOB)
    submit(room, clock, DUE + 9 * DAY, BOB)
    clock.now = DUE + 12 * DAY
    with pytest.raises(Refused):
        room.submit("a1", ADA, answers())
    give(room, DUE + 4 * DAY)
    give(room, None)

    replayed, counting = replay(room.course, events(room))

    decisions = [event for event in events(room) if event.kind in {Kind.submit, Kind.refused}]
    assert replayed == [(event.student, event.data.get("arrival", "refused")) for event in decisions]
    assert replayed == [("ada", "on_time"), ("ada", "on_time"), ("bob", "on_time"), ("ada", "refused")]
    assert counting == {student: attempt.number for student, attempt in room.counting("a1").items()}
    assert all(event.actor == "ivy" and event.data["reason"] for event in events(room, Kind.extension))


def replay(course: Course, ledger: Sequence[Event]) -> tuple[list[tuple[str, str]], dict[str, int | None]]:
    """Each decision as the events before it tell, and the attempts that count at the end."""
    rules = course.assignment("a1")
    until: dict[str, dt.datetime | None] = {}
    days: dict[str, int] = {}
    times: dict[str, list[dt.datetime]] = {}
    decided = []
    for event in ledger:
        student = str(event.student)
        if event.kind == Kind.extension:
            given = event.data["until"]
            until[student] = dt.datetime.fromisoformat(given) if given else None
        elif event.kind == Kind.accommodation:
            days[student] = event.data["extra_days"]
        elif event.kind in {Kind.submit, Kind.refused}:
            own = own_due(rules, until.get(student), days.get(student, 0))
            decision = judge_arrival(rules, event.at, own, used=len(times.get(student, [])))
            if decision.is_accepted:
                times.setdefault(student, []).append(event.at)
            decided.append((student, decision.arrival.value if decision.is_accepted else "refused"))
    counting = {}
    for student, moments in times.items():
        own = own_due(rules, until.get(student), days.get(student, 0))
        rated = [rate(rules, number, moment, own) for number, moment in enumerate(moments, 1)]
        counting[student] = counting_attempt(rated, rules.attempt_counts)
    return decided, counting


def test_the_gradebook_s_penalty_follows_the_own_date_before_and_after_grading(tmp_path: Path, room: Transfers) -> None:
    a1, exercises = AssignmentId("a1"), NotebookId("exercises")
    url = f"sqlite:///{tmp_path / 'gradebook.db'}"
    book = Gradebook(url, room.course)
    with nb.Gradebook(url, "demo") as generated:
        generated.add_assignment(a1)
        generated.add_notebook(exercises, a1)
        generated.add_grade_cell("t", exercises, a1, max_score=10, cell_type="code")
    late = DUE + 2 * DAY  # two days begun: two tenths

    book.record_result(a1, ADA, late, {exercises: [TaskRecord("t", 10.0)]})
    penalties = [penalty(book)]
    for until in (DUE + DAY, DUE + 2 * DAY):
        give(room, until)
        project(room, book)
        penalties.append(penalty(book))
    book.record_result(a1, ADA, late, {exercises: [TaskRecord("t", 5.0)]}, due=room.own_due("a1", ADA))
    penalties.append(penalty(book))
    give(room, None)
    project(room, book)
    penalties.append(penalty(book))

    assert penalties == pytest.approx([2.0, 1.0, 0.0, 0.0, 1.0])
    book.close()


def project(room: Transfers, book: Gradebook) -> None:
    with room.database.reading() as session:
        book.extend(ADA, due_dates(session, room.course, ADA))


def penalty(book: Gradebook) -> float:
    (row,) = book.scores(AssignmentId("a1"))
    return row.penalty


def more_time(room: Transfers) -> list[dt.timedelta]:
    told = describe_assignments(room, ADA, early=False)
    return [info.due_at - rules.due for info, rules in zip(told, room.course.assignments, strict=True)]


def events(room: Transfers, kind: Kind | None = None) -> list[Event]:
    with room.database.reading() as session:
        return [event for event in session.scalars(select(Event).order_by(Event.id)) if kind in {None, event.kind}]
