import datetime as dt
from collections.abc import Iterator

import pytest
from sqlalchemy.orm import Session

from classroom.db.engine import Database
from classroom.db.tables import Base, Grading
from classroom.errors import Refused
from classroom.ids import AssignmentId, CourseId, GradeId, NotebookId, StudentId
from classroom.rubric.models import Criterion, Gate, Hundredths, Level, Marking, Rubric
from classroom.rubric.store import Piece, Task, append_grading, load_gradings, load_history, project, rounds_of

LEVELS = tuple(Level(value, f"words of {value}") for value in (4, 3, 2, 1))
RUBRIC = Rubric(
    task=GradeId("report"),
    title="Report",
    points=Hundredths(600),
    criteria=tuple(
        Criterion(name, name.title(), Hundredths(weight), LEVELS, "notes", "hint")
        for name, weight in (("cause", 400), ("words", 200))
    ),
    gates=(Gate("leak", "The split leaks.", Hundredths(300)),),
    anchors=(),
    digest="a" * 64,
)
TASK = Task(CourseId("c"), AssignmentId("01_data"), NotebookId("exercises"), GradeId("report"))
NOON = dt.datetime(2026, 11, 2, 12, tzinfo=dt.UTC)


@pytest.fixture
def session(database_url: str) -> Iterator[Session]:
    database = Database(database_url)
    Base.metadata.create_all(database.engine)
    with database.session() as opened:
        yield opened
    database.dispose()


def mark(session: Session, student: str, grader: str, level: int) -> Grading:
    marking = Marking({"cause": level, "words": level}, comments={"cause": " Say why. ", "words": "  "})
    piece = Piece(TASK, StudentId(student), 1)
    return append_grading(session, piece, marking, rubric=RUBRIC, grader=grader, at=NOON)


def test_a_grading_keeps_levels_comments_grader_time_and_the_rubric_s_digest(session: Session) -> None:
    row = mark(session, "ada", "grader", 3)

    assert row.levels == {"cause": 3, "words": 3}
    assert row.comments == {"cause": "Say why."}
    assert (row.grader, row.at, row.rubric, row.attempt) == ("grader", NOON, "a" * 64, 1)


def test_grading_again_appends_and_the_newest_of_each_grader_is_its_word(session: Session) -> None:
    mark(session, "ada", "grader", 1)
    other = mark(session, "ada", "second", 2)
    again = mark(session, "ada", "grader", 4)
    bob = mark(session, "bob", "grader", 0)

    assert [row.id for row in load_gradings(session, TASK)] == [other.id, again.id, bob.id]
    assert len(load_history(session, TASK, StudentId("ada"))) == 3


def test_the_newest_grading_counts(session: Session) -> None:
    mark(session, "ada", "second", 2)
    newest = mark(session, "ada", "grader", 4)

    assert {number: row.id for number, row in rounds_of(load_gradings(session, TASK)).items()} == {1: newest.id}


def test_a_marking_that_does_not_fit_is_refused_and_not_kept(session: Session) -> None:
    with pytest.raises(Refused):
        append_grading(
            session, Piece(TASK, StudentId("ada"), 1), Marking({"x": 1}), rubric=RUBRIC, grader="grader", at=NOON
        )

    assert load_gradings(session, TASK) == []


def test_the_gradebook_gets_the_points_and_all_comments(session: Session) -> None:
    projection = project(RUBRIC, Marking({"cause": 4, "words": 1}, comments={"words": "Name the number."}))

    assert projection.points == 4.5  # 4 * 4/4 + 2 * 1/4
    assert projection.comment == "Cause: exemplary, 4 of 4.\nWords: beginning, 0.5 of 2. Name the number."


def test_a_gate_that_caps_is_told_in_the_comment() -> None:
    projection = project(RUBRIC, Marking({"cause": 4, "words": 4}, gates=("leak",)))

    assert projection.points == 3.0
    assert projection.comment.endswith("At most 3 points: The split leaks.")
