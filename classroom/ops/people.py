"""What is decided about single students, from the command line on the class's own machine."""

from typing import Annotated

import typer

from classroom.config import OPERATOR_NAME
from classroom.errors import Refused
from classroom.ids import parse_student_id

app = typer.Typer(add_completion=False)
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
            due = extensions.due_dates(session, here.course, name)
        here.gradebook.extend(name, due)
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
            due = extensions.due_dates(session, here.course, name)
        here.gradebook.extend(name, due)
    typer.echo(f"{name} has {days} extra days in every assignment.")
