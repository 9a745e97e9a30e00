"""How long every page takes in a full class, and how many queries: `python -m bench.pages`.

Pages are found in the application itself: each GET of the course's pages is asked as whoever may open it. A grader's
action is the form of a piece, sent as a browser would. In this process, through the ASGI interface: no network and no
hub, everything else as it runs.
"""

import argparse
import asyncio
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

import httpx
from fastapi import FastAPI
from fastapi.routing import APIRoute
from sqlalchemy import Engine, event

from bench.crowd import COURSE, FEEDBACK_FILE, NOW, Crowd, make_crowd, written
from classroom.config import SERVICE_PREFIX
from classroom.gradebook import Gradebook
from classroom.ids import CourseId
from classroom.service.app import create_app, spare_collector
from classroom.service.auth import Caller, Role
from classroom.service.pages import routers
from classroom.service.sessions import SESSION_COOKIE, Session, load_seals

PAGE_MS, ACTION_MS = 300.0, 100.0  # at the 95th percentile
ROLES = {"ivy": {Role.INSTRUCTOR, Role.GRADER}, "gil": {Role.GRADER}}
HOME = f"{SERVICE_PREFIX}/{COURSE}"
_PARAMETER = re.compile(r"{(\w+)}")


@dataclass(frozen=True)
class Asked:
    """One page, as this person asks it."""

    who: str
    path: str
    form: Mapping[str, str] | None = None  # None: GET
    route: str = ""


@dataclass(frozen=True)
class Measured:
    """times_ms: one an answer, sorted. queries: SQL statements of one answer."""

    asked: Asked
    times_ms: tuple[float, ...]
    queries: int
    size_bytes: int

    @property
    def p50(self) -> float:
        return statistics.median(self.times_ms)

    @property
    def p95(self) -> float:
        return self.times_ms[min(len(self.times_ms) - 1, round(0.95 * len(self.times_ms)))]

    @property
    def limit(self) -> float:
        return PAGE_MS if self.asked.form is None else ACTION_MS


class Visitor:
    """Asks the pages of one crowd. Use `open_visitor`."""

    def __init__(self, crowd: Crowd, app: FastAPI) -> None:
        self.crowd = crowd
        self.app = app
        self._seals = load_seals(crowd.settings.secrets)
        self._client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://class")

    async def ask(self, asked: Asked) -> httpx.Response:
        """One answer."""
        who = Session(f"{asked.who}-token", asked.who)
        headers = {"Cookie": f"{SESSION_COOKIE}={self._seals.seal_session(who)}"}
        if asked.form is None:
            return await self._client.get(asked.path, headers=headers)
        data = {**asked.form, "csrf_token": self._seals.csrf_token(who)}
        return await self._client.post(asked.path, headers=headers, data=data)

    async def count(self, asked: Asked) -> int:
        """How many SQL statements one answer takes, once caches are warm."""
        await self.ask(asked)
        with counted() as statements:
            await self.ask(asked)
        return len(statements)

    async def find_pages(self) -> tuple[list[Asked], list[str]]:
        """Every page that somebody gets, and the routes that nobody got with the values at hand."""
        found, passed_over = [], []
        for route in (route for router in routers for route in router.routes):
            if not isinstance(route, APIRoute) or "GET" not in route.methods or "{course}" not in route.path:
                continue
            page = await self._first_allowed(route.path)
            found += [page] if page else []
            passed_over += [] if page else [route.path]
        return found, passed_over

    async def find_action(self) -> Asked:
        """The form of the first piece that waits for a grader, filled in with level 3 everywhere."""
        queue = (await self.ask(Asked("gil", f"{HOME}/grading"))).text
        address = re.search(rf'href="([^"]+/grading/{written(0)}(/\w{{8,}})?)"', queue)
        if address is None:
            raise LookupError("the grader's queue links to no piece")
        answer = await self.ask(Asked("gil", address[1]))
        path = answer.headers.get("Location", address[1])
        forms = _Forms((await self.ask(Asked("gil", path))).text).forms
        return Asked("gil", path, forms[path])

    async def _first_allowed(self, route: str) -> Asked | None:
        values = await self._values(route)
        if not set(_PARAMETER.findall(route)) <= set(values):
            return None
        path = _PARAMETER.sub(lambda match: values[match[1]], route)
        for who in (self.crowd.students[1], "gil", "ivy"):
            asked = Asked(who, path, route=route)
            if (await self.ask(asked)).status_code == 200:
                return asked
        return None

    async def _values(self, route: str) -> dict[str, str]:
        values = {
            "course": COURSE,
            "assignment": self.crowd.course.assignments[0].id,
            "student": self.crowd.students[1],
            "number": "1",
            "run": "1",
            "document": FEEDBACK_FILE,
            "task": written(0),
        }
        if "{piece}" in route:
            values["piece"] = (await self.find_action()).path.rsplit("/", 1)[-1]
        return values


@contextmanager
def open_visitor(crowd: Crowd) -> Iterator[Visitor]:
    """The service of a crowd, its clock at NOW."""
    app = create_app(crowd.settings, identify=_identify, clock=lambda: NOW)
    app.state.gradebook = Gradebook(crowd.settings.gradebook_url, crowd.course)
    try:
        yield Visitor(crowd, app)
    finally:
        app.state.gradebook.close()
        app.state.context.database.dispose()


@contextmanager
def counted() -> Iterator[list[str]]:
    """Every SQL statement of this process while the block runs, whatever the database."""
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(Engine, "before_cursor_execute", note)


async def measure(visitor: Visitor, asked: Asked, times: int) -> Measured:
    """One page asked so many times, after a first time that fills caches."""
    queries = await visitor.count(asked)
    taken, size = [], 0
    for _ in range(times):
        began = time.perf_counter()
        answer = await visitor.ask(asked)
        taken.append((time.perf_counter() - began) * 1000)
        size = len(answer.content)
    return Measured(asked, tuple(sorted(taken)), queries, size)


async def measure_action(visitor: Visitor, times: int) -> Measured:
    """As many pieces marked, one after another."""
    taken = []
    for _ in range(times):
        asked = await visitor.find_action()
        began = time.perf_counter()
        with counted() as statements:
            answer = await visitor.ask(asked)
        taken.append((time.perf_counter() - began) * 1000)
        if answer.status_code != 303:
            raise LookupError(f"the marking of {asked.path} was not taken: {answer.status_code}")
    return Measured(asked, tuple(sorted(taken)), len(statements), len(answer.content))


async def measure_all(visitor: Visitor, times: int) -> list[Measured]:
    """Every page and a grader's action."""
    pages, passed_over = await visitor.find_pages()
    for route in passed_over:
        print(f"not asked: {route}", file=sys.stderr)
    return [*[await measure(visitor, asked, times) for asked in pages], await measure_action(visitor, times)]


def shown(rows: Sequence[Measured]) -> str:
    """A table, the slowest first."""
    lines = [f"{'p50 ms':>8} {'p95 ms':>8} {'limit':>6} {'queries':>8} {'kB':>6}  page"]
    for row in sorted(rows, key=lambda one: -one.p95):
        word = "POST" if row.asked.form is not None else "GET"
        mark = "  TOO SLOW" if row.p95 > row.limit else ""
        numbers = f"{row.p50:8.1f} {row.p95:8.1f} {row.limit:6.0f} {row.queries:8d} {row.size_bytes / 1000:6.0f}"
        lines.append(f"{numbers}  {word} {row.asked.path} ({row.asked.who}){mark}")
    return "\n".join(lines)


def main() -> None:
    """Measures; exit code 1 when a page or an action is above its limit."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--students", type=int, default=300)
    parser.add_argument("--assignments", type=int, default=9)
    parser.add_argument("--times", type=int, default=30, help="answers of each page")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-pages-") as folder:
        crowd = make_crowd(Path(folder), students=given.students, assignments=given.assignments)
        with open_visitor(crowd) as visitor:
            spare_collector()
            rows = asyncio.run(measure_all(visitor, given.times))
    print(f"{given.students} students x {given.assignments} assignments, {given.times} answers each")
    print(shown(rows))
    sys.exit(any(row.p95 > row.limit for row in rows))


class _Forms(HTMLParser):
    """The forms of a page by their addresses: hidden fields, and level 3 of each choice."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.forms: dict[str, dict[str, str]] = {}
        self._fields: dict[str, str] = {}
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._fields = self.forms.setdefault(given.get("action", ""), {})
        if tag == "input" and (name := given.get("name")) and given.get("type") in {"hidden", "radio"}:
            self._fields[name] = "3" if given["type"] == "radio" else given.get("value", "")


def _identify(token: str) -> Caller | None:
    name = token.removesuffix("-token")
    return Caller(name, frozenset(ROLES.get(name, {Role.STUDENT})), CourseId(COURSE))


if __name__ == "__main__":
    main()
