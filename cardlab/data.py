"""The course's tables as data frames, read from the data folder after a check that they are the ones meant."""

import csv
import functools
import hashlib
import json
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pandas as pd

RAW, CLEAN, NEW_ERA = "cards_raw.csv", "cards_clean.parquet", "cards_2020plus.parquet"
LISTINGS, EVENTS = "listings.csv", "ab_events.parquet"
EMPTY_STORE, RUNS = "mlflow_empty.db", "mlruns_60.db"
DESK, AUDIT = "desk.parquet", "audit.csv"
REMEDY = "Ask your instructor, or, in a checkout of the course, run `python -m cardpress` from its root."


class DataError(Exception):
    """A data file is absent or not the one the course was made with."""


def data_dir() -> Path:
    """The folder of the course's data: $CARDLAB_DATA, else `data/` in the working directory or above it.

    Raises DataError when there is none.
    """
    if given := os.environ.get("CARDLAB_DATA"):
        return Path(given)
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "data" / "manifest.json").is_file():
            return folder / "data"
    raise DataError(f"no data folder: neither {here} nor a folder above it holds data/manifest.json. {REMEDY}")


def load_raw() -> pd.DataFrame:
    """The feed as the sources sent it, one row a listing: all text, "" where nothing was sent, row_id int64."""
    table = pd.read_csv(checked(RAW), dtype="str", keep_default_na=False, na_filter=False, encoding="utf-8")
    return table.astype({"row_id": "int64"})


def load_clean() -> pd.DataFrame:
    """The same cards cleaned, one row a card, typed, prices in US dollars; all were released by 2019."""
    return pd.read_parquet(checked(CLEAN))


def load_new_era() -> pd.DataFrame:
    """Clean cards released from 2020 on, under the new rules; columns as `load_clean`."""
    return pd.read_parquet(checked(NEW_ERA))


def load_listings() -> pd.DataFrame:
    """Listings of September and October 2026 in order of time, each with what its sale told; listed_at datetime64."""
    return pd.read_csv(checked(LISTINGS), parse_dates=["listed_at"], encoding="utf-8")


def load_events() -> pd.DataFrame:
    """Two weeks of an experiment, one row a user and day; columns as `cardlab.ab.run`, ts datetime64."""
    return pd.read_parquet(checked(EVENTS))


def empty_store() -> bytes:
    """A SQLite file as MLflow leaves a new store: its migrations take seconds, a copy of this one takes none."""
    return checked(EMPTY_STORE).read_bytes()


def sixty_runs() -> bytes:
    """A SQLite file with the runs that the pricing team logged in a month, for `cardlab.tracking.open_store`."""
    return checked(RUNS).read_bytes()


def load_desk() -> pd.DataFrame:
    """The typing desk's table, one row a listing, in order of time: batch "archive", then batch "pilot"."""
    return pd.read_parquet(checked(DESK))


def load_audit() -> pd.DataFrame:
    """What a second look found for a random part of the archive: listing_id, artist, scan_dpi, condition; no holes."""
    return pd.read_csv(checked(AUDIT), encoding="utf-8")


def checked(name: str) -> Path:
    """The path of a data file whose digest is the manifest's. Raises DataError with what to do."""
    path = data_dir() / name
    _check(path.resolve())
    return path


@functools.cache
def _check(path: Path) -> None:
    manifest = path.parent / "manifest.json"
    for needed in (manifest, path):
        if not needed.is_file():
            raise DataError(f"{needed} is missing. {REMEDY}")
    entry = json.loads(manifest.read_text(encoding="utf-8"))["files"].get(path.name)
    if entry is None:
        raise DataError(f"{manifest} does not list {path.name}. {REMEDY}")
    found = digest(path, entry["of"])
    if found != entry["sha256"]:
        raise DataError(f"{path} has changed: its sha256 is {found}, expected {entry['sha256']}. {REMEDY}")


def digest(path: Path, of: str) -> str:
    """Hex sha256 of a file's bytes (`of="bytes"`), or of the rows of a parquet table or SQLite file (`of="rows"`).

    Both write versions into the file, so its bytes differ from machine to machine while its rows do not.
    """
    if of == "bytes":
        return hashlib.sha256(path.read_bytes()).hexdigest()
    if path.suffix == ".db":
        return hashlib.sha256("\n".join(database_rows(path)).encode("utf-8")).hexdigest()
    return hashlib.sha256(canonical_rows(pd.read_parquet(path)).encode("utf-8")).hexdigest()


def canonical_rows(table: pd.DataFrame) -> str:
    """The table as text that depends on nothing but names, types and values: header, then one CSV line a row."""
    head = [f"{column}:{'category' if column == 'type' else table[column].dtype}" for column in table.columns]
    body = table.to_csv(index=False, header=False, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC)
    return ",".join(head) + "\n" + body


def database_rows(path: Path) -> list[str]:
    """Every row of a SQLite file as text, by table and then in order, and before them how each table was declared."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        tables = database.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table' ORDER BY name").fetchall()
        rows = [
            f"{name} {row!r}"
            for name, _ in tables
            for row in sorted(database.execute(f'SELECT * FROM "{name}"'), key=repr)
        ]
    return [*(sql for _, sql in tables), *rows]
