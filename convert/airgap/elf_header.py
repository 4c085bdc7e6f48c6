"""Read from an ELF shared library which libraries and symbol versions it needs.

Reads the two tables of an ELF file (System V gABI, "Dynamic Section"; Linux Standard Base,
"Symbol Versioning") that say which libraries and which symbol versions it needs. Our own
wheels and pinned ones are read here, so damage is an error and not a danger.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from assistant.errors import BundleError

_SECTION = struct.Struct("<IIQQQQIIQQ")
_DYNAMIC = struct.Struct("<qQ")
_NEED = struct.Struct("<HHIII")
_NEED_AUX = struct.Struct("<IHHII")
_SHT_DYNAMIC, _SHT_VERNEED = 6, 0x6FFFFFFE
_DT_NULL, _DT_NEEDED = 0, 1


@dataclass(frozen=True, slots=True)
class ElfRequirements:
    """`libraries` by the names that are looked for; `versions` as (library, symbol version)."""

    libraries: frozenset[str]
    versions: frozenset[tuple[str, str]]


def is_elf(raw: bytes) -> bool:
    return raw[:4] == b"\x7fELF"


def needs_of(raw: bytes) -> ElfRequirements:
    """Read the needs of a 64-bit little-endian library. Raises `BundleError` if it is none."""
    try:
        if not is_elf(raw) or raw[4:6] != b"\x02\x01":
            raise BundleError("A library of a wheel is no 64-bit little-endian ELF file.")
        sections = list(_sections(raw))
        return ElfRequirements(
            frozenset(_libraries(raw, sections)),
            frozenset(_versions(raw, sections)),
        )
    except (struct.error, IndexError, UnicodeDecodeError) as error:
        raise BundleError("A library of a wheel is damaged.") from error


def _sections(raw: bytes) -> Iterator[tuple[int, int, int, int, int]]:
    """Yield (type, offset, size, link, number of entries) of every section."""
    (start,) = struct.unpack_from("<Q", raw, 0x28)
    size, count = struct.unpack_from("<HH", raw, 0x3A)
    for number in range(count):
        row = _SECTION.unpack_from(raw, start + number * size)
        yield row[1], row[4], row[5], row[6], row[7]


def _libraries(raw: bytes, sections: list[tuple[int, int, int, int, int]]) -> Iterator[str]:
    for kind, offset, size, link, _ in sections:
        if kind != _SHT_DYNAMIC:
            continue
        for at in range(offset, offset + size, _DYNAMIC.size):
            tag, value = _DYNAMIC.unpack_from(raw, at)
            if tag == _DT_NULL:
                break
            if tag == _DT_NEEDED:
                yield _text(raw, sections[link][1] + value)


def _versions(
    raw: bytes, sections: list[tuple[int, int, int, int, int]]
) -> Iterator[tuple[str, str]]:
    for kind, offset, _, link, count in sections:
        if kind != _SHT_VERNEED:
            continue
        strings, at = sections[link][1], offset
        for _number in range(count):
            _, entries, name, first, following = _NEED.unpack_from(raw, at)
            aux = at + first
            for _entry in range(entries):
                _, _, _, version, step = _NEED_AUX.unpack_from(raw, aux)
                yield _text(raw, strings + name), _text(raw, strings + version)
                aux += step
            at += following


def _text(raw: bytes, at: int) -> str:
    return raw[at : raw.index(b"\0", at)].decode("ascii")
