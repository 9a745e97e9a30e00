"""Attacks on what the walls leave open: system calls that no path rule covers, memory and files that nobody counts,
and the controller itself, which waits, reads and cleans up."""

from dataclasses import replace

from nbformat import NotebookNode, v4

from tests.redteam.corpus.base import Attack, Expected, Kind, Link, Make, answering, hostile


def _attack(number: str, title: str, make: Make, expected: Expected = "no_harm") -> Attack:
    kinds: dict[str, Kind] = {"b": "b", "c": "c", "d": "d", "e": "e"}
    return Attack(number, title, kinds[number[0]], make, expected)


_MODES = """
wanted = [os.path.join(COURSE, "submitted/other/ps1/ps1.ipynb"), os.path.join(COURSE, "source/ps1"), COURSE]
for place in wanted:
    before = os.stat(place)
    for change in (lambda: os.chmod(place, 0o777), lambda: os.utime(place, (1, 1)), lambda: os.chown(place, 0, 12345)):
        try:
            change()
        except OSError:
            pass
    after = os.stat(place)
    if (before.st_mode, before.st_mtime, before.st_gid) != (after.st_mode, after.st_mtime, after.st_gid):
        harm("mode-time-or-owner")
"""
_PATH_SOCKET = """
import socket
for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
    try:
        with socket.socket(socket.AF_UNIX, kind) as peer:
            peer.settimeout(2)
            peer.connect(os.path.join(ROOT, "listener.sock"))
            peer.send(MARK.encode())
    except OSError:
        pass
try:
    ends = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    ends[0].sendto(MARK.encode(), os.path.join(ROOT, "listener.sock"))
    harm("datagram")
except OSError:
    pass
"""
_WATCH = """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
number = libc.inotify_init1(0)
if number >= 0 and libc.inotify_add_watch(number, (COURSE + "/submitted/other/ps1").encode(), 0xFFF) >= 0:
    harm("watching-another")
import fcntl, signal
try:
    fcntl.fcntl(os.open(COURSE, os.O_RDONLY), fcntl.F_NOTIFY, fcntl.DN_ACCESS | fcntl.DN_MULTISHOT)
    harm("notified")
except OSError:
    pass
"""
_SURFACES = """
import ctypes, platform
libc = ctypes.CDLL(None, use_errno=True)
tries = {"bpf": (321, 0, 0, 0), "perf": (298, 0, 0, -1, -1, 0),
         "io_uring": (425, 8, ctypes.create_string_buffer(256)),
         "userfaultfd": (323, 1), "keyctl": (250, 0, -3, 0), "fanotify": (300, 0, 0), "syslog": (103, 10, 0, 0),
         "open_by_handle_at": (304, -100, 0, 0),
         "mq": (240, b"/" + MARK.encode(), 0o100, 0o600, 0), "clone3": (435, 0, 0)}
if platform.machine() == "x86_64":
    for name, call in tries.items():
        ctypes.set_errno(0)
        # EINVAL, EFAULT and the like come from the call itself: it could be reached.
        if libc.syscall(*call) >= 0 or ctypes.get_errno() not in (1, 38):
            harm(name)
    if libc.prctl(4, 1, 0, 0, 0) == 0:
        harm("dumpable")
"""
_SIBLING = """
import ctypes, signal
libc = ctypes.CDLL(None, use_errno=True)
child = os.fork()
if child == 0:
    rename_process()
    signal.alarm(10)
    libc.prctl(4, 1, 0, 0, 0)
    time.sleep(8)
    os._exit(0)
time.sleep(0.3)
class Piece(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("size", ctypes.c_size_t)]
room = ctypes.create_string_buffer(64)
mine, theirs = Piece(ctypes.addressof(room), 64), Piece(id(room), 64)
if libc.process_vm_readv(child, ctypes.byref(mine), 1, ctypes.byref(theirs), 1, 0) > 0:
    harm("memory-of-a-sibling")
for name in ("mem", "environ", "fd"):
    try:
        os.listdir(f"/proc/{child}/{name}") if name == "fd" else open(f"/proc/{child}/{name}", "rb").read(1)
        harm("proc-of-a-sibling")
    except OSError:
        pass
if libc.ptrace(16, child, 0, 0) == 0:
    harm("traced-a-sibling")
os.kill(child, signal.SIGKILL)
"""
_OTHERS_LIMITS = """
import resource
# Whoever has our user and isn't ours: the judge, when the tests run. Nothing is changed, it's set to what it is.
def touch():
    import resource
    for pid in range(TOP, TOP + 3000):
        if pid != os.getpid():
            try:
                resource.prlimit(pid, resource.RLIMIT_CORE, resource.prlimit(pid, resource.RLIMIT_CORE))
                return True
            except OSError:
                pass
    return False
if touch():
    harm("limits-of-another")
for pid in parents()[:1]:
    for change in (lambda: os.sched_setaffinity(pid, os.sched_getaffinity(0)),
                   lambda: os.setpriority(os.PRIO_PROCESS, pid, os.getpriority(os.PRIO_PROCESS, pid))):
        try:
            change()
            harm("scheduling-of-another")
        except OSError:
            pass
"""
_ROOT_AGAIN = """
import ctypes, subprocess
libc = ctypes.CDLL(None, use_errno=True)
before = os.getuid()
for change in (lambda: os.setuid(0), lambda: os.setresuid(0, 0, 0), lambda: os.setgroups([0])):
    try:
        change()
        if before:
            harm("another-user")
    except OSError:
        pass
for command in (["su", "-c", "id -u"], ["mount"], ["newgrp"], ["passwd", "-S"]):
    try:
        said = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=2, text=True).stdout
        if said.strip() == "0" and before:
            harm("root")
    except (OSError, subprocess.TimeoutExpired):
        pass
"""

_HIDDEN_MEMORY = """
held, block = [], b"x" * (60 << 20)
try:
    for number in range(48):
        held.append(os.memfd_create(MARK))
        os.write(held[-1], block)
    harm("memory-files")
except (OSError, MemoryError):
    pass
for number in held:
    os.close(number)
"""
_SENT_MEMORY = """
import array, socket
ends, block, sent = socket.socketpair(), b"x" * (60 << 20), 0
ends[0].settimeout(1)
try:
    for number in range(48):
        held = os.memfd_create(MARK)
        os.write(held, block)
        socket.send_fds(ends[0], [b"x"], [held])
        os.close(held)
        sent += 1
    harm("memory-under-way")
except (OSError, MemoryError):
    pass
"""
_NAMELESS = """
held, block = [], b"x" * (60 << 20)
try:
    for number in range(12):
        file = open(f"{MARK}-{number}", "wb")
        os.unlink(file.name)
        file.write(block)
        file.flush()
        held.append(file)
        time.sleep(0.05)
    harm("deleted-files")
except (OSError, MemoryError):
    pass
"""
_RESERVED = """
for number in range(8):
    with open(f"{MARK}-{number}", "wb") as file:
        os.posix_fallocate(file.fileno(), 0, 50 << 20)
    time.sleep(0.1)
harm("disk")
"""
_SHARED_BY_MANY = """
import mmap, signal
rename_process()
children = []
for number in range(6):
    child = os.fork()
    if child == 0:
        signal.alarm(20)
        held = mmap.mmap(-1, 500 << 20)
        held[::4096] = b"x" * len(held[::4096])
        time.sleep(4)
        os._exit(0)
    children.append(child)
if all(os.waitpid(child, 0)[1] == 0 for child in children):
    harm("shared-memory-of-many")
"""
_NESTED = """
for number in range(1500):
    try:
        os.mkdir("d")
        os.chdir("d")
    except OSError:
        break
try:
    for number in range(8):
        open(f"{MARK}-{number}", "wb").write(b"x" * (50 << 20))
        time.sleep(0.1)
    harm("files-in-the-deep")
except OSError:
    pass
"""
_ODD_NAMES = """
import ctypes, threading
libc = ctypes.CDLL(None)
def live():
    libc.prctl(15, b"\\xff\\xfe\\n(x) Z 1 1", 0, 0, 0)
    time.sleep(20)
threading.Thread(target=live, daemon=True).start()
for name in (b"\\xff\\xfe", b"a\\nb", "\\ud800".encode("utf-8", "surrogatepass"), b"x" * 250):
    open(name, "wb").close()
    os.symlink(name, name[:240] + b"-link")
time.sleep(0.2)
libc.prctl(15, b"\\xff) R 1 (", 0, 0, 0)
"""
_SLOW_PARKS = """
import judge.student
judge.student._park = lambda shell, message: time.sleep(9)
judge.student.values_of = lambda names, wanted: time.sleep(9)
"""
_HEAVY_VALUES = """
import judge.student
judge.student.MAX_VALUES_BYTES = 1 << 40
judge.student.values_of = lambda names, wanted: b"x" * (60 << 20)
"""
_HEAVY_OUTPUTS = """
import json, judge.student
large = "x" * (11 << 20)
text = json.dumps([
    ["display_data", {"data": {"text/plain": "a"}, "metadata": {"note": large}}],
    ["display_data", {"data": {large: ""}, "metadata": {}}], ["stream", {"name": large, "text": "a"}],
    ["error", {"ename": large, "evalue": "", "traceback": []}],
    ["execute_result", {"data": {}, "metadata": {}, "execution_count": [1] * 200_000}],
]).encode()
judge.student._shown_bytes = lambda shown: text
"""
_EMPTY_OUTPUTS = """
import judge.student
text = b"[" + b'["display_data",{"data":{},"metadata":{}}],' * 120_000 + b'["stream",{"name":"","text":"x"}]]'
judge.student._shown_bytes = lambda shown: text
"""
_ODD_TEXT = """
from IPython.display import display, publish_display_data
for text in ("\\ud800 lone \\udfff", "\\x00 \\u202e \\ufffe", "\\x1b[9999999999;1m"):
    try:
        print(text)
    except ValueError:
        pass
odd = {"text/plain": "\\ud800", "text/html": "\\udfff", "application/json": {"a": float("nan"), "b": 1e999}}
publish_display_data(odd)
raise ValueError("\\udfff\\x00")
"""

# Everything that can be imported or read: no solution, hidden test, authors' package or ledger of planted defects.
_EVERYTHING = """
import gc, pathlib, re, threading
words = (b"BEGIN HIDDEN " + b"TESTS", b"BEGIN " + b"SOLUTION")
canary = re.compile(b"cn[a-z]{4,40}[0-9a-f]{12}")
for name in list(sys.modules):
    if name.partition(".")[0] in ("cardpress", "classroom", "tests", "nbgrader", "sqlalchemy"):
        harm("module-" + name.replace(".", "-"))
for name in ("cardpress", "classroom", "tests.redteam.reference"):
    try:
        __import__(name)
        harm("import-" + name.replace(".", "-"))
    except (ImportError, OSError):
        pass
end, seen = time.monotonic() + 3.5, set()
roots = {pathlib.Path(place) for place in [*sys.path, os.getcwd(), COURSE, ROOT, HOME, "/etc", "/srv", "/home", "/root",
         "/var", "/opt", "/run", "/tmp", "/dev/shm", "/proc"] if place}
for module in list(sys.modules.values()):
    if place := getattr(module, "__file__", None):
        roots.add(pathlib.Path(place).parent)
roots |= {parent for place in list(roots) for parent in place.parents}
import judge
for name in ("source", "bank", "cardpress", "tests", "data", ".git"):
    try:
        os.listdir(os.path.join(os.path.dirname(os.path.dirname(judge.__file__)), name))
        harm("folder-" + name.strip("."))
    except OSError:
        pass
def look(place):
    try:
        data = place.read_bytes()[:300_000]
    except (OSError, ValueError):
        return
    # Libraries speak of the markers, too.
    is_key = place.suffix == ".ipynb" and "site-packages" not in str(place) and any(word in data for word in words)
    if is_key or canary.search(data):
        print(canary.findall(data))
        harm("found-" + re.sub("[^a-z0-9]+", "-", str(place))[-60:])
for root in sorted(roots, key=lambda place: "site-packages" in str(place)):
    for where, folders, names in os.walk(root):
        if time.monotonic() > end or where in seen:
            folders.clear()
            continue
        seen.add(where)
        deep = "site-packages" in where or where.startswith(("/usr", "/proc", "/sys"))
        folders[:] = [] if deep and where != str(root) else folders[:200]
        for name in names[:500]:
            if name.endswith((".ipynb", ".yaml", ".yml", ".json", ".db", ".csv", ".py", ".txt", ".md", ".sqlite")):
                look(pathlib.Path(where, name))
for one in gc.get_objects():
    if isinstance(one, dict):
        for value in list(one.values()):
            if isinstance(value, str) and len(value) < 100 and canary.fullmatch(value.encode()):
                print(value)
"""


def _named(notebook: NotebookNode) -> None:
    """Names that a document might write without a second look."""
    notebook.metadata["title"] = notebook.metadata["authors"] = "<script>"
    for cell in notebook.cells:
        cell["metadata"]["tags"] = cell["metadata"]["name"] = ["<img src=x onerror=1>"]
    notebook.metadata["widgets"] = {"application/vnd.jupyter.widget-state+json": {"state": {"a": {"x": "<script>"}}}}


def _many_tests_wait(notebook: NotebookNode) -> None:
    """A cell of the student's after each test, so that each test needs a place of its own."""
    for place in reversed([n for n, cell in enumerate(notebook.cells) if str(cell.get("id", "")).startswith("test-")]):
        notebook.cells.insert(place + 1, v4.new_code_cell("print(sorted(globals()))", id=f"after-{place}"))


def _many_cells(notebook: NotebookNode) -> None:
    for number in range(60):
        notebook.cells.append(v4.new_code_cell("pass", id=f"more-{number}"))


_NAME = '"><img src=x onerror=alert(1)>.csv'

ATTACKS = (
    _attack("b57", "everything that can be imported or read is searched for the key", hostile(_EVERYTHING)),
    _attack("c60", "modes, times and owners of the course's files", hostile(_MODES)),
    _attack("c61", "sockets that have a path", hostile(_PATH_SOCKET)),
    _attack("c62", "another student's folder is watched", hostile(_WATCH)),
    replace(
        _attack("c63", "files, titles, tags and widgets with markup for a name",
                hostile(files={_NAME: b"a", "notes.txt": Link("<script>")}, edit=_named)),
        on_page=True,
    ),
    _attack("c64", "outputs of lone surrogates, NUL and NaN", hostile(_ODD_TEXT), "ends"),
    _attack("c65", "errors of lone surrogates in a test", answering("raise ValueError('\\udfff')"), "ends"),
    _attack("d75", "each place for a test takes nine seconds", hostile(_SLOW_PARKS, edit=_many_tests_wait), "ends"),
    _attack("d76", "60 MB of values for each test", hostile(_HEAVY_VALUES, edit=_many_tests_wait)),
    _attack("d77", "3 GB in memory files that nobody maps", hostile(_HIDDEN_MEMORY)),
    _attack("d78", "720 MB in files that are deleted and open", hostile(_NAMELESS)),
    _attack("d79", "3 GB of shared memory among six processes", hostile(_SHARED_BY_MANY)),
    _attack("d80", "folders nested 1,500 deep, and files in the deepest", hostile(_NESTED)),
    _attack("d81", "threads, processes and files with names in no encoding", hostile(_ODD_NAMES), "ends"),
    _attack("d82", "40 MB of metadata in the outputs of each cell", hostile(_HEAVY_OUTPUTS, edit=_many_cells)),
    _attack("d83", "120,000 empty outputs in each cell", hostile(_EMPTY_OUTPUTS, edit=_many_cells)),
    _attack("d84", "3 GB in memory files under way in a socket", hostile(_SENT_MEMORY)),
    _attack("d85", "400 MB reserved on the disk, not written", hostile(_RESERVED)),
    _attack("e60", "the kernel's larger surfaces", hostile(_SURFACES)),
    _attack("e61", "a sibling that can be dumped is read", hostile(_SIBLING)),
    _attack("e62", "limits and scheduling of other processes", answering("touch()\nreturn 1", setup=_OTHERS_LIMITS)),
    _attack("e63", "another user by setuid and its programs", hostile(_ROOT_AGAIN)),
)  # fmt: skip
