"""Landlock: which files this process may open, whoever it runs as.

Rights of `include/uapi/linux/landlock.h`; which of them a kernel knows follows from its ABI
version. A rule on a folder holds for all beneath it, and nothing can be taken out of it.
"""

from __future__ import annotations

import os
import stat
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from assistant.lockdown import kernel_calls

# The same numbers on every machine (since 424 all share one numbering).
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION_FLAG = 1
_PATH_BENEATH = 1

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
REMOVE_DIR, REMOVE_FILE = 1 << 4, 1 << 5
MAKE_DIR, MAKE_REG = 1 << 7, 1 << 8
REFER, TRUNCATE, IOCTL_DEV = 1 << 13, 1 << 14, 1 << 15
_NET = 0b11  # bind and connect by TCP: a second lock behind the filter
_SCOPES = 0b11  # abstract UNIX sockets and signals to processes outside

READ = READ_FILE | READ_DIR
WRITE = READ | WRITE_FILE | TRUNCATE | REMOVE_DIR | REMOVE_FILE | MAKE_DIR | MAKE_REG | REFER
"""No right to make devices, sockets, pipes or links, and none to run a file."""

_FILE_RIGHTS = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV


@dataclass(frozen=True, slots=True)
class Rule:
    """What is allowed on a file, or on a folder and all beneath it."""

    path: Path
    rights: int


def abi() -> int:
    """Return the version that the kernel offers; 0 if there is none."""
    try:
        return kernel_calls.call(_CREATE_RULESET, None, 0, _VERSION_FLAG)
    except OSError:
        return 0


def handled(version: int) -> int:
    """Return every right on files that a version knows; what is handled is denied by default."""
    rights = (1 << 13) - 1
    for since, right in ((2, REFER), (3, TRUNCATE), (5, IOCTL_DEV)):
        if version >= since:
            rights |= right
    return rights


def ruleset(version: int) -> bytes:
    """Return `struct landlock_ruleset_attr` in the size that a version knows."""
    words = [handled(version)]
    if version >= 4:
        words.append(_NET)
    if version >= 6:
        words.append(_SCOPES)
    return struct.pack(f"={len(words)}Q", *words)


def restrict(rules: Iterable[Rule], version: int) -> None:
    """Deny all files but what `rules` allow, for this thread and what it starts from now on.

    A path that does not exist or can't be opened grants nothing. Raises `OSError`.
    """
    attributes = ruleset(version)
    descriptor = kernel_calls.call(_CREATE_RULESET, attributes, len(attributes), 0)
    try:
        for rule in rules:
            _add(descriptor, rule, handled(version))
        kernel_calls.call(_RESTRICT_SELF, descriptor, 0)
    finally:
        os.close(descriptor)


def _add(ruleset_descriptor: int, rule: Rule, known: int) -> None:
    try:
        place = os.open(rule.path, os.O_PATH | os.O_CLOEXEC)
    except (OSError, ValueError):
        return
    try:
        rights = rule.rights & known
        if not stat.S_ISDIR(os.fstat(place).st_mode):
            rights &= _FILE_RIGHTS
        if rights:
            given = struct.pack("=Qi", rights, place)
            kernel_calls.call(_ADD_RULE, ruleset_descriptor, _PATH_BENEATH, given, 0)
    finally:
        os.close(place)
