"""The list of parts in the archive (CycloneDX): valid, complete, and with licences."""

from __future__ import annotations

import hashlib
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator
from referencing import Registry, Resource

from convert.airgap.archive_build import BuiltArchive

SCHEMAS = Path(__file__).parent / "cyclonedx"
BASE = "http://cyclonedx.org/schema/"


def validator() -> Draft7Validator:
    """Return a validator of CycloneDX 1.6 that reads the pinned schemas only."""
    tables = {path.name: json.loads(path.read_text()) for path in SCHEMAS.glob("*.json")}
    resources = [
        (BASE + name.replace(".schema", ".SNAPSHOT.schema"), Resource.from_contents(table))
        for name, table in tables.items()
    ]
    resources += [(table["$id"], Resource.from_contents(table)) for table in tables.values()]
    registry: Registry[Any] = Registry().with_resources(resources)
    return Draft7Validator(tables["bom-1.6.schema.json"], registry=registry)


@pytest.fixture(scope="module")
def sbom(real_archive: BuiltArchive) -> dict[str, Any]:
    with zipfile.ZipFile(real_archive.path) as archive:
        return dict(json.loads(archive.read("sbom.cdx.json")))


def all_components(table: dict[str, Any]) -> list[dict[str, Any]]:
    found = []
    pending = list(table["components"])
    while pending:
        component = pending.pop()
        found.append(component)
        pending += component.get("components", [])
    return found


# --- requirement files and wheels --------------------------------------------------------


@pytest.mark.acceptance
def test_the_sbom_is_valid_cyclonedx(sbom: dict[str, Any]) -> None:
    errors = [f"{list(e.absolute_path)}: {e.message[:200]}" for e in validator().iter_errors(sbom)]
    assert errors == []


def test_the_validator_refuses_what_is_not_cyclonedx() -> None:
    """The control of the test above."""
    good: dict[str, Any] = {"bomFormat": "CycloneDX", "specVersion": "1.6"}
    assert validator().is_valid(good)
    for bad in (
        {**good, "bomFormat": "SPDX"},
        {**good, "components": [{"type": "wheel", "name": "x"}]},
        {**good, "components": [{"type": "library", "name": "x", "hashes": [{"alg": "MD"}]}]},
        {
            **good,
            "components": [{"type": "file", "name": "x", "licenses": [{"license": {"id": "X"}}]}],
        },
        {**good, "vulnerabilities": [{"analysis": {"state": "fine"}}]},
    ):
        assert not validator().is_valid(bad)


@pytest.mark.acceptance
def test_every_component_has_version_purl_hash_and_licence(
    sbom: dict[str, Any], real_archive: BuiltArchive
) -> None:
    hashes = {file.name.rpartition("/")[2]: file.sha256 for file in real_archive.manifest.files}
    wheels = [c for c in sbom["components"] if c["bom-ref"].endswith(".whl")]
    assert {c["bom-ref"] for c in wheels} == {name for name in hashes if name.endswith(".whl")}
    for component in wheels:
        assert component["version"]
        assert component["purl"].startswith("pkg:")
        assert component["hashes"][0]["content"] == hashes[component["bom-ref"]]
        assert component["licenses"][0]["expression"]
    refs = [component["bom-ref"] for component in all_components(sbom)]
    assert len(refs) == len(set(refs))
    known = {*refs, "archive"}
    for row in sbom["dependencies"]:
        assert {row["ref"], *row["dependsOn"]} <= known


@pytest.mark.acceptance
def test_models_and_native_libraries_are_listed(sbom: dict[str, Any]) -> None:
    models = [c for c in sbom["components"] if c["type"] == "machine-learning-model"]
    assert {c["name"] for c in models} == {
        "smollm2-135m-instruct",
        "smollm2-135m-raft",
        "all-minilm-l6-v2-int8",
        "multilingual-e5-small-int8",
        "pp-ocrv6-small",
    }
    assert all(c["hashes"] and c["licenses"] and c["modelCard"] for c in models)
    named = {c["name"]: c.get("version", "") for c in all_components(sbom)}
    assert named["sqlite"].startswith("3.")
    assert named["sqlite3multipleciphers"]
    assert named["openblas"]
    assert named["pdfium"].count(".") == 3
    assert {"ggml", "llama.cpp", "libsodium", "onnxruntime-core"} <= named.keys()
    libraries = [c for c in all_components(sbom) if c["name"].endswith("libllama.so")]
    assert libraries[0]["hashes"]


@pytest.mark.acceptance
def test_the_vulnerability_of_diskcache_is_stated_for_the_wheel_that_is_carried(
    sbom: dict[str, Any],
) -> None:
    (statement,) = sbom["vulnerabilities"]
    assert statement["id"] == "CVE-2025-69872"
    assert statement["analysis"]["state"] == "not_affected"
    assert statement["analysis"]["justification"] == "code_not_reachable"
    refs = {c["bom-ref"] for c in sbom["components"] if c["name"] == "diskcache"}
    assert {row["ref"] for row in statement["affects"]} == refs


def test_the_pinned_schemas_are_the_published_ones() -> None:
    """Unchanged copies (Apache-2.0, OWASP CycloneDX), as cyclonedx-python-lib 11.12.0 has them."""
    listed = dict(
        reversed(line.split("  ")) for line in (SCHEMAS / "SHA256SUMS").read_text().splitlines()
    )
    found = {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in SCHEMAS.glob("*.json")}
    assert found == listed
