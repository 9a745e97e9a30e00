"""The lock of the one writer: of all processes of a class, one at a time records results and corrections."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LOCK = "recorder.lock"


@contextmanager
def only_writer(state: Path) -> Iterator[None]:
    """Holds the lock of this state folder; waits for whoever has it. A killed process holds it no more."""
    state.mkdir(parents=True, exist_ok=True)
    with (state / LOCK).open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
