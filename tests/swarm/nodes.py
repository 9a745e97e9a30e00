"""The machines of a Docker swarm on one: an engine in a network namespace each, joined by a bridge.

Root's work. Everything lies in the folder and is gone after the block; no other engine of the machine is touched.
"""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

BRIDGE, NETWORK = "swarmbr0", "10.251.77"
_PATIENCE_S = 120.0


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
        wait_until(self._answers, f"{self.name}'s engine doesn't answer: {self.folder}/dockerd.log")

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
            self.daemon.wait(30)

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
        assert self.daemon.poll() is None, f"{self.name}'s engine ended: {self.folder}/dockerd.log"
        with suppress(subprocess.CalledProcessError):
            return bool(self.docker("info", "--format", "{{.ID}}"))
        return False


@contextmanager
def swarm_of(folder: Path, count: int) -> Iterator[list[Node]]:
    """A manager, the first, and workers, without images."""
    with ExitStack() as undo:
        _bridge(undo)
        nodes = [
            Node(f"swarm{number}", f"{NETWORK}.{10 + number}", folder / f"swarm{number}") for number in range(count)
        ]
        for node in nodes:
            node.folder.mkdir()
            undo.callback(_unmount, node.folder)
            _join(node, undo)
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


def wait_until(condition: Callable[[], bool], otherwise: str, *, patience_s: float = _PATIENCE_S) -> None:
    deadline = time.monotonic() + patience_s
    while not condition():
        assert time.monotonic() < deadline, otherwise
        time.sleep(0.5)


def _bridge(undo: ExitStack) -> None:
    run("ip", "link", "add", BRIDGE, "type", "bridge")
    undo.callback(_quietly, ["ip", "link", "del", BRIDGE])
    run("ip", "addr", "add", f"{NETWORK}.1/24", "dev", BRIDGE)
    run("ip", "link", "set", BRIDGE, "up")
    # Another engine's rules may drop what a bridge forwards.
    rule = ["FORWARD", "-i", BRIDGE, "-o", BRIDGE, "-j", "ACCEPT"]
    if not _quietly(["iptables", "-I", *rule]):
        undo.callback(_quietly, ["iptables", "-D", *rule])


def _join(node: Node, undo: ExitStack) -> None:
    run("ip", "netns", "add", node.name)
    undo.callback(_quietly, ["ip", "netns", "del", node.name])
    outside = f"{node.name}-out"
    run("ip", "link", "add", outside, "type", "veth", "peer", "name", "eth0", "netns", node.name)
    run("ip", "link", "set", outside, "master", BRIDGE, "up")
    inside = ("ip", "-n", node.name)
    run(*inside, "addr", "add", f"{node.address}/24", "dev", "eth0")
    run(*inside, "link", "set", "eth0", "up")
    run(*inside, "link", "set", "lo", "up")
    run(*inside, "route", "add", "default", "via", f"{NETWORK}.1")


def _unmount(folder: Path) -> None:
    """What a killed engine has left mounted, the innermost first."""
    places = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]
    for place in sorted((place for place in places if place.startswith(f"{folder}/")), reverse=True):
        _quietly(["umount", "-l", place])


def _quietly(command: Sequence[str]) -> int:
    return subprocess.run(command, capture_output=True, check=False).returncode
