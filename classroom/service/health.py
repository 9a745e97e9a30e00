"""Whether the service lives, and whether it can work."""

import logging
import tempfile

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from classroom.config import SERVICE_PREFIX
from classroom.errors import DatabaseAway
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
