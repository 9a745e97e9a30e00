"""Who calls: identity comes from the hub's token, and from nothing else."""

import hashlib
import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import httpx

from classroom.config import OPERATOR_NAME, SERVICE_NAME
from classroom.errors import Refused, Unavailable
from classroom.ids import CourseId, parse_student_id

log = logging.getLogger(__name__)

ACCESS_SCOPES = frozenset({"access:services", f"access:services!service={SERVICE_NAME}"})
CACHE_S = 30.0
_MAX_CACHED = 2000
# Seconds. A busy hub answers late: on a starved machine 5 were too few for 5 uploads of 200. Clients wait 15.
_TIMEOUT = httpx.Timeout(5.0, read=12.0)


class Role(StrEnum):
    """What a caller may do in the course."""

    STUDENT = "student"
    GRADER = "grader"
    INSTRUCTOR = "instructor"


@dataclass(frozen=True)
class Caller:
    """Somebody the hub knows. `name`: the hub account, also the student id. An instructor is a grader, too."""

    name: str
    roles: frozenset[Role]
    course: CourseId

    def has(self, role: Role) -> bool:
        return role in self.roles


Identify = Callable[[str], Caller | None]
"""From a token to its owner; None for a token that the hub doesn't know or that may not be used here."""


class HubIdentity:
    """Asks the hub whose token it is, and remembers the answer for CACHE_S seconds.

    A revoked token therefore works for at most that long. `transport` lets tests stand in for the hub. Raises
    Unavailable when the hub doesn't answer. Safe to call from several threads.
    """

    def __init__(
        self,
        hub_api_url: str,
        course: CourseId,
        *,
        transport: httpx.BaseTransport | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._course = course
        self._clock = clock
        self._client = httpx.Client(base_url=hub_api_url, transport=transport, timeout=_TIMEOUT)
        self._known: OrderedDict[str, tuple[float, Caller | None]] = OrderedDict()
        self._lock = threading.Lock()

    def __call__(self, token: str) -> Caller | None:
        key = hashlib.sha256(token.encode()).hexdigest()
        with self._lock:
            known = self._known.get(key)
        if known and known[0] > self._clock():
            return known[1]
        caller = self._ask(token)
        self._remember(key, caller)
        return caller

    def close(self) -> None:
        self._client.close()

    def _ask(self, token: str) -> Caller | None:
        try:
            answer = self._client.get("/user", headers={"Authorization": f"token {token}"})
        except (httpx.HTTPError, UnicodeError, ValueError) as error:
            # The message may quote the header: only the kind of the error is told.
            log.warning("the hub's API failed: %s", type(error).__name__)
            raise Unavailable("the hub doesn't answer, so nobody can be recognised; try again in a moment") from None
        if answer.status_code in (401, 403, 404):
            return None
        if answer.status_code != 200:
            raise Unavailable(f"the hub answers {answer.status_code}; try again in a moment")
        return parse_caller(answer.json(), self._course)

    def _remember(self, key: str, caller: Caller | None) -> None:
        with self._lock:
            self._known[key] = (self._clock() + CACHE_S, caller)
            self._known.move_to_end(key)
            while len(self._known) > _MAX_CACHED:
                self._known.popitem(last=False)


def parse_caller(model: Mapping[str, Any], course: CourseId) -> Caller | None:
    """The caller in the hub's model of a token's owner; None when the token's scopes don't open this service.

    A service has no groups: the one named `operator` counts as an instructor, another has no role.
    """
    if not ACCESS_SCOPES.intersection(model.get("scopes") or ()):
        return None
    name = str(model.get("name", ""))
    if model.get("kind") == "service":
        roles = roles_of_groups([f"{course}-instructors"] if name == OPERATOR_NAME else [], course)
        return Caller(name, roles, course)
    try:
        return Caller(parse_student_id(name), roles_of_groups(model.get("groups") or (), course), course)
    except Refused:
        log.warning("the hub account %r has a name that the classroom can't use", name[:80])
        return None


def roles_of_groups(groups: Any, course: CourseId) -> frozenset[Role]:
    """The roles that the hub's groups `{course}-students`, `-graders` and `-instructors` give."""
    roles = {role for role in Role if f"{course}-{role}s" in groups}
    if Role.INSTRUCTOR in roles:
        roles.add(Role.GRADER)
    return frozenset(roles)
