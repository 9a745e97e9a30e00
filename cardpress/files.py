"""The files under data/: tables, quizzes and a manifest of their digests, each written whole or not at all."""

import importlib
import io
import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pandas as pd

from cardlab.data import AUDIT, CLEAN, DESK, EMPTY_STORE, EVENTS, LISTINGS, NEW_ERA, RAW, RUNS, database_rows, digest
from cardpress import seeds
from cardpress.cards import make_cards
from cardpress.desk import make_desk
from cardpress.experiments import make_events
from cardpress.feed import make_feed
from cardpress.listings import make_listings
from cardpress.mlflow_store import empty_store
from cardpress.runs import make_month

NOTE = "Invented cards. Unofficial, not affiliated with any real game."


def write_all(out: Path, *, quizzes: Path) -> Iterator[str]:
    """Write the tables, the quizzes and the manifest into `out`; yields a line for each file written."""
    out.mkdir(parents=True, exist_ok=True)
    feed, desk = make_feed(seeds.FEED), make_desk(seeds.DESK)
    tables = {RAW: feed.raw, CLEAN: feed.clean, NEW_ERA: new_era(), LISTINGS: make_listings(seeds.LISTINGS)}
    tables[EVENTS] = make_events(seeds.EVENTS)
    tables |= {DESK: desk.table, AUDIT: desk.audit}
    for name, table in tables.items():
        write_whole(out / name, table_bytes(name, table))
        yield f"{out / name}: {len(table)} rows"
    stores = {EMPTY_STORE: empty_store(), RUNS: make_month(seeds.RUNS).content}
    for name, content in stores.items():
        write_whole(out / name, content)
        yield f"{out / name}: {len(content)} bytes"
    yield from write_quizzes(quizzes, out / "quizzes")
    entries = {name: entry(out / name, len(table)) for name, table in tables.items()}
    entries |= {name: entry(out / name, len(database_rows(out / name))) for name in stores}
    write_whole(out / "manifest.json", (json.dumps({"note": NOTE, "files": entries}, indent=2) + "\n").encode())
    yield f"{out / 'manifest.json'}: {len(entries)} digests"


def new_era() -> pd.DataFrame:
    """The shipped table of the new era: 3,000 cards from 2020 on."""
    cards = make_cards(seeds.NEW_ERA, n_cards=3000, first_year=2020, last_year=2024)
    return cards.sort_values("card_code", ignore_index=True)


def table_bytes(name: str, table: pd.DataFrame) -> bytes:
    """The table as CSV (UTF-8, LF) or parquet, by the ending of the name."""
    if name.endswith(".csv"):
        return table.to_csv(index=False, lineterminator="\n").encode("utf-8")
    buffer = io.BytesIO()
    table.to_parquet(buffer, index=False, engine="pyarrow")
    return buffer.getvalue()


def entry(path: Path, rows: int) -> dict[str, object]:
    """A file's line of the manifest; parquet and SQLite carry library versions, so there the rows are hashed."""
    of = "rows" if path.suffix in (".parquet", ".db") else "bytes"
    return {"rows": rows, "of": of, "sha256": digest(path, of)}


def write_quizzes(banks: Path, out: Path) -> Iterator[str]:
    """data/quizzes/NN.json from each quizzes/NN.yaml, rendered by the course's own module."""
    found = sorted(banks.glob("[0-9][0-9].yaml"))
    if not found:
        yield f"{banks}: no quiz bank, none written"
        return
    module = importlib.import_module("classroom.course.quizzes")
    out.mkdir(parents=True, exist_ok=True)
    for bank in found:
        target = out / f"{bank.stem}.json"
        items = render(module, bank)
        write_whole(target, (json.dumps(items, indent=1, ensure_ascii=False) + "\n").encode())
        yield f"{target}: {len(items)} items"


def render(module: ModuleType, bank: Path) -> list[dict[str, Any]]:
    """A bank's questions as jupyterquiz takes them. Raises ValueError with what its author must mend."""
    quiz = module.load_quiz(bank)
    if problems := module.check_quiz(quiz):
        raise ValueError("\n".join(problems))
    items: list[dict[str, Any]] = module.render_jupyterquiz(quiz)
    return items


def write_whole(path: Path, content: bytes) -> None:
    """Write beside the target, then rename: a reader sees the old file or the new one, never half of one."""
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as draft:
        try:
            draft.write(content)
            draft.flush()
            os.fsync(draft.fileno())
            Path(draft.name).chmod(0o644)
            Path(draft.name).replace(path)
        except BaseException:
            Path(draft.name).unlink(missing_ok=True)
            raise
