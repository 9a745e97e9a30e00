"""deploy/kubernetes/ as far as it can be checked without a cluster: schemas, references, policies, the hub's half."""

from collections.abc import Iterator
from typing import Any

import kubernetes_validate
import pytest
import yaml
from traitlets.config import Config

from classroom.assignments import load_course
from classroom.config import load_settings
from classroom.ops.hub import AccountsAuthenticator
from tests.conftest import ROOT

FOLDER = ROOT / "deploy" / "kubernetes"
FILES = sorted(FOLDER.glob("manifests/*.yaml"))
PROXY, HUB, STUDENT = ({"app": "jupyterhub", "component": name} for name in ("proxy", "hub", "singleuser-server"))
NAME, PART_OF = "app.kubernetes.io/name", "app.kubernetes.io/part-of"


def documents() -> list[dict[str, Any]]:
    return [each for path in FILES for each in yaml.safe_load_all(path.read_text())]


def of_kind(kind: str) -> dict[str, dict[str, Any]]:
    return {each["metadata"]["name"]: each for each in documents() if each["kind"] == kind}


def pods() -> dict[str, dict[str, Any]]:
    """The pod templates by name."""
    kinds = ("Deployment", "StatefulSet")
    return {name: each["spec"]["template"] for kind in kinds for name, each in of_kind(kind).items()}


def containers() -> Iterator[tuple[str, dict[str, Any]]]:
    for name, pod in pods().items():
        yield from ((f"{name}/{each['name']}", each) for each in pod["spec"]["containers"])


@pytest.fixture(scope="module")
def values() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load((FOLDER / "values.yaml").read_text())
    return read


def plain(environment: dict[str, Any]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if isinstance(value, str)}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_manifests_are_valid_without_unknown_fields(path: Any) -> None:
    for document in yaml.safe_load_all(path.read_text()):
        kubernetes_validate.validate(document, kubernetes_validate.latest_version(), strict=True)


def test_the_hub_gets_who_is_let_in_their_roles_and_its_first_page(
    values: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in plain(values["hub"]["extraEnv"]).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("CLASSROOM_COURSE", str(ROOT))
    chart = {"name": "jupyterhub-idle-culler", "services": ["jupyterhub-idle-culler"], "scopes": ["list:users"]}
    c = Config()
    c.JupyterHub.authenticator_class, c.JupyterHub.load_roles = "dummy", [chart]

    for name, text in values["hub"]["extraConfig"].items():
        exec(compile(text, f"extraConfig.{name}", "exec"), {"c": c, "get_config": lambda *_: None})

    course = load_course(ROOT)
    assert c.JupyterHub.authenticator_class is AccountsAuthenticator
    assert (c.AccountsAuthenticator.course, c.AccountsAuthenticator.groups) == (course.id, "/srv/people/groups.json")
    assert c.JupyterHub.default_url == "/services/classroom/"
    roles = {role["name"]: role for role in c.JupyterHub.load_roles}
    assert roles["jupyterhub-idle-culler"] == chart
    assert "access:services!service=classroom" in roles["server"]["scopes"]
    assert set(roles["command-line"]["services"]) <= set(values["hub"]["services"])


def test_names_and_ports_are_the_same_on_both_sides(values: dict[str, Any]) -> None:
    [service] = pods()["classroom"]["spec"]["containers"][:1]
    listens = of_kind("Service")["classroom"]["spec"]["ports"][0]["port"]
    given = of_kind("ConfigMap")["classroom-settings"]["data"]
    settings = load_settings({**given, "CLASSROOM_COURSE": str(ROOT)})

    assert values["hub"]["services"]["classroom"]["url"] == f"http://classroom:{listens}"
    assert values["singleuser"]["extraEnv"]["CLASSROOM_URL"] == f"http://classroom:{listens}/services/classroom"
    assert service["ports"] == [{"containerPort": listens}]
    assert settings.service_bind == f"http://0.0.0.0:{listens}"
    assert settings.public_url == values["hub"]["extraEnv"]["CLASSROOM_PUBLIC_URL"] == settings.hub_host
    assert settings.public_url == f"https://{values['proxy']['https']['hosts'][0]}"
    hosts = {each["metadata"]["name"] for each in documents() if each["kind"] == "Service"}
    assert {"postgres", "scheduler"} <= hosts
    assert "@postgres/hub" in values["hub"]["db"]["url"]


def test_no_secret_stands_in_a_file(values: dict[str, Any]) -> None:
    wanted = {
        name: each["valueFrom"]
        for _, one in containers()
        for each in one.get("env", [])
        if "valueFrom" in each
        for name in [each["name"]]
    }
    plainly = [each["name"] for _, one in containers() for each in one.get("env", []) if "value" in each]
    plainly += [*of_kind("ConfigMap")["classroom-settings"]["data"], *plain(values["hub"]["extraEnv"])]
    references = [*wanted.values(), values["hub"]["extraEnv"]["PGPASSWORD"]["valueFrom"]]

    assert not [name for name in plainly if any(word in name for word in ("TOKEN", "PASSWORD", "SECRET"))]
    assert not of_kind("Secret")
    keys = {(each["secretKeyRef"]["name"], each["secretKeyRef"]["key"]) for each in references}
    of_chart = {("hub", f"hub.services.{name}.apiToken") for name in values["hub"]["services"]}
    assert keys == {("classroom-secrets", "postgres-password"), *of_chart}


def test_what_is_mounted_is_claimed_and_shared_where_two_mount_it(values: dict[str, Any]) -> None:
    claims = of_kind("PersistentVolumeClaim")
    mounting = [
        volume["persistentVolumeClaim"]["claimName"]
        for volumes in [*(pod["spec"].get("volumes", []) for pod in pods().values()), values["hub"]["extraVolumes"]]
        for volume in volumes
        if "persistentVolumeClaim" in volume
    ]

    assert set(mounting) == set(claims)
    shared = {name for name, claim in claims.items() if "ReadWriteMany" in claim["spec"]["accessModes"]}
    assert shared == {name for name in mounting if mounting.count(name) > 1}


@pytest.mark.parametrize("name", [name for name, _ in containers()])
def test_containers_have_limits_and_no_way_to_more_privileges(name: str) -> None:
    container = dict(containers())[name]
    pod = pods()[name.partition("/")[0]]["spec"]
    closed = container["securityContext"]

    assert (closed["allowPrivilegeEscalation"], closed["readOnlyRootFilesystem"]) == (False, True)
    assert closed["capabilities"]["drop"] == ["ALL"]
    assert (name == "worker/worker") == ("add" in closed["capabilities"]) == (closed.get("runAsUser") == 0)
    assert pod["automountServiceAccountToken"] is False
    assert "memory" in container["resources"]["limits"]
    assert not container["image"].endswith(":latest")
    assert ":" in container["image"]


def reached_by(name: str) -> list[dict[str, str]]:
    """The labels of who may open a connection to the pod, by every policy that selects it."""
    labels = pods()[name]["metadata"]["labels"].items()
    policies = [
        each["spec"]
        for each in of_kind("NetworkPolicy").values()
        if each["spec"]["podSelector"]["matchLabels"].items() <= labels
    ]
    assert any(policy["policyTypes"] == ["Ingress", "Egress"] and "ingress" not in policy for policy in policies)
    rules = [rule for policy in policies for rule in policy.get("ingress", [])]
    return [peer["podSelector"]["matchLabels"] for rule in rules for peer in rule["from"]]


def test_only_who_must_reaches_a_pod() -> None:
    classroom, scheduler, worker = ({NAME: name} for name in ("classroom", "scheduler", "worker"))

    assert reached_by("postgres") == [classroom, HUB]
    assert reached_by("classroom") == [PROXY, HUB, STUDENT]
    assert reached_by("scheduler") == [classroom, worker]
    assert reached_by("worker") == [scheduler, worker]


def test_student_code_reaches_neither_database_nor_internet(values: dict[str, Any]) -> None:
    out = [rule for each in of_kind("NetworkPolicy").values() for rule in each["spec"].get("egress", [])]
    student = values["singleuser"]["networkPolicy"]

    assert not [rule for rule in out if any("ipBlock" in peer for peer in rule["to"])]
    assert student["egressAllowRules"] == dict.fromkeys(("cloudMetadataServer", "nonPrivateIPs", "privateIPs"), False)
    assert [rule["to"][0]["podSelector"]["matchLabels"] for rule in student["egress"]] == [{NAME: "classroom"}]
    of_worker = of_kind("NetworkPolicy")["worker"]["spec"]["egress"]
    assert {rule["to"][0]["podSelector"]["matchLabels"][NAME] for rule in of_worker} == {"scheduler", "worker"}
    assert all(pod["metadata"]["labels"][PART_OF] == "classroom" for pod in pods().values())
