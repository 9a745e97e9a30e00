"""What the hub is told by its environment, and what it makes of it."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from traitlets.config import Config

from classroom.assignments import Course, load_course
from classroom.config import Settings
from classroom.errors import SettingsError
from classroom.hub_settings import HubSettings, load_hub_settings
from classroom.ops import hub_containers, hub_shared
from classroom.ops.signin import RosteredGeneric, RosteredGitHub, RosteredGoogle, RosteredLTI
from classroom.service.signin import CALLBACK_PATH
from tests.conftest import ROOT

LTI = {
    "CLASSROOM_LTI_ISSUER": "https://lms.example.org",
    "CLASSROOM_LTI_CLIENT_ID": "10000000000001",
    "CLASSROOM_LTI_AUTHORIZE_URL": "https://lms.example.org/auth",
    "CLASSROOM_LTI_JWKS_ENDPOINT": "https://lms.example.org/jwks",
}
TOKENS = {"service_token": "s" * 64, "operator_token": "o" * 64}


@pytest.fixture(scope="module")
def course() -> Course:
    return load_course(ROOT)


def configured(hub: HubSettings, course: Course) -> Config:
    """As jupyterhub_config.py does it for containers."""
    c = Config()
    settings = Settings(
        ROOT, Path("/srv/state"), public_url="https://class.example.org", people_folder=Path("/srv/people")
    )
    hub_shared.let_in(c, hub, course, settings.people)
    hub_shared.give_roles(c)
    hub_shared.greet(c, hub, settings.public_url)
    for step in (hub_containers.place, hub_containers.spawn, hub_containers.serve):
        step(c, settings, hub)
    return c


def test_an_empty_environment_is_the_embedded_class() -> None:
    assert load_hub_settings({"CLASSROOM_SPAWNER": "", "CLASSROOM_IDLE_MINUTES": ""}) == HubSettings()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"CLASSROOM_SPAWNER": "kubernetes"}, "one of local, docker, swarm"),
        ({"CLASSROOM_SIGN_IN": "anybody"}, "one of accounts, github"),
        ({"CLASSROOM_IDLE_MINUTES": "an hour"}, "give a number"),
        ({"CLASSROOM_STUDENT_CPUS": "-1"}, "no negative"),
        ({"CLASSROOM_HOMES": "10.0.0.5:/homes"}, "give options"),
    ],
    ids=["spawner", "sign_in", "word", "negative", "homes"],
)
def test_a_setting_that_means_nothing_is_refused(given: dict[str, str], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        load_hub_settings(given)


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ({"CLASSROOM_SIGN_IN": "github"}, RosteredGitHub),
        ({"CLASSROOM_SIGN_IN": "google", "CLASSROOM_MAIL_DOMAINS": "example.org"}, RosteredGoogle),
        ({"CLASSROOM_SIGN_IN": "generic"}, RosteredGeneric),
        ({"CLASSROOM_SIGN_IN": "lti13", **LTI}, RosteredLTI),
    ],
    ids=["github", "google", "generic", "lti13"],
)
def test_each_way_to_sign_in_takes_its_configuration(given: dict[str, str], kind: type, course: Course) -> None:
    hub = load_hub_settings({**given, "CLASSROOM_ADMINS": "ada, grace"})
    c = Config()

    hub_shared.let_in(c, hub, course, Path("/srv/people"))

    made = c.JupyterHub.authenticator_class(config=c)
    assert type(made) is kind
    assert (made.manage_groups, made.groups, made.course) == (True, "/srv/people/groups.json", "mlcards")
    assert made.admin_users == made.instructors == {"ada", "grace"}
    assert not made.allow_all


@pytest.mark.parametrize(
    "given", [{"CLASSROOM_SIGN_IN": "google"}, {"CLASSROOM_SIGN_IN": "lti13"}], ids=["google", "lti13"]
)
def test_a_way_to_sign_in_without_what_it_needs_is_refused(given: dict[str, str], course: Course) -> None:
    with pytest.raises(SettingsError, match="CLASSROOM_"):
        hub_shared.let_in(Config(), load_hub_settings(given), course, Path("/srv/people"))


def test_a_students_container_has_limits_and_no_privilege(course: Course) -> None:
    c = configured(HubSettings(spawner="docker", memory="1G", cpus=1.5, pids=99, **TOKENS), course)

    own = c.OwnNetworkSpawner
    assert (own.mem_limit, own.cpu_limit, own.remove, own.internet) == ("1G", 1.5, True, False)
    assert own.extra_host_config["cap_drop"] == ["ALL"]
    assert own.extra_host_config["security_opt"] == ["no-new-privileges"]
    assert own.extra_host_config["pids_limit"] == 99
    assert own.volumes == {"classroom-home-{username}": "/home/student"}


def test_a_swarm_has_services_and_networks_that_span_it(course: Course) -> None:
    c = configured(HubSettings(spawner="swarm", **TOKENS), course)

    assert c.JupyterHub.spawner_class.driver == "overlay"
    assert "extra_host_config" not in c.OwnNetworkSwarmSpawner
    assert c.OwnNetworkSwarmSpawner.extra_container_spec["cap_drop"] == ["ALL"]


def test_a_home_in_a_swarm_is_a_volume_that_every_machine_reaches(course: Course) -> None:
    given = {"CLASSROOM_SPAWNER": "swarm", "CLASSROOM_HOMES": "type=nfs;o=addr=10.0.0.5,rw;device=:/homes/{username}"}
    c = configured(replace(load_hub_settings(given), **TOKENS), course)
    user = SimpleNamespace(name="ada", escaped_name="ada", id=1, url="/user/ada/", settings={})

    spawner = c.JupyterHub.spawner_class(config=c, user=user)

    [home] = spawner.mounts
    assert (home["Type"], home["Source"], home["Target"]) == ("volume", "classroom-home-ada", "/home/student")
    options = {"type": "nfs", "o": "addr=10.0.0.5,rw", "device": ":/homes/ada"}
    assert home["VolumeOptions"]["DriverConfig"] == {"Name": "local", "Options": options}


def test_without_its_tokens_the_hub_refuses_to_start(course: Course) -> None:
    with pytest.raises(SettingsError, match="make secrets"):
        configured(HubSettings(spawner="docker"), course)


def test_nobody_but_the_service_sees_more_than_itself(course: Course) -> None:
    c = configured(HubSettings(spawner="docker", **TOKENS), course)

    scopes = {role["name"]: role["scopes"] for role in c.JupyterHub.load_roles}
    assert not any(scope.startswith(("admin", "inherit")) for each in scopes.values() for scope in each)
    assert scopes["server"] == [
        "users:activity!user",
        "access:servers!server",
        "access:services!service=classroom",
        "read:users:groups!user",
    ]


def test_with_subdomains_the_classroom_stays_where_the_hub_is(course: Course) -> None:
    c = configured(HubSettings(spawner="docker", subdomains=True, **TOKENS), course)

    assert c.JupyterHub.subdomain_host == "https://class.example.org"
    assert c.JupyterHub.services[0]["oauth_redirect_uri"] == CALLBACK_PATH
    assert hub_shared.subdomain("classroom", "class.example.org", "service") == "class.example.org"
    assert hub_shared.subdomain("ada", "class.example.org", "user") == "ada.class.example.org"
