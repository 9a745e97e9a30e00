"""Whether the service lives, whether it can work, and what it measures."""

import logging
import tempfile

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from classroom import metrics
from classroom.config import SERVICE_PREFIX
from classroom.errors import DatabaseAway, NotFound
from classroom.service.deps import Context, InContext

log = logging.getLogger(__name__)
router = APIRouter(tags=["health"])


@router.get(f"{SERVICE_PREFIX}/health")
async def health() -> dict[str, str]:
    """The process answers."""
    return {"status": "alive"}


@router.get(f"{SERVICE_PREFIX}/ready")
def ready(context: InContext) -> JSONResponse:
    """The database answers and the store can be written; 503 and what fails otherwise."""
    parts = {"database": _database_answers(context), "store": _store_is_writable(context)}
    is_ready = all(parts.values())
    states = {part: "ok" if works else "failing" for part, works in parts.items()}
    return JSONResponse({"status": "ready" if is_ready else "not ready", "parts": states}, 200 if is_ready else 503)


@router.get(f"{SERVICE_PREFIX}/metrics", include_in_schema=False)
def show_metrics(request: Request, context: InContext) -> Response:
    """For Prometheus, which has the token in secrets/metrics.token; the same 404 as anywhere for everybody else."""
    if not metrics.is_allowed(context.settings.secrets, request.headers.get("Authorization")):
        raise NotFound("there is nothing at this address")
    measured: metrics.ServiceMetrics = request.app.state.metrics
    return Response(measured.page(), media_type=metrics.CONTENT_TYPE)


def _database_answers(context: Context) -> bool:
    try:
        with context.database.reading() as session:
            session.execute(text("SELECT version_num FROM alembic_version")).one()
    except (SQLAlchemyError, DatabaseAway) as error:
        log.error("the database fails: %s", error)
        return False
    return True


def _store_is_writable(context: Context) -> bool:
    try:
        with tempfile.TemporaryFile(dir=context.settings.store) as probe:
            probe.write(b"probe")
    except OSError as error:
        log.error("the store fails: %s", error)
        return False
    return True
