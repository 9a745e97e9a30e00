"""deploy/swarm/ fits docker-compose.yml, the hub's settings and the filter; `make acceptance-swarm` runs it."""

import re
from string import Template
from typing import Any

import yaml

from classroom.hub_settings import load_hub_settings
from tests.conftest import ROOT

FOLDER = ROOT / "deploy" / "swarm"
GIVEN = {"CLASSROOM_HOMES_O": "addr=10.0.0.5,rw", "CLASSROOM_HOMES_DEVICE": ":/srv/homes"}


def read(path: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / path).read_text())
    return found


def substituted(text: str) -> str:
    """As compose does it: ${NAME}, ${NAME:-default}, ${NAME:?what to say}."""
    plain = re.sub(r"\${(\w+):([-?])([^}]*)}", lambda m: GIVEN.get(m[1], m[3] if m[2] == "-" else ""), text)
    return Template(plain).substitute(GIVEN)


def test_homes_are_volumes_that_the_filter_lets_pass() -> None:
    services = read("deploy/swarm/compose.yml")["services"]
    told = {key: substituted(value) for key, value in services["hub"]["environment"].items()}
    allowed = substituted(services["docker"]["environment"]["HOMES_DEVICE"])

    hub = load_hub_settings(told)

    assert hub.spawner == "swarm"
    assert hub.homes == {"type": "nfs", "o": "addr=10.0.0.5,rw", "device": f"{allowed}/{{username}}"}


def test_the_filter_is_told_all_that_it_asks_for() -> None:
    plain, more = (read(path)["services"] for path in ("docker-compose.yml", "deploy/swarm/compose.yml"))
    asked = set(re.findall(r"\${(\w+)}", (FOLDER / "haproxy.cfg").read_text()))

    assert set(more) <= set(plain)
    assert asked <= {*plain["docker"]["environment"], *more["docker"]["environment"]}
