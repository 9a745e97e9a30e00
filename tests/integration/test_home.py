"""A student's home folder: lessons arrive as they are released and never over an edit."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from classroom.exchange.client import ExchangeClient
from classroom.home import LESSONS, deliver_lessons, lay_pages, link_data
from tests.small_class import RELEASED, Classroom, classroom, notebook

LESSON, EXERCISES = f"{RELEASED}.ipynb", "exercises.ipynb"


def release(lesson: str) -> dict[str, bytes]:
    return {LESSON: notebook(lesson), EXERCISES: notebook("# your answer"), "helpers.py": b"x = 1\n"}


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Classroom]:
    with classroom(tmp_path / "classroom") as room:
        room.release(release("first"))
        yield room


@pytest.fixture
def ada(room: Classroom) -> Iterator[ExchangeClient]:
    with room.client("ada") as client:
        yield client


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


def lessons(home: Path) -> dict[str, bytes]:
    """What a student sees below `lessons`."""
    files = (home / LESSONS).rglob("*.ipynb")
    return {path.relative_to(home / LESSONS).as_posix(): path.read_bytes() for path in files}


def test_a_released_lesson_is_there_and_its_exercises_are_not(ada: ExchangeClient, home: Path) -> None:
    assert list(deliver_lessons(ada, home)) == [RELEASED]

    assert lessons(home) == {f"{RELEASED}/{LESSON}": notebook("first")}
    assert not list(home.rglob(EXERCISES))


def test_a_second_start_asks_for_nothing_that_is_there(ada: ExchangeClient, home: Path) -> None:
    list(deliver_lessons(ada, home))

    assert list(deliver_lessons(ada, home)) == []


def test_a_new_version_replaces_what_was_not_edited(room: Classroom, ada: ExchangeClient, home: Path) -> None:
    list(deliver_lessons(ada, home))
    room.release(release("second"))

    list(deliver_lessons(ada, home))

    assert lessons(home) == {f"{RELEASED}/{LESSON}": notebook("second")}


def test_a_new_version_arrives_beside_an_edit(room: Classroom, ada: ExchangeClient, home: Path) -> None:
    list(deliver_lessons(ada, home))
    (home / LESSONS / RELEASED / LESSON).write_bytes(notebook("mine"))
    room.release(release("second"))

    list(deliver_lessons(ada, home))

    assert lessons(home) == {
        f"{RELEASED}/{LESSON}": notebook("mine"),
        f"{RELEASED}/{RELEASED}.v2.ipynb": notebook("second"),
    }


def test_an_assignment_of_one_notebook_has_no_lesson(room: Classroom, ada: ExchangeClient, home: Path) -> None:
    room.release({LESSON: notebook("# your answer")})

    assert list(deliver_lessons(ada, home)) == []


def test_the_start_page_names_its_reader_and_is_laid_anew(tmp_path: Path, home: Path) -> None:
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "Start here.md").write_text("# Welcome, $person\n[pages]($classroom), 5 $ a card\n")
    (home / "Start here.md").write_text("scribbled over")

    lay_pages(tmp_path / "pages", home, person="ada", classroom="https://class.example.org/")

    assert [path.name for path in home.iterdir()] == ["Start here.md"]
    text = (home / "Start here.md").read_text()
    assert text == "# Welcome, ada\n[pages](https://class.example.org/), 5 $ a card\n"


def test_data_is_linked_unless_the_student_has_a_folder_of_that_name(tmp_path: Path, home: Path) -> None:
    link_data(tmp_path / "old", home)
    link_data(tmp_path / "new", home)
    assert (home / "data").readlink() == tmp_path / "new"

    (home / "data").unlink()
    (home / "data").mkdir()
    link_data(tmp_path / "new", home)
    assert not (home / "data").is_symlink()
