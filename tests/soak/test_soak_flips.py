"""10,000 flipped bits in a store: every one is found when the store is examined.

Here the seal of each page does it, and the salt that is written down inside. Pages that hold
nothing are not read by SQLite; they, and pages put back from an older copy, are found by the
page root of the audit log (`test_soak_pages.py`).
"""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from assistant.errors import StoreError
from assistant.store import StoreKey, store_health
from tests.soak.scale import count
from tests.store.adder import KEY, add_one, open_for_child

pytestmark = pytest.mark.slow


def harmed(path: Path, key: StoreKey) -> bool:
    try:
        return not store_health(path, key).ok
    except StoreError:
        return True


def test_every_flipped_bit_is_found(tmp_path: Path) -> None:
    path = tmp_path / "library.db"
    with open_for_child(path) as store:
        for number in range(3):
            add_one(store, "flips", number)
    whole = path.read_bytes()
    assert not harmed(path, KEY)
    chance = random.Random(21)
    # Every bit of the first page's open part, then places all over the file.
    first = [(at, bit) for at in range(24) for bit in range(8)]
    flips = count(10_000)
    chosen = chance.sample(first, min(len(first), max(flips // 10, 1)))
    while len(chosen) < flips:
        chosen.append((chance.randrange(len(whole)), chance.randrange(8)))
    missed = []
    with path.open("r+b", buffering=0) as file:
        for at, bit in chosen:
            os.pwrite(file.fileno(), bytes([whole[at] ^ 1 << bit]), at)
            if not harmed(path, KEY):
                missed.append((at, bit))
            os.pwrite(file.fileno(), whole[at : at + 1], at)
    assert missed == []
    assert path.read_bytes() == whole
    assert not harmed(path, KEY)
