"""The place where attacks happen: a course, a home, site-packages and a listener made for nothing else.

Everything is below one temporary folder. `Lab.harm` says what an attack has done to it, with evidence that doesn't
depend on what the engine reports.
"""

import contextlib
import ctypes
import hashlib
import os
import secrets
import shutil
import signal
import socket
import sqlite3
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from tests.redteam.corpus.base import Ground
from tests.redteam.reference import (
    ASSIGNMENT,
    NOTEBOOK,
    OTHER_CANARY,
    TOKEN_CANARY,
    honest_notebook,
    source_notebook,
    to_bytes,
)

ATTACKER, OTHER = "attacker", "other"
_PUBLIC_FOLDERS = ("/tmp", "/var/tmp", "/dev/shm")
_WORK = (f"submitted/{ATTACKER}", f"autograded/{ATTACKER}", f"feedback/{ATTACKER}", "gradebook.db")
_CONFIG = 'c = get_config()\nc.CourseDirectory.course_id = "lab"\n'


class Listener:
    """Takes TCP on a random loopback port, UDP on the same, an abstract Unix socket and one with a path; counts what
    reaches it."""

    def __init__(self, path: Path) -> None:
        self._tcp = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._tcp.getsockname()[1]
        self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._udp.bind(("127.0.0.1", self.port))
        self._unix = socket.socket(socket.AF_UNIX)
        self._unix.bind(f"\0redteam{self.port}")
        self._unix.listen()
        self._path = socket.socket(socket.AF_UNIX)
        self._path.bind(str(path))
        path.chmod(0o777)
        self._path.listen()
        self.heard: list[str] = []
        for name, target in (("TCP", self._tcp), ("Unix", self._unix), ("Unix by path", self._path)):
            threading.Thread(target=self._accept, args=(name, target), daemon=True).start()
        threading.Thread(target=self._read, daemon=True).start()

    def close(self) -> None:
        for one in (self._tcp, self._udp, self._unix, self._path):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _accept(self, name: str, target: socket.socket) -> None:
        while True:
            try:
                peer, _ = target.accept()
            except OSError:
                return
            self.heard.append(name)
            peer.close()

    def _read(self) -> None:
        while True:
            try:
                if not self._udp.recvfrom(100)[0]:
                    return
            except OSError:
                return
            self.heard.append("UDP")


@dataclass
class Lab:
    """One lab serves many attacks, one after another; `reset` puts it right again."""

    root: Path
    listener: Listener
    mark: str = ""
    template: Path | None = None  # a gradebook to begin with
    _before: dict[str, str] = field(default_factory=dict)

    @property
    def course(self) -> Path:
        return self.root / "course"

    @property
    def python(self) -> Path:
        """An interpreter whose own site-packages lie in the lab; the project's come after it."""
        return self.root / "venv/bin/python"

    @property
    def environment(self) -> dict[str, str]:
        """What a grader's process has: a home, a token, nothing of the outside."""
        real = Path(sys.executable).parent
        return {
            "PATH": os.pathsep.join([str(self.python.parent), str(real), "/usr/local/bin", "/usr/bin", "/bin"]),
            "HOME": str(self.root / "home"),
            "TMPDIR": str(self.root / "tmp"),
            "GRADER_TOKEN": TOKEN_CANARY,
            "JUPYTER_PATH": str(Path(sys.prefix) / "share/jupyter"),
            "PYTHONPATH": str(Path(__file__).resolve().parents[2]),
            "PYTHONWARNINGS": "ignore",
            "PYTHONUNBUFFERED": "1",
            "LANG": "C.UTF-8",
            **{f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL")},
        }

    def reset(self) -> None:
        """A course as it was, an empty home, nothing temporary but an engine's own folders, a new mark."""
        self.mark = f"rt{secrets.token_hex(5)}"
        leftovers = [path for path in (self.root / "tmp").glob("*") if not path.name.startswith("judge-")]
        for path in (self.root / "course", self.root / "home", *leftovers):
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        for name in ("course/source/" + ASSIGNMENT, f"course/submitted/{OTHER}/{ASSIGNMENT}", "home", "tmp"):
            (self.root / name).mkdir(parents=True, exist_ok=True)
        other = honest_notebook()
        other.cells[0]["source"] += f"\n\n{OTHER_CANARY}"
        (self.course / "nbgrader_config.py").write_text(_CONFIG)
        (self.course / "source" / ASSIGNMENT / f"{NOTEBOOK}.ipynb").write_bytes(to_bytes(source_notebook()))
        (self.course / "submitted" / OTHER / ASSIGNMENT / f"{NOTEBOOK}.ipynb").write_bytes(to_bytes(other))
        if self.template is not None:
            shutil.copy(self.template, self.course / "gradebook.db")
        else:
            with contextlib.closing(sqlite3.connect(self.course / "gradebook.db")) as database:
                database.execute("create table source_cell (source text)")
                database.executemany(
                    "insert into source_cell values (?)", [(c["source"],) for c in source_notebook().cells]
                )
                database.commit()
        self._before = self._digests()

    def clear_temporary(self) -> None:
        """Removes an engine's own folders too; only when it has ended."""
        shutil.rmtree(self.root / "tmp", ignore_errors=True)

    def ground(self, top: int) -> Ground:
        return Ground(str(self.root), self.listener.port, self.mark, top)

    def harm(self) -> list[str]:
        """What has happened since `reset`, in words. Removes what lies outside the lab and ends what survived."""
        found = [f"{name} was {how}" for name, how in self._changes()]
        found += [f"a connection ({kind}) reached the listener" for kind in self.listener.heard]
        self.listener.heard.clear()
        found += [f"a process survived: {name}" for name in self._end_survivors()]
        found += [f"{path} was left behind" for path in self._left_behind()]
        found += self._system_v()
        if self._has_foreign_tables():
            found.append("the gradebook has a new table or trigger")
        return found

    def _changes(self) -> Iterator[tuple[str, str]]:
        now = self._digests()
        for name in sorted(self._before.keys() | now.keys()):
            if self._before.get(name) != now.get(name):
                yield name, "changed" if name in self._before and name in now else "made or removed"

    def _digests(self) -> dict[str, str]:
        """Files that nobody but the instructor may change."""
        found = {}
        for path in self.course.rglob("*"):
            name = path.relative_to(self.course).as_posix()
            if path.is_file() and not path.is_symlink() and name.startswith(("source/", f"submitted/{OTHER}/")):
                found[name] = hashlib.sha256(path.read_bytes()).hexdigest()
        return found

    def _end_survivors(self) -> list[str]:
        """Processes that carry the mark in name or command, a while after the engine has answered."""
        survivors = marked_processes(self.mark)
        if survivors:
            time.sleep(0.3)  # one that is about to be reaped is no survivor
            survivors = marked_processes(self.mark)
        for _ in range(100):
            left = marked_processes(self.mark)
            if not left:
                break
            for process in left:
                with contextlib.suppress(psutil.Error):
                    process.send_signal(signal.SIGKILL)
        return [f"{len(survivors)} of them"] if survivors else []

    def _left_behind(self) -> list[str]:
        own = [self.root / name for name in ("home", "tmp", "venv", "site")]
        found = [path for folder in own for path in folder.rglob(f"*{self.mark}*")]
        for path in self.course.rglob(f"*{self.mark}*"):
            if not path.relative_to(self.course).as_posix().startswith(_WORK):
                found.append(path)
        marked = [path for folder in own[:1] for path in folder.rglob("*") if self._is_marked(path)]
        for folder in _PUBLIC_FOLDERS:
            for path in Path(folder).glob(f"*{self.mark}*"):
                found.append(path)
        names = [path.name.replace(self.mark, "MARK") for path in found + marked]
        for path in found:
            with contextlib.suppress(OSError):
                path.unlink()
        return sorted(set(names))[:10]

    def _is_marked(self, path: Path) -> bool:
        if path.suffix not in {".py", ".bashrc", ""} or not path.is_file():
            return False
        return self.mark.encode() in path.read_bytes()[:10_000]

    def _has_foreign_tables(self) -> bool:
        try:
            with contextlib.closing(sqlite3.connect(f"file:{self.course}/gradebook.db?mode=ro", uri=True)) as database:
                query = "select count(*) from sqlite_master where name like ?"
                return bool(database.execute(query, [f"%{self.mark}%"]).fetchone()[0])
        except sqlite3.Error:
            return False

    def _system_v(self) -> list[str]:
        """Shared memory and queues under the attack's key; both are removed."""
        libc, key, found = ctypes.CDLL(None), self.listener.port | 0x52540000, []
        for name, get, control, size in (
            ("memory", libc.shmget, libc.shmctl, (0,)),
            ("queue", libc.msgget, libc.msgctl, ()),
        ):
            number = get(key, *size, 0)
            if number >= 0:
                control(number, 0, None)
                found.append(f"System V {name} was left behind")
        return found


def marked_processes(mark: str) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.status() != psutil.STATUS_ZOMBIE and (mark in process.name() or mark in process.cmdline()):
                found.append(process)
    return found


@contextlib.contextmanager
def open_lab() -> Iterator[Lab]:
    """A new lab, gone at the end."""
    root = Path(tempfile.mkdtemp(prefix="redteam-"))
    root.chmod(0o755)  # a sandbox's own user passes here on the way to the interpreter
    lab = Lab(root, Listener(root / "listener.sock"))
    try:
        _make_interpreter(lab)
        lab.reset()
        yield lab
    finally:
        lab.listener.close()
        shutil.rmtree(root, ignore_errors=True)


def _make_interpreter(lab: Lab) -> None:
    """A bare virtual environment that finds the project's packages after its own, which may be attacked."""
    import venv

    venv.EnvBuilder(symlinks=True, with_pip=False).create(lab.root / "venv")
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    folder = lab.root / "venv/lib" / version / "site-packages"
    real = Path(sys.prefix) / "lib" / version / "site-packages"
    (folder / "project.pth").write_text(f"import site; site.addsitedir({str(real)!r})\n")
    (lab.root / "site").mkdir()
    for place in (folder, lab.root / "site"):
        (place / "MADE_FOR_ATTACKS").touch()
