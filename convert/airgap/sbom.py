"""The software bill of materials: CycloneDX 1.6, with the known vulnerabilities that don't apply.

No time and no random number is in it: the same wheels give the same bytes. The serial number
is made of the content (UUID version 5).
"""

from __future__ import annotations

import json
import tomllib
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from assistant.errors import BundleError
from assistant.models.catalogue import Catalogue
from convert.airgap.licences import Licence
from convert.airgap.native_libraries import Library, Part
from convert.airgap.wheel_build import PROGRAM, Wheels
from convert.airgap.wheel_file import Wheel

SPEC_VERSION = "1.6"
_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_DNS, "airgap-assistant.invalid")

Table = dict[str, Any]


def make_sbom(
    wheels: Wheels,
    licences: Mapping[str, Licence],
    libraries: Mapping[str, Sequence[Library]],
    parts: Mapping[str, Sequence[Part]],
    catalogue: Catalogue,
) -> bytes:
    """Return the SBOM. `libraries` and `parts` are by the wheels' file names.

    Raises `BundleError` for a statement about a component that is not carried.
    """
    components = [
        _wheel(wheel, wheels, licences[wheel.name], libraries, parts) for wheel in wheels.all
    ]
    components += list(_models(catalogue, wheels))
    own = next(wheel for wheel in wheels.installed if wheel.name == PROGRAM)
    table: Table = {
        "bomFormat": "CycloneDX",
        "specVersion": SPEC_VERSION,
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": "archive",
                "name": f"{PROGRAM} (air-gapped archive)",
                "version": own.version,
                "licenses": [{"expression": licences[PROGRAM].expression}],
            }
        },
        "components": components,
        "dependencies": list(_dependencies(wheels, catalogue)),
        "vulnerabilities": list(_statements(wheels)),
    }
    serial = uuid.uuid5(_NAMESPACE, json.dumps(table, sort_keys=True))
    table["serialNumber"] = f"urn:uuid:{serial}"
    return (json.dumps(table, indent=1, sort_keys=True) + "\n").encode("ascii")


def _wheel(
    wheel: Wheel,
    wheels: Wheels,
    licence: Licence,
    libraries: Mapping[str, Sequence[Library]],
    parts: Mapping[str, Sequence[Part]],
) -> Table:
    inside = [_part(part, wheel) for part in parts.get(wheel.filename, ())]
    inside += [
        {
            "type": "file",
            "bom-ref": f"{wheel.filename}#{library.name}",
            "name": library.name,
            "version": wheel.version,
            "hashes": _hashes(library.sha256),
        }
        for library in libraries.get(wheel.filename, ())
    ]
    component: Table = {
        "type": "application" if wheel in wheels.tools or wheel.name == PROGRAM else "library",
        "bom-ref": wheel.filename,
        "name": wheel.name,
        "version": wheel.version,
        "purl": purl_of(wheel),
        "hashes": _hashes(wheel.sha256),
        "licenses": _licences(licence.expression),
        "scope": "excluded" if wheel in wheels.tools else "required",
    }
    return component | ({"components": inside} if inside else {})


def _part(part: Part, wheel: Wheel) -> Table:
    known = f"@{part.version}" if part.version else ""
    component: Table = {
        "type": "library",
        "bom-ref": f"{wheel.filename}#{part.name}",
        "name": part.name,
        "description": f"As built into {wheel.name} {wheel.version}.",
        "purl": f"pkg:generic/{part.name}{known}",
        "licenses": _licences(part.licence),
    }
    return component | ({"version": part.version} if part.version else {})


def purl_of(wheel: Wheel) -> str:
    """Return the package URL of a wheel; ours is not on any index."""
    kind = "generic" if wheel.name == PROGRAM else "pypi"
    return f"pkg:{kind}/{wheel.name}@{quote(wheel.version)}?file_name={quote(wheel.filename)}"


def _models(catalogue: Catalogue, wheels: Wheels) -> Iterator[Table]:
    chat, adapter = catalogue.default_chat, catalogue.default_adapter
    yield _model(chat.name, chat.title, _model_version(chat.package), chat.licence) | {
        "hashes": _hashes(chat.source_sha256),
        "purl": purl_of(_carrier(chat.package, wheels)),
        "modelCard": {
            "modelParameters": {"task": "text-generation", "modelArchitecture": chat.architecture}
        },
    }
    for embedder in catalogue.embedders:
        version = _model_version(embedder.package)
        yield _model(embedder.name, embedder.title, version, embedder.licence) | {
            "hashes": _hashes(embedder.model_sha256),
            "modelCard": {"modelParameters": {"task": "sentence-similarity"}},
            "components": [
                {
                    "type": "file",
                    "bom-ref": f"model:{embedder.name}#tokenizer",
                    "name": "tokenizer.json",
                    "hashes": _hashes(embedder.tokenizer_sha256),
                }
            ],
        }
    for ocr in catalogue.ocr:
        yield _model(ocr.name, ocr.title, _model_version(ocr.package), ocr.licence) | {
            "hashes": _hashes(ocr.recognizer_sha256),
            "purl": purl_of(_carrier(ocr.package, wheels)),
            "modelCard": {"modelParameters": {"task": "optical-character-recognition"}},
            "components": [
                {
                    "type": "file",
                    "bom-ref": f"model:{ocr.name}#detector",
                    "name": ocr.detector,
                    "hashes": _hashes(ocr.detector_sha256),
                }
            ],
        }
    if adapter is not None:
        yield _model(adapter.name, adapter.title, f"{adapter.prompt_version}", adapter.licence) | {
            "hashes": _hashes(adapter.sha256),
            "modelCard": {"modelParameters": {"task": "text-generation"}},
            "pedigree": {
                "ancestors": [
                    {
                        "type": "machine-learning-model",
                        "name": chat.name,
                        "hashes": _hashes(chat.source_sha256),
                    }
                ]
            },
        }


def _model(name: str, title: str, version: str, licence: str) -> Table:
    return {
        "type": "machine-learning-model",
        "bom-ref": f"model:{name}",
        "name": name,
        "description": title,
        "version": version,
        "licenses": _licences(licence),
    }


def _model_version(package: str) -> str:
    return package.partition("==")[2]


def _carrier(package: str, wheels: Wheels) -> Wheel:
    name, _, version = package.partition("==")
    for wheel in wheels.models:
        if (wheel.name, wheel.version) == (name, version):
            return wheel
    raise BundleError(f"The package {package} of the default model is not carried.")


def _dependencies(wheels: Wheels, catalogue: Catalogue) -> Iterator[Table]:
    refs: dict[str, list[str]] = {}
    for wheel in wheels.installed:
        refs.setdefault(wheel.name, []).append(wheel.filename)
    for wheel in wheels.installed:
        wanted = sorted(ref for name in wheel.requires() for ref in refs.get(name, []))
        if wheel.name == PROGRAM:
            adapter = catalogue.default_adapter
            names = [catalogue.default_chat.name, *(e.name for e in catalogue.embedders)]
            names += [adapter.name] if adapter is not None else []
            names += [ocr.name for ocr in catalogue.ocr]
            wanted += [f"model:{name}" for name in names]
        yield {"ref": wheel.filename, "dependsOn": sorted(wanted)}
    yield {"ref": "archive", "dependsOn": refs[PROGRAM]}


def _statements(wheels: Wheels) -> Iterator[Table]:
    path = Path(__file__).resolve().parent / "vex.toml"
    for row in tomllib.loads(path.read_text(encoding="utf-8"))["statement"]:
        affected = [
            wheel.filename
            for wheel in wheels.all
            if (wheel.name, wheel.version) == (row["component"], row["version"])
        ]
        if not affected:
            raise BundleError(
                f"vex.toml speaks of {row['component']} {row['version']}, which is not carried.",
                hint="Look whether the statement still holds, and mend it.",
            )
        yield {
            "id": row["id"],
            "source": {"name": "NVD"},
            "description": row["description"],
            "cwes": row["cwes"],
            "analysis": {
                "state": row["state"],
                "justification": row["justification"],
                "detail": row["detail"],
            },
            "affects": [{"ref": ref} for ref in affected],
        }


def _licences(expression: str) -> list[Table]:
    return [{"expression": expression}]


def _hashes(*digests: str) -> list[Table]:
    return [{"alg": "SHA-256", "content": digest} for digest in digests]


def sha256_lines(files: Iterable[tuple[str, str]]) -> bytes:
    """Return (name, SHA-256) pairs as `sha256sum --check` reads them."""
    return "".join(f"{digest}  {name}\n" for name, digest in files).encode("ascii")
