"""Each server under a name of its own: what a notebook shows can't act as its reader, by a browser's own rules.

`make up` has no such names: here the class is made to answer to class.test, which only this browser knows.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.e2e.conftest import BROWSER, FLAGS
from tests.e2e.lab import START_MS
from tests.running_class import RunningClass, bare_course

pytestmark = pytest.mark.needs("browser")

NAME, STUDENT = "class.test", "student1"
# `classroom`, which asks under that name whether hub and service are ready.
NAMED = """
import functools, sys, httpx
httpx.Client = functools.partial(httpx.Client, headers={"Host": sys.argv.pop(1)})
from classroom.cli import main
main()
"""
# A script in the page: what it could read, or why not.
READ = """async url => {
    try {
        const answer = await fetch(url, {credentials: "include"});
        return answer.status + " " + answer.url;
    } catch (error) { return error.name }
}"""
SUBMIT = """url => {
    const form = document.createElement("form");
    Object.assign(form, {method: "post", action: url, target: "_blank"});
    form.innerHTML = '<input name="csrf_token" value="guessed">';
    document.body.append(form);
    form.submit();
}"""


@pytest.fixture(scope="module")
def running(course_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningClass]:
    environment: dict[str, str] = {"OMP_NUM_THREADS": "1", "CLASSROOM_SUBDOMAINS": "1"}
    started = RunningClass(
        bare_course(tmp_path_factory.mktemp("course"), course_root),
        tmp_path_factory.mktemp("class") / "state",
        wrap=lambda command: [sys.executable, "-c", NAMED, f"{NAME}:{started.port}", *command[1:]],
        environment=environment,
    )
    environment["CLASSROOM_PUBLIC_URL"] = f"http://{NAME}:{started.port}"
    try:
        started.up()
        yield started
    finally:
        started.run("down")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Knows that all names of the class are this machine."""
    names = f"--host-resolver-rules=MAP {NAME} 127.0.0.1, MAP *.{NAME} 127.0.0.1"
    with sync_playwright() as playwright:
        expect.set_options(timeout=START_MS)
        chromium = playwright.chromium.launch(executable_path=BROWSER, args=[*FLAGS, names])
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def lab(running: RunningClass, browser: Browser) -> Page:
    """The student's JupyterLab; in the same browser the student is signed in at the classroom's pages."""
    context = browser.new_context()
    context.set_default_timeout(START_MS)
    page = context.new_page()
    page.goto(f"{base(running)}/hub/login")
    page.get_by_label("Username").fill(STUDENT)
    page.get_by_label("Password").fill(running.passwords()[STUDENT])
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/services/classroom/**")
    page.goto(f"{base(running)}/hub/spawn/{STUDENT}")
    page.wait_for_url(re.compile(r"/user/[^/]+/lab"))
    expect(page.locator("#jp-main-dock-panel")).to_be_visible()
    return page


def base(running: RunningClass) -> str:
    return f"http://{NAME}:{running.port}"


def own_page(running: RunningClass) -> str:
    return f"{base(running)}/services/classroom/tiny/my"


def test_a_server_has_an_origin_of_its_own(lab: Page, running: RunningClass) -> None:
    assert lab.evaluate("location.origin") == f"http://{STUDENT}.{NAME}:{running.port}"
    assert lab.evaluate(READ, f"/user/{STUDENT}/api/kernels").startswith("200 ")


@pytest.mark.parametrize("path", ["/services/classroom/tiny/my", "/hub/home", "/hub/api/user"])
def test_a_script_in_a_notebook_reads_nothing_in_its_reader_s_name(lab: Page, running: RunningClass, path: str) -> None:
    assert lab.evaluate(READ, f"{base(running)}{path}") == "TypeError"


def test_a_script_in_a_notebook_writes_nothing_in_its_reader_s_name(lab: Page, running: RunningClass) -> None:
    """Such a request is sent, cookies and all, and refused."""
    tried = [f"{base(running)}/services/classroom/logout", f"{base(running)}/hub/spawn/{STUDENT}"]
    seen = []
    for url in tried:
        with lab.context.expect_event("response", lambda answer, url=url: answer.url == url) as answer:
            lab.evaluate(SUBMIT, url)
        seen.append(answer.value.status)

    assert seen == [403, 403]


def test_control_a_page_of_the_classroom_reads_in_its_reader_s_name(lab: Page, running: RunningClass) -> None:
    window = lab.context.new_page()
    window.goto(own_page(running))

    assert window.evaluate(READ, own_page(running)) == f"200 {own_page(running)}"
    window.close()
