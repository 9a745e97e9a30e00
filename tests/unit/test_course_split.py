"""Tests that can't be split or that decide nothing are complained about, and their look-alikes are not."""

from pathlib import Path

import pytest

from classroom.course.lint import Cell, load_cells
from classroom.course.split import complaints_about_split

SOURCE = Path(__file__).resolve().parents[2] / "source"
ANSWER = '''
class Stack:
    pass

def double(x):
    """Twice x.

    >>> double(2)
    4
    """

def encode(x): pass
def decode(x): pass
def is_sorted(xs): pass
def sort(xs): pass
def score(data, y_true): pass
def model(): pass
'''
VISIBLE = "assert double(3) == 6"


def complaints(test: str, *, hidden: bool = True) -> list[str]:
    if hidden:
        test = f"### BEGIN HIDDEN TESTS\n{test}\n### END HIDDEN TESTS"
    return complaints_about_split(
        [
            Cell("answer", "code", ANSWER, "answer", False, True, False, 0.0, False),
            Cell("visible", "code", VISIBLE, "visible", True, False, True, 0.0, False),
            Cell("test", "code", test, "test", True, False, True, 1.0, False),
        ]
    )


# Each kind: what must be flagged, words of the complaint with its line, and a look-alike that mustn't be.
KINDS = {
    "patch": (
        "from unittest.mock import patch\nwith patch('time.sleep'):\n    assert double(9) == 18",
        "line 3: patches patch: it changes the test's process only; use push",
        "assert http(model).patch('/x').status == 200 and double(9) == 18",
    ),
    "set in a module": (
        "import random\nrandom.random = lambda: 0.5\nassert double(9) == 18",
        "line 3: sets random.random: it changes the test's process only",
        "stack = Stack()\nstack.size = 2\nassert stack.size == 2",
    ),
    "trace": (
        "import sys\nsys.settrace(print)\nassert double(9) == 18",
        "line 3: calls settrace: it watches the test's process only",
        "trace = double(9)\nassert trace == 18",
    ),
    "tracemalloc": (
        "import tracemalloc\nassert double(9) == 18",
        "line 2: uses tracemalloc",
        "import numpy\nassert double(9) == 18",
    ),
    "IPython": (
        "assert 'x' in get_ipython().user_ns",
        "line 2: uses get_ipython: a test has no IPython",
        "assert 'for' not in student_source('double')",
    ),
    "history": (
        "assert 'def' in In[1]",
        "line 2: uses In: a test has no history; student_source(name) gives the text",
        "In = [9]\nassert double(In[0]) == 18",
    ),
    "globals": (
        "assert 'double' in globals()",
        "line 2: uses globals: a test's globals aren't the student's",
        "assert callable(double)",
    ),
    "magic": (
        "x = 1\n%matplotlib inline\nassert double(9) == 18",
        "line 3: %matplotlib inline: a test has no magics",
        "text = '''\n% of rows'''\nassert double(9) == 18",
    ),
    "speed": (
        "import time\nstart = time.perf_counter()\ndouble(9)\nelapsed = time.perf_counter() - start\n"
        "assert elapsed < 0.1",
        "line 6: asks for speed: the time holds the way between two processes",
        "import time\nstart = time.perf_counter()\nspeed = double(9)\nelapsed = time.perf_counter() - start\n"
        "assert 0 < 9 / speed <= elapsed",
    ),
    "timeit": (
        "import timeit\nassert timeit.timeit(lambda: double(9)) < 1",
        "line 3: times with timeit",
        "times = [1, 2]\nassert double(9) == 18",
    ),
    "a student's file": (
        "assert open('out.csv').read() == 'a'",
        "line 2: reads 'out.csv' from a folder that isn't the student's; take student_file('out.csv')",
        "import io\nimport pandas as pd\nassert len(pd.read_csv(io.BytesIO(student_file('out.csv')))) == 1",
    ),
    "a student's table": (
        "import pandas as pd\nfrom pathlib import Path\nassert len(pd.read_csv(Path('out.csv'))) == 1",
        "line 4: reads 'out.csv'",
        "import pandas as pd\nassert double(len(pd.read_csv('../data/cards_raw.csv'))) == 18720",
    ),
    "the student judges": (
        "assert is_sorted(sort([3, 1]))",
        "line 2: is_sorted judges what the student's own code made; compare that with a value of the test",
        "assert is_sorted([1, 3]) and not is_sorted([3, 1])",
    ),
    "the student judges in a check": (
        "made = sort([3, 1])\naward(holds('sorted', lambda: is_sorted(made)), 1)",
        "line 3: is_sorted judges",
        "made = sort([3, 1])\naward(holds('sorted', lambda: made == [1, 3]), 1)",
    ),
    "there and back": (
        "assert decode(encode([7])) == [7]",
        "line 2: decode can remember what encode was given",
        "assert decode(encode([7])) == [14] and sort(sort([2, 1])) == [1, 2]",
    ),
    "the answer is handed over": (
        "expected = [1, 3]\nassert score([3, 1], expected) == expected",
        "line 3: hands expected to the student's code",
        "expected = [1, 3]\nassert sort([3, 1]) == expected",
    ),
    "labels are handed over": (
        "y_test = [0, 1]\nfitted = model()\nfitted.fit([[0], [1]], y_test)\n"
        "assert fitted.predict([[0], [1]]) == y_test",
        "line 4: hands y_test to the student's code",
        "y_true = [0, 1]\nassert score([0, 1], y_true) == 1.0",
    ),
    "only a remote verdict": (
        "assert Stack() == Stack()",
        "line 2: only the student's own __eq__ or order decides",
        "assert Stack() == Stack() and Stack().items == []",
    ),
    "visible inputs only": (
        "assert double(3) == 6 and double(2) == 4",
        "line 1: its hidden part asks only what students can see",
        "assert double(3) == 6 and double(-7.5) == -15",
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_complained_about_with_its_line_and_the_way_to_write_it(kind: str) -> None:
    flagged, complaint, _ = KINDS[kind]

    found = complaints(flagged)

    assert len(found) == 1, found
    assert f"test, {complaint}" in found[0]


@pytest.mark.parametrize("kind", KINDS)
def test_its_look_alike_is_not(kind: str) -> None:
    assert complaints(KINDS[kind][2]) == []


@pytest.mark.parametrize("path", sorted(SOURCE.glob("*/*.ipynb")), ids=lambda path: path.stem)
def test_the_course_has_none(path: Path) -> None:
    assert complaints_about_split(load_cells(path)) == []
