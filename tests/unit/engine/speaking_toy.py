"""A tiny random model that can write every text: a GPT-2 vocabulary of bytes and a few words.

One layer of 32 numbers. It never ends an answer by itself, because the tokens that would end
it have weights of zero and some other token is always likelier.
"""

from __future__ import annotations

import math
from collections.abc import Collection

import numpy as np

from tests.unit.models.gguf_files import Tensor, chat_pairs, gguf

WIDTH = 32
SPECIALS = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
MERGES = ("t h", "th e", "Ġ the", "a n", "an d", "Ġ and", "i n", "Ġ in", "Ġ c", "Ġc a", "Ġca t")
_CONTROL, _NORMAL = 3, 1


def byte_letters() -> list[str]:
    """The printable letters with which GPT-2 writes the bytes 0 to 255."""
    plain = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = iter(range(256, 512))
    return [chr(byte if byte in plain else next(others)) for byte in range(256)]


def vocabulary() -> list[str]:
    return [*SPECIALS, *byte_letters(), *(merge.replace(" ", "") for merge in MERGES)]


def token_of(text: str) -> int:
    """The token that writes one of the bytes below 0x80, or a merged word."""
    letters = byte_letters()
    return vocabulary().index("".join(letters[byte] for byte in text.encode()))


def speaking_toy(
    *, seed: int = 3, broken: Collection[int] = (), dead: Collection[int] = (), context: int = 512
) -> bytes:
    """Write the model as a GGUF.

    Once it has read one of the tokens `broken` all its numbers are NaN (it writes none of them
    by itself); of the tokens `dead` the logit itself is NaN, whatever it read.
    """
    tokens = vocabulary()
    pairs = chat_pairs(
        llama__context_length=context,
        llama__embedding_length=WIDTH,
        llama__block_count=1,
        llama__feed_forward_length=WIDTH,
        llama__attention__head_count=1,
        llama__rope__dimension_count=WIDTH,
        llama__attention__layer_norm_rms_epsilon=1e-5,
        general__file_type=0,
        tokenizer__ggml__pre="gpt-2",
        tokenizer__ggml__tokens=tokens,
        tokenizer__ggml__merges=list(MERGES),
        tokenizer__ggml__token_type=[_CONTROL] * len(SPECIALS)
        + [_NORMAL] * (len(tokens) - len(SPECIALS)),
        tokenizer__ggml__bos_token_id=1,
        tokenizer__ggml__eos_token_id=2,
        tokenizer__ggml__add_bos_token=False,
    )
    chance = np.random.default_rng(seed)
    square = [f"blk.0.{n}.weight" for n in ("attn_q", "attn_k", "attn_v", "attn_output")]
    square += [f"blk.0.{n}.weight" for n in ("ffn_gate", "ffn_up", "ffn_down")]
    shapes = {"token_embd.weight": (WIDTH, len(tokens)), "output.weight": (WIDTH, len(tokens))}
    shapes |= dict.fromkeys(square, (WIDTH, WIDTH))
    norms = ("output_norm.weight", "blk.0.attn_norm.weight", "blk.0.ffn_norm.weight")
    arrays = {name: chance.standard_normal(shape[::-1]) * 0.3 for name, shape in shapes.items()}
    arrays |= {name: np.ones(WIDTH) for name in norms}
    arrays["output.weight"][: len(SPECIALS)] = 0.0
    arrays["output.weight"][list(broken)] = 0.0
    arrays["token_embd.weight"][list(broken)] = math.nan
    arrays["output.weight"][list(dead)] = math.nan
    table: list[Tensor] = []
    data = b""
    for name, array in arrays.items():
        raw = array.astype("<f4").tobytes()
        table.append((name, array.shape[::-1], 0, len(data), len(raw)))
        data += raw + bytes(-len(raw) % 32)
    whole = gguf(pairs, tuple(table))
    return whole[: len(whole) - len(data)] + data
