"""Commands that keep what must be kept, and let go of what must go: backups, terms, single persons."""

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from classroom.config import load_settings
from classroom.errors import Refused
from classroom.ids import parse_student_id

app = typer.Typer(add_completion=False)
Student = Annotated[str, typer.Argument(help="The student's name at the hub.")]
Apply = Annotated[bool, typer.Option("--apply", help="Do it; without, only say what would be done.")]


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


@app.command("new-term")
def new_term(
    archive: Annotated[Path, typer.Argument(help="The new folder for the class that ends.")],
    starts: Annotated[str, typer.Option(help="The next term's first day, YYYY-MM-DD.")],
    apply: Apply = False,
) -> None:
    """Archive the class, read-only, and begin the same course anew; graders and instructors keep their accounts."""
    from classroom.ops.terms import archive_class

    try:
        day = dt.date.fromisoformat(starts)
    except ValueError as error:
        raise Refused(f"{starts!r} is no date; give YYYY-MM-DD") from error
    settings = load_settings()
    if not apply:
        typer.echo(f"This would write {archive}, then remove the class from {settings.state} and its database.")
        typer.echo("Nothing is done yet. To do it: the same with --apply")
        return
    made = archive_class(settings, archive.expanduser(), day, dt.datetime.now(dt.UTC))
    typer.echo(
        f"{made.course} with {made.counts['attempt']} submissions is in {archive}; `classroom restore` shows it."
    )
    typer.echo(f"The next term starts on {day}. Start the class as usual.")


@app.command("export-student")
def export_student(
    student: Student, folder: Annotated[Path, typer.Argument(help="The new folder for what the class knows.")]
) -> None:
    """Write out everything of one student: submissions, receipts, scores, feedback, ledger, home."""
    from classroom.ops import persons, steps

    with steps.open_class() as here:
        known = persons.export(here, parse_student_id(student), folder.expanduser())
    typer.echo(f"{folder}: {_told(known.rows)}")


@app.command("delete-student")
def delete_student(student: Student, apply: Apply = False) -> None:
    """Take one student's data away; the ledger keeps rows without names. Backups made before still have it."""
    from classroom.ops import persons, steps

    with steps.open_class() as here:
        name = parse_student_id(student)
        known = persons.find(here, name)
        typer.echo(f"{name}: {_told(known.rows)}; {', '.join(str(path) for path in known.files) or 'no files'}")
        if not apply:
            typer.echo(f"Nothing is deleted yet. To delete it: classroom delete-student {name} --apply")
            return
        pseudonym = persons.remove(here, name, here.transfers.clock())
    typer.echo(f"Deleted. The ledger and the graders' levels stay under {pseudonym}.")


@app.command()
def retention(
    before: Annotated[str, typer.Option(help="Students who left before this day, YYYY-MM-DD, by the roster.")],
    apply: Apply = False,
) -> None:
    """Delete every student who has left long enough ago."""
    from classroom.ops import persons, steps

    try:
        day = dt.date.fromisoformat(before)
    except ValueError as error:
        raise Refused(f"{before!r} is no date; give YYYY-MM-DD") from error
    with steps.open_class() as here:
        with here.database.reading() as session:
            names = persons.left_before(session, here.course.id, day)
        for name in names:
            if apply:
                persons.remove(here, name, here.transfers.clock())
            typer.echo(f"{name}: deleted" if apply else f"{name}: would be deleted")
    if not apply and names:
        typer.echo("Nothing is deleted yet. To do it: the same with --apply")
    if not names:
        typer.echo(f"Nobody has left before {day}.")


@app.command("export-scores")
def export_scores(
    assignments: Annotated[list[str], typer.Argument(help="The assignments' ids.")],
    form: Annotated[str, typer.Option("--for", help="canvas or moodle.")] = "canvas",
    file: Annotated[Path | None, typer.Option("--to", help="The file to write; the terminal without it.")] = None,
) -> None:
    """Write the scores that were given back as a CSV file for Canvas's or Moodle's import."""
    from classroom.ops import lms, steps

    with steps.open_class() as here:
        table = lms.export_scores(here, assignments, form)
    if file is None:
        typer.echo(table, nl=False)
    else:
        file.write_text(table, encoding="utf-8", newline="")


@app.command("send-scores")
def send_scores() -> None:
    """Send the scores that were given back to the platform of lti.json now; the runner does it every minute."""
    from classroom.ops import lms, steps

    with steps.open_class() as here:
        done = lms.send_scores(here, here.transfers.clock)
    if done is None:
        raise Refused(f"there is no {load_settings().state / 'lti.json'}; docs/howto/operate.md says what goes into it")
    typer.echo(f"{done.sent} sent, {done.waiting} wait for the platform, {done.refused} refused; see the log")


def _told(rows: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {table}" for table, count in rows.items()) or "no rows"
