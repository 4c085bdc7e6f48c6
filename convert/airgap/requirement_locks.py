"""Reading the hash-pinned requirement files that `requirements/lock.sh` writes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from packaging.utils import canonicalize_name

from assistant.errors import UsageError

_PIN = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)==([A-Za-z0-9.+!]+)")
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class Pin:
    """One package: its lines as they stand in the file, and what they say."""

    name: str
    version: str
    hashes: frozenset[str]
    text: str


def read_pins(path: Path) -> tuple[Pin, ...]:
    """Read a requirement file. Raises `UsageError` for a line without version and hashes."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise UsageError(f"{path} can't be read: {error.strerror or error}.") from error
    blocks: list[list[str]] = []
    for line in lines:
        if line.startswith("#") or not line.strip():
            continue
        if not line.startswith(" "):
            blocks.append([])
        if not blocks:
            raise UsageError(f"{path} does not begin with a package.")
        blocks[-1].append(line)
    return tuple(_pin("\n".join(block), path) for block in blocks)


def _pin(text: str, path: Path) -> Pin:
    found = _PIN.match(text)
    hashes = frozenset(_HASH.findall(text))
    if found is None or not hashes:
        raise UsageError(
            f"{path}: {text[:60]!r} is not pinned with hashes.", hint="Remake it: make lock"
        )
    return Pin(str(canonicalize_name(found[1])), found[2], hashes, text + "\n")
