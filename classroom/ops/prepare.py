"""The state folder of a class, made ready before its processes start. Every step may be run again."""

import datetime as dt
import json
import secrets
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from classroom.config import OPERATOR_NAME, SAVED_SETTINGS, Settings
from classroom.db.engine import migrate
from classroom.errors import SettingsError
from classroom.ops.accounts import DEMO_ROSTER, make_account, write_accounts
from classroom.ops.files import ensure_token, private_folder, write_private
from classroom.ops.instance import Instance, is_free, load_instance, new_instance

DEFAULT_PORT = 8000
DEMO_TERM_BEGAN_DAYS_AGO = 14
# Without letters and digits that look alike.
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


def prepare_folders(settings: Settings) -> None:
    """The state folder and what must stand in it, closed to other users of the machine."""
    for folder in (settings.state, settings.secrets, settings.store):
        private_folder(folder)
    for name in ("logs", "homes"):
        (settings.state / name).mkdir(exist_ok=True)
    ensure_token(settings.secrets / f"{OPERATOR_NAME}.token")


def prepare_accounts(settings: Settings) -> None:
    """The demo accounts with random passwords, unless there are accounts already."""
    accounts = settings.state / "accounts.json"
    if accounts.is_file():
        return
    passwords = {name: make_password() for name in DEMO_ROSTER}
    write_private(_passwords_file(settings), json.dumps(passwords, indent=1))
    write_accounts(accounts, [make_account(name, role, passwords[name]) for name, role in DEMO_ROSTER.items()])


def demo_passwords(settings: Settings) -> Mapping[str, str]:
    """The demo accounts' passwords as they were made; empty when the class has accounts of its own."""
    path = _passwords_file(settings)
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def prepare_instance(settings: Settings, port: int | None) -> Instance:
    """Ports and mark of the class, with the mark of the last start if there was one; raises SettingsError."""
    last = load_instance(settings.state)
    chosen = port or (last.port if last else DEFAULT_PORT)
    if not is_free(chosen):
        raise SettingsError(f"port {chosen} is taken by another program; choose one: make up PORT={chosen + 1}")
    return new_instance(last.mark if last else secrets.token_hex(16), chosen)


def prepare_settings(settings: Settings, instance: Instance, *, demo: bool, today: dt.date) -> Settings:
    """The settings of this start, saved for every later command with the same state folder.

    The demo class's term began two weeks before its first start; so its first assignment is open.
    """
    starts = settings.starts
    if starts is None and demo:
        starts = today - dt.timedelta(days=DEMO_TERM_BEGAN_DAYS_AGO)
    saved = {"CLASSROOM_PUBLIC_URL": instance.public_url, "CLASSROOM_HUB_API_URL": instance.hub_api_url}
    saved["CLASSROOM_GRADER"] = settings.grader
    if starts:
        saved["CLASSROOM_STARTS"] = starts.isoformat()
    if settings.database_url:
        saved["CLASSROOM_DATABASE_URL"] = settings.database_url
    write_private(settings.state / SAVED_SETTINGS, json.dumps(saved, indent=1))
    return replace(settings, public_url=instance.public_url, hub_api_url=instance.hub_api_url, starts=starts)


def prepare_databases(settings: Settings) -> None:
    migrate(settings.service_db_url)


def make_password() -> str:
    """59 random bits in three groups, to be read from a screen and typed."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(3))


def _passwords_file(settings: Settings) -> Path:
    return settings.secrets / "demo_accounts.json"
