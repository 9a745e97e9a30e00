"""Signing in at a real hub by OpenID Connect and by a launch from a learning platform, each played by this process."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from classroom.ids import StudentId
from classroom.ops.accounts import write_groups
from classroom.ops.people import GROUPS
from tests.running_class import PATIENCE_S, RunningClass, bare_course
from tests.sign_in_elsewhere import CLIENT_ID, CLIENT_SECRET, Elsewhere, elsewhere

DIRECT = {"no_proxy": "127.0.0.1", "NO_PROXY": "127.0.0.1"}


@pytest.fixture(scope="module")
def course(course_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return bare_course(tmp_path_factory.mktemp("course"), course_root)


@contextmanager
def started(running: RunningClass) -> Iterator[None]:
    """ada is in the roster, bob has left it."""
    running.state.mkdir(mode=0o700)
    write_groups(running.state / GROUPS, {StudentId("ada"): ["tiny-students"], StudentId("bob"): []})
    try:
        running.up()
        yield
    finally:
        running.run("down")


@pytest.fixture(scope="module")
def openid(course: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunningClass, Elsewhere]]:
    """A class whose people sign in by OpenID Connect."""
    environment: dict[str, str] = {}
    running = RunningClass(course, tmp_path_factory.mktemp("openid") / "state", environment=environment)
    with elsewhere(f"http://127.0.0.1:{running.port}/hub/oauth_callback") as provider:
        environment |= {
            **DIRECT,
            "CLASSROOM_SIGN_IN": "generic",
            "OAUTH_CLIENT_ID": CLIENT_ID,
            "OAUTH_CLIENT_SECRET": CLIENT_SECRET,
            "OAUTH_CALLBACK_URL": provider.callback,
            "OAUTH2_AUTHORIZE_URL": f"{provider.url}/authorize",
            "OAUTH2_TOKEN_URL": f"{provider.url}/token",
            "OAUTH2_USERDATA_URL": f"{provider.url}/userinfo",
        }
        with started(running):
            yield running, provider


@pytest.fixture(scope="module")
def platform(course: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunningClass, Elsewhere]]:
    """A class whose people come from a learning platform."""
    environment: dict[str, str] = {}
    running = RunningClass(course, tmp_path_factory.mktemp("lti") / "state", environment=environment)
    # https: TLS ends in front of the hub, which here speaks for itself.
    with elsewhere(f"https://127.0.0.1:{running.port}/hub/lti13/oauth_callback") as lms:
        environment |= {
            **DIRECT,
            "CLASSROOM_SIGN_IN": "lti13",
            "CLASSROOM_LTI_ISSUER": lms.url,
            "CLASSROOM_LTI_CLIENT_ID": CLIENT_ID,
            "CLASSROOM_LTI_AUTHORIZE_URL": f"{lms.url}/launch",
            "CLASSROOM_LTI_JWKS_ENDPOINT": f"{lms.url}/jwks",
        }
        with started(running):
            yield running, lms


def browser(running: RunningClass) -> httpx.Client:
    return httpx.Client(base_url=running.url, follow_redirects=True, timeout=PATIENCE_S, trust_env=False)


def who(client: httpx.Client) -> tuple[str, list[str]] | None:
    """Whom the hub takes this browser's person for, with the roles; None for nobody."""
    answer = client.get("/hub/api/user", headers={"Referer": f"{client.base_url}/hub/home"})
    model = answer.json()
    return (model["name"], model["groups"]) if answer.is_success else None


def test_who_signs_in_by_openid_connect_lands_in_the_class_under_the_own_name(
    openid: tuple[RunningClass, Elsewhere],
) -> None:
    running, provider = openid
    provider.person = "ada"

    with browser(running) as client:
        landed = client.get("/hub/oauth_login")

        assert (landed.status_code, landed.url.path) == (200, "/services/classroom/tiny/my")
        assert who(client) == ("ada", ["tiny-students"])


@pytest.mark.parametrize("name", ["bob", "mallory"], ids=["left", "unknown"])
def test_whom_the_provider_knows_and_the_roster_does_not_is_turned_away(
    openid: tuple[RunningClass, Elsewhere], name: str
) -> None:
    running, provider = openid
    provider.person = name

    with browser(running) as client:
        assert client.get("/hub/oauth_login").status_code == 403
        assert who(client) is None


def test_a_code_that_another_browser_asked_for_signs_nobody_in(openid: tuple[RunningClass, Elsewhere]) -> None:
    running, provider = openid
    provider.person = "ada"
    with browser(running) as first, browser(running) as second:
        asked = first.get("/hub/oauth_login", follow_redirects=False).headers["Location"]
        back = httpx.get(asked, trust_env=False, timeout=PATIENCE_S).headers["Location"]

        assert second.get(back).status_code in (400, 403)
        assert who(second) is None


def begin(client: httpx.Client, lms: Elsewhere) -> str:
    """The address at the platform to which the hub sends the browser that comes from there."""
    hint = {"iss": lms.url, "login_hint": f"hint-of-{lms.person}", "client_id": CLIENT_ID}
    asked = client.post(
        "/hub/lti13/oauth_login", data={**hint, "target_link_uri": f"{client.base_url}/hub"}, follow_redirects=False
    )
    return str(asked.headers["Location"])


def finish(client: httpx.Client, address: str, **other: str) -> httpx.Response:
    """What the platform's form brings to the hub, with other fields if some are given; the page one lands on."""
    form = httpx.get(address, trust_env=False, timeout=PATIENCE_S).raise_for_status().text
    fields = {name: unescape(value) for name, value in re.findall(r'name="(\w+)" value="([^"]*)"', form)}
    return client.post("/hub/lti13/oauth_callback", data={**fields, **other})


def test_who_comes_from_the_platform_lands_in_the_class_under_the_own_name(
    platform: tuple[RunningClass, Elsewhere],
) -> None:
    running, lms = platform
    lms.person = "ada"

    with browser(running) as client:
        landed = finish(client, begin(client, lms))

        assert (landed.status_code, landed.url.path) == (200, "/services/classroom/tiny/my")
        assert who(client) == ("ada", ["tiny-students"])


def test_whom_the_platform_sends_and_the_roster_does_not_know_is_turned_away(
    platform: tuple[RunningClass, Elsewhere],
) -> None:
    running, lms = platform
    lms.person = "mallory"

    with browser(running) as client:
        assert finish(client, begin(client, lms)).status_code == 403
        assert who(client) is None


@pytest.mark.parametrize("forged", ["key", "audience", "nonce", "state"])
def test_a_launch_that_the_platform_did_not_make_for_this_browser_signs_nobody_in(
    platform: tuple[RunningClass, Elsewhere], forged: str
) -> None:
    running, lms = platform
    lms.person = "ada"

    with browser(running) as client:
        address = begin(client, lms)
        (nonce,) = parse_qs(urlsplit(address).query)["nonce"]
        other = {
            "key": {"id_token": lms.id_token(nonce, key=rsa.generate_private_key(65537, 2048))},
            "audience": {"id_token": lms.id_token(nonce, audience="another tool")},
            "nonce": {"id_token": lms.id_token("of another launch")},
            "state": {"state": "of another browser"},
        }[forged]

        assert finish(client, address, **other).status_code in (400, 401, 403)
        assert who(client) is None
