"""Inspect wheels, and remove files from one reproducibly."""

from __future__ import annotations

import base64
import hashlib
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email.message import Message
from email.parser import Parser
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name, parse_wheel_filename

from assistant.errors import BundleError

FIXED_TIME = (1980, 1, 1, 0, 0, 0)
_REGULAR_FILE = 0o100644


@dataclass(frozen=True, slots=True)
class Wheel:
    """A wheel on disk. `name` is normalised (PEP 503), `sha256` is that of the whole file."""

    path: Path
    name: str
    version: str
    sha256: str

    @classmethod
    def at(cls, path: Path) -> Wheel:
        """Read name, version and hash of a wheel. Raises `BundleError`."""
        try:
            name, version, _, _ = parse_wheel_filename(path.name)
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
        except (ValueError, OSError) as error:
            raise BundleError(f"{path} is no wheel that can be read: {error}.") from error
        return cls(path, str(name), str(version), digest)

    @property
    def filename(self) -> str:
        return self.path.name

    def members(self) -> Iterator[tuple[str, bytes]]:
        """Yield (name, content) of every file in it."""
        with self._opened() as archive:
            for info in archive.infolist():
                if not info.is_dir():
                    yield info.filename, archive.read(info)

    def names(self) -> list[str]:
        with self._opened() as archive:
            return [info.filename for info in archive.infolist() if not info.is_dir()]

    def read(self, name: str) -> bytes:
        with self._opened() as archive:
            return archive.read(name)

    def metadata(self) -> Message:
        """Return its METADATA."""
        name = next(n for n in self.names() if n.endswith(".dist-info/METADATA"))
        return Parser().parsestr(self.read(name).decode("utf-8"))

    def requires(self) -> set[str]:
        """Return the normalised names of what it asks for, without extras."""
        found = (Requirement(text) for text in self.metadata().get_all("Requires-Dist", []))
        wanted = (r for r in found if r.marker is None or r.marker.evaluate({"extra": ""}))
        return {str(canonicalize_name(requirement.name)) for requirement in wanted}

    @property
    def unpacked_size(self) -> int:
        """Bytes of all its files together."""
        with self._opened() as archive:
            return sum(info.file_size for info in archive.infolist())

    def _opened(self) -> zipfile.ZipFile:
        try:
            return zipfile.ZipFile(self.path)
        except (OSError, zipfile.BadZipFile) as error:
            raise BundleError(f"{self.path} is no wheel that can be read.") from error


def slimmed(
    source: Path,
    folder: Path,
    unwanted: Callable[[str], bool],
    change: Callable[[str, bytes], bytes] = lambda _, content: content,
) -> Path:
    """Write a wheel that we built ourselves again, without its unwanted files.

    Names are sorted, times fixed, RECORD is made anew, so that the same content gives the
    same bytes. `change` may rewrite a file. Return the new wheel, of the same name.
    """
    kept = {
        name: change(name, content)
        for name, content in Wheel.at(source).members()
        if not unwanted(name) and not name.endswith(".dist-info/RECORD")
    }
    info = next(name for name in kept if name.endswith(".dist-info/METADATA"))
    record = info.replace("METADATA", "RECORD")
    rows = [f"{name},{_record_hash(kept[name])},{len(kept[name])}" for name in sorted(kept)]
    kept[record] = "".join(f"{row}\n" for row in [*rows, f"{record},,"]).encode()
    folder.mkdir(parents=True, exist_ok=True)
    draft = folder / f"{source.name}.incoming"
    with zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as out:
        for name in sorted(kept):
            entry = zipfile.ZipInfo(name, FIXED_TIME)
            entry.create_system = 3
            entry.external_attr = _REGULAR_FILE << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            out.writestr(entry, kept[name])
    return draft.replace(folder / source.name)


def _record_hash(content: bytes) -> str:
    digest = hashlib.sha256(content).digest()
    return "sha256=" + base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
