"""Settings: from the environment, then from what the launcher left, then their defaults."""

import datetime as dt
import json
from pathlib import Path

import pytest

from classroom.config import load_settings, load_token
from classroom.errors import SettingsError


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "course.yaml").write_text("course: demo\n")
    return tmp_path


def test_defaults_stand_beside_the_course(root: Path) -> None:
    got = load_settings({"CLASSROOM_COURSE": str(root)})

    assert got.state == root / ".state"
    assert got.course_dir("release") == root / "release"
    assert got.service_db_url == f"sqlite:///{root}/.state/classroom.db"
    assert got.service_url == "http://127.0.0.1:8000/services/classroom"


def test_with_a_state_of_its_own_everything_made_stands_in_it(root: Path) -> None:
    got = load_settings({"CLASSROOM_COURSE": str(root), "CLASSROOM_STATE": str(root / "elsewhere")})

    assert got.course_dir("submitted") == root / "elsewhere" / "submitted"
    assert got.source == root / "source"


def test_a_course_that_is_named_must_be_there(root: Path) -> None:
    inside = root / "source"
    inside.mkdir()

    assert load_settings({"CLASSROOM_COURSE": str(root)}).course_root == root
    with pytest.raises(SettingsError, match=r"no course\.yaml"):
        load_settings({"CLASSROOM_COURSE": str(inside)})


def test_the_launcher_s_settings_hold_and_the_environment_overrules_them(root: Path) -> None:
    (root / ".state").mkdir()
    saved = {"CLASSROOM_PUBLIC_URL": "http://127.0.0.1:9000/", "CLASSROOM_STARTS": "2026-11-10"}
    (root / ".state" / "settings.json").write_text(json.dumps(saved))

    plain = load_settings({"CLASSROOM_COURSE": str(root)})
    overruled = load_settings({"CLASSROOM_COURSE": str(root), "CLASSROOM_STARTS": "2027-01-04"})

    assert (plain.public_url, plain.starts) == ("http://127.0.0.1:9000", dt.date(2026, 11, 10))
    assert overruled.starts == dt.date(2027, 1, 4)


@pytest.mark.parametrize(
    ("name", "value"), [("CLASSROOM_WORKERS", "two"), ("CLASSROOM_WORKERS", "-1"), ("CLASSROOM_STARTS", "tomorrow")]
)
def test_a_bad_value_is_named(root: Path, name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"{name} is '{value}'"):
        load_settings({"CLASSROOM_COURSE": str(root), name: value})


def test_a_token_comes_from_the_environment_first(root: Path) -> None:
    settings = load_settings({"CLASSROOM_COURSE": str(root)})
    settings.secrets.mkdir(parents=True)
    (settings.secrets / "operator.token").write_text("from-file\n")

    assert load_token(settings, {"JUPYTERHUB_API_TOKEN": "of-the-server"}) == "of-the-server"
    assert load_token(settings, {}) == "from-file"


def test_without_any_token_the_message_says_what_to_do(root: Path) -> None:
    with pytest.raises(SettingsError, match="make up"):
        load_token(load_settings({"CLASSROOM_COURSE": str(root)}), {})
