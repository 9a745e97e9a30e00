"""What is decided about single students, from the command line on the class's own machine."""

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from classroom.config import OPERATOR_NAME
from classroom.errors import Refused
from classroom.ids import AssignmentId, StudentId, parse_student_id

if TYPE_CHECKING:
    from classroom.ops.steps import Class

app = typer.Typer(add_completion=False)
roster_app = typer.Typer(no_args_is_help=True, help="Who is in the course.")
app.add_typer(roster_app, name="roster")
GROUPS = "groups.json"  # read by the hub, see jupyterhub_config.py
Student = Annotated[str, typer.Argument(help="The student's name at the hub.")]
Reason = Annotated[str, typer.Option(help="Why, for the ledger.")]


@app.command()
def extend(
    student: Student,
    assignment: Annotated[str, typer.Argument(help="The assignment's id.")],
    reason: Reason,
    until: Annotated[
        str, typer.Option(help="The student's due date, as '2026-12-18 23:59' by the course's clock.")
    ] = "",
    withdraw: Annotated[bool, typer.Option("--withdraw", help="Everybody's due date holds again.")] = False,
) -> None:
    """Give one student another due date in one assignment, before or after submitting; penalties follow."""
    from classroom import extensions
    from classroom.ops import steps

    if bool(until) == withdraw:
        raise Refused("give either --until with a time, or --withdraw")
    with steps.open_class() as here:
        rules, name = here.course.assignment(assignment), parse_student_id(student)
        time = extensions.parse_until(until, here.course) if until else None
        with here.database.session() as session:
            given = extensions.Given(OPERATOR_NAME, here.transfers.clock(), reason)
            extensions.extend(session, here.course, rules, name, time, given)
        due = _project(here, name)
    typer.echo(f"{rules.id} is due {due[rules.id] or rules.due:%Y-%m-%d %H:%M} for {name}.")


@app.command()
def accommodate(
    student: Student,
    reason: Reason,
    days: Annotated[int, typer.Option(help="So many days after each due date; 0 takes them back.")],
) -> None:
    """Give one student extra days in every assignment, past ones too."""
    from classroom import extensions
    from classroom.ops import steps

    with steps.open_class() as here:
        name = parse_student_id(student)
        with here.database.session() as session:
            given = extensions.Given(OPERATOR_NAME, here.transfers.clock(), reason)
            extensions.accommodate(session, here.course, name, days, given)
        _project(here, name)
    typer.echo(f"{name} has {days} extra days in every assignment.")


@app.command()
def hold(
    student: Student,
    assignment: Annotated[str, typer.Argument(help="The assignment's id.")],
    reason: Reason,
    lift: Annotated[bool, typer.Option("--lift", help="Let it go again.")] = False,
) -> None:
    """Hold a submission back while it is looked into: neither score nor feedback show or go out."""
    from classroom import holds
    from classroom.extensions import Given
    from classroom.ops import steps

    with steps.open_class() as here:
        rules, name = here.course.assignment(assignment), parse_student_id(student)
        with here.database.session() as session:
            given = Given(OPERATOR_NAME, here.transfers.clock(), reason)
            holds.place_hold(session, here.course.id, rules, name, given, holds=not lift)
    typer.echo(f"{name}'s work in {rules.id} is {'let go' if lift else 'held back'}.")


def _project(here: "Class", student: StudentId) -> Mapping[AssignmentId, dt.datetime | None]:
    """The student's own due dates, once the gradebook has them."""
    from classroom.extensions import due_dates
    from classroom.writer import only_writer

    with only_writer(here.settings.state):
        with here.database.reading() as session:
            due = due_dates(session, here.course, student)
        here.gradebook.extend(student, due)
    return due


@roster_app.command("import")
def import_roster(
    table: Annotated[Path, typer.Argument(help="A CSV file with the columns name, id, section and role.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would change, and change nothing.")] = False,
) -> None:
    """Bring the roster to what the table lists: who isn't in it has left. Again with the same table changes nothing."""
    from classroom import roster
    from classroom.ops import steps
    from classroom.ops.accounts import write_groups

    try:
        data = table.read_bytes()
    except OSError as error:
        raise Refused(f"{table} can't be read: {error.strerror}") from error
    with steps.open_class() as here:
        people = roster.parse_roster(data)
        with here.database.reading() as session:
            change = roster.compare(roster.load_roster(session, here.course.id), people)
        typer.echo(change.sentence)
        for person in change.rows:
            word = "left" if person.has_left else "new" if person in change.new else "changed"
            typer.echo(f"  {word:<8} {person.id:<24} {person.role:<10} {person.section or '-':<8} {person.name}")
        if dry_run:
            return
        with here.database.session() as session:
            before = roster.load_roster(session, here.course.id)
            now = here.transfers.clock()
            roster.write_change(session, here.course, roster.compare(before, people), actor=OPERATOR_NAME, at=now)
            listed = roster.load_roster(session, here.course.id)
        here.gradebook.enter_students({one.id: one.name for one in listed.values() if one.is_student})
        write_groups(here.settings.people / GROUPS, roster.groups_of(here.course.id, listed))
