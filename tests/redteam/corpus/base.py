"""What an attack is, and how its submission is made from the lazy notebook."""

import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from nbformat import NotebookNode, v4

from tests.redteam.reference import NOTEBOOK, TASKS, lazy_notebook, to_bytes

# a: tampering with tests, b: leaking, c: files and documents, d: exhaustion, e: network, persistence, the next student
Kind = Literal["a", "b", "c", "d", "e"]
Expected = Literal["points_of_lazy", "no_canary", "no_harm", "ends"]


@dataclass(frozen=True)
class Link:
    """A symbolic link in a submission's folder."""

    target: str


@dataclass(frozen=True)
class Pipe:
    """A FIFO in a submission's folder: whoever opens it for reading waits for ever."""


Entry = bytes | Link | Pipe
Submission = dict[str, Entry]


@dataclass(frozen=True)
class Ground:
    """What an attacker knows of the place: the folders, a listener's port, and the mark that proves an effect.

    course: holds source/, submitted/ and gradebook.db. home, site, tmp: the grader's own. All of them are made for
    the attacks, below one temporary folder `root`. top: the process that grades; attacks on what runs above them end
    there, because what started it is not ours to touch. mark: shorter than 15 characters, so it fits a process' name.
    """

    root: str
    port: int
    mark: str
    top: int

    @property
    def prelude(self) -> str:
        """Python that each hostile cell begins with. `harm` proves an effect that the student can see."""
        facts = {"@ROOT": repr(self.root), "@PORT": str(self.port), "@MARK": repr(self.mark), "@TOP": str(self.top)}
        text = PRELUDE
        for word, fact in facts.items():
            text = text.replace(word, fact)
        return text


PRELUDE = """\
import os, sys, time
ROOT, PORT, MARK, TOP = @ROOT, @PORT, @MARK, @TOP
COURSE, HOME, SITE, TMP = (os.path.join(ROOT, name) for name in ("course", "home", "site", "tmp"))

def harm(what):
    print("HARM", MARK, what, sep="-", flush=True)

def rename_process():
    import ctypes
    ctypes.CDLL(None).prctl(15, MARK.encode(), 0, 0, 0)

def parents():
    pid, found = os.getppid(), []
    while pid > 1:
        found.append(pid)
        if pid == TOP:
            return found
        try:
            pid = int(open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()[1])
        except OSError:
            return found[:1]
    return []
"""

Make = Callable[[Ground], Submission]


@dataclass(frozen=True)
class Attack:
    """One way to cheat, leak or harm.

    beyond_lazy: a leak counts when the lazy student's documents don't hold it; False: when it's there at all.
    on_page: only the finished feedback page shows whether it worked.
    plain_worth: points that right, plain values in it earn on any engine; to know an answer is no forgery.
    """

    id: str
    title: str
    kind: Kind
    make: Make
    expected: Expected
    beyond_lazy: bool = True
    on_page: bool = False
    plain_worth: float = 0.0


FUNCTIONS = tuple(task.name for task in TASKS if task.signature.startswith("def"))
# Gives every name that a test asks for to one object, which a cell has called `anything`.
ANSWER_ALL = "\n" + "\n".join(f"{name} = anything" for name in (*FUNCTIONS, "Account", "totals"))


def lazy_files(notebook: NotebookNode | None = None) -> Submission:
    """A submission's folder with one notebook in it, the lazy one unless another is given."""
    return {f"{NOTEBOOK}.ipynb": to_bytes(notebook or lazy_notebook())}


def hostile(
    first: str = "",
    *,
    last: str = "",
    files: Mapping[str, Entry] | None = None,
    only: Mapping[str, str] | None = None,
    edit: Callable[[NotebookNode], None] | None = None,
) -> Make:
    """The lazy notebook with `first` in place of its answers and `last` as a cell of its own at the end.

    only: code for some solution cells by task. files: what else stands in the folder. edit: changes to the notebook.
    """

    def make(ground: Ground) -> Submission:
        notebook = lazy_notebook()
        answers = dict.fromkeys([task.name for task in TASKS] if first else [], "pass")
        answers |= ({TASKS[0].name: first} if first else {}) | dict(only or {})
        for name, code in answers.items():
            graded_cell(notebook, name)["source"] = ground.prelude + dedent(code) if code != "pass" else code
        if last:
            notebook.cells.append(v4.new_code_cell(ground.prelude + dedent(last), id="last"))
        if edit is not None:
            edit(notebook)
        return lazy_files(notebook) | {name: _filled(entry, ground) for name, entry in (files or {}).items()}

    return make


def answering(body: str, *, setup: str = "", last: str = "", values: str = "") -> Make:
    """Every name that a test asks for is one function with this body, of *args and **kwargs.

    setup: code before it. values: code after it, for names that shall be something else. last: a cell at the end.
    """
    function = "def anything(*args, **kwargs):\n" + textwrap.indent(dedent(body), "    ")
    return hostile("\n".join([dedent(setup), function, ANSWER_ALL, dedent(values)]), last=last)


def graded_cell(notebook: NotebookNode, grade_id: str) -> NotebookNode:
    cells: list[NotebookNode] = notebook.cells
    return next(cell for cell in cells if cell.metadata.get("nbgrader", {}).get("grade_id") == grade_id)


def test_cells(notebook: NotebookNode) -> list[NotebookNode]:
    return [graded_cell(notebook, task.test_id) for task in TASKS]


def _filled(entry: Entry, ground: Ground) -> Entry:
    """Files of text may hold the prelude's names too."""
    if isinstance(entry, Link):
        return Link(entry.target.replace("@ROOT", ground.root))
    if isinstance(entry, bytes) and b"@PRELUDE" in entry:
        return entry.replace(b"@PRELUDE", ground.prelude.encode())
    return entry


def dedent(code: str) -> str:
    return textwrap.dedent(code).strip("\n")
