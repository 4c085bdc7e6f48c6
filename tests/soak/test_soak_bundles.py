"""10,000 mutated bundles of a sealed library: none is accepted, nothing but `BundleError`.

Bundles of models and adapters have their own 23,146 mutations in `tests/unit/
test_bundle_hostile.py`; here the kind that brings a key along, and the sealed key itself.
"""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from assistant.bundle.prebuilt_library import seal_key
from assistant.errors import BundleError, PassphraseError, StoreError
from assistant.store import StoreKey
from assistant.store.key_wrap import Cost, parse
from assistant.store.recovery_key import recovery_secret
from tests.soak.scale import count
from tests.unit.bundle.bundle_files import CONTENT, OTHER_SECRET, accepted, put, tiny_bundle

KEY = StoreKey.random()
SEALED, TRANSFER = seal_key(KEY, Cost(1, 8 << 20))
FILES = {
    "card.md": CONTENT["card.md"],
    "library-key.json": ("key", SEALED),
    "library.db": ("library", random.Random(1).randbytes(3000)),
}
KIND = {"kind": "library", "base": None, "prompt": None}
GOOD = tiny_bundle(FILES, **KIND)
OLDER = tiny_bundle({**FILES, "card.md": ("card", b"# Older.\n")}, version=2, **KIND)
STRANGER = tiny_bundle(FILES, secret=OTHER_SECRET, **KIND)


def mutated(rng: random.Random, good: bytes) -> bytes:
    """Flip, overwrite, cut, insert, double, exchange, or join with another bundle."""
    kind = rng.randrange(8)
    a, b = sorted(rng.sample(range(len(good) + 1), 2))
    if kind < 3:
        out = bytearray(good)
        for _ in range(kind + 1):
            out[rng.randrange(len(out))] ^= 1 << rng.randrange(8)
        return bytes(out)
    if kind == 3:
        return good[:a] + rng.randbytes(b - a) + good[b:]
    if kind == 4:
        return rng.choice((good[:a], good[:a] + good[b:], good + good[a:b], good[:b] + good[a:]))
    if kind == 5:
        return good[:a] + rng.randbytes(rng.randint(1, 64)) + good[a:]
    other = rng.choice((OLDER, STRANGER))
    return rng.choice(
        (good[:a] + other[a:], other[:a] + good[a:], good[:a] + other[a:b] + good[b:])
    )


def test_no_mutated_bundle_of_a_library_is_accepted(tmp_path: Path) -> None:
    rng = random.Random(6)
    path = put(tmp_path, GOOD)
    accepted(path)
    tried = 0
    while tried < count(10_000):
        data = mutated(rng, GOOD)
        if data in (GOOD, OLDER, STRANGER):
            continue
        tried += 1
        path.write_bytes(data)
        with pytest.raises(BundleError):
            accepted(path)
    path.write_bytes(GOOD)
    accepted(path)


def test_a_changed_seal_opens_nothing() -> None:
    """Were it signed by a workstation in error: refused, or another key never comes out."""
    rng = random.Random(7)
    secret = recovery_secret(TRANSFER)
    assert parse(SEALED).unwrap("passphrase", secret) == KEY
    refused = 0
    for _ in range(count(1000)):
        data = mutated(rng, SEALED)
        try:
            found = parse(data).unwrap("passphrase", secret)
        except StoreError:
            refused += 1
            continue
        assert found is None or data == SEALED or found == KEY
    assert refused > 0


def test_a_mistyped_transfer_key_is_told_before_anything_is_tried() -> None:
    for place, letter in enumerate(TRANSFER):
        if letter != "-":
            other = "2" if letter != "2" else "3"
            with pytest.raises(PassphraseError, match="group"):
                recovery_secret(TRANSFER[:place] + other + TRANSFER[place + 1 :])
