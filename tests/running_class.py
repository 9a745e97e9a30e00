"""A class that a test starts with `classroom up`, and looks at from outside."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil

from classroom.config import Settings, load_settings
from classroom.ops.instance import Instance, free_ports, load_instance
from classroom.ops.processes import marked

CLASSROOM = str(Path(sys.executable).parent / "classroom")
# Seconds until something that must come is given up: long, since a full machine is slow and nothing is measured here.
PATIENCE_S = 300.0
_PAUSE_S = 0.1


BARE_COURSE = """
course: tiny
title: A tiny course
starts: 2999-01-01
assignments:
  first: {release: day 0 09:00, due: day 7 09:00}
"""


def bare_course(folder: Path, root: Path) -> Path:
    """The folder, now with a course whose only assignment isn't open yet. root: the checkout, whose hub serves it."""
    (folder / "course.yaml").write_text(BARE_COURSE)
    for name in ("hub", "node_modules", "data"):
        (folder / name).symlink_to(root / name)
    return folder


@dataclass(frozen=True)
class RunningClass:
    """A class with its own state folder and port. wrap: what a command line becomes before it's run."""

    course: Path
    state: Path
    port: int = field(default_factory=lambda: free_ports(1)[0])
    wrap: Callable[[Sequence[str]], list[str]] = list
    environment: Mapping[str, str] = field(default_factory=dict)

    def run(self, *arguments: str, timeout_s: float = 600) -> "subprocess.CompletedProcess[str]":
        """`classroom` with these arguments, for this course and state."""
        mine = {"CLASSROOM_COURSE": str(self.course), "CLASSROOM_STATE": str(self.state), **self.environment}
        return subprocess.run(
            self.wrap([CLASSROOM, *arguments]),
            env={**os.environ, **mine},
            cwd="/",
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )

    def up(self, *arguments: str) -> str:
        """Start it; what was printed."""
        done = self.run("up", "--no-demo", "--port", str(self.port), *arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def down(self) -> None:
        assert self.run("down").returncode == 0

    @property
    def instance(self) -> Instance:
        instance = load_instance(self.state)
        assert instance is not None
        return instance

    @property
    def url(self) -> str:
        return self.instance.public_url

    def settings(self) -> Settings:
        """As a command typed with this state has them."""
        return load_settings({"CLASSROOM_COURSE": str(self.course), "CLASSROOM_STATE": str(self.state)})

    def processes(self) -> list[psutil.Process]:
        return marked(self.instance.mark)

    def passwords(self) -> dict[str, str]:
        return dict(json.loads((self.state / "secrets" / "demo_accounts.json").read_text()))

    @contextmanager
    def sign_in(self, name: str) -> Iterator[httpx.Client]:
        """A client with that account's cookies at the hub."""
        with httpx.Client(base_url=self.url, follow_redirects=True, timeout=PATIENCE_S, trust_env=False) as client:
            client.get("/hub/login")
            form = {"username": name, "password": self.passwords()[name], "_xsrf": client.cookies["_xsrf"]}
            answer = client.post("/hub/login", data=form, params={"next": "/hub/home"})
            assert "Invalid username or password" not in answer.text, "Invalid username or password"
            assert answer.status_code == 200, answer.text
            assert answer.url.path == "/hub/home"
            yield client

    def groups(self, name: str) -> list[str]:
        """The hub's groups of that account, after a fresh sign-in."""
        with self.sign_in(name) as client:
            return list(client.get("/hub/api/user", headers={"Referer": f"{self.url}/hub/home"}).json()["groups"])

    def spawn(self, name: str) -> psutil.Process:
        """That account's JupyterLab server, as soon as it answers."""
        with self.sign_in(name) as client:
            client.get(f"/hub/spawn/{name}")
            wait_for(lambda: client.get(f"/user/{name}/api").status_code == 200)
        return self.servers(name)[0]

    def servers(self, name: str) -> list[psutil.Process]:
        """The JupyterLab server of that account, if it runs."""
        return [process for process in self.processes() if is_server_of(process, name)]


def is_server_of(process: psutil.Process, name: str) -> bool:
    """Whether the process is the JupyterLab server of that account, not a kernel of it."""
    command = process.cmdline()
    return any("singleuser" in part for part in command) and process.environ().get("JUPYTERHUB_USER") == name


def wait_for(condition: Callable[[], bool], *, timeout_s: float = PATIENCE_S, pause_s: float = _PAUSE_S) -> None:
    """Return as soon as it holds; fails the test when it doesn't in time. pause_s: between two looks."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, f"waited {timeout_s} s in vain"
        time.sleep(pause_s)
