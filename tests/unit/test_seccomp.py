"""What the filter of system calls denies, ignores and leaves, tried in a process that has given it to itself."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

_TRY = r"""
import ctypes, json, os, resource, shutil, socket, sys, tempfile
from judge.sandbox import seccomp

libc = ctypes.CDLL(None, use_errno=True)
other, folder = os.getppid(), sys.argv[1]
own = os.path.join(folder, "own")
open(own, "w").close()
os.chmod(own, 0o640)
os.utime(own, (5, 5))
most = resource.prlimit(other, resource.RLIMIT_NOFILE)

def checked(result):
    if result < 0:
        raise OSError(ctypes.get_errno(), "denied")

tries = {
    "a socket with a path": lambda: socket.socket(socket.AF_UNIX),
    "a socket of the network": lambda: socket.socket(socket.AF_INET),
    "a pair that sends anywhere": lambda: socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM),
    "a raw pair": lambda: socket.socketpair(socket.AF_UNIX, socket.SOCK_RAW),
    "another's limits": lambda: resource.prlimit(other, resource.RLIMIT_NOFILE, most),
    "another's processors": lambda: os.sched_setaffinity(other, os.sched_getaffinity(0)),
    "another's priority": lambda: os.setpriority(os.PRIO_PROCESS, other, os.getpriority(os.PRIO_PROCESS, other)),
    "being dumped": lambda: checked(libc.prctl(4, 1, 0, 0, 0)),
    "watching a folder": lambda: checked(libc.inotify_init1(0)),
    "another owner": lambda: os.chown(own, os.getuid(), os.getgid()),
    "an attribute": lambda: os.setxattr(own, "user.note", b"x"),
    "a pair that is connected": lambda: [end.close() for end in socket.socketpair()],
    "packets in a pair": lambda: [end.close() for end in socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)],
    "its own limits": lambda: resource.setrlimit(resource.RLIMIT_NOFILE, most),
    "its own processors": lambda: os.sched_setaffinity(0, os.sched_getaffinity(0)),
    "its own name": lambda: checked(libc.prctl(15, b"name", 0, 0, 0)),
    "a copied file": lambda: shutil.copy2(own, own + "-copy"),
    "another mode": lambda: os.chmod(own, 0o777),
    "another time": lambda: os.utime(own, (9, 9)),
}
libc.prctl(38, 1, 0, 0, 0)
seccomp.install(seccomp.build_filter(servers=False))
answers = {}
for name, attempt in tries.items():
    try:
        attempt()
        answers[name] = "done"
    except PermissionError:
        answers[name] = "denied"
answers["mode"], answers["time"] = oct(os.stat(own).st_mode & 0o777), os.stat(own).st_mtime
print(json.dumps(answers))
"""


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    folder = tmp_path_factory.mktemp("filtered")
    words = [sys.executable, "-c", _TRY, str(folder)]
    root = Path(__file__).resolve().parents[2]
    ran = subprocess.run(words, cwd=root, capture_output=True, text=True, check=True, timeout=60)
    found: dict[str, object] = json.loads(ran.stdout)
    return found


@pytest.mark.parametrize(
    "name",
    [
        "a socket with a path",
        "a socket of the network",
        "a pair that sends anywhere",
        "a raw pair",
        "another's limits",
        "another's processors",
        "another's priority",
        "being dumped",
        "watching a folder",
        "another owner",
        "an attribute",
    ],
)
def test_what_reaches_beyond_the_process_is_denied(answers: dict[str, object], name: str) -> None:
    assert answers[name] == "denied"


@pytest.mark.parametrize(
    "name",
    [
        "a pair that is connected",
        "packets in a pair",
        "its own limits",
        "its own processors",
        "its own name",
        "a copied file",
    ],
)
def test_what_libraries_need_goes_on(answers: dict[str, object], name: str) -> None:
    assert answers[name] == "done"


def test_a_change_of_mode_or_time_seems_done_and_changes_nothing(answers: dict[str, object]) -> None:
    """Landlock doesn't ask about either, and a filter can't see whose file it is."""
    assert (answers["another mode"], answers["another time"]) == ("done", "done")
    assert (answers["mode"], answers["time"]) == ("0o640", 5.0)
