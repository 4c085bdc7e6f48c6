"""Refuse a bundle that is older than the newest version this machine ever had (rollback).

The minimum versions are in `<data>/trust/floors.json`. They are kept when the model is
removed, so that removing the newer one does not open the way for an older one that somebody
brings.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Literal

from assistant.bundle.manifest import Manifest
from assistant.bundle.trust_tables import read_table, write_table
from assistant.errors import BundleError, OlderBundleError
from assistant.strict_reader import Meta, Sha256

MINIMUM_VERSIONS_FILE = "floors.json"


@dataclass(frozen=True, slots=True)
class MinimumVersion:
    """The newest version that was imported under a name."""

    name: str
    kind: str
    version: int
    label: str
    installed_name: str
    signer: str
    manifest_sha256: Sha256
    imported_at: str


@dataclass(frozen=True, slots=True)
class _VersionsFile:
    format: Literal[1]
    floors: Annotated[tuple[MinimumVersion, ...], Meta(max_length=10_000)]


class MinimumVersions:
    """The minimum versions on disk. Raises `BundleError` if they are damaged or gone."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / MINIMUM_VERSIONS_FILE

    def create(self) -> None:
        """Begin with none, if there is no file yet."""
        if read_table(self._path, _VersionsFile) is None:
            write_table(self._path, {"floors": []})

    def all(self) -> list[MinimumVersion]:
        """Return all of them. A missing file is an error: somebody removed it."""
        file = read_table(self._path, _VersionsFile)
        if file is None:
            raise BundleError(
                f"{self._path} is missing.",
                hint="It says which versions were installed. Restore it from a backup; or "
                "remove the whole folder and trust your keys anew.",
            )
        return list(file.floors)

    def find(self, name: str) -> MinimumVersion | None:
        return next((minimum for minimum in self.all() if minimum.name == name), None)

    def check(self, manifest: Manifest, digest: str) -> None:
        """Refuse what is not newer than the minimum; the very same bundle may come again.

        `digest` is the SHA-256 of the manifest. Raises `OlderBundleError`.
        """
        minimum = self.find(manifest.name)
        if minimum is None or manifest.version > minimum.version:
            return
        if manifest.version == minimum.version and digest == minimum.manifest_sha256:
            return
        same = manifest.version == minimum.version
        what = "another bundle with the same version" if same else "a newer version"
        raise OlderBundleError(
            f"It is version {manifest.version} ({manifest.label or 'no label'}) of "
            f"{manifest.name}; {what} was imported here on {minimum.imported_at[:10]}: "
            f"{minimum.version} ({minimum.label or 'no label'}).",
            hint="Older versions are refused, also after a removal. If it is meant to replace "
            "the newer one, pack it again on the workstation with a higher version.",
        )

    def put(self, minimum: MinimumVersion | None, name: str) -> None:
        """Set the minimum version of a name, or remove it (None)."""
        others = [asdict(known) for known in self.all() if known.name != name]
        write_table(self._path, {"floors": [*others, *([asdict(minimum)] if minimum else [])]})
