"""Hostile bundles: many thousand mutations, none accepted, nothing but `BundleError`."""

from __future__ import annotations

import contextlib
import itertools
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.bundle.file_layout import HEAD_BYTES
from assistant.bundle.manifest import decode, encode, is_name
from assistant.bundle.public_key_file import PublicKey, decode_key, encode_key
from assistant.bundle.signatures import key_id, sign
from assistant.bundle.trusted_keys import TrustedKey
from assistant.errors import BundleError
from assistant.strict_reader import canonical
from tests.unit.bundle.bundle_files import (
    CONTENT,
    OTHER_SECRET,
    PUBLIC,
    SECRET,
    accepted,
    put,
    signed,
    tiny_bundle,
    tiny_manifest,
)

GOOD = tiny_bundle()
OLDER = tiny_bundle({**CONTENT, "card.md": ("card", b"# Old.\n")}, version=2)
STRANGER = tiny_bundle(secret=OTHER_SECRET)
MANIFEST = encode(tiny_manifest())
ODD: tuple[Any, ...] = (
    None, True, False, 0, -1, 2**31, 2**63, 10**400, 0.5, 1e300, "", "x", "..", "../../x", "a\0b",
    "/etc/passwd", "model.gguf", "\u202egnp", "\u0130", "\ud800", "\u212a.md", "x" * 5000, [], {},
    [[]], {"": ""}, "0" * 64, "a" * 64, "library", "card",
)  # fmt: skip


def flips() -> Iterator[bytes]:
    """Every single bit of the file, turned."""
    for at in range(len(GOOD)):
        for bit in range(8):
            yield GOOD[:at] + bytes([GOOD[at] ^ 1 << bit]) + GOOD[at + 1 :]


def cuts(rng: random.Random) -> Iterator[bytes]:
    """Truncated everywhere, bytes added, taken out, doubled."""
    yield from (GOOD[:at] for at in range(len(GOOD)))
    for _ in range(500):
        a, b = sorted(rng.sample(range(len(GOOD) + 1), 2))
        junk = rng.randbytes(rng.randint(1, 40))
        yield from (GOOD[:a] + GOOD[b:], GOOD[:b] + GOOD[a:], GOOD[:a] + junk + GOOD[a:])


def splices(rng: random.Random) -> Iterator[bytes]:
    """Parts of two bundles joined, spans of one exchanged, members in another order."""
    for other in (OLDER, STRANGER):
        for at in range(1, len(GOOD), 3):
            yield from (GOOD[:at] + other[at:], other[:at] + GOOD[at:])
    for _ in range(1000):
        a, b, c, d = sorted(rng.sample(range(len(GOOD) + 1), 4))
        yield GOOD[:a] + GOOD[c:d] + GOOD[b:c] + GOOD[a:b] + GOOD[d:]
    parts = [data for _, data in CONTENT.values()]
    head = GOOD[: -sum(map(len, parts))]
    yield from (head + b"".join(parts[::-1]), head + b"".join(parts * 2), head, head + parts[0])


def heads(rng: random.Random) -> Iterator[bytes]:
    """Lengths, versions and identities that lie."""
    for length in (0, 1, 2**16, 2**20, 2**20 + 1, 2**31, 2**32 - 1, len(MANIFEST) + 1):
        yield GOOD[:12] + length.to_bytes(4, "little") + GOOD[16:]
    for _ in range(500):
        yield GOOD[:8] + rng.randbytes(HEAD_BYTES - 8) + GOOD[HEAD_BYTES:]
        yield GOOD[:48] + rng.randbytes(64) + GOOD[112:]


def edits(rng: random.Random) -> Iterator[bytes]:
    """Fields changed and written again properly, under the old signature or a stranger's."""
    tail = GOOD[HEAD_BYTES + len(MANIFEST) :]
    for _ in range(1500):
        table = json.loads(MANIFEST)
        change(table, rng)
        raw = canonical(table)
        if raw == MANIFEST:
            continue
        length = len(raw).to_bytes(4, "little")
        yield GOOD[:12] + length + GOOD[16:HEAD_BYTES] + raw + tail
        head = GOOD[:12] + length + GOOD[16:48]
        yield head + sign(OTHER_SECRET, head + raw) + raw + tail


def change(table: Any, rng: random.Random) -> None:
    """Change one thing somewhere in a table."""
    while True:
        places = list(table) if isinstance(table, dict) else list(range(len(table)))
        if not places:
            return
        key = rng.choice(places)
        if isinstance(table[key], dict | list) and rng.random() < 0.8:
            table = table[key]
            continue
        kind = rng.randrange(4)
        if kind == 0:
            del table[key]
        elif kind == 1 and isinstance(table, dict):
            table[str(rng.choice(ODD))] = table.pop(key)
        elif kind == 2 and isinstance(table, list):
            table.append(table[key])
        else:
            table[key] = rng.choice(ODD)
        return


def test_no_mutation_is_accepted_and_none_crashes(tmp_path: Path) -> None:
    rng = random.Random(3)
    path = put(tmp_path, GOOD)
    accepted(path)
    tried = 0
    # One file, written over: making it anew each time would take most of the time.
    with path.open("r+b", buffering=0) as file:
        for data in itertools.chain(flips(), cuts(rng), splices(rng), heads(rng), edits(rng)):
            if data == GOOD:
                continue
            tried += 1
            overwrite(file, data)
            with pytest.raises(BundleError):
                accepted(path)
        overwrite(file, GOOD)
    assert tried >= 10_000
    accepted(path)


def overwrite(file: BinaryIO, data: bytes) -> None:
    file.seek(0)
    file.write(data)
    file.truncate()


def test_what_a_trusted_workstation_signs_in_error_does_no_harm(tmp_path: Path) -> None:
    """The same edits, properly signed: refused, or harmless and read back as written."""
    rng = random.Random(4)
    refused = 0
    for _ in range(3000):
        table = json.loads(MANIFEST)
        for _ in range(rng.randint(1, 3)):
            change(table, rng)
        raw = canonical(table)
        try:
            manifest = decode(raw)
        except BundleError:
            refused += 1
            continue
        assert encode(manifest) == raw
        assert is_name(manifest.name)
        assert all("/" not in f.name and ".." not in f.name for f in manifest.files)
    assert 1000 < refused < 3000


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=12,
)


@settings(max_examples=200)
@given(st.sampled_from(sorted(json.loads(MANIFEST))), JSON)
def test_any_value_in_any_field_is_refused_or_kept(field: str, value: Any) -> None:
    table = {**json.loads(MANIFEST), field: value}
    try:
        raw = canonical(table)
    except ValueError:
        return
    with contextlib.suppress(BundleError):
        assert encode(decode(raw)) == raw


@settings(max_examples=200)
@given(st.binary(max_size=300))
def test_any_bytes_are_refused_as_manifest_and_key(raw: bytes) -> None:
    with pytest.raises(BundleError):
        decode(raw)
    with pytest.raises(BundleError):
        decode_key(raw)


def test_mutated_key_files_are_refused_or_name_another_key() -> None:
    """A bit turned may give another whole key; its fingerprint then differs."""
    whole = encode_key(PublicKey("ward", "2026-11-21", PUBLIC))
    for at in range(len(whole) - 1):
        for bit in range(8):
            raw = whole[:at] + bytes([whole[at] ^ 1 << bit]) + whole[at + 1 :]
            try:
                key = decode_key(raw)
            except BundleError:
                continue
            assert key.public != PUBLIC or (key.name, key.created) != ("ward", "2026-11-21")


def test_a_signature_of_another_kind_is_no_signature_of_a_bundle(tmp_path: Path) -> None:
    """Without the label, the same bytes signed for something else are refused."""
    head = signed(tiny_manifest())
    for message in (head[:48], MANIFEST, head[:48] + MANIFEST):
        data = head[:48] + sign(SECRET, message) + GOOD[112:]
        with pytest.raises(BundleError, match="signature is wrong"):
            accepted(put(tmp_path, data))
    assert TrustedKey(PUBLIC.hex(), "", "trusted", "", "").identity == key_id(PUBLIC)
