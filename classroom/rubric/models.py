"""A rubric and a marking by it: plain data.

Points are whole hundredths everywhere inside, so that the parts of a score add up to what is shown as its total.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NewType

from classroom.ids import GradeId

Hundredths = NewType("Hundredths", int)  # of a point

LEVELS = (4, 3, 2, 1, 0)
LEVEL_NAMES: Mapping[int, str] = {4: "Exemplary", 3: "Proficient", 2: "Developing", 1: "Beginning", 0: "Absent"}


def level_name(level: float) -> str:
    """The word for a level; a mean of two neighbours is named by both."""
    lower = int(level)
    return LEVEL_NAMES[lower] if level == lower else f"{LEVEL_NAMES[lower]} to {LEVEL_NAMES[lower + 1].lower()}"


@dataclass(frozen=True)
class Level:
    """What a grader sees in the text at this level, 1 to 4. Level 0 is absent and needs no words."""

    value: int
    descriptor: str


@dataclass(frozen=True)
class Criterion:
    """One question to ask of an answer. weight: what level 4 is worth. notes are the graders', hint is public."""

    id: str
    title: str
    weight: Hundredths
    levels: tuple[Level, ...]  # from 4 to 1
    notes: str
    hint: str

    def descriptor(self, value: float) -> str:
        """The words of a level; "Absent." for 0. Of a mean of two neighbours, the lower one's: that much is there."""
        return next((level.descriptor for level in self.levels if level.value == int(value)), "Absent.")


@dataclass(frozen=True)
class Gate:
    """An observation that caps the whole score at `cap`, however good the rest is."""

    id: str
    when: str
    cap: Hundredths


@dataclass(frozen=True)
class AnchorMark:
    """The level that an anchor deserves on one criterion, and why."""

    level: int
    reason: str


@dataclass(frozen=True)
class Anchor:
    """A graded sample, read before grading."""

    id: str
    text: str
    marks: Mapping[str, AnchorMark]  # by criterion id
    gates: tuple[str, ...]
    points: Hundredths

    @property
    def levels(self) -> dict[str, int]:
        return {criterion: mark.level for criterion, mark in self.marks.items()}


@dataclass(frozen=True)
class Rubric:
    """The rubric of one written task. digest: sha256 of its file; a grading names the one it was made with."""

    task: GradeId
    title: str
    points: Hundredths
    criteria: tuple[Criterion, ...]
    gates: tuple[Gate, ...]
    anchors: tuple[Anchor, ...]
    digest: str


@dataclass(frozen=True)
class Marking:
    """What a grader chose: a level for each criterion, the gates that apply, words for the student.

    A grader's levels are whole; only the final marking of two graders may hold a half.
    """

    levels: Mapping[str, float]
    gates: tuple[str, ...] = ()
    comments: Mapping[str, str] = field(default_factory=dict)
