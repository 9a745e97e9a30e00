"""Commands that keep a class from being lost: `classroom backup`, `classroom restore`."""

import datetime as dt
from pathlib import Path
from typing import Annotated

import typer

from classroom.config import load_settings

app = typer.Typer(add_completion=False)


@app.command()
def backup(
    folder: Annotated[Path, typer.Argument(help="The new folder to write, outside the class, best on another disk.")],
) -> None:
    """Copy the whole class while it works: databases, store, keys, submissions, homes; with a digest of every file."""
    from classroom.ops.backup import make_backup

    made = make_backup(load_settings(), folder.expanduser(), dt.datetime.now(dt.UTC))
    size = sum(item.size_bytes for item in made.files.values())
    typer.echo(
        f"{folder}: {len(made.files)} files, {size / 1e6:.1f} MB, {made.counts['attempt']} submissions with receipts. "
        "It holds the class's keys: keep it as closed as the class itself."
    )


@app.command()
def restore(
    folder: Annotated[Path, typer.Argument(help="The folder that `classroom backup` wrote.")],
    check: Annotated[bool, typer.Option("--check", help="Only compare the backup with its digests.")] = False,
) -> None:
    """Bring a class back from its backup, into an empty state folder and empty databases."""
    from classroom.ops import restore as restoring

    if check:
        made = restoring.check_backup(folder.expanduser())
        typer.echo(f"{folder} is whole: {len(made.files)} files of {made.course}, made at {made.made_at}.")
        return
    made = restoring.restore(load_settings(), folder.expanduser())
    typer.echo(
        f"{made.course} is as it was at {made.made_at}: {made.counts['attempt']} submissions with receipts, each with "
        "its files. Start it as usual."
    )
