"""What routes ask for: the caller with a role, and the context with database and store."""

import datetime as dt
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Request

from classroom.assignments import Course
from classroom.config import Settings
from classroom.db.engine import Database
from classroom.errors import Forbidden, NotSignedIn
from classroom.exchange.protocol import API_PREFIX
from classroom.exchange.receipts import ReceiptKey
from classroom.exchange.store import Store
from classroom.exchange.transfers import Transfers
from classroom.service.auth import Caller, Identify, Role
from classroom.service.sessions import SESSION_COOKIE, Seals, Session

__all__ = [
    "Caller",
    "Context",
    "Guards",
    "InContext",
    "Role",
    "caller",
    "context",
    "csrf_token",
    "guards",
    "require",
    "session",
]

CSRF_FIELD = "csrf_token"
CSRF_HEADER = "X-CSRF-Token"
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


@dataclass(frozen=True)
class Context:
    """What every request works with. `clock` is the server's, in UTC: the only time that counts."""

    settings: Settings
    course: Course
    database: Database
    store: Store
    clock: Callable[[], dt.datetime]

    @cached_property
    def transfers(self) -> Transfers:
        """The exchange's rules on this database and store."""
        return Transfers(self.course, self.database, self.store, ReceiptKey.load(self.settings.secrets), self.clock)


@dataclass(frozen=True)
class Guards:
    """How callers are recognised."""

    identify: Identify
    seals: Seals


def context(request: Request) -> Context:
    """The context of this service."""
    found: Context = request.app.state.context
    return found


InContext = Annotated[Context, Depends(context)]


def guards(request: Request) -> Guards:
    """How this service recognises callers."""
    found: Guards = request.app.state.guards
    return found


def session(request: Request, own: Guards) -> Session | None:
    """The browser's session, if its cookie is ours and not too old."""
    return own.seals.unseal_session(request.cookies.get(SESSION_COOKIE))


def csrf_token(own: Guards, current: Session) -> str:
    """For the hidden field `csrf_token` of each form and the header X-CSRF-Token of htmx."""
    return own.seals.csrf_token(current)


async def token(request: Request) -> str:
    """The caller's hub token: from the Authorization header, else from the browser's session.

    A browser sends its cookie along whoever made it ask, so what changes something must also prove that the page was
    ours. Raises NotSignedIn, Forbidden.
    """
    header = request.headers.get("Authorization")
    if header is not None:
        return _parse_authorization(header)
    own = guards(request)
    current = session(request, own)
    if current is None:
        raise NotSignedIn("sign in at the hub, or send its token as 'Authorization: token ...'")
    if request.method not in _SAFE_METHODS:
        _check_origin(request)
        if not own.seals.is_csrf_token(current, await _sent_csrf_token(request)):
            raise Forbidden("the form is too old or not from this page: load the page again; nothing was changed")
    return current.token


def caller(request: Request, own: Annotated[Guards, Depends(guards)], sent: Annotated[str, Depends(token)]) -> Caller:
    """Who asks, with any role or none; raises NotSignedIn."""
    found = guards(request).identify(sent)
    if found is None:
        raise NotSignedIn("the hub doesn't know this token, or it doesn't open this service; sign in again")
    request.state.caller = found.name
    return found


def require(*roles: Role) -> Callable[..., Awaitable[Caller]]:
    """A dependency: the caller, who has one of the roles in the course of the URL (its `{course}`).

    Raises Forbidden otherwise, and says the role that is needed but not whether the thing exists.
    """
    wanted = " or ".join(roles)

    async def allowed(request: Request, found: Annotated[Caller, Depends(caller)]) -> Caller:
        course = request.path_params.get("course", found.course)
        if course != found.course or not found.roles.intersection(roles):
            raise Forbidden(f"this is for the role {wanted} in the course; ask the instructor if it should be yours")
        return found

    return allowed


def _parse_authorization(header: str) -> str:
    kind, _, value = header.partition(" ")
    if kind.lower() not in ("token", "bearer") or not value.strip() or not value.isascii():
        raise NotSignedIn("the Authorization header must be 'token ...' or 'Bearer ...'")
    return value.strip()


def _check_origin(request: Request) -> None:
    """Browsers say where a request comes from; a form on another site, or on another port, isn't ours."""
    site = request.headers.get("Sec-Fetch-Site", "none")
    origin = request.headers.get("Origin")
    if site not in ("same-origin", "none") or (
        origin is not None and urlsplit(origin).netloc != request.headers.get("Host")
    ):
        raise Forbidden("the request came from another site; nothing was changed")


async def _sent_csrf_token(request: Request) -> str:
    if CSRF_HEADER in request.headers:
        return request.headers[CSRF_HEADER]
    is_page = not request.url.path.startswith(API_PREFIX)
    if is_page and request.headers.get("Content-Type", "").startswith(_FORMS):
        return str((await request.form()).get(CSRF_FIELD, ""))
    return ""
