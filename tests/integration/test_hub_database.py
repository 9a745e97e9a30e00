"""The hub's own session on PostgreSQL, which is restarted."""

from collections.abc import Iterator
from contextlib import suppress
from types import SimpleNamespace
from typing import Any, cast

import pytest
from jupyterhub import orm
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from tornado.httputil import HTTPConnection, HTTPHeaders, HTTPServerRequest, RequestStartLine
from tornado.web import Application, RequestHandler
from traitlets.config import Config

from classroom.config import Settings
from classroom.db.engine import parse_url
from classroom.hub_settings import HubSettings
from classroom.ops import hub_containers
from tests.conftest import ROOT
from tests.postgres import Postgres

pytestmark = pytest.mark.needs("postgres")


@pytest.fixture
def configured() -> Config:
    c = Config()
    hub_containers.place(c, Settings(ROOT, ROOT / ".state", public_url="https://class.example.org"), HubSettings())
    return c


@pytest.fixture
def session(postgres: Postgres, configured: Config) -> Iterator[Session]:
    """Made as the hub makes its one."""
    url = parse_url(postgres.new_database()).render_as_string(hide_password=False)
    made: Session = orm.new_session_factory(url, **configured.JupyterHub.db_kwargs)()
    yield made
    with suppress(OperationalError):
        made.close()
    cast("Any", made.get_bind()).dispose()


def ask(session: Session) -> int:
    """What a request looks up; the transaction that it begins stays open."""
    return session.query(orm.User).count()


def end_request(session: Session, configured: Config) -> None:
    """What Tornado does at the end of each request to the hub."""
    application = Application(db=session, **configured.JupyterHub.tornado_settings)
    connection = SimpleNamespace(set_close_callback=lambda callback: None)
    line = RequestStartLine("GET", "/hub/home", "HTTP/1.1")
    request = HTTPServerRequest(
        start_line=line, headers=HTTPHeaders(Host="hub"), connection=cast("HTTPConnection", connection)
    )
    application.log_request(RequestHandler(application, request))


def test_the_first_to_ask_after_a_restart_is_answered(session: Session, configured: Config, postgres: Postgres) -> None:
    ask(session)
    end_request(session, configured)

    with postgres.stopped():
        pass

    assert ask(session) == 0


def test_control_a_transaction_left_open_costs_one_error(session: Session, postgres: Postgres) -> None:
    ask(session)

    with postgres.stopped():
        pass

    with pytest.raises(OperationalError):
        ask(session)
    session.rollback()
    assert ask(session) == 0


def test_a_database_that_went_away_meanwhile_stops_no_answer(
    session: Session, configured: Config, postgres: Postgres
) -> None:
    ask(session)

    with postgres.stopped():
        end_request(session, configured)

    assert ask(session) == 0
