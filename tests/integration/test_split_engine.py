"""A answers, B judges: what a student's code can and can't do when it's asked from another process."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from judge.plan import GradingJob, GradingResult, Limits, PlanCell, State
from judge.runner import Runner
from judge.sandbox.slots import own_uid

pytestmark = pytest.mark.needs("sandbox")
# ruff: noqa: E501

LIMITS = Limits(cell_s=2, call_s=2, test_s=4, total_s=30, memory_mb=1200, processes=40)
PATIENT = replace(LIMITS, cell_s=20, call_s=20, test_s=40, total_s=200)  # where no limit is what's tried
KIT = "from judge.kit import award, holds, inplace, push, seed_student, student_file, student_input\n"


@pytest.fixture(scope="module")
def runner() -> Iterator[Runner]:
    with own_uid() as uid, Runner(preload=["numpy", "pandas"], uid=uid) as runner:
        yield runner


def grade(runner: Runner, answer: str, *tests: str, limits: Limits = LIMITS) -> GradingResult:
    cells = [PlanCell("answer", "student", answer)]
    cells += [PlanCell(f"test{number}", "test", KIT + test, 1.0) for number, test in enumerate(tests, 1)]
    return runner.grade(GradingJob("job", "ps1", tuple(cells), limits=limits))


STACK = """
class Stack:
    def __init__(self): self.items = []
    def push(self, item): self.items.append(item); return self
    def pop(self):
        if not self.items: raise IndexError("empty")
        return self.items.pop()
    def __len__(self): return len(self.items)
    def __iter__(self): return iter(self.items)
    def __eq__(self, other): return self.items == other.items
"""


@pytest.mark.parametrize(
    ("answer", "test"),
    [
        pytest.param("def f(x): return x + 1", "assert f(1) == 2", id="plain assert pays in full"),
        pytest.param("def f(x): return x + 1", "award(f(1) == 2, 1)", id="function"),
        pytest.param("x = {'a': [1, 2.5, None]}", "award(x == {'a': [1, 2.5, None]}, 1)", id="value"),
        pytest.param("async def f(): return 3", "import asyncio\naward(asyncio.run(f()) == 3, 1)", id="async"),
        pytest.param(
            STACK,
            "s = Stack()\ns.push(1).push(2)\n"
            "award(len(s) == 2 and s.pop() == 2 and list(s) == [1] and isinstance(s, Stack) and s.items == [1], 1)",
            id="class",
        ),
        pytest.param(
            STACK, "try:\n    Stack().pop()\nexcept IndexError:\n    kept = 1\naward(kept, 1)", id="known error"
        ),
        pytest.param(
            "class Bad(ValueError): pass\ndef f(): raise Bad('too small')",
            "try:\n    f()\nexcept Bad as error:\n    text = str(error)\naward(text == 'too small', 1)",
            id="own error",
        ),
        pytest.param(
            "def count():\n    n = 0\n    while True:\n        yield n\n        n += 1",
            "import itertools\naward(list(itertools.islice(count(), 3)) == [0, 1, 2], 1)",
            id="generator",
        ),
        pytest.param(
            "def each(f, xs): return [f(x) for x in xs]", "award(each(lambda x: 2 * x, [1]) == [2], 1)", id="callback"
        ),
        pytest.param(
            "def order(xs): xs.sort()", "xs = [2, 1]\ninplace(order, xs)\naward(xs == [1, 2], 1)", id="inplace"
        ),
        pytest.param("def order(xs): xs.sort()", "xs = [2, 1]\norder(xs)\naward(xs == [2, 1], 1)", id="copies"),
        pytest.param(
            "def hello(): print('hi')",
            "import io, contextlib\nwith contextlib.redirect_stdout(io.StringIO()) as out:\n    hello()\naward(out.getvalue() == 'hi\\n', 1)",
            id="printed",
        ),
        pytest.param("def f(): return RATE", "push(RATE=3)\naward(f() == 3, 1)", id="push"),
        pytest.param(
            "def ask(): return input() + input()", "student_input('a', 'b')\naward(ask() == 'ab', 1)", id="input"
        ),
        pytest.param(
            "import random\ndef f(): return random.random()",
            "seed_student(1)\na = f()\nseed_student(1)\naward(a == f(), 1)",
            id="seed",
        ),
        pytest.param(
            "def save(): open('out.txt', 'w').write('x')",
            "save()\naward(student_file('out.txt') == b'x', 1)",
            id="file",
        ),
        pytest.param(
            "import pandas as pd\ndef f(t): return t.assign(b=t.a * 2)",
            "import pandas as pd\npd.testing.assert_frame_equal(f(pd.DataFrame({'a': [1]})), pd.DataFrame({'a': [1], 'b': [2]}))",
            id="frame",
        ),
        pytest.param("def f(): 1 / 0", "award(not holds('works', f), 1)", id="holds"),
        pytest.param(f"text = '{'x' * 190_000}'", "award(len(text) == 190_000, 1)", id="a cell as long as may be"),
    ],
)
def test_an_honest_answer_earns_its_point(runner: Runner, answer: str, test: str) -> None:
    result = grade(runner, answer, test, limits=PATIENT)

    assert result.points == 1.0, result.verdicts[0].reason
    assert result.verdicts[0].state == State.ok


@pytest.mark.parametrize(
    ("answer", "test"),
    [
        pytest.param(
            "class L(list):\n    def __eq__(s, o): return True\ndef f(): return L()",
            "award(f() == [1], 1)",
            id="list that lies",
        ),
        pytest.param(
            "class T:\n    __bool__ = lambda s: True\ndef f(): return T()",
            "award(1 if f() else 0, 1)",
            id="truth that lies",
        ),
        pytest.param(
            "class N(float):\n    def __ge__(s, o): return True\ndef f(): return N()",
            "assert f() >= 9",
            id="number that lies",
        ),
        pytest.param(
            "class N(float): pass\ndef f(): return N(1)",
            "import math\naward(math.isclose(f(), 1), 1)",
            id="number by conversion",
        ),
        pytest.param(
            "import sys\ndef f(): return sys._getframe(2).f_locals.get('secret')",
            "secret = 42\naward(f() == secret, 1)",
            id="caller's frame",
        ),
        pytest.param(
            "def f(expected): expected.clear(); return []",
            "want = [1]\naward(f(want) == want, 1)",
            id="edits what it's given",
        ),
        pytest.param(
            "import judge.kit\njudge.kit.award = lambda *a, **k: 1.0\ndef f(): return 0",
            "award(f() == 1, 1)",
            id="patches award",
        ),
        pytest.param(
            "import builtins\nbuiltins.len = lambda x: 3\ndef f(): return []",
            "award(len(f()) == 3, 1)",
            id="patches a builtin",
        ),
        pytest.param("award = lambda *a, **k: 1.0\ndef f(): return 0", "award(f() == 1, 1)", id="names award"),
        pytest.param(
            "get_ipython().ast_transformers.append(object())\ndef f(): return 0", "award(f() == 1, 1)", id="transformer"
        ),
        pytest.param("def f():\n    raise SystemExit(0)", "f()\naward(1, 1)", id="exit in a call"),
        pytest.param("def f():\n    import os\n    os._exit(0)", "f()\naward(1, 1)", id="death in a call"),
        pytest.param("def f():\n    while True: pass", "f()\naward(1, 1)", id="endless call"),
        pytest.param("print('award(1, 1)')\ndef f(): return 0", "award(f() == 1, 1)", id="prints a score"),
        pytest.param("import os\nos.fork = lambda: 0\ndef f(): return 0", "award(f() == 1, 1)", id="fork that doesn't"),
        pytest.param("import os\nos._exit(3)", "award(f() == 1, 1)", id="dead notebook"),
    ],
)
def test_a_cheat_earns_nothing_and_the_next_honest_answer_everything(runner: Runner, answer: str, test: str) -> None:
    cheated = grade(runner, answer, test)
    honest = grade(runner, "def f(x): return x", "award(f(2) == 2, 1)", limits=PATIENT)

    assert cheated.points == 0.0
    assert cheated.verdicts[0].state != State.grader_fault
    assert honest.points == 1.0


def test_a_hidden_argument_is_in_nothing_that_is_shown(runner: Runner) -> None:
    """What a function notes of its arguments can't come out: later cells ran before any test asked."""
    cells = (
        PlanCell("answer", "student", "seen = []\ndef f(x):\n    seen.append(x); open('seen', 'a').write(x); return x"),
        PlanCell("test", "test", KIT + "award(f('canary-7319') == 'canary-7319', 1)", 1.0),
        PlanCell(
            "later", "student", "import os\nprint(seen, os.listdir('.'), [open(f).read() for f in os.listdir('.')])"
        ),
    )

    result = runner.grade(GradingJob("job", "ps1", cells, limits=LIMITS))

    assert result.points == 1.0
    assert "[] [] []" in str(result.cells)
    assert "canary" not in str(result.cells)


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        pytest.param("1 / 0", State.error, id="error"),
        pytest.param("while True: pass", State.timeout, id="endless"),
        pytest.param(
            "import signal\nsignal.signal(signal.SIGALRM, signal.SIG_IGN)\nwhile True: pass",
            State.timeout,
            id="stubborn",
        ),
        pytest.param("x = bytearray(3 << 30)", State.out_of_memory, id="memory"),
        pytest.param("import os\nos.kill(os.getpid(), 9)", State.crashed, id="crash"),
        pytest.param(
            "import os, time\nfor n in range(8):\n    if os.fork() == 0:\n        x = b'1' * (400 << 20)\n        time.sleep(20)\ntime.sleep(15)",
            State.out_of_memory,
            id="memory of a family",
        ),
    ],
)
def test_each_way_to_fail_has_its_state(runner: Runner, answer: str, state: State) -> None:
    limits = replace(LIMITS, cell_s=20) if state == State.out_of_memory else LIMITS
    result = grade(runner, answer, "award(f() == 1, 1)", limits=limits)

    assert result.cells[0].state == state
    assert result.points == 0.0


def test_the_student_reaches_no_file_and_no_network_outside(runner: Runner) -> None:
    attempts = [
        "open('/etc/shadow')",
        "open('/etc/hostname')",
        "__import__('socket').socket()",
        "open('/proc/1/environ')",
    ]
    attempts += ["__import__('os').setsid()", "__import__('os').kill(1, 0)", "open('/tmp/mark', 'w')"]
    answer = "stopped = 0\n" + "".join(f"try:\n    {one}\nexcept OSError:\n    stopped += 1\n" for one in attempts)

    result = grade(runner, answer, f"award(stopped == {len(attempts)}, 1)")

    assert result.points == 1.0, result.verdicts[0].reason


PROGRAM = "import subprocess\ndef f(): return subprocess.run(['echo', 'hi'], capture_output=True, text=True).stdout"
SERVER = """
import socket, threading
def f():
    here = socket.socket(socket.AF_UNIX)
    here.bind("s")
    here.listen()
    threading.Thread(target=lambda: here.accept()[0].sendall(b"hi\\n"), daemon=True).start()
    there = socket.socket(socket.AF_UNIX)
    there.connect("s")
    return there.recv(9).decode()
"""


@pytest.mark.parametrize(
    ("answer", "allowed", "reason"),
    [
        pytest.param(
            PROGRAM, "subprocesses", "other programs can't be run while this assignment is graded", id="program"
        ),
        pytest.param(SERVER, "services", "no network, and no server while this assignment is graded", id="server"),
    ],
)
def test_programs_and_servers_run_where_the_assignment_allows_them(
    runner: Runner, answer: str, allowed: str, reason: str
) -> None:
    refused = grade(runner, answer, "award(f() == 'hi\\n', 1)")
    done = grade(runner, answer, "award(f() == 'hi\\n', 1)", limits=replace(LIMITS, **{allowed: True}))

    assert (refused.points, refused.verdicts[0].state) == (0.0, State.error)
    assert reason in (refused.verdicts[0].reason or "")
    assert done.points == 1.0, done.verdicts[0].reason


def test_the_kernel_refuses_a_program_to_who_gets_around_the_reason(runner: Runner) -> None:
    answer = "import importlib, os, sys\ndel sys.modules['posix']\nposix = importlib.import_module('posix')\n"
    answer += "def f():\n    try:\n        posix.execv('/bin/true', ['true'])\n    except PermissionError as error:\n        return str(error)"

    result = grade(runner, answer, "award(f() == '[Errno 1] Operation not permitted', 1)")

    assert result.points == 1.0, result.verdicts[0].reason


def test_a_test_sees_the_notebook_as_it_was_at_its_place(runner: Runner) -> None:
    cells = (
        PlanCell("first", "student", "def f(): return 1"),
        PlanCell("one", "test", KIT + "award(f() == 1, 1)", 1.0),
        PlanCell("second", "student", "def f(): return 2"),
        PlanCell("two", "test", KIT + "award(f() == 2, 1)", 1.0),
    )

    assert runner.grade(GradingJob("job", "ps1", cells, limits=LIMITS)).points == 2.0


def test_a_test_sees_the_files_as_they_were_at_its_place(runner: Runner) -> None:
    """Also the ones that a later cell changes in place, removes, or makes; an unchanged folder is copied once."""
    asks = "def told(name):\n    try:\n        return student_file(name)\n    except FileNotFoundError:\n        return None\n"
    asks += "award([told(n) for n in ('mine.txt', 'sub/deep.txt', 'cards.csv')] == {} and read() == {}, 1)"
    cells = [PlanCell("first", "student", "import os\nos.mkdir('sub')\ndef read(): return open('mine.txt').read()")]
    for number, (change, mine, deep) in enumerate(
        [
            ("open('mine.txt', 'w').write('one')", b"one", None),
            ("x = 1; x += 1", b"one", None),
            ("open('mine.txt', 'w').write('two'); open('sub/deep.txt', 'w').write('deep')", b"two", b"deep"),
            ("os.remove('sub/deep.txt')", b"two", None),
        ]
    ):
        cells.append(PlanCell(f"change{number}", "student", change))
        test = asks.format([mine, deep, b"released"], mine.decode().__repr__())
        cells.append(PlanCell(f"test{number}", "test", KIT + test, 1.0))
    cells.append(PlanCell("end", "student", "os.remove('mine.txt'); print(sorted(os.listdir('.')), os.listdir('../'))"))
    job = GradingJob("job", "ps1", tuple(cells), {"cards.csv": b"released"}, LIMITS, released=("cards.csv",))

    result = runner.grade(job)

    assert result.points == 4.0, [verdict.reason for verdict in result.verdicts]
    assert "['cards.csv', 'sub']" in str(result.cells[-1].outputs)


@pytest.mark.needs("user")
def test_no_cell_changes_a_released_file(runner: Runner) -> None:
    tries = "".join(
        f"try:\n    {one}\nexcept OSError:\n    stopped += 1\n"
        for one in ("open('cards.csv', 'w')", "os.remove('cards.csv')", "os.rename('mine.csv', 'cards.csv')")
    )
    answer = "import os\nstopped = 0\nopen('mine.csv', 'a').write('more')\n" + tries
    test = "award((stopped, student_file('cards.csv'), student_file('mine.csv')) == (3, b'released', b'mine, more'), 1)"
    cells = (PlanCell("answer", "student", answer), PlanCell("test", "test", KIT + test, 1.0))
    files = {"cards.csv": b"released", "mine.csv": b"mine, "}

    result = runner.grade(GradingJob("job", "ps1", cells, files, LIMITS, released=("cards.csv",)))

    assert result.points == 1.0, result.verdicts[0].reason


def test_a_test_that_hangs_in_a_library_costs_only_itself(runner: Runner) -> None:
    """An alarm can't interrupt C code: the judge is killed, and a fresh one goes on with the other tests."""
    hang = "import signal\n"
    hang += "signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM])\nimport time\ntime.sleep(60)\naward(1, 1)"

    result = grade(runner, "def f(): return 1", "award(f() == 1, 1)", hang, "award(f() == 1, 1)")

    assert [verdict.state for verdict in result.verdicts] == [State.ok, State.timeout, State.ok]
    assert result.points == 2.0


@pytest.mark.parametrize("first", ["import math", "import polars"])
def test_a_crash_costs_nothing_of_the_tests_before_it(runner: Runner, first: str) -> None:
    cells = (
        PlanCell("first", "student", f"{first}\ndef f(): return 1"),
        PlanCell("one", "test", KIT + "award(f() == 1, 1)", 1.0),
        PlanCell("second", "student", "import os\nos._exit(1)"),
        PlanCell("two", "test", KIT + "award(f() == 1, 1)", 1.0),
    )

    result = runner.grade(GradingJob("job", "ps1", cells, limits=LIMITS))

    assert [verdict.state for verdict in result.verdicts] == [State.ok, State.crashed]


STEADY = (
    PlanCell("first", "student", "def f(x): return x + 1\nprint('first')"),
    PlanCell("one", "test", KIT + "award(f(1) == 2, 1)", 1.0),
    PlanCell("values", "student", "y = [f(n) for n in range(3)]"),
    PlanCell("two", "test", "assert y == [1, 2, 3]", 1.0),
)


@pytest.mark.parametrize(
    ("last", "state"),
    [
        pytest.param("import os\nos._exit(0)", State.crashed, id="crash"),
        pytest.param(
            "import os, time\nfor n in range(8):\n    if os.fork() == 0:\n        x = b'1' * (400 << 20)\n"
            "        time.sleep(60)\ntime.sleep(60)",
            State.out_of_memory,
            id="memory of a family",
        ),
        pytest.param(
            "import os, time\nfor n in range(60):\n    open(f'{n}', 'w').write('x' * (20 << 20))\ntime.sleep(60)",
            State.crashed,
            id="disk",
        ),
        pytest.param(
            "import os\nos.kill(os.getpid(), 19)  # as in C code, where no alarm helps", State.timeout, id="hang"
        ),
    ],
)
def test_a_test_that_was_put_off_past_a_cell_that_ends_the_process_loses_nothing(
    runner: Runner, last: str, state: State
) -> None:
    """Its functions are asked of a second run that ends before that cell; what that one shows is thrown away."""
    cells = (*STEADY, PlanCell("last", "student", last), PlanCell("three", "test", KIT + "award(f(1) == 2, 1)", 1.0))
    limits = replace(LIMITS, cell_s=2 if state == State.timeout else 60, disk_mb=100, total_s=120)

    result = runner.grade(GradingJob("job", "ps1", cells, limits=limits))

    assert [verdict.points for verdict in result.verdicts] == [1.0, 1.0, 0.0], result.verdicts
    assert [cell.state for cell in result.cells] == [State.ok, State.ok, state]
    assert str(result.cells).count("first\\n") == 1


def test_a_second_run_sees_no_trace_of_the_first(runner: Runner) -> None:
    """Files that the first run left behind are not there, so that its last cells can't reach a test."""
    look = "import os\nfound = os.path.exists('mark')\ndef f(x): return x + 1"
    cells = (
        PlanCell("first", "student", look),
        PlanCell("one", "test", KIT + "award(f(1) == 2, 1)", 1.0),
        PlanCell("between", "student", "z = f(1) + 2"),
        PlanCell("values", "test", KIT + "award(found is False, 1)", 1.0),
        PlanCell("last", "student", "open('mark', 'w').write('x')\nos._exit(0)"),
    )

    assert runner.grade(GradingJob("job", "ps1", cells, limits=LIMITS)).points == 2.0


def test_a_process_that_ends_is_noticed_though_its_child_keeps_the_descriptors(runner: Runner) -> None:
    """A cell may take ten minutes here; the grading ends long before, or this test does by the machine's limit."""
    limits = Limits(cell_s=600, total_s=1200)
    answer = "import os, time\nif os.fork() == 0:\n    time.sleep(1200)\nos._exit(0)"

    result = grade(runner, answer, "award(f() == 1, 1)", limits=limits)

    assert result.cells[0].state == State.crashed
    assert result.points == 0.0
