"""Scores for a platform: files that no spreadsheet runs, and scores sent once, by a platform that isn't one."""

import csv
import datetime as dt
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from sqlalchemy import select

from classroom import roster
from classroom.assignments import load_course
from classroom.db.engine import Database, migrate
from classroom.db.tables import Feedback, Passback
from classroom.errors import Refused, SettingsError
from classroom.lti.outbox import LONGEST_PAUSE, Sent, pause_after
from classroom.lti.platform import SCORE_SCOPE, SCORE_TYPE, load_platform, scores_url
from classroom.ops.lms import export_scores, plain_cell, send_scores
from classroom.ops.steps import Class
from tests.small_class import NOON, Clock, write_course

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PEM = KEY.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
)  # fmt: skip
TOKEN_URL, LINE = "https://lms.example/token", "https://lms.example/lines/7?type=x"
PEOPLE = (
    'name,id,section,role\n=HYPERLINK("x") Lovelace,ada,a,student\nBob Byron,bob,b,student\nIvy I,ivy,,instructor\n'
)


@dataclass
class Lms:
    """A platform's two doors. ill: answers to give before it's well again."""

    ill: list[int] = field(default_factory=list)
    scores: dict[str, dict[str, object]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    statements: set[str] = field(default_factory=set)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url.path)
        if str(request.url) == TOKEN_URL:
            return self._token(parse_qs(request.content.decode()))
        assert str(request.url) == "https://lms.example/lines/7/scores?type=x"
        if self.ill:
            return httpx.Response(self.ill.pop(0), text="ill")
        assert request.headers["Authorization"] == "Bearer t0"
        assert request.headers["Content-Type"] == SCORE_TYPE
        score = json.loads(request.content)
        known = self.scores.get(score["userId"])
        if known is None or known["timestamp"] < score["timestamp"]:
            self.scores[score["userId"]] = score
        return httpx.Response(204)

    def _token(self, form: dict[str, list[str]]) -> httpx.Response:
        claims = jwt.decode(form["client_assertion"][0], KEY.public_key(), algorithms=["RS256"], audience=TOKEN_URL)
        assert (claims["iss"], claims["sub"], form["scope"]) == ("tool-1", "tool-1", [SCORE_SCOPE])
        assert form["grant_type"] == ["client_credentials"]
        assert claims["jti"] not in self.statements
        self.statements.add(claims["jti"])
        return httpx.Response(200, json={"access_token": "t0", "expires_in": 3600})


@pytest.fixture
def lms() -> Lms:
    return Lms()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def here(tmp_path: Path, database_url: str) -> Iterator[Class]:
    """A class with a roster, scores of ada and a platform."""
    settings = write_course(tmp_path, database_url)
    settings.secrets.mkdir(parents=True)
    (settings.secrets / "lti.pem").write_bytes(PEM)
    (settings.secrets / "lti.pem").chmod(0o600)
    known = {"client_id": "tool-1", "token_url": TOKEN_URL, "key_id": "k", "line_items": {"ps1": LINE}}
    (settings.state / "lti.json").write_text(json.dumps({**known, "users": {"ada": "user-17"}}))
    migrate(database_url)
    opened = Class(settings, load_course(settings.course_root), Database(database_url))
    with opened.database.session() as session:
        change = roster.compare({}, roster.parse_roster(PEOPLE.encode()))
        roster.write_change(session, opened.course, change, actor="ivy", at=NOON)
    give(opened, 5.5)
    yield opened
    opened.close()


def give(here: Class, score: float, student: str = "ada", at: dt.datetime = NOON) -> None:
    with here.database.session() as session:
        session.add(
            Feedback(
                course="tiny", assignment="ps1", student=student, attempt=1, tree="t", score=score, max_score=8,
                released_at=at, actor="ivy",
            )
        )  # fmt: skip


def send(here: Class, lms: Lms, clock: Callable[[], dt.datetime]) -> Sent | None:
    return send_scores(here, clock, httpx.MockTransport(lms))


def test_a_score_is_sent_once_with_its_maximum_and_time(here: Class, lms: Lms, clock: Clock) -> None:
    first, again = send(here, lms, clock), send(here, lms, clock)

    assert (first, again) == (Sent(sent=1), Sent())
    assert lms.scores == {
        "user-17": {
            "userId": "user-17",
            "scoreGiven": 5.5,
            "scoreMaximum": 8.0,
            "activityProgress": "Completed",
            "gradingProgress": "FullyGraded",
            "timestamp": "2026-11-10T12:00:00.000000+00:00",
        }
    }
    assert lms.asked == ["/token", "/lines/7/scores"]


@pytest.mark.parametrize("ill", [503, 429, 500])
def test_a_platform_that_is_ill_gets_it_later(here: Class, lms: Lms, clock: Clock, ill: int) -> None:
    lms.ill = [ill]
    first, too_early = send(here, lms, clock), send(here, lms, clock)
    clock.now += dt.timedelta(minutes=2)
    later = send(here, lms, clock)

    assert (first, too_early, later) == (Sent(waiting=1), Sent(), Sent(sent=1))
    assert lms.scores["user-17"]["scoreGiven"] == 5.5


def test_what_is_refused_waits_for_a_person_and_says_why(here: Class, lms: Lms, clock: Clock) -> None:
    lms.ill = [422]

    done = send(here, lms, clock)
    clock.now += dt.timedelta(days=2)

    assert (done, send(here, lms, clock)) == (Sent(refused=1), Sent())
    with here.database.reading() as session:
        row = session.scalars(select(Passback)).one()
    assert (row.tries, row.next_at, row.sent_at, row.reason) == (1, None, None, "the platform answers 422: ill")


def test_a_token_that_was_withdrawn_is_asked_for_again(here: Class, lms: Lms, clock: Clock) -> None:
    lms.ill = [401]

    assert send(here, lms, clock) == Sent(sent=1)
    assert lms.asked == ["/token", "/lines/7/scores", "/token", "/lines/7/scores"]


def test_of_two_scores_the_newer_one_arrives_even_if_the_older_waited(here: Class, lms: Lms, clock: Clock) -> None:
    lms.ill = [503]
    send(here, lms, clock)
    give(here, 7.0, at=NOON + dt.timedelta(minutes=1))
    clock.now += dt.timedelta(hours=1)

    assert send(here, lms, clock) == Sent(sent=1)
    assert lms.scores["user-17"]["scoreGiven"] == 7.0


def test_what_was_sent_but_not_marked_so_is_sent_again_and_changes_nothing(here: Class, lms: Lms, clock: Clock) -> None:
    send(here, lms, clock)
    before = dict(lms.scores)
    with here.database.session() as session:
        row = session.scalars(select(Passback)).one()
        row.sent_at, row.next_at = None, NOON

    assert send(here, lms, clock) == Sent(sent=1)
    assert lms.scores == before


def test_without_its_file_nothing_is_sent(here: Class, lms: Lms, clock: Clock) -> None:
    (here.settings.state / "lti.json").unlink()

    assert send(here, lms, clock) is None
    assert lms.asked == []


@pytest.mark.parametrize(
    ("change", "told"),
    [({"token_url": "http://lms.example/token"}, "isn't https"), ({"more": 1}, "more"), ({"key_id": None}, "key_id")],
    ids=["plain http", "unknown", "no key"],
)
def test_a_wrong_file_is_refused(here: Class, change: dict[str, object], told: str) -> None:
    path = here.settings.state / "lti.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))

    with pytest.raises(SettingsError, match=told):
        load_platform(here.settings.state)


def test_a_key_that_others_may_read_is_refused(here: Class, lms: Lms, clock: Clock) -> None:
    (here.settings.secrets / "lti.pem").chmod(0o644)

    with pytest.raises(SettingsError, match="owner alone"):
        send(here, lms, clock)


def test_scores_stand_before_a_line_s_query() -> None:
    assert scores_url("https://x/l/1?a=b") == "https://x/l/1/scores?a=b"


def test_pauses_grow_to_six_hours() -> None:
    assert [pause_after(tries).total_seconds() for tries in (1, 2, 3)] == [60, 120, 240]
    assert pause_after(1000) == LONGEST_PAUSE


@pytest.mark.parametrize("form", ["canvas", "moodle"])
def test_a_file_for_a_platform_has_everybody_s_score_and_no_formula(here: Class, form: str) -> None:
    table = list(csv.reader(io.StringIO(export_scores(here, ["ps1"], form))))

    if form == "canvas":
        assert table == [
            ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "First steps"],
            ["    Points Possible", "", "", "", "", "8"],
            ['Lovelace, =HYPERLINK("x")', "", "", "ada", "a", "5.5"],
            ["Byron, Bob", "", "", "bob", "b", ""],
        ]
    else:
        assert table == [
            ["username", "fullname", "First steps"],
            ["ada", '\'=HYPERLINK("x") Lovelace', "5.5"],
            ["bob", "Bob Byron", ""],
        ]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_what_begins_a_formula_is_text(text: str) -> None:
    assert plain_cell(text) == f"'{text}"


def test_a_format_that_is_unknown_is_refused(here: Class) -> None:
    with pytest.raises(Refused, match="canvas, moodle"):
        export_scores(here, ["ps1"], "excel")
