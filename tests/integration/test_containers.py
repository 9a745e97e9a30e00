"""Grading in containers: the same scores behind one more wall, and no container left behind."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import docker
import pytest

from classroom.errors import GraderError
from classroom.grading.containers import OWNER_LABEL, ContainerEngine, ContainerWorker, connect, examine, sweep
from classroom.grading.engines import Engine, Places, SplitEngine
from classroom.grading.image import Image
from classroom.grading.models import SubmissionResult
from classroom.grading.standalone import grade_one
from judge.plan import GradingJob, Limits, PlanCell, State
from judge.sandbox import owners
from tests.conftest import ROOT, contents_of_course
from tests.tiny_course import LOOPS, PARTLY, RIGHT, SOURCE, filled

pytestmark = pytest.mark.needs("docker")
PATIENCE_S = 120.0
REAL = ROOT / "source" / "01_data_engineering" / "exercises_01.ipynb"
PATIENT = Limits(cell_s=600, call_s=600, test_s=600, total_s=1200)
SLEEPS = GradingJob("job", "ps1", (PlanCell("answer", "student", "import time\ntime.sleep(600)"),), limits=Limits(600))


@pytest.fixture(scope="module")
def image() -> Image:
    return examine(contents_of_course())[0]


@pytest.fixture
def client() -> Iterator[docker.DockerClient]:
    client = connect()
    yield client
    client.close()


@pytest.fixture(scope="module")
def engine(image: Image) -> Iterator[ContainerEngine]:
    engine = ContainerEngine(image, contents_of_course())
    yield engine
    engine.stop()


def wait_until(what: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not what():
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.1)


def containers_of(client: docker.DockerClient, pid: int) -> list[Any]:
    """Those that a process of this machine owns."""
    found = client.containers.list(all=True, filters={"label": OWNER_LABEL}, ignore_removed=True)
    return [one for one in found if one.labels[OWNER_LABEL].split("-")[2] == str(pid)]


def verdicts(engine: Engine, source: Path, submission: Path, limits: Limits) -> list[Any]:
    """All that an engine says of a submission, but for the time it took."""
    results = grade_one(source, submission, engine, limits).result.notebooks.values()
    return [(result.cells, result.verdicts, result.state, result.reason) for result in results]


def told(result: SubmissionResult) -> list[tuple[str, float, State]]:
    """A verdict's reason may tell a time, and differ."""
    return [(one.id, one.points, one.state) for each in result.notebooks.values() for one in each.verdicts]


@pytest.mark.needs("sandbox")
@pytest.mark.parametrize("answers", [RIGHT, PARTLY, LOOPS], ids=["right", "partly", "endless"])
def test_a_container_says_what_this_machine_says(engine: ContainerEngine, tmp_path: Path, answers: Any) -> None:
    submission = tmp_path / "ps1.ipynb"
    submission.write_bytes(filled(answers))
    limits = Limits(call_s=6, test_s=10)
    local = SplitEngine()

    here = verdicts(local, SOURCE, submission, limits)

    local.stop()
    assert verdicts(engine, SOURCE, submission, limits) == here


@pytest.mark.needs("sandbox")
def test_a_real_submission_earns_the_same_in_a_container(engine: ContainerEngine) -> None:
    """With the course's packages, its authors' and its data: the instructor's own answers."""
    contents = contents_of_course()
    local = SplitEngine(Places(tuple(contents.authors), tuple(contents.packages[1:]), tuple(contents.shared)))

    here = grade_one(REAL, REAL, local, PATIENT).result

    local.stop()
    there = grade_one(REAL, REAL, engine, PATIENT).result
    assert (there.points, there.status) == (here.points, "ok")
    assert told(there) == told(here)


def test_a_result_names_the_image_that_it_was_made_in(engine: ContainerEngine, image: Image) -> None:
    result = engine.grade(GradingJob("job", "ps1", (PlanCell("answer", "student", "1"),)))

    assert result.engine == engine.name
    assert image.digest.removeprefix("sha256:")[:12] in engine.name


def test_in_a_container_every_attack_is_stopped() -> None:
    rung = examine(contents_of_course())[1]

    assert rung.problems == ()
    assert (rung.confined, rung.own_uid) == (True, True)


def test_a_container_that_answers_too_late_is_killed(image: Image, client: docker.DockerClient) -> None:
    worker = ContainerWorker(image, [])

    with pytest.raises(GraderError, match="in time"):
        worker.ask(SLEEPS.to_json(), time.monotonic() + 1)
    worker.end()

    wait_until(lambda: worker.container_id not in {one.id for one in containers_of(client, _own_pid())})


def test_stopping_the_engine_ends_whoever_waits_and_leaves_nothing(image: Image, client: docker.DockerClient) -> None:
    engine = ContainerEngine(image, contents_of_course())
    before = {one.id for one in containers_of(client, _own_pid())}
    said: list[str] = []

    def wait_for_it() -> None:
        try:
            engine.grade(SLEEPS)
        except GraderError as error:
            said.append(str(error))

    thread = threading.Thread(target=wait_for_it)
    thread.start()
    wait_until(lambda: any(one.status == "running" for one in _new(client, before)))
    engine.stop()
    thread.join(PATIENCE_S)

    assert len(said) == 1
    wait_until(lambda: _new(client, before) == [])


def test_containers_of_the_dead_are_swept_and_no_others(image: Image, client: docker.DockerClient) -> None:
    script = "from judge.sandbox.owners import new_name; print(new_name())"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    names = {"dead": done.stdout.strip(), "living": owners.new_name()}
    made = {key: client.containers.create(image.name, labels={OWNER_LABEL: name}) for key, name in names.items()}

    sweep(client)

    left = {one.id for one in client.containers.list(all=True, ignore_removed=True)}
    made["living"].remove()
    assert made["living"].id in left
    assert made["dead"].id not in left


def test_a_container_ends_with_the_process_that_started_it(image: Image, client: docker.DockerClient) -> None:
    """Also after kill -9, without anybody to sweep."""
    script = (
        "import sys, time\nfrom classroom.grading.containers import ContainerWorker\n"
        "from classroom.grading.image import Image\n"
        "worker = ContainerWorker(Image(*sys.argv[1:]), [])\nprint('started', flush=True)\ntime.sleep(600)"
    )
    owner = subprocess.Popen(
        [sys.executable, "-c", script, image.name, image.digest], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert owner.stdout is not None
    owner.stdout.readline()
    started = len(containers_of(client, owner.pid))

    owner.kill()
    owner.communicate()

    assert started == 1
    wait_until(lambda: containers_of(client, owner.pid) == [])


@pytest.mark.parametrize("user", [0, 65534], ids=["root", "ordinary"])
def test_inside_a_default_container_doctor_tells_the_truth_and_grading_is_confined(
    image: Image, client: docker.DockerClient, tmp_path: Path, user: int
) -> None:
    """Docker's default walls, with this machine's interpreter and checkout to be read inside."""
    submission = tmp_path / "ps1.ipynb"
    submission.write_bytes(filled(RIGHT, extra="print(open('/etc/shadow').read())"))
    tmp_path.chmod(0o755)
    shown = [Path("/usr"), Path(sys.base_prefix).resolve(), ROOT, tmp_path]
    closed = {str(folder) for path in shown for folder in path.parents if folder != Path("/")}
    classroom = f"{sys.executable} -m classroom.cli"
    graded = f"{classroom} grade-one --json --source {SOURCE} --submission {submission}"
    prefix = "" if user == 0 else f"setpriv --reuid {user} --regid {user} --clear-groups "
    script = f"chmod a+rx {' '.join(sorted(closed))}\n{prefix}{classroom} doctor\n{prefix}{graded}"

    said = client.containers.run(
        image.name,
        ["-c", script],
        entrypoint="sh",
        user="0",
        working_dir="/",
        volumes={str(path): {"bind": str(path), "mode": "ro"} for path in shown},
        environment={"CLASSROOM_COURSE": str(ROOT), "CLASSROOM_STATE": "/tmp/state", "PATH": "/usr/bin:/bin"},
        remove=True,
    ).decode()

    own = "a user of its own" if user == 0 else "this account"
    assert f"ok       student code is confined as {own}" in said
    assert "by watchdog" in said
    assert '"score": 6.0' in said
    assert "PermissionError" in said


def _new(client: docker.DockerClient, before: set[str]) -> list[Any]:
    return [one for one in containers_of(client, _own_pid()) if one.id not in before]


def _own_pid() -> int:
    return int(owners.new_name().split("-")[2])
