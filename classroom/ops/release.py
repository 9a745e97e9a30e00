"""Release."""

from classroom.config import Settings


def release_open_assignments(settings: Settings) -> None:
    """Placeholder."""
