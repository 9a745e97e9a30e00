"""`classroom grade-one`: one object on stdout, exit 0 whenever there is a verdict."""

import json
from pathlib import Path
from typing import Any

from classroom.config import Settings
from tests.tiny_course import CANARY, ROOT, SOURCE, filled, run
from tests.tiny_course import PARTLY as PARTLY_RIGHT


def grade_one(folder: Path, submission: Path, *more: str, code: int = 0) -> dict[str, Any]:
    settings = Settings(course_root=ROOT, state=folder / "state")
    words = ("--source", str(SOURCE), "--submission", str(submission), "--json", *more)
    done = run(settings, "classroom", "grade-one", *words, check=False)
    assert done.returncode == code, done.stderr
    return dict(json.loads(done.stdout))


def test_a_submission_is_graded_without_course_or_gradebook(tmp_path: Path) -> None:
    submission = tmp_path / "whatever.ipynb"
    submission.write_bytes(filled(PARTLY_RIGHT))

    told = grade_one(tmp_path, submission, "--feedback", str(tmp_path / "feedback.html"))

    assert list(told) == ["status", "reason", "score", "max_score", "cells", "cpu_s", "wall_s"]
    assert (told["status"], told["score"], told["max_score"]) == ("wrong", 4.0, 6.0)
    assert told["cells"] == [
        {"grade_id": "double_check", "score": 0.0, "max_score": 0.0, "state": "ok"},
        {"grade_id": "double_numbers", "score": 1.0, "max_score": 2.0, "state": "wrong"},
        {"grade_id": "mean_of_numbers", "score": 3.0, "max_score": 3.0, "state": "ok"},
        {"grade_id": "greet_by_name", "score": 0.0, "max_score": 1.0, "state": "wrong"},
    ]
    assert told["cpu_s"] > 0
    html = (tmp_path / "feedback.html").read_bytes()
    assert CANARY not in html
    assert b"Try it with -1." in html
    assert not (tmp_path / "state").exists()


def test_a_folder_without_the_notebook_is_named_and_that_is_a_verdict(tmp_path: Path) -> None:
    submission = tmp_path / "submission"
    submission.mkdir()
    (submission / "ps1.docx").write_bytes(b"PK")

    told = grade_one(tmp_path, submission)

    assert (told["status"], told["score"], told["max_score"]) == ("missing", 0.0, 6.0)
    assert "it holds ps1.docx" in told["reason"]


def test_a_submission_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    settings = Settings(course_root=ROOT, state=tmp_path / "state")

    done = run(
        settings, "classroom", "grade-one", "--source", str(SOURCE), "--submission", str(tmp_path / "no"), check=False
    )

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"classroom: there is no {tmp_path / 'no'}\n"
