"""What is said against an instructor's notebook by reading it."""

from dataclasses import replace
from pathlib import Path

import nbformat
import pytest

from classroom.course import lint
from classroom.course.lint import Cell
from classroom.errors import CourseError

HIDDEN = """# 2 points: counts rows.
### BEGIN HIDDEN TESTS
from judge.kit import award, holds

secret_rows = list(range(0xABCDEF))
award(2 * holds("counts rows", lambda: count(secret_rows) == 0xABCDEF), 2, hint="Count again.")
### END HIDDEN TESTS"""
ANSWER = "def count(rows):\n    ### BEGIN SOLUTION\n    return sum(1 for row in rows)\n    ### END SOLUTION"


def make_cell(source: str, **changes: object) -> Cell:
    plain = Cell("a_cell", "code", source, None, False, False, False, 0.0, False)
    return replace(plain, **changes)  # type: ignore[arg-type]  # the changes are this file's own


def make_test(source: str = HIDDEN, points: float = 2.0) -> Cell:
    return make_cell(source, id="counts_rows", grade_id="counts_rows", grade=True, locked=True, points=points)


ANSWER_CELL = make_cell(ANSWER, id="count", grade_id="count", solution=True)


def test_a_good_pair_of_cells_draws_no_complaint() -> None:
    cells = [ANSWER_CELL, make_test()]

    assert lint.complaints_about_form(cells) + lint.complaints_about_tests(cells) == []


@pytest.mark.parametrize(
    ("source", "points", "complaint"),
    [
        (HIDDEN.replace("award(2 *", "dict(points=2 *").replace(", 2, hint", ", hint"), 2, "doesn't end in award"),
        (HIDDEN, 3, "award's second argument is 3"),
        (HIDDEN.replace('"Count again."', "str(secret_rows)"), 2, "hint isn't a literal"),
        (HIDDEN.replace("import award, holds", "import holds"), 2, "import award from judge.kit"),
        (HIDDEN.replace("# 2 points", "rows = 3\n# 2 points"), 2, "code outside its hidden part"),
        (HIDDEN.replace("HIDDEN", "VISIBLE"), 2, "has points and no hidden test"),
        (HIDDEN.replace("list(range", "list(shared_range"), 2, "borrows ['shared_range']"),
    ],
)
def test_a_weak_test_cell_is_complained_about(source: str, points: float, complaint: str) -> None:
    found = lint.complaints_about_tests([ANSWER_CELL, make_test(source, points)])

    assert any(complaint in text for text in found), found


def test_code_that_a_person_marks_may_be_tested_as_well() -> None:
    marked = replace(ANSWER_CELL, grade=True, points=8.0)

    assert marked.is_manual
    assert marked.is_answer
    assert lint.complaints_about_tests([marked, make_test()]) == []


def test_a_cell_that_needs_a_name_from_a_test_is_complained_about() -> None:
    user = make_cell("print(secret_rows)", id="user")

    assert "needs ['secret_rows'] from a test cell" in lint.complaints_about_tests([ANSWER_CELL, make_test(), user])[0]


def test_a_name_defined_twice_in_a_lesson_is_named_with_both_cells() -> None:
    first, second = make_cell("table = 1", id="first"), make_cell("table = 2", id="second")

    assert lint.complaints_about_lesson([first, second]) == [
        "the name 'table' is defined 2 times, in first, second; give each its own"
    ]


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"has_output": True}, "holds outputs"),
        ({"id": "3f2a9c1e"}, "missing or random"),
        ({"id": "b6a4e7c2-91d3-4c55-8a1f-0e9d7c6b5a43"}, "missing or random"),
        ({"source": " \n"}, "the cell is empty"),
        ({"source": "\n".join(f"x{n} = {n}" for n in range(26))}, "26 lines of code"),
    ],
)
def test_careless_form_is_complained_about(changes: dict[str, object], complaint: str) -> None:
    cell = replace(make_cell("x = 1"), **changes)  # type: ignore[arg-type]  # the changes are this table's

    assert complaint in lint.complaints_about_form([cell])[0]


@pytest.mark.parametrize(
    ("text", "complaints"),
    [
        ("A check costs $1.50,\nan error $12.", 1),
        (r"A check costs \$1.50, an error \$12.", 1),
        ("$1.50.\n\n$12.", 0),
        ("`$1.50` and $12", 0),
        ("The area is $x^2$.", 0),
    ],
)
def test_money_that_jupyterlab_would_set_as_a_formula_is_complained_about(text: str, complaints: int) -> None:
    cell = replace(make_cell(text), kind="markdown")

    assert len(lint.complaints_about_form([cell])) == complaints


def test_a_secret_line_in_the_release_is_found_and_a_visible_one_is_not() -> None:
    cells = [ANSWER_CELL, make_test()]

    assert lint.complaints_about_leaks(cells, {"ps1.ipynb": "def count(rows):\n    raise NotImplementedError()"}) == []
    leaked = lint.complaints_about_leaks(cells, {"ps1.ipynb": "x\n    return sum(1 for row in rows)\n"})
    assert len(leaked) == 1
    assert "return sum(1 for row in rows)" in leaked[0]


def test_the_hint_is_read_from_the_text() -> None:
    assert lint.hint_of(HIDDEN) == "Count again."
    assert lint.hint_of(HIDDEN.replace('"Count again."', "text")) is None


def test_a_cell_that_is_no_python_is_named(tmp_path: Path) -> None:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("def count(:", id="broken")])
    nbformat.write(notebook, tmp_path / "ps1.ipynb")

    with pytest.raises(CourseError, match=r"ps1.ipynb: broken, line 1"):
        lint.load_cells(tmp_path / "ps1.ipynb")
