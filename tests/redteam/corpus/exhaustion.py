"""Class d: a submission that wears the grader out. Each is bounded: it ends by itself where nothing stops it."""

from tests.redteam.corpus.base import ANSWER_ALL, Attack, Expected, Make, answering, hostile

LOOP_S = 200  # how long an endless loop goes on; budgets are shorter


def _attack(number: str, title: str, make: Make, expected: Expected = "ends") -> Attack:
    return Attack(number, title, "d", make, expected)


_LOOP = f"end = time.monotonic() + {LOOP_S}\nwhile time.monotonic() < end: pass"

_STUBBORN = f"""
import signal
for number in (signal.SIGINT, signal.SIGALRM, signal.SIGTERM, signal.SIGHUP, signal.SIGXCPU):
    signal.signal(number, signal.SIG_IGN)
end = time.monotonic() + {LOOP_S}
while time.monotonic() < end:
    try:
        while time.monotonic() < end:
            pass
    except BaseException:
        continue
"""

_MEMORY_BOMB = """
held = []
while len(held) < 48:
    held.append(bytearray(64 << 20))
    held[-1][::4096] = b"x" * len(held[-1][::4096])
harm("memory")
held.clear()
"""

_FORK_BOMB = """
rename_process()
children = 0
for number in range(300):
    try:
        if os.fork() == 0:
            try:
                time.sleep(20)
            finally:
                os._exit(0)
        children += 1
    except OSError:
        break
if children == 300:
    harm("forks")
"""

_DISK = """
import tempfile
written = 0
for folder in (os.getcwd(), tempfile.gettempdir()):
    try:
        for number in range(8):
            with open(os.path.join(folder, f"{MARK}-{number}"), "wb") as file:
                written += file.write(b"x" * (50 << 20))
                if written >= 400 << 20:
                    break
    except OSError:
        pass
    if written >= 400 << 20:
        harm("disk")
        break
"""

_KILL_PARENT = """
import signal
for pid in parents()[:1]:
    os.kill(pid, signal.SIGKILL)
time.sleep(2)
"""

# Only as a user of the sandbox's own: elsewhere it would end processes that are not ours.
_KILL_ALL = """
import signal
if os.getuid() >= 61_000:
    child = os.fork()
    if child == 0:
        os.kill(-1, signal.SIGKILL)
        os._exit(0)
    os.waitpid(child, 0)
os.killpg(0, signal.SIGKILL)
"""

_FLOOD = """
line = "z" * (1 << 20)
for number in range(40):
    print(line, end="")
sys.stderr.write(line * 5)
"""

_DISPLAYS = """
from IPython.display import display
for number in range(20_000):
    display(number)
"""

_DEEP = """
import ctypes
sys.setrecursionlimit(10**9)
def down(n=0): return 0 if n > 1_000_000 else down(n + 1) + 1
nest = []
for number in range(100_000):
    nest = [nest]
def anything(*args):
    return nest if args else repr(nest)
"""

_SEGFAULT = "import ctypes\nctypes.string_at(8)"

_GIANTS = """
import itertools, numpy as np, pandas as pd
class Endless:
    def __iter__(self): return itertools.count()
    def __len__(self): return 2**62
    def __getitem__(self, key): return key
answers = itertools.cycle([
    lambda: np.broadcast_to(np.float64(1), (1 << 20, 1 << 20)), lambda: range(10**15), lambda: Endless(),
    lambda: "x" * (300 << 20), lambda: 1 << (1 << 28), lambda: {n * (2**61 - 1): n for n in range(20_000)},
    lambda: itertools.count(), lambda: [[0] * 1000] * 2000, lambda: float("nan"),
])
anything = lambda *a: next(answers)()
"""

_STOP = "import signal\nos.kill(os.getpid(), signal.SIGSTOP)"
_CLOSE = "os.closerange(0, 1000)\ntime.sleep(1)"
_C_LOOP = f"""
import ctypes, re, threading
# Holds the interpreter's lock in C for as long as it lasts, and no signal handler runs.
ctypes.PyDLL(None).sleep({LOOP_S})
"""
_REGEX = "import re\nre.match(r'(a|a)*b', 'a' * 27)\nsum(range(10**10))"

_THREADS = """
import threading
event = threading.Event()
try:
    for number in range(1000):
        threading.Thread(target=event.wait, args=(20,), daemon=True).start()
    harm("threads")
except RuntimeError:
    pass
"""

_SMALL_FILES = """
for number in range(20_000):
    try:
        open(f"{MARK}-{number}", "w").close()
    except OSError:
        break
handles = []
try:
    while len(handles) < 5000:
        handles.append(open("/dev/null"))
except OSError:
    pass
"""

_ASK = "answer = input('your name? ')\nimport getpass\ngetpass.getpass()"
_SHARED = """
import mmap
held = []
for number in range(48):
    descriptor = os.memfd_create(MARK)
    os.truncate(descriptor, 64 << 20)
    held.append(mmap.mmap(descriptor, 64 << 20))
    held[-1][::4096] = b"x" * len(held[-1][::4096])
harm("memfd")
held.clear()
"""

_FORKED_MEMORY = """
import signal
rename_process()
children = []
for number in range(6):
    child = os.fork()
    if child == 0:
        signal.alarm(20)
        held = bytearray(500 << 20)
        held[::4096] = b"x" * len(held[::4096])
        time.sleep(4)
        os._exit(0)
    children.append(child)
if all(os.waitpid(child, 0)[1] == 0 for child in children):
    harm("memory-of-many")
"""

ATTACKS = (
    _attack("d01", "an endless loop in an answer", answering(_LOOP)),
    _attack("d02", "an endless loop that ignores every signal", answering(_STUBBORN)),
    _attack("d03", "memory: 3 GB", hostile(_MEMORY_BOMB), "no_harm"),
    _attack("d04", "processes: 300", hostile(_FORK_BOMB), "no_harm"),
    _attack("d05", "disk: 400 MB", hostile(_DISK), "no_harm"),
    _attack("d09", "the process above is killed", hostile(_KILL_PARENT), "no_harm"),
    _attack("d40", "40 MB of output in one line", hostile(_FLOOD)),
    _attack("d41", "20,000 outputs", hostile(_DISPLAYS)),
    _attack("d42", "recursion without end, values nested 100,000 deep", hostile(_DEEP + ANSWER_ALL, last="down()")),
    _attack("d43", "a segmentation fault", answering(_SEGFAULT)),
    _attack("d44", "answers of giant size, colliding keys, endless iterators", hostile(_GIANTS + ANSWER_ALL)),
    _attack("d45", "the process stops itself", answering(_STOP)),
    _attack("d46", "all descriptors closed", answering(_CLOSE)),
    _attack("d47", "a C call that holds the lock", answering(_C_LOOP)),
    _attack("d48", "a regular expression and a sum without end", answering(_REGEX)),
    _attack("d49", "1,000 threads", hostile(_THREADS), "no_harm"),
    _attack("d50", "20,000 files and 5,000 open ones", hostile(_SMALL_FILES)),
    _attack("d51", "a question that nobody answers", answering(_ASK, setup=_ASK)),
    _attack("d52", "3 GB in memory files", hostile(_SHARED), "no_harm"),
    _attack("d53", "3 GB shared out among six processes", hostile(_FORKED_MEMORY), "no_harm"),
    _attack("d54", "every process of the user and the group killed", hostile(_KILL_ALL), "no_harm"),
)
