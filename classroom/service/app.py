"""The service's application, and the process that serves it."""

import contextlib
import datetime as dt
import gc
from collections.abc import AsyncIterator, Callable
from urllib.parse import urlsplit

import httpx
import uvicorn
from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

from classroom.assignments import load_course
from classroom.config import SERVICE_PREFIX, Settings, load_settings
from classroom.db.engine import Database, migrate
from classroom.exchange.protocol import API_PREFIX
from classroom.exchange.store import Store
from classroom.logs import log_as_json
from classroom.metrics import ServiceMetrics, ensure_token
from classroom.service import STATIC, exchange_api, health, pages, signin
from classroom.service.auth import HubIdentity, Identify
from classroom.service.deps import Context, Guards
from classroom.service.frame import Frame
from classroom.service.linger import Linger
from classroom.service.problems import add_problem_handlers
from classroom.service.sessions import load_seals

_GRACE_S = 5


def create_app(
    settings: Settings,
    *,
    identify: Identify | None = None,
    clock: Callable[[], dt.datetime] | None = None,
    hub_transport: httpx.BaseTransport | None = None,
) -> FastAPI:
    """The service for one course. Tests pass their own `identify`, `clock` or way to the hub."""
    course = load_course(settings.course_root, starts=settings.starts)
    context = Context(settings, course, Database(settings.service_db_url), Store(settings.store), clock or _now)
    app = FastAPI(
        title="Classroom",
        version="1",
        openapi_url=f"{API_PREFIX}/openapi.json",
        # The interactive pages load scripts from a CDN, which our own policy forbids.
        docs_url=None,
        redoc_url=None,
        lifespan=_lifespan,
    )
    app.state.context = context
    app.state.hub_transport = hub_transport
    hub = identify or HubIdentity(settings.hub_api_url, course.id, transport=hub_transport)
    app.state.guards = Guards(hub, load_seals(settings.secrets))
    app.state.metrics = ServiceMetrics(context.database, course.id, settings.state, context.clock)
    add_problem_handlers(app)
    app.add_middleware(Frame, metrics=app.state.metrics)
    app.add_middleware(Linger)
    for router in (health.router, signin.router, exchange_api.router, *pages.routers):
        app.include_router(router)
    if STATIC.is_dir():
        app.mount(f"{SERVICE_PREFIX}/static", StaticFiles(directory=STATIC), name="static")
    return app


@contextlib.asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Before the first request: the newest tables, and nothing half-written from a process that was killed."""
    context: Context = app.state.context
    context.settings.store.mkdir(parents=True, exist_ok=True)
    migrate(context.settings.service_db_url)
    context.transfers.sweep()
    ensure_token(context.settings.secrets, context.settings.metrics_token)
    yield
    context.database.dispose()


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def spare_collector() -> None:
    """Fewer and cheaper garbage collections: what is loaded stays, and a page of thousands of rows is no garbage.

    With Python's own thresholds a third of a large page's time went into looking through them.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(300_000, 10, 10)


def main() -> None:
    """Serves the course of the environment, where the hub says (JUPYTERHUB_SERVICE_URL)."""
    log_as_json()
    settings = load_settings()
    bind = urlsplit(settings.service_bind)
    app = create_app(settings)
    spare_collector()
    uvicorn.run(
        app,
        host=bind.hostname or "127.0.0.1",
        port=bind.port or 8011,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_GRACE_S,
    )


if __name__ == "__main__":
    main()
