"""Plain `nbgrader`, run from the course's folder with a bare PATH, works on the class that the settings name."""

import json
from pathlib import Path

from classroom.assignments import load_course
from classroom.config import Settings
from classroom.gradebook import Gradebook
from classroom.ids import NotebookId
from tests.tiny_course import PS1, ROOT, make_course, run


def files_of(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_nbgrader_generates_the_course_of_this_repository(tmp_path: Path) -> None:
    settings = Settings(course_root=ROOT, state=tmp_path / "state")
    before = files_of(ROOT / "release")

    run(settings, "nbgrader", "generate_assignment", "01_data_engineering")

    assert files_of(settings.state / "release") == {
        "01_data_engineering/01_data_engineering.ipynb",
        "01_data_engineering/exercises_01.ipynb",
    }
    text = (settings.state / "release/01_data_engineering/exercises_01.ipynb").read_text(encoding="utf-8")
    assert "BEGIN HIDDEN TESTS" not in text
    assert "BEGIN SOLUTION" not in text
    assert files_of(ROOT / "release") == before


def test_classroom_generate_gives_the_gradebook_its_cells_and_due_date(tmp_path: Path) -> None:
    settings = make_course(tmp_path)

    done = run(settings, "classroom", "generate", "ps1")

    book = Gradebook(settings.gradebook_url, load_course(settings.course_root))
    untouched = book.untouched(PS1, NotebookId("ps1"))
    book.close()
    assert set(untouched) == {
        *("setup", "double", "double_check", "double_numbers"),
        *("mean", "mean_of_numbers", "greet", "greet_by_name", "explain"),
    }
    assert done.stdout.startswith("Generated ")
    released = json.loads((settings.course_dir("release") / "ps1" / "ps1.ipynb").read_text(encoding="utf-8"))
    assert "CANARY" not in json.dumps(released)


def test_a_source_that_nbgrader_refuses_is_told_in_words(tmp_path: Path) -> None:
    settings = make_course(tmp_path)
    path = settings.source / "ps1" / "ps1.ipynb"
    path.write_text(path.read_text(encoding="utf-8").replace("### END HIDDEN TESTS", "### END"), encoding="utf-8")

    done = run(settings, "classroom", "generate", "ps1", check=False)

    assert done.returncode == 1
    assert done.stderr.startswith("classroom: ps1 can't be generated:")
    assert "Traceback" not in done.stdout
