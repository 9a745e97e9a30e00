"""The files under data/: written whole, the same in each run, listed in the manifest, free of keys."""

import hashlib
import json
from pathlib import Path

import pandas as pd
import pytest

from cardlab.data import digest
from cardpress import files, seeds
from cardpress.__main__ import main
from cardpress.feed import Feed

ROOT = Path(__file__).parents[2]
TABLES = {"cards_raw.csv", "cards_clean.parquet", "cards_2020plus.parquet", "listings.csv", "ab_events.parquet"}
TABLES |= {"desk.parquet", "audit.csv"}
STORES = {"mlflow_empty.db", "mlruns_60.db"}


def digests(folder: Path) -> dict[str, str]:
    found = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in found}


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    list(files.write_all(folder, quizzes=ROOT / "quizzes"))
    return folder


def test_the_committed_manifest_is_the_one_that_is_generated(out: Path) -> None:
    assert (out / "manifest.json").read_bytes() == (ROOT / "data" / "manifest.json").read_bytes()


def test_the_manifest_holds_the_digest_of_each_table(out: Path) -> None:
    listed = json.loads((out / "manifest.json").read_text())["files"]

    assert set(listed) == TABLES | STORES
    for name, entry in listed.items():
        assert digest(out / name, entry["of"]) == entry["sha256"]
    assert listed["cards_raw.csv"]["of"] == "bytes"
    assert listed["cards_clean.parquet"]["of"] == "rows"


def test_a_second_run_changes_no_byte(out: Path) -> None:
    before = digests(out)

    list(files.write_all(out, quizzes=ROOT / "quizzes"))

    assert digests(out) == before


def test_nothing_but_tables_quizzes_and_manifest_is_written(out: Path) -> None:
    names = {name for name in digests(out) if not name.startswith("quizzes/")}

    assert names == TABLES | STORES | {"manifest.json"}


def test_each_quiz_bank_becomes_a_file_of_its_module(out: Path) -> None:
    banks = {path.stem for path in (ROOT / "quizzes").glob("[0-9][0-9].yaml")}

    assert {path.stem for path in (out / "quizzes").glob("*.json")} == banks
    for path in (out / "quizzes").glob("*.json"):
        assert json.loads(path.read_text(encoding="utf-8"))[0].keys() >= {"id", "question", "type", "answers"}


def test_without_quiz_banks_a_line_says_so(tmp_path: Path) -> None:
    lines = list(files.write_quizzes(tmp_path, tmp_path / "out"))

    assert lines == [f"{tmp_path}: no quiz bank, none written"]
    assert not (tmp_path / "out").exists()


def test_no_seed_and_no_ledger_stands_in_what_students_get(out: Path) -> None:
    sources = [path for folder in (ROOT / "cardlab", ROOT / "data") for path in folder.rglob("*.[pjm][ysd]*")]
    shipped = (seeds.FEED, seeds.NEW_ERA, seeds.LISTINGS, seeds.EVENTS, seeds.RUNS, seeds.DESK)
    keys = {f"{seed:x}" for seed in shipped} | {str(seed) for seed in shipped}

    for path in [*sources, *(out / name for name in ("cards_raw.csv", "manifest.json"))]:
        text = path.read_text(encoding="utf-8", errors="replace").lower()
        assert not [key for key in keys if key in text], path
    assert not [path for path in [*sources, *out.rglob("*")] if "ledger" in path.name]
    assert len(sources) > 3


def test_shipped_seeds_have_128_bits() -> None:
    assert seeds.FEED.bit_length() > 120
    assert seeds.NEW_ERA.bit_length() > 120
    assert seeds.EVENTS.bit_length() > 120


def test_the_command_writes_where_it_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    small = pd.DataFrame({"row_id": [1]})
    monkeypatch.setattr("sys.argv", ["cardpress", "--out", str(tmp_path / "new"), "--quizzes", str(tmp_path)])
    monkeypatch.setattr(files, "make_feed", lambda seed: Feed(raw=small, clean=small, ledger=small))
    monkeypatch.setattr(files, "new_era", lambda: small)

    main()

    assert set(digests(tmp_path / "new")) == TABLES | STORES | {"manifest.json"}
    assert "cards_raw.csv: 1 rows" in capsys.readouterr().out


def test_a_failed_write_leaves_the_old_file_and_no_draft(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "table.csv"
    target.write_bytes(b"old")

    def refuse(descriptor: int) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("os.fsync", refuse)
    with pytest.raises(OSError, match="disk full"):
        files.write_whole(target, b"new")

    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("table.csv", b"old")]
