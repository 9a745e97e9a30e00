"""The rules of time: what arrives when, what that costs, which attempt counts. Pure: the clock is an argument.

A day late is a day on the course's wall clock: due Friday 23:59 and 10 minutes of grace, the second day begins on
Sunday at 00:09, also when the night between is an hour longer or shorter.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from classroom.assignments import Assignment

_NOT_LATE = dt.timedelta()
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class Arrival(StrEnum):
    """When a submission came: in time, in the grace after the due date, late but accepted, too late, too early."""

    on_time = "on_time"
    grace = "grace"
    late = "late"
    closed = "closed"
    not_open = "not_open"


@dataclass(frozen=True)
class Decision:
    """What becomes of a submission at a moment.

    late: time after the due date and its grace, 0 when in time. penalty_share: of the points, 0 to 1. attempts_left:
    how many may still be submitted, this one included. sentence: the same for the student, without a full stop.
    """

    arrival: Arrival
    late: dt.timedelta
    penalty_share: float
    attempts_left: int
    sentence: str

    @property
    def is_accepted(self) -> bool:
        return self.attempts_left > 0 and self.arrival not in {Arrival.closed, Arrival.not_open}


@dataclass(frozen=True)
class Scored:
    """An attempt as the choice sees it. score_share: of the maximum, before the penalty; None before it's graded."""

    number: int
    penalty_share: float = 0.0
    is_late: bool = False
    score_share: float | None = None

    @property
    def value(self) -> float | None:
        return None if self.score_share is None else self.score_share * (1 - self.penalty_share)


def judge_arrival(
    assignment: Assignment, now: dt.datetime, extension: dt.datetime | None = None, *, used: int = 0
) -> Decision:
    """What becomes of a submission that arrives now.

    extension: the student's own due date; an earlier one than everybody's has no effect. used: attempts so far.
    """
    due = _due(assignment, extension)
    arrival = _arrival(assignment, now, due)
    late = lateness(assignment, now, extension)
    penalty = late_penalty(assignment, now, extension)
    left = max(0, assignment.attempts - used)
    sentence = _sentence(assignment, now, due, arrival, penalty_share=penalty, used=used)
    return Decision(arrival, late, penalty, left, sentence)


def own_due(assignment: Assignment, until: dt.datetime | None, extra_days: int = 0) -> dt.datetime | None:
    """A student's own due date, in the course's zone; None where everybody's holds.

    until: of an extension. extra_days: of an accommodation, days on the course's wall clock after everybody's date.
    They don't add up: the later one holds.
    """
    later = assignment.due + dt.timedelta(days=extra_days)
    own = later if until is None or _utc(until) <= _utc(later) else until.astimezone(assignment.due.tzinfo)
    return own if _utc(own) > _utc(assignment.due) else None


def lateness(assignment: Assignment, received_at: dt.datetime, extension: dt.datetime | None = None) -> dt.timedelta:
    """The time after the due date and its grace, 0 when in time."""
    ends = assignment.in_time_until
    if extension is not None:
        ends = max(ends, _utc(extension) + assignment.grace)
    return max(_NOT_LATE, received_at - ends)


def rate(
    assignment: Assignment,
    number: int,
    received_at: dt.datetime,
    extension: dt.datetime | None,
    score_share: float | None = None,
) -> Scored:
    """An attempt as the choice sees it, by the times that hold now and not by those at its arrival."""
    is_late = bool(lateness(assignment, received_at, extension))
    penalty = late_penalty(assignment, received_at, extension) if is_late else 0.0
    return Scored(number, penalty, is_late, score_share)


def late_penalty(assignment: Assignment, received_at: dt.datetime, extension: dt.datetime | None = None) -> float:
    """The share of the points taken from a submission received then, 0 to 1: so much for each day begun."""
    days = _days_begun(assignment, received_at, _due(assignment, extension))
    return round(min(1.0, days * assignment.late.penalty_per_day), 9)


def if_submitted_now(
    assignment: Assignment, now: dt.datetime, extension: dt.datetime | None = None, *, used: int = 0
) -> str:
    """The sentence a student reads before submitting."""
    decision = judge_arrival(assignment, now, extension, used=used)
    if decision.is_accepted:
        return f"If you submit now: {decision.sentence}."
    return f"You can't submit now: {decision.sentence}."


def when_scores_show(assignment: Assignment) -> str:
    """When a student sees score and feedback, as the end of a sentence."""
    if assignment.scores_show == "release":
        return "when the instructor releases them"
    if assignment.scores_show == "graded":
        return "as soon as all of it is graded"
    return f"on {format_time(assignment.scores_show)}"


def is_time_to_show(assignment: Assignment, now: dt.datetime) -> bool:
    """Whether fully graded work is given back without anybody's doing."""
    if isinstance(assignment.scores_show, str):
        return assignment.scores_show == "graded"
    return _utc(now) >= _utc(assignment.scores_show)


def second_look_ends(assignment: Assignment, given_back_at: dt.datetime) -> dt.datetime | None:
    """Until when a student may ask about feedback given back then, in the course's zone; None where nobody may."""
    if not assignment.second_look_days:
        return None
    return given_back_at.astimezone(assignment.due.tzinfo) + dt.timedelta(days=assignment.second_look_days)


def counting_attempt(attempts: Sequence[Scored], rule: str) -> int | None:
    """The number of the attempt that counts, None without attempts. rule: latest or best, as in course.yaml.

    latest: the last in time, and after it a late one unless both scores are known and the late one, less its penalty,
    is lower. best: the highest score less penalty, the newer of two equals; the newest attempt is taken before it is
    graded, since it may be the best. Attempts must be in the order of their numbers.
    """
    chosen: Scored | None = None
    for attempt in attempts:
        if chosen is None or not _keeps(chosen, attempt, rule):
            chosen = attempt
    return None if chosen is None else chosen.number


def format_time(time: dt.datetime) -> str:
    """A time as students read it, in its own zone: Fri 11 Dec, 23:59."""
    return f"{_DAYS[time.weekday()]} {time.day} {_MONTHS[time.month - 1]}, {time:%H:%M}"


def closing_time(assignment: Assignment, extension: dt.datetime | None = None) -> dt.datetime:
    """The last moment at which a submission is accepted, in the course's zone."""
    return _after_days(assignment, _due(assignment, extension), assignment.late.closes_after_days)


def _keeps(chosen: Scored, newer: Scored, rule: str) -> bool:
    if rule == "latest" and not newer.is_late:
        return False
    if chosen.value is None or newer.value is None:
        return False
    return newer.value < chosen.value


def _arrival(assignment: Assignment, now: dt.datetime, due: dt.datetime) -> Arrival:
    if _utc(now) < _utc(assignment.release):
        return Arrival.not_open
    if _utc(now) <= _utc(due):
        return Arrival.on_time
    if _utc(now) <= _utc(_after_days(assignment, due, 0)):
        return Arrival.grace
    last = _after_days(assignment, due, assignment.late.closes_after_days)
    return Arrival.late if _utc(now) <= _utc(last) else Arrival.closed


def _days_begun(assignment: Assignment, now: dt.datetime, due: dt.datetime) -> int:
    days = max(0, (_utc(now) - _utc(due) - assignment.grace) // dt.timedelta(days=1) - 1)
    while _utc(now) > _utc(_after_days(assignment, due, days)):
        days += 1
    return days


def _after_days(assignment: Assignment, due: dt.datetime, days: int) -> dt.datetime:
    """The end of the grace, and the same wall-clock time `days` days later."""
    grace_ends = (_utc(due) + assignment.grace).astimezone(due.tzinfo)
    return grace_ends + dt.timedelta(days=days)


def _due(assignment: Assignment, extension: dt.datetime | None) -> dt.datetime:
    if extension is None or _utc(extension) <= _utc(assignment.due):
        return assignment.due
    return extension.astimezone(assignment.due.tzinfo)


def _utc(time: dt.datetime) -> dt.datetime:
    # Two times of one zone are compared by their wall clocks in Python, wrongly around a change to winter time.
    return time.astimezone(dt.UTC)


def _sentence(
    assignment: Assignment, now: dt.datetime, due: dt.datetime, arrival: Arrival, *, penalty_share: float, used: int
) -> str:
    closes = _after_days(assignment, due, assignment.late.closes_after_days)
    if arrival is Arrival.not_open:
        return f"{assignment.title} opens {format_time(assignment.release)}, in {_duration(assignment.release, now)}"
    if arrival is Arrival.closed:
        return f"{assignment.title} was due {format_time(due)} and closed {format_time(closes)}"
    if used >= assignment.attempts:
        return f"all {assignment.attempts} attempts are used; what you submitted stays"
    attempt = f"attempt {used + 1} of {assignment.attempts}"
    if arrival is Arrival.on_time:
        return f"in time, {attempt}; due {format_time(due)}, in {_duration(due, now)}"
    if arrival is Arrival.grace:
        ends = format_time(_after_days(assignment, due, 0))
        return f"in time, {attempt}; due {format_time(due)}, accepted without deduction until {ends}"
    return (
        f"late, {penalty_share:.0%} of the points are taken, {attempt}; "
        f"was due {format_time(due)}, closes {format_time(closes)}"
    )


def _duration(until: dt.datetime, now: dt.datetime) -> str:
    minutes = int((_utc(until) - _utc(now)).total_seconds() // 60)
    if minutes < 1:
        return "less than a minute"
    units = (("day", 24 * 60), ("hour", 60), ("minute", 1))
    name, size = next((name, size) for name, size in units if minutes >= 2 * size or size == 1)
    count = minutes // size
    return f"{count} {name}{'s' if count > 1 else ''}"
