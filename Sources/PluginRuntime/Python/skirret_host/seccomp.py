"""seccomp: system calls that no plugin needs and that have carried most ways out of a sandbox answer EPERM.

A list of what is refused, not of what is allowed: plugins bring ffmpeg, browsers and numpy, and a call
that a new libc makes must not break them. Files and processes are Landlock's; this closes what it cannot see.
"""

import ctypes
import errno
import os
import struct

from .limits import prctl

PR_SET_SECCOMP = 22
FILTER_MODE = 2

#: (x86_64, aarch64); None where the architecture has no such call.
REFUSED = {
    # other processes' memory and descriptors
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271), "kcmp": (312, 272),
    "pidfd_getfd": (438, 438), "process_madvise": (440, 440), "userfaultfd": (323, 282),
    # the file tree as such, and files by handle, which no path rule sees
    "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41), "chroot": (161, 51), "move_mount": (429, 429),
    "open_tree": (428, 428), "fsopen": (430, 430), "fsconfig": (431, 431), "fsmount": (432, 432), "fspick": (433, 433),
    "mount_setattr": (442, 442), "open_by_handle_at": (304, 265), "quotactl": (179, 60), "quotactl_fd": (443, 443),
    "swapon": (167, 224), "swapoff": (168, 225), "fanotify_init": (300, 262),
    # namespaces
    "unshare": (272, 97), "setns": (308, 268),
    # the kernel and the machine
    "kexec_load": (246, 104), "kexec_file_load": (320, 294), "init_module": (175, 105), "finit_module": (313, 273),
    "delete_module": (176, 106), "bpf": (321, 280), "perf_event_open": (298, 241), "reboot": (169, 142),
    "syslog": (103, 116), "acct": (163, 89), "iopl": (172, None), "ioperm": (173, None), "vhangup": (153, 58),
    "settimeofday": (164, 170), "clock_settime": (227, 112), "adjtimex": (159, 171), "clock_adjtime": (305, 266),
    "sethostname": (170, 161), "setdomainname": (171, 162),
    # keys of other processes
    "add_key": (248, 217), "request_key": (249, 218), "keyctl": (250, 219),
}  # fmt: skip

#: Answer ENOSYS, on which libraries fall back: io_uring passes a filter's calls by, clone3 hides its flags from it.
ABSENT = {"io_uring_setup": (425, 425), "io_uring_enter": (426, 426), "io_uring_register": (427, 427),
          "clone3": (435, 435)}  # fmt: skip

CLONE, SOCKET = (56, 220), (41, 198)
NEW_NAMESPACES = 0x7E020000
AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
#: Unix, IPv4, IPv6, and netlink, by which libc reads the machine's addresses.
FAMILIES, INTERNET = (1, 2, 10, 16), (2, 10)
STREAM, TYPE_MASK = 1, 0xF

LOAD, EQUAL, AT_LEAST, ANY_BIT, AND, RETURN = 0x20, 0x15, 0x35, 0x45, 0x54, 0x06
NUMBER, ARCHITECTURE, FIRST_ARGUMENT, SECOND_ARGUMENT = 0, 4, 16, 24
ALLOW, FAIL = 0x7FFF0000, 0x00050000
X32_CALLS = 0x40000000


def is_known():
    """Whether the calls of this architecture are listed here."""
    return os.uname().machine in AUDIT_ARCH


def restrict(*, offline=False):
    """Refuses the calls for good; `offline` also refuses every internet socket that is not TCP's."""
    code = program(os.uname().machine, offline)
    instructions = ctypes.create_string_buffer(code, len(code))

    class Program(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_void_p))

    filter_ = Program(len(code) // 8, ctypes.cast(instructions, ctypes.c_void_p))
    prctl(PR_SET_SECCOMP, FILTER_MODE, ctypes.addressof(filter_))


def program(machine, offline):
    """The filter in the kernel's own instructions."""
    column = list(AUDIT_ARCH).index(machine)
    refuse = _step(RETURN, FAIL | errno.EPERM)
    # Another architecture's calls have other numbers, so none of them can be judged.
    steps = [_step(LOAD, ARCHITECTURE), _step(EQUAL, AUDIT_ARCH[machine], 1, 0), refuse, _step(LOAD, NUMBER)]
    steps += [_step(AT_LEAST, X32_CALLS, 0, 1), refuse] if machine == "x86_64" else []
    for calls, error in ((REFUSED, errno.EPERM), (ABSENT, errno.ENOSYS)):
        for number in (numbers[column] for numbers in calls.values() if numbers[column] is not None):
            steps += [_step(EQUAL, number, 0, 1), _step(RETURN, FAIL | error)]
    namespaces = [_step(LOAD, FIRST_ARGUMENT), _step(ANY_BIT, NEW_NAMESPACES, 0, 1), refuse, _step(RETURN, ALLOW)]
    steps += [_step(EQUAL, CLONE[column], 0, len(namespaces)), *namespaces]
    sockets = _socket_steps(offline)
    steps += [_step(EQUAL, SOCKET[column], 0, len(sockets)), *sockets, _step(RETURN, ALLOW)]
    return b"".join(steps)


def _socket_steps(offline):
    steps = [_step(LOAD, FIRST_ARGUMENT)]
    if offline:
        udp = [_step(LOAD, SECOND_ARGUMENT), _step(AND, TYPE_MASK), _step(EQUAL, STREAM, 1, 0),
               _step(RETURN, FAIL | errno.EPERM), _step(RETURN, ALLOW)]  # fmt: skip
        first, second = INTERNET
        steps += [_step(EQUAL, first, 1, 0), _step(EQUAL, second, 0, len(udp)), *udp]
    for family in FAMILIES:
        steps += [_step(EQUAL, family, 0, 1), _step(RETURN, ALLOW)]
    return [*steps, _step(RETURN, FAIL | errno.EAFNOSUPPORT)]


def _step(code, value, when=0, otherwise=0):
    return struct.pack("=HBBI", code, when, otherwise, value)
