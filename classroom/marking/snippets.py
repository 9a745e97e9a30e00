"""Comments that a grader uses again: learnt from what that grader wrote, most used first."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from classroom.db.tables import Grading
from classroom.rubric.store import Task

MOST = 9  # one for each digit
_GRADINGS = 400
_FEWEST = 2


@dataclass(frozen=True)
class Snippet:
    """One comment, and on how many pieces it was used."""

    text: str
    uses: int


def load_snippets(session: Session, task: Task, grader: str) -> Mapping[str, Sequence[Snippet]]:
    """By criterion, what this grader wrote on two pieces or more."""
    query = (
        select(Grading.student, Grading.comments)
        .where(Grading.course == task.course, Grading.assignment == task.assignment, Grading.task == task.task)
        .where(Grading.grader == grader)
        .order_by(Grading.id.desc())
        .limit(_GRADINGS)
    )
    return count_snippets([(student, comments) for student, comments in session.execute(query)])


def count_snippets(written: Sequence[tuple[str, Mapping[str, str]]]) -> Mapping[str, Sequence[Snippet]]:
    """written: student and comments by criterion, newest first. A piece that was marked again counts once."""
    seen = {(student, criterion, text) for student, comments in written for criterion, text in comments.items()}
    counts: dict[str, Counter[str]] = {}
    for _, criterion, text in sorted(seen):
        counts.setdefault(criterion, Counter())[text] += 1
    return {
        criterion: [Snippet(text, uses) for text, uses in counter.most_common(MOST) if uses >= _FEWEST]
        for criterion, counter in counts.items()
    }
