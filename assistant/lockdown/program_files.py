"""What any run of the program needs to read: the interpreter, its packages, the system's
libraries and tables. No document, model or setting is among it.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from assistant.lockdown.landlock import (
    EXECUTE,
    IOCTL_DEV,
    READ,
    READ_DIR,
    READ_FILE,
    WRITE_FILE,
    Rule,
)

_PACKAGE = Path(__file__).resolve().parents[1]

# ONNX Runtime asks /sys what devices there are, doctor whether the swap is encrypted.
_SYSTEM_FOLDERS = (
    "/lib", "/lib32", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/nix/store",
    "/usr/share/zoneinfo", "/usr/share/locale", "/usr/share/terminfo", "/etc/terminfo",
    "/sys/block", "/sys/bus/pci", "/sys/class/drm", "/sys/devices",
)  # fmt: skip
_SYSTEM_FILES = (
    "/etc/ld.so.cache", "/etc/ld.so.preload", "/etc/localtime", "/etc/timezone", "/etc/passwd",
    "/etc/nsswitch.conf", "/proc/cpuinfo", "/proc/meminfo", "/proc/stat", "/proc/swaps",
    "/proc/sys/vm/overcommit_memory", "/proc/sys/kernel/osrelease",
    "/dev/urandom", "/dev/random", "/dev/zero",
)  # fmt: skip
_LOADERS = (
    "/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-aarch64.so.1", "/lib/ld-musl-x86_64.so.1",
    "/lib/ld-musl-aarch64.so.1",
)  # fmt: skip


def program_rules(*, run: bool = True, terminal: bool = True) -> list[Rule]:
    """Return the rules for the program itself.

    `run`: children of ours may be started (the interpreter, nothing else). `terminal`: the
    terminal may be opened, to ask for a passphrase.
    """
    rules = [Rule(Path(name), READ) for name in (*_SYSTEM_FOLDERS, *_SYSTEM_FILES)]
    rules += [Rule(folder, READ) for folder in python_folders()]
    # The import system lists the folder that our package lies in; it reads no file there.
    rules.append(Rule(_PACKAGE.parent, READ_DIR))
    rules += [Rule(Path("/proc/self"), READ), Rule(Path("/dev/null"), READ_FILE | WRITE_FILE)]
    if terminal:
        rules.append(Rule(Path("/dev/tty"), READ_FILE | WRITE_FILE | IOCTL_DEV))
    if run:
        programs = (os.path.realpath(sys.executable), *_LOADERS)
        rules += [Rule(Path(program), EXECUTE | READ_FILE) for program in programs]
    return rules


def python_folders() -> list[Path]:
    """Return where the interpreter finds modules: never the folder it was started in.

    `sys.path` as it is won't do: under `python -m` its first entry is the current folder.
    """
    prefixes = {Path(sys.prefix), Path(sys.base_prefix), Path(sys.base_exec_prefix)}
    folders = [_PACKAGE, _PACKAGE.parent / "models", Path(os.__file__).parent]
    if sys.prefix != sys.base_prefix:
        folders.append(Path(sys.prefix))
    folders += [p / "lib" for p in prefixes if len(p.parts) > 2]  # its own libpython; not /usr
    for entry in map(Path, sys.path):
        packages = entry.name in ("site-packages", "dist-packages")
        if packages or any(entry.is_relative_to(prefix / "lib") for prefix in prefixes):
            folders.append(entry)
    return list(dict.fromkeys(folders))
