"""Settings: the only reader of the environment."""

import datetime as dt
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from classroom.errors import SettingsError

SERVICE_NAME = "classroom"
OPERATOR_NAME = "operator"  # the hub service whose token the command line carries; counts as an instructor
SERVICE_PREFIX = f"/services/{SERVICE_NAME}"
SAVED_SETTINGS = "settings.json"


@dataclass(frozen=True)
class Settings:
    """Where things are. Made once by an entry point and passed on.

    course_root: the checkout with course.yaml, source/, rubrics/, bank/.
    state: everything made at run time: databases, store, keys, logs, homes; release/ ... feedback/ unless it's the
    default, where these stand in course_root as nbgrader has them.
    people: where the hub reads accounts and roles; a folder of its own where the hub must not see the state.
    hub_api_url, public_url: of the hub's REST API, and of the proxy as a browser sees it, both without trailing slash.
    service_bind, service_token, oauth_client_id, hub_host: what the hub tells the service that it starts; hub_host is
    empty unless the hub has a host name of its own.
    """

    course_root: Path
    state: Path
    hub_api_url: str = "http://127.0.0.1:8081/hub/api"
    public_url: str = "http://127.0.0.1:8000"
    # Of the class's own tables, and of the hub's for backups: SQLite in the state folder, or a postgresql:// address.
    database_url: str = field(default="", repr=False)
    hub_database_url: str = field(default="", repr=False)
    workers: int = 0  # 0: one a core
    starts: dt.date | None = None  # the term's first day, when it isn't course.yaml's
    unsafe_engine: bool = False  # run hidden tests even where student code can't be confined
    grader: str = "local"  # where student code runs: local, in processes of this machine, or docker, in containers
    service_bind: str = "http://127.0.0.1:8011"
    service_token: str = field(default="", repr=False)
    oauth_client_id: str = f"service-{SERVICE_NAME}"
    hub_host: str = ""
    people_folder: Path | None = None
    metrics_token: str = field(default="", repr=False)  # empty: the service makes one

    @property
    def people(self) -> Path:
        return self.people_folder or self.state

    @property
    def default_state(self) -> bool:
        return self.state == self.course_root / ".state"

    @property
    def service_db_url(self) -> str:
        return self.database_url or f"sqlite:///{self.state / 'classroom.db'}"

    @property
    def gradebook_url(self) -> str:
        return f"sqlite:///{self.state / 'gradebook.db'}"

    @property
    def store(self) -> Path:
        return self.state / "store"

    @property
    def secrets(self) -> Path:
        return self.state / "secrets"

    @property
    def service_url(self) -> str:
        return f"{self.public_url}{SERVICE_PREFIX}"

    @property
    def source(self) -> Path:
        return self.course_root / "source"

    def course_dir(self, step: str) -> Path:
        """The folder of one of nbgrader's steps: release, submitted, autograded, feedback."""
        return (self.course_root if self.default_state else self.state) / step


def load_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Settings from CLASSROOM_COURSE, CLASSROOM_STATE, CLASSROOM_PUBLIC_URL, CLASSROOM_HUB_API_URL,
    CLASSROOM_DATABASE_URL, CLASSROOM_HUB_DATABASE_URL, CLASSROOM_WORKERS, CLASSROOM_GRADER, CLASSROOM_PEOPLE,
    CLASSROOM_STARTS and CLASSROOM_METRICS_TOKEN; raises SettingsError.
    JUPYTERHUB_SERVICE_URL, JUPYTERHUB_API_URL, JUPYTERHUB_API_TOKEN, JUPYTERHUB_CLIENT_ID and JUPYTERHUB_HOST come from
    the hub.

    Without CLASSROOM_COURSE the course is found upwards from the working directory, then beside this package. What
    the environment doesn't say is read from settings.json in the state folder, where the launcher leaves it, so that
    a command typed in another terminal meets the running class.
    """
    given = os.environ if environ is None else environ
    root = _find_course(given.get("CLASSROOM_COURSE"))
    state = Path(given.get("CLASSROOM_STATE") or root / ".state")
    values = {**_read_saved(state / SAVED_SETTINGS), **given}
    return Settings(
        course_root=root,
        state=state.expanduser().resolve(),
        hub_api_url=_hub_api_url(values),
        public_url=values.get("CLASSROOM_PUBLIC_URL", Settings.public_url).rstrip("/"),
        database_url=values.get("CLASSROOM_DATABASE_URL", ""),
        hub_database_url=values.get("CLASSROOM_HUB_DATABASE_URL", ""),
        workers=_parse_count(values.get("CLASSROOM_WORKERS", "0")),
        starts=_parse_date(values.get("CLASSROOM_STARTS", "")),
        unsafe_engine=values.get("CLASSROOM_UNSAFE_ENGINE", "") == "1",
        grader=_parse_grader(values.get("CLASSROOM_GRADER", Settings.grader)),
        service_bind=values.get("JUPYTERHUB_SERVICE_URL", Settings.service_bind),
        service_token=values.get("JUPYTERHUB_API_TOKEN", ""),
        oauth_client_id=values.get("JUPYTERHUB_CLIENT_ID", Settings.oauth_client_id),
        hub_host=values.get("JUPYTERHUB_HOST", "").rstrip("/"),
        people_folder=Path(values["CLASSROOM_PEOPLE"]) if values.get("CLASSROOM_PEOPLE") else None,
        metrics_token=values.get("CLASSROOM_METRICS_TOKEN", ""),
    )


def load_token(settings: Settings, environ: Mapping[str, str] | None = None) -> str:
    """The hub token of whoever calls: a student's server has it in its environment, the operator in a file."""
    values = os.environ if environ is None else environ
    if token := values.get("CLASSROOM_TOKEN") or values.get("JUPYTERHUB_API_TOKEN"):
        return token
    path = settings.secrets / f"{OPERATOR_NAME}.token"
    if not path.is_file():
        raise SettingsError(
            f"no hub token: neither CLASSROOM_TOKEN nor {path} is there; start the class first (make up)"
        )
    return path.read_text().strip()


def load_connection(environ: Mapping[str, str] | None = None) -> tuple[str, str]:
    """The service's URL, without trailing slash, and the caller's hub token, as a client of the exchange needs them.

    CLASSROOM_URL and the tokens of `load_token`. A student's server has both in its environment and no course.yaml;
    what is missing comes from the settings. Raises SettingsError.
    """
    values = os.environ if environ is None else environ
    url = values.get("CLASSROOM_URL", "").rstrip("/")
    token = values.get("CLASSROOM_TOKEN") or values.get("JUPYTERHUB_API_TOKEN")
    if url and token:
        return url, token
    settings = load_settings(values)
    return url or settings.service_url, load_token(settings, values)


@dataclass(frozen=True)
class Home:
    """The home folder of a student's server. pages_url: of the classroom's pages, as a browser sees them."""

    folder: Path
    person: str
    pages_url: str
    data: Path | None


def load_home(environ: Mapping[str, str] | None = None) -> Home:
    """The home of this process, from HOME, JUPYTERHUB_USER, CLASSROOM_PUBLIC_URL and CARDLAB_DATA."""
    values = os.environ if environ is None else environ
    public_url = values.get("CLASSROOM_PUBLIC_URL", Settings.public_url).rstrip("/")
    data = values.get("CARDLAB_DATA")
    return Home(
        Path(values["HOME"]),
        values.get("JUPYTERHUB_USER", ""),
        f"{public_url}{SERVICE_PREFIX}/",
        Path(data) if data else None,
    )


def child_environment(extra: Mapping[str, str]) -> dict[str, str]:
    """The environment for a process we start: ours, with `extra` on top."""
    return {**os.environ, **extra}


def _hub_api_url(values: Mapping[str, str]) -> str:
    given = values.get("CLASSROOM_HUB_API_URL") or values.get("JUPYTERHUB_API_URL")
    return (given or Settings.hub_api_url).rstrip("/")


def _find_course(given: str | None) -> Path:
    if given:
        starts = [Path(given).expanduser().resolve()]
    else:
        here = Path.cwd().resolve()
        starts = [here, *here.parents, Path(__file__).resolve().parent.parent]
    for folder in starts:
        if (folder / "course.yaml").is_file():
            return folder
    raise SettingsError(f"no course.yaml in {starts[0]} or above; go to the course's folder or set CLASSROOM_COURSE")


def _parse_count(text: str) -> int:
    if not text.isdigit():
        raise SettingsError(f"CLASSROOM_WORKERS is {text!r}; give a whole number, 0 for one a core")
    return int(text)


def _parse_grader(text: str) -> str:
    if text not in ("local", "docker"):
        raise SettingsError(f"CLASSROOM_GRADER is {text!r}; give local or docker")
    return text


def _parse_date(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text) if text else None
    except ValueError as error:
        raise SettingsError(f"CLASSROOM_STARTS is {text!r}; give a date as YYYY-MM-DD") from error


def _read_saved(path: Path) -> dict[str, str]:
    if not path.is_file():
        return {}
    saved = json.loads(path.read_text(encoding="utf-8"))
    return {key: str(value) for key, value in saved.items()}
