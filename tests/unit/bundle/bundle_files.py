"""Small signed bundles for tests: whole, and changed in every way, signed again or not."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from assistant.bundle.file_layout import head_to_sign, signed_message
from assistant.bundle.manifest import (
    Base,
    BundleFile,
    GateResult,
    Manifest,
    Prompt,
    Source,
    Step,
    encode,
)
from assistant.bundle.public_key_file import PublicKey
from assistant.bundle.signatures import key_id, public_of, sign
from assistant.bundle.trusted_keys import TrustedKey, TrustStore
from assistant.bundle.verify_bundle import open_bundle
from assistant.errors import UntrustedKeyError
from assistant.strict_reader import canonical

SECRET = bytes(range(32))
PUBLIC = public_of(SECRET)
IDENTITY = key_id(PUBLIC)
OTHER_SECRET = bytes(32)
KEY = TrustedKey(PUBLIC.hex(), "ward workstation", "trusted", "2026-11-21T00:00:00Z", "")
CONTENT: dict[str, tuple[str, bytes]] = {
    "card.md": ("card", b"# Tiny\n"),
    "licence-1.txt": ("licence", b"Apache-2.0\n"),
    "model.gguf": ("model", b"GGUF" + bytes(60)),
}
PROMPT = Prompt(1, "system", "chatml", "a" * 64)


def files_of(content: Mapping[str, tuple[str, bytes]]) -> tuple[BundleFile, ...]:
    return tuple(
        BundleFile(name, role, len(data), hashlib.sha256(data).hexdigest())
        for name, (role, data) in content.items()
    )


def tiny_manifest(**changes: Any) -> Manifest:
    plain = Manifest(
        kind="model",
        name="tiny",
        version=3,
        label="third",
        title="Tiny",
        created="2026-11-21T12:00:00Z",
        signer=IDENTITY.hex(),
        program="0.1.0",
        licence="Apache-2.0",
        gate=GateResult(evaluated=True, passed=True, forced=""),
        files=files_of(CONTENT),
        base=Base("smollm2", "b" * 64),
        prompt=PROMPT,
        calibration={"refusal_threshold": -0.25},
        sources=(Source("SQuAD 2.0", "CC BY-SA 4.0", "Rajpurkar et al."),),
        lineage=(
            Step(
                "train",
                "2026-11-21T11:00:00Z",
                {"dataset": "c" * 64},
                {"adapter": "d" * 64},
                {"rank": 32, "lr": 6e-4, "nested": {"list": [1, "two", None]}},
                {"torch": "2.13"},
                {"loss": 0.65},
            ),
        ),
    )
    return replace(plain, **changes)


def signed(manifest: Manifest, secret: bytes = SECRET) -> bytes:
    """Return head and manifest, signed."""
    return signed_raw(encode(manifest), secret)


def signed_raw(raw: bytes, secret: bytes = SECRET) -> bytes:
    """Sign anything as a manifest, also what is none."""
    head = head_to_sign(key_id(public_of(secret)), raw)
    return head + sign(secret, signed_message(head, raw)) + raw


def tiny_bundle(
    content: Mapping[str, tuple[str, bytes]] = CONTENT, secret: bytes = SECRET, **changes: Any
) -> bytes:
    """Return a whole bundle; its manifest lists `content` unless `files` is given."""
    changes = {"files": files_of(content), "signer": key_id(public_of(secret)).hex(), **changes}
    return signed(tiny_manifest(**changes), secret) + b"".join(d for _, d in content.values())


def resigned_table(table: Mapping[str, Any]) -> bytes:
    """Return a bundle whose manifest is any table at all, properly signed."""
    return signed_raw(canonical(table)) + b"".join(d for _, d in CONTENT.values())


def find_key(identity: bytes) -> TrustedKey:
    if identity != IDENTITY:
        raise UntrustedKeyError("it is signed by a stranger")
    return KEY


def put(folder: Path, data: bytes, name: str = "tiny-v3.bundle") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_bytes(data)
    return path


def accepted(path: Path) -> Manifest:
    """Verify and read everything of a bundle; return its manifest."""
    with open_bundle(path, find_key) as bundle:
        for entry in bundle.manifest.files:
            if entry.role in ("card", "licence"):
                bundle.text(entry)
        return bundle.manifest


def trusting(data_dir: Path, secrets: Sequence[bytes] = (SECRET,)) -> TrustStore:
    """Return the trust store of a data folder in which these keys are trusted."""
    trust = TrustStore(data_dir)
    for number, secret in enumerate(secrets):
        trust.trust(PublicKey(f"key {number}", "2026-11-21", public_of(secret)))
    return trust
