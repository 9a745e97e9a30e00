"""The class that `bench.hub` asks: the real hub, proxy and service, a thousand accounts, and servers that are stubs."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import psutil

from bench.memory import pss_mb
from classroom.config import OPERATOR_NAME, Settings, load_settings
from classroom.exchange.client import ExchangeClient
from classroom.ops.accounts import make_account, write_accounts
from classroom.ops.instance import Instance, free_ports, load_instance
from classroom.ops.processes import marked
from tests.postgres import Postgres, server
from tests.small_class import notebook, tar

ROOT = Path(__file__).resolve().parent.parent
COURSE, ASSIGNMENT = "bench", "ps1"
PASSWORD = "correct horse battery staple"
_COURSE_YAML = f"""
course: {COURSE}
title: A course for the bench
time_zone: Europe/Berlin
starts: 2026-01-05
defaults:
  limits: {{upload_mb: 20, files: 10, file_mb: 10, extra_files: ["*.csv"]}}
assignments:
  {ASSIGNMENT}: {{title: Orders, release: day 0 09:00, due: day 9999 23:59}}
"""
_HUB_CONFIG = """
import sys
sys.path.insert(0, {root!r})
load_subconfig({root!r} + "/hub/jupyterhub_config.py")
from bench.stub_spawner import StubSpawner
c.JupyterHub.spawner_class = StubSpawner
c.StubSpawner.address, c.StubSpawner.tokens = {stub!r}, {tokens!r}
"""
# Whose CPU time and memory is told, by a word of the command line.
_WORDS = {"hub": "jupyterhub", "proxy": "configurable-http-proxy", "service": "classroom.service.app"}
PARTS = (*_WORDS, "database")


@dataclass(frozen=True)
class HubClass:
    """A running class with accounts s0, s1, ... tokens: where a spawned server's token lies."""

    instance: Instance
    tokens: Path
    processes: Mapping[str, psutil.Process]
    postgres: psutil.Process | None

    def cpu_s(self) -> dict[str, float]:
        """CPU seconds of each part until now. SQLite's are its reader's and writer's own."""
        times = {name: _own_cpu_s(process) for name, process in self.processes.items()}
        return {**times, "database": _family_cpu_s(self.postgres) if self.postgres else 0.0}

    def memory_mb(self) -> dict[str, float]:
        """Proportional memory (PSS) of each part."""
        sizes = {name: pss_mb(process.pid) for name, process in self.processes.items()}
        family = [self.postgres, *self.postgres.children(recursive=True)] if self.postgres else []
        return {**sizes, "database": sum(pss_mb(process.pid) for process in family)}


@contextmanager
def hub_class(folder: Path, students: int, *, stub: str, on_sqlite: bool) -> Iterator[HubClass]:
    """Starts it in the folder, and stops it. stub: where the bench answers for every server."""
    with ExitStack() as open_ones:
        postgres = None if on_sqlite else open_ones.enter_context(server())
        settings = _prepare(folder, students, stub, postgres)
        run = _runner_of(settings)
        open_ones.callback(run, "down")
        run("up", "--no-demo", "--port", str(free_ports(1)[0]))
        instance = load_instance(settings.state)
        assert instance is not None
        release = tar({"orders.ipynb": notebook("# your answer", "1 + 1")})
        token = (settings.secrets / f"{OPERATOR_NAME}.token").read_text().strip()
        with ExchangeClient(f"{instance.public_url}/services/classroom", token) as operator:
            operator.release(COURSE, ASSIGNMENT, release)
        yield HubClass(instance, folder / "tokens", _parts(instance), _postmaster(postgres) if postgres else None)


def _prepare(folder: Path, students: int, stub: str, postgres: Postgres | None) -> Settings:
    course, tokens = folder / "course", folder / "tokens"
    (course / "hub").mkdir(parents=True)
    tokens.mkdir(mode=0o700)
    (course / "course.yaml").write_text(_COURSE_YAML)
    for name in ("node_modules", "data"):
        (course / name).symlink_to(ROOT / name)
    config = _HUB_CONFIG.format(root=str(ROOT), stub=stub, tokens=str(tokens))
    if postgres is not None:
        config += f"c.JupyterHub.db_url = {postgres.new_database().replace('://', '+psycopg://')!r}\n"
    (course / "hub" / "jupyterhub_config.py").write_text(config)
    (folder / "state").mkdir(mode=0o700)
    # One hash for all: making it takes as long as a sign-in.
    known = make_account("s0", "students", PASSWORD)
    write_accounts(folder / "state" / "accounts.json", [replace(known, name=f"s{n}") for n in range(students)])
    environment = {"CLASSROOM_COURSE": str(course), "CLASSROOM_STATE": str(folder / "state")}
    return load_settings({**environment, "CLASSROOM_DATABASE_URL": postgres.new_database() if postgres else ""})


def _runner_of(settings: Settings) -> Callable[..., None]:
    environment = {
        **os.environ,
        "CLASSROOM_COURSE": str(settings.course_root),
        "CLASSROOM_STATE": str(settings.state),
        "CLASSROOM_DATABASE_URL": settings.database_url,
    }

    def run(*arguments: str) -> None:
        done = subprocess.run(
            [sys.executable, "-m", "classroom.cli", *arguments],
            env=environment, cwd="/", capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode != 0:
            raise RuntimeError(f"classroom {arguments[0]}: {done.stdout[-2000:]}{done.stderr[-2000:]}")

    return run


def _parts(instance: Instance) -> dict[str, psutil.Process]:
    found = {}
    for process in marked(instance.mark):
        words = process.cmdline()
        for name, word in _WORDS.items():
            if process.pid == instance.hub_pid if name == "hub" else any(word in each for each in words):
                found[name] = process
    missing = set(_WORDS) - set(found)
    assert not missing, f"the class runs without {missing}"
    return found


def _postmaster(postgres: Postgres) -> psutil.Process:
    return psutil.Process(int((postgres.folder / "data" / "postmaster.pid").read_text().split()[0]))


def _own_cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _family_cpu_s(process: psutil.Process) -> float:
    """With its children, those that have ended included."""
    ended = process.cpu_times()
    living = sum(_own_cpu_s(child) for child in process.children(recursive=True))
    return _own_cpu_s(process) + float(ended.children_user + ended.children_system) + living
