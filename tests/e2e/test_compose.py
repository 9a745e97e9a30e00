"""A class in containers, from sign-in to feedback in a browser; what a student's container reaches; what dies.

One class for the whole file, started with docker-compose.yml. The tests of failures stand last: they kill.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from classroom.ops.answers import fill, solutions_of
from tests.compose_class import ComposeClass, Server, docker, inspect
from tests.e2e.lab import RUN_MS, START_MS, Lab
from tests.running_class import wait_for

pytestmark = [pytest.mark.needs("compose"), pytest.mark.needs("browser")]

ASSIGNMENT, EXERCISES = "01_data_engineering", "exercises_01.ipynb"
WORKER, NEIGHBOUR = "student1", "student2"
UPLOAD = """
import os, sys, time, httpx
address = os.environ["CLASSROOM_URL"] + "/api/v1/courses/mlcards/assignments/01_data_engineering/attempts"
headers = {"Authorization": "token " + os.environ["JUPYTERHUB_API_TOKEN"], "Content-Type": "application/x-tar"}
"""


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ComposeClass]:
    """The real course, its first module released; one instructor, two students."""
    started = ComposeClass(tmp_path_factory.mktemp("class"), "classroom-e2e")
    try:
        started.down()
        started.up()
        started.up("prometheus")  # Grafana has no stand-in
        started.classroom("generate", ASSIGNMENT)
        started.classroom("release", ASSIGNMENT)
        started.add("instructor", "instructor")
        started.add("student", WORKER, NEIGHBOUR)
        yield started
    finally:
        started.down()


@pytest.fixture(scope="module")
def window(browser: Browser, room: ComposeClass) -> "Windows":
    return Windows(browser, room)


class Windows:
    """Everybody's own window, signed in when first asked for."""

    def __init__(self, browser: Browser, room: ComposeClass) -> None:
        self._browser, self._room = browser, room
        self._pages: dict[str, Page] = {}

    def of(self, name: str) -> Page:
        if name not in self._pages:
            context = self._browser.new_context(
                viewport={"width": 1400, "height": 900},
                ignore_https_errors=True,  # an authority made for this class
            )
            context.set_default_timeout(START_MS)
            page = context.new_page()
            page.goto(f"{self._room.url}/hub/login")
            page.get_by_label("Username").fill(name)
            page.get_by_label("Password").fill(self._room.passwords[name])
            page.get_by_role("button", name="Sign in").click()
            page.wait_for_url("**/services/classroom/**")
            self._pages[name] = page
        return self._pages[name]


@pytest.fixture(scope="module")
def lab(window: Windows, room: ComposeClass) -> Lab:
    """The student's JupyterLab, entered from the page where everybody lands; the click starts the container."""
    page = window.of(WORKER)
    page.get_by_role("link", name="Open in JupyterLab").click()
    home = room.server(WORKER)
    opened = Lab(page, f"{room.url}/user/{WORKER}", home.home)
    opened.wait_until_open()
    return opened


@pytest.fixture(scope="module")
def submitted(lab: Lab, room: ComposeClass, screenshots: Path) -> None:
    """Fetched, answered, run and handed in."""
    lab.open_assignments()
    lab.fetch(ASSIGNMENT)
    answer(room, room.server(WORKER))
    lab.open(f"{ASSIGNMENT}/{EXERCISES}")
    lab.run_all(f"{ASSIGNMENT}/{EXERCISES}")
    lab.open()
    lab.open_assignments()
    lab.submit(ASSIGNMENT)
    lab.page.screenshot(path=screenshots / "40_compose_submitted.png")


@pytest.fixture(scope="module")
def given(submitted: None, window: Windows, room: ComposeClass) -> None:
    """Collected, autograded in the grader's container, given back."""
    page = window.of("instructor")
    address = f"{room.url}/services/classroom/mlcards/assignments/{ASSIGNMENT}"
    page.goto(address)
    page.get_by_role("button", name="Collect 1", exact=True).click()
    page.get_by_role("button", name="Autograde 1", exact=True).click()
    expect(page.get_by_role("heading", name="1 piece to grade by hand")).to_be_visible(timeout=RUN_MS)
    room.classroom("feedback", ASSIGNMENT, "--release", "--ungraded")


def test_a_student_lands_in_a_home_with_lessons_and_data(lab: Lab, room: ComposeClass, screenshots: Path) -> None:
    expect(lab.page.get_by_role("heading", name=f"Welcome, {WORKER}")).to_be_visible(timeout=RUN_MS)
    lab.page.screenshot(path=screenshots / "39_compose_start_page.png")

    there = room.server(WORKER)
    assert (there.home / "lessons" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb").is_file()
    assert there.python("import cardlab.data as d; print(len(d.load_raw()) > 100)") == "True"
    assert there.run("git", "--version").returncode == 0
    assert there.run("ls", "data/").stdout.split()


def test_what_was_handed_in_is_graded_in_a_container_and_comes_back(
    given: None, window: Windows, room: ComposeClass, screenshots: Path
) -> None:
    points = room.classroom("scores", ASSIGNMENT).split()
    worth = sum(cell["points"] for cell in graded_cells(room))

    page = window.of(WORKER)
    page.goto(f"{room.url}/services/classroom/mlcards/my/{ASSIGNMENT}/feedback")
    page.screenshot(path=screenshots / "41_compose_feedback.png", full_page=True)

    assert points[:2] == [WORKER, f"{worth:g}"]
    assert page.get_by_text(f"{worth:.1f}").count() > 0


@pytest.fixture(scope="module")
def servers(room: ComposeClass) -> tuple[Server, Server]:
    """Two students' servers that run beside each other; the second also has a port open to all."""
    first, second = room.spawn(WORKER), room.spawn(NEIGHBOUR)
    second.run("sh", "-c", "cd /tmp && nohup python -m http.server --bind 0.0.0.0 9000 >/dev/null 2>&1 &")
    return first, second


def test_out_of_a_students_container_nothing_is_reached_but_what_serves_it(
    servers: tuple[Server, Server], room: ComposeClass
) -> None:
    first, second = servers
    named = {
        service: addresses(room.container(service))
        for service in ("postgres", "grader", "scheduler", "docker", "tls", "runner", "prometheus")
    }
    ports = {"postgres": 5432, "grader": 8786, "scheduler": 8786, "docker": 2375, "tls": 443, "runner": 22}
    ports["prometheus"] = 9090
    wanted = [(address, ports[name]) for name in named for address in named[name]]
    wanted += [(address, port) for address in addresses(second.container) for port in (8888, 9000)]
    wanted += [(address, 8001) for address in addresses(room.container("proxy"))]  # where routes are set
    wanted += [("postgres", 5432), ("scheduler", 8786), ("docker", 2375), ("proxy-api", 8001), ("192.0.2.1", 80)]

    reached = reachable(first, wanted)

    assert reached == []


def test_control_what_serves_a_student_is_reached_and_a_neighbour_hears_itself(
    servers: tuple[Server, Server],
) -> None:
    first, second = servers
    own = [("hub", 8081), ("service", 8011), ("proxy", 8000)]

    assert reachable(first, own) == own
    assert reachable(second, [("127.0.0.1", 9000), *own]) == [("127.0.0.1", 9000), *own]


def test_a_students_token_opens_nothing_of_the_hubs_but_its_own(servers: tuple[Server, Server]) -> None:
    asked = """
import os, httpx
http = httpx.Client(base_url=os.environ["JUPYTERHUB_API_URL"], trust_env=False,
                    headers={"Authorization": "token " + os.environ["JUPYTERHUB_API_TOKEN"]})
tries = [
    ("GET", "/users"), ("POST", "/users/mallory"), ("GET", "/users/student2"), ("POST", "/users/student2/server"),
    ("POST", "/users/student1/tokens"), ("GET", "/proxy"), ("GET", "/services"), ("POST", "/shutdown"),
]
print([http.request(*each).status_code for each in tries], http.get("/user").json()["name"])
"""
    first, _ = servers

    said = first.python(asked)

    codes, name = said.rsplit("] ", 1)
    assert set(json.loads(codes + "]")) <= {403, 404}
    assert name == WORKER


def test_a_students_container_is_nobody_and_has_no_socket_of_dockers(servers: tuple[Server, Server]) -> None:
    first, _ = servers
    state = inspect(first.container)["HostConfig"]

    assert first.run("id", "-u").stdout.strip() == "1000"
    assert first.run("ls", "/var/run/docker.sock").returncode != 0
    assert first.run("sh", "-c", "grep CapEff /proc/self/status").stdout.split()[1] == "0" * 16
    assert (state["Privileged"], state["PidsLimit"]) == (False, 512)
    assert (state["Memory"], state["MemorySwap"]) == (2 << 30, 2 << 30)
    assert state["CpuQuota"] == 2 * state["CpuPeriod"]
    assert state["RestartPolicy"]["Name"] == "no"
    assert state["LogConfig"]["Config"] == {"max-size": "5m", "max-file": "2"}


def test_a_student_s_container_writes_to_its_home_alone_and_no_endless_file(servers: tuple[Server, Server]) -> None:
    first, _ = servers

    anywhere = first.run("touch", "/opt/mine", as_root=True)
    endless = first.run("python", "-c", "open('endless', 'wb').truncate(5 << 30)")
    fits = first.run("python", "-c", "open('fits', 'wb').truncate(3 << 30)")
    first.run("rm", "endless", "fits")

    assert "Read-only file system" in anywhere.stderr
    assert "File too large" in endless.stderr
    assert fits.returncode == 0
    assert first.run("stat", "--file-system", "--format=%T", "/tmp").stdout == "tmpfs\n"


@pytest.mark.parametrize(
    "change",
    [
        {"HostConfig": {"Privileged": True}},
        {"HostConfig": {"privileged": True}},
        {"HostConfig": {"Binds": ["/:/host"]}},
        {"HostConfig": {"Mounts": [{"Type": "bind", "Source": "/", "Target": "/host"}]}},
        {"HostConfig": {"PidMode": "host"}},
        {"HostConfig": {"NetworkMode": "host"}},
        {"HostConfig": {"SecurityOpt": ["seccomp=unconfined"]}},
        {"Image": "classroom-hub"},
    ],
    ids=["privileged", "lower_case", "root_folder", "mount", "pids", "host_network", "unconfined", "other_image"],
)
def test_the_hub_can_ask_docker_for_a_students_container_and_no_other(
    change: dict[str, object], room: ComposeClass
) -> None:
    good = {"Image": "classroom-student", "HostConfig": {"NetworkMode": f"{room.project}-student-none-net"}}
    host = {**good["HostConfig"], **change.get("HostConfig", {})}  # type: ignore[dict-item]

    assert ask_docker(room, {**good, **change, "HostConfig": host}) == 403
    # Docker itself refuses the good one: there is no network of that name to start it in, but it may be made.
    assert ask_docker(room, good) == 201


def test_a_killed_container_leaves_the_home_and_comes_back_by_one_click(
    servers: tuple[Server, Server], room: ComposeClass
) -> None:
    first, _ = servers
    first.run("sh", "-c", "echo 'half a thought' > thought.txt")

    docker("kill", first.container)
    wait_for(lambda: not first.is_running())
    room.spawn(WORKER)  # what the button Start My Server asks for

    assert first.run("cat", "thought.txt").stdout == "half a thought\n"


def test_servers_outlive_the_hub(servers: tuple[Server, Server], room: ComposeClass) -> None:
    _, second = servers
    began = inspect(second.container)["State"]["StartedAt"]

    docker("kill", room.container("hub"))
    with room.stranger() as client:
        away = client.get(f"/user/{NEIGHBOUR}/api").status_code
    docker("start", room.container("hub"))
    room.wait_until_well()

    assert away == 200
    assert inspect(second.container)["State"]["StartedAt"] == began
    with room.sign_in(NEIGHBOUR) as client:
        assert NEIGHBOUR in client.get(f"/user/{NEIGHBOUR}/lab").url.path


def test_a_service_killed_in_an_upload_has_kept_every_receipt(
    servers: tuple[Server, Server], room: ComposeClass
) -> None:
    first, _ = servers
    before = attempts(first)
    begun = first.python(
        UPLOAD + "import subprocess\nsubprocess.Popen([sys.executable, '-c', open('/tmp/slow.py').read()])"
        if first.run("sh", "-c", f"cat > /tmp/slow.py <<'E'\n{UPLOAD}{SLOW}E").returncode == 0
        else "raise SystemExit(1)"
    )
    wait_for(lambda: first.run("test", "-e", "/tmp/begun").returncode == 0)

    docker("kill", room.container("service"))
    docker("start", room.container("service"))
    room.wait_until_well()

    assert begun == ""
    assert attempts(first) == before
    done = first.run("sh", "-c", f"cd ~ && nbgrader submit {ASSIGNMENT}")
    assert done.returncode == 0, done.stderr
    assert len(attempts(first)) == len(before) + 1


def test_hub_and_service_recover_when_postgresql_was_restarted(
    servers: tuple[Server, Server], room: ComposeClass
) -> None:
    """By themselves. That the first to ask afterwards is answered, test_hub_database.py shows."""
    first, _ = servers
    before = attempts(first)

    docker("restart", room.container("postgres"))
    wait_for(lambda: first.run("python", "-c", ATTEMPTS).returncode == 0, pause_s=1)
    wait_for(lambda: can_sign_in(room, WORKER), pause_s=1)

    assert attempts(first) == before
    with room.sign_in(WORKER) as client:
        assert client.get("/services/classroom/mlcards/my").status_code == 200


def test_prometheus_measures_the_class(room: ComposeClass) -> None:
    ask = ("exec", "-T", "prometheus", "promtool", "query", "instant", "http://127.0.0.1:9090")

    wait_for(lambda: "=> 1 " in room.compose(*ask, 'up{job="classroom"}').stdout, pause_s=1)

    # It may just have measured a database that was being started again.
    wait_for(lambda: "classroom_database_up" in room.compose(*ask, "classroom_database_up == 1").stdout, pause_s=1)
    check = ("exec", "-T", "prometheus", "promtool", "check", "config", "/etc/prometheus/classroom.yml")
    assert "rules found" in room.compose(*check).stdout


def test_all_parts_end_by_themselves_when_the_class_is_stopped(room: ComposeClass) -> None:
    """None is killed for taking too long; how long that is doesn't matter here."""
    room.compose("stop", "--timeout", "300", timeout_s=600)

    found = docker("ps", "-aq", "--filter", f"label=com.docker.compose.project={room.project}").split()
    states = {state["Name"]: state["State"] for state in map(inspect, found)}
    assert not [name for name, state in states.items() if state["Running"]]
    assert [name for name, state in states.items() if state["ExitCode"] == 137 or state["OOMKilled"]] == []


SLOW = """
def slowly():
    yield bytes(512)
    open("/tmp/begun", "w").close()
    time.sleep(600)
httpx.post(address, headers=headers, content=slowly(), timeout=600)
"""


ATTEMPTS = """
from classroom.config import load_connection
from classroom.exchange.client import ExchangeClient
with ExchangeClient(*load_connection()) as client:
    for one in client.own_attempts("mlcards").attempts:
        print(f"{one.number}:{one.receipt}".replace(" ", ""))
"""


def attempts(server: Server) -> list[str]:
    """The student's attempts with the digests of their receipts, as the service tells them."""
    return server.python(ATTEMPTS).split()


def can_sign_in(room: ComposeClass, name: str) -> bool:
    try:
        with room.sign_in(name):
            return True
    except (AssertionError, KeyError):  # an error's page, which also sets no cookie
        return False


def answer(room: ComposeClass, server: Server) -> None:
    """As if the student had typed the answers."""
    notebook = server.home / ASSIGNMENT / EXERCISES
    wait_for(notebook.is_file)
    filled = fill(notebook, solutions_of(source_of(room)))
    notebook.write_bytes(filled)


def source_of(room: ComposeClass) -> Path:
    return Path(__file__).resolve().parents[2] / "source" / ASSIGNMENT / EXERCISES


def graded_cells(room: ComposeClass) -> list[dict[str, float]]:
    """nbgrader's metadata of every autograded cell."""
    cells = [cell["metadata"].get("nbgrader", {}) for cell in json.loads(source_of(room).read_text())["cells"]]
    return [cell for cell in cells if cell.get("grade") and not cell["solution"]]


def addresses(container: str) -> list[str]:
    """Its address in each of its networks."""
    networks = inspect(container)["NetworkSettings"]["Networks"]
    return [network["IPAddress"] for network in networks.values() if network["IPAddress"]]  # type: ignore[attr-defined]


def reachable(server: Server, wanted: list[tuple[str, int]]) -> list[tuple[str, int]]:
    """Which of them answer a connection from inside the container."""
    code = f"""
import socket
from concurrent.futures import ThreadPoolExecutor
def answers(where):
    try:
        socket.create_connection(where, 10).close()
    except OSError:
        return False
    return True
wanted = {wanted!r}
with ThreadPoolExecutor(32) as pool:
    print([where for where, there in zip(wanted, pool.map(answers, wanted)) if there])
"""
    return [(host, port) for host, port in eval(server.python(code), {"__builtins__": {}})]


def ask_docker(room: ComposeClass, body: dict[str, object]) -> int:
    """The status that the hub gets when it asks for such a container; one that was made is removed again."""
    code = f"""
import json, urllib.error, urllib.request
ask = lambda method, path, data=None: urllib.request.urlopen(urllib.request.Request(
    "http://docker:2375" + path, data, {{"Content-Type": "application/json"}}, method=method), timeout=30)
try:
    made = ask("POST", "/v1.41/containers/create?name={room.project}-student-probe", json.dumps({body!r}).encode())
    ask("DELETE", "/v1.41/containers/" + json.load(made)["Id"])
    print(made.status)
except urllib.error.HTTPError as error:
    print(error.code)
"""
    done = room.compose("exec", "-T", "hub", "python", "-c", code)
    assert done.returncode == 0, done.stderr
    return int(done.stdout)
