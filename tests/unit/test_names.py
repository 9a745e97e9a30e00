"""Names that cells bind and need."""

import pytest

from judge.names import affected_cells, bound_names, needed_names, required_cells


@pytest.mark.parametrize(
    ("source", "bound"),
    [
        ("x = 1\ny: int = 2", ["x", "y"]),
        ("a, (b, *c) = 1, (2, 3)", ["a", "b", "c"]),
        ("import os.path\nfrom json import loads as read", ["os", "read"]),
        ("def f(x):\n    inner = x\n    return inner", ["f"]),
        ("class C:\n    field = 1", ["C"]),
        ("for i in range(3):\n    total = i", ["i", "total"]),
        ("squares = [n * n for n in range(3)]", ["squares"]),
        ("with open('f') as handle:\n    text = handle.read()", ["handle", "text"]),
        ("if True:\n    import json\n    def g(): pass", ["json", "g"]),
        ("table['column'] = 1\nobject.name = 2", []),
        ("x = 1\nx = 2", ["x", "x"]),
        ("count += 1", ["count"]),
        ("%matplotlib inline\n!ls\nz = 1", ["z"]),
        ("%%bash\nls -l", []),
    ],
)
def test_bound_names_are_those_of_the_top_level(source: str, bound: list[str]) -> None:
    assert bound_names(source) == bound


@pytest.mark.parametrize(
    ("source", "needed"),
    [
        ("print(len(cards))", {"cards"}),
        ("def f(x):\n    return x + rate", {"rate"}),
        ("from kit import award\naward(check(1), 2)", {"check"}),
        ("try:\n    pass\nexcept ValueError as error:\n    print(error)", set()),
        ("[n + k for n in rows]", {"k", "rows"}),
        ("lambda row: row + shift", {"shift"}),
    ],
)
def test_needed_names_are_loaded_and_bound_nowhere_in_the_cell(source: str, needed: set[str]) -> None:
    assert needed_names(source) == needed


def test_a_change_reaches_cells_through_names_of_names() -> None:
    cells = [("a", "def a(): pass"), ("b", "b = a()"), ("c", "print(b)"), ("d", "print('else')")]

    assert affected_cells(cells, "a") == {"a", "b", "c"}
    assert affected_cells(cells, "d") == {"d"}


def test_required_cells_are_those_that_bind_what_is_needed() -> None:
    cells = [("lib", "import math"), ("a", "def a(): return math.pi"), ("b", "b = 1"), ("t", "print(a())")]

    assert required_cells(cells, {"t"}) == {"lib", "a", "t"}
    assert required_cells(cells, {"b"}) == {"b"}
