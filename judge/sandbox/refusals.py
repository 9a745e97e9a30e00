"""Says why, where the filter of system calls would only say "Operation not permitted".

Nothing depends on it: a process may undo it and meets the filter.
"""

import errno
import os
import socket
import subprocess
from collections.abc import Callable
from typing import Any, NoReturn

NO_PROGRAMS = "other programs can't be run while this assignment is graded (subprocesses: false in course.yaml)"
NO_SOCKETS = "no network, and no server while this assignment is graded (services: false in course.yaml)"
_OF_OS = ("system", "posix_spawn", "posix_spawnp", "execv", "execve")  # by execv and execve go the other six


def explain(*, programs: bool, servers: bool) -> None:
    """From now on this process raises PermissionError with the reason for what it may not do."""
    if not programs:
        for name in _OF_OS:
            setattr(os, name, _refusal(NO_PROGRAMS))
        subprocess._fork_exec = _refusal(NO_PROGRAMS)  # type: ignore[attr-defined]  # its own name for the one call
    if not servers:
        socket.socket.__init__ = _only_of_descriptors(socket.socket.__init__)  # type: ignore[method-assign]  # it's meant


def _refusal(reason: str) -> Callable[..., NoReturn]:
    def refuse(*_: object, **__: object) -> NoReturn:
        raise PermissionError(errno.EPERM, reason)

    return refuse


def _only_of_descriptors(make: Callable[..., None]) -> Callable[..., None]:
    """A pair of sockets comes as descriptors: event loops have one."""

    def initialise(self: socket.socket, *given: Any, **named: Any) -> None:
        if len(given) < 4 and named.get("fileno") is None:
            raise PermissionError(errno.EPERM, NO_SOCKETS)
        make(self, *given, **named)

    return initialise
