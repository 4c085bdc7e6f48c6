"""10,000 changes of a log: each is found, and the first bad record is the one that is named.

In memory: a log is a list of lines, its head is what the store would keep. `make test` runs a
seeded fiftieth.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from assistant.audit.chain import Chain
from assistant.audit.log_head import Head
from assistant.audit.log_keys import AuditKeys
from assistant.audit.verify import HeadCheck, LogWalk, _compared
from tests.soak.scale import count
from tests.unit.audit.library import KEYS, made_chain

RECORDS = 30
ACTIONS = ["begin"] + ["open", "ask", "shown", "cite", "lock"] * 6
ORIGINAL = made_chain(ACTIONS[:RECORDS])
CONTENT = b"".join(ORIGINAL)
LAST = Chain(KEYS)
for _line in ORIGINAL:
    LAST.follow(_line.rstrip(b"\n"))
HEAD = Head(RECORDS, len(CONTENT), LAST.hash, 0)
EXPORTED = [line.rstrip(b"\n") for line in ORIGINAL[:20]]


def verdict(content: bytes, head: Head = HEAD, against: list[bytes] | None = None) -> str:
    """Check a log as `verify` does, without its file and its store."""
    walk = LogWalk(KEYS)
    known = HeadCheck(head)
    *whole, rest = content.split(b"\n")
    lines = [(line, True) for line in whole] + ([(rest, False)] if rest else [])
    expected = iter(against) if against is not None else None
    for record in walk.records(_compared(lines, expected, walk.report, walk)):
        known.see(record, walk.chain.offset)
    known.judge(walk, walk.report, others=False)
    return walk.report.verdict


def flip(chance: random.Random) -> bytes:
    content = bytearray(CONTENT)
    content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    return bytes(content)


def overwrite(chance: random.Random) -> bytes:
    at = chance.randrange(len(CONTENT) - 8)
    return CONTENT[:at] + chance.randbytes(8) + CONTENT[at + 8 :]


def delete(chance: random.Random) -> bytes:
    lines = list(ORIGINAL)
    first = chance.randrange(RECORDS)
    del lines[first : first + chance.randint(1, 5)]
    return b"".join(lines)


def swap(chance: random.Random) -> bytes:
    lines = list(ORIGINAL)
    a, b = chance.sample(range(RECORDS), 2)
    lines[a], lines[b] = lines[b], lines[a]
    return b"".join(lines)


def truncate(chance: random.Random) -> bytes:
    return CONTENT[: chance.randrange(len(CONTENT))]


def duplicate(chance: random.Random) -> bytes:
    lines = list(ORIGINAL)
    lines.insert(chance.randrange(RECORDS + 1), chance.choice(lines))
    return b"".join(lines)


def reorder(chance: random.Random) -> bytes:
    lines = list(ORIGINAL)
    while lines == ORIGINAL:
        chance.shuffle(lines)
    return b"".join(lines)


def insert_bytes(chance: random.Random) -> bytes:
    at = chance.randrange(len(CONTENT) + 1)
    return CONTENT[:at] + chance.randbytes(chance.randint(1, 40)) + CONTENT[at:]


def chain_anew(chance: random.Random) -> bytes:
    """Everything from one record on is written again, rightly chained, without the key."""
    from_record = chance.randrange(RECORDS)
    keys = chance.choice([None, AuditKeys(chance.randbytes(32))])
    forged = made_chain(ACTIONS[:RECORDS], keys)
    return b"".join([*ORIGINAL[:from_record], *forged[from_record:]])


def chain_anew_unsealed(chance: random.Random) -> bytes:
    """The end is replaced by records that need no key."""
    from_record = chance.randrange(1, RECORDS)
    actions = ACTIONS[:from_record] + ["unlock-failed"] * (RECORDS - from_record)
    forged = made_chain(actions, None)
    return b"".join([*ORIGINAL[:from_record], *forged[from_record:]])


def splice(chance: random.Random) -> bytes:
    """Records of another honest log of the same key, in place of ours."""
    at = chance.randrange(RECORDS)
    other = made_chain(["begin", *ACTIONS[2:RECORDS], "open"])
    return b"".join([*ORIGINAL[:at], other[at], *ORIGINAL[at + 1 :]])


CHANGES: list[Callable[[random.Random], bytes]] = [
    flip,
    overwrite,
    delete,
    swap,
    truncate,
    duplicate,
    reorder,
    insert_bytes,
    chain_anew,
    chain_anew_unsealed,
    splice,
]


def test_the_log_itself_is_right() -> None:
    assert verdict(CONTENT) == "ok"
    assert verdict(CONTENT, against=EXPORTED) == "ok"


def test_every_change_is_found() -> None:
    chance = random.Random(50)
    missed = []
    trials = unchanged = 0
    while trials < count(9_000):
        change = chance.choice(CHANGES)
        content = change(chance)
        if content == CONTENT:
            unchanged += 1
            assert verdict(content) == "ok"
            continue
        trials += 1
        if verdict(content) == "ok":
            missed.append(change.__name__)
    assert missed == []
    assert unchanged < trials / 20


def test_a_log_put_back_past_an_export_is_found() -> None:
    """The whole folder is put back: log and head fit, and only the export knows better."""
    chance = random.Random(51)
    for _ in range(count(1_000)):
        kept = chance.randrange(1, len(EXPORTED))
        content = b"".join(ORIGINAL[:kept])
        chain = Chain(KEYS)
        for line in ORIGINAL[:kept]:
            chain.follow(line.rstrip(b"\n"))
        head = Head(kept, len(content), chain.hash, 0)
        assert verdict(content, head) == "ok"
        assert verdict(content, head, EXPORTED) == "tampered"
        # Somebody with the key writes another history from there on.
        other = made_chain([*ACTIONS[:kept], *["ask"] * (RECORDS - kept)])
        whole = b"".join([*ORIGINAL[:kept], *other[kept:]])
        if whole != CONTENT:
            end = Chain(KEYS)
            for line in whole.splitlines():
                end.follow(line)
            assert verdict(whole, Head(RECORDS, len(whole), end.hash, 0)) == "ok"
            found = verdict(whole, Head(RECORDS, len(whole), end.hash, 0), EXPORTED)
            assert (found == "tampered") == (whole.splitlines()[:20] != EXPORTED)
