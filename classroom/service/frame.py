"""What every answer carries: a request id, security headers, a line in the log; and 500 for what nobody foresaw."""

import logging
import time

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from classroom.config import SERVICE_PREFIX
from classroom.exchange.protocol import API_PREFIX
from classroom.logs import REQUEST_ID_HEADER, request_id_or_new, working_for
from classroom.metrics import ServiceMetrics
from classroom.service.problems import answer_problem

log = logging.getLogger("classroom.service")

# No inline script or style, nothing from elsewhere, in nobody's frame.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
# A route may set its own value of any of these, for instance a stricter policy for a document to download.
SECURITY_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    # Not no-referrer: with it browsers send `Origin: null` with a form, and the origin is what we check.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
MAX_FORM_BYTES = 2 * 1024 * 1024
STATIC_PATH = f"{SERVICE_PREFIX}/static/"


class Frame:
    """ASGI middleware around everything else. It never buffers a body, so downloads and event streams pass through."""

    def __init__(self, app: ASGIApp, metrics: ServiceMetrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = request_id_or_new(Headers(scope=scope).get(REQUEST_ID_HEADER))
        with working_for(request_id):
            await self._answer(request_id, scope, receive, send)

    async def _answer(self, request_id: str, scope: Scope, receive: Receive, send: Send) -> None:
        scope.setdefault("state", {})["request_id"] = request_id
        began, status = time.monotonic(), 0

        async def send_framed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                _add_headers(MutableHeaders(scope=message), scope["path"], request_id)
            await send(message)

        if not scope["path"].startswith(API_PREFIX):
            receive = _limited(receive)
        try:
            await self._app(scope, receive, send_framed)
        except Exception:  # the outermost edge: told in full to the log, to the caller by its id alone
            log.exception("unexpected error", extra={"request_id": request_id})
            if status == 0:
                await answer_problem(Request(scope, receive), 500)(scope, receive, send_framed)
        finally:
            duration_s = time.monotonic() - began
            _log_request(scope, status, duration_s)
            route = getattr(scope.get("route"), "path", "none")
            self._metrics.observe(scope["method"], route, status or 500, duration_s)


def _limited(receive: Receive) -> Receive:
    """Cuts off a form that would fill the disk. The API's uploads have limits of their own."""
    size = 0

    async def receive_some() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > MAX_FORM_BYTES:
            raise HTTPException(413, "the form is too large")
        return message

    return receive_some


def _add_headers(headers: MutableHeaders, path: str, request_id: str) -> None:
    headers[REQUEST_ID_HEADER] = request_id
    headers.setdefault("Cache-Control", "public, max-age=300" if path.startswith(STATIC_PATH) else "no-store")
    for name, value in SECURITY_HEADERS.items():
        headers.setdefault(name, value)


def _log_request(scope: Scope, status: int, duration_s: float) -> None:
    """The path without its query: the hub's OAuth code is in one."""
    state = scope["state"]
    fields = {
        "request_id": state["request_id"],
        "method": scope["method"],
        "path": scope["path"],
        "status": status,
        "duration_ms": round(duration_s * 1000, 1),
        "caller": state.get("caller"),
    }
    level = logging.DEBUG if scope["path"].endswith(("/health", "/ready")) else logging.INFO
    log.log(level, "request", extra=fields)
