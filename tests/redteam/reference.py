"""The assignment that is attacked: eight tasks with hidden tests, an honest answer and a lazy one.

Canaries are words that stand in hidden places only. A canary that a student can read is a leak, and its name says
from where: the text of a test, an argument that a test hands over, a value that it expects, a solution.
"""

import hashlib
import json
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from nbformat import NotebookNode, v4

NOTEBOOK = "ps1"
ASSIGNMENT = "ps1"


def canary(name: str) -> str:
    """A word of lower-case letters and digits that survives lower(), split() and most formatting."""
    return "cn" + name.replace("_", "") + hashlib.sha256(f"redteam/{name}".encode()).hexdigest()[:12]


@dataclass(frozen=True)
class Task:
    """One solution cell and its hidden test. signature: the line that a lazy student leaves as it is."""

    name: str
    points: int
    signature: str
    answer: str
    test: str

    @property
    def test_id(self) -> str:
        return f"test_{self.name}"

    @property
    def canaries(self) -> tuple[str, ...]:
        return tuple(canary(f"{self.name}_{kind}") for kind in ("text", "argument", "expected"))

    @property
    def solution(self) -> str:
        """The instructor's cell."""
        return self._body(f"### BEGIN SOLUTION\n# {canary('solution')}\n{self.answer}\n### END SOLUTION")

    @property
    def honest(self) -> str:
        return self._body(self.answer)

    @property
    def lazy(self) -> str:
        return self._body("raise NotImplementedError")

    @property
    def hidden(self) -> str:
        """The instructor's test cell."""
        marked = f"### BEGIN HIDDEN TESTS\n# {self.canaries[0]}\n{self._filled(self.test)}\n### END HIDDEN TESTS"
        return f"{self.visible}\n{marked}"

    @property
    def visible(self) -> str:
        """What is left of the test cell in a student's notebook."""
        return f"# {self.points} points: {self.name} does what its task says. scale([2, 6, 4]) is [0, 1, 0.5]."

    def _filled(self, text: str) -> str:
        text = text.replace("EXPECTED", self.canaries[2])
        # In two halves: a traceback, which shows source, holds no whole argument; only the value does.
        text = text.replace("ARGUMENT", f'{self.canaries[1][:-6]}" "{self.canaries[1][-6:]}')
        return text.strip("\n")

    def _body(self, text: str) -> str:
        return f"{self.signature}\n{textwrap.indent(text, '    ')}" if self.signature else text


TASKS = (
    Task(
        "count_words",
        2,
        "def count_words(text):",
        "counts = {}\nfor word in text.lower().split():\n    counts[word] = counts.get(word, 0) + 1\nreturn counts",
        """
assert count_words("Pear apple pear ARGUMENT") == {"pear": 2, "apple": 1, "ARGUMENT": 1}, "EXPECTED"
assert count_words("") == {}
""",
    ),
    Task(
        "label_numbers",
        2,
        "def label_numbers(numbers, label):",
        "return [label if number % 3 == 0 else str(number) for number in numbers]",
        """
numbers = [7, 9, 11]
labelled = label_numbers(numbers, "ARGUMENT")
assert labelled == ["ARGUMENT" if number % 3 == 0 else str(number) for number in numbers], "EXPECTED"
assert label_numbers([], "ARGUMENT") == []
""",
    ),
    Task(
        "scale",
        2,
        "def scale(values):",
        "values = np.asarray(values, dtype=float)\nreturn (values - values.min()) / (values.max() - values.min())",
        # np and is_close are bound by locked cells: the tests' own, whatever a student binds to these names.
        """
np.testing.assert_allclose(scale(np.array([2.0, 6.0, 4.0])), [0.0, 1.0, 0.5], err_msg="EXPECTED")
assert is_close(scale(np.array([-3.0, 13.0, 1.0])), [0.0, 1.0, 0.25])
""",
    ),
    Task(
        "read_prices",
        2,
        "def read_prices(frame):",
        'return frame.assign(price=frame["price"].str.replace("$", "", regex=False).astype(float))',
        """
import pandas as pd

told = pd.DataFrame({"card": ["ARGUMENT", "b"], "price": ["$1.50", "20"]})
wanted = pd.DataFrame({"card": ["ARGUMENT", "b"], "price": [1.5, 20.0]})
pd.testing.assert_frame_equal(read_prices(told), wanted, obj="EXPECTED")
""",
    ),
    Task(
        "mean_by_kind",
        3,
        "def mean_by_kind(frame):",
        'return frame.groupby("kind")["price"].mean()',
        """
import numpy as np
import pandas as pd
from judge.kit import award, holds

cards = pd.DataFrame({"kind": ["ARGUMENT", "x", "x", "y"], "price": [1.0, 2.0, 4.0, 7.0]})


def has_means():
    means = mean_by_kind(cards.copy())
    return all(abs(means[kind] - mean) < 1e-9 for kind, mean in {"ARGUMENT": 1.0, "x": 3.0, "y": 7.0}.items())


def has_rows_of_kinds():
    return sorted(mean_by_kind(cards.copy()).index) == sorted(["ARGUMENT", "x", "y"])


points = 2 * holds("the means are right", has_means)
points += holds("one row a kind", has_rows_of_kinds)
unused = "EXPECTED"
award(points, 3, hint="Group first, then take the mean.")
""",
    ),
    Task(
        "is_prime",
        2,
        "def is_prime(number):",
        "return number > 1 and all(number % d for d in range(2, int(number**0.5) + 1))",
        """
assert is_prime(7919), "EXPECTED"
assert not is_prime(7917)
assert [n for n in range(20) if is_prime(n)] == [2, 3, 5, 7, 11, 13, 17, 19], "ARGUMENT"
""",
    ),
    Task(
        "account",
        2,
        "class Account:",
        textwrap.dedent(
            """\
            def __init__(self, owner):
                self.owner = owner
                self.balance = 0

            def deposit(self, amount):
                self.balance += amount

            def withdraw(self, amount):
                if amount > self.balance:
                    raise ValueError("there is not that much")
                self.balance -= amount"""
        ),
        """
account = Account("ARGUMENT")
account.deposit(30)
account.withdraw(10)
assert account.balance == 20, "EXPECTED"
try:
    account.withdraw(21)
except ValueError:
    refused = True
else:
    refused = False
assert refused
""",
    ),
    Task(
        "totals",
        3,
        "",
        'totals = sales.groupby("day")["sold"].sum()',
        """
import pandas as pd
from judge.kit import award, holds


def is_series_of_days():
    return list(totals.index) == ["Fri", "Mon"]


def has_sums():
    return totals.equals(pd.Series([11, 5], index=["Fri", "Mon"]))


points = holds("one total a day", is_series_of_days)
points += 2 * holds("the totals are right", has_sums)
unused = ("ARGUMENT", "EXPECTED")
award(points, 3, hint="Sum by day.")
""",
    ),
)

POINTS = float(sum(task.points for task in TASKS))
SETUP = """\
import numpy as np
import pandas as pd

sales = pd.DataFrame({"day": ["Mon", "Fri", "Mon", "Fri"], "sold": [2, 4, 3, 7]})"""
# A helper that tests use. It stands on a name of the first locked cell, as helpers do.
HELPERS = """\
def is_close(got, wanted):
    return bool(np.all(np.abs(np.asarray(got, dtype=float) - np.asarray(wanted)) < 1e-9))"""
HIDDEN_CANARIES = frozenset(word for task in TASKS for word in task.canaries)
SOLUTION_CANARY = canary("solution")
OTHER_CANARY = canary("other_student")
TOKEN_CANARY = canary("grader_token")
CANARIES = HIDDEN_CANARIES | {SOLUTION_CANARY, OTHER_CANARY, TOKEN_CANARY}


def source_notebook() -> NotebookNode:
    """The instructor's notebook, with solutions and hidden tests."""
    return _notebook([task.solution for task in TASKS], [task.hidden for task in TASKS])


def honest_notebook() -> NotebookNode:
    return _notebook([task.honest for task in TASKS], [task.visible for task in TASKS])


def lazy_notebook() -> NotebookNode:
    """A student's notebook as it was released."""
    return _notebook([task.lazy for task in TASKS], [task.visible for task in TASKS])


def to_bytes(notebook: NotebookNode) -> bytes:
    return json.dumps(notebook, ensure_ascii=True).encode()


def _notebook(solutions: Sequence[str], tests: Sequence[str]) -> NotebookNode:
    cells = [
        v4.new_markdown_cell("# Problem set 1\n\nEight small tasks.", id="title"),
        _graded(v4.new_code_cell, "setup", SETUP, locked=True),
        _graded(v4.new_code_cell, "helpers", HELPERS, locked=True),
    ]
    for task, solution, test in zip(TASKS, solutions, tests, strict=True):
        cells.append(_graded(v4.new_code_cell, task.name, solution, solution=True))
        cells.append(_graded(v4.new_code_cell, task.test_id, test, grade=True, locked=True, points=task.points))
    written = _graded(v4.new_markdown_cell, "reflection", "What did you learn?", grade=True, solution=True, points=0)
    notebook: NotebookNode = v4.new_notebook(cells=[*cells, written])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook.metadata["language_info"] = {"name": "python"}
    return notebook


def _graded(make: Callable[..., NotebookNode], grade_id: str, source: str, **facts: Any) -> NotebookNode:
    kind = "markdown" if make is v4.new_markdown_cell else "code"
    nbgrader = {"grade": False, "solution": False, "task": False, "locked": False, "schema_version": 3}
    nbgrader |= {"grade_id": grade_id, "cell_type": kind} | facts
    cell: NotebookNode = make(source, id=grade_id.replace("_", "-"), metadata={"nbgrader": nbgrader})
    return cell
