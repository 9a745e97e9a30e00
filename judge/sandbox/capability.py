"""One capability kept across a change of user: reading an interpreter that only root may read.

Landlock still allows no path but those listed, and the calls that would go around it are denied by the filter.
"""

import ctypes
import os

_PR_SET_KEEPCAPS, _PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE = 8, 47, 2
_CAP_DAC_READ_SEARCH = 2
_VERSION_3 = 0x20080522

_libc = ctypes.CDLL(None, use_errno=True)


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _Sets(ctypes.Structure):
    _fields_ = (("effective", ctypes.c_uint32), ("permitted", ctypes.c_uint32), ("inheritable", ctypes.c_uint32))


def keep_through_change_of_user() -> None:
    """Before setuid: lets the capabilities live on. Raises OSError."""
    _check(_libc.prctl(_PR_SET_KEEPCAPS, 1, 0, 0, 0), "keep capabilities")


def leave_only_reading() -> None:
    """After setuid: drops all but the right to read, which children that run another program keep. Raises OSError."""
    header = _Header(_VERSION_3, 0)
    low = 1 << _CAP_DAC_READ_SEARCH
    sets = (_Sets * 2)(_Sets(low, low, low), _Sets(0, 0, 0))
    _check(_libc.capset(ctypes.byref(header), ctypes.byref(sets)), "drop capabilities")
    _check(_libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, _CAP_DAC_READ_SEARCH, 0, 0), "keep reading")


def _check(result: int, what: str) -> None:
    if result:
        code = ctypes.get_errno()
        raise OSError(code, f"{what}: {os.strerror(code)}")
