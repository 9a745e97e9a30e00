"""A platform's two doors for a tool: a token for a signed statement, and a score for a line of its gradebook.

Sources: 1EdTech Security Framework 1.0, section 4 (OAuth 2.0 client credentials with a JWT); LTI Assignment and Grade
Services 2.0, section 3.4 (scores).
"""

import datetime as dt
import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import httpx
import jwt
from pydantic import BaseModel, ConfigDict, ValidationError

from classroom.errors import Refused, SettingsError, Unavailable

SCORE_SCOPE = "https://purl.imsglobal.org/spec/lti-ags/scope/score"
SCORE_TYPE = "application/vnd.ims.lis.v1.score+json"
_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_TIMEOUT_S = 20.0
_STATEMENT_S = 60
_SPARE_S = 30.0  # a token is not used in its last seconds
# A platform that is overloaded or being upgraded says so in these; all other refusals stay refusals.
_LATER = frozenset({408, 423, 425, 429})


class PlatformFile(BaseModel):
    """lti.json. line_items: the address of each assignment's line in the platform's gradebook, as it shows it to the
    tool; users: the platform's ids of people whose names at the hub are others."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    client_id: str
    token_url: str
    audience: str = ""  # of the signed statement; the token's address unless the platform says otherwise
    key_file: str = "lti.pem"  # in the secrets folder: an RSA key, whose public half the platform has
    key_id: str
    line_items: Mapping[str, str]
    users: Mapping[str, str] = {}


@dataclass(frozen=True)
class Score:
    """What a student has for an assignment. at: when it was given; the platform keeps the newest."""

    user: str
    given: float
    maximum: float
    at: dt.datetime

    def as_json(self) -> dict[str, object]:
        """The body that the services ask for, section 3.4."""
        return {
            "userId": self.user,
            "scoreGiven": self.given,
            "scoreMaximum": self.maximum,
            "activityProgress": "Completed",
            "gradingProgress": "FullyGraded",
            "timestamp": self.at.astimezone(dt.UTC).isoformat(timespec="microseconds"),
        }


def load_platform(state: Path) -> PlatformFile | None:
    """What lti.json in the state folder says; None without one. Raises SettingsError."""
    path = state / "lti.json"
    if not path.is_file():
        return None
    try:
        known = PlatformFile.model_validate_json(path.read_bytes())
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
        raise SettingsError(f"{path}: {faults}") from error
    for url in (known.token_url, *known.line_items.values()):
        if urlsplit(url).scheme != "https" and urlsplit(url).hostname not in ("127.0.0.1", "localhost"):
            raise SettingsError(f"{path}: {url} isn't https, scores would travel in the open")
    return known


class Platform:
    """A client of one platform. Keeps its token as long as that is valid."""

    def __init__(self, known: PlatformFile, key_pem: bytes, *, transport: httpx.BaseTransport | None = None) -> None:
        self._known = known
        self._key = key_pem
        self._http = httpx.Client(transport=transport, timeout=_TIMEOUT_S)
        self._token, self._token_until = "", 0.0

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()

    def send(self, line_item: str, score: Score) -> None:
        """Put a score into a line; again the same changes nothing there.

        Raises Unavailable when trying later may help, Refused with the platform's words when it will not.
        """
        for is_last in (False, True):
            answer = self._post(line_item, score)
            if answer.status_code != 401 or is_last:
                break
            self._token_until = 0.0  # withdrawn before its time
        _raise_for(answer)

    def _post(self, line_item: str, score: Score) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self._bearer()}", "Content-Type": SCORE_TYPE}
        try:
            return self._http.post(scores_url(line_item), content=json.dumps(score.as_json()), headers=headers)
        except httpx.TransportError as error:
            raise Unavailable(f"the platform doesn't answer ({type(error).__name__})") from error

    def _bearer(self) -> str:
        if time.monotonic() < self._token_until:
            return self._token
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": _ASSERTION,
            "client_assertion": self._statement(),
            "scope": SCORE_SCOPE,
        }
        try:
            answer = self._http.post(self._known.token_url, data=form)
        except httpx.TransportError as error:
            raise Unavailable(f"the platform gives no token ({type(error).__name__})") from error
        _raise_for(answer)
        try:
            self._token = str(answer.json()["access_token"])
            lives_s = float(answer.json().get("expires_in", 0))
        except (ValueError, KeyError, TypeError) as error:
            raise Refused("the platform's answer holds no token; look at token_url in lti.json") from error
        self._token_until = time.monotonic() + lives_s - _SPARE_S
        return self._token

    def _statement(self) -> str:
        now = int(time.time())
        claims = {
            "iss": self._known.client_id,
            "sub": self._known.client_id,
            "aud": self._known.audience or self._known.token_url,
            "iat": now,
            "exp": now + _STATEMENT_S,
            "jti": secrets.token_urlsafe(24),
        }
        return jwt.encode(claims, self._key, algorithm="RS256", headers={"kid": self._known.key_id})


def scores_url(line_item: str) -> str:
    """The scores of a line: `/scores` goes before the address's query, which some platforms have."""
    parts = urlsplit(line_item)
    return urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}/scores"))


def _raise_for(answer: httpx.Response) -> None:
    if answer.is_success:
        return
    told = f"the platform answers {answer.status_code}: {' '.join(answer.text.split())[:200]}"
    if answer.status_code in _LATER or answer.is_server_error:
        raise Unavailable(told)
    raise Refused(told)
