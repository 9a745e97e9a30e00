"""A class that a test starts with docker-compose.yml, and looks at from outside and from inside its containers.

Where no registry is in reach its database, TLS and socket proxies come from tests/stack/Dockerfile; all else is what a
real server runs.
"""

import datetime as dt
import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import httpx

from classroom.ops.instance import free_ports
from tests.running_class import PATIENCE_S, wait_for

ROOT = Path(__file__).resolve().parent.parent
STAND_INS = "classroom-stack"
IMAGES = ("classroom-hub", "classroom-student", "classroom-worker", STAND_INS)
TERM_BEGAN = dt.timedelta(days=14)
UP_S = 600


@cache
def compose_command() -> list[str]:
    """Compose as this machine has it: version 2 as a plug-in, or the older program. Empty where it has neither."""
    if subprocess.run(["docker", "compose", "version"], capture_output=True, check=False).returncode == 0:
        return ["docker", "compose"]
    return ["docker-compose"] if shutil.which("docker-compose") else []


@dataclass(frozen=True)
class ComposeClass:
    """One class under a project name of its own. folder: for its secrets."""

    folder: Path
    project: str
    port: int = field(default_factory=lambda: free_ports(1)[0])
    settings: Mapping[str, str] = field(default_factory=dict)
    passwords: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """What docs/howto/run-a-class.md puts into .env."""
        return {
            "CLASSROOM_HOST": "localhost",
            "CLASSROOM_URL_PORT": f":{self.port}",
            "CLASSROOM_HTTPS_PORT": f"127.0.0.1:{self.port}",
            "CLASSROOM_HTTP_PORT": "127.0.0.1:",
            "CLASSROOM_TLS": "internal",
            "CLASSROOM_SECRETS": str(self.folder / "secrets"),
            "CLASSROOM_CERTS": str(self.folder / "secrets" / "certs"),
            "CLASSROOM_PROJECT": self.project,
            "CLASSROOM_STARTS": (dt.date.today() - TERM_BEGAN).isoformat(),
            "CADDY_IMAGE": STAND_INS,
            "HAPROXY_IMAGE": STAND_INS,
            "POSTGRES_IMAGE": STAND_INS,
            "PROMETHEUS_IMAGE": STAND_INS,
            **self.settings,
        }

    def compose(self, *arguments: str, timeout_s: float = UP_S) -> "subprocess.CompletedProcess[str]":
        """docker compose with these arguments, whatever comes of it."""
        return subprocess.run(
            [*compose_command(), "--project-name", self.project, *arguments],
            cwd=ROOT,
            env={**os.environ, **self.environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )

    def up(self, *arguments: str) -> None:
        """Start it and wait until everything that says how it is says that it's well."""
        subprocess.run([ROOT / "scripts" / "make_secrets.sh", self.folder / "secrets"], check=True, capture_output=True)
        done = self.compose("up", "--detach", "--no-build", *arguments)
        assert done.returncode == 0, done.stdout + done.stderr + self.logs()
        self.wait_until_well()

    def down(self) -> None:
        """Away with containers, networks and volumes, the students' too."""
        for server in docker("ps", "-aq", "--filter", f"name={self.project}-student-").split():
            docker("rm", "-f", server)
        self.compose("--profile", "monitoring", "down", "--volumes", "--timeout", "2")
        for network in docker("network", "ls", "-q", "--filter", f"name={self.project}-student-").split():
            docker("network", "rm", network)
        for volume in docker("volume", "ls", "-q", "--filter", f"name={self.project}-home-").split():
            docker("volume", "rm", volume)

    def logs(self) -> str:
        return self.compose("logs", "--no-color", "--tail", "30").stdout

    def container(self, service: str) -> str:
        """The id of the service's first container."""
        return self.compose("ps", "-q", service).stdout.split()[0]

    def wait_until_well(self) -> None:
        wait_for(lambda: self.unwell() == [], timeout_s=UP_S, pause_s=1)

    def unwell(self) -> list[str]:
        """Containers of the project that don't run, or say that they aren't well."""
        found = docker("ps", "-aq", "--filter", f"label=com.docker.compose.project={self.project}").split()
        bad = []
        for state in (inspect(each) for each in found):
            health = state["State"].get("Health", {}).get("Status", "healthy")
            if not state["State"]["Running"] or health != "healthy":
                bad.append(f"{state['Name']}: {state['State']['Status']}, {health}")
        return bad if found else ["nothing runs"]

    def classroom(self, *arguments: str) -> str:
        """What `classroom` prints in the service's container."""
        done = self.compose("exec", "-T", "service", "classroom", *arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def add(self, role: str, *names: str) -> None:
        """Accounts with fresh passwords."""
        for line in self.classroom("account", "add", *names, "--role", role).splitlines():
            name, password = line.split()
            self.passwords[name] = password

    @contextmanager
    def sign_in(self, name: str) -> Iterator[httpx.Client]:
        """A client with that account's cookies at the hub."""
        with self.stranger() as client:
            client.get("/hub/login")
            form = {"username": name, "password": self.passwords[name], "_xsrf": client.cookies["_xsrf"]}
            answer = client.post("/hub/login", data=form, params={"next": "/hub/home"})
            assert answer.url.path == "/hub/home", answer.text
            yield client

    def stranger(self) -> httpx.Client:
        # The certificate is of an authority made for this class.
        return httpx.Client(base_url=self.url, follow_redirects=True, timeout=PATIENCE_S, trust_env=False, verify=False)

    def spawn(self, name: str) -> "Server":
        """That account's JupyterLab server, as soon as it answers."""
        with self.sign_in(name) as client:
            client.get(f"/hub/spawn/{name}")
            wait_for(lambda: client.get(f"/user/{name}/api").status_code == 200, timeout_s=UP_S, pause_s=1)
        return self.server(name)

    def server(self, name: str) -> "Server":
        return Server(f"{self.project}-student-{name}", f"{self.project}-home-{name}")


@dataclass(frozen=True)
class Server:
    """A student's server: its container and its home volume."""

    container: str
    volume: str

    @property
    def home(self) -> Path:
        """Where the home folder lies on this machine; only root may look."""
        return Path(json.loads(docker("volume", "inspect", self.volume))[0]["Mountpoint"])

    def run(self, *command: str, as_root: bool = False) -> "subprocess.CompletedProcess[str]":
        """A command in the container, as the student."""
        user = ["--user", "0"] if as_root else []
        return subprocess.run(
            ["docker", "exec", *user, self.container, *command],
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    def python(self, code: str) -> str:
        """What this code prints there."""
        done = self.run("python", "-c", code)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def is_running(self) -> bool:
        return docker("ps", "-q", "--filter", f"name=^{self.container}$") != ""


def docker(*arguments: str) -> str:
    """What docker prints; fails the test when it fails."""
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def inspect(container: str) -> dict[str, dict[str, object]]:
    found: list[dict[str, dict[str, object]]] = json.loads(docker("inspect", container))
    return found[0]


@cache
def why_no_compose() -> str:
    """Why a class can't be started here; empty when it can."""
    if not shutil.which("docker"):
        return "docker is missing"
    if not compose_command():
        return "docker-compose is missing"
    there = subprocess.run(["docker", "info"], capture_output=True, check=False)
    if there.returncode != 0:
        return "no Docker engine answers"
    missing = [
        name
        for name in IMAGES
        if subprocess.run(["docker", "image", "inspect", name], capture_output=True, check=False).returncode
    ]
    what = ", ".join(missing)
    return f"images are missing ({what}): make images; docker build -t {STAND_INS} tests/stack" if missing else ""
