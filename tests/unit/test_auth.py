"""Who calls: the hub's word on a token, its cache, roles, sealed cookies, and the way back after signing in."""

import logging
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from classroom.errors import Unavailable
from classroom.ids import CourseId
from classroom.service.auth import CACHE_S, HubIdentity, Role, parse_caller, roles_of_groups
from classroom.service.sessions import Session, load_seals
from classroom.service.signin import safe_next

COURSE = CourseId("tiny")
ACCESS = "access:services!service=classroom"
ADA = {"kind": "user", "name": "ada", "groups": ["tiny-students"], "scopes": [ACCESS]}


class Hub:
    """A hub that counts how often it is asked."""

    def __init__(self, answer: Callable[[httpx.Request], httpx.Response]) -> None:
        self.asked = 0
        self.now = 0.0
        self.answer = answer
        self.identity = HubIdentity(
            "http://hub/hub/api", COURSE, transport=httpx.MockTransport(self._answer), clock=lambda: self.now
        )

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.asked += 1
        return self.answer(request)


def knows_ada(request: httpx.Request) -> httpx.Response:
    is_ada = request.headers["Authorization"] == "token ada-token" and request.url.path == "/hub/api/user"
    return httpx.Response(200, json=ADA) if is_ada else httpx.Response(403)


def test_a_token_is_recognised_by_asking_the_hub() -> None:
    caller = Hub(knows_ada).identity("ada-token")

    assert caller is not None
    assert (caller.name, caller.roles, caller.course) == ("ada", {Role.STUDENT}, "tiny")


def test_an_unknown_token_is_nobody() -> None:
    assert Hub(knows_ada).identity("made-up") is None


@pytest.mark.parametrize("token", ["ada-token", "made-up"])
def test_the_hub_is_asked_once_in_thirty_seconds(token: str) -> None:
    hub = Hub(knows_ada)

    first = hub.identity(token)
    hub.now = CACHE_S - 0.1
    second = hub.identity(token)

    assert (hub.asked, second) == (1, first)


def test_a_revoked_token_stops_working_after_thirty_seconds() -> None:
    hub = Hub(knows_ada)
    hub.identity("ada-token")
    hub.answer = lambda request: httpx.Response(403)

    hub.now = CACHE_S + 0.1

    assert hub.identity("ada-token") is None


def test_a_hub_that_fails_is_not_remembered() -> None:
    hub = Hub(lambda request: httpx.Response(502))
    with pytest.raises(Unavailable, match="502"):
        hub.identity("ada-token")

    hub.answer = knows_ada

    assert hub.identity("ada-token") is not None


def test_an_unreachable_hub_is_told_without_the_token(caplog: pytest.LogCaptureFixture) -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError(f"refused for {request.headers['Authorization']}")

    caplog.set_level(logging.DEBUG, logger="classroom")
    with pytest.raises(Unavailable) as raised:
        Hub(refuse).identity("ada-secret")

    assert "ada-secret" not in f"{raised.value} {caplog.text}"


@pytest.mark.parametrize(
    ("scopes", "is_known"),
    [
        ([ACCESS], True),
        (["access:services"], True),
        (["access:services!service=other"], False),
        (["read:users:groups!user=ada"], False),
        ([], False),
    ],
)
def test_a_token_must_have_been_given_access_to_this_service(scopes: list[str], is_known: bool) -> None:
    assert (parse_caller(ADA | {"scopes": scopes}, COURSE) is not None) is is_known


@pytest.mark.parametrize(
    ("groups", "roles"),
    [
        (["tiny-students"], {"student"}),
        (["tiny-graders"], {"grader"}),
        (["tiny-instructors"], {"instructor", "grader"}),
        (["tiny-students", "tiny-graders"], {"student", "grader"}),
        (["other-instructors", "tiny", "instructors", "tiny-admins"], set()),
    ],
)
def test_roles_come_from_the_groups_of_this_course(groups: list[str], roles: set[str]) -> None:
    assert roles_of_groups(groups, COURSE) == roles


@pytest.mark.parametrize(("name", "is_instructor"), [("operator", True), ("runner", False)])
def test_of_the_services_only_the_operator_has_a_role(name: str, is_instructor: bool) -> None:
    caller = parse_caller({"kind": "service", "name": name, "scopes": [ACCESS]}, COURSE)

    assert caller is not None
    assert caller.has(Role.INSTRUCTOR) is is_instructor


def test_a_user_called_operator_is_no_instructor() -> None:
    caller = parse_caller({"kind": "user", "name": "operator", "groups": [], "scopes": [ACCESS]}, COURSE)

    assert caller is not None
    assert caller.roles == frozenset()


def test_an_account_name_that_is_no_safe_path_is_nobody() -> None:
    assert parse_caller(ADA | {"name": "../ada"}, COURSE) is None


def test_a_session_survives_its_cookie(tmp_path: Path) -> None:
    seals = load_seals(tmp_path)
    session = Session.start("ada-token")

    sealed = seals.seal_session(session)

    assert "ada-token" not in sealed
    assert load_seals(tmp_path).unseal_session(sealed) == session


def test_a_cookie_of_another_kind_or_key_is_no_session(tmp_path: Path) -> None:
    seals, others = load_seals(tmp_path / "a"), load_seals(tmp_path / "b")
    values = {"token": "ada-token", "id": "1"}

    assert seals.unseal_session(seals.seal("signin", values)) is None
    assert seals.unseal_session(others.seal("session", values)) is None
    assert seals.unseal_session("nonsense") is None


def test_the_key_of_the_cookies_is_readable_by_its_owner_alone(tmp_path: Path) -> None:
    load_seals(tmp_path / "secrets")

    assert [path.stat().st_mode & 0o077 for path in (tmp_path / "secrets").iterdir()] == [0]


def test_a_csrf_token_belongs_to_one_session(tmp_path: Path) -> None:
    seals = load_seals(tmp_path)
    mine, other = Session.start("ada-token"), Session.start("ada-token")

    token = seals.csrf_token(mine)

    assert seals.is_csrf_token(mine, token)
    assert not seals.is_csrf_token(other, token)
    assert not seals.is_csrf_token(mine, "")


HOME = "/services/classroom/"


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        (f"{HOME}tiny/my?x=1", f"{HOME}tiny/my?x=1"),
        ("https://evil.example/", HOME),
        ("//evil.example/services/classroom/", HOME),
        ("/services/classroom.evil.example/", HOME),
        ("/services/classroom/../../user/bob", HOME),
        ("/services/classroom/\\evil.example", HOME),
        ("/services/classroom/\r\nSet-Cookie: a=b", HOME),
        ("javascript:alert(1)", HOME),
        ("", HOME),
    ],
)
def test_the_way_back_after_signing_in_stays_in_the_classroom(given: str, taken: str) -> None:
    assert safe_next(given) == taken
