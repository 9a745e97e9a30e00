"""`classroom account`: who may sign in with a password of the class's own."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from classroom.config import load_settings
from classroom.errors import Refused
from classroom.ops.accounts import Account, load_accounts, make_account, write_accounts
from classroom.ops.prepare import make_password

ACCOUNTS = "accounts.json"  # read by the hub, see hub_shared
ROLE_OF = {"student": "students", "grader": "graders", "instructor": "instructors"}

app = typer.Typer(no_args_is_help=True, help="Passwords of the class's own, where nobody else says who somebody is.")
Names = Annotated[list[str], typer.Argument(help="Names at the hub.")]


@app.command()
def add(
    names: Names,
    role: Annotated[
        str, typer.Option(help="student, grader or instructor; the roster's word counts more.")
    ] = "student",
) -> None:
    """Make accounts, or new passwords for those that are there; prints each password once."""
    if role not in ROLE_OF:
        raise Refused(f"--role is {role!r}; give one of {', '.join(ROLE_OF)}")
    _make(dict.fromkeys(names, ROLE_OF[role]))


@app.command()
def roster() -> None:
    """Make an account for everybody in the roster who has none; prints each password once."""
    from classroom.ops import steps
    from classroom.roster import load_roster

    with steps.open_class() as here, here.database.reading() as session:
        people = load_roster(session, here.course.id)
    known = _accounts()
    _make({str(one.id): f"{one.role}s" for one in people.values() if not one.has_left and str(one.id) not in known})


@app.command()
def remove(names: Names) -> None:
    """Close accounts: their owners lose their roles within half a minute, and keep their files."""
    known = _accounts()
    if missing := sorted(set(names) - set(known)):
        raise Refused(f"{', '.join(missing)}: no such account")
    _write(account for name, account in known.items() if name not in names)
    typer.echo(f"Closed: {', '.join(names)}")


def _make(roles: dict[str, str]) -> None:
    passwords = {name: make_password() for name in roles}
    made = {name: make_account(name, role, passwords[name]) for name, role in roles.items()}
    _write((_accounts() | made).values())
    for name, password in passwords.items():
        typer.echo(f"{name:<24} {password}")


def _accounts() -> dict[str, Account]:
    path = _path()
    return load_accounts(path) if path.is_file() else {}


def _write(accounts: Iterable[Account]) -> None:
    _path().parent.mkdir(parents=True, exist_ok=True)
    write_accounts(_path(), accounts)


def _path() -> Path:
    return load_settings().people / ACCOUNTS
