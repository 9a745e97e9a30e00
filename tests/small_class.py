"""A small class for tests of the exchange: a course of two assignments, a hub that isn't one, and people with tokens.

The service is the real one, in this process (`Classroom`) or in its own (`serve`).
"""

import datetime as dt
import http.server
import io
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath

import httpx
import uvicorn
from anyio.from_thread import BlockingPortal, start_blocking_portal
from fastapi import FastAPI

from classroom.archive import Entry, pack
from classroom.config import SERVICE_PREFIX, Settings
from classroom.exchange.client import ExchangeClient
from classroom.service.app import create_app

ROOT = Path(__file__).resolve().parent.parent
COURSE = "tiny"
RELEASED, FUTURE = "ps1", "ps2"
NOON = dt.datetime(2026, 11, 10, 12, tzinfo=dt.UTC)  # ps1 is open and due in three days
COURSE_YAML = """
course: tiny
title: A tiny course
time_zone: Europe/Berlin
starts: 2026-11-02
defaults:
  grace_minutes: 10
  late: {penalty_per_day: 0.1, closes_after_days: 7}
  attempts: 3
  limits: {upload_mb: 1, files: 5, file_mb: 0.5, extra_files: ["*.py", "*.csv"]}
assignments:
  ps1: {title: First steps, release: day 0 09:00, due: day 11 23:59}
  ps2: {title: Later steps, release: day 30 09:00, due: day 40 23:59}
"""
ACCESS = ["access:services!service=classroom", "read:users:groups!user"]
# What the hub says of each token's owner.
MODELS: dict[str, dict[str, object]] = {
    "ada-token": {"kind": "user", "name": "ada", "groups": ["tiny-students"], "scopes": ACCESS},
    "bob-token": {"kind": "user", "name": "bob", "groups": ["tiny-students"], "scopes": ACCESS},
    "gil-token": {"kind": "user", "name": "gil", "groups": ["tiny-graders"], "scopes": ACCESS},
    "ivy-token": {"kind": "user", "name": "ivy", "groups": ["tiny-instructors"], "scopes": ACCESS},
    "eve-token": {"kind": "user", "name": "eve", "groups": ["other-students"], "scopes": ACCESS},
    "narrow-token": {"kind": "user", "name": "ada", "groups": ["tiny-students"], "scopes": ["read:users:name!user"]},
    "operator-token": {"kind": "service", "name": "operator", "scopes": ACCESS[:1]},
}


def notebook(*sources: str) -> bytes:
    """A notebook of code cells."""
    cells = [
        {
            "cell_type": "code",
            "id": f"c{number}",
            "metadata": {},
            "outputs": [],
            "execution_count": None,
            "source": source,
        }
        for number, source in enumerate(sources)
    ]
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode()


def tar(files: Mapping[str, bytes]) -> Iterator[bytes]:
    """Files as the client sends them."""
    entries = [
        Entry(PurePosixPath(name), len(content), partial(io.BytesIO, content)) for name, content in files.items()
    ]
    return pack(entries)


RELEASE = {"ps1.ipynb": notebook("# your answer", "1 + 1"), "helpers.py": b"x = 1\n"}


def write_course(folder: Path, database_url: str = "") -> Settings:
    """The course on disk, and settings that point to it."""
    course = folder / "course"
    course.mkdir(parents=True)
    (course / "course.yaml").write_text(COURSE_YAML)
    return Settings(course_root=course, state=folder / "state", database_url=database_url)


def hub_answer(request: httpx.Request) -> httpx.Response:
    """The hub's REST API, as far as the service asks it."""
    if request.url.path.endswith("/oauth2/token"):
        return httpx.Response(200, json={"access_token": "ada-token"})
    token = request.headers.get("Authorization", "").removeprefix("token ")
    return httpx.Response(200, json=MODELS[token]) if token in MODELS else httpx.Response(403)


@dataclass
class Clock:
    """The server's clock, moved by the test."""

    now: dt.datetime = NOON

    def __call__(self) -> dt.datetime:
        return self.now


class AppTransport(httpx.BaseTransport):
    """Lets a synchronous client speak to an application in this process."""

    def __init__(self, app: FastAPI, portal: BlockingPortal) -> None:
        self._asgi = httpx.ASGITransport(app, raise_app_exceptions=False)
        self._portal = portal

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self._portal.call(self._handle, request)

    async def _handle(self, request: httpx.Request) -> httpx.Response:
        assert isinstance(request.stream, httpx.SyncByteStream)
        stream = _Async(request.stream)
        asked = httpx.Request(request.method, request.url, headers=request.headers, stream=stream)
        answer = await self._asgi.handle_async_request(asked)
        content = await answer.aread()
        return httpx.Response(answer.status_code, headers=answer.headers, stream=httpx.ByteStream(content))


class _Async(httpx.AsyncByteStream):
    def __init__(self, stream: httpx.SyncByteStream) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in self._stream:
            yield chunk


@dataclass
class Classroom:
    """The service in this process, with a clock to move."""

    settings: Settings
    transport: AppTransport
    app: FastAPI
    clock: Clock

    def client(self, name: str) -> ExchangeClient:
        return ExchangeClient(f"http://test{SERVICE_PREFIX}", f"{name}-token", transport=self.transport)

    def http(self, name: str | None = None) -> httpx.Client:
        """Without the exchange's client in between: addresses below the service."""
        headers = {"Authorization": f"token {name}-token"} if name else {}
        return httpx.Client(base_url=f"http://test{SERVICE_PREFIX}", headers=headers, transport=self.transport)

    def release(self, files: Mapping[str, bytes] = RELEASE) -> None:
        with self.client("ivy") as ivy:
            ivy.release(COURSE, RELEASED, tar(files))

    def blobs(self) -> set[str]:
        """Every file under the store, finished or not."""
        return {str(path.relative_to(self.settings.store)) for path in self.settings.store.rglob("*") if path.is_file()}


@contextmanager
def classroom(
    folder: Path, hub: Callable[[httpx.Request], httpx.Response] = hub_answer, *, database_url: str = ""
) -> Iterator[Classroom]:
    """The service in this process, started and stopped."""
    settings, clock = write_course(folder, database_url), Clock()
    app = create_app(settings, clock=clock, hub_transport=httpx.MockTransport(hub))
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(app.router.lifespan_context(app)):
        yield Classroom(settings, AppTransport(app, portal), app, clock)


@contextmanager
def listening(room: Classroom) -> Iterator[str]:
    """The same service on a port, for clients that make their own connection; its address."""
    port = free_port()
    config = uvicorn.Config(room.app, port=port, lifespan="off", log_config=None, timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        _wait_until_ready(thread.is_alive, port)
        yield f"http://127.0.0.1:{port}{SERVICE_PREFIX}"
    finally:
        server.should_exit = True
        thread.join(10)


class _HubHandler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        answer = hub_answer(httpx.Request("GET", f"http://hub{self.path}", headers=dict(self.headers)))
        self.send_response(answer.status_code)
        self.send_header("Content-Length", str(len(answer.content)))
        self.end_headers()
        self.wfile.write(answer.content)

    def log_message(self, *_: object) -> None:
        """Not in the test's output."""


@contextmanager
def fake_hub() -> Iterator[str]:
    """The hub's REST API on a port of its own; its address."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _HubHandler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/hub/api"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass
class Service:
    """The service in a process of its own. `log`: its JSON lines."""

    settings: Settings
    port: int
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}{SERVICE_PREFIX}"

    def client(self, name: str) -> ExchangeClient:
        return ExchangeClient(self.url, f"{name}-token")

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)


@contextmanager
def serve(settings: Settings, hub_api_url: str) -> Iterator[Service]:
    """`python -m classroom.service.app`, as the hub starts it, until the block ends."""
    port = free_port()
    environment = {
        **os.environ,
        "CLASSROOM_COURSE": str(settings.course_root),
        "CLASSROOM_STATE": str(settings.state),
        "CLASSROOM_HUB_API_URL": hub_api_url,
        "CLASSROOM_DATABASE_URL": settings.database_url,
        # ps1 has been open for a week, by the real clock.
        "CLASSROOM_STARTS": (dt.datetime.now(dt.UTC).date() - dt.timedelta(days=7)).isoformat(),
        "JUPYTERHUB_SERVICE_URL": f"http://127.0.0.1:{port}",
    }
    log = settings.state.parent / f"service-{port}.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "classroom.service.app"], cwd=ROOT, env=environment, stdout=out, stderr=out
        )
        try:
            _wait_until_ready(lambda: process.poll() is None, port)
            yield Service(settings, port, process, log)
        finally:
            process.terminate()
            process.wait(15)


def free_port() -> int:
    """A port above 20000 on which nobody listens."""
    while True:
        port = random.randint(20_000, 60_000)
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)):
                return port


def _wait_until_ready(is_alive: Callable[[], bool], port: int) -> None:
    until, said = time.monotonic() + 240, "nothing"
    while time.monotonic() < until and is_alive():
        try:
            answer = httpx.get(f"http://127.0.0.1:{port}{SERVICE_PREFIX}/ready", trust_env=False)
            if answer.is_success:
                return
            said = answer.text
        except httpx.TransportError as error:
            said = str(error)
        time.sleep(0.05)
    raise AssertionError(f"the service on port {port} isn't ready: {said}")
