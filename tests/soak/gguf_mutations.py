"""Mutated GGUF files: from single bits to lies that are aimed at a parser; and a second parser.

`walk` is written apart from `assistant.models.gguf_header` on purpose: it believes everything and
only says where each number stands, so that a test can aim at it and can see what a file that
was accepted really holds.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.unit.models.gguf_files import string, toy_model, value

SIZES = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
EXTRA: dict[str, Any] = {
    "llama__attention__head_count_kv": 1,
    "llama__rope__freq_base": 10000.0,
    "llama__vocab_size": 259,
    "tokenizer__ggml__bos_token_id": 1,
    "tokenizer__ggml__eos_token_id": 2,
    "tokenizer__ggml__unknown_token_id": 0,
    "tokenizer__ggml__add_bos_token": True,
    "general__alignment": 32,
}
GOOD = toy_model(weight=0.01, **EXTRA)

# Values that no model has, by key: each must be refused without a look at a hash.
BAD_VALUES: dict[str, tuple[Any, ...]] = {
    "general.architecture": (7, "", "a\0b", ["llama"], True),
    "general.alignment": (0, 1, 3, 31, 1 << 20, "32", 32.0, True),
    "llama.context_length": (1 << 31, "x", -1.5, ["a"], True),
    "llama.embedding_length": (0, 31, 64, 1 << 31, "x", 2.0),
    "llama.block_count": (0, 513, 1 << 31, "x", 1.0),
    "llama.feed_forward_length": (1 << 30, "x", 0.5),
    "llama.attention.head_count": (3, 5, 1 << 20, "x", 1.0),
    "llama.attention.head_count_kv": (7, 1 << 20, "x"),
    "llama.attention.layer_norm_rms_epsilon": (float("nan"), float("inf"), -1.0, 7.0, 5, "x"),
    "llama.rope.dimension_count": (33, 64, 1 << 20, "x", 31),
    "llama.rope.freq_base": (float("nan"), float("-inf"), 0.0, -4.0, 5, "x"),
    "llama.vocab_size": (0, 3, 1 << 31, "x"),
    "tokenizer.ggml.model": (5, ["x"], "a\0"),
    "tokenizer.ggml.tokens": ("x", 5, [1, 2], [], ["a"], ["a"] * 258),
    "tokenizer.ggml.scores": ([0.0], [1] * 259, ["x"] * 259, [0.0] * 260, 5),
    "tokenizer.ggml.token_type": ([1], [1.0] * 259, ["x"] * 259, [1] * 258, "x"),
    "tokenizer.ggml.merges": ([1, 2], "x", 7, [0.5]),
    "tokenizer.ggml.suppress_tokens": (["x"], 5, [0.5]),
    "tokenizer.ggml.bos_token_id": (259, 1 << 30, "x", 1.0, True),
    "tokenizer.ggml.eos_token_id": (260, 1 << 31, "</s>"),
    "tokenizer.ggml.unknown_token_id": (100_000, 0.0),
    "tokenizer.chat_template": (5, ["x"], "a\0b"),
    "\0": (1,),
    "a b": (1,),
    "x" * 2000: (1,),
}


@dataclass
class Layout:
    """Where each number of a header stands: (offset, bytes, what it is)."""

    numbers: list[tuple[int, int, str]] = field(default_factory=list)
    texts: list[tuple[int, int]] = field(default_factory=list)
    keys: dict[str, tuple[int, Any]] = field(default_factory=dict)
    tensors: list[tuple[str, tuple[int, ...], int, int]] = field(default_factory=list)
    end: int = 0


class _Walker:
    def __init__(self, data: bytes) -> None:
        self.data, self.at, self.found = data, 4, Layout()

    def number(self, size: int, what: str) -> int:
        self.found.numbers.append((self.at, size, what))
        self.at += size
        return int.from_bytes(self.data[self.at - size : self.at], "little")

    def text(self) -> str:
        length = self.number(8, "length")
        self.found.texts.append((self.at, length))
        self.at += length
        return self.data[self.at - length : self.at].decode("utf-8", "replace")

    def value(self, kind: int) -> Any:
        if kind == 8:
            return self.text()
        if kind == 9:
            inner, count = self.number(4, "type"), self.number(8, "count")
            if inner == 8:
                return (inner, [self.text() for _ in range(count)])
            self.at += count * SIZES[inner]
            return (inner, count)
        return self.number(SIZES[kind], "scalar")


def walk(data: bytes) -> Layout:
    """Say where everything stands. Raises all kinds of errors for a damaged file."""
    walker = _Walker(data)
    walker.number(4, "version")
    tensors, pairs = walker.number(8, "count"), walker.number(8, "count")
    for _ in range(pairs):
        key = walker.text()
        kind = walker.number(4, "type")
        walker.found.keys[key] = (kind, walker.value(kind))
    for _ in range(tensors):
        name = walker.text()
        shape = tuple(walker.number(8, "length") for _ in range(walker.number(4, "count")))
        kind, offset = walker.number(4, "type"), walker.number(8, "offset")
        walker.found.tensors.append((name, shape, kind, offset))
    walker.found.end = walker.at
    return walker.found


HEADER = walk(GOOD)
_ODD = (0, 1, 2, 3, 7, 31, 33, 255, 256, 1 << 16, (1 << 31) - 1, 1 << 31, (1 << 32) - 1, 1 << 40,
        (1 << 62) + 1, (1 << 63) - 1, 1 << 63, (1 << 64) - 1, (1 << 64) - 32)  # fmt: skip


def aimed(rng: random.Random) -> bytes:
    """One number of the structure lies: a count, a length, a type, an offset, the version."""
    while True:
        at, size, what = rng.choice(HEADER.numbers)
        if what == "scalar":
            continue
        old = int.from_bytes(GOOD[at : at + size], "little")
        new = rng.choice((*_ODD, old + 1, old - 1, old ^ 1 << rng.randrange(size * 8), old * 2))
        new &= (1 << size * 8) - 1
        if new != old:
            return GOOD[:at] + new.to_bytes(size, "little") + GOOD[at + size :]


def metadata(rng: random.Random) -> bytes:
    """A file that is written properly, with a value under a key that no model has."""
    key = rng.choice(list(BAD_VALUES))
    bad = rng.choice(BAD_VALUES[key])
    return with_pairs({key: bad})


def with_pairs(changes: dict[str, Any]) -> bytes:
    """`GOOD` with pairs put in place of its own, or added."""
    plain = dict(_PAIRS)
    count = len({**plain, **changes})
    head = b"GGUF" + struct.pack("<IQQ", 3, len(HEADER.tensors), count)
    kept = b"".join(raw for key, raw in plain.items() if key not in changes)
    added = b"".join(string(key) + value(item) for key, item in changes.items())
    out = head + kept + added + _TENSOR_TABLE
    return out + bytes(-len(out) % 32) + _WEIGHTS


def structure(rng: random.Random) -> bytes:
    """Cut off, doubled, taken out, put in, exchanged; keys and tensors twice."""
    kind = rng.randrange(6)
    a, b = sorted(rng.sample(range(4, HEADER.end), 2))
    if kind == 0:
        return GOOD[: rng.randrange(len(GOOD))]
    if kind == 1:
        return GOOD[:a] + GOOD[b:]
    if kind == 2:
        return GOOD[:b] + GOOD[a:]
    if kind == 3:
        return GOOD[:a] + rng.randbytes(rng.randint(1, 64)) + GOOD[a:]
    if kind == 4:
        return GOOD + rng.randbytes(rng.randint(33, 4096))
    return twice(rng)


def twice(rng: random.Random) -> bytes:
    """A key stands there twice, the second time with another value."""
    key = rng.choice(list(_PAIRS))
    head = b"GGUF" + struct.pack("<IQQ", 3, len(HEADER.tensors), len(_PAIRS) + 1)
    pairs = list(_PAIRS.values())
    pairs.insert(rng.randint(0, len(pairs)), string(key) + value(rng.choice(("x", 5, True))))
    out = head + b"".join(pairs) + _TENSOR_TABLE
    return out + bytes(-len(out) % 32) + _WEIGHTS


def tensors(rng: random.Random) -> bytes:
    """Shapes whose product overflows, offsets that overlap or lie outside, odd types."""
    table = [list(entry) for entry in HEADER.tensors]
    row = rng.choice(table)
    kind = rng.randrange(5)
    if kind == 0:
        row[1] = rng.choice(
            ((1 << 32, 1 << 32), (0,), (1 << 63, 2), (5,) * 4, (1 << 40, 32), (31,))
        )
    elif kind == 1:
        row[3] = rng.choice((0, 32, 1 << 40, (1 << 64) - 32, row[3] + 32, row[3] ^ 1))
    elif kind == 2:
        row[2] = rng.choice((1, 4, 5, 8, 12, 24, 31, 36, 99, 1 << 31))
    elif kind == 3:
        row[0] = rng.choice(("x" * 64, "", "a b", "\0", "blk.1.attn_q.weight", table[-1][0] * 1))
    else:
        other = rng.choice(table)
        row[3], other[3] = other[3], row[3]
    raw = b"".join(
        string(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, type_, offset)
        for name, shape, type_, offset in table
    )
    out = GOOD[: HEADER.end - len(_TENSOR_TABLE)] + raw
    return out + bytes(-len(out) % 32) + _WEIGHTS


def flipped(rng: random.Random, begin: int, end: int) -> bytes:
    """One to three bits turned between two offsets."""
    out = bytearray(GOOD)
    for _ in range(rng.randint(1, 3)):
        out[rng.randrange(begin, end)] ^= 1 << rng.randrange(8)
    return bytes(out)


def mutations(rng: random.Random, count: int) -> Iterator[tuple[str, bytes]]:
    """Give (kind, file), each different from `GOOD`."""
    makers = {"aimed": aimed, "metadata": metadata, "structure": structure, "tensors": tensors}
    done = 0
    while done < count:
        turn = done % 10
        if turn < 8:
            kind = list(makers)[turn % 4]
            data = makers[kind](rng)
        elif turn == 8:
            kind, data = "flip", flipped(rng, 0, HEADER.end)
        else:
            kind, data = "weights", flipped(rng, HEADER.end, len(GOOD))
        if data != GOOD:
            done += 1
            yield kind, data


def _split() -> tuple[dict[str, bytes], bytes]:
    """Cut the good header into its pairs and the table of its tensors."""
    pairs: dict[str, bytes] = {}
    walker = _Walker(GOOD)
    walker.at = 24
    for _ in HEADER.keys:
        begin = walker.at
        key = walker.text()
        walker.value(walker.number(4, "type"))
        pairs[key] = GOOD[begin : walker.at]
    return pairs, GOOD[walker.at : HEADER.end]


_PAIRS, _TENSOR_TABLE = _split()
_WEIGHTS = GOOD[-(-HEADER.end // 32) * 32 :]
assert with_pairs({})[: HEADER.end] == GOOD[: HEADER.end]
