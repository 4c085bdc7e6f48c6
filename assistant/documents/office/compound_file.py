"""Tell what a compound file (OLE, [MS-CFB]) is: the container of Office before 2007, and of MSG."""

from __future__ import annotations

import io
import struct

import olefile

from assistant.documents.file_type import Kind
from assistant.documents.parse_errors import ParseFault

DAMAGE = (OSError, ValueError, IndexError, KeyError, TypeError, struct.error, RecursionError)
"""What olefile raises for damaged files."""

_NO_READERS = {
    "worddocument": "old_word",
    "powerpoint document": "old_powerpoint",
    "perfectoffice_main": "wordperfect",
}


def open_compound(data: bytes | bytearray | memoryview) -> olefile.OleFileIO:
    """Open a compound file in memory. Raises `ParseFault`."""
    try:
        return olefile.OleFileIO(io.BytesIO(data))
    except DAMAGE as error:
        raise ParseFault("package_damaged") from error


def compound_kind(data: bytes | bytearray | memoryview) -> Kind:
    """Return what a compound file holds. Raises `ParseFault` if that can't be read."""
    try:
        entries = open_compound(data).listdir(streams=True, storages=False)
    except DAMAGE as error:
        raise ParseFault("package_damaged") from error
    names = {entry[0].lower() for entry in entries if entry}
    if "encryptedpackage" in names:
        raise ParseFault("office_encrypted")
    if "__properties_version1.0" in names:
        return "msg"
    if names & {"workbook", "book"}:
        return "xls"
    label = next((label for name, label in _NO_READERS.items() if name in names), "old_office")
    raise ParseFault("other_kind", label=label)
