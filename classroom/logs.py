"""Log lines as JSON, each with the id of the request that it belongs to.

A request's id comes with it, from whoever asked, or is made by the service. It stays with what the request sets off: it
is written into a run of grading, and the runner's lines about that run's jobs carry it.
"""

import json
import logging
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime

REQUEST_ID_HEADER = "X-Request-Id"
_REQUEST_ID = re.compile(r"[0-9a-f]{16}")
_current: ContextVar[str] = ContextVar("request_id", default="")
_PLAIN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}


def new_request_id() -> str:
    """64 random bits, as 16 hex digits."""
    return secrets.token_hex(8)


def request_id_or_new(given: str | None) -> str:
    """The id that came with a request when it's one of ours by its form, else a new one."""
    return given if given and _REQUEST_ID.fullmatch(given) else new_request_id()


def request_id() -> str:
    """The id of the request that this code works for; empty when it's none's."""
    return _current.get()


@contextmanager
def working_for(request_id: str) -> Iterator[None]:
    """Log lines in the block, in what it awaits and in the threads it hands work to, carry this request's id."""
    token = _current.set(request_id)
    try:
        yield
    finally:
        _current.reset(token)


class JsonLines(logging.Formatter):
    """One JSON object a line: time, level, logger, message, request_id, and whatever was given as `extra`."""

    def format(self, record: logging.LogRecord) -> str:
        fields: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if known := request_id():
            fields["request_id"] = known
        fields |= {key: value for key, value in vars(record).items() if key not in _PLAIN}
        if record.exc_info:
            fields["traceback"] = self.formatException(record.exc_info)
        return json.dumps(fields, default=str)


def log_as_json(level: int = logging.INFO) -> None:
    """Sends every log line of this process to stderr as JSON."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    # httpx tells each request of ours to the hub; one line for each page is enough.
    logging.getLogger("httpx").setLevel(logging.WARNING)
