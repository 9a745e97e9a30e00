"""One running class: which ports it took and by which mark its processes are known."""

import json
import secrets
import socket
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from classroom.ops.files import write_private

# Every process of a class carries this variable with the class's own mark: so `down` finds them all, and no other.
MARK = "CLASSROOM_INSTANCE"
_LOCALHOST = "127.0.0.1"
# Above the ports that services are usually given, below Linux's ephemeral ones (32768 on).
_FIRST_PORT, _LAST_PORT = 20_000, 32_000


@dataclass(frozen=True)
class Instance:
    """mark: value of MARK. hub_pid, hub_started: 0 before the hub was started; the time tells a reused pid apart."""

    mark: str
    port: int
    hub_port: int
    proxy_api_port: int
    service_port: int
    hub_pid: int = 0
    hub_started: float = 0.0

    @property
    def public_url(self) -> str:
        return f"http://{_LOCALHOST}:{self.port}"

    @property
    def hub_api_url(self) -> str:
        return f"http://{_LOCALHOST}:{self.hub_port}/hub/api"

    def started(self, pid: int, at: float) -> "Instance":
        """The same, with its hub."""
        return replace(self, hub_pid=pid, hub_started=at)


def new_instance(mark: str, port: int) -> Instance:
    """An instance on three free ports beside the public one."""
    hub, proxy, service = free_ports(3)
    return Instance(mark, port, hub, proxy, service)


def load_instance(state: Path) -> Instance | None:
    """What the last `up` left in the state folder; None before the first."""
    path = _path(state)
    return Instance(**json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else None


def write_instance(state: Path, instance: Instance) -> None:
    write_private(_path(state), json.dumps(asdict(instance), indent=1))


def free_ports(count: int) -> list[int]:
    """Ports of this machine that nobody listens on now."""
    found: list[int] = []
    while len(found) < count:
        port = _FIRST_PORT + secrets.randbelow(_LAST_PORT - _FIRST_PORT)
        if port not in found and is_free(port):
            found.append(port)
    return found


def is_free(port: int) -> bool:
    """Whether a server could bind the port; one that was just closed counts as free."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((_LOCALHOST, port))
        except OSError:
            return False
    return True


def _path(state: Path) -> Path:
    return state / "instance.json"
