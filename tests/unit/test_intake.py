"""What is taken from a submission, what comes from the instructor, and what is named as unusable."""

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from classroom.assignments import load_course
from classroom.errors import CourseError
from classroom.grading.intake import MAX_CELLS, Unusable, make_intake, parse_source, parse_submission, place_cells
from classroom.grading.models import Fault, NotebookIntake, SourceNotebook, SubmittedCell
from classroom.grading.submissions import NoRegularFile, load_source, read_files, read_regular, read_submission, take_in
from classroom.ids import AssignmentId, NotebookId, StudentId
from judge.plan import GradingJob, Limits
from tests.tiny_course import RIGHT, SOURCE, filled

PS1, ADA = AssignmentId("ps1"), StudentId("ada")


@pytest.fixture
def source() -> SourceNotebook:
    return parse_source(NotebookId("ps1"), SOURCE.read_bytes())


def cell(source: str, grade_id: str | None = None, kind: str = "code", **metadata: Any) -> dict[str, Any]:
    nbgrader = {"nbgrader": {"grade_id": grade_id} | metadata} if grade_id else {}
    return {"cell_type": kind, "metadata": nbgrader, "source": source}


def notebook(*cells: Any) -> bytes:
    return json.dumps({"cells": list(cells), "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode()


def intake_of(source: SourceNotebook, data: bytes | Unusable) -> NotebookIntake:
    return make_intake("ada/ps1/ps1", source, data, files={}, limits=Limits())


def texts(source: SourceNotebook, data: bytes) -> dict[str, str]:
    return {placed.plan.id: placed.plan.source for placed in place_cells(source, parse_submission(data))}


def test_tests_order_and_points_come_from_the_instructor(source: SourceNotebook) -> None:
    data = notebook(
        cell("award = lambda *_: 100", "double_numbers", grade=True, points=100),
        cell("def double(x): ...", "double", locked=True, points=50),
        cell("statistics = None", "setup"),
    )

    intake = intake_of(source, data)

    assert intake.job is not None
    planned = {one.id: one for one in intake.job.cells}
    assert "CANARY" in planned["double_numbers"].source
    assert (planned["double_numbers"].points, planned["double_numbers"].hint) == (2.0, "Try it with -1.")
    assert (planned["double"].source, planned["double"].role) == ("def double(x): ...", "student")
    assert planned["setup"].source == "import statistics"
    order = [one.id for one in intake.job.cells if one.role != "markdown"]
    assert order[:4] == ["setup", "double", "double_check", "double_numbers"]


def test_a_slot_takes_the_first_cell_with_its_id_and_the_second_is_an_extra(source: SourceNotebook) -> None:
    taken = texts(source, notebook(cell("first = 1", "double"), cell("second = 2", "double")))

    assert taken["double"] == "first = 1"
    assert taken["extra-1"] == "second = 2"


def test_the_instructors_kind_holds_for_a_slot(source: SourceNotebook) -> None:
    placed = place_cells(source, [SubmittedCell("markdown", "x = 1", "double"), SubmittedCell("code", "!", "explain")])

    kinds = {one.plan.id: (one.kind, one.plan.role) for one in placed}
    assert kinds["double"] == ("code", "student")
    assert kinds["explain"] == ("markdown", "markdown")


def test_own_cells_stand_after_the_cell_they_followed(source: SourceNotebook) -> None:
    body = json.loads(SOURCE.read_text(encoding="utf-8"))
    ids = [one["id"] for one in body["cells"]]
    body["cells"].insert(ids.index("mean_task") + 1, cell("mine = 1"))
    body["cells"].insert(0, cell("very_first = 0"))

    placed = place_cells(source, parse_submission(json.dumps(body).encode()))

    order = [one.plan.source for one in placed]
    assert order[0] == "very_first = 0"
    assert order[order.index("mine = 1") - 1] == "## 2 · Mean"
    assert order[order.index("mine = 1") + 1].startswith("def mean")


def test_ungraded_code_of_the_instructor_is_run_as_the_student_left_it_or_not_at_all(source: SourceNotebook) -> None:
    body = json.loads(filled(RIGHT))

    kept = texts(source, json.dumps(body).encode())
    body["cells"] = [one for one in body["cells"] if one["id"] != "look"]
    removed = texts(source, json.dumps(body).encode())

    assert "doubled_before = [1, 2, 3]\nlen(doubled_before)" in kept.values()
    assert not any("doubled_before" in text for text in removed.values())


def test_outputs_metadata_and_attachments_of_the_student_do_not_survive(source: SourceNotebook) -> None:
    data = notebook(
        cell("x = 1", "double")
        | {"outputs": [{"output_type": "stream", "text": "FORGED"}], "attachments": {"FORGED": {}}}
    )

    intake = intake_of(source, data)

    assert intake.job is not None
    assert "FORGED" not in intake.job.to_json()


def test_a_missing_slot_is_empty_and_known_as_unanswered(source: SourceNotebook) -> None:
    placed = place_cells(source, [SubmittedCell("code", "x = 1", "double")])

    gone = next(one for one in placed if one.plan.id == "mean")
    assert (gone.plan.source, gone.answered) == ("", False)


@pytest.mark.parametrize(
    ("data", "fault", "words"),
    [
        (b"", Fault.empty, "empty"),
        (b"  \n", Fault.empty, "empty"),
        (notebook(), Fault.empty, "no cell"),
        (notebook(cell("  ")), Fault.empty, "no cell"),
        (b"%PDF-1.4", Fault.unreadable, "JSON"),
        (b"\xff\xfe\x00", Fault.unreadable, "JSON"),
        (b"[1, 2]", Fault.unreadable, "no list of cells"),
        (b'{"worksheets": []}', Fault.unreadable, "no list of cells"),
        (b'{"cells": 3}', Fault.unreadable, "no list of cells"),
        (b"[" * 200_000, Fault.unreadable, "JSON"),
        (b" " * (5 << 20) + b"x", Fault.unreadable, "5 MB"),
        (notebook(*[cell("x")] * (MAX_CELLS + 1)), Fault.unreadable, "501 cells"),
        (notebook(cell("x" * (201 << 10), "double")), Fault.unreadable, "double"),
    ],
    ids=lambda value: value[:12].decode("latin1") if isinstance(value, bytes) else None,
)
def test_an_unusable_notebook_is_named_and_not_run(
    source: SourceNotebook, data: bytes, fault: Fault, words: str
) -> None:
    intake = intake_of(source, data)

    assert intake.job is None
    assert intake.fault is fault
    assert intake.reason is not None
    assert words in intake.reason


@pytest.mark.parametrize(
    "strange",
    [None, 3, "x", {}, {"cell_type": "raw", "source": "x"}, {"cell_type": "code"}, {"cell_type": "code", "source": {}}],
    ids=repr,
)
def test_a_cell_of_another_shape_is_passed_over(source: SourceNotebook, strange: Any) -> None:
    assert texts(source, notebook(strange, cell("x = 1", "double")))["double"] == "x = 1"


def test_a_lone_surrogate_does_not_stop_the_batch(source: SourceNotebook) -> None:
    intake = intake_of(source, b'{"cells": [{"cell_type": "code", "metadata": [], "source": "\\ud800"}]}')

    assert intake.job is not None
    assert intake.job.to_json().encode()


def test_a_grade_id_that_stands_twice_is_the_authors_to_mend() -> None:
    with pytest.raises(CourseError, match="stands twice"):
        parse_source(NotebookId("ps1"), notebook(cell("a", "x"), cell("b", "x")))


def folder_intake(folder: Path, *, engine: str = "kernel-1", source_digest: str | None = None) -> Any:
    source = load_source(SOURCE.parent, PS1)
    source = replace(source, digest=source_digest or source.digest)
    found = dict(read_files(folder, 1 << 20))
    return take_in(found, ADA, source, extra_files=("*.py",), limits=Limits(), engine=engine)


def test_what_lies_in_a_folder_is_told_by_name(tmp_path: Path) -> None:
    (tmp_path / "ps1.pdf").write_bytes(b"%PDF")
    (tmp_path / "ps2.ipynb").write_bytes(filled(RIGHT))

    intake = folder_intake(tmp_path)

    assert intake.notebooks[0].fault is Fault.missing
    assert "it holds ps1.pdf, ps2.ipynb" in intake.notebooks[0].reason
    assert intake.notes == (
        "ps1.pdf was passed over: files of this kind are not taken",
        "the notebook ps2.ipynb is not part of the assignment and was passed over",
    )


def test_links_and_pipes_are_never_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret.py"
    secret.write_text("KEY = 1")
    submission = tmp_path / "submission"
    submission.mkdir()
    (submission / "link.py").symlink_to(secret)
    os.mkfifo(submission / "pipe.py")
    (submission / "ps1.ipynb").symlink_to(SOURCE)

    intake = folder_intake(submission)

    assert intake.notebooks[0].fault is Fault.unreadable
    assert [note.split(":")[0] for note in intake.notes] == ["link.py was passed over", "pipe.py was passed over"]
    for name in ("link.py", "pipe.py"):
        with pytest.raises(NoRegularFile):
            read_regular(submission / name, 100)


def test_the_digest_changes_with_the_engine_and_the_source(tmp_path: Path) -> None:
    """The engine's name has its version, and of a container its image: another one grades anew."""
    (tmp_path / "ps1.ipynb").write_bytes(filled(RIGHT))
    first = folder_intake(tmp_path)

    by_another = folder_intake(tmp_path, engine="split 99")
    of_another = folder_intake(tmp_path, source_digest="0" * 64)

    assert len({first.digest, by_another.digest, of_another.digest}) == 3


COURSE = """
course: demo
title: A demo
starts: 2026-10-19
defaults: {services: true, budget_s: {cell: 1, call: 2, test: 3, total: 4}}
assignments:
  ps1: {release: day 0 09:00, due: day 7 23:59, subprocesses: true}
"""


def test_what_course_yaml_allows_is_what_the_job_says(tmp_path: Path) -> None:
    (tmp_path / "course.yaml").write_text(COURSE)
    submission = tmp_path / "submission"
    submission.mkdir()
    (submission / "ps1.ipynb").write_bytes(filled(RIGHT))
    rules = load_course(tmp_path).assignment("ps1")

    intake = read_submission(submission, ADA, load_source(SOURCE.parent, PS1), rules, engine="e")

    job = intake.notebooks[0].job
    assert job is not None
    assert job.limits == Limits(cell_s=1, call_s=2, test_s=3, total_s=4, services=True, subprocesses=True)
    assert GradingJob.from_json(job.to_json()) == job


def test_the_digest_changes_with_the_submission_and_with_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "ps1.ipynb").write_bytes(filled(RIGHT))
    first = folder_intake(tmp_path).digest

    again = folder_intake(tmp_path).digest
    (tmp_path / "helper.py").write_text("x = 1")

    assert again == first
    assert folder_intake(tmp_path).digest != first
