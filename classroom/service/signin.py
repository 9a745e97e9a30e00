"""Signing in with the hub, for browsers: OAuth 2 with state and PKCE, as the hub's own servers do it."""

import base64
import hashlib
import hmac
import secrets
from typing import Annotated
from urllib.parse import urlencode

import httpx
from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response

from classroom.config import SERVICE_PREFIX, Settings
from classroom.errors import Forbidden, Unavailable
from classroom.service.deps import Guards, InContext, guards, token
from classroom.service.sessions import SESSION_COOKIE, SESSION_S, Session

LOGIN_PATH = f"{SERVICE_PREFIX}/login"
CALLBACK_PATH = f"{SERVICE_PREFIX}/oauth_callback"
HOME_PATH = f"{SERVICE_PREFIX}/"
_STATE_COOKIE = "classroom-signin"
_STATE_S = 600
_TIMEOUT_S = 10.0

router = APIRouter(include_in_schema=False)
InGuards = Annotated[Guards, Depends(guards)]


@router.get(LOGIN_PATH)
async def login(context: InContext, own: InGuards, next: str = HOME_PATH) -> Response:
    """To the hub's consent, remembering in a sealed cookie where to come back to."""
    verifier, state = secrets.token_urlsafe(48), secrets.token_urlsafe(24)
    question = {
        "client_id": context.settings.oauth_client_id,
        "redirect_uri": CALLBACK_PATH,
        "response_type": "code",
        "state": state,
        "code_challenge": _challenge(verifier),
        "code_challenge_method": "S256",
    }
    answer = RedirectResponse(f"{context.settings.hub_host}/hub/api/oauth2/authorize?{urlencode(question)}", 302)
    sealed = own.seals.seal("signin", {"state": state, "verifier": verifier, "next": safe_next(next)})
    _set_cookie(answer, context.settings, _STATE_COOKIE, sealed, _STATE_S)
    return answer


@router.get(CALLBACK_PATH)
def oauth_callback(request: Request, context: InContext, own: InGuards, code: str = "", state: str = "") -> Response:
    """Trades the hub's code for a token; raises Forbidden when this browser didn't ask for it."""
    asked = own.seals.unseal("signin", request.cookies.get(_STATE_COOKIE), max_age_s=_STATE_S)
    if asked is None or not code or not hmac.compare_digest(asked["state"].encode(), state.encode()):
        raise Forbidden("signing in took too long or began in another window; open the page again")
    found = _fetch_token(request, context.settings, code, asked["verifier"])
    answer = RedirectResponse(asked["next"], 302)
    _set_cookie(answer, context.settings, SESSION_COOKIE, own.seals.seal_session(Session.start(found)), SESSION_S)
    answer.delete_cookie(_STATE_COOKIE, path=HOME_PATH)
    return answer


@router.post(f"{SERVICE_PREFIX}/logout", dependencies=[Depends(token)])
async def logout(context: InContext) -> Response:
    """Forgets the session, then lets the hub do the same; else the next page would sign in again by itself."""
    answer = RedirectResponse(f"{context.settings.hub_host}/hub/logout", 303)
    answer.delete_cookie(SESSION_COOKIE, path=HOME_PATH)
    return answer


def safe_next(url: str) -> str:
    """The URL if it's a path of this service, else its home: never another site, whatever a browser makes of it."""
    is_ours = url.startswith(HOME_PATH) and "\\" not in url and "/../" not in f"{url}/" and url.isprintable()
    return url if is_ours else HOME_PATH


def _challenge(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


def _fetch_token(request: Request, settings: Settings, code: str, verifier: str) -> str:
    form = {
        "client_id": settings.oauth_client_id,
        "client_secret": settings.service_token,
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": CALLBACK_PATH,
        "code_verifier": verifier,
    }
    transport: httpx.BaseTransport | None = request.app.state.hub_transport
    try:
        with httpx.Client(transport=transport, timeout=_TIMEOUT_S) as client:
            answer = client.post(f"{settings.hub_api_url}/oauth2/token", data=form)
    except httpx.HTTPError:
        raise Unavailable("the hub doesn't answer; open the page again in a moment") from None
    if answer.status_code != 200:
        raise Forbidden("the hub refused the sign-in; open the page again")
    return str(answer.json()["access_token"])


def _set_cookie(answer: Response, settings: Settings, name: str, value: str, max_age_s: int) -> None:
    answer.set_cookie(
        name,
        value,
        max_age=max_age_s,
        path=HOME_PATH,
        httponly=True,
        samesite="lax",
        secure=settings.public_url.startswith("https:"),
    )
