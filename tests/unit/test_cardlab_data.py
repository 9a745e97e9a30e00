"""Loaders: what they return, and what they say when a file is absent or not the one meant."""

import ast
import json
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from cardlab import data
from cardpress import files
from cardpress.cards import make_cards
from cardpress.feed import Feed, make_feed

ROOT = Path(__file__).parents[2]
SEED = 0x51E0B4C7D2A94F6E8830FD7726A1C45B


@pytest.fixture(scope="module")
def feed() -> Feed:
    return make_feed(SEED, n_cards=200)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, feed: Feed) -> Iterator[Path]:
    """A small data folder, found through CARDLAB_DATA."""
    new = make_cards(SEED, n_cards=50, first_year=2020, last_year=2024)
    monkeypatch.setattr(files, "make_feed", lambda seed: feed)
    monkeypatch.setattr(files, "new_era", lambda: new)
    list(files.write_all(tmp_path / "data", quizzes=tmp_path))
    monkeypatch.setenv("CARDLAB_DATA", str(tmp_path / "data"))
    data._check.cache_clear()
    yield tmp_path / "data"
    data._check.cache_clear()


@pytest.mark.usefixtures("folder")
def test_raw_comes_back_as_it_was_sent(feed: Feed) -> None:
    pd.testing.assert_frame_equal(data.load_raw(), feed.raw)


@pytest.mark.usefixtures("folder")
def test_clean_comes_back_with_its_types(feed: Feed) -> None:
    got = data.load_clean()

    pd.testing.assert_frame_equal(got, feed.clean)
    assert len(got["type"].cat.categories) == 11


@pytest.mark.usefixtures("folder")
def test_the_new_era_has_the_columns_of_the_clean_table() -> None:
    got = data.load_new_era()

    assert got.columns.equals(data.load_clean().columns)
    assert set(got["era"]) == {"new"}


@pytest.mark.parametrize("name", [data.RAW, "manifest.json"])
def test_a_missing_file_is_named_with_what_to_do(folder: Path, name: str) -> None:
    (folder / name).unlink()

    with pytest.raises(data.DataError, match=rf"{name} is missing\. .*python -m cardpress"):
        data.load_raw()


def test_a_changed_text_file_is_refused(folder: Path) -> None:
    with (folder / data.RAW).open("a") as raw:
        raw.write("one more line\n")

    with pytest.raises(data.DataError, match=r"cards_raw.csv has changed: .*python -m cardpress"):
        data.load_raw()


def test_a_parquet_file_with_another_value_is_refused(folder: Path) -> None:
    table = pd.read_parquet(folder / data.CLEAN)
    table.loc[0, "list_price"] += 0.01
    table.to_parquet(folder / data.CLEAN)

    with pytest.raises(data.DataError, match=r"cards_clean.parquet has changed"):
        data.load_clean()


def test_a_parquet_file_with_the_same_rows_in_other_bytes_is_accepted(folder: Path, feed: Feed) -> None:
    before = (folder / data.CLEAN).read_bytes()
    feed.clean.to_parquet(folder / data.CLEAN, compression="gzip")

    got = data.load_clean()

    assert (folder / data.CLEAN).read_bytes() != before
    pd.testing.assert_frame_equal(got, feed.clean)


def test_a_file_that_the_manifest_does_not_know_is_refused(folder: Path) -> None:
    (folder / "manifest.json").write_text(json.dumps({"files": {}}))

    with pytest.raises(data.DataError, match=r"does not list cards_raw.csv"):
        data.load_raw()


def test_a_file_is_checked_once_a_process(folder: Path) -> None:
    first = data.load_raw()
    (folder / "manifest.json").unlink()

    assert data.load_raw().equals(first)


def test_the_folder_is_found_above_the_working_directory(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    below = folder.parent / "work" / "deep"
    below.mkdir(parents=True)
    monkeypatch.delenv("CARDLAB_DATA")
    monkeypatch.chdir(below)

    assert data.data_dir() == folder


def test_no_folder_at_all_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CARDLAB_DATA", raising=False)
    monkeypatch.chdir(tmp_path)

    with pytest.raises(data.DataError, match="no data folder"):
        data.data_dir()


def imported(module: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add((node.module or "").split(".")[0])
    return names


def test_what_students_import_knows_nothing_of_authors_grader_or_classroom() -> None:
    modules = sorted((ROOT / "cardlab").rglob("*.py"))

    for module in modules:
        assert imported(module).isdisjoint({"cardpress", "classroom", "judge"}), module
    assert len(modules) >= 2


def test_canonical_rows_tell_values_types_and_names_apart() -> None:
    table = pd.DataFrame({"a": [1, 2]})
    others = [table.rename(columns={"a": "b"}), table.astype("float64"), table.iloc[::-1], pd.DataFrame({"a": [1, 3]})]

    texts = {data.canonical_rows(other) for other in [table, *others]}

    assert len(texts) == 5
