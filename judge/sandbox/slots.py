"""Users that belong to nobody, one for each grading process of this machine."""

import fcntl
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

FIRST_UID, LAST_UID = 61_000, 61_999


@contextmanager
def own_uid(given: int | None = None) -> Iterator[int | None]:
    """A uid that no other grading process of this machine uses meanwhile; None when we aren't root.

    Two that shared one would kill each other's students when they clean up, and count each other's processes. given:
    one that was chosen for us, as for a container, which sees no other grading process. Raises OSError when all are
    taken.
    """
    if os.geteuid() != 0 or given is not None:
        yield given if os.geteuid() == 0 else None
        return
    uid, lock = _lease()
    try:
        _end_all_of(uid)  # what a grading process left behind that was killed itself
        yield uid
    finally:
        os.close(lock)


def _lease() -> tuple[int, int]:
    folder = Path("/run/judge-users")  # one for the machine, whatever TMPDIR says; only root can make it
    folder.mkdir(mode=0o700, exist_ok=True)
    for uid in range(FIRST_UID, LAST_UID + 1):
        lock = os.open(folder / str(uid), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
        else:
            return uid, lock
    raise OSError(f"all users from {FIRST_UID} to {LAST_UID} are taken by grading processes")


def _end_all_of(uid: int) -> None:
    for folder in Path("/proc").iterdir():
        with suppress(OSError):
            if folder.name.isdigit() and folder.stat().st_uid == uid:
                os.kill(int(folder.name), signal.SIGKILL)
