"""A grader marks the rubric's anchors and sees how far that agrees, before real work where the course asks for it."""

import datetime as dt
import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from classroom.db.tables import Calibration
from classroom.marking.agreed import GOOD_KAPPA
from classroom.rubric.agreement import weighted_kappa
from classroom.rubric.models import Anchor, Marking, Rubric
from classroom.rubric.scoring import check_marking
from classroom.rubric.store import Task, by_task, of_tasks

Levels = Mapping[str, int]  # by criterion


@dataclass(frozen=True)
class Calibrated:
    """How far one grader is. rounds: times all anchors were marked; kappa: of the last whole round, None before it.

    next: the anchor to mark, also when a round is whole: then the first of the next round. latest: by anchor.
    """

    rounds: int
    done: int
    anchors: int
    kappa: float | None
    next: Anchor
    latest: Mapping[str, Levels]

    @property
    def is_whole(self) -> bool:
        return self.rounds > 0 and self.done == 0

    @property
    def passed(self) -> bool:
        return self.kappa is not None and self.kappa >= GOOD_KAPPA


def append_calibration(
    session: Session, task: Task, anchor: str, marking: Marking, *, rubric: Rubric, grader: str, at: dt.datetime
) -> None:
    """A new row with the levels given to an anchor; raises Refused when they don't fit the rubric."""
    check_marking(rubric, marking)
    session.add(
        Calibration(
            course=task.course,
            assignment=task.assignment,
            task=task.task,
            grader=grader,
            anchor=anchor,
            at=at,
            rubric=rubric.digest,
            levels={name: int(level) for name, level in marking.levels.items()},
        )
    )
    session.flush()


def load_calibrated(session: Session, task: Task, rubric: Rubric, grader: str) -> Calibrated:
    """Where this grader stands with the rubric's present anchors."""
    return load_all_calibrated(session, {task: rubric}, grader)[task]


def load_all_calibrated(session: Session, rubrics: Mapping[Task, Rubric], grader: str) -> dict[Task, Calibrated]:
    """The same for each task with its rubric. One query."""
    query = select(Calibration).where(of_tasks(Calibration, rubrics), Calibration.grader == grader)
    marked = by_task(session.scalars(query.order_by(Calibration.id)), rubrics)
    return {
        task: weigh(rubric, grader, [(row.anchor, row.levels) for row in marked[task]])
        for task, rubric in rubrics.items()
    }


def weigh(rubric: Rubric, grader: str, marked: Sequence[tuple[str, Levels]]) -> Calibrated:
    """marked: anchor and levels, oldest first. Each grader meets the anchors in an order of their own. Pure."""
    anchors = sorted(rubric.anchors, key=lambda one: hashlib.sha256(f"{grader}\0{one.id}".encode()).digest())
    known = {one.id for one in anchors}
    rows = [(anchor, levels) for anchor, levels in marked if anchor in known]
    counts = Counter(anchor for anchor, _ in rows)
    rounds = min(counts[one.id] for one in anchors)
    whole: dict[str, Levels] = {}
    seen: Counter[str] = Counter()
    for anchor, levels in rows:
        seen[anchor] += 1
        if seen[anchor] == rounds:
            whole[anchor] = levels
    return Calibrated(
        rounds,
        sum(counts[one.id] > rounds for one in anchors),
        len(anchors),
        _kappa(rubric, whole) if rounds else None,
        next(one for one in anchors if counts[one.id] == rounds),
        dict(rows),
    )


def _kappa(rubric: Rubric, marked: Mapping[str, Levels]) -> float | None:
    return weighted_kappa(
        [
            (marked[anchor.id][criterion], mark.level)
            for anchor in rubric.anchors
            for criterion, mark in anchor.marks.items()
            if criterion in marked[anchor.id]
        ]
    )
