"""Probes that write outside the data folder, or read what no one chose."""

from __future__ import annotations

import ctypes
import fcntl
import os
import socket
import stat
import struct
from pathlib import Path
from typing import Any

from assistant.prove import native_calls
from assistant.prove.probe import Absent, Arena, Collection
from assistant.prove.probes_children import program, run
from assistant.prove.probes_descriptors import expect

FILES = Collection("files", "landed")


def _note(arena: Arena) -> Path:
    """Make a file with the token inside the data folder, which is allowed."""
    note = arena.data / "note"
    note.write_bytes(arena.message)
    return note


@FILES("write-outside", "Make a file in another folder")
def write_outside(arena: Arena, _: Any) -> None:
    (arena.outside / "plain").write_bytes(arena.message)


@FILES("write-home", "Make a file in the home folder, where a shell would read it (.profile)")
def write_home(arena: Arena, _: Any) -> None:
    (arena.outside / "home" / ".profile").write_bytes(arena.message)


@FILES("write-authorized-keys", "Add a line to ~/.ssh/authorized_keys")
def write_keys(arena: Arena, _: Any) -> None:
    with (arena.secret.parent / "authorized_keys").open("ab") as file:
        file.write(arena.message)


@FILES("write-cron", "Put a job where cron would find it (a folder like /etc/cron.d)")
def write_cron(arena: Arena, _: Any) -> None:
    folder = arena.outside / "cron.d"
    folder.mkdir()
    (folder / "job").write_bytes(arena.message)


@FILES("write-parent", "Make a file beside the data folder, by way of ..", evidence="claim")
def write_parent(arena: Arena, _: Any) -> None:
    path = arena.data / ".." / f"beside-{arena.token}"
    path.write_bytes(arena.message)
    path.unlink()


def _in_system_folder(name: str, folder: str) -> None:
    @FILES(f"write-{name}", f"Make a file in {folder}", evidence="claim", lacking=True)
    def attempt(arena: Arena, _: Any) -> None:
        path = Path(folder, f".prove-{arena.token}")
        path.write_bytes(arena.message)
        path.unlink()


for _name in ("tmp", "var/tmp", "dev/shm"):
    _in_system_folder(_name.replace("/", "-"), f"/{_name}")


@FILES("write-symlink", "Write through a symbolic link in the data folder that leads outside")
def write_symlink(arena: Arena, _: Any) -> None:
    link = arena.data / "link"
    link.symlink_to(arena.outside / "by-symlink")
    link.write_bytes(arena.message)


@FILES("hard-link-out", "Link a file of the data folder to a name outside")
def hard_link_out(arena: Arena, _: Any) -> None:
    os.link(_note(arena), arena.outside / "by-link")


@FILES("hard-link-in", "Link the secret into the data folder and read it there", evidence="claim")
def hard_link_in(arena: Arena, _: Any) -> None:
    os.link(arena.secret, arena.data / "mine")
    expect((arena.data / "mine").read_bytes(), arena)


@FILES("rename-out", "Move a file from the data folder to the outside")
def rename_out(arena: Arena, _: Any) -> None:
    _note(arena).rename(arena.outside / "moved")


@FILES("proc-root", "Write by way of /proc/self/root")
def proc_root(arena: Arena, _: Any) -> None:
    Path(f"/proc/self/root{arena.outside}/by-proc").write_bytes(arena.message)


@FILES("proc-cwd", "Write by way of /proc/self/cwd, after a chdir")
def proc_cwd(arena: Arena, _: Any) -> None:
    os.chdir(arena.outside)
    Path("/proc/self/cwd/by-cwd").write_bytes(arena.message)


@FILES("temporary-linked", "A file without a name (O_TMPFILE) that gets one outside")
def temporary_linked(arena: Arena, _: Any) -> None:
    descriptor = os.open(arena.data, os.O_TMPFILE | os.O_WRONLY, 0o600)
    os.write(descriptor, arena.message)
    source, target = f"/proc/self/fd/{descriptor}", str(arena.outside / "named")
    names = (ctypes.c_char_p(source.encode()), ctypes.c_char_p(target.encode()))
    native_calls.syscall("linkat", -100, names[0], -100, names[1], 0x400)


@FILES("temporary-outside", "A file without a name outside (O_TMPFILE)", evidence="claim")
def temporary_outside(arena: Arena, _: Any) -> None:
    os.close(os.open(arena.outside, os.O_TMPFILE | os.O_WRONLY, 0o600))


@FILES("openat2", "openat2 by system call number")
def openat2(arena: Arena, _: Any) -> None:
    how = struct.pack("=QQQ", os.O_WRONLY | os.O_CREAT, 0o600, 0)
    path = str(arena.outside / "by-openat2").encode()
    buffer = ctypes.create_string_buffer(how, 24)
    descriptor = native_calls.syscall("openat2", -100, ctypes.c_char_p(path), buffer, 24)
    os.write(descriptor, arena.message)


@FILES("append-existing", "Append to a file that is there")
def append_existing(arena: Arena, _: Any) -> None:
    with (arena.outside / "existing").open("ab") as file:
        file.write(arena.message)


@FILES("truncate-existing", "Cut a file outside short (truncate)", evidence="claim")
def truncate_existing(arena: Arena, _: Any) -> None:
    os.truncate(arena.outside / "existing", 0)


@FILES("delete-outside", "Delete a file outside", evidence="claim")
def delete_outside(arena: Arena, _: Any) -> None:
    (arena.outside / "existing").unlink()


@FILES("make-folder", "Make a folder whose name is the token")
def make_folder(arena: Arena, _: Any) -> None:
    (arena.outside / arena.token).mkdir()


@FILES("make-symlink", "Make a symbolic link outside, its target is the token")
def make_symlink(arena: Arena, _: Any) -> None:
    (arena.outside / arena.token).symlink_to("nowhere")


@FILES("make-fifo", "Make a named pipe outside")
def make_fifo(arena: Arena, _: Any) -> None:
    os.mkfifo(arena.outside / arena.token)


@FILES("extended-attribute", "Write the token into an extended attribute", evidence="claim")
def extended_attribute(arena: Arena, _: Any) -> None:
    os.setxattr(arena.outside / "existing", "user.note", arena.message)


@FILES("change-mode", "Open a file outside to everybody (chmod)", evidence="claim")
def change_mode(arena: Arena, _: Any) -> None:
    (arena.outside / "existing").chmod(0o666)


@FILES("change-times", "Write a number into the times of a file outside", evidence="claim")
def change_times(arena: Arena, _: Any) -> None:
    os.utime(arena.outside / "existing", ns=(123456789, 987654321))


@FILES("read-secret", "Read a private key in ~/.ssh", evidence="claim")
def read_secret(arena: Arena, _: Any) -> None:
    expect(arena.secret.read_bytes(), arena)


@FILES("read-by-symlink", "Read it by a symbolic link in the data folder", evidence="claim")
def read_by_symlink(arena: Arena, _: Any) -> None:
    link = arena.data / "link"
    link.symlink_to(arena.secret)
    expect(link.read_bytes(), arena)


@FILES("list-folder", "List the folder ~/.ssh", evidence="claim")
def list_folder(arena: Arena, _: Any) -> None:
    if arena.secret not in arena.secret.parent.iterdir():
        raise OSError("it is not listed")


@FILES("read-by-child", "Another program reads it (cat)", evidence="claim")
def read_by_child(arena: Arena, _: Any) -> None:
    run([program("cat"), str(arena.secret)])


@FILES(
    "read-by-handle",
    "open_by_handle_at: by inode, past every path",
    evidence="claim",
    privileged=True,
    lacking=True,
)
def read_by_handle(arena: Arena, _: Any) -> None:
    handle = ctypes.create_string_buffer(struct.pack("=Ii", 128, 0), 136)
    mount = ctypes.c_int()
    path = ctypes.c_char_p(str(arena.secret).encode())
    native_calls.syscall("name_to_handle_at", -100, path, handle, ctypes.byref(mount), 0)
    folder = os.open("/", os.O_RDONLY)
    descriptor = native_calls.syscall("open_by_handle_at", folder, handle, os.O_RDONLY)
    expect(os.read(descriptor, 1000), arena)


@FILES("subvolume", "btrfs: make a folder by ioctl, where Landlock does not look", lacking=True)
def subvolume(arena: Arena, _: Any) -> None:
    name = bytearray(struct.pack("=q4088s", 0, arena.token.encode()))
    folder = os.open(arena.outside, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.ioctl(folder, 0x5000940E, name)  # BTRFS_IOC_SUBVOL_CREATE
    finally:
        os.close(folder)


@FILES(
    "device-node",
    "Make a node for the tunnel device in the data folder and open it",
    evidence="claim",
    privileged=True,
)
def device_node(arena: Arena, _: Any) -> None:
    path = arena.data / "tun"
    os.mknod(path, stat.S_IFCHR | 0o600, os.makedev(10, 200))
    os.close(os.open(path, os.O_RDWR))


@FILES(
    "disk-node",
    "Make a node for the disk in the data folder and read it",
    evidence="claim",
    privileged=True,
    lacking=True,
)
def disk_node(arena: Arena, _: Any) -> None:
    path = arena.data / "disk"
    os.mknod(path, stat.S_IFBLK | 0o600, Path("/").stat().st_dev)
    os.close(os.open(path, os.O_RDONLY))


@FILES("unix-node", "Make a UNIX socket node in the data folder (bind)", evidence="claim")
def unix_node(arena: Arena, _: Any) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as channel:
        channel.bind(str(arena.data / "s"))


@FILES(
    "tun-device",
    "Open /dev/net/tun: a network interface of our own",
    evidence="claim",
    privileged=True,
)
def tun_device(_arena: Arena, _: Any) -> None:
    if not Path("/dev/net/tun").exists():
        raise Absent("there is no /dev/net/tun")
    os.close(os.open("/dev/net/tun", os.O_RDWR))


@FILES("kernel-log", "Write to the kernel's log (/dev/kmsg)", evidence="claim", privileged=True)
def kernel_log(_arena: Arena, _: Any) -> None:
    os.close(os.open("/dev/kmsg", os.O_WRONLY))
