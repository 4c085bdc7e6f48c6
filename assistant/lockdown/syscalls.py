"""Numbers of Linux system calls on the two architectures we support, grouped by use.

Sources: the kernel's `arch/x86/entry/syscalls/syscall_64.tbl` (as `asm/unistd_64.h`) for
x86-64, and `include/uapi/asm-generic/unistd.h` with `scripts/syscall.tbl` for aarch64. From
424 on both share one numbering. A test compares with the headers where they are installed.
"""

from __future__ import annotations

import platform
import sys
from typing import Literal

Machine = Literal["x86_64", "aarch64"]

AUDIT_ARCH: dict[Machine, int] = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
"""How a filter is told the calling convention (`include/uapi/linux/audit.h`)."""

X32_BIT = 0x40000000
"""Set in the numbers of x86-64's 32-bit-pointer convention (`__X32_SYSCALL_BIT`)."""

NEWEST = 469
"""`file_setattr` of Linux 6.17: what comes after it is not known here and is refused."""

_NUMBERS: dict[str, tuple[int, int | None]] = {}
"""Name: number on x86-64, number on aarch64 (None: that machine does not have it)."""


def _calls(table: str) -> tuple[str, ...]:
    """Take down a table of name, number on x86-64 and on aarch64 (`-`); return the names."""
    rows = [row.split() for row in table.split(",")]
    for name, intel, arm in rows:
        _NUMBERS[name] = int(intel), None if arm == "-" else int(arm)
    return tuple(row[0] for row in rows)


NETWORK = _calls("""
    socket 41 198, connect 42 203, bind 49 200, listen 50 201, accept 43 202, accept4 288 242,
    sendmmsg 307 269, recvmmsg 299 243
""")
"""Making or naming an endpoint. Sending on a pair that exists is judged by its arguments."""

IO_URING = _calls("""
    io_uring_setup 425 425, io_uring_enter 426 426, io_uring_register 427 427
""")
"""Asynchronous requests do what system calls do, without passing a filter."""

OTHER_PROCESSES = _calls("""
    ptrace 101 117, process_vm_readv 310 270, process_vm_writev 311 271,
    process_madvise 440 440, process_mrelease 448 448, pidfd_getfd 438 438, kcmp 312 272,
    migrate_pages 256 238, move_pages 279 239, bpf 321 280, perf_event_open 298 241,
    userfaultfd 323 282, fanotify_init 300 262, setpriority 141 140, ioprio_set 251 30,
    sched_setparam 142 118, sched_setscheduler 144 119, sched_setattr 314 274,
    lookup_dcookie 212 18
""")
"""Reading, steering or taking descriptors of another process; the kernel's event and
programming interfaces."""

NAMESPACES = _calls("""
    unshare 272 97, setns 308 268, mount 165 40, umount2 166 39, move_mount 429 429,
    open_tree 428 428, open_tree_attr 467 467, fsopen 430 430, fsconfig 431 431,
    fsmount 432 432, fspick 433 433, mount_setattr 442 442, pivot_root 155 41, chroot 161 51,
    open_by_handle_at 304 265, statmount 457 457, listmount 458 458
""")
"""Another view of the file tree or the network; opening files by handle, past their path."""

MESSAGES = _calls("""
    shmget 29 194, shmat 30 196, shmctl 31 195, msgget 68 186, msgsnd 69 189, msgrcv 70 188,
    msgctl 71 187, semget 64 190, semop 65 193, semtimedop 220 192, semctl 66 191,
    mq_open 240 180, mq_unlink 241 181, mq_timedsend 242 182, mq_timedreceive 243 183,
    mq_notify 244 184, mq_getsetattr 245 185, add_key 248 217, request_key 249 218,
    keyctl 250 219
""")
"""Shared memory, queues and keys that a process outside can pick up; `request_key` makes the
kernel call out."""

FROM_MEMORY = _calls("""
    memfd_create 319 279, memfd_secret 447 447, execveat 322 281
""")
"""Running a program that is in no folder."""

ATTRIBUTES = _calls("""
    chmod 90 -, fchmod 91 52, fchmodat 268 53, fchmodat2 452 452, chown 92 -, fchown 93 55,
    lchown 94 -, fchownat 260 54, setxattr 188 5, lsetxattr 189 6, fsetxattr 190 7,
    setxattrat 463 463, removexattr 197 14, lremovexattr 198 15, fremovexattr 199 16,
    removexattrat 466 466, utime 132 -, utimes 235 -, futimesat 261 -, utimensat 280 88,
    file_setattr 469 469, mknod 133 -, mknodat 259 33
""")
"""Landlock does not cover owner, mode, times and attributes of files outside."""

MACHINE = _calls("""
    init_module 175 105, finit_module 313 273, delete_module 176 106, kexec_load 246 104,
    kexec_file_load 320 294, reboot 169 142, swapon 167 224, swapoff 168 225, acct 163 89,
    quotactl 179 60, quotactl_fd 443 443, settimeofday 164 170, clock_settime 227 112,
    adjtimex 159 171, clock_adjtime 305 266, sethostname 170 161, setdomainname 171 162,
    vhangup 153 58, syslog 103 116, nfsservctl 180 42, personality 135 92, iopl 172 -,
    ioperm 173 -, modify_ldt 154 -, uselib 134 -, ustat 136 -, sysfs 139 -, _sysctl 156 -
""")
"""What only an administrator may do anyway, and nothing here needs."""

DENIED = (
    *NETWORK, *IO_URING, *OTHER_PROCESSES, *NAMESPACES, *MESSAGES, *FROM_MEMORY, *ATTRIBUTES,
    *MACHINE,
)  # fmt: skip

# Judged by their arguments, or named by the lock or its tests only.
_calls("""
    socketpair 53 199, sendto 44 206, ioctl 16 29, clone 56 220, clone3 435 435, execve 59 221,
    fork 57 -, vfork 58 -, kill 62 129, seccomp 317 277, landlock_create_ruleset 444 444,
    landlock_add_rule 445 445, landlock_restrict_self 446 446, setrlimit 160 164, prctl 157 167
""")

COMPUTING = _calls("""
    read 0 63, readv 19 65, write 1 64, writev 20 66, close 3 57, mmap 9 222, mprotect 10 226,
    munmap 11 215, mremap 25 216, brk 12 214, madvise 28 233, futex 202 98, rt_sigaction 13 134,
    rt_sigprocmask 14 135, rt_sigreturn 15 139, sigaltstack 131 132, sched_yield 24 124,
    clock_nanosleep 230 115, clock_gettime 228 113, clock_getres 229 114, gettimeofday 96 169,
    time 201 -, getrandom 318 278, getpid 39 172, gettid 186 178, getuid 102 174,
    geteuid 107 175, getgid 104 176, getegid 108 177, exit 60 93, exit_group 231 94, fstat 5 80,
    newfstatat 262 79, lseek 8 62, fcntl 72 25, getrusage 98 165, prlimit64 302 261,
    sched_getaffinity 204 123, sysinfo 99 179, uname 63 160, membarrier 324 283,
    restart_syscall 219 128, tgkill 234 131
""")
"""All that a parser needs once its pipes are open: memory, time, reading and writing."""


def machine() -> Machine | None:
    """Return the machine that this process runs on; None if we have no numbers for it."""
    if sys.maxsize < 1 << 32:
        return None  # a 32-bit program on a 64-bit kernel: its calls have other numbers
    named = platform.machine().lower()
    if named in ("x86_64", "amd64"):
        return "x86_64"
    return "aarch64" if named in ("aarch64", "arm64") else None


def number(name: str, on: Machine) -> int | None:
    """Return a system call's number; None where `on` does not have it."""
    return _NUMBERS[name][0 if on == "x86_64" else 1]


def numbers(names: tuple[str, ...], on: Machine) -> list[int]:
    """Return the numbers of those of `names` that the machine has, in order."""
    found = (number(name, on) for name in names)
    return sorted(n for n in found if n is not None)
