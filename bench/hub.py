"""A whole class at the door: everybody signs in, has a server spawned, and submits; how fast, and what limits it.

    python -m bench.hub [--students 1000] [--at-once 20] [--sqlite] [--json FILE]

The hub, its proxy, the service and PostgreSQL are real, with the configuration of `classroom up`; a server is a stub
(bench.stub_spawner), which answers and does nothing. Requests come over HTTP as a browser's and a student's server's
do. Fails when any of them isn't answered as it should be.
"""

import argparse
import asyncio
import datetime as dt
import json
import os
import platform
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

import httpx
import jupyterhub

from bench.hub_class import ASSIGNMENT, COURSE, PARTS, PASSWORD, HubClass, hub_class
from bench.reference import submissions, submitted_notebook
from classroom.exchange import protocol
from tests.small_class import tar

STUB_HEADER = "X-Stub"
PATIENCE_S = 300.0
_LOOK_S = 0.1


@dataclass(frozen=True)
class Phase:
    """What everybody did once. p50_s, p95_s: of one student's whole step; cpu_ms: of one step, by part of the class.

    errors: how many steps failed, by what was said. cores: how many were busy for the class, the bench's own process
    left out.
    """

    name: str
    steps: int
    errors: dict[str, int]
    per_s: float
    p50_s: float
    p95_s: float
    cpu_ms: dict[str, float]
    bench_cpu_ms: float
    cores: float

    @property
    def first_bottleneck(self) -> str:
        """The part that took most CPU time: with more load it's the first that has no more to give."""
        return max(self.cpu_ms, key=lambda part: self.cpu_ms[part])


@dataclass(frozen=True)
class Report:
    """memory_mb: proportional memory by part at the end, everybody signed in. load: the machine's load average then;
    far above the number of cores, others took most of it, and rates and times say little.
    """

    date: str
    machine: str
    database: str
    students: int
    at_once: int
    upload_kb: float
    phases: list[Phase]
    memory_mb: dict[str, float]
    load: float


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="bench.hub", description=__doc__)
    parser.add_argument("--students", type=int, default=1000)
    parser.add_argument("--at-once", type=int, default=20, help="how many students do something at a time")
    parser.add_argument("--sqlite", action="store_true", help="instead of PostgreSQL")
    parser.add_argument("--json", type=Path, help="write the report here too")
    asked = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # stops the class, too
    report = asyncio.run(measure(asked.students, asked.at_once, on_sqlite=asked.sqlite))
    print(table(report))
    if asked.json:
        asked.json.write_text(json.dumps(asdict(report), indent=1) + "\n")
    if any(phase.errors for phase in report.phases):
        sys.exit(1)


async def measure(students: int, at_once: int, *, on_sqlite: bool) -> Report:
    """Starts a class, lets everybody do each step in turn, and stops it."""
    async with stub_server() as stub:
        with (
            tempfile.TemporaryDirectory(prefix="bench-hub-") as folder,
            hub_class(Path(folder), students, stub=stub, on_sqlite=on_sqlite) as here,
        ):
            crowd = [Student(here, number) for number in range(students)]
            steps: list[tuple[str, Callable[[Student], Awaitable[None]]]] = [
                ("sign-in", Student.sign_in), ("spawn", Student.spawn), ("upload", Student.upload),
            ]  # fmt: skip
            phases = [await _everybody(here, name, step, crowd, at_once) for name, step in steps]
            for student in crowd:
                await student.close()
            return Report(
                date=dt.date.today().isoformat(),
                machine=f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, "
                f"Python {platform.python_version()}, JupyterHub {jupyterhub.__version__}",
                database="SQLite" if on_sqlite else "PostgreSQL",
                students=students,
                at_once=at_once,
                upload_kb=round(len(b"".join(crowd[0].files())) / 1000, 1),
                phases=phases,
                memory_mb={part: round(size) for part, size in here.memory_mb().items()},
                load=round(os.getloadavg()[0], 1),
            )


class Student:
    """One browser with its cookies, and one server that submits."""

    def __init__(self, here: HubClass, number: int) -> None:
        self.name, self._here, self._number = f"s{number}", here, number
        self._http: httpx.AsyncClient | None = None

    @property
    def http(self) -> httpx.AsyncClient:
        if self._http is None:
            url = self._here.instance.public_url
            self._http = httpx.AsyncClient(base_url=url, follow_redirects=True, timeout=PATIENCE_S, trust_env=False)
        return self._http

    async def sign_in(self) -> None:
        """The form, the password, the hub's home page."""
        await self.http.get("/hub/login")
        form = {"username": self.name, "password": PASSWORD, "_xsrf": self.http.cookies["_xsrf"]}
        answer = await self.http.post("/hub/login", data=form, params={"next": "/hub/home"})
        _insist(answer, answer.status_code == 200 and answer.url.path == "/hub/home")

    async def spawn(self) -> None:
        """From the click to the server's first answer through the proxy."""
        answer = await self.http.get(f"/hub/spawn/{self.name}")
        until = time.monotonic() + PATIENCE_S
        while STUB_HEADER not in answer.headers:
            _insist(answer, answer.status_code in (200, 424, 503) and time.monotonic() < until)
            await asyncio.sleep(_LOOK_S)
            answer = await self.http.get(f"/user/{self.name}/api")

    async def upload(self) -> None:
        """One notebook, as the server sends it, with the server's token; the receipt is signed and stored."""
        token = (self._here.tokens / self.name).read_text()
        answer = await self.http.post(
            protocol.API_PREFIX + protocol.submit_path(COURSE, ASSIGNMENT),
            content=b"".join(self.files()),
            headers={"Authorization": f"token {token}", "Content-Type": protocol.TAR},
        )
        _insist(answer, answer.status_code == 201 and answer.json()["receipt"]["student"] == self.name)

    async def close(self) -> None:
        if self._http is not None:
            await self._http.aclose()

    def files(self) -> list[bytes]:
        return list(tar({"orders.ipynb": _notebook().replace(b"import", f"# {self.name}\\nimport".encode(), 1)}))


@cache
def _notebook() -> bytes:
    return submitted_notebook(submissions(1)[0])


async def _everybody(
    here: HubClass, name: str, step: Callable[[Student], Awaitable[None]], crowd: Sequence[Student], at_once: int
) -> Phase:
    turn, errors, times = asyncio.Semaphore(at_once), Counter[str](), list[float]()

    async def one(student: Student) -> None:
        async with turn:
            began = time.monotonic()
            try:
                await step(student)
            except (httpx.HTTPError, RuntimeError, KeyError, OSError) as error:
                errors[f"{type(error).__name__}: {error}"[:200]] += 1
            times.append(time.monotonic() - began)

    before, own, began = here.cpu_s(), time.process_time(), time.monotonic()
    await asyncio.gather(*(one(student) for student in crowd))
    wall_s, after = time.monotonic() - began, here.cpu_s()
    used = {part: after[part] - before[part] for part in PARTS}
    count = len(crowd)
    print(f"{name}: {count} in {wall_s:.0f} s", file=sys.stderr, flush=True)
    return Phase(
        name=name,
        steps=count,
        errors=dict(errors),
        per_s=round(count / wall_s, 2),
        p50_s=round(_percentile(times, 50), 2),
        p95_s=round(_percentile(times, 95), 2),
        cpu_ms={part: round(1000 * seconds / count, 1) for part, seconds in used.items()},
        bench_cpu_ms=round(1000 * (time.process_time() - own) / count, 1),
        cores=round(sum(used.values()) / wall_s, 2),
    )


def _percentile(values: Sequence[float], percent: int) -> float:
    """The smallest value that so many of a hundred don't exceed."""
    return sorted(values)[max(0, -(-len(values) * percent // 100) - 1)]


def _insist(answer: httpx.Response, is_right: bool) -> None:
    if not is_right:
        raise RuntimeError(f"{answer.request.method} {answer.url.path}: {answer.status_code} {answer.text[:80]!r}")


class _Stub(asyncio.Protocol):
    """Answers every request, none of which has a body, with a header of its own."""

    _ANSWER = (
        f"HTTP/1.1 200 OK\r\n{STUB_HEADER}: 1\r\nX-JupyterHub-Version: {jupyterhub.__version__}\r\n"
        "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
    ).encode()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport, self._read = transport, b""

    def data_received(self, data: bytes) -> None:
        *whole, self._read = (self._read + data).split(b"\r\n\r\n")
        assert isinstance(self._transport, asyncio.WriteTransport)
        self._transport.write(self._ANSWER * len(whole))


@asynccontextmanager
async def stub_server() -> AsyncIterator[str]:
    """Every person's server in one; its address."""
    listening = await asyncio.get_running_loop().create_server(_Stub, "127.0.0.1", 0)
    async with listening:
        yield f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"


def table(report: Report) -> str:
    """The report for people."""
    lines = [
        f"{report.date}, {report.machine}, {report.database}: {report.students} students, {report.at_once} at once, "
        f"uploads of {report.upload_kb} kB",
        f"{'':10}{'a second':>10}{'p50 s':>8}{'p95 s':>8}{'errors':>8}   CPU ms of a step: "
        + ", ".join(PARTS) + " (bench)",
    ]  # fmt: skip
    for one in report.phases:
        shares = "".join(f"{one.cpu_ms[part]:10.1f}" for part in PARTS)
        times = f"{one.per_s:10.2f}{one.p50_s:8.2f}{one.p95_s:8.2f}{sum(one.errors.values()):8}"
        most = f"{one.cores} cores, most by the {one.first_bottleneck}"
        lines.append(f"{one.name:10}{times}   {shares}{one.bench_cpu_ms:10.1f}   {most}")
        lines += [f"    {count} times {what}" for what, count in one.errors.items()]
    memory = ", ".join(f"{part} {size:.0f} MB" for part, size in report.memory_mb.items())
    return "\n".join([*lines, f"memory at the end: {memory}; load average: {report.load}"])


if __name__ == "__main__":
    main()
