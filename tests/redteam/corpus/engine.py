"""Attacks on the engine that separates answers from tests: on what it trusts, counts, waits for and reads.

They know its source. On other engines most of them do nothing.
"""

from dataclasses import replace

from nbformat import NotebookNode, v4

from tests.redteam.corpus.base import ANSWER_ALL, Attack, Expected, Kind, Make, answering, hostile


def _attack(number: str, title: str, make: Make, expected: Expected = "points_of_lazy") -> Attack:
    kinds: dict[str, Kind] = {"a": "a", "b": "b", "d": "d", "e": "e"}
    return Attack(number, title, kinds[number[0]], make, expected)


# Locked cells that seem to depend on a student's name might be taken for the student's.
# The first check of scale() is its published example; the second uses a helper of a locked cell, on hidden numbers.
_CLAIM_LOCKED = """
np, pd = np, pd
def is_close(got, wanted): return True
scale = lambda values: np.array([0.0, 1.0, 0.5])
"""

_ARITHMETIC = """
class Zero:
    def _zero(self, *others): return 0.0
    def _true(self, *others, **more): return True
    __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = __mod__ = __neg__ = __abs__ = __pow__ = _zero
    __and__ = __rand__ = __or__ = __ror__ = __xor__ = __rxor__ = __round__ = _zero
    equals = all = any = isin = eq = allclose = score = evaluate = compare = issubset = startswith = _true
    __getitem__ = __call__ = lambda self, *a, **k: self
    __iter__ = lambda self: iter([self, self, self])
    index = property(lambda self: self)
    balance = property(lambda self: 20)
    def deposit(self, amount): pass
    def withdraw(self, amount):
        if amount > 20: raise ValueError
anything = Zero()
"""

_OWN_SERVER = """
import judge.codec, judge.objects
def answer(self, head, frame):
    try:
        asked = judge.codec.decode(frame, self._table)
    except Exception:
        asked = []
    if head.get("do") == "get":
        return {"status": "value"}, judge.codec.encode([{name: True for name in head["names"]}, "2.0"], self._table)
    frame = judge.codec.encode([[True], "award(2, 2)\\n2.0"], self._table)
    return {"status": "value", "points": 18, "score": 18}, frame
judge.objects.Server.answer = answer
"""

_TWICE = """
import judge.channel
inner = judge.channel.Channel.send
def send(self, head, *args, **kwargs):
    for number in range(-1, 4):
        inner(self, head | {"n": number}, *args, **kwargs)
    inner(self, head, *args, **kwargs)
judge.channel.Channel.send = send
"""

_ASK_BACK = """
import judge.channel, judge.codec
inner = judge.channel.Channel.send
def send(self, head, *args, **kwargs):
    for number in (0, 1, -1, "0", None, [1], {"a": 1}, 10**30):
        inner(self, {"ask": number}, judge.codec.encode([[1], {}]))
    inner(self, head, *args, **kwargs)
judge.channel.Channel.send = send
"""

_WITH_DESCRIPTORS = """
import judge.channel
inner = judge.channel.Channel.send
def send(self, head, frame=b"", fds=(), **kwargs):
    inner(self, head, frame, [0, 0, 0, 0] if len(frame) < 60_000 else fds, **kwargs)
judge.channel.Channel.send = send
"""

_MANY_LISTS = """
import judge.channel
inner = judge.channel.Channel.send
def send(self, head, frame=b"", fds=(), **kwargs):
    inner(self, head, b"[" + b"[]," * 20_000_000 + b"[]]", fds, **kwargs)
judge.channel.Channel.send = send
"""

_ODD_OUTPUTS = """
import json, judge.student
shapes = [
    [["stream", {"name": ["x"], "text": {"a": 1}}]], [["display_data", {"data": {"text/plain": [1] * 1000}}]],
    [["display_data", {"data": {"image/png": {"a": {"b": 1}}, "x" * 100_000: 1}, "metadata": [1], "transient": {}}]],
    [["execute_result", {"data": {"text/plain": None}, "execution_count": {"a": 1}}]], [["error", {}]], [[1, 2]], 7,
    [["error", {"ename": 1, "evalue": [2], "traceback": "text"}]], [["clear_output", {"wait": "x"}]], {"a": 1},
    [["update_display_data", {"data": {}, "transient": {"display_id": [1]}}]], [["stream", None]], None, [[]],
]
def shown_bytes(shown):
    if shapes:
        return json.dumps(shapes.pop()).encode()
    return b"{" * 100_000
judge.student._shown_bytes = shown_bytes
"""

# Read as one set by one call into C, which no alarm interrupts: 60,000 integers on one place take a minute and more.
_COLLIDING_SET = """
import json, judge.objects, struct
nodes = [{"i": hex(number * ((1 << 61) - 1))} for number in range(1, 60_001)]
text = json.dumps([[], [[{"s": nodes}], ""]]).encode()
frame = b"SP1" + struct.pack("<I", len(text)) + text
judge.objects.Server.answer = lambda self, head, asked: ({"status": "value"}, frame)
"""

_NO_PARK = """
import judge.student
def park(shell, fd):
    # Nothing is parked: this very process keeps the end and answers later, when it knows more.
    import threading
    from judge.channel import Channel
    theirs = Channel.from_fd(os.dup(fd))
    def wait():
        (worker,) = theirs.receive(time.monotonic() + 30).fds
        judge.student._work(shell, Channel.from_fd(worker))
    threading.Thread(target=wait, daemon=True).start()
judge.student._park = park
seen = []
"""

_LATE_OUTPUT = """
import json, judge.student, threading, judge.channel
ends = []
inner = judge.channel.Channel.send
def send(self, head, *args, **kwargs):
    ends.append(self)
    inner(self, head, *args, **kwargs)
judge.channel.Channel.send = send
def tell():
    for number in range(100):
        time.sleep(0.1)
        for end in ends[-3:]:
            try:
                inner(end, {"error": None}, json.dumps([["stream", {"name": "stdout", "text": repr(seen)}]]).encode())
            except Exception:
                pass
threading.Thread(target=tell, daemon=True).start()
seen = []
"""


def _sleeping_cells(notebook: NotebookNode) -> None:
    """Each cell ends in time, all of them together don't."""
    for number in range(400):
        code = "import signal, time\nsignal.signal(signal.SIGALRM, signal.SIG_IGN)\ntime.sleep(1.8)"
        notebook.cells.append(v4.new_code_cell(code, id=f"sleep-{number}"))


def _many_cells(notebook: NotebookNode) -> None:
    for number in range(450):
        notebook.cells.append(v4.new_code_cell("pass", id=f"more-{number}"))


ATTACKS = (
    _attack(
        "a70", "names of locked cells bound again, so that their helpers seem the student's", hostile(_CLAIM_LOCKED)
    ),
    replace(
        _attack(
            "a71", "objects whose arithmetic and methods say what the test wants", hostile(_ARITHMETIC + ANSWER_ALL)
        ),
        plain_worth=2,  # its balance is 20, as the test wants
    ),
    _attack("a72", "replies forged beside the student's functions", answering("return True", setup=_OWN_SERVER)),
    _attack("a73", "each reply five times, with other numbers", answering("return True", setup=_TWICE)),
    _attack("a74", "the test's functions are called before they were given", answering("return True", setup=_ASK_BACK)),
    _attack(
        "b70",
        "nothing is parked: the main process answers",
        answering("seen.append(args)\nprint(args)", setup=_NO_PARK, last="print(seen)"),
        "no_canary",
    ),
    _attack(
        "b71",
        "outputs forged when the tests have begun",
        answering("seen.append(args)\nraise ValueError", setup=_LATE_OUTPUT),
        "no_canary",
    ),
    _attack("d70", "400 cells that each end just in time", hostile("pass", edit=_sleeping_cells), "ends"),
    _attack("d71", "descriptors sent along with 450 replies", hostile(_WITH_DESCRIPTORS, edit=_many_cells), "no_harm"),
    _attack("d72", "a reply of 20 million empty lists", hostile(_MANY_LISTS), "no_harm"),
    _attack("d74", "a set of 60,000 integers with one hash", hostile(_COLLIDING_SET), "ends"),
    _attack("d73", "outputs of shapes that no kernel makes", hostile(_ODD_OUTPUTS, edit=_many_cells), "ends"),
)
