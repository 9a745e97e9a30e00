"""A student's web application (ASGI): a request runs where the application lives; status, headers and body come back.

`AppHost` runs applications: in the student's process under the judge, in the kernel under plain nbgrader. `Client` is
what a test holds; it's the same in both. Requests of one worker share the application's state, and its lifespan starts
once, before the first. No web sockets, no streaming to the test: a body is taken whole and has a cap.
"""

import asyncio
import atexit
import inspect
import json as json_codec
import threading
import urllib.parse
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any

from judge.proxies import CannotJudge, Remote

MAX_BODY_BYTES = 8 << 20
MAX_HEADERS = 200
HOST = "testserver"
_NEVER = 1e6

Headers = Sequence[tuple[str, str]]
# method, path, query, headers, body -> status, headers, body
Send = Callable[[list[Any]], list[Any]]


def is_app(value: object) -> bool:
    """Whether an object is an application of Starlette's family, or an async function (scope, receive, send)."""
    kind = type(value)
    if inspect.iscoroutinefunction(value):
        return list(inspect.signature(value).parameters) == ["scope", "receive", "send"]
    return any(
        base.__name__ in ("Starlette", "FastAPI") and base.__module__.partition(".")[0] in ("starlette", "fastapi")
        for base in kind.__mro__
    )


class AppHost:
    """The running applications of one process, each with a loop of its own and its lifespan."""

    def __init__(self) -> None:
        self._apps: dict[int, _Running] = {}

    def request(self, app: Any, method: str, path: str, query: str, headers: Headers, body: bytes) -> list[Any]:
        """Status, headers and body of the answer; raises what the application raises."""
        if id(app) not in self._apps:
            self._apps[id(app)] = _Running(app)
        return self._apps[id(app)].request(method, path, query, headers, body)

    def close(self) -> None:
        """Ends every application without its shutdown: what a test wanted to see it has seen."""
        while self._apps:
            self._apps.popitem()[1].close()


class _Running:
    """One application with its event loop. `_state` is what its lifespan left for the requests."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self._loop = asyncio.new_event_loop()
        self._state: dict[str, Any] = {}
        self._lifespan: asyncio.Task[None] | None = None
        try:
            self._run(self._start())
        except BaseException:
            self.close()
            raise

    def request(self, method: str, path: str, query: str, headers: Headers, body: bytes) -> list[Any]:
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": urllib.parse.unquote(path),
            "raw_path": path.encode(),
            "root_path": "",
            "query_string": query.encode(),
            "headers": [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers],
            "client": ("testclient", 50000),
            "server": (HOST, 80),
            "state": dict(self._state),
        }
        answer: list[Any] = self._run(_exchange(self._app, scope, body))
        return answer

    def close(self) -> None:
        if self._lifespan is not None and not self._lifespan.done():
            self._lifespan.cancel()
            self._loop.run_until_complete(asyncio.wait({self._lifespan}))
        self._loop.close()

    def _run(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Runs work on the application's loop; a kernel's own loop may be running in this thread already."""
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return self._loop.run_until_complete(work)
        outcome: list[Any] = []
        thread = threading.Thread(target=lambda: outcome.append(self._loop.run_until_complete(_outcome(work))))
        thread.start()
        thread.join()
        result, error = outcome[0]
        if error is not None:
            raise error
        return result

    async def _start(self) -> None:
        """Lifespan startup. An application that knows no lifespan raises or answers nothing; that's no fault."""
        told: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        asked: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        asked.put_nowait({"type": "lifespan.startup"})
        scope = {"type": "lifespan", "asgi": {"version": "3.0"}, "state": self._state}
        self._lifespan = asyncio.ensure_future(self._app(scope, asked.get, told.put))
        answer = asyncio.ensure_future(told.get())
        await asyncio.wait({self._lifespan, answer}, return_when=asyncio.FIRST_COMPLETED)
        if self._lifespan.done() and not answer.done():
            answer.cancel()
            self._lifespan.exception()
            return
        message = await answer
        if message["type"] == "lifespan.startup.failed":
            raise RuntimeError(f"the application didn't start: {message.get('message', '')}")


async def _outcome(work: Coroutine[Any, Any, Any]) -> tuple[Any, BaseException | None]:
    try:
        return await work, None
    except Exception as error:  # noqa: BLE001 - raised again in the thread that asked
        return None, error


async def _exchange(app: Any, scope: dict[str, Any], body: bytes) -> list[Any]:
    status, headers, parts = 500, [], []
    size = 0
    is_sent, is_over = False, asyncio.Event()

    async def receive() -> dict[str, Any]:
        nonlocal is_sent
        if is_sent:
            await asyncio.wait_for(is_over.wait(), _NEVER)
            return {"type": "http.disconnect"}
        is_sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        nonlocal status, headers, size
        if message["type"] == "http.response.start":
            status = message["status"]
            headers = [[name.decode("latin-1"), value.decode("latin-1")] for name, value in message.get("headers", ())]
        elif message["type"] == "http.response.body":
            part = bytes(message.get("body", b""))
            size += len(part)
            if size > MAX_BODY_BYTES:
                raise RuntimeError(f"the answer has more than {MAX_BODY_BYTES >> 20} MB")
            parts.append(part)
            if not message.get("more_body"):
                is_over.set()

    await app(scope, receive, send)
    is_over.set()
    return [status, headers, b"".join(parts)]


class Response:
    """What the application answered. `headers` are known by their names in lower case; of several the last."""

    def __init__(self, answer: Any) -> None:
        status, headers, body = answer
        if type(status) is not int or type(headers) is not list or type(body) is not bytes:
            raise CannotJudge("a student's application gave no answer")
        if len(headers) > MAX_HEADERS or len(body) > MAX_BODY_BYTES:
            raise CannotJudge("a student's application answered with more than is taken")
        self.status_code = status
        self.headers = {str(name).lower(): str(value) for name, value in headers}
        self.content = body

    @property
    def text(self) -> str:
        return self.content.decode("utf-8", "replace")

    @property
    def is_success(self) -> bool:
        return 200 <= self.status_code < 300

    def json(self) -> Any:
        return json_codec.loads(self.content)

    def __repr__(self) -> str:
        return f"<Response [{self.status_code}]>"


class Client:
    """Sends requests to one application, by a function that knows where it lives."""

    def __init__(self, send: Send) -> None:
        self._send = send

    def request(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, Any] | Sequence[tuple[str, Any]] | None = None,
        json: Any = None,
        data: Mapping[str, Any] | None = None,
        content: bytes | str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """The answer to one request. `json`, `data` (a form) and `content` are bodies; give one of them at most."""
        parts = urllib.parse.urlsplit(url)
        query = "&".join(part for part in (parts.query, _query(params)) if part)
        body, kind = _body(json, data, content)
        sent = {"host": HOST, "accept": "*/*", "user-agent": "judge"} | kind
        sent |= {name.lower(): str(value) for name, value in (headers or {}).items()}
        path = urllib.parse.quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
        return Response(self._send([method.upper(), path, query, [list(pair) for pair in sent.items()], body]))

    def get(self, url: str, **options: Any) -> Response:
        return self.request("GET", url, **options)

    def post(self, url: str, **options: Any) -> Response:
        return self.request("POST", url, **options)

    def put(self, url: str, **options: Any) -> Response:
        return self.request("PUT", url, **options)

    def patch(self, url: str, **options: Any) -> Response:
        return self.request("PATCH", url, **options)

    def delete(self, url: str, **options: Any) -> Response:
        return self.request("DELETE", url, **options)


def _query(params: Mapping[str, Any] | Sequence[tuple[str, Any]] | None) -> str:
    if params is None:
        return ""
    pairs = list(params.items()) if isinstance(params, Mapping) else list(params)
    named = [(name, [_word(one) for one in value] if isinstance(value, list | tuple) else _word(value))
             for name, value in pairs]  # fmt: skip
    return urllib.parse.urlencode(named, doseq=True)


def _word(value: Any) -> str:
    """As httpx writes it: true, false, nothing for None."""
    if value is None or value is True or value is False:
        return {None: "", True: "true", False: "false"}[value]
    return str(value)


def _body(json: Any, data: Mapping[str, Any] | None, content: bytes | str | None) -> tuple[bytes, dict[str, str]]:
    if sum(part is not None for part in (json, data, content)) > 1:
        raise TypeError("a request has one body: json, data or content")
    if json is not None:
        text = json_codec.dumps(json, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        body, kind = text.encode(), "application/json"
    elif data is not None:
        body, kind = _query(data).encode(), "application/x-www-form-urlencoded"
    else:
        body, kind = content.encode() if isinstance(content, str) else content or b"", ""
    return body, {"content-length": str(len(body))} | ({"content-type": kind} if kind else {}) if body else {}


# -- the judge's side ----------------------------------------------------------------------------------------


class RemoteApp(Remote):
    """A student's application. As an ASGI application itself it passes each request on, so TestClient(app) works."""

    __slots__ = ()

    async def __call__(self, scope: Mapping[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":  # the application's own starts where it lives, with the first request
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
            return
        if scope["type"] != "http":
            raise CannotJudge("only HTTP requests reach a student's application")
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        # Compressed answers would be unpacked here, to any size.
        headers = [[name.decode("latin-1"), value.decode("latin-1")] for name, value in scope["headers"]
                   if name != b"accept-encoding"]  # fmt: skip
        answer = Response(
            self._asking.http(self, [scope["method"], scope["path"], scope["query_string"].decode(), headers, body])
        )
        kept = [
            (name.encode("latin-1"), value.encode("latin-1"))
            for name, value in answer.headers.items()
            if name != "content-encoding"
        ]
        await send({"type": "http.response.start", "status": answer.status_code, "headers": kept})
        await send({"type": "http.response.body", "body": answer.content})


def client_of(asking: Any, app: Any) -> Client:
    """The client of a student's application, or of one in this process when nobody is asked."""
    if asking is None:
        return Client(lambda request: _here.request(app, *request))
    if not isinstance(app, Remote):
        raise CannotJudge(f"the student's application is a {type(app).__name__}")
    return Client(lambda request: asking.http(app, request))


_here = AppHost()
atexit.register(_here.close)
