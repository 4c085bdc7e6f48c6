"""Probes that ask the kernel for a way round: namespaces, mounts, programs, keys."""

from __future__ import annotations

import ctypes
import os
import socket
import subprocess
from functools import partial
from pathlib import Path

from assistant.prove import native_calls
from assistant.prove.native_calls import packed, syscall, text
from assistant.prove.probe import Absent, Arena, Probe, Refused
from assistant.prove.probes_children import program, run

_NEW_USER, _NEW_NETWORK, _NEW_MOUNTS = 0x10000000, 0x40000000, 0x00020000


def _join_namespace(_arena: Arena) -> None:
    with Path("/proc/self/ns/net").open("rb") as namespace:
        syscall("setns", namespace.fileno(), _NEW_NETWORK)


def _with_mounts(_arena: Arena) -> None:
    """Get a mount namespace before the lock, so that the control changes nothing here."""
    syscall("unshare", _NEW_MOUNTS if os.geteuid() == 0 else _NEW_USER | _NEW_MOUNTS)
    syscall("mount", text("none"), text("/"), None, 1 << 18 | 1 << 14, None)


def _bind_mount(arena: Arena, _: None) -> None:
    target = arena.data / "mounted"
    target.mkdir()
    syscall("mount", text(arena.secret.parent), text(target), None, 1 << 12, None)
    if arena.token.encode() not in (target / "id_ed25519").read_bytes():
        raise Refused("the folder was mounted, but not readable")


def _perf_events(_arena: Arena) -> None:
    # A software event, page faults, of this process outside the kernel.
    attributes = packed("=IIQQQQQ", 1, 112, 2, 0, 0, 0, 0x61, size=112)
    os.close(syscall("perf_event_open", attributes, 0, -1, -1, 0))


def _key_add(arena: Arena) -> None:
    content = ctypes.c_char_p(arena.message)
    length = len(arena.message)
    key = syscall("add_key", text("user"), text(arena.token), content, length, -2)
    syscall("keyctl", 3, key)


def _set_user_id(arena: Arena) -> None:
    """The host put a set-user-id copy of `id` in place, where it is root."""
    helper = arena.helpers.get("setuid")
    if helper is None:
        raise Absent("only root can make such a program")
    try:
        done = subprocess.run([helper, "-u"], capture_output=True, text=True, check=False)
    except PermissionError as error:
        raise Refused("it may not be started") from error
    if done.stdout.strip() != "0":
        raise Refused("it was started without the rights")


def _disable_filter(_arena: Arena) -> None:
    """PR_SET_SECCOMP with mode 0 and PR_SET_NO_NEW_PRIVS with 0 are refused by every kernel;
    what counts is whether a socket can be had afterwards.
    """
    native_calls.c_library().prctl(22, 0, 0, 0, 0)
    native_calls.c_library().prctl(38, 0, 0, 0, 0)
    socket.socket(socket.AF_INET, socket.SOCK_STREAM).close()


def _second_landlock(arena: Arena) -> None:
    """Rule sets only ever narrow each other (landlock(7))."""
    libc = native_calls.c_library()
    ruleset = libc.syscall(444, packed("=Q", 1 << 1), 8, 0)
    root = os.open("/", os.O_PATH)
    libc.syscall(445, ruleset, 1, packed("=Qi", 1 << 1, root), 0)
    libc.prctl(38, 1, 0, 0, 0)
    libc.syscall(446, ruleset, 0)
    (arena.outside / "by-landlock").write_bytes(arena.message)


_claim = partial(Probe, "kernel", "claim")
_mounting = partial(_claim, before=_with_mounts, lacking=True)
KERNEL = (
    _claim("user-namespace", "unshare: a user namespace, to become root in it",
           lambda _: syscall("unshare", _NEW_USER), lacking=True),
    _claim("network-namespace", "unshare: a network namespace of its own",
           lambda _: syscall("unshare", _NEW_USER | _NEW_NETWORK), lacking=True),
    _claim("mount-namespace", "unshare: a mount namespace of its own",
           lambda _: syscall("unshare", _NEW_USER | _NEW_MOUNTS), lacking=True),
    _claim("join-namespace", "setns: join a network namespace", _join_namespace, privileged=True),
    _mounting("bind-mount", "Mount the secret's folder over one in the data folder, and read it",
              _bind_mount),
    _mounting("mount-tmpfs", "Mount a file system in memory",
              lambda a, _: syscall("mount", text("none"), text(a.data), text("tmpfs"), 0, None)),
    _mounting("fsopen", "fsopen: the newer way to mount",
              lambda _a, _: os.close(syscall("fsopen", text("tmpfs"), 0))),
    _mounting("open-tree", "open_tree: a copy of a mounted tree, as a descriptor",
              lambda a, _: os.close(syscall("open_tree", -100, text(a.outside), 1))),
    _claim("chroot", "chroot into another folder", lambda a: syscall("chroot", text(a.outside)),
           privileged=True),
    _claim("bpf", "bpf: make a map",
           lambda _: os.close(syscall("bpf", 0, packed("=IIII", 2, 4, 8, 1, size=72), 72)),
           privileged=True, lacking=True),
    _claim("perf-events", "perf_event_open: watch the processor", _perf_events,
           privileged=True, lacking=True),
    _claim("key-add", "add_key: leave the token in the kernel's key store", _key_add, lacking=True),
    _claim("key-session", "keyctl: a key ring of its own", lambda _: syscall("keyctl", 1, None),
           lacking=True),
    _claim("userfaultfd", "userfaultfd: stop the kernel in the middle",
           lambda _: os.close(syscall("userfaultfd", 0o2000000 | 1)), lacking=True),
    _claim("fanotify", "fanotify: watch every file of the machine",
           lambda _: os.close(syscall("fanotify_init", 0, 0)), privileged=True, lacking=True),
    _claim("io-ports", "ioperm: the processor's I/O ports",
           lambda _: syscall("ioperm", 0x80, 1, 1), privileged=True, lacking=True),
    _claim("set-user-id", "A program that gains rights by its set-user-id bit", _set_user_id,
           lacking=True),
    _claim("unshare-command", "unshare(1), the command: a network namespace by another program",
           lambda _: run([program("unshare"), "--user", "--net", "true"]), lacking=True),
    _claim("disable-filter", "prctl: switch the filter off again, then a socket", _disable_filter),
    Probe("kernel", "landed", "second-landlock",
          "A second Landlock ruleset that allows everything, then a file", _second_landlock),
)  # fmt: skip
