"""Read parts of a package: a ZIP file that holds a document as XML (OPC, OpenDocument, OCF).

Everything in it is hostile: sizes are counted while a part is unpacked, never believed; a
package that holds two parts of one name is refused, because two programs would show two texts.
"""

from __future__ import annotations

import io
import posixpath
import struct
import zipfile
import zlib
from collections import Counter
from urllib.parse import unquote

from assistant.documents.file_type import MEDIA_TYPES, Kind
from assistant.documents.parse_errors import ParseFault

MAX_UNPACKED = 256 * 1024 * 1024
"""Bytes, of all parts that are read."""

_MAX_PARTS = 20_000
_PIECE = 1 << 20
_ENCRYPTED = 0x1
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    OSError,
    RuntimeError,
    struct.error,
    ValueError,
)
_BY_MIMETYPE: dict[str, Kind] = {MEDIA_TYPES[kind]: kind for kind in ("odt", "odp", "ods", "epub")}


class Package:
    """The parts of a package by their names. All methods raise `ParseFault`."""

    def __init__(self, data: bytes | bytearray | memoryview) -> None:
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
        except _DAMAGE as error:
            raise ParseFault("package_damaged") from error
        self._left = MAX_UNPACKED
        names = self._zip.namelist()
        if len(names) > _MAX_PARTS:
            raise ParseFault("package_parts", number=len(names))
        if any(count > 1 for count in Counter(names).values()):
            raise ParseFault("package_twice")
        self._names = {name.lower(): name for name in names}
        self.names = tuple(names)

    def __contains__(self, name: str) -> bool:
        return name.lower() in self._names

    def read(self, name: str) -> bytes:
        """Return the bytes of a part."""
        info = self._zip.getinfo(self._names[name.lower()])
        if info.flag_bits & _ENCRYPTED:
            raise ParseFault("office_encrypted")
        parts: list[bytes] = []
        try:
            with self._zip.open(info) as source:
                while piece := source.read(_PIECE):
                    self._left -= len(piece)
                    if self._left < 0:
                        raise ParseFault("unpacks_without_end", number=MAX_UNPACKED >> 20)
                    parts.append(piece)
        except _DAMAGE as error:
            raise ParseFault("package_damaged") from error
        return b"".join(parts)

    def read_if_there(self, name: str) -> bytes:
        """Return the bytes of a part, none if there is no such part."""
        return self.read(name) if name in self else b""

    def below(self, folder: str) -> list[str]:
        """Return the names of the parts in a folder and those below it."""
        return [name for name in self.names if name.lower().startswith(folder)]


def package_kind(data: bytes | bytearray | memoryview) -> Kind:
    """Return what a package holds. Raises `ParseFault` if it is nothing that can be read."""
    package = Package(data)
    if "mimetype" in package:
        told = package.read("mimetype")[:200].decode("ascii", "replace").strip()
        for media_type, kind in _BY_MIMETYPE.items():
            if told.removesuffix("-template") == media_type:
                return kind
    if "[Content_Types].xml" in package:
        marks: tuple[tuple[str, Kind], ...] = (
            ("word/", "docx"),
            ("ppt/", "pptx"),
            ("xl/workbook.bin", "xlsb"),
            ("xl/", "xlsx"),
        )
        for mark, kind in marks:
            if package.below(mark):
                return kind
        raise ParseFault("other_kind", label="office")
    if "META-INF/container.xml" in package:
        return "epub"
    raise ParseFault("other_kind", label="archive")


def part_path(base: str, target: str) -> str:
    """Return the name of the part that `target`, a reference in the part `base`, leads to."""
    target = unquote(target.partition("#")[0])
    if target.startswith("/"):
        return posixpath.normpath(target).lstrip("/")
    return posixpath.normpath(posixpath.join(posixpath.dirname(base), target)).lstrip("/")
