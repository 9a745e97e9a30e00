"""A few submissions for a class that is only looked at."""

from classroom.config import Settings


def seed(settings: Settings) -> None:
    """Placeholder."""
