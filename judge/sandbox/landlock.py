"""Landlock: an allow-list of paths that a process gives itself, without root. Linux 5.13 and newer.

Bits and structures: linux/landlock.h. The kernel's ABI number says which of them it knows.
"""

import ctypes
import os
from collections.abc import Iterable
from pathlib import Path

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # the same on every architecture
_GET_ABI = 1
_RULE_PATH_BENEATH = 1

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_REFER, _TRUNCATE, _IOCTL_DEV = 1 << 13, 1 << 14, 1 << 15
_OF_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL_DEV
_ALL_OF_ABI_1 = (1 << 13) - 1
_MAKE_DEVICES = (1 << 6) | (1 << 11)  # character and block devices
_BIND_TCP, _CONNECT_TCP = 1 << 0, 1 << 1
_SCOPE_ABSTRACT_UNIX, _SCOPE_SIGNAL = 1 << 0, 1 << 1

_libc = ctypes.CDLL(None, use_errno=True)


class _Ruleset(ctypes.Structure):
    _fields_ = (("fs", ctypes.c_uint64), ("net", ctypes.c_uint64), ("scoped", ctypes.c_uint64))


class _PathBeneath(ctypes.Structure):
    _pack_ = 1
    _layout_ = "ms"
    _fields_ = (("access", ctypes.c_uint64), ("parent", ctypes.c_int32))


def abi() -> int:
    """The kernel's Landlock ABI, 0 when it has none or it's switched off."""
    found: int = _libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(_GET_ABI))
    return max(found, 0)


def restrict(*, readable: Iterable[Path], writable: Iterable[Path]) -> None:
    """Leaves this process, and what it forks, only these paths: readable ones also to execute, writable ones for all.

    From ABI 4 on it may use no TCP, from ABI 6 on send no signal out and reach no abstract socket outside. Paths that
    don't exist are left out. no_new_privs must be set. Raises OSError.
    """
    known = abi()
    if not known:
        raise OSError("this kernel has no Landlock")
    handled = _ALL_OF_ABI_1 | (_REFER if known >= 2 else 0) | (_TRUNCATE if known >= 3 else 0)
    handled |= _IOCTL_DEV if known >= 5 else 0
    attributes = _Ruleset(
        fs=handled,
        net=_BIND_TCP | _CONNECT_TCP if known >= 4 else 0,
        scoped=_SCOPE_ABSTRACT_UNIX | _SCOPE_SIGNAL if known >= 6 else 0,
    )
    size = 24 if known >= 6 else 16 if known >= 4 else 8
    ruleset = _call(_CREATE_RULESET, ctypes.byref(attributes), ctypes.c_size_t(size), ctypes.c_uint32(0))
    try:
        for path in readable:
            _allow(ruleset, path, _EXECUTE | _READ_FILE | _READ_DIR)
        for path in writable:
            _allow(ruleset, path, handled & ~_MAKE_DEVICES & ~_IOCTL_DEV)
        _call(_RESTRICT_SELF, ctypes.c_int(ruleset), ctypes.c_uint32(0))
    finally:
        os.close(ruleset)


def _allow(ruleset: int, path: Path, access: int) -> None:
    try:
        parent = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        allowed = access if path.is_dir() else access & _OF_FILES
        rule = _PathBeneath(access=allowed, parent=parent)
        _call(
            _ADD_RULE, ctypes.c_int(ruleset), ctypes.c_int(_RULE_PATH_BENEATH), ctypes.byref(rule), ctypes.c_uint32(0)
        )
    finally:
        os.close(parent)


def _call(number: int, *arguments: object) -> int:
    result: int = _libc.syscall(number, *arguments)
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"landlock: {os.strerror(code)}")
    return result
