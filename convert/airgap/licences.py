"""Collect the licence texts of all components, and their SPDX expressions."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from assistant.errors import BundleError
from convert.airgap.wheel_file import Wheel

HERE = Path(__file__).resolve().parent
_TEXT = re.compile(
    r"(licen[cs]es?|copying|notice|authors|thirdpartynotices)([._-].*)?", re.IGNORECASE
)
_CODE = (".py", ".pyi", ".pyc", ".so", ".h")
_IN_LICENCES = re.compile(r"\.dist-info/licenses/")


@dataclass(frozen=True, slots=True)
class Licence:
    """A component's licence: an SPDX expression, and the texts by their names here."""

    expression: str
    texts: dict[str, bytes]


def licences_of(
    wheels: tuple[Wheel, ...], listed: Path = HERE / "licences.toml"
) -> dict[str, Licence]:
    """Return the licence of every distribution, by its name.

    `listed` names the texts and expressions that a wheel does not bring itself.

    Raises `BundleError` naming the first component without a text or an expression.
    """
    table = tomllib.loads(listed.read_text(encoding="utf-8"))
    found: dict[str, Licence] = {}
    for wheel in wheels:
        if wheel.name not in found:
            found[wheel.name] = Licence(_expression(wheel, table), _texts(wheel, table))
    if stale := (table["texts"].keys() | table["expressions"].keys()) - found.keys():
        raise BundleError(f"licences.toml names what is not carried: {', '.join(sorted(stale))}.")
    return found


def _expression(wheel: Wheel, table: dict[str, Any]) -> str:
    own = wheel.metadata().get("License-Expression")
    named = own or table["expressions"].get(wheel.name)
    if not named:
        raise BundleError(
            f"{wheel.filename} does not say under which licence it is.",
            hint="Read its licence text and name it in convert/airgap/licences.toml.",
        )
    return str(named)


def _texts(wheel: Wheel, table: dict[str, Any]) -> dict[str, bytes]:
    texts = {_short(name): wheel.read(name) for name in sorted(wheel.names()) if _is_licence(name)}
    if texts:
        return texts
    listed = table["texts"].get(wheel.name, {}).get("files", [])
    if not listed:
        raise BundleError(
            f"{wheel.filename} holds no licence text.",
            hint="Put one beside convert/airgap/licences.toml, and name it there.",
        )
    return {name: (HERE / "licences" / name).read_bytes() for name in listed}


def _is_licence(name: str) -> bool:
    if name.endswith(_CODE):
        return False
    return bool(_IN_LICENCES.search(name) or _TEXT.fullmatch(PurePosixPath(name).name))


def _short(name: str) -> str:
    """Return a path in a wheel as one plain name: it becomes part of a name in the archive."""
    parts = PurePosixPath(name).parts
    if parts[0].endswith(".dist-info"):
        parts = parts[2:] if parts[1] == "licenses" else parts[1:]
    return re.sub(r"[^A-Za-z0-9_.+-]", "_", "_".join(parts)).lstrip(".-+")
