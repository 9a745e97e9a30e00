"""Start, stop and look at the class of one machine: `classroom up`, `down`, `status`."""

import datetime as dt
import fcntl
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import psutil
import typer

from classroom.config import SERVICE_PREFIX, Settings, child_environment, load_settings
from classroom.errors import SettingsError
from classroom.ops import prepare, processes, release
from classroom.ops.doctor import examine
from classroom.ops.files import private_folder
from classroom.ops.instance import MARK, Instance, load_instance, write_instance
from classroom.ops.readiness import wait_until_ready

# Seconds until hub and service must answer. 12 were measured on two idle cores.
START_TIMEOUT_S = 240.0
CONFIG = "jupyterhub_config.py"

app = typer.Typer(no_args_is_help=True)
State = Annotated[Path | None, typer.Option("--state", help="Where everything made at run time stands.")]


@app.command()
def up(
    state: State = None,
    port: Annotated[int | None, typer.Option(help="Port of the class's address; the last one, else 8000.")] = None,
    with_demo: Annotated[bool, typer.Option("--demo/--no-demo", help="Give the class a few submissions.")] = True,
    starts: Annotated[str, typer.Option(help="First day of the term, YYYY-MM-DD, if it isn't course.yaml's.")] = "",
) -> None:
    """Start the class on this machine. Running it again is harmless."""
    settings = _settings(state, starts=starts)
    with _lock(settings):
        running = load_instance(settings.state)
        if running and processes.is_running(running):
            typer.echo(f"The class is running already.\n{_welcome(settings, running)}")
            return
        if running and (left := processes.stop(running)):
            typer.echo(f"Ended {left} processes that the last start had left behind.")
        instance = start(settings, port=port, with_demo=with_demo)
    typer.echo(_welcome(settings, instance))


@app.command()
def down(state: State = None) -> None:
    """Stop everything the class started, and nothing else."""
    settings = _settings(state)
    running = load_instance(settings.state)
    if running is None:
        typer.echo("There is no class to stop.")
        return
    with _lock(settings):
        count = processes.stop(running)
    typer.echo(f"Stopped {count} processes." if count else "The class wasn't running.")


@app.command()
def status(state: State = None) -> None:
    """Say whether the class runs, where, and with how many processes."""
    settings = _settings(state)
    running = load_instance(settings.state)
    if running is None or not processes.is_running(running):
        typer.echo("The class isn't running. Start it with: make up")
        raise typer.Exit(1)
    count = len(processes.marked(running.mark))
    typer.echo(f"The class runs at {running.public_url} in {count} processes; its logs: {settings.state / 'logs'}")


@app.command()
def doctor(state: State = None) -> None:
    """Check what a class needs of this machine, and say what to do about what it lacks."""
    findings = list(examine(_settings(state)))
    for finding in findings:
        typer.echo(f"ok       {finding.thing}" if finding.is_fine else f"MISSING  {finding.thing}: {finding.remedy}")
        if finding.advice:
            typer.echo(f"         {finding.advice}")
    raise typer.Exit(0 if all(finding.is_fine for finding in findings) else 1)


def start(settings: Settings, *, port: int | None, with_demo: bool) -> Instance:
    """Prepare the state folder, start the hub and wait until it and the service answer; raises ClassroomError."""
    prepare.prepare_folders(settings)
    instance = prepare.prepare_instance(settings, port)
    settings = prepare.prepare_settings(settings, instance, demo=with_demo, today=dt.date.today())
    prepare.prepare_accounts(settings)
    prepare.prepare_databases(settings)
    write_instance(settings.state, instance)  # before the hub: its configuration reads it
    release.release_open_assignments(settings, backdate=with_demo)
    if with_demo:
        from classroom.ops import demo  # it brings nbgrader along: 2 s that no other command needs

        demo.seed(settings)
    hub = _start(settings, instance, ["jupyterhub", "-f", str(settings.course_root / "hub" / CONFIG)], log="hub")
    instance = instance.started(hub.pid, psutil.Process(hub.pid).create_time())
    write_instance(settings.state, instance)
    urls = [f"{instance.public_url}/hub/login", f"{instance.public_url}{SERVICE_PREFIX}/ready"]
    try:
        wait_until_ready(hub, urls, logs=settings.state / "logs", timeout_s=START_TIMEOUT_S)
    except SettingsError:
        processes.stop(instance)
        raise
    if with_demo:
        _start(settings, instance, ["classroom.ops.demo"], log="demo")
    return instance


def _start(settings: Settings, instance: Instance, command: Sequence[str], *, log: str) -> "subprocess.Popen[bytes]":
    """A process of the class, in a session of its own: it outlives the terminal."""
    environment = child_environment(
        {
            MARK: instance.mark,
            "CLASSROOM_COURSE": str(settings.course_root),
            "CLASSROOM_STATE": str(settings.state),
            "PYTHONUNBUFFERED": "1",
        }
    )
    environment.pop("PYTHONPATH", None)
    with open(settings.state / "logs" / f"{log}.log", "ab") as stream:
        return subprocess.Popen(
            [sys.executable, "-m", *command],
            cwd=settings.state,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=stream,
            start_new_session=True,
        )


def _welcome(settings: Settings, instance: Instance) -> str:
    """What whoever started the class needs to know."""
    lines = [f"\n  {instance.public_url}\n"]
    lines += [f"  {name:<12} {password}" for name, password in prepare.demo_passwords(settings).items()]
    lines += [
        "",
        "This form is for one machine and for trying things out: it doesn't separate students from one another or from",
        "the hub. All of them run as your user, and the address answers on this machine alone.",
        f"Logs: {settings.state / 'logs'}. Stop the class with: make down",
    ]
    return "\n".join(lines)


def _settings(state: Path | None, *, starts: str = "") -> Settings:
    settings = load_settings()
    if state is not None:
        settings = load_settings(child_environment({"CLASSROOM_STATE": str(state.expanduser().resolve())}))
    return replace(settings, starts=dt.date.fromisoformat(starts)) if starts else settings


@contextmanager
def _lock(settings: Settings) -> Iterator[None]:
    """One start or stop at a time; a second waits."""
    with open(private_folder(settings.state) / ".lock", "w") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield
