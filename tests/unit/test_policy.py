"""The rules of time. Figures are counted by hand from the calendar of autumn 2026 in Berlin."""

import datetime as dt
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classroom.assignments import Assignment, Budget, FileLimits, LateRule
from classroom.ids import AssignmentId
from classroom.policy import (
    Arrival,
    Scored,
    closing_time,
    counting_attempt,
    if_submitted_now,
    is_time_to_show,
    judge_arrival,
    late_penalty,
    own_due,
    rate,
    when_scores_show,
)

BERLIN = ZoneInfo("Europe/Berlin")
DUE = dt.datetime(2026, 12, 11, 23, 59, tzinfo=BERLIN)
SECOND = dt.timedelta(seconds=1)
ASSIGNMENT = Assignment(
    id=AssignmentId("01_data"),
    title="Data",
    release=dt.datetime(2026, 11, 2, 9, tzinfo=BERLIN),
    due=DUE,
    grace=dt.timedelta(minutes=10),
    late=LateRule(penalty_per_day=0.10, closes_after_days=7),
    attempts=10,
    attempt_counts="latest",
    scores_show="release",
    weight=1,
    pass_share=0.5,
    services=False,
    subprocesses=False,
    limits=FileLimits(),
    budget=Budget(),
    written=(),
)
MOMENTS = st.datetimes(dt.datetime(2026, 10, 1), dt.datetime(2027, 4, 30), timezones=st.just(dt.UTC))


def utc(*parts: int) -> dt.datetime:
    return dt.datetime(*parts, tzinfo=dt.UTC)  # type: ignore[misc,arg-type]  # year, month, day, ...


@pytest.mark.parametrize(
    ("moment", "arrival", "penalty"),
    [
        (utc(2026, 11, 2, 7, 59, 59), Arrival.not_open, 0.0),
        (utc(2026, 11, 2, 8, 0, 0), Arrival.on_time, 0.0),
        (utc(2026, 12, 11, 22, 59, 0), Arrival.on_time, 0.0),
        (utc(2026, 12, 11, 22, 59, 1), Arrival.grace, 0.0),
        (utc(2026, 12, 11, 23, 9, 0), Arrival.grace, 0.0),
        (utc(2026, 12, 11, 23, 9, 1), Arrival.late, 0.1),
        (utc(2026, 12, 12, 23, 9, 0), Arrival.late, 0.1),
        (utc(2026, 12, 12, 23, 9, 1), Arrival.late, 0.2),
        (utc(2026, 12, 18, 23, 9, 0), Arrival.late, 0.7),
        (utc(2026, 12, 18, 23, 9, 1), Arrival.closed, 0.8),
    ],
)
def test_borders_lie_at_the_second(moment: dt.datetime, arrival: Arrival, penalty: float) -> None:
    got = judge_arrival(ASSIGNMENT, moment)

    assert (got.arrival, got.penalty_share) == (arrival, penalty)


def test_lateness_is_counted_from_the_end_of_the_grace() -> None:
    assert judge_arrival(ASSIGNMENT, DUE + dt.timedelta(minutes=25)).late == dt.timedelta(minutes=15)


@pytest.mark.parametrize("minutes", [-1, 0, 9])
def test_nothing_is_late_before_the_grace_has_ended(minutes: int) -> None:
    assert judge_arrival(ASSIGNMENT, DUE + dt.timedelta(minutes=minutes)).late == dt.timedelta()


def test_without_late_days_the_assignment_closes_with_the_grace() -> None:
    strict = replace(ASSIGNMENT, late=LateRule())

    arrivals = [judge_arrival(strict, DUE + ASSIGNMENT.grace + step).arrival for step in (dt.timedelta(), SECOND)]

    assert arrivals == [Arrival.grace, Arrival.closed]


def test_a_penalty_never_takes_more_than_everything() -> None:
    harsh = replace(ASSIGNMENT, late=LateRule(penalty_per_day=0.4, closes_after_days=7))

    assert late_penalty(harsh, DUE + dt.timedelta(days=5)) == 1.0


def test_an_extension_moves_due_date_grace_and_closing() -> None:
    extension = DUE + dt.timedelta(days=7)

    got = [
        judge_arrival(ASSIGNMENT, moment, extension).arrival
        for moment in (extension, extension + 10 * dt.timedelta(minutes=1), extension + dt.timedelta(hours=1))
    ]

    assert got == [Arrival.on_time, Arrival.grace, Arrival.late]
    assert closing_time(ASSIGNMENT, extension) == closing_time(ASSIGNMENT) + dt.timedelta(days=7)


def test_an_extension_in_another_zone_means_the_same_moment() -> None:
    extension = (DUE + dt.timedelta(days=1)).astimezone(ZoneInfo("Asia/Tokyo"))

    assert if_submitted_now(ASSIGNMENT, DUE, extension) == (
        "If you submit now: in time, attempt 1 of 10; due Sat 12 Dec, 23:59, in 24 hours."
    )


def test_an_extension_before_the_due_date_takes_nothing_away() -> None:
    assert judge_arrival(ASSIGNMENT, DUE, DUE - dt.timedelta(days=3)).arrival is Arrival.on_time


@pytest.mark.parametrize(
    ("due", "hours_of_first_day"),
    [
        (dt.datetime(2026, 10, 24, 23, 59, tzinfo=BERLIN), 25),  # winter time began on 25 October 2026
        (dt.datetime(2027, 3, 27, 23, 59, tzinfo=BERLIN), 23),  # summer time begins on 28 March 2027
        (dt.datetime(2026, 12, 11, 23, 59, tzinfo=BERLIN), 24),
    ],
    ids=["to winter time", "to summer time", "ordinary"],
)
def test_a_day_late_lasts_until_the_same_time_by_the_clock(due: dt.datetime, hours_of_first_day: int) -> None:
    moved = replace(ASSIGNMENT, release=due - dt.timedelta(days=9), due=due)
    first_day_ends = due.astimezone(dt.UTC) + ASSIGNMENT.grace + dt.timedelta(hours=hours_of_first_day)

    assert [late_penalty(moved, first_day_ends + step) for step in (dt.timedelta(), SECOND)] == [0.1, 0.2]


def test_due_in_the_hour_that_comes_twice_is_the_first_of_the_two() -> None:
    due = dt.datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN)
    moved = replace(ASSIGNMENT, release=due - dt.timedelta(days=9), due=due)

    got = [judge_arrival(moved, utc(2026, 10, 25, hour, 30)).arrival for hour in (0, 1)]

    assert got == [Arrival.on_time, Arrival.late]


@given(MOMENTS, MOMENTS)
def test_later_never_costs_less(one: dt.datetime, other: dt.datetime) -> None:
    earlier, later = sorted((one, other))

    assert late_penalty(ASSIGNMENT, earlier) <= late_penalty(ASSIGNMENT, later)


ORDER = [Arrival.not_open, Arrival.on_time, Arrival.grace, Arrival.late, Arrival.closed]


@given(MOMENTS, MOMENTS)
def test_arrivals_follow_each_other_in_one_order(one: dt.datetime, other: dt.datetime) -> None:
    first, second = (ORDER.index(judge_arrival(ASSIGNMENT, moment).arrival) for moment in sorted((one, other)))

    assert first <= second


@given(MOMENTS)
def test_a_penalty_is_taken_exactly_from_what_is_late(moment: dt.datetime) -> None:
    got = judge_arrival(ASSIGNMENT, moment)

    assert (got.penalty_share > 0) == (got.arrival in {Arrival.late, Arrival.closed}) == (got.late > dt.timedelta())


@given(MOMENTS, st.timedeltas(dt.timedelta(days=-30), dt.timedelta(days=60)))
def test_an_extension_never_costs(moment: dt.datetime, length: dt.timedelta) -> None:
    assert late_penalty(ASSIGNMENT, moment, DUE + length) <= late_penalty(ASSIGNMENT, moment)


@given(MOMENTS, st.sampled_from(["Asia/Tokyo", "America/New_York", "UTC", "Pacific/Auckland"]))
def test_the_zone_of_the_clock_changes_nothing(moment: dt.datetime, zone: str) -> None:
    assert judge_arrival(ASSIGNMENT, moment.astimezone(ZoneInfo(zone))) == judge_arrival(ASSIGNMENT, moment)


@pytest.mark.parametrize(
    ("moment", "used", "sentence"),
    [
        (utc(2026, 11, 24, 9), 1, "If you submit now: in time, attempt 2 of 10; due Fri 11 Dec, 23:59, in 17 days."),
        (utc(2026, 12, 11, 0), 0, "If you submit now: in time, attempt 1 of 10; due Fri 11 Dec, 23:59, in 22 hours."),
        (
            utc(2026, 12, 11, 22),
            0,
            "If you submit now: in time, attempt 1 of 10; due Fri 11 Dec, 23:59, in 59 minutes.",
        ),
        (
            utc(2026, 12, 11, 22, 58, 30),
            0,
            "If you submit now: in time, attempt 1 of 10; due Fri 11 Dec, 23:59, in less than a minute.",
        ),
        (
            utc(2026, 12, 11, 23),
            9,
            "If you submit now: in time, attempt 10 of 10; due Fri 11 Dec, 23:59, accepted without deduction until "
            "Sat 12 Dec, 00:09.",
        ),
        (
            utc(2026, 12, 13, 12),
            0,
            "If you submit now: late, 20% of the points are taken, attempt 1 of 10; was due Fri 11 Dec, 23:59, "
            "closes Sat 19 Dec, 00:09.",
        ),
        (utc(2026, 12, 24), 0, "You can't submit now: Data was due Fri 11 Dec, 23:59 and closed Sat 19 Dec, 00:09."),
        (utc(2026, 11, 1, 8), 0, "You can't submit now: Data opens Mon 2 Nov, 09:00, in 24 hours."),
        (utc(2026, 11, 24), 10, "You can't submit now: all 10 attempts are used; what you submitted stays."),
    ],
)
def test_the_student_reads_what_would_happen(moment: dt.datetime, used: int, sentence: str) -> None:
    assert if_submitted_now(ASSIGNMENT, moment, used=used) == sentence


@pytest.mark.parametrize(("used", "left", "accepted"), [(0, 10, True), (9, 1, True), (10, 0, False), (11, 0, False)])
def test_attempts_run_out(used: int, left: int, accepted: bool) -> None:
    got = judge_arrival(ASSIGNMENT, DUE, used=used)

    assert (got.attempts_left, got.is_accepted) == (left, accepted)


def in_time(number: int, share: float | None = None) -> Scored:
    return Scored(number, score_share=share)


def late(number: int, share: float | None = None, penalty: float = 0.2) -> Scored:
    return Scored(number, penalty_share=penalty, is_late=True, score_share=share)


@pytest.mark.parametrize(
    ("attempts", "rule", "number"),
    [
        ([], "latest", None),
        ([in_time(1)], "latest", 1),
        ([in_time(1, 0.9), in_time(2, 0.3)], "latest", 2),
        ([in_time(1, 0.9), late(2)], "latest", 2),
        ([in_time(1, 0.9), late(2, 1.0)], "latest", 1),  # 1.0 less 20 % is 0.8
        ([in_time(1, 0.7), late(2, 1.0)], "latest", 2),
        ([in_time(1, 0.7), in_time(2, 0.75), late(3, 0.9), late(4, 1.0)], "latest", 4),
        ([in_time(1, 0.9), in_time(2, 0.5), late(3, 0.7)], "latest", 3),
        ([late(1), late(2)], "latest", 2),
        ([late(1, 0.9), late(2, 0.3)], "latest", 1),
        ([in_time(1, 0.9), in_time(2, 0.3)], "best", 1),
        ([in_time(1, 0.9), in_time(2, 0.9)], "best", 2),
        ([in_time(1, 0.9), in_time(2, 0.3), in_time(3)], "best", 3),
        ([in_time(1, 0.9), late(2, 1.0)], "best", 1),
    ],
)
def test_the_attempt_that_counts(attempts: list[Scored], rule: str, number: int | None) -> None:
    assert counting_attempt(attempts, rule) == number


SHARES = st.floats(0, 1)


@given(st.lists(SHARES, min_size=1, max_size=5), st.lists(SHARES, min_size=1, max_size=5), SHARES)
def test_a_late_attempt_never_replaces_a_better_one(early: list[float], after: list[float], penalty: float) -> None:
    tried = [in_time(number, share) for number, share in enumerate(early, start=1)]
    tried += [late(number, share, penalty) for number, share in enumerate(after, start=len(early) + 1)]

    number = counting_attempt(tried, "latest")

    values = {attempt.number: attempt.score_share * (1 - attempt.penalty_share) for attempt in tried}  # type: ignore[operator]  # all have scores
    assert number is not None
    assert values[number] >= values[len(early)]


@pytest.mark.parametrize(
    ("until", "extra_days", "due"),
    [
        (None, 0, None),
        (DUE - SECOND, 0, None),
        (None, 3, dt.datetime(2026, 12, 14, 23, 59, tzinfo=BERLIN)),
        (utc(2026, 12, 15, 11, 0), 0, dt.datetime(2026, 12, 15, 12, 0, tzinfo=BERLIN)),
        (utc(2026, 12, 15, 11, 0), 3, dt.datetime(2026, 12, 15, 12, 0, tzinfo=BERLIN)),
        (utc(2026, 12, 13, 11, 0), 3, dt.datetime(2026, 12, 14, 23, 59, tzinfo=BERLIN)),
    ],
    ids=["nothing", "earlier", "days", "extension", "extension is later", "days are later"],
)
def test_the_later_of_extension_and_extra_days_holds(
    until: dt.datetime | None, extra_days: int, due: dt.datetime | None
) -> None:
    assert own_due(ASSIGNMENT, until, extra_days) == due


def test_extra_days_are_days_of_the_wall_clock_across_a_change_to_winter_time() -> None:
    autumn = replace(ASSIGNMENT, due=dt.datetime(2026, 10, 24, 23, 59, tzinfo=BERLIN))

    got = own_due(autumn, None, 1)

    assert got is not None
    assert got.astimezone(dt.UTC) == utc(2026, 10, 25, 22, 59)  # 25 hours later


def test_an_attempt_is_rated_by_the_date_that_holds_now() -> None:
    received = DUE + dt.timedelta(days=2)

    late = rate(ASSIGNMENT, 1, received, None, 0.5)
    in_time = rate(ASSIGNMENT, 1, received, DUE + dt.timedelta(days=3), 0.5)

    assert (late.is_late, late.penalty_share) == (True, 0.2)
    assert (in_time.is_late, in_time.penalty_share) == (False, 0.0)


@given(received=MOMENTS, until=MOMENTS, extra_days=st.integers(0, 60))
def test_more_time_never_costs_anybody_points(received: dt.datetime, until: dt.datetime, extra_days: int) -> None:
    due = own_due(ASSIGNMENT, until, extra_days)

    assert late_penalty(ASSIGNMENT, received, due) <= late_penalty(ASSIGNMENT, received)


@pytest.mark.parametrize(
    ("shows", "moment", "is_time", "words"),
    [
        ("release", DUE + dt.timedelta(days=99), False, "when the instructor releases them"),
        ("graded", DUE, True, "as soon as all of it is graded"),
        (DUE, DUE - SECOND, False, "on Fri 11 Dec, 23:59"),
        (DUE, DUE, True, "on Fri 11 Dec, 23:59"),
    ],
    ids=["by hand", "once graded", "before the time", "at the time"],
)
def test_scores_show_when_the_course_says(shows: object, moment: dt.datetime, is_time: bool, words: str) -> None:
    assignment = replace(ASSIGNMENT, scores_show=shows)

    assert (is_time_to_show(assignment, moment), when_scores_show(assignment)) == (is_time, words)
