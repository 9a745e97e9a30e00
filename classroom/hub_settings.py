"""What the hub is told by its environment: beside config.py, the only reader of it."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from classroom.errors import SettingsError

SPAWNERS = ("local", "docker", "swarm")
SIGN_INS = ("accounts", "github", "google", "generic", "lti13")
_Number = TypeVar("_Number", int, float)


@dataclass(frozen=True)
class HubSettings:
    """spawner: where servers run. sign_in: who says who somebody is. Sizes are of one student's server.

    admins: who may use the hub's admin page; they are instructors too, roster or not. mail_domains: for Google.
    claim: the field of OAuth's or LTI's answer that is the name. homes: options of Docker's own driver for a home;
    empty for a folder of the machine. Tokens and passwords are never shown.
    """

    spawner: str = "local"
    sign_in: str = "accounts"
    admins: frozenset[str] = frozenset()
    announcement: str = ""
    subdomains: bool = False
    idle_minutes: int = 60
    max_servers: int = 0  # 0: as many as there are people
    student_image: str = "classroom-student"
    memory: str = "2G"
    cpus: float = 2.0
    pids: int = 512
    file_gb: int = 4  # the largest file in a home
    internet: bool = False
    subnets: str = "10.213.0.0/16"
    project: str = "classroom"
    homes: Mapping[str, str] = field(default_factory=dict)
    claim: str = ""
    mail_domains: tuple[str, ...] = ()
    lti: Mapping[str, str] = field(default_factory=dict)
    service_token: str = field(default="", repr=False)
    operator_token: str = field(default="", repr=False)


def load_hub_settings(environ: Mapping[str, str] | None = None) -> HubSettings:
    """From CLASSROOM_SPAWNER and the other names that docs/howto/run-a-class.md lists; raises SettingsError."""
    given = {key: value for key, value in (os.environ if environ is None else environ).items() if value}
    own = HubSettings()
    return HubSettings(
        spawner=_choose(given, "CLASSROOM_SPAWNER", own.spawner, SPAWNERS),
        sign_in=_choose(given, "CLASSROOM_SIGN_IN", own.sign_in, SIGN_INS),
        admins=frozenset(_words(given.get("CLASSROOM_ADMINS", ""))),
        announcement=given.get("CLASSROOM_ANNOUNCEMENT", ""),
        subdomains=given.get("CLASSROOM_SUBDOMAINS", "") == "1",
        idle_minutes=_parse(given, "CLASSROOM_IDLE_MINUTES", own.idle_minutes),
        max_servers=_parse(given, "CLASSROOM_MAX_SERVERS", own.max_servers),
        student_image=given.get("CLASSROOM_STUDENT_IMAGE", own.student_image),
        memory=given.get("CLASSROOM_STUDENT_MEMORY", own.memory),
        cpus=_parse(given, "CLASSROOM_STUDENT_CPUS", own.cpus),
        pids=_parse(given, "CLASSROOM_STUDENT_PIDS", own.pids),
        file_gb=_parse(given, "CLASSROOM_STUDENT_FILE_GB", own.file_gb),
        internet=given.get("CLASSROOM_STUDENT_INTERNET", "") == "1",
        subnets=given.get("CLASSROOM_STUDENT_SUBNETS", own.subnets),
        project=given.get("CLASSROOM_PROJECT", own.project),
        homes=_options(given, "CLASSROOM_HOMES"),
        claim=given.get("CLASSROOM_NAME_CLAIM", ""),
        mail_domains=_words(given.get("CLASSROOM_MAIL_DOMAINS", "")),
        lti={
            key.removeprefix("CLASSROOM_LTI_").lower(): given[key] for key in given if key.startswith("CLASSROOM_LTI_")
        },
        service_token=given.get("CLASSROOM_SERVICE_TOKEN", ""),
        operator_token=given.get("CLASSROOM_TOKEN", ""),
    )


def _choose(given: Mapping[str, str], name: str, default: str, allowed: tuple[str, ...]) -> str:
    value = given.get(name, default)
    if value not in allowed:
        raise SettingsError(f"{name} is {value!r}; give one of {', '.join(allowed)}")
    return value


def _parse(given: Mapping[str, str], name: str, default: _Number) -> _Number:
    try:
        value = type(default)(given.get(name, default))
    except ValueError as error:
        raise SettingsError(f"{name} is {given[name]!r}; give a number") from error
    if value < 0:
        raise SettingsError(f"{name} is {value}; give no negative number")
    return value


def _options(given: Mapping[str, str], name: str) -> dict[str, str]:
    """`type=nfs;o=addr=10.0.0.5,rw;device=:/homes/{username}` as a mapping."""
    pairs = [part.partition("=") for part in given.get(name, "").split(";") if part.strip()]
    if not all(key.strip() and value for key, _, value in pairs):
        raise SettingsError(f"{name} is {given[name]!r}; give options as type=nfs;o=addr=HOST,rw;device=:/FOLDER")
    return {key.strip(): value for key, _, value in pairs}


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())
