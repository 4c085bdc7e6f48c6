"""Planted words, and the search for them in every form in the raw bytes of a folder."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from pathlib import Path


def forms(marker: bytes) -> set[bytes]:
    """The marker as bytes, in UTF-16, hexadecimal, reversed, and base64 at each offset."""
    found = {marker, marker.hex().encode(), marker.hex().upper().encode(), marker[::-1]}
    try:
        text = marker.decode()
        found |= {text.encode("utf-16-le"), text.encode("utf-16-be")}
        found |= {text.upper().encode(), text.lower().encode()}
    except UnicodeDecodeError:
        pass
    for shift in range(3):
        # The first and last characters of a group depend on the neighbours.
        encoded = base64.b64encode(b"\0" * shift + marker)
        found.add(encoded[4 if shift else 0 : len(encoded) - 4])
    return {form for form in found if len(form) >= 6}


def hits(folder: Path, markers: Iterable[bytes]) -> list[str]:
    """Return "file: marker" for every marker that stands in a file, or in a name."""
    wanted = [(marker, form) for marker in markers for form in forms(marker)]
    found = []
    for path in sorted(folder.rglob("*")):
        raw = str(path.relative_to(folder)).encode() + b"\n"
        if path.is_file() and not path.is_symlink():
            raw += path.read_bytes()
        found += [f"{path.name}: {marker!r}" for marker, form in wanted if form in raw]
    return found
