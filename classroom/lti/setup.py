"""Opening the platform that a class's own files name."""

from pathlib import Path

import httpx

from classroom.config import Settings
from classroom.errors import SettingsError
from classroom.lti.platform import Platform, PlatformFile, load_platform


def open_platform(
    settings: Settings, transport: httpx.BaseTransport | None = None
) -> tuple[PlatformFile, Platform] | None:
    """The platform of lti.json, ready to be sent to; None where there is none. Raises SettingsError."""
    known = load_platform(settings.state)
    if known is None:
        return None
    key: Path = settings.secrets / known.key_file
    if not key.is_file() or key.stat().st_mode & 0o077:
        raise SettingsError(
            f"{key} must be there, readable by its owner alone; docs/howto/operate.md says how to make it"
        )
    return known, Platform(known, key.read_bytes(), transport=transport)
