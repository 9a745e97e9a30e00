"""The `classroom` command. Other parts hang their own typer apps below `app`."""

import sys

import typer

from classroom.errors import ClassroomError
from classroom.ops import launch

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Teach an nbgrader course: release, grade, return.")
app.add_typer(launch.app)


@app.command()
def runner() -> None:
    """Works off autograding jobs as they come, until it gets SIGTERM."""


def main() -> None:
    """Entry point: an error raised on purpose becomes one line on stderr and exit code 1."""
    try:
        app()
    except ClassroomError as error:
        print(f"classroom: {error}", file=sys.stderr)
        sys.exit(1)
