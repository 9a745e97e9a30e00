"""What one student's server takes: JupyterLab as it starts, and a kernel that ran a lesson.

    python -m bench.student [--json FILE] [MODULE ...]

Memory is told twice: proportional (PSS) and private, which is what one more student on the same machine costs.
"""

import argparse
import json
import os
import platform
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

import httpx
import nbformat
import psutil
from nbclient import NotebookClient

from bench.memory import Peak
from classroom.ops.instance import free_ports

ROOT = Path(__file__).resolve().parent.parent
PATIENCE_S = 180.0


@dataclass(frozen=True)
class Taken:
    """Of a process and all below it. cpu_s: from its start."""

    pss_mb: float
    private_mb: float
    cpu_s: float


@dataclass(frozen=True)
class Report:
    """server: JupyterLab's, idle after its start; lessons: by module, at the kernel's largest moment."""

    date: str
    machine: str
    server: Taken
    lessons: dict[str, Taken]


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="bench.student", description=__doc__)
    parser.add_argument("modules", nargs="*", help="folders below source/; all without")
    parser.add_argument("--json", type=Path, help="write the report here too")
    asked = parser.parse_args(arguments)
    modules = asked.modules or sorted(path.name for path in (ROOT / "source").iterdir() if path.is_dir())
    report = Report(
        date=date.today().isoformat(),
        machine=f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, Python {platform.python_version()}",
        server=measure_server(),
        lessons={module: measure_lesson(module) for module in modules},
    )
    for name, taken in {"JupyterLab, idle": report.server, **report.lessons}.items():
        print(f"{name:24}{taken.pss_mb:8.0f} MB PSS{taken.private_mb:8.0f} MB private{taken.cpu_s:8.1f} CPU s")
    if asked.json:
        asked.json.write_text(json.dumps(asdict(report), indent=1) + "\n")


def measure_server() -> Taken:
    """A student's JupyterLab server with the extensions of the class, after its first page."""
    with _server() as (process, url, token), Peak(process.pid) as peak:
        with httpx.Client(base_url=url, headers={"Authorization": f"token {token}"}, trust_env=False) as client:
            until = time.monotonic() + PATIENCE_S
            while not _answers(client):
                assert process.poll() is None, "the server ended"
                assert time.monotonic() < until, "the server doesn't answer"
                time.sleep(0.2)
        cpu_s = _cpu_s(psutil.Process(process.pid))
    return Taken(round(peak.pss_mb), round(peak.private_mb), round(cpu_s, 1))


def measure_lesson(module: str) -> Taken:
    """A kernel that runs the module's lesson from top to bottom, in a folder that takes what it writes."""
    notebook = nbformat.read(ROOT / "source" / module / f"{module}.ipynb", as_version=4)
    with tempfile.TemporaryDirectory(prefix="bench-student-") as folder:
        return _measure(notebook, folder)


def _measure(notebook: nbformat.NotebookNode, folder: str) -> Taken:
    client = NotebookClient(notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": folder}})
    with client.setup_kernel(env={**os.environ, "CARDLAB_DATA": str(ROOT / "data")}):
        pid = client.km.provisioner.pid
        with Peak(pid) as peak:
            for index, cell in enumerate(notebook.cells):
                client.execute_cell(cell, index)
        cpu_s = _cpu_s(psutil.Process(pid))
    return Taken(round(peak.pss_mb), round(peak.private_mb), round(cpu_s, 1))


@contextmanager
def _server() -> Iterator[tuple["subprocess.Popen[bytes]", str, str]]:
    [port], token = free_ports(1), secrets.token_hex(16)
    with tempfile.TemporaryDirectory(prefix="bench-student-") as home:
        environment = {
            "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
            "HOME": home,
            "JUPYTER_TOKEN": token,
            "JUPYTER_CONFIG_PATH": str(ROOT / "hub" / "student"),
        }
        command = ["jupyterlab", "--no-browser", f"--port={port}", "--port-retries=0"]
        process = subprocess.Popen(
            [sys.executable, "-m", *command, *(["--allow-root"] if os.geteuid() == 0 else [])],
            cwd=home, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            yield process, f"http://127.0.0.1:{port}", token
        finally:
            process.terminate()
            process.wait(60)


def _answers(client: httpx.Client) -> bool:
    try:
        return client.get("/lab").status_code == 200 and client.get("/api/contents").status_code == 200
    except httpx.TransportError:
        return False


def _cpu_s(process: psutil.Process) -> float:
    """With its children, those that have ended included."""
    times = process.cpu_times()
    living = sum(sum(child.cpu_times()[:2]) for child in process.children(recursive=True))
    return float(sum(times[:4]) + living)


if __name__ == "__main__":
    main()
