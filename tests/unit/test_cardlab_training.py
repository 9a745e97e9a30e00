"""What students train and track with: stores in their own folders, digests, models from words, counted fits."""

import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from cardlab.models import FEATURES, Setting, make_model
from cardlab.tracking import data_digest, open_store, page_store
from cardlab.tuning import Bench, BudgetSpentError
from cardpress.cards import make_cards
from cardpress.runs import make_month

SEED = 0xE07B4D19C3A84F5692D1A6F80B3C7E25


def places(uri: str) -> list[str]:
    with closing(sqlite3.connect(uri.removeprefix("sqlite:///"))) as database:
        return [row[0] for row in database.execute("SELECT artifact_location FROM experiments ORDER BY experiment_id")]


def test_each_store_has_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, course_root: Path) -> None:
    monkeypatch.setenv("CARDLAB_DATA", str(course_root / "data"))
    monkeypatch.chdir(tmp_path)

    assert [open_store(), open_store()] == ["sqlite:///stores/1/mlflow.db", "sqlite:///stores/2/mlflow.db"]


def test_artifacts_lie_beside_the_opened_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    uri = open_store(make_month(SEED).content)

    assert places(uri) == [f"{tmp_path}/stores/1/artifacts/{number}" for number in range(3)]


def test_the_pages_store_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, course_root: Path) -> None:
    monkeypatch.setenv("CARDLAB_DATA", str(course_root / "data"))
    monkeypatch.setenv("HOME", str(tmp_path))
    first = page_store()
    with closing(sqlite3.connect(tmp_path / "mlflow/mlflow.db")) as database, database:
        database.execute("INSERT INTO experiments (experiment_id, name) VALUES (5, 'mine')")

    assert page_store() == first
    assert len(places(first)) == 2


@pytest.mark.parametrize("change", ["value", "order", "column"])
def test_another_table_has_another_digest(change: str) -> None:
    cards = make_cards(SEED, n_cards=30)
    other = {
        "value": cards.assign(retreat=cards["retreat"] + 1),
        "order": cards.iloc[::-1],
        "column": cards.drop(columns="artist"),
    }[change]

    assert data_digest(cards) == data_digest(cards.copy())
    assert data_digest(other) != data_digest(cards)


@pytest.mark.parametrize("kind", ["dummy", "logreg", "tree", "forest"])
def test_a_model_of_each_kind_says_a_type_of_each_card(kind: str) -> None:
    cards = make_cards(SEED, n_cards=120)
    cards.loc[3, "hp"] = None

    model = make_model({"kind": kind}).fit(cards[FEATURES], cards["type"].astype(str))

    assert set(model.predict(cards[FEATURES])) <= set(cards["type"])


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="no model of kind 'oracle'"):
        make_model({"kind": "oracle"})


def test_a_bench_counts_fits_and_looks_and_ends_with_the_budget() -> None:
    cards = make_cards(SEED, n_cards=120)
    bench = Bench(cards.iloc[:80], cards.iloc[80:], budget=2)
    dummy = {"kind": "dummy"}

    scores = [bench.cv_score(dummy, 0), bench.cv_score(dummy, 4), bench.test_score(dummy)]

    assert all(0 <= score <= 1 for score in scores)
    assert (bench.fits, bench.test_reads) == (2, 1)
    with pytest.raises(BudgetSpentError, match="all 2 fits are spent"):
        bench.cv_score(dummy, 0)


def test_a_bench_scores_as_the_whole_pipeline_does() -> None:
    cards = make_cards(SEED, n_cards=150)
    train, test = cards.iloc[:100], cards.iloc[100:]
    bench, kinds = Bench(train, test), cards["type"].astype(str)
    is_out = np.unique(train["species_id"].astype(str), return_inverse=True)[1] % 5 == 2

    for depth in (3, 8):
        settings: dict[str, Setting] = {"kind": "tree", "max_depth": depth}
        on_fold = make_model(settings).fit(train.loc[~is_out, FEATURES], kinds[train.index[~is_out]])
        on_all = make_model(settings).fit(train[FEATURES], kinds[train.index])
        wanted = [
            (model.predict(part[FEATURES]) == kinds[part.index]).mean()
            for model, part in ((on_fold, train[is_out]), (on_all, test))
        ]

        assert [bench.cv_score(settings, 2), bench.test_score(settings)] == wanted
