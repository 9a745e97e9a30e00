"""What docker-compose.yml promises of every service, and who meets whom in which network."""

from typing import Any

import pytest
import yaml

from tests.conftest import ROOT

FILE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = FILE["services"]
MONITORING = {"prometheus", "grafana"}
every_service = pytest.mark.parametrize("name", SERVICES)


@every_service
def test_it_is_started_again_when_it_ends_and_its_log_stays_small(name: str) -> None:
    assert SERVICES[name]["restart"] == "unless-stopped"
    assert SERVICES[name]["logging"] == {
        "driver": "json-file",
        "options": {"max-size": "10m", "max-file": "5"},
    }


@every_service
def test_it_has_bounds_and_no_more_rights_than_it_names(name: str) -> None:
    service = SERVICES[name]

    assert service["mem_limit"]
    assert 0 < service["pids_limit"] <= 1024
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in service


@every_service
def test_it_says_how_it_is(name: str) -> None:
    """The runner ends when it can't work; the hub's check stands in its image."""
    check = SERVICES[name].get("healthcheck", {})

    assert check.get("test") or check.get("disable") or name == "hub"


@pytest.mark.parametrize("name", ["hub", "service", "runner", "grader", "postgres", "prometheus", "grafana"])
def test_what_holds_work_is_given_time_to_end_it(name: str) -> None:
    assert int(SERVICES[name]["stop_grace_period"].removesuffix("s")) >= 10


def test_students_networks_hold_hub_proxy_and_service_and_nothing_else_of_the_class() -> None:
    """A student's network is the student's own: OwnNetworkSpawner brings in who has the label."""
    neighbours = {name for name, service in SERVICES.items() if "classroom.neighbour" in service.get("labels", {})}

    assert neighbours == {"hub", "proxy", "service"}


def test_every_network_but_the_edge_is_closed_to_the_world() -> None:
    inner = {name for name, network in FILE["networks"].items() if network.get("internal")}

    assert set(FILE["networks"]) - inner == {"edge"}


@pytest.mark.parametrize(
    ("network", "members"),
    [
        ("data", {"postgres", "hub", "service", "runner"}),
        ("engine", {"docker", "hub"}),
        ("grading", {"scheduler", "grader", "runner"}),
        ("inner", {"proxy", "hub", "service"}),
        ("monitoring", {"prometheus", "grafana", "service"}),
    ],
)
def test_a_network_has_the_members_that_need_it(network: str, members: set[str]) -> None:
    assert {name for name, service in SERVICES.items() if network in service["networks"]} == members


def test_what_is_published_is_tls_and_charts_on_this_machine_alone() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}

    assert set(published) == {"tls", "grafana"}
    assert all(port.startswith("127.0.0.1:") for port in published["grafana"])


def test_monitoring_is_started_on_demand_only_and_nothing_waits_for_it() -> None:
    assert {name for name, service in SERVICES.items() if service.get("profiles") == ["monitoring"]} == MONITORING
    assert not any(
        MONITORING & set(service.get("depends_on", ())) for name, service in SERVICES.items() if name not in MONITORING
    )


def test_every_secret_is_made_by_make_secrets() -> None:
    script = (ROOT / "scripts" / "make_secrets.sh").read_text()

    assert [name for name in FILE["secrets"] if name not in script] == []
    assert {name for service in SERVICES.values() for name in service.get("secrets", ())} == set(FILE["secrets"])


@every_service
def test_what_is_mounted_from_the_checkout_is_there(name: str) -> None:
    mounted = [volume.split(":")[0] for volume in SERVICES[name].get("volumes", ()) if volume.startswith("./")]

    assert [path for path in mounted if path != "./data" and not (ROOT / path).exists()] == []


def test_every_public_image_has_a_version_and_is_pinned_by_make_pin_images() -> None:
    script = (ROOT / "scripts" / "pin_images.sh").read_text()
    images = {service["image"] for service in SERVICES.values()}
    public = {image for image in images if not image.startswith("${CLASSROOM_")}

    assert len(public) == 5
    for image in public:
        setting, _, default = image.removeprefix("${").removesuffix("}").partition(":-")
        assert ":" in default
        assert f"pin {setting} {default}\n" in script
