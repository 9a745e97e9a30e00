"""nbgrader's exchange plug-ins over HTTP: its own classes and command line, with the configuration students have."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from nbgrader import api as nbgrader_api
from nbgrader.auth import Authenticator
from nbgrader.coursedir import CourseDirectory
from nbgrader.exchange import ExchangeError, ExchangeFactory
from traitlets.config import Config

from classroom.exchange.workfolder import FETCHED_FILE
from classroom.gradebook import Gradebook
from classroom.ids import AssignmentId, GradeId, NotebookId, StudentId
from classroom.scores import TaskRecord
from tests.small_class import (
    COURSE,
    FUTURE,
    NOON,
    RELEASE,
    RELEASED,
    ROOT,
    Classroom,
    classroom,
    free_port,
    listening,
    notebook,
    tar,
)

FACTORY = {
    "exchange": "Exchange",
    "list": "ExchangeList",
    "fetch_assignment": "ExchangeFetchAssignment",
    "fetch_feedback": "ExchangeFetchFeedback",
    "release_assignment": "ExchangeReleaseAssignment",
    "release_feedback": "ExchangeReleaseFeedback",
    "submit": "ExchangeSubmit",
    "collect": "ExchangeCollect",
}


class Desk:
    """A person's folder, and nbgrader's exchange as JupyterLab's extension builds it there."""

    def __init__(self, name: str, folder: Path, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self.name, self.folder, self.url, self._monkeypatch = name, folder, url, monkeypatch
        folder.mkdir()

    @property
    def environment(self) -> dict[str, str]:
        return {"CLASSROOM_URL": self.url, "CLASSROOM_TOKEN": f"{self.name}-token"}

    def run(self, step: str, assignment: str = RELEASED, **traits: Any) -> Any:
        """One exchange class, started in this person's name."""
        for variable, value in self.environment.items():
            self._monkeypatch.setenv(variable, value)
        self._monkeypatch.chdir(self.folder)
        config = Config()
        for kind, plugin in FACTORY.items():
            config.ExchangeFactory[kind] = f"classroom.exchange.plugins.{plugin}"
        config.CourseDirectory.update(course_id=COURSE, assignment_id=assignment, root=str(self.folder))
        coursedir, factory = CourseDirectory(config=config), ExchangeFactory(config=config)
        made = getattr(factory, step)(coursedir=coursedir, authenticator=Authenticator(config=config), config=config)
        for trait, value in traits.items():
            setattr(made, trait, value)
        return made.start()

    def work(self, name: str = "ps1.ipynb") -> Path:
        return self.folder / RELEASED / name


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Classroom]:
    with classroom(tmp_path / "classroom") as room:
        room.release()
        yield room


@pytest.fixture
def url(room: Classroom) -> Iterator[str]:
    with listening(room) as url:
        yield url


@pytest.fixture
def ada(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    return Desk("ada", tmp_path / "ada", url, monkeypatch)


@pytest.fixture
def ivy(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    return Desk("ivy", tmp_path / "ivy", url, monkeypatch)


# --- fetching -------------------------------------------------------------------------------------------------------


def visible(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    relative = {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}
    return {name: content for name, content in relative.items() if not name.startswith(".")}


def test_fetching_brings_the_release(ada: Desk) -> None:
    ada.run("FetchAssignment")

    assert visible(ada.folder / RELEASED) == RELEASE


def test_fetching_again_restores_what_is_missing_and_keeps_edits(ada: Desk) -> None:
    ada.run("FetchAssignment")
    ada.work().write_bytes(notebook("mine"))
    ada.work("helpers.py").unlink()

    ada.run("FetchAssignment")

    assert visible(ada.folder / RELEASED) == {"ps1.ipynb": notebook("mine"), "helpers.py": RELEASE["helpers.py"]}


def test_a_new_version_arrives_beside_an_edit_and_replaces_what_was_not_edited(room: Classroom, ada: Desk) -> None:
    ada.run("FetchAssignment")
    ada.work().write_bytes(notebook("mine"))
    fixed = {"ps1.ipynb": notebook("# your answer, fixed"), "helpers.py": b"x = 2\n", "new.csv": b"a\n"}
    room.release(fixed)

    ada.run("FetchAssignment")

    assert visible(ada.folder / RELEASED) == {
        "ps1.ipynb": notebook("mine"),
        "ps1.v2.ipynb": fixed["ps1.ipynb"],
        "helpers.py": fixed["helpers.py"],
        "new.csv": fixed["new.csv"],
    }


def test_work_in_the_copy_beside_survives_another_fetch(room: Classroom, ada: Desk) -> None:
    ada.run("FetchAssignment")
    ada.work().write_bytes(notebook("mine"))
    room.release(RELEASE | {"ps1.ipynb": notebook("# fixed")})
    ada.run("FetchAssignment")
    ada.work("ps1.v2.ipynb").write_bytes(notebook("mine, in the new one"))
    ada.work(FETCHED_FILE).unlink()

    ada.run("FetchAssignment")

    assert ada.work("ps1.v2.ipynb").read_bytes() == notebook("mine, in the new one")
    assert ada.work().read_bytes() == notebook("mine")


def test_a_folder_of_unknown_origin_is_never_overwritten(ada: Desk) -> None:
    ada.work().parent.mkdir()
    ada.work().write_bytes(notebook("from elsewhere"))

    ada.run("FetchAssignment")

    assert ada.work().read_bytes() == notebook("from elsewhere")
    assert ada.work("ps1.v1.ipynb").read_bytes() == RELEASE["ps1.ipynb"]


def test_a_fetch_that_fails_leaves_no_folder(ada: Desk) -> None:
    with pytest.raises(ExchangeError, match="no assignment"):
        ada.run("FetchAssignment", "nothing")
    with pytest.raises(ExchangeError, match="not released"):
        ada.run("FetchAssignment", FUTURE)

    assert list(ada.folder.iterdir()) == []


# --- submitting -----------------------------------------------------------------------------------------------------


def test_a_submission_takes_what_the_assignment_asks_for_and_leaves_the_receipt(room: Classroom, ada: Desk) -> None:
    ada.run("FetchAssignment")
    for name in ("notes.txt", ".hidden.py", "ps1.v2.ipynb", "extra.py"):
        ada.work(name).write_text("x")
    ada.work("feedback").mkdir()
    ada.work("feedback/old.csv").write_text("x")

    ada.run("Submit")

    [attempt] = room.app.state.context.transfers.attempts(RELEASED, "ada")
    tree = room.app.state.context.store.tree(attempt.tree)
    assert {str(path) for path in tree} == {"ps1.ipynb", "helpers.py", "extra.py"}
    assert json.loads(ada.work(".receipts/attempt-01.json").read_text()) == attempt.receipt


def test_the_price_is_told_before_and_the_receipt_after(
    room: Classroom, ada: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    ada.run("FetchAssignment")
    room.clock.now = NOON.replace(day=15)
    caplog.set_level("INFO")

    ada.run("Submit")

    told = [record.getMessage() for record in caplog.records]
    price = next(number for number, line in enumerate(told) if "of the points are taken" in line)
    receipt = next(number for number, line in enumerate(told) if line.startswith("Receipt:"))
    assert price < receipt


def test_a_missing_notebook_stops_a_strict_submission_only(room: Classroom, ada: Desk) -> None:
    room.release(RELEASE | {"second.ipynb": notebook("2")})
    ada.run("FetchAssignment")
    ada.work("second.ipynb").unlink()

    with pytest.raises(ExchangeError, match=r"second\.ipynb"):
        ada.run("Submit", strict=True)
    ada.run("Submit")

    assert [one.number for one in room.app.state.context.transfers.attempts(RELEASED, "ada")] == [1]


def test_a_folder_that_is_too_large_never_leaves_the_students_server(room: Classroom, ada: Desk) -> None:
    ada.run("FetchAssignment")
    with ada.work("big.csv").open("wb") as file:
        file.truncate(300 * 1024 * 1024)

    with pytest.raises(ExchangeError, match=r"big\.csv"):
        ada.run("Submit")

    assert room.app.state.context.transfers.attempts(RELEASED, "ada") == []


def test_a_link_in_the_folder_is_refused_by_name(ada: Desk) -> None:
    ada.run("FetchAssignment")
    ada.work("link.py").symlink_to("/etc/passwd")

    with pytest.raises(ExchangeError, match=r"link\.py"):
        ada.run("Submit")


def test_nobody_submits_for_another(room: Classroom, ada: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    ada.run("FetchAssignment")
    monkeypatch.setenv("JUPYTERHUB_USER", "bob")
    monkeypatch.setenv("USER", "bob")

    ada.run("Submit")

    assert [one.student for one in room.app.state.context.transfers.attempts(RELEASED, None)] == ["ada"]


def test_a_service_that_is_away_fails_within_seconds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lost = Desk("ada", tmp_path / "lost", f"http://127.0.0.1:{free_port()}/services/classroom", monkeypatch)
    began = time.monotonic()

    with pytest.raises(ExchangeError, match="doesn't answer"):
        lost.run("List")

    assert time.monotonic() - began < 10


# --- lists, in nbgrader's shapes ------------------------------------------------------------------------------------


def test_the_list_of_released_assignments_has_nbgraders_shape(ada: Desk) -> None:
    [before] = ada.run("List", "")
    ada.run("FetchAssignment")
    [after] = ada.run("List", "")

    assert (before["course_id"], before["assignment_id"], before["status"]) == (COURSE, RELEASED, "released")
    assert [one["notebook_id"] for one in before["notebooks"]] == ["ps1"]
    assert (after["status"], after["path"]) == ("fetched", str(ada.folder / RELEASED))
    assert after["notebooks"] == [{"notebook_id": "ps1", "path": str(ada.work())}]


SUBMISSION_KEYS = {
    "course_id", "student_id", "assignment_id", "timestamp", "status", "path", "notebooks", "has_local_feedback",
    "has_exchange_feedback", "feedback_updated", "local_feedback_path",
}  # fmt: skip
NOTEBOOK_KEYS = {
    "notebook_id", "path", "has_local_feedback", "has_exchange_feedback", "local_feedback_path", "feedback_updated",
}  # fmt: skip


def test_the_list_of_submissions_follows_the_feedback(room: Classroom, ada: Desk) -> None:
    ada.run("FetchAssignment")
    ada.run("Submit")
    seen = [ada.run("List", "", cached=True)]
    for html in (b"<p>good</p>", b"<p>corrected</p>"):
        room.app.state.context.transfers.publish_feedback(RELEASED, "ada", 1, {"ps1.html": html}, 1.0, 2.0, actor="ivy")
        seen.append(ada.run("List", "", cached=True))
        ada.run("FetchFeedback")
        seen.append(ada.run("List", "", cached=True))

    entries = [one for [one] in seen]
    assert {frozenset(entry) for entry in entries} == {
        frozenset({"course_id", "student_id", "assignment_id", "status", "submissions"})
    }
    submissions = [entry["submissions"][0] for entry in entries]
    assert all(set(one) == SUBMISSION_KEYS and set(one["notebooks"][0]) == NOTEBOOK_KEYS for one in submissions)
    flags = ("has_exchange_feedback", "has_local_feedback", "feedback_updated")
    assert [tuple(one[flag] for flag in flags) for one in submissions] == [
        (False, False, False),
        (True, False, False),
        (True, True, False),
        (True, True, True),
        (True, True, False),
    ]
    place = Path(submissions[-1]["local_feedback_path"])
    assert place == ada.folder / RELEASED / "feedback" / submissions[-1]["timestamp"]
    assert (place / "ps1.html").read_bytes() == b"<p>corrected</p>"


def test_inbound_shows_everybodys_to_instructors_and_ones_own_to_students(
    room: Classroom, ada: Desk, ivy: Desk
) -> None:
    for name in ("ada", "bob"):
        with room.client(name) as client:
            client.submit(COURSE, RELEASED, tar(RELEASE))

    assert [entry["student_id"] for entry in ivy.run("List", "", inbound=True)] == ["ada", "bob"]
    assert [entry["student_id"] for entry in ada.run("List", "", inbound=True)] == ["ada"]


def test_nothing_is_ever_removed(ada: Desk, ivy: Desk) -> None:
    for desk in (ada, ivy):
        with pytest.raises(ExchangeError, match="kept"):
            desk.run("List", "", remove=True)


def test_the_lab_extension_reads_the_lists(ada: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    from nbgrader.server_extensions.assignment_list.handlers import AssignmentList

    for variable, value in ada.environment.items():
        monkeypatch.setenv(variable, value)
    monkeypatch.chdir(ada.folder)
    write_config(ada.folder)
    lab = AssignmentList()
    lab.root_dir = str(ada.folder)

    fetched = lab.fetch_assignment(COURSE, RELEASED)
    submitted = lab.submit_assignment(COURSE, RELEASED)
    listed = lab.list_assignments(COURSE)

    assert fetched == submitted == {"success": True}
    assert listed["success"]
    assert [entry["status"] for entry in listed["value"]] == ["fetched", "submitted"]
    assert listed["value"][0]["path"] == RELEASED
    assert lab.list_courses() == {"success": True, "value": [COURSE]}


# --- the instructor's side ------------------------------------------------------------------------------------------


def test_collecting_brings_the_newest_attempt_with_its_time(room: Classroom, ivy: Desk) -> None:
    for text in ("first", "second"):
        with room.client("ada") as client:
            attempt = client.submit(COURSE, RELEASED, tar({"ps1.ipynb": notebook(text)}))

    ivy.run("Collect")

    folder = ivy.folder / "submitted" / "ada" / RELEASED
    assert (folder / "ps1.ipynb").read_bytes() == notebook("second")
    assert (folder / "timestamp.txt").read_text() == attempt.timestamp
    assert [path.name for path in folder.parent.iterdir()] == [RELEASED]


def test_collecting_again_takes_newer_attempts_only_with_update(room: Classroom, ivy: Desk) -> None:
    collected = ivy.folder / "submitted" / "ada" / RELEASED / "ps1.ipynb"
    seen = []
    for minute, (text, update) in enumerate((("first", False), ("second", False), ("", True))):
        if text:
            room.clock.now = NOON.replace(minute=minute)
            with room.client("ada") as client:
                client.submit(COURSE, RELEASED, tar({"ps1.ipynb": notebook(text)}))
        ivy.run("Collect", update=update)
        seen.append(collected.read_bytes())

    assert seen == [notebook("first"), notebook("first"), notebook("second")]


def test_collecting_before_the_due_date_passes_over_late_attempts(room: Classroom, ivy: Desk) -> None:
    for text, day in (("in time", 10), ("late", 16)):
        room.clock.now = NOON.replace(day=day)
        with room.client("ada") as client:
            client.submit(COURSE, RELEASED, tar({"ps1.ipynb": notebook(text)}))

    ivy.run("Collect", before_duedate=True)

    assert (ivy.folder / "submitted" / "ada" / RELEASED / "ps1.ipynb").read_bytes() == notebook("in time")


def test_a_student_can_not_collect_or_release(ada: Desk) -> None:
    (ada.folder / "release" / RELEASED).mkdir(parents=True)
    (ada.folder / "release" / RELEASED / "ps1.ipynb").write_bytes(notebook("mine"))

    for step, traits in (("Collect", {}), ("ReleaseAssignment", {"force": True}), ("ReleaseFeedback", {})):
        with pytest.raises(ExchangeError, match="instructor"):
            ada.run(step, **traits)


def grade(room: Classroom, score: float) -> None:
    """The score of ada's submission, as autograding leaves it in the gradebook. nbgrader looks for alembic on PATH."""
    url = room.settings.gradebook_url
    with nbgrader_api.Gradebook(url, COURSE) as generated:
        generated.update_or_create_assignment(RELEASED)
        generated.update_or_create_notebook("ps1", RELEASED)
        generated.update_or_create_grade_cell("task", "ps1", RELEASED, max_score=10, cell_type="code")
    gradebook = Gradebook(url, room.app.state.context.course)
    tasks = {NotebookId("ps1"): [TaskRecord(GradeId("task"), score)]}
    gradebook.record_result(AssignmentId(RELEASED), StudentId("ada"), NOON, tasks)
    gradebook.close()


# --- the command line -----------------------------------------------------------------------------------------------


def write_config(folder: Path) -> None:
    """The configuration that students' servers have, for this test's course."""
    shipped = (ROOT / "hub" / "student" / "nbgrader_config.py").read_text()
    (folder / "nbgrader_config.py").write_text(f"{shipped}\nc.CourseDirectory.course_id = {COURSE!r}\n")


def nbgrader(desk: Desk, *arguments: str) -> str:
    """`nbgrader ...` in a process of its own; what it says."""
    environment = {**os.environ, **desk.environment, "JUPYTER_CONFIG_DIR": str(desk.folder / ".jupyter")}
    done = subprocess.run(
        [str(Path(sys.executable).parent / "nbgrader"), *arguments],
        cwd=desk.folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


# nbgrader's tables, under the newest SQLAlchemy, when a submission's rows are made.
@pytest.mark.filterwarnings("ignore:Object of type:sqlalchemy.exc.SAWarning")
def test_nbgraders_own_commands_take_an_assignment_round(
    room: Classroom, ada: Desk, ivy: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Released, listed, fetched, submitted, collected; feedback released and fetched: by `nbgrader` alone."""
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    for desk in (ada, ivy):
        write_config(desk.folder)
    (ivy.folder / "release" / FUTURE).mkdir(parents=True)
    (ivy.folder / "release" / FUTURE / "ps2.ipynb").write_bytes(notebook("2"))

    released = nbgrader(ivy, "release_assignment", FUTURE)
    room.clock.now = NOON.replace(month=12, day=5)
    listed = nbgrader(ada, "list")
    room.clock.now = NOON
    nbgrader(ada, "fetch_assignment", RELEASED)
    submitted = nbgrader(ada, "submit", RELEASED)
    cached = nbgrader(ada, "list", "--cached")
    inbound = nbgrader(ivy, "list", "--inbound")
    nbgrader(ivy, "collect", RELEASED)
    grade(room, 7.5)
    collected = ivy.folder / "submitted" / "ada" / RELEASED
    feedback = ivy.folder / "feedback" / "ada" / RELEASED
    feedback.mkdir(parents=True)
    (feedback / "ps1.html").write_text("<p>good</p>")
    (feedback / "timestamp.txt").write_text((collected / "timestamp.txt").read_text())
    nbgrader(ivy, "release_feedback", RELEASED)
    nbgrader(ada, "fetch_feedback", RELEASED)

    assert f"Released as: {COURSE} {FUTURE}, version 1" in released
    assert f"{COURSE} {FUTURE}" in listed
    assert "If you submit now: in time" in submitted
    assert "Receipt:" in submitted
    assert f"{COURSE} ada {RELEASED}" in cached
    assert f"{COURSE} ada {RELEASED}" in inbound
    assert (collected / "ps1.ipynb").read_bytes() == RELEASE["ps1.ipynb"]
    [html] = (ada.folder / RELEASED / "feedback").glob("*/ps1.html")
    assert html.read_text() == "<p>good</p>"
    given = room.app.state.context.transfers.feedback(RELEASED, "ada")
    assert (given.attempt, given.score, given.max_score) == (1, 7.5, 10.0)
