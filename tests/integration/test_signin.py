"""Browsers: signing in through the hub, the session's cookie, and forms that must come from our own page."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from fastapi import APIRouter, Depends, Request

from classroom.config import SERVICE_PREFIX
from classroom.service.deps import Caller, Role, csrf_token, guards, require, session
from classroom.service.sessions import SESSION_COOKIE
from tests.small_class import Classroom, classroom, hub_answer

PAGE = "/tiny/my-desk"


@pytest.fixture
def asked() -> list[httpx.Request]:
    """What the service asked the hub."""
    return []


@pytest.fixture
def room(tmp_path: Path, asked: list[httpx.Request]) -> Iterator[Classroom]:
    def hub(request: httpx.Request) -> httpx.Response:
        request.read()
        asked.append(request)
        return hub_answer(request)

    with classroom(tmp_path, hub) as room:
        room.app.include_router(a_page())
        yield room


def a_page() -> APIRouter:
    """One page for students with a form, as the classroom's own pages are made."""
    router = APIRouter()
    student = Annotated[Caller, Depends(require(Role.STUDENT))]

    @router.get(f"{SERVICE_PREFIX}/{{course}}/my-desk")
    def show(request: Request, caller: student) -> str:
        own = guards(request)
        current = session(request, own)
        return f"{caller.name} {csrf_token(own, current) if current else ''}"

    @router.post(f"{SERVICE_PREFIX}/{{course}}/my-desk")
    def change(caller: student) -> str:
        return f"changed by {caller.name}"

    return router


@pytest.fixture
def browser(room: Classroom) -> Iterator[httpx.Client]:
    with room.http() as http:
        yield http


def sign_in(browser: httpx.Client, page: str = PAGE) -> httpx.Response:
    """Follows the redirects as a browser does, the hub agreeing at once; the page that opens in the end."""
    login = browser.get(target(browser.get(page)))
    question = parse_qs(urlsplit(login.headers["Location"]).query)
    back = browser.get("/oauth_callback", params={"code": "one-time-code", "state": question["state"][0]})
    return browser.get(target(back))


def target(answer: httpx.Response) -> str:
    """Where a redirect leads, in full: the client would take it as relative to the service."""
    return f"http://test{answer.headers['Location']}"


def form_token(browser: httpx.Client) -> str:
    return browser.get(PAGE).json().split()[1]


def test_a_page_sends_the_browser_to_the_hub_and_back(browser: httpx.Client, asked: list[httpx.Request]) -> None:
    opened = sign_in(browser, f"{PAGE}?tab=2")

    assert (opened.status_code, opened.url.path, opened.url.query) == (200, f"{SERVICE_PREFIX}{PAGE}", b"tab=2")
    assert opened.json().startswith("ada ")
    trade = parse_qs(asked[0].content.decode())
    assert (trade["code"], trade["grant_type"]) == (["one-time-code"], ["authorization_code"])
    assert trade["redirect_uri"] == [f"{SERVICE_PREFIX}/oauth_callback"]


def test_the_question_to_the_hub_is_bound_to_this_browser(browser: httpx.Client, asked: list[httpx.Request]) -> None:
    login = browser.get("/login")
    question = parse_qs(urlsplit(login.headers["Location"]).query)

    stranger = browser.get("/oauth_callback", params={"code": "stolen", "state": "guessed"})
    browser.cookies.clear()
    other_browser = browser.get("/oauth_callback", params={"code": "stolen", "state": question["state"][0]})

    assert urlsplit(login.headers["Location"]).path == "/hub/api/oauth2/authorize"
    assert (question["response_type"], question["code_challenge_method"]) == (["code"], ["S256"])
    assert (stranger.status_code, other_browser.status_code) == (403, 403)
    assert asked == []


def test_the_token_is_in_no_cookie_and_no_url_that_can_be_read(browser: httpx.Client) -> None:
    page = sign_in(browser)

    cookie = next(cookie for cookie in browser.cookies.jar if cookie.name == SESSION_COOKIE)
    assert "ada-token" not in f"{cookie.value} {page.url} {page.text}"
    assert (cookie.path, cookie.has_nonstandard_attr("HttpOnly")) == (f"{SERVICE_PREFIX}/", True)
    assert cookie.get_nonstandard_attr("SameSite") == "lax"


def test_signing_in_never_leads_to_another_site(browser: httpx.Client) -> None:
    login = browser.get("/login", params={"next": "https://evil.example/"})
    state = parse_qs(urlsplit(login.headers["Location"]).query)["state"][0]

    back = browser.get("/oauth_callback", params={"code": "c", "state": state})

    assert back.headers["Location"] == f"{SERVICE_PREFIX}/"


def test_a_page_of_another_course_or_role_says_so_on_a_page(room: Classroom, browser: httpx.Client) -> None:
    sign_in(browser)
    other_course = browser.get("/other/my-desk")
    with room.http("ivy") as ivy:
        other_role = ivy.get(PAGE)

    for answer in (other_course, other_role):
        assert answer.status_code == 403
        assert answer.headers["Content-Type"].startswith("text/html")
        assert "student" in answer.text
        assert answer.headers["X-Request-Id"] in answer.text


def test_a_form_of_our_own_page_is_taken(browser: httpx.Client) -> None:
    sign_in(browser)
    token = form_token(browser)

    by_field = browser.post(PAGE, data={"csrf_token": token}, headers={"Sec-Fetch-Site": "same-origin"})
    by_header = browser.post(PAGE, headers={"X-CSRF-Token": token, "Origin": "http://test"})

    assert [by_field.json(), by_header.json()] == ["changed by ada"] * 2


@pytest.mark.parametrize(
    ("data", "headers"),
    [
        ({}, {}),
        ({"csrf_token": "guessed"}, {}),
        ({"csrf_token": "RIGHT"}, {"Sec-Fetch-Site": "cross-site"}),
        ({"csrf_token": "RIGHT"}, {"Sec-Fetch-Site": "same-site"}),
        ({"csrf_token": "RIGHT"}, {"Origin": "https://evil.example"}),
        ({"csrf_token": "RIGHT"}, {"Origin": "null"}),
    ],
    ids=["no token", "wrong token", "other site", "neighbour host", "other origin", "no origin"],
)
def test_a_form_from_elsewhere_changes_nothing(
    browser: httpx.Client, data: dict[str, str], headers: dict[str, str]
) -> None:
    sign_in(browser)
    token = form_token(browser)
    sent = {key: token if value == "RIGHT" else value for key, value in data.items()}

    answer = browser.post(PAGE, data=sent, headers=headers)

    assert answer.status_code == 403
    assert "nothing was changed" in answer.text


def test_the_cookie_alone_does_not_open_the_api_for_writing(room: Classroom, browser: httpx.Client) -> None:
    sign_in(browser)

    reading = browser.get("/api/v1/courses/tiny/assignments")
    writing = browser.post("/api/v1/courses/tiny/assignments/ps1/attempts", content=b"x")

    assert (reading.status_code, writing.status_code) == (200, 403)


def test_a_header_token_needs_no_form_token(room: Classroom) -> None:
    with room.http("ada") as http:
        assert http.post(PAGE).json() == "changed by ada"


def test_a_form_that_would_fill_the_disk_is_cut_off(browser: httpx.Client) -> None:
    sign_in(browser)

    answer = browser.post(PAGE, data={"csrf_token": "x" * 3_000_000})

    assert answer.status_code == 413


def test_htmx_is_told_to_load_the_sign_in_page(browser: httpx.Client) -> None:
    headers = {"HX-Request": "true", "HX-Current-URL": f"http://test{SERVICE_PREFIX}{PAGE}"}

    answer = browser.get(PAGE, headers=headers)

    assert answer.status_code == 401
    assert parse_qs(urlsplit(answer.headers["HX-Redirect"]).query)["next"] == [f"{SERVICE_PREFIX}{PAGE}"]


def test_signing_out_forgets_the_session(browser: httpx.Client) -> None:
    sign_in(browser)

    out = browser.post("/logout", data={"csrf_token": form_token(browser)})
    after = browser.get(PAGE)

    assert (out.status_code, out.headers["Location"]) == (303, "/hub/logout")
    assert after.headers["Location"].startswith(f"{SERVICE_PREFIX}/login?")
