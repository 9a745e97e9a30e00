"""Workers in containers: no network, nothing writable but memory, no capability but those that confine.

Inside, each submission is confined as on any machine: a user of its own, Landlock, seccomp, a watchdog. The container
is the second wall, and the cap that counts whatever a worker and its submission take together.
"""

import contextlib
import random
import socket
import struct
import time
from collections.abc import Sequence
from functools import cache
from typing import Any

import docker
import requests

from classroom.errors import GraderError
from classroom.grading.image import AUTHORS, SHARED, Contents, Image, find_image, pack_context
from classroom.grading.warm import WarmEngine
from judge import runner
from judge.plan import Limits
from judge.sandbox import owners
from judge.sandbox.probe import Rung, unknown

OWNER_LABEL = "classroom.grader.owner"
# Beside what a submission may take: two pairs of warm processes with 200 MB each, the judge, frames on their way.
_OWN_MB = 2048
_FILES_MB = 2 * Limits().disk_mb + 112  # of a submission and its judge; they're memory here
_TASKS = 1024  # a submission may start 64 processes, and libraries start threads
# Whom a submission becomes. Any number will do, since a container holds one submission at a time; but the kernel counts
# a user's processes over all containers, so each gets its own.
_FIRST_UID, _LAST_UID = 10_002, 64_999
_PATIENCE_S = 60
_OUT = 1  # which stream a frame belongs to
_HEADER = struct.Struct(">BxxxL")

_CAPABILITIES = (
    "SETUID", "SETGID",  # a submission gets a user and a group of its own
    "CHOWN",  # and a folder that is that user's
    "KILL",  # which we end
    "DAC_OVERRIDE",  # and whose files we count and remove, whatever modes they were given
)  # fmt: skip


class ContainerEngine(WarmEngine):
    """Grades in containers of one image, whose digest stands in the engine's name."""

    def __init__(self, image: Image, contents: Contents) -> None:
        super().__init__(
            f"{runner.ENGINE}@{image.digest.removeprefix('sha256:')[:12]}",
            lambda: ContainerWorker(image, arguments_of(contents)),
        )


class ContainerWorker:
    """One container with a grading process, spoken with over its standard streams.

    It ends when that process does, and the process when nobody holds the streams: also when we are killed.
    """

    def __init__(self, image: Image, arguments: Sequence[str]) -> None:
        self._client = connect()
        with _told("a container can't be started"):
            made = self._client.api.create_container(
                image.name,
                ["judge.worker", *arguments, "--uid", str(random.randint(_FIRST_UID, _LAST_UID))],
                user="0:0",  # to become another user; see _CAPABILITIES
                stdin_open=True,
                environment={"OMP_NUM_THREADS": "1"},
                labels={OWNER_LABEL: owners.new_name()},
                host_config=self._client.api.create_host_config(**walls()),
            )
            self.container_id = str(made["Id"])
            self._stream = self._client.api.attach_socket(self.container_id, {"stdin": 1, "stdout": 1, "stream": 1})
            self._socket: socket.socket = getattr(self._stream, "_sock", self._stream)
            self._client.api.start(self.container_id)

    def ask(self, line: str, deadline: float) -> bytes:
        answer = bytearray()
        try:
            self._socket.settimeout(max(deadline - time.monotonic(), 0.001))
            self._socket.sendall(line.encode() + b"\n")
            while not answer.endswith(b"\n"):
                kind, size = _HEADER.unpack(self._receive(_HEADER.size, deadline))
                part = self._receive(size, deadline)
                answer += part if kind == _OUT else b""
        except TimeoutError as error:
            raise GraderError("the container didn't answer in time and was killed") from error
        except OSError as error:
            raise GraderError(f"the container died: {error}") from error
        return bytes(answer)

    def is_alive(self) -> bool:
        with contextlib.suppress(docker.errors.APIError, requests.RequestException):
            return bool(self._client.api.inspect_container(self.container_id)["State"]["Running"])
        return False

    def end(self) -> None:
        with contextlib.suppress(docker.errors.APIError, requests.RequestException):
            self._client.api.remove_container(self.container_id, force=True)
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._stream.close()
        self._socket.close()  # the stream leaves it open
        self._client.close()

    def _receive(self, size: int, deadline: float) -> bytes:
        """Exactly that many bytes; raises OSError."""
        received = bytearray()
        while len(received) < size:
            self._socket.settimeout(max(deadline - time.monotonic(), 0.001))
            part = self._socket.recv(min(size - len(received), 1 << 20))
            if not part:
                raise OSError("it closed its streams")
            received += part
        return bytes(received)


def walls() -> dict[str, Any]:
    """What every grading container may have, in the words of Docker's host configuration."""
    memory = f"{Limits().memory_mb + _OWN_MB + _FILES_MB}m"
    return {
        "auto_remove": True,
        "cap_add": list(_CAPABILITIES),
        "cap_drop": ["ALL"],
        "mem_limit": memory,
        "memswap_limit": memory,
        "network_mode": "none",
        "pids_limit": _TASKS,
        "read_only": True,
        "security_opt": ["no-new-privileges"],  # the engine's own seccomp profile stays in force as well
        "tmpfs": {"/tmp": f"size={_FILES_MB}m,mode=1777"},
    }


def open_engine(contents: Contents) -> ContainerEngine:
    """The engine for this checkout; raises GraderError where Docker, the image or confinement in it is missing."""
    image, rung = examine(contents)
    if not rung.confined:
        raise GraderError(f"a container doesn't confine student code here: {'; '.join(rung.problems)}")
    return ContainerEngine(image, contents)


def examine(contents: Contents) -> tuple[Image, Rung]:
    """This checkout's image and what holds in it; raises GraderError where there is none. Old containers are swept."""
    client = connect()
    try:
        image = find_image(client, pack_context(contents))
        sweep(client)
    finally:
        client.close()
    return image, rung_in(image)


@cache
def rung_in(image: Image) -> Rung:
    """What confinement holds in a container as we start them, found by attack once a process."""
    client = connect()
    try:
        command = ["judge.sandbox.probe", "--uid", str(random.randint(_FIRST_UID, _LAST_UID))]
        labels = {OWNER_LABEL: owners.new_name()}
        # Removed by hand: an engine that removes it by itself may do so before its words are read.
        options = walls() | {"auto_remove": False, "remove": True, "user": "0:0", "labels": labels}
        return Rung.from_json(client.containers.run(image.name, command, **options).decode())
    except docker.errors.ContainerError as error:
        return unknown(f"the attacks can't be tried: {error.stderr.decode('utf-8', 'replace').strip()[-300:]}")
    except (docker.errors.APIError, requests.RequestException, ValueError, KeyError, TypeError) as error:
        return unknown(f"the attacks can't be tried: {error}")
    finally:
        client.close()


def connect() -> docker.DockerClient:
    """The engine that DOCKER_HOST names, or this machine's; raises GraderError where none answers."""
    try:
        return docker.from_env(timeout=_PATIENCE_S)
    except docker.errors.DockerException as error:
        raise GraderError(
            f"no Docker engine answers ({error}); start it, or grade without: CLASSROOM_GRADER=local"
        ) from error


def sweep(client: docker.DockerClient) -> None:
    """Removes the containers of processes of this machine that are no more."""
    with _told("old containers can't be removed"):
        for container in client.containers.list(all=True, filters={"label": OWNER_LABEL}, ignore_removed=True):
            if owners.dead_owner(container.labels[OWNER_LABEL]) is not None:
                with contextlib.suppress(docker.errors.NotFound, docker.errors.APIError):
                    container.remove(force=True)


def arguments_of(contents: Contents) -> list[str]:
    """What a worker in the image has to be told."""
    authors = [word for path in contents.authors for word in ("--authors", f"{AUTHORS}/{path.name}")]
    shared = [word for path in contents.shared for word in ("--shared", f"{SHARED}/{path.name}")]
    return [*authors, *shared]


@contextlib.contextmanager
def _told(what: str) -> Any:
    try:
        yield
    except (docker.errors.DockerException, requests.RequestException) as error:
        raise GraderError(f"{what}: {error}") from error
