"""What test cells call: award, holds, inplace; in a plain kernel, and read as nbgrader reads it."""

import logging
import os
import sys
import warnings

import numpy as np
import pytest
from nbformat.v4 import new_code_cell, new_output
from nbgrader.utils import determine_grade

from judge.kit import award, holds, inplace


@pytest.mark.parametrize(
    ("points", "wanted"),
    [(0, 0.0), (2, 2.0), (1.5, 1.5), (5, 2.0), (-1, 0.0), (float("nan"), 0.0), (float("inf"), 0.0), (True, 1.0)],
    ids=str,
)
def test_award_gives_a_python_float_within_the_points_of_its_cell(points: float, wanted: float) -> None:
    got = award(points, 2)

    assert (got, type(got)) == (wanted, float)


def test_award_turns_numpy_numbers_into_what_nbgrader_can_read() -> None:
    assert repr(award(np.float64(1.5), 2)) == "1.5"


def test_award_refuses_what_is_the_courses_fault() -> None:
    with pytest.raises(ValueError, match="max_points"):
        award(1, 0)
    with pytest.raises(TypeError, match="text"):
        award("2", 2)  # type: ignore[arg-type]  # what an author may write by mistake


@pytest.mark.parametrize("points", [0, 0.5, 2, -3, float("nan"), float("inf"), 99])
def test_nbgrader_reads_the_same_score_from_a_cell_that_ends_in_award(points: float) -> None:
    score = award(points, 2)
    output = new_output("execute_result", {"text/plain": repr(score)})
    grading = {"grade": True, "solution": False, "points": 2, "grade_id": "t", "locked": True, "schema_version": 3}
    cell = new_code_cell("award(...)", outputs=[output], metadata={"nbgrader": grading})

    assert determine_grade(cell) == (score, 2.0)


def test_holds_prints_the_public_name_and_nothing_of_what_student_code_says(capfd: pytest.CaptureFixture[str]) -> None:
    def noisy() -> bool:
        print("to stdout")
        print("to stderr", file=sys.stderr)
        os.write(2, b"to the descriptor")
        warnings.warn("a warning", stacklevel=1)
        logging.getLogger().error("a log line")
        return True

    kept = holds("rows stay whole", noisy)

    out, err = capfd.readouterr()
    assert (kept, out, err) == (True, "rows stay whole: yes\n", "")


@pytest.mark.parametrize("error", [ValueError("no"), SystemExit(0), AssertionError()], ids=repr)
def test_an_error_in_a_check_means_no(error: BaseException, capsys: pytest.CaptureFixture[str]) -> None:
    def fails() -> bool:
        raise error

    assert holds("it works", fails) is False
    assert capsys.readouterr().out == "it works: no\n"


def test_inplace_is_an_ordinary_call_in_a_plain_kernel() -> None:
    numbers = [3, 1, 2]

    assert inplace(list.sort, numbers) is None
    assert numbers == [1, 2, 3]
