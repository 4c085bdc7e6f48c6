"""Probes that write outside the data folder, or read what no one chose."""

from __future__ import annotations

import ctypes
import fcntl
import os
import socket
import stat
import struct
from functools import partial
from pathlib import Path

from assistant.prove import native_calls
from assistant.prove.probe import Absent, Arena, Probe
from assistant.prove.probes_children import program, run
from assistant.prove.probes_descriptors import expect


def _note(arena: Arena) -> Path:
    """Make a file with the token inside the data folder, which is allowed."""
    note = arena.data / "note"
    note.write_bytes(arena.message)
    return note


def _link(arena: Arena, target: Path) -> Path:
    """Make a symbolic link in the data folder, which is allowed."""
    link = arena.data / "link"
    link.symlink_to(target)
    return link


def _write(arena: Arena, place: str) -> None:
    (arena.outside / place).write_bytes(arena.message)


def _append(arena: Arena, path: Path) -> None:
    with path.open("ab") as file:
        file.write(arena.message)


def _write_and_remove(arena: Arena, path: Path) -> None:
    path.write_bytes(arena.message)
    path.unlink()


def _in_folder(folder: str, arena: Arena) -> None:
    _write_and_remove(arena, Path(folder, f".prove-{arena.token}"))


def _open(path: Path | str, flags: int) -> None:
    os.close(os.open(path, flags, 0o600))


def _write_cron(arena: Arena) -> None:
    (arena.outside / "cron.d").mkdir()
    _write(arena, "cron.d/job")


def _hard_link_in(arena: Arena) -> None:
    os.link(arena.secret, arena.data / "mine")
    expect((arena.data / "mine").read_bytes(), arena)


def _proc_cwd(arena: Arena) -> None:
    os.chdir(arena.outside)
    Path("/proc/self/cwd/by-cwd").write_bytes(arena.message)


def _temporary_linked(arena: Arena) -> None:
    descriptor = os.open(arena.data, os.O_TMPFILE | os.O_WRONLY, 0o600)
    os.write(descriptor, arena.message)
    source, target = (
        native_calls.text(f"/proc/self/fd/{descriptor}"),
        native_calls.text(arena.outside / "named"),
    )
    native_calls.syscall("linkat", -100, source, -100, target, 0x400)


def _openat2(arena: Arena) -> None:
    how = native_calls.packed("=QQQ", os.O_WRONLY | os.O_CREAT, 0o600, 0)
    path = native_calls.text(arena.outside / "by-openat2")
    os.write(native_calls.syscall("openat2", -100, path, how, 24), arena.message)


def _list_folder(arena: Arena) -> None:
    if arena.secret not in arena.secret.parent.iterdir():
        raise OSError("it is not listed")


def _read_by_handle(arena: Arena) -> None:
    handle, mount = native_calls.packed("=Ii", 128, 0, size=136), ctypes.c_int()
    path = native_calls.text(arena.secret)
    native_calls.syscall("name_to_handle_at", -100, path, handle, ctypes.byref(mount), 0)
    folder = os.open("/", os.O_RDONLY)
    descriptor = native_calls.syscall("open_by_handle_at", folder, handle, os.O_RDONLY)
    expect(os.read(descriptor, 1000), arena)


def _subvolume(arena: Arena) -> None:
    name = bytearray(struct.pack("=q4088s", 0, arena.token.encode()))
    folder = os.open(arena.outside, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.ioctl(folder, 0x5000940E, name)  # BTRFS_IOC_SUBVOL_CREATE
    finally:
        os.close(folder)


def _device(path: Path, kind: int, device: int, flags: int) -> None:
    os.mknod(path, kind | 0o600, device)
    _open(path, flags)


def _unix_node(arena: Arena) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as channel:
        channel.bind(str(arena.data / "s"))


def _tun_device(_arena: Arena) -> None:
    if not Path("/dev/net/tun").exists():
        raise Absent("there is no /dev/net/tun")
    _open("/dev/net/tun", os.O_RDWR)


_landed, _claim = partial(Probe, "files", "landed"), partial(Probe, "files", "claim")
FILES = (
    _landed("write-outside", "Make a file in another folder", lambda a: _write(a, "plain")),
    _landed("write-home", "Make a file in the home folder, where a shell would read it (.profile)",
            lambda a: _write(a, "home/.profile")),
    _landed("write-authorized-keys", "Add a line to ~/.ssh/authorized_keys",
            lambda a: _append(a, a.secret.parent / "authorized_keys")),
    _landed("write-cron", "Put a job where cron would find it (a folder like /etc/cron.d)",
            _write_cron),
    _claim("write-parent", "Make a file beside the data folder, by way of ..",
           lambda a: _write_and_remove(a, a.data / ".." / f"beside-{a.token}")),
    *(_claim(f"write-{name.replace('/', '-')}", f"Make a file in /{name}",
             partial(_in_folder, f"/{name}"), lacking=True)
      for name in ("tmp", "var/tmp", "dev/shm")),
    _landed("write-symlink", "Write through a symbolic link in the data folder that leads outside",
            lambda a: _link(a, a.outside / "by-symlink").write_bytes(a.message)),
    _landed("hard-link-out", "Link a file of the data folder to a name outside",
            lambda a: os.link(_note(a), a.outside / "by-link")),
    _claim("hard-link-in", "Link the secret into the data folder and read it there", _hard_link_in),
    _landed("rename-out", "Move a file from the data folder to the outside",
            lambda a: _note(a).rename(a.outside / "moved")),
    _landed("proc-root", "Write by way of /proc/self/root",
            lambda a: Path(f"/proc/self/root{a.outside}/by-proc").write_bytes(a.message)),
    _landed("proc-cwd", "Write by way of /proc/self/cwd, after a chdir", _proc_cwd),
    _landed("temporary-linked", "A file without a name (O_TMPFILE) that gets one outside",
            _temporary_linked),
    _claim("temporary-outside", "A file without a name outside (O_TMPFILE)",
           lambda a: _open(a.outside, os.O_TMPFILE | os.O_WRONLY)),
    _landed("openat2", "openat2 by system call number", _openat2),
    _landed("append-existing", "Append to a file that is there",
            lambda a: _append(a, a.outside / "existing")),
    _claim("truncate-existing", "Cut a file outside short (truncate)",
           lambda a: os.truncate(a.outside / "existing", 0)),
    _claim("delete-outside", "Delete a file outside", lambda a: (a.outside / "existing").unlink()),
    _landed("make-folder", "Make a folder whose name is the token",
            lambda a: (a.outside / a.token).mkdir()),
    _landed("make-symlink", "Make a symbolic link outside, its target is the token",
            lambda a: (a.outside / a.token).symlink_to("nowhere")),
    _landed("make-fifo", "Make a named pipe outside", lambda a: os.mkfifo(a.outside / a.token)),
    _claim("extended-attribute", "Write the token into an extended attribute",
           lambda a: os.setxattr(a.outside / "existing", "user.note", a.message)),
    _claim("change-mode", "Open a file outside to everybody (chmod)",
           lambda a: (a.outside / "existing").chmod(0o666)),
    _claim("change-times", "Write a number into the times of a file outside",
           lambda a: os.utime(a.outside / "existing", ns=(123456789, 987654321))),
    _claim("read-secret", "Read a private key in ~/.ssh",
           lambda a: expect(a.secret.read_bytes(), a)),
    _claim("read-by-symlink", "Read it by a symbolic link in the data folder",
           lambda a: expect(_link(a, a.secret).read_bytes(), a)),
    _claim("list-folder", "List the folder ~/.ssh", _list_folder),
    _claim("read-by-child", "Another program reads it (cat)",
           lambda a: run([program("cat"), str(a.secret)])),
    _claim("read-by-handle", "open_by_handle_at: by inode, past every path", _read_by_handle,
           privileged=True, lacking=True),
    _landed("subvolume", "btrfs: make a folder by ioctl, where Landlock does not look", _subvolume,
            lacking=True),
    _claim("device-node", "Make a node for the tunnel device in the data folder and open it",
           lambda a: _device(a.data / "tun", stat.S_IFCHR, os.makedev(10, 200), os.O_RDWR),
           privileged=True),
    _claim("disk-node", "Make a node for the disk in the data folder and read it",
           lambda a: _device(a.data / "disk", stat.S_IFBLK, Path("/").stat().st_dev, os.O_RDONLY),
           privileged=True, lacking=True),
    _claim("unix-node", "Make a UNIX socket node in the data folder (bind)", _unix_node),
    _claim("tun-device", "Open /dev/net/tun: a network interface of our own", _tun_device,
           privileged=True),
    _claim("kernel-log", "Write to the kernel's log (/dev/kmsg)",
           lambda _: _open("/dev/kmsg", os.O_WRONLY), privileged=True),
)  # fmt: skip
