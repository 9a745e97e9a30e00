"""From a template and values to a page, or to the fragment of it that htmx asked for."""

import hashlib
from collections.abc import Mapping
from functools import cache, partial
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from classroom.config import SERVICE_PREFIX
from classroom.service import STATIC, TEMPLATES
from classroom.service.deps import Caller, Role, context, csrf_token, guards, session
from classroom.service.pages import shown
from classroom.service.pages.words import PILLS

FLASH_COOKIE = "classroom-said"
_FLASH_S = 60
_THEMES = frozenset({"light", "dark"})


def page(request: Request, caller: Caller, template: str, *, status: int = 200, **values: Any) -> Response:
    """The page of a template. Values must not be HTML unless they are Markup made by our own sanitiser."""
    frame = _frame(request, caller)
    answer = HTMLResponse(_environment().get_template(template).render(**frame, **values), status)
    answer.headers["Vary"] = "HX-Request, Cookie"
    if frame["said"]:
        answer.delete_cookie(FLASH_COOKIE, path=f"{SERVICE_PREFIX}/")
    return answer


def fragment(request: Request, caller: Caller, template: str, **values: Any) -> str:
    """The HTML of one fragment, the same bytes as inside the page that includes it."""
    return _environment().get_template(template).render(**_frame(request, caller), **values)


def wants_fragment(request: Request) -> bool:
    """Whether htmx asks for a part to swap in; not when it restores a page of the history."""
    headers = request.headers
    return "HX-Request" in headers and "HX-History-Restore-Request" not in headers and "HX-Boosted" not in headers


def redirect(request: Request, url: str, said: str = "", *, tone: str = "ok") -> Response:
    """To a page after a form was sent. `said` stands on top of it, once: what happened, in a sentence."""
    answer = RedirectResponse(url, 303)
    if said:
        sealed = guards(request).seals.seal("said", {"text": said, "tone": tone})
        answer.set_cookie(
            FLASH_COOKIE, sealed, max_age=_FLASH_S, path=f"{SERVICE_PREFIX}/", httponly=True, samesite="lax"
        )
    return answer


def _frame(request: Request, caller: Caller) -> Mapping[str, Any]:
    """What every template may use."""
    here = context(request)
    now = here.clock()
    own = guards(request)
    current = session(request, own)
    theme = request.cookies.get("theme", "")
    return {
        "prefix": SERVICE_PREFIX,
        "course": here.course,
        "home": f"{SERVICE_PREFIX}/{here.course.id}",
        "hub": f"{here.settings.hub_host}/hub",
        "caller": caller,
        "path": request.url.path,
        "theme": theme if theme in _THEMES else "",
        "csrf": csrf_token(own, current) if current else "",
        "said": own.seals.unseal("said", request.cookies.get(FLASH_COOKIE), max_age_s=_FLASH_S),
        "nav": _nav(caller, f"{SERVICE_PREFIX}/{here.course.id}"),
        "now": now,
        "when": partial(shown.day_and_time, zone=here.course.time_zone, now=now),
        "to_the_second": partial(shown.to_the_second, zone=here.course.time_zone),
        "relative": partial(shown.relative, now=now),
    }


def _nav(caller: Caller, home: str) -> list[tuple[str, str]]:
    entries = []
    if caller.has(Role.STUDENT):
        entries.append(("My work", f"{home}/my"))
    if caller.has(Role.INSTRUCTOR):
        entries.append(("Assignments", f"{home}/assignments"))
    if caller.has(Role.GRADER):
        entries.append(("Grading" if caller.has(Role.INSTRUCTOR) else "Queue", f"{home}/grading"))
        entries.append(("Second looks", f"{home}/second-looks"))
    if caller.has(Role.INSTRUCTOR):
        entries += [
            ("Agreement", f"{home}/agreement"),
            ("Extensions", f"{home}/extensions"),
            ("Roster", f"{home}/roster"),
        ]
    return entries


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        duration=shown.duration,
        size=shown.size,
        points=shown.points,
        short_hash=shown.short_hash,
        iso=shown.iso,
    )
    environment.globals.update(count=shown.count, static=_static_url, pills=PILLS)
    return environment


@cache
def _static_url(name: str) -> str:
    """With the content's hash, so that a browser never mixes an old script with a new page."""
    content = Path(STATIC / name).read_bytes()
    return f"{SERVICE_PREFIX}/static/{name}?v={hashlib.sha256(content).hexdigest()[:12]}"
