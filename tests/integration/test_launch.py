"""`classroom up` and `down`, with a real hub, proxy, service and server. The course has nothing to release."""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from classroom.ops.accounts import load_accounts, write_accounts
from classroom.ops.instance import MARK, is_free
from classroom.ops.processes import is_alive
from tests.other_user import USER, as_user
from tests.running_class import RunningClass, bare_course


@pytest.fixture(scope="module")
def course(course_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return bare_course(tmp_path_factory.mktemp("course"), course_root)


@pytest.fixture
def running(course: Path, tmp_path: Path) -> Iterator[RunningClass]:
    """A class that has been started, and is stopped whatever the test does."""
    started = RunningClass(course, tmp_path / "state")
    try:
        started.up()
        yield started
    finally:
        started.run("down")


def test_up_prints_address_and_accounts_and_what_it_does_not_do(course: Path, tmp_path: Path) -> None:
    tiny = RunningClass(course, tmp_path / "state")
    try:
        printed = tiny.up()

        assert f"http://127.0.0.1:{tiny.port}" in printed
        assert all(f"{name:<12} {password}" in printed for name, password in tiny.passwords().items())
        assert "doesn't separate students" in printed
        assert "one machine" in printed
    finally:
        tiny.down()


def lasting(running: RunningClass) -> set[int]:
    """The ids of its processes without the grader's own, which come and go: it looks at what confinement holds."""
    found = set()
    for process in running.processes():
        with contextlib.suppress(psutil.NoSuchProcess):
            found |= set() if any(word.startswith("judge.") for word in process.cmdline()) else {process.pid}
    return found


def test_second_up_changes_nothing(running: RunningClass) -> None:
    before = lasting(running)

    printed = running.up()

    assert "running already" in printed
    assert running.url in printed
    assert lasting(running) == before


def test_down_stops_all_of_it_and_nothing_else(running: RunningClass) -> None:
    server = running.spawn("student1")
    ours = running.processes()
    instance = running.instance
    look_alike = [sys.executable, "-c", "input('jupyterhub configurable-http-proxy')"]
    decoy = subprocess.Popen(look_alike, env={**os.environ, MARK: "another"}, cwd=running.state, stdin=subprocess.PIPE)
    try:
        running.down()

        assert len(ours) >= 4
        assert server in ours
        assert not [process for process in ours if is_alive(process)]
        assert decoy.poll() is None
        ports = (instance.port, instance.hub_port, instance.proxy_api_port, instance.service_port)
        assert all(map(is_free, ports))
        assert "wasn't running" in running.run("down").stdout
    finally:
        decoy.kill()
        decoy.communicate()


def test_up_after_kill_of_the_hub_reaps_what_it_left_and_serves_again(running: RunningClass) -> None:
    running.spawn("student1")
    hub = psutil.Process(running.instance.hub_pid)
    orphans = [process for process in running.processes() if process != hub]
    hub.kill()
    hub.wait()
    assert any(map(is_alive, orphans))

    printed = running.up()

    assert f"Ended {len(orphans)} processes" in printed
    assert not [process for process in orphans if is_alive(process)]
    assert running.spawn("student1").is_running()


def test_every_port_answers_on_this_machine_alone(running: RunningClass) -> None:
    running.spawn("student1")

    listening = [
        connection.laddr.ip
        for process in running.processes()
        for connection in process.net_connections("tcp")
        if connection.status == psutil.CONN_LISTEN
    ]

    assert len(listening) >= 4
    assert set(listening) <= {"127.0.0.1", "::1"}


def test_students_server_holds_no_secret_and_not_the_authors_library(running: RunningClass, course_root: Path) -> None:
    server = running.spawn("student1")
    environment = server.environ()

    secrets = [path.read_text().strip() for path in (running.state / "secrets").iterdir() if path.suffix == ".token"]
    imported = subprocess.run(
        [sys.executable, "-c", "import cardlab, pandas, judge.kit\nimport cardpress"],
        env=environment,
        cwd=server.cwd(),
        capture_output=True,
        text=True,
        check=False,
    )

    assert Path(server.cwd()) == running.state / "homes" / "student1"
    assert environment["CLASSROOM_URL"] == f"{running.url}/services/classroom"
    assert environment["CARDLAB_DATA"] == str(running.course / "data")
    assert not {"CLASSROOM_STATE", "CLASSROOM_COURSE", "CLASSROOM_DATABASE_URL", "PYTHONPATH"} & set(environment)
    assert secrets
    assert not [secret for secret in secrets if secret in environment.values()]
    assert imported.stderr.strip().endswith("ModuleNotFoundError: No module named 'cardpress'")


def test_another_role_and_a_closed_account_need_no_restart(running: RunningClass) -> None:
    """The hub looks at the accounts again after 30 s of use; a new sign-in is told at once."""
    path = running.state / "accounts.json"
    accounts = load_accounts(path)
    assert running.groups("student1") == ["tiny-students"]

    write_accounts(path, [replace(accounts["student1"], role="graders")])

    assert running.groups("student1") == ["tiny-graders"]
    with pytest.raises(AssertionError, match="Invalid username or password"):
        running.groups("student2")


def test_secrets_are_closed_to_others(running: RunningClass) -> None:
    modes = {path.name: oct(path.stat().st_mode & 0o777) for path in (running.state / "secrets").iterdir()}

    assert modes
    assert set(modes.values()) == {"0o600"}
    assert (running.state / "secrets").stat().st_mode & 0o777 == 0o700
    assert running.state.stat().st_mode & 0o777 == 0o700


def test_taken_port_is_told_and_nothing_is_started(course: Path, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        tiny = RunningClass(course, tmp_path / "state", port=taken.getsockname()[1])

        refused = tiny.run("up", "--port", str(tiny.port))

    assert refused.returncode == 1
    assert f"port {tiny.port} is taken" in refused.stderr
    assert not (tiny.state / "instance.json").exists()


def test_saved_settings_lead_other_commands_to_the_class(running: RunningClass) -> None:
    saved = json.loads((running.state / "settings.json").read_text())

    told = running.run("status")

    assert saved["CLASSROOM_PUBLIC_URL"] == running.url
    assert saved["CLASSROOM_HUB_API_URL"] == running.instance.hub_api_url
    assert told.returncode == 0
    assert running.url in told.stdout


@pytest.fixture
def home(course: Path) -> Iterator[Path]:
    """A folder of USER with a copy of the course in it. Not below tmp_path: pytest closes that to other users."""
    with tempfile.TemporaryDirectory(prefix="classroom-home-") as folder:
        Path(folder).chmod(0o755)
        shutil.copytree(course, Path(folder) / "course", symlinks=True)
        (Path(folder) / "course").chmod(0o755)
        shutil.chown(folder, USER)
        yield Path(folder)


@pytest.mark.needs("user")
def test_ordinary_user_starts_and_stops_a_class(home: Path) -> None:
    """Without root, without Docker, without a Node.js of the machine."""
    environment = {"HOME": str(home), "USER": USER}
    ordinary = RunningClass(home / "course", home / "state", wrap=as_user, environment=environment)
    try:
        ordinary.up()
        server = ordinary.spawn("student1")

        assert {process.username() for process in ordinary.processes()} == {USER}
        assert server.cwd() == str(home / "state" / "homes" / "student1")
    finally:
        ordinary.run("down")
    assert not ordinary.processes()


@pytest.mark.needs("user")
def test_ordinary_user_grades(course_root: Path, home: Path) -> None:
    """The grader's own tests, run by that user: nothing in them may need root."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--basetemp={home / 'tmp'}"]

    done = subprocess.run(
        as_user([*command, "tests/integration/test_grade_one.py"]),
        cwd=course_root,
        env={**os.environ, "HOME": str(home), "USER": USER},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
