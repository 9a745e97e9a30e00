"""Names: what comes out is safe in a path, a URL and a log line."""

from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classroom.errors import Refused
from classroom.ids import folded_path, parse_assignment_id, parse_digest, parse_member_path, parse_student_id


@pytest.mark.parametrize("text", ["01_data_engineering", "a", "A.b-c_d@e", "x" * 64])
def test_good_ids_pass(text: str) -> None:
    assert parse_assignment_id(text) == text


@pytest.mark.parametrize(
    "text", ["", ".", "..", "a..b", ".hidden", "-rf", "a/b", "a b", "a\n", "\na", "ä", "x" * 65, "a%2f", "a\0"]
)
def test_unsafe_ids_are_refused(text: str) -> None:
    with pytest.raises(Refused, match="is no student id"):
        parse_student_id(text)


@pytest.mark.parametrize("text", ["a" * 64, "0123456789abcdef" * 4])
def test_a_digest_passes(text: str) -> None:
    assert parse_digest(text) == text


@pytest.mark.parametrize("text", ["", "a" * 63, "a" * 65, "A" * 64, "g" * 64, "a" * 64 + "\n"])
def test_what_is_no_digest_is_refused(text: str) -> None:
    with pytest.raises(Refused, match="sha256"):
        parse_digest(text)


@pytest.mark.parametrize("text", ["a.ipynb", "src/café.py", "a/b/c/d/e/f/g/h", "x" * 240, ".hidden", "a b.py"])
def test_good_file_names_pass(text: str) -> None:
    assert parse_member_path(text) == PurePosixPath(text)


@pytest.mark.parametrize(
    "text",
    [
        "", "/a", "..", "../a", "a/../b", "a/..", ".", "./a", "a//b", "a/", "a\\b", "C:\\a", "a\nb", "a\rb", "a\0b",
        "a\x7fb", "a\u202eb", "a\u200bb", "a\u2028b", "\udc80", " a", "a ", "a/ b", "x" * 241, "a/b/c/d/e/f/g/h/i",
    ],
)  # fmt: skip
def test_unsafe_file_names_are_refused(text: str) -> None:
    with pytest.raises(Refused):
        parse_member_path(text)


@given(st.text(max_size=60))
def test_what_passes_stays_inside_the_folder(text: str) -> None:
    try:
        path = parse_member_path(text)
    except Refused:
        return

    assert Path("/folder").joinpath(path).is_relative_to("/folder")
    assert ".." not in path.parts


@pytest.mark.parametrize(("one", "other"), [("A/b.py", "a/B.PY"), ("\u00e9", "e\u0301"), ("STRASSE", "straße")])
def test_paths_that_some_disk_takes_for_one_fold_to_one(one: str, other: str) -> None:
    assert folded_path(PurePosixPath(one)) == folded_path(PurePosixPath(other))
