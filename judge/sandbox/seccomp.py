"""seccomp: a filter of system calls that a process gives itself, without root.

Denied calls answer EPERM, so that a library that tries one goes on; a call of a foreign architecture kills. It also
covers what Landlock leaves out: modes, times and attributes of files, sockets with a path, other processes' limits.
Sources: linux/seccomp.h, linux/filter.h, and the tables of system calls of x86_64 and of the generic ABI (aarch64).
"""

import ctypes
import errno
import os
import platform
import socket
import struct

_SET_MODE_FILTER = 1
_RET_ALLOW, _RET_ERRNO, _RET_KILL = 0x7FFF0000, 0x00050000, 0x80000000
_LOAD, _JUMP_IF_EQUAL, _JUMP_IF_GREATER_EQUAL, _JUMP_IF_SET, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_AND = 0x54
_OFFSET_NUMBER, _OFFSET_ARCHITECTURE, _OFFSET_FIRST_ARGUMENT, _OFFSET_SECOND_ARGUMENT = 0, 4, 16, 24
_PR_SET_DUMPABLE = 4
_SOCKET_KIND = 0xF  # the rest of the argument is flags
_NOTHING = 0xFFFFFFFF  # no family of sockets
_X32_CALLS = 0x40000000
_NEW_NAMESPACES = 0x7E020000 | 0x00000080  # CLONE_NEW{NS,CGROUP,UTS,IPC,USER,PID,NET,TIME}

# name: (x86_64, aarch64); -1 where the architecture has no such call.
_DENIED = {
    # other processes
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271), "pidfd_getfd": (438, 438),
    "process_madvise": (440, 440), "kcmp": (312, 272), "migrate_pages": (256, 238), "move_pages": (279, 239),
    "setpriority": (141, 140), "ioprio_set": (251, 30), "process_mrelease": (448, 448),
    # leaving the process group, which is what gets killed
    "setsid": (112, 157), "setpgid": (109, 154),
    # name spaces and mounts
    "unshare": (272, 97), "setns": (308, 268), "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41),
    "chroot": (161, 51), "open_tree": (428, 428), "move_mount": (429, 429), "fsopen": (430, 430),
    "fsconfig": (431, 431), "fsmount": (432, 432), "fspick": (433, 433), "mount_setattr": (442, 442),
    # memory and queues that outlive a process, or that others can join
    "shmget": (29, 194), "shmat": (30, 196), "semget": (64, 190), "msgget": (68, 186), "mq_open": (240, 180),
    "add_key": (248, 217), "request_key": (249, 218), "keyctl": (250, 219),
    # files outside, by their owner or by watching them: Landlock asks for reading and writing only
    "chown": (92, -1), "fchown": (93, 55), "lchown": (94, -1), "fchownat": (260, 54), "setxattr": (188, 5),
    "lsetxattr": (189, 6), "fsetxattr": (190, 7), "removexattr": (197, 14), "lremovexattr": (198, 15),
    "fremovexattr": (199, 16), "setxattrat": (463, 463), "removexattrat": (466, 466), "inotify_init": (253, -1),
    "inotify_init1": (294, 26), "file_setattr": (469, 469),
    # the kernel's larger surfaces
    "bpf": (321, 280), "perf_event_open": (298, 241), "userfaultfd": (323, 282), "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426), "io_uring_register": (427, 427), "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265), "personality": (135, 92), "fanotify_init": (300, 262),
    # the machine
    "kexec_load": (246, 104), "kexec_file_load": (320, 294), "init_module": (175, 105), "finit_module": (313, 273),
    "delete_module": (176, 106), "reboot": (169, 142), "swapon": (167, 224), "swapoff": (168, 225), "acct": (163, 89),
    "quotactl": (179, 60), "syslog": (103, 116), "iopl": (172, -1), "ioperm": (173, -1), "settimeofday": (164, 170),
    "clock_settime": (227, 112), "adjtimex": (159, 171), "clock_adjtime": (305, 266), "sethostname": (170, 161),
    "setdomainname": (171, 162), "vhangup": (153, 58),
}  # fmt: skip
# Answered as if done: shutil.copy and tarfile give up over an error, and nobody here needs the effect.
_IGNORED = {
    "chmod": (90, -1), "fchmod": (91, 52), "fchmodat": (268, 53), "fchmodat2": (452, 452), "utime": (132, -1),
    "utimes": (235, -1), "futimesat": (261, -1), "utimensat": (280, 88),
}  # fmt: skip
# Allowed on the process itself, whose number is 0 here.
_OF_ITSELF = {
    "prlimit64": (302, 261), "sched_setaffinity": (203, 122), "sched_setscheduler": (144, 119),
    "sched_setparam": (142, 118), "sched_setattr": (314, 274),
}  # fmt: skip
# Denied where nobody allowed it.
_PROGRAMS = {"execve": (59, 221), "execveat": (322, 281)}
_SOCKET, _SOCKETPAIR, _PRCTL, _CLONE, _CLONE3 = (41, 198), (53, 199), (157, 167), (56, 220), (435, 435)
_ARCHITECTURES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}

_libc = ctypes.CDLL(None, use_errno=True)


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def build_filter(*, programs: bool = True, servers: bool = True) -> bytes:
    """The BPF program for this machine; raises OSError on an architecture without a table.

    programs: other ones may be run. servers: sockets with a path may be made.
    """
    try:
        column, architecture = _ARCHITECTURES[platform.machine()]
    except KeyError:
        raise OSError(f"no table of system calls for {platform.machine()}") from None
    deny, allow, ignore = (_op(_RETURN, answer) for answer in (_RET_ERRNO | errno.EPERM, _RET_ALLOW, _RET_ERRNO))
    program = [
        _op(_LOAD, _OFFSET_ARCHITECTURE),
        _op(_JUMP_IF_EQUAL, architecture, 1, 0),
        _op(_RETURN, _RET_KILL),
        _op(_LOAD, _OFFSET_NUMBER),
        _op(_JUMP_IF_GREATER_EQUAL, _X32_CALLS, 0, 1),
        deny,
    ]
    for table, answer in ((_DENIED, deny), (_IGNORED, ignore), ({} if programs else _PROGRAMS, deny)):
        for number in sorted(numbers[column] for numbers in table.values() if numbers[column] >= 0):
            program += [_op(_JUMP_IF_EQUAL, number, 0, 1), answer]
    # Without clone3, whose flags stand in memory that a filter can't read, libraries fall back to clone.
    program += [_op(_JUMP_IF_EQUAL, _CLONE3[column], 0, 1), _op(_RETURN, _RET_ERRNO | errno.ENOSYS)]
    first, second = _op(_LOAD, _OFFSET_FIRST_ARGUMENT), _op(_LOAD, _OFFSET_SECOND_ARGUMENT)
    program += _when(_CLONE[column], first, _op(_JUMP_IF_SET, _NEW_NAMESPACES, 0, 1), deny, allow)
    # Who can be dumped can be read by whoever has the same user.
    program += _when(_PRCTL[column], first, _op(_JUMP_IF_EQUAL, _PR_SET_DUMPABLE, 0, 1), deny, allow)
    for numbers in _OF_ITSELF.values():
        program += _when(numbers[column], first, _op(_JUMP_IF_EQUAL, 0, 1, 0), deny, allow)
    # A socket with a path reaches whoever listens in a folder; a pair is enough for what runs here, but for servers.
    program += _when(
        _SOCKET[column], first, _op(_JUMP_IF_EQUAL, socket.AF_UNIX if servers else _NOTHING, 1, 0), deny, allow
    )
    # Only connected kinds: a datagram of a pair can be sent to any other address.
    program += _when(
        _SOCKETPAIR[column],
        *(first, _op(_JUMP_IF_EQUAL, socket.AF_UNIX, 1, 0), deny, second, _op(_AND, _SOCKET_KIND)),
        *(_op(_JUMP_IF_EQUAL, kind, 0, 1) + allow for kind in (socket.SOCK_STREAM, socket.SOCK_SEQPACKET)),
        deny,
    )
    return b"".join([*program, allow])


def _when(number: int, *then: bytes) -> list[bytes]:
    """Instructions for one call only; the last of them returns."""
    return [_op(_JUMP_IF_EQUAL, number, 0, sum(map(len, then)) // 8), *then]


def install(program: bytes) -> None:
    """Puts the filter in force for this process and what it forks; no_new_privs must be set. Raises OSError."""
    buffer = ctypes.create_string_buffer(program, len(program))
    filters = _Program(len(program) // 8, ctypes.addressof(buffer))
    number = 317 if platform.machine() == "x86_64" else 277
    if _libc.syscall(number, ctypes.c_uint(_SET_MODE_FILTER), ctypes.c_uint(0), ctypes.byref(filters)):
        code = ctypes.get_errno()
        raise OSError(code, f"seccomp: {os.strerror(code)}")


def _op(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("<HBBI", code, if_true, if_false, value)
