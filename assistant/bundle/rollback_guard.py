"""The newest version of each bundle that this machine ever had: older ones are refused.

`<data>/trust/floors.json`. It is kept when the model is removed, so that removing the newer
one does not open the way for an older one that somebody brings.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Literal

from assistant.bundle.manifest import Manifest
from assistant.bundle.trust_tables import read_table, write_table
from assistant.errors import BundleError, OlderBundleError
from assistant.strict_reader import Meta, Sha256

FLOORS_FILE = "floors.json"


@dataclass(frozen=True, slots=True)
class Floor:
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
class _Book:
    format: Literal[1]
    floors: Annotated[tuple[Floor, ...], Meta(max_length=10_000)]


class FloorBook:
    """The floors in the trust folder. Raises `BundleError` if they are damaged or gone."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FLOORS_FILE

    def create(self) -> None:
        """Begin with none, if there is no book yet."""
        if read_table(self._path, _Book) is None:
            write_table(self._path, {"floors": []})

    def all(self) -> list[Floor]:
        """Return all floors. A book that is missing is an error: somebody removed it."""
        book = read_table(self._path, _Book)
        if book is None:
            raise BundleError(
                f"{self._path} is missing.",
                hint="It says which versions were installed. Restore it from a backup; or "
                "remove the whole folder and trust your keys anew.",
            )
        return list(book.floors)

    def find(self, name: str) -> Floor | None:
        return next((floor for floor in self.all() if floor.name == name), None)

    def check(self, manifest: Manifest, digest: str) -> None:
        """Refuse what is not newer than the floor; the very same bundle may come again.

        `digest` is the SHA-256 of the manifest. Raises `OlderBundleError`.
        """
        floor = self.find(manifest.name)
        if floor is None or manifest.version > floor.version:
            return
        if manifest.version == floor.version and digest == floor.manifest_sha256:
            return
        same = manifest.version == floor.version
        what = "another bundle with the same version" if same else "a newer version"
        raise OlderBundleError(
            f"It is version {manifest.version} ({manifest.label or 'no label'}) of "
            f"{manifest.name}; {what} was imported here on {floor.imported_at[:10]}: "
            f"{floor.version} ({floor.label or 'no label'}).",
            hint="Older versions are refused, also after a removal. If it is meant to replace "
            "the newer one, pack it again on the workstation with a higher version.",
        )

    def put(self, floor: Floor | None, name: str) -> None:
        """Set the floor of a name, or take it away (None)."""
        others = [asdict(known) for known in self.all() if known.name != name]
        write_table(self._path, {"floors": [*others, *([asdict(floor)] if floor else [])]})
