"""Probes that ask the kernel for a way round: namespaces, mounts, programs, keys."""

from __future__ import annotations

import ctypes
import os
import socket
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from assistant.prove import native_calls
from assistant.prove.probe import Absent, Arena, Attempt, Collection, Refused
from assistant.prove.probes_children import program, run

KERNEL = Collection("kernel", "claim")
_NEW_USER, _NEW_NETWORK, _NEW_MOUNTS = 0x10000000, 0x40000000, 0x00020000


def _text(value: str) -> ctypes.c_char_p:
    return ctypes.c_char_p(value.encode())


@KERNEL("user-namespace", "unshare: a user namespace, to become root in it", lacking=True)
def user_namespace(_arena: Arena, _: Any) -> None:
    native_calls.syscall("unshare", _NEW_USER)


@KERNEL("network-namespace", "unshare: a network namespace of its own", lacking=True)
def network_namespace(_arena: Arena, _: Any) -> None:
    native_calls.syscall("unshare", _NEW_USER | _NEW_NETWORK)


@KERNEL("mount-namespace", "unshare: a mount namespace of its own", lacking=True)
def mount_namespace(_arena: Arena, _: Any) -> None:
    native_calls.syscall("unshare", _NEW_USER | _NEW_MOUNTS)


@KERNEL("join-namespace", "setns: join a network namespace", privileged=True)
def join_namespace(_arena: Arena, _: Any) -> None:
    with Path("/proc/self/ns/net").open("rb") as namespace:
        native_calls.syscall("setns", namespace.fileno(), _NEW_NETWORK)


def _with_mounts(arena: Arena) -> None:
    """Get a mount namespace before the lock, so that the control changes nothing here."""
    del arena
    flags = _NEW_MOUNTS if os.geteuid() == 0 else _NEW_USER | _NEW_MOUNTS
    native_calls.syscall("unshare", flags)
    native_calls.syscall("mount", _text("none"), _text("/"), None, 1 << 18 | 1 << 14, None)


def _mounting(identity: str, what: str) -> Callable[[Attempt], Attempt]:
    return KERNEL(identity, what, before=_with_mounts, lacking=True)


@_mounting("bind-mount", "Mount the secret's folder over one in the data folder, and read it")
def bind_mount(arena: Arena, _: Any) -> None:
    target = arena.data / "mounted"
    target.mkdir()
    source = _text(str(arena.secret.parent))
    native_calls.syscall("mount", source, _text(str(target)), None, 1 << 12, None)
    if arena.token.encode() not in (target / "id_ed25519").read_bytes():
        raise Refused("the folder was mounted, but not readable")


@_mounting("mount-tmpfs", "Mount a file system in memory")
def mount_tmpfs(arena: Arena, _: Any) -> None:
    native_calls.syscall("mount", _text("none"), _text(str(arena.data)), _text("tmpfs"), 0, None)


@_mounting("fsopen", "fsopen: the newer way to mount")
def fsopen(_arena: Arena, _: Any) -> None:
    os.close(native_calls.syscall("fsopen", _text("tmpfs"), 0))


@_mounting("open-tree", "open_tree: a copy of a mounted tree, as a descriptor")
def open_tree(arena: Arena, _: Any) -> None:
    os.close(native_calls.syscall("open_tree", -100, _text(str(arena.outside)), 1))


@KERNEL("chroot", "chroot into another folder", privileged=True)
def chroot(arena: Arena, _: Any) -> None:
    native_calls.syscall("chroot", _text(str(arena.outside)))


@KERNEL("bpf", "bpf: make a map", privileged=True, lacking=True)
def bpf(_arena: Arena, _: Any) -> None:
    attributes = ctypes.create_string_buffer(struct.pack("=IIII", 2, 4, 8, 1), 72)
    os.close(native_calls.syscall("bpf", 0, attributes, 72))


@KERNEL("perf-events", "perf_event_open: watch the processor", privileged=True, lacking=True)
def perf_events(_arena: Arena, _: Any) -> None:
    # A software event, page faults, of this process outside the kernel.
    attributes = ctypes.create_string_buffer(struct.pack("=IIQQQQQ", 1, 112, 2, 0, 0, 0, 0x61), 112)
    os.close(native_calls.syscall("perf_event_open", attributes, 0, -1, -1, 0))


@KERNEL("key-add", "add_key: leave the token in the kernel's key store", lacking=True)
def key_add(arena: Arena, _: Any) -> None:
    text = arena.message
    key = native_calls.syscall(
        "add_key", _text("user"), _text(arena.token), ctypes.c_char_p(text), len(text), -2
    )
    native_calls.syscall("keyctl", 3, key)


@KERNEL("key-session", "keyctl: a key ring of its own", lacking=True)
def key_session(_arena: Arena, _: Any) -> None:
    native_calls.syscall("keyctl", 1, None)


@KERNEL("userfaultfd", "userfaultfd: stop the kernel in the middle", lacking=True)
def userfaultfd(_arena: Arena, _: Any) -> None:
    os.close(native_calls.syscall("userfaultfd", 0o2000000 | 1))


@KERNEL("fanotify", "fanotify: watch every file of the machine", privileged=True, lacking=True)
def fanotify(_arena: Arena, _: Any) -> None:
    os.close(native_calls.syscall("fanotify_init", 0, 0))


@KERNEL("io-ports", "ioperm: the processor's I/O ports", privileged=True, lacking=True)
def io_ports(_arena: Arena, _: Any) -> None:
    native_calls.syscall("ioperm", 0x80, 1, 1)


@KERNEL("set-user-id", "A program that gains rights by its set-user-id bit", lacking=True)
def set_user_id(arena: Arena, _: Any) -> None:
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


@KERNEL(
    "unshare-command",
    "unshare(1), the command: a network namespace by another program",
    lacking=True,
)
def by_command(_arena: Arena, _: Any) -> None:
    run([program("unshare"), "--user", "--net", "true"])


@KERNEL("disable-filter", "prctl: switch the filter off again, then a socket")
def disable_filter(_arena: Arena, _: Any) -> None:
    """PR_SET_SECCOMP with mode 0 and PR_SET_NO_NEW_PRIVS with 0 are refused by every kernel;
    what counts is whether a socket can be had afterwards.
    """
    if native_calls.libc is not None:
        native_calls.libc.prctl(22, 0, 0, 0, 0)
        native_calls.libc.prctl(38, 0, 0, 0, 0)
    socket.socket(socket.AF_INET, socket.SOCK_STREAM).close()


@KERNEL(
    "second-landlock",
    "A second Landlock ruleset that allows everything, then a file",
    evidence="landed",
)
def second_landlock(arena: Arena, _: Any) -> None:
    """Rule sets only ever narrow each other (landlock(7))."""
    libc = native_calls.libc
    if libc is not None:
        attributes = ctypes.create_string_buffer(struct.pack("=Q", 1 << 1), 8)
        ruleset = libc.syscall(444, attributes, 8, 0)
        root = os.open("/", os.O_PATH)
        rule = ctypes.create_string_buffer(struct.pack("=Qi", 1 << 1, root), 12)
        libc.syscall(445, ruleset, 1, rule, 0)
        libc.prctl(38, 1, 0, 0, 0)
        libc.syscall(446, ruleset, 0)
    (arena.outside / "by-landlock").write_bytes(arena.message)
