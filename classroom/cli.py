"""The `classroom` command. Errors raised on purpose become one line on stderr. Heavy imports stand inside commands."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from classroom.errors import ClassroomError
from classroom.ids import parse_assignment_id
from classroom.ops import account_commands, keeping, launch, people

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    # Typer's own tracebacks show local variables, and with them tokens.
    pretty_exceptions_enable=False,
    help="Teach an nbgrader course: generate, release, collect, autograde, give feedback.",
)
app.add_typer(launch.app)
app.add_typer(people.app)
app.add_typer(account_commands.app, name="account")
app.add_typer(keeping.app)

Assignment = Annotated[str, typer.Argument(help="The assignment's id, such as 01_data_engineering.")]
Students = Annotated[
    list[str] | None, typer.Option("--student", help="Only this student; may be given more than once.")
]
Cell = Annotated[str, typer.Argument(help="The cell's grade_id, or NOTEBOOK/GRADE_ID.")]
Reason = Annotated[str, typer.Option(help="Why; the students whom it concerns read it.", show_default=False)]
Undo = Annotated[bool, typer.Option("--undo", help="Withdraw it: autograding's points count again.")]
Scheduler = Annotated[
    str | None, typer.Option(help="Grade on the Dask cluster of this scheduler: tcp://HOST:PORT.", show_default=False)
]


@app.command()
def generate(assignment: Assignment) -> None:
    """Make release/ASSIGNMENT from source/ASSIGNMENT with nbgrader, and its grade cells in the gradebook."""
    from classroom.ops import steps

    with steps.open_class() as here:
        folder = steps.generate(here, assignment)
    typer.echo(f"Generated {folder}. Students get it with: classroom release {assignment}")


@app.command()
def release(assignment: Assignment) -> None:
    """Let students fetch what was generated."""
    from classroom.ops import steps

    with steps.open_class() as here:
        version = steps.release(here, assignment)
    typer.echo(f"Version {version} of {assignment} is released.")


@app.command()
def collect(assignment: Assignment) -> None:
    """Bring submitted/ to the attempts that count."""
    from classroom.ops import steps

    with steps.open_class() as here:
        count = steps.collect(here, assignment)
    typer.echo(f"{count} new submissions of {assignment} collected.")


@app.command()
def autograde(
    assignment: Assignment,
    student: Students = None,
    force: Annotated[bool, typer.Option("--force", help="Grade again what didn't change.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Record nothing; show what would change.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="With --dry-run: one JSON object.")] = False,
    scheduler: Scheduler = None,
) -> None:
    """Grade all collected submissions, as many at a time as there are cores or workers."""
    from classroom.ops import autograding, steps
    from classroom.ops import dry_run as dry_runs

    with steps.open_class() as here:
        done = autograding.autograde(here, assignment, student, force=force, dry=dry_run, scheduler=scheduler)
        if dry_run:
            typer.echo(dry_runs.shown_changes(here, assignment, done.run_id, for_program=as_json))
            return
    typer.echo(", ".join(f"{count} {word.replace('_', ' ')}" for word, count in sorted(done.by_state.items())))
    if faults := done.by_state.get("grader_fault"):
        raise ClassroomError(
            f"{faults} submissions could not be graded, which costs the students nothing; run it again"
        )


@app.command()
def runner(scheduler: Scheduler = None) -> None:
    """Work off autograding jobs as they come, until SIGTERM or Ctrl-C."""
    from classroom.ops import autograding

    autograding.serve(scheduler)


@app.command()
def worker(
    scheduler: Annotated[str, typer.Option(help="The scheduler's address, such as tcp://10.0.0.5:8786.")],
) -> None:
    """Grade one notebook at a time for a Dask cluster, until SIGTERM or Ctrl-C; start one a core."""
    from classroom.ops import autograding

    autograding.serve_worker(scheduler)


@app.command()
def override(
    student: Annotated[str, typer.Argument(help="The student's id.")],
    assignment: Assignment,
    cell: Cell,
    points: Annotated[float | None, typer.Argument(help="What the student gets for it.", show_default=False)] = None,
    reason: Reason = "",
    undo: Undo = False,
) -> None:
    """Set one student's points for an autograded cell; regrades keep them."""
    from classroom.ops import correcting, steps

    given = correcting.parse_points(points, undo=undo)
    with steps.open_class() as here:
        typer.echo(correcting.override(here, student, assignment, cell, given, reason=reason))


@app.command()
def excuse(assignment: Assignment, cell: Cell, reason: Reason = "", undo: Undo = False) -> None:
    """Give everybody the full points of an autograded cell, since its test is wrong; regrades keep them."""
    from classroom.ops import correcting, steps

    with steps.open_class() as here:
        typer.echo(correcting.excuse(here, assignment, cell, reason=reason, undo=undo))


@app.command()
def feedback(
    assignment: Assignment,
    student: Students = None,
    publish: Annotated[bool, typer.Option("--release", help="Let the students read it, too.")] = False,
    ungraded: Annotated[bool, typer.Option("--ungraded", help="Also where a person's grade is missing.")] = False,
) -> None:
    """Make feedback/ of all graded submissions; with --release give it to the students."""
    from classroom.ops import steps

    with steps.open_class() as here:
        made, waiting = steps.feedback(here, assignment, student, publish=publish, ungraded=ungraded)
    typer.echo(f"Feedback {'released to' if publish else 'made for'} {len(made)} students.")
    if waiting:
        typer.echo(f"Not yet, a person's grade is missing: {', '.join(waiting)}", err=True)


@app.command()
def scores(assignment: Assignment) -> None:
    """Print each student's score as the gradebook has it."""
    from classroom.ops import steps

    with steps.open_class() as here:
        for row in here.gradebook.scores(here.course.assignment(assignment).id):
            waits = "  to grade" if row.needs_manual_grade else ""
            typer.echo(f"{row.student:<24} {row.score:>7g} of {row.max_score:g}{waits}")


@app.command()
def rescore(
    assignment: Assignment,
    write: Annotated[bool, typer.Option("--apply", help="Write the new points into the gradebook.")] = False,
    undo: Annotated[bool, typer.Option("--undo", help="Take the last rescore back.")] = False,
) -> None:
    """Show what a changed rubric does to the points that were given; with --apply write them."""
    from classroom.ops import rescoring, steps

    with steps.open_class() as here:
        if undo:
            typer.echo(f"{rescoring.undo(here, assignment)} scores are as they were before the last rescore.")
            return
        plan = rescoring.rescore(here, assignment, write=write)
    for line in rescoring.told(plan):
        typer.echo(line)
    if plan.changes and not write:
        typer.echo(f"Nothing is written yet. To write it: classroom rescore {assignment} --apply")


@app.command()
def check(
    assignment: Assignment,
    task: Annotated[str | None, typer.Option(help="Only the known answers of this solution cell.")] = None,
) -> None:
    """Prove that an assignment's tests tell right from wrong, and that its release gives nothing away."""
    from classroom.config import load_settings
    from classroom.course.proof import prove, verdict_of

    report = prove(load_settings(), parse_assignment_id(assignment), task=task)
    for row in sorted(report.rows, key=lambda row: row.name):
        typer.echo(verdict_of(row))
    for complaint in report.complaints:
        typer.echo(complaint, err=True)
    if not report.passed:
        raise ClassroomError(f"{assignment} must not be released: {len(report.complaints)} complaints, listed above")
    typer.echo(f"{assignment}: {len(report.rows)} answers earn what they should")


@app.command()
def coverage() -> None:
    """Write docs/reference/coverage.md: which bullet of the brief is met where."""
    from classroom.config import load_settings
    from classroom.course.coverage import complaints_about_map, load_coverage, rendered

    root = load_settings().course_root
    modules = load_coverage(root)
    complaints = [text for module in modules for text in complaints_about_map(module)]
    for complaint in complaints:
        typer.echo(complaint, err=True)
    if complaints:
        raise ClassroomError(f"the map of the brief has {len(complaints)} faults, listed above; nothing is written")
    page = root / "docs" / "reference" / "coverage.md"
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(rendered(modules), encoding="utf-8")
    typer.echo(f"{sum(len(module.bullets) for module in modules)} bullets of {len(modules)} modules: {page}")


@app.command("grade-one")
def grade_one(
    source: Annotated[Path, typer.Option(help="The instructor's notebook.")],
    submission: Annotated[Path, typer.Option(help="The submitted notebook, or the folder of a submission.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
    feedback: Annotated[Path | None, typer.Option(help="Write the document that the student would get.")] = None,
) -> None:
    """Grade one submission against one instructor notebook, without course or gradebook."""
    from classroom.ops import one

    graded = one.grade_one(source, submission, feedback)
    typer.echo(one.shown(graded, as_json=as_json))
    if graded.result.status == "grader_fault":
        raise typer.Exit(1)


@app.command("grader-image")
def grader_image(
    base_image: Annotated[str, typer.Option(help="Instead of the public Python image.")] = "",
    build_arg: Annotated[
        list[str] | None, typer.Option(help="NAME=VALUE for the Dockerfile, such as PIP_INDEX_URL; may be repeated.")
    ] = None,
) -> None:
    """Make the image that student code is graded in with CLASSROOM_GRADER=docker."""
    from classroom.ops import images

    image = images.make_grader_image(base_image, build_arg or [], say=lambda line: typer.echo(line, err=True))
    typer.echo(f"{image.name} {image.digest}")


def main() -> None:
    """Entry point: an error raised on purpose becomes one line on stderr and exit code 1."""
    try:
        app()
    except ClassroomError as error:
        print(f"classroom: {error}", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
