"""What goes into the grader's image, and by which name it is known."""

import io
import tarfile
from pathlib import Path

import pytest

from classroom.assignments import load_course
from classroom.config import load_settings
from classroom.errors import SettingsError
from classroom.grading.engines import contents_of
from classroom.grading.image import Contents, name_of, pack_context
from classroom.ops.images import make_grader_image


def names(context: bytes) -> list[str]:
    with tarfile.open(fileobj=io.BytesIO(context)) as archive:
        return archive.getnames()


@pytest.fixture
def contents(tmp_path: Path) -> Contents:
    for name in ("lab/__init__.py", "lab/__pycache__/x.pyc", "secret/__init__.py", "data/cards.csv"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    return Contents((tmp_path / "lab",), (tmp_path / "secret",), (tmp_path / "data",))


def test_each_kind_of_folder_has_its_place(contents: Contents) -> None:
    wanted = ["Dockerfile", "requirements.txt", "authors/secret/__init__.py", "packages/lab/__init__.py"]

    assert sorted(names(pack_context(contents))) == sorted(
        [*wanted, "shared/data/cards.csv", "authors", "packages", "shared"]
    )


def test_the_same_files_are_the_same_bytes_and_the_same_image(contents: Contents, tmp_path: Path) -> None:
    first = pack_context(contents)
    (tmp_path / "lab" / "__init__.py").touch()
    again = pack_context(contents)
    (tmp_path / "lab" / "__init__.py").write_text("changed")

    assert again == first
    assert name_of(pack_context(contents)) != name_of(first)


def test_nothing_that_is_secret_goes_into_the_courses_image(course_root: Path) -> None:
    """The course's own: no source, solution, rubric, bank or test, and authors' code apart from students'."""
    settings = load_settings({"CLASSROOM_COURSE": str(course_root)})
    found = names(pack_context(contents_of(settings, load_course(course_root))))

    assert {name.split("/")[0] for name in found} == {"Dockerfile", "requirements.txt", "packages", "authors", "shared"}
    assert {name.split("/")[1] for name in found if name.startswith("packages/")} == {"judge", "cardlab"}
    assert {name.split("/")[1] for name in found if name.startswith("authors/")} == {"cardpress"}
    assert {name.split("/")[1] for name in found if name.startswith("shared/")} == {"data"}
    assert not [name for name in found if name.endswith(".ipynb") or "__pycache__" in name]


def test_a_build_argument_without_a_value_is_refused() -> None:
    with pytest.raises(SettingsError, match="give NAME=VALUE"):
        make_grader_image("", ["PIP_CERT"], say=print)
