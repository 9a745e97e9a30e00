"""Spawners that put each person's server into a network of its own, with none but those who serve it.

In one network for all, whoever is signed in reaches everybody else's port; and Docker's `icc=false`, which forbids
that, also forbids the proxy and the hub.
"""

import hashlib
import ipaddress
import os
import socket
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import docker
from dockerspawner import DockerSpawner, SwarmSpawner
from traitlets import Bool, Dict, Unicode

# On a container that students' servers may speak with: the name by which they find it.
NEIGHBOUR_LABEL = "classroom.neighbour"
PROJECT_LABEL = "com.docker.compose.project"
OWN_LABEL = "classroom.network"
_PREFIX_LENGTH = 28  # the bridge's own address, three neighbours, the server
_TRIES = 50
STUDENT_UID = 1000  # of the student's image


def free_subnets(pool: str, taken: Sequence[str], name: str) -> Iterator[str]:
    """The pool's parts of 16 addresses that overlap none of the taken, from one on that the name chooses.

    So two servers that start at once seldom try the same first.
    """
    whole = ipaddress.IPv4Network(pool)
    others = [ipaddress.IPv4Network(each) for each in taken if ":" not in each]
    parts = list(whole.subnets(new_prefix=_PREFIX_LENGTH))
    first = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big") % len(parts)
    for part in parts[first:] + parts[:first]:
        if not any(part.overlaps(other) for other in others):
            yield str(part)


class OwnNetworkSpawner(DockerSpawner):
    """A container of this machine for each person. Neighbours are our compose project's containers with the label."""

    subnets = Unicode("10.213.0.0/16", help="Addresses that the networks are cut from, 16 each.").tag(config=True)
    internet = Bool(False, help="Whether servers reach the internet.").tag(config=True)
    driver = "bridge"

    async def start(self) -> Any:
        """Open the network, then start the server in it."""
        self.network_name = self._network()
        await self._ensure_network()
        await self._invite()
        return await super().start()

    async def poll(self) -> Any:
        """As the spawner's; a neighbour that was made anew meanwhile is brought back."""
        status = await super().poll()
        if status is None:
            self.network_name = self._network()
            await self._invite()
        return status

    async def stop(self, now: bool = False) -> None:
        """Stop the server, then take the network away; what can't be taken now is used again at the next start."""
        await super().stop(now=now)
        try:
            for container in (await self._members()).values():
                await self.docker("disconnect_container_from_network", container, self._network(), force=True)
            await self.docker("remove_network", self._network())
        except docker.errors.APIError as error:
            self.log.warning("the network %s stays: %s", self._network(), error.explanation)

    def _network(self) -> str:
        return f"{self.object_name}-net"

    async def _ensure_network(self) -> None:
        networks = await self.docker("networks")
        if any(each["Name"] == self._network() for each in networks):
            return
        taken = [part["Subnet"] for each in networks for part in (each["IPAM"]["Config"] or ()) if "Subnet" in part]
        for subnet, _ in zip(free_subnets(self.subnets, taken, self._network()), range(_TRIES), strict=False):
            if await self._made(subnet):
                return
        raise RuntimeError(f"no part of {self.subnets} is free for {self._network()}; give CLASSROOM_STUDENT_SUBNETS")

    async def _made(self, subnet: str) -> bool:
        """Whether the network has it now; False when another took it first."""
        ipam = docker.types.IPAMConfig(pool_configs=[docker.types.IPAMPool(subnet=subnet)])
        try:
            await self.docker(
                "create_network",
                self._network(),
                driver=self.driver,
                ipam=ipam,
                internal=not self.internet,
                attachable=True if self.driver == "overlay" else None,
                labels={OWN_LABEL: self.user.name},
                check_duplicate=True,
            )
        except docker.errors.APIError as error:
            if error.status_code == 409:  # made meanwhile
                return True
            if "overlaps" in str(error.explanation):
                return False
            raise
        return True

    async def _invite(self) -> None:
        """Every neighbour into the network, under its own name."""
        members = set((await self._members()).values())
        for name, container in (await self._neighbours()).items():
            if container in members:
                continue
            try:
                await self.docker("connect_container_to_network", container, self._network(), aliases=[name])
            except docker.errors.APIError as error:
                if "already exists" not in str(error.explanation):
                    raise

    async def _members(self) -> dict[str, str]:
        """The neighbours that are in the network, by name; their ids."""
        network = await self.docker("inspect_network", self._network())
        there = set(network.get("Containers") or ())
        return {name: container for name, container in (await self._neighbours()).items() if container in there}

    async def _neighbours(self) -> dict[str, str]:
        """Ids of the running containers that serve students, by name."""
        me = await self.docker("inspect_container", socket.gethostname())
        labels = [NEIGHBOUR_LABEL, f"{PROJECT_LABEL}={me['Config']['Labels'][PROJECT_LABEL]}"]
        found = await self.docker("containers", filters={"label": labels})
        return {each["Labels"][NEIGHBOUR_LABEL]: each["Id"] for each in found}


class OwnNetworkSwarmSpawner(OwnNetworkSpawner, SwarmSpawner):
    """A service of a swarm for each person; its networks span the swarm's machines.

    A machine that is lost takes its servers along, and the swarm starts them anew on the others. So a home must be
    reached from all of them: a volume of Docker's own driver with options, most often for NFS.
    """

    home_options = Dict(help="Options of Docker's local driver for a home; {username} is filled in.").tag(config=True)
    homes = Unicode("/srv/homes", help="Where the hub sees all homes, to make a new person's; if it's there.").tag(
        config=True
    )
    driver = "overlay"

    async def start(self) -> Any:
        """Make the home, for a volume with options doesn't, then as on one machine."""
        if Path(self.homes).is_dir():
            home = Path(self.homes) / self.template_namespace()["username"]
            home.mkdir(mode=0o700, exist_ok=True)
            # NFS that makes everybody the students' user lets nobody change owners, and needs none.
            with suppress(PermissionError):
                os.chown(home, STUDENT_UID, STUDENT_UID)
        return await super().start()

    @property
    def mounts(self) -> list[docker.types.Mount]:
        """Volumes; the spawner's own takes each for a folder of the machine."""
        options = {key: self.format_string(value) for key, value in self.home_options.items()}
        driver = docker.types.DriverConfig("local", options) if options else None
        return [
            docker.types.Mount(bind["bind"], name, read_only=bind["mode"] == "ro", driver_config=driver)
            for name, bind in self.volume_binds.items()
        ]
