"""The machines of a Docker swarm on one: an engine in a network namespace each, joined by a bridge.

Root's work. Everything lies in the folder and is gone after the block; no other engine of the machine is touched.
"""

import os
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import psutil

BASE = "debian:bookworm-slim"
TOOLS = ("dockerd", "docker", "haproxy", "ip", "iptables", "nsenter")
PACKAGES = "docker.io haproxy iproute2 iptables util-linux"
_PATIENCE_S = 300.0
_LOG_CHARACTERS = 2000


def why_no_tools() -> str:
    """What a swarm on one machine lacks here; empty for nothing."""
    if missing := [tool for tool in TOOLS if shutil.which(tool) is None]:
        return f"{', '.join(missing)}: missing; apt-get install {PACKAGES}"
    return "only root can start engines and network namespaces" if os.geteuid() else ""


@cache
def why_no_swarm() -> str:
    """Why no swarm can be made here of what the machine's own engine has; empty when it can."""
    if reason := why_no_tools():
        return reason
    there = subprocess.run(["docker", "image", "inspect", BASE], capture_output=True, check=False)
    return f"no Docker engine answers that has {BASE}: scripts/docker_engine.sh up FOLDER" if there.returncode else ""


@dataclass
class Node:
    """One machine. address: its own on the bridge."""

    name: str
    address: str
    folder: Path
    daemon: "subprocess.Popen[bytes] | None" = field(default=None, repr=False)

    @property
    def socket(self) -> str:
        return f"unix://{self.folder}/docker.sock"

    def docker(self, *arguments: str) -> str:
        """What `docker` prints, asked of this machine; raises CalledProcessError."""
        return run("docker", "-H", self.socket, *arguments)

    def start(self) -> None:
        """Its own /run/docker, since engines share that of a machine; answers when this returns."""
        own = {"data-root": "data", "exec-root": "exec", "pidfile": "dockerd.pid"}
        options = [f"--{option}={self.folder / name}" for option, name in own.items()]
        options += [f"--host={self.socket}", f"--cgroup-parent=/{self.name}"]
        private = 'mkdir -p /run/docker && mount -t tmpfs tmpfs /run/docker && exec dockerd "$@"'
        command = ["nsenter", f"--net=/run/netns/{self.name}", "unshare", "-m", "sh", "-c", private, "sh", *options]
        with (self.folder / "dockerd.log").open("ab") as log:
            self.daemon = subprocess.Popen(
                command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True
            )
        wait_until(self._answers, lambda: f"{self.name}'s engine doesn't answer: {self.log()}")

    def log(self) -> str:
        """The end of what the engine said."""
        return (self.folder / "dockerd.log").read_text(errors="replace")[-_LOG_CHARACTERS:]

    def kill(self) -> None:
        """As by a power cut: the engine, what it started, and all containers, at once and without a word."""
        pids = self._containers()
        for process in [process for process in psutil.process_iter() if self._is_ours(process)]:
            with suppress(psutil.Error):
                process.send_signal(signal.SIGKILL)
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if self.daemon is not None:
            self.daemon.wait(_PATIENCE_S)

    def _containers(self) -> list[int]:
        with suppress(subprocess.CalledProcessError):
            ids = self.docker("ps", "-q").split()
            return [int(self.docker("inspect", "-f", "{{.State.Pid}}", one)) for one in ids]
        return []

    def _is_ours(self, process: psutil.Process) -> bool:
        with suppress(psutil.Error):
            return any(str(self.folder) in word for word in process.cmdline()) and process.pid != os.getpid()
        return False

    def _answers(self) -> bool:
        assert self.daemon is not None
        assert self.daemon.poll() is None, f"{self.name}'s engine ended: {self.log()}"
        with suppress(subprocess.CalledProcessError):
            return bool(self.docker("info", "--format", "{{.ID}}"))
        return False


@dataclass(frozen=True)
class _Wire:
    """The bridge between the machines. network: the first three numbers of their addresses."""

    name: str
    network: str


@contextmanager
def swarm_of(folder: Path, count: int) -> Iterator[list[Node]]:
    """A manager, the first, and workers, without images."""
    with ExitStack() as undo:
        wire = _bridge(undo)
        nodes = [
            Node(f"{wire.name}-{number}", f"{wire.network}.{10 + number}", folder / f"node{number}")
            for number in range(count)
        ]
        for node in nodes:
            node.folder.mkdir()
            undo.callback(_unmount, node.folder)
            _join(node, wire, undo)
            undo.callback(node.kill)
            node.start()
        manager, *workers = nodes
        manager.docker("swarm", "init", f"--advertise-addr={manager.address}")
        token = manager.docker("swarm", "join-token", "-q", "worker").strip()
        for node in workers:
            node.docker(
                "swarm", "join", f"--advertise-addr={node.address}", "--token", token, f"{manager.address}:2377"
            )
        yield nodes


def run(*command: str) -> str:
    """What the command prints; raises CalledProcessError, whose text says what it complained of."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    if done.returncode:
        raise subprocess.CalledProcessError(done.returncode, list(command), done.stdout, done.stderr)
    return done.stdout


def wait_until(condition: Callable[[], bool], otherwise: Callable[[], str], *, patience_s: float = _PATIENCE_S) -> None:
    """Returns as soon as it holds; raises AssertionError with what `otherwise` finds when it doesn't in time."""
    deadline = time.monotonic() + patience_s
    while not condition():
        assert time.monotonic() < deadline, otherwise()
        time.sleep(0.5)


def _bridge(undo: ExitStack) -> _Wire:
    """Under a name and with addresses drawn at random, so that what another run left behind is in nobody's way."""
    number = secrets.randbelow(254) + 1
    wire = _Wire(f"swarm{number}", f"10.251.{number}")
    run("ip", "link", "add", wire.name, "type", "bridge")
    undo.callback(_quietly, ["ip", "link", "del", wire.name])
    run("ip", "addr", "add", f"{wire.network}.1/24", "dev", wire.name)
    run("ip", "link", "set", wire.name, "up")
    # Another engine's rules may drop what a bridge forwards.
    rule = ["FORWARD", "-i", wire.name, "-o", wire.name, "-j", "ACCEPT"]
    if not _quietly(["iptables", "-w", "-I", *rule]):
        undo.callback(_quietly, ["iptables", "-w", "-D", *rule])
    return wire


def _join(node: Node, wire: _Wire, undo: ExitStack) -> None:
    run("ip", "netns", "add", node.name)
    undo.callback(_quietly, ["ip", "netns", "del", node.name])
    outside = f"{node.name}-out"
    run("ip", "link", "add", outside, "type", "veth", "peer", "name", "eth0", "netns", node.name)
    run("ip", "link", "set", outside, "master", wire.name, "up")
    inside = ("ip", "-n", node.name)
    run(*inside, "addr", "add", f"{node.address}/24", "dev", "eth0")
    run(*inside, "link", "set", "eth0", "up")
    run(*inside, "link", "set", "lo", "up")
    run(*inside, "route", "add", "default", "via", f"{wire.network}.1")


def _unmount(folder: Path) -> None:
    """What a killed engine has left mounted, the innermost first."""
    places = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]
    for place in sorted((place for place in places if place.startswith(f"{folder}/")), reverse=True):
        _quietly(["umount", "-l", place])


def _quietly(command: Sequence[str]) -> int:
    return subprocess.run(command, capture_output=True, check=False).returncode
