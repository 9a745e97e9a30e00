"""What a dry run would change, cell by cell."""

import pytest

from classroom.corrections import Cell
from classroom.grading.comparison import CellChange, StudentChange, as_json, compare
from classroom.ids import AssignmentId, GradeId, NotebookId, StudentId
from classroom.ops.dry_run import shown

A, B = (NotebookId("nb"), GradeId("a")), (NotebookId("nb"), GradeId("b"))


def change(student: str, before: float | None, after: float | None, *cells: CellChange) -> StudentChange:
    return StudentChange(StudentId(student), "ok", before, after, cells)


@pytest.mark.parametrize(
    ("before", "after", "changes"),
    [
        ({A: 1.0, B: 2.0}, {A: 1.0, B: 2.0}, ()),
        ({A: 1.0, B: 2.0}, {A: 1.0, B: 0.5}, (CellChange(*B, 2.0, 0.5),)),
        ({A: 0.0}, {A: 0.0, B: 0.0}, (CellChange(*B, None, 0.0),)),
        ({A: 1.0, B: 0.0}, {A: 1.0}, (CellChange(*B, 0.0, None),)),
    ],
    ids=["same", "lower", "new-cell", "gone-cell"],
)
def test_only_cells_that_differ_are_told(
    before: dict[Cell, float], after: dict[Cell, float], changes: tuple[CellChange, ...]
) -> None:
    assert compare(before, after) == changes


def test_the_lines_tell_sums_cells_and_what_could_not_be_graded() -> None:
    changes = [
        change("ada", 6, 4.5, CellChange(*A, 2, 0.5)),
        change("bob", None, 3),
        change("zacharias", 2, 2),
        change("cem", 1, None),
    ]

    assert shown(changes).splitlines() == [
        "ada        6 -> 4.5: a 2 -> 0.5",
        "bob        none -> 3",
        "zacharias  2",
        "cem        1: could not be graded",
        "2 of 4 would change. Nothing was recorded.",
    ]
    assert shown([]) == "0 of 0 would change. Nothing was recorded."


def test_a_program_gets_one_object() -> None:
    told = as_json(AssignmentId("ps1"), 7, [change("ada", 2, 0.5, CellChange(*A, 2, 0.5))])

    assert told == {
        "assignment": "ps1",
        "run": 7,
        "changed": 1,
        "students": [
            {
                "student": "ada",
                "status": "ok",
                "before": 2,
                "after": 0.5,
                "cells": [{"notebook": "nb", "grade_id": "a", "before": 2, "after": 0.5}],
            }
        ],
    }
