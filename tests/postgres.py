"""A PostgreSQL server of the tests' own: Debian's, in a temporary folder, by an ordinary user, on a Unix socket.

It is started when the first test wants it and stopped with the test process. Each test has a database of its own.
"""

import itertools
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from urllib.parse import quote

# Names sort by a language here, as on most servers, and not by their bytes as on SQLite.
_INITDB = (
    "--no-sync",
    "--auth=trust",
    "--username=classroom",
    "--locale-provider=icu",
    "--icu-locale=en",
    "--locale=C",
)
# Lost with the machine, which is no loss here; the promises of commits are PostgreSQL's own to test.
_FAST = "fsync = off\nsynchronous_commit = off\nfull_page_writes = off\nmax_connections = 60\nlisten_addresses = ''\n"


@cache
def binaries() -> Path | None:
    """The folder of the newest server's programs; None without one."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parent.parent.name))
    return found[-1].parent if found else None


def why_no_postgres() -> str:
    """Why no server can be started here; empty when it can."""
    if binaries() is None:
        return "PostgreSQL is missing: apt-get install postgresql"
    return "" if os.geteuid() or shutil.which("setpriv") else "setpriv is missing: apt-get install util-linux"


@dataclass
class Postgres:
    """A running server. folder: its data, its socket and its log."""

    folder: Path
    numbers: Iterator[int] = field(default_factory=itertools.count)

    def new_database(self) -> str:
        """The address of an empty database."""
        name = f"t{next(self.numbers)}"
        self.run("createdb", "--host", str(self.folder), "--username", "classroom", "--template", "template0", name)
        return f"postgresql://classroom@/{name}?host={quote(str(self.folder))}"

    def copy(self, url: str) -> str:
        """The address of a copy of a database in which nobody works."""
        name, _, server = url.removeprefix("postgresql://classroom@/").partition("?")
        made = f"t{next(self.numbers)}"
        self.run("createdb", "--host", str(self.folder), "--username", "classroom", "--template", name, made)
        return f"postgresql://classroom@/{made}?{server}"

    def start(self) -> None:
        self._control("start", "--options", f"-k {self.folder}", "--log", str(self.folder / "log"))

    def stop(self) -> None:
        """Ends it at once, whoever is connected."""
        self._control("stop", "--mode", "immediate")

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Stopped in the block, then started again."""
        self._control("stop", "--mode", "fast")
        try:
            yield
        finally:
            self.start()

    def run(self, program: str, *arguments: str) -> None:
        """One of PostgreSQL's own programs, as an ordinary user."""
        folder = binaries()
        assert folder is not None
        subprocess.run(
            [*_as_ordinary_user(), str(folder / program), *arguments],
            cwd=self.folder, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        )  # fmt: skip

    def _control(self, word: str, *arguments: str) -> None:
        self.run("pg_ctl", word, "--wait", "--timeout", "120", "--pgdata", str(self.folder / "data"), *arguments)


@contextmanager
def server() -> Iterator[Postgres]:
    """A new server, gone with all its data after the block."""
    # Not pytest's own folder: a socket's path may have 107 bytes.
    with tempfile.TemporaryDirectory(prefix="pg-", ignore_cleanup_errors=True) as folder:
        made = Postgres(Path(folder))
        if not os.geteuid():
            shutil.chown(folder, *_account())
        made.run("initdb", "--pgdata", str(made.folder / "data"), *_INITDB)
        with (made.folder / "data" / "postgresql.conf").open("a") as config:
            config.write(_FAST)
        made.start()
        try:
            yield made
        finally:
            made.stop()


def _as_ordinary_user() -> Sequence[str]:
    """The server refuses to run as root."""
    if os.geteuid():
        return ()
    uid, gid = _account()
    return ("setpriv", "--reuid", str(uid), "--regid", str(gid), "--clear-groups", "--")


def _account() -> tuple[int, int]:
    account = pwd.getpwnam("nobody")
    return account.pw_uid, account.pw_gid
