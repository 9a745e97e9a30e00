"""Tests share a copy of the student's process only where nobody can tell the moments apart."""

import contextlib
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judge.park import Park, only_adds, plan_parks, released, value_names
from judge.plan import PlanCell


def student(name: str, source: str) -> PlanCell:
    return PlanCell(name, "student", source)


def locked(name: str, source: str) -> PlanCell:
    return PlanCell(name, "locked", source)


def asks(name: str, *functions: str) -> PlanCell:
    """A test that calls these functions in its hidden part."""
    calls = "\n".join(f"assert {function}(1) == 1" for function in functions)
    return PlanCell(name, "test", f"# 1 point\n### BEGIN HIDDEN TESTS\n{calls}\n### END HIDDEN TESTS", 1.0)


def test_a_function_a_cell_needs_one_copy_for_all_tests() -> None:
    cells = [
        student("one", "def f(x):\n    return x"),
        asks("test_one", "f"),
        student("two", "LIMIT = 3\ndef g(x, most=3):\n    return x"),
        asks("test_two", "g"),
        student(
            "three",
            "class Box:\n    '''A box.'''\n    size = 1\n    def put(self, x: int) -> None:\n        self.x = x",
        ),
        asks("test_three", "Box"),
    ]

    assert plan_parks(cells) == [Park(6, ("test_one", "test_two", "test_three"))]


@pytest.mark.parametrize(
    "between",
    [
        pytest.param("y = f(2)", id="a call"),
        pytest.param("def f(x): return 2", id="a name that was there"),
        pytest.param("def helper(): return 2", id="a name that an earlier cell mentions"),
        pytest.param("print = None", id="a builtin"),
        pytest.param("@f\ndef g(): pass", id="a decorator"),
        pytest.param("def g(x=f(1)): pass", id="a computed default"),
        pytest.param("def g(x: f(1)): pass", id="a computed annotation"),
        pytest.param("class G(Base): pass", id="a base"),
        pytest.param("class G(metaclass=f): pass", id="a metaclass"),
        pytest.param("class G:\n    f(1)", id="a call in a class"),
        pytest.param("import antigravity", id="an import with an effect"),
        pytest.param("from math import *", id="all names of a module"),
        pytest.param("from . import x", id="a relative import"),
        pytest.param("x.y = 1", id="an attribute"),
        pytest.param("x[0] = 1", id="an item"),
        pytest.param("a, b = 1, 2", id="unpacking"),
        pytest.param("G = {[]: 1}", id="a dict that fails"),
        pytest.param("G = -'a'", id="a constant that fails"),
        pytest.param("%matplotlib inline", id="a magic"),
        pytest.param("!ls", id="a command"),
        pytest.param("def g(:", id="no Python"),
        pytest.param("_ = 3", id="the last value's name"),
        pytest.param("__name__ = 'x'", id="a name of Python's"),
        pytest.param("'shown'", id="a value that is shown"),
        pytest.param("del f", id="a name that goes"),
        pytest.param("(" * 300 + ")" * 300, id="nested beyond reading"),
    ],
)
def test_a_cell_that_may_do_something_is_not_passed(between: str) -> None:
    cells = [
        student("one", "seen = []\ndef f(x):\n    return helper(seen)"),
        asks("test_one", "f"),
        student("between", between),
        asks("test_two", "f"),
    ]

    assert [park.before for park in plan_parks(cells)] == [2, 4]


@pytest.mark.parametrize("word", ["globals()", "exec(text)", "sys._getframe()", "get_ipython()", "import __main__"])
def test_nothing_is_put_off_where_earlier_text_can_look_around(word: str) -> None:
    assert not only_adds("def g(): pass", {"f", *word.replace("(", " ").replace(")", " ").replace(".", " ").split()})


def test_a_name_in_a_comment_or_a_string_counts_as_mentioned() -> None:
    cells = [
        student("one", "seen = []\ndef f(x):\n    return seen  # not 'later'"),
        asks("t", "f"),
        student("two", "later = 1"),
    ]

    assert plan_parks(cells) == [Park(2, ("t",))]


def test_imports_of_what_is_there_are_passed() -> None:
    assert only_adds("import pandas as pd\nfrom pandas import Series\nimport re", set(), {"pandas"})
    assert not only_adds("import pandas as pd", set(), {"numpy"})


def test_text_cells_and_tests_in_a_row_need_no_further_copy() -> None:
    cells = [student("one", "f = g = print"), asks("a", "f"), PlanCell("text", "markdown", "Now."), asks("b", "g")]

    assert plan_parks(cells) == [Park(4, ("a", "b"))]


def test_a_test_that_reads_public_values_needs_no_process() -> None:
    test = PlanCell("t", "test", "assert len(rows) == 3\n### BEGIN HIDDEN TESTS\nassert rows[0] == 1", 1.0)
    cells = [locked("i", "import math"), student("one", "rows = make()"), test, student("two", "rows = []")]

    assert plan_parks(cells) == [Park(3, ("t",), ("rows",))]


@pytest.mark.parametrize(
    "source",
    [
        pytest.param(
            "### BEGIN HIDDEN TESTS\nassert rows == 1\n### END HIDDEN TESTS", id="a name in the hidden part alone"
        ),
        pytest.param(
            "assert rows\n### BEGIN HIDDEN TESTS\nassert limit > 1\n### END HIDDEN TESTS", id="one of two hidden"
        ),
        pytest.param("assert rows(1) == 1", id="a call"),
        pytest.param("assert rows\nfrom judge.kit import push\npush(rows=1)", id="a helper that asks"),
        pytest.param("assert rows\nfrom judge import kit\nkit.student_file('x')", id="a helper by attribute"),
        pytest.param("assert rows(", id="no Python"),
    ],
)
def test_other_tests_need_a_process(source: str) -> None:
    assert value_names(source, ()) is None


def test_the_judges_own_names_are_not_asked_for() -> None:
    first = PlanCell("first", "test", "want = 3\nassert got == want", 1.0)
    second = PlanCell("second", "test", "assert got == want and SCALE", 1.0)
    cells = [locked("constants", "SCALE = 2"), student("one", "got = 1 + 2"), first, student("two", "got + 1"), second]

    assert [park.names for park in plan_parks(cells)] == [("got",), ("got",)]


def test_a_locked_cell_with_a_students_name_is_not_the_judges() -> None:
    cells = [
        student("one", "def f(): return 3"),
        locked("use", "got = f()"),
        PlanCell("t", "test", "assert got == 3", 1.0),
    ]

    assert plan_parks(cells) == [Park(3, ("t",), ("got",))]


def test_values_join_the_copy_that_another_test_needs() -> None:
    cells = [student("one", "rows = [1]"), PlanCell("v", "test", "assert rows", 1.0), asks("c", "f")]

    assert plan_parks(cells) == [Park(3, ("v", "c"))]


def test_the_released_part_ends_where_hidden_tests_begin() -> None:
    text = "a = 1\n### BEGIN HIDDEN TESTS\nb = 2\n### END HIDDEN TESTS\nc = 3"

    assert released(text) == "a = 1\nc = 3"
    assert released("a\n### BEGIN HIDDEN TESTS\nb") == "a"


SOURCES = [
    "def f(x): return x", "def f(x): return x + 1", "def g(x): return f(x)", "def f(x): return h(x)",
    "def f(x): return k", "def f(x): return len(p)", "def f(x, y=n): return y", "def f(x): return C.k",
    "def f(x, seen=[]):\n    seen.append(x)\n    return len(seen)", "def f(x):\n    f.k = x\n    return f.k",
    "def f(x): return f.k", "def h(x): return k", "def h(x):\n    global k\n    k = 8", "def len(x): return 7",
    "k = 3", "k = k2 = [1, (2,)]", "k = lambda: 3", "n = len('abc')", "p = 'abc'", "p = (1, 2)", "n += 1", "del k",
    "m = [k := 5 for _ in (1, 2)]", "import math", "import math as f", "if n: k = 4", "for k in range(2): s = k",
    "try:\n    1 / 0\nexcept Exception as k:\n    1", "class C:\n    k = 1", "C.k = 2", "k.append(1)", "f(3)", "g(2)",
    "h(1)", "f.__defaults__ = (1,)", "globals()['k'] = 9", "",
]  # fmt: skip
CELLS = st.lists(
    st.one_of(st.sampled_from(SOURCES).map(lambda text: ("student", text)), st.just(("test", "assert f(1) == 1"))),
    max_size=9,
)


def answer_after(cells: list[PlanCell]) -> str:
    """What f(1) gives, or how it fails, once these cells have run."""
    names: dict[str, Any] = {}
    for cell in cells:
        if cell.role == "student":
            with contextlib.suppress(Exception):
                exec(cell.source, names)
    try:
        return re.sub("0x[0-9a-f]+", "", repr(eval("f(1)", names)))
    except Exception as error:  # noqa: BLE001 - any error is an answer
        return type(error).__name__


@given(CELLS)
@settings(max_examples=300, deadline=None)
def test_a_function_answers_at_its_park_as_at_its_place(pairs: list[tuple[Any, str]]) -> None:
    cells = [PlanCell(f"cell{number}", role, text, 1.0) for number, (role, text) in enumerate(pairs)]

    parks = plan_parks(cells)

    assert sorted(test for park in parks for test in park.tests) == [cell.id for cell in cells if cell.role == "test"]
    assert [park.before for park in parks] == sorted({park.before for park in parks})
    for park in parks:
        for test in park.tests:
            place = int(test.removeprefix("cell"))
            assert place < park.before
            assert answer_after(cells[: park.before]) == answer_after(cells[:place])
