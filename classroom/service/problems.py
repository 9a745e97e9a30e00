"""How an error reaches the caller: one JSON shape for the API, a page for people."""

import logging
from html import escape
from http import HTTPStatus
from urllib.parse import urlencode

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from jinja2 import Environment, FileSystemLoader, TemplateNotFound
from starlette.exceptions import HTTPException

from classroom.config import SERVICE_PREFIX
from classroom.errors import ClassroomError, NotSignedIn, RequestError
from classroom.exchange.protocol import API_PREFIX, ErrorBody, ErrorDetail
from classroom.service import TEMPLATES

log = logging.getLogger(__name__)

_TITLES = {
    401: "Sign in first",
    403: "Not yours to open",
    404: "There is no such page",
    409: "Somebody was quicker",
    413: "Too large",
    422: "That can't be accepted",
    503: "Not available at the moment",
}
_OUR_FAULT = "Our fault: something unexpected happened. Try again; if it stays, tell the instructor this request id."
_CODES = {400: "bad_request", 404: "not_found", 405: "method_not_allowed", 422: "invalid", 500: "internal"}
_templates = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True)


def add_problem_handlers(app: FastAPI) -> None:
    """Makes the app answer every error of ours, and the framework's, in one way."""
    app.add_exception_handler(ClassroomError, _on_classroom_error)
    app.add_exception_handler(HTTPException, _on_http_exception)
    app.add_exception_handler(RequestValidationError, _on_invalid_request)


def answer_problem(request: Request, status: int, code: str = "", message: str = _OUR_FAULT) -> Response:
    """The answer for an error. `message` is shown as it is; it holds no token, path of this machine, or traceback."""
    code = code or _CODES.get(status, "error")
    if request.url.path.startswith(API_PREFIX):
        detail = ErrorDetail(code=code, message=message, request_id=_request_id(request))
        answer: Response = JSONResponse(ErrorBody(error=detail).model_dump(), status)
    elif status == 401:
        return _to_login(request)
    else:
        answer = HTMLResponse(_render_page(request, status, message), status)
    if status == 401:
        answer.headers["WWW-Authenticate"] = 'Bearer realm="classroom"'
    return answer


async def _on_classroom_error(request: Request, error: Exception) -> Response:
    if isinstance(error, RequestError):
        return answer_problem(request, error.status, error.code, str(error))
    # A fault of ours or of the course: its text may name files of this machine.
    log.error("%s", error, exc_info=error, extra={"request_id": _request_id(request)})
    return answer_problem(request, 500)


async def _on_http_exception(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    message = "there is nothing at this address" if status == 404 else HTTPStatus(status).phrase.lower()
    return answer_problem(request, status, message=message)


async def _on_invalid_request(request: Request, error: Exception) -> Response:
    faults = error.errors() if isinstance(error, RequestValidationError) else []
    told = "; ".join(f"{'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}" for fault in faults[:5])
    return answer_problem(request, 422, message=f"the request isn't understood: {told}")


def _to_login(request: Request) -> Response:
    """A page goes to the hub's sign-in and comes back. htmx is told to do so, since it would swap the answer in."""
    path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    back = path if request.method == "GET" else f"{SERVICE_PREFIX}/"
    if "HX-Request" in request.headers:
        current = request.headers.get("HX-Current-URL", "")
        back = current[current.find(SERVICE_PREFIX) :] if SERVICE_PREFIX in current else back
    login = f"{SERVICE_PREFIX}/login?{urlencode({'next': back})}"
    if "HX-Request" in request.headers:
        return Response(status_code=NotSignedIn.status, headers={"HX-Redirect": login})
    return RedirectResponse(login, 303)


def _render_page(request: Request, status: int, message: str) -> str:
    title = _TITLES.get(status, "That did not work")
    request_id = _request_id(request)
    try:
        page = _templates.get_template("error.html")
    except TemplateNotFound:
        return (
            f"<!doctype html><title>{title}</title><h1>{title}</h1><p>{escape(message)}</p><p>Request {request_id}</p>"
        )
    return page.render(request=request, status=status, title=title, message=message, request_id=request_id)


def _request_id(request: Request) -> str:
    return str(getattr(request.state, "request_id", ""))
