"""Validate the key/value pairs of a GGUF before llama.cpp, which trusts them, reads them.

llama.cpp (0.3.36: `src/llama-model.cpp`, `src/llama-vocab.cpp`, `ggml/src/gguf.cpp`) checks
that a key is there and that a count is not absurdly large. It then divides by the number of
heads, reads the scores of a vocabulary as 32-bit floats whatever their type says, and ends
the process (`GGML_ASSERT`) where a list of texts is none. Each rule here stands before such a
place. Ranges are wide: what no model has, not what this program would like.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

BOOL, STRING, ARRAY = 7, 8, 9
UINT32, INT32, FLOAT32 = 4, 5, 6
UINT8, INT8 = 0, 1
_WHOLE = frozenset({0, 1, 2, 3, 4, 5, 10, 11})
_NO_TOKEN = 0xFFFFFFFF
"""What converters write for a special token that a vocabulary does not have."""

MAX_LAYERS = 512
"""`LLAMA_MAX_LAYERS`; arrays in llama.cpp have this many places."""
MAX_EXPERTS = 1024
MAX_TOKENS = 1 << 22
MAX_VALUES = 1024
"""Lists of numbers up to this length are kept: values for each layer are such."""

_KEY = re.compile(r"[A-Za-z0-9_.:/-]{1,255}", re.ASCII)
_TENSOR = re.compile(r"[A-Za-z0-9_.:/-]{1,63}", re.ASCII)
_WIDE = re.compile(r"output_norm\.weight|blk\.\d{1,9}\.(attn|ffn)_norm\.weight")
_TRUTH = re.compile(r"tokenizer\.ggml\.(add_|remove_extra_|escape_)")
_BLOCK = re.compile(r"blk\.(\d{1,9})\.")

# Key below the architecture's name: the lowest and the highest value. One number for the
# whole model, or a list with one for each layer.
_COUNTS = {
    "context_length": (1, 1 << 27),
    "embedding_length": (1, 1 << 20),
    "block_count": (1, MAX_LAYERS),
    "feed_forward_length": (0, 1 << 22),
    "attention.head_count": (0, 1 << 14),
    "attention.head_count_kv": (0, 1 << 14),
    "attention.key_length": (1, 1 << 16),
    "attention.value_length": (1, 1 << 16),
    "attention.sliding_window": (0, 1 << 27),
    "rope.dimension_count": (0, 1 << 16),
    "expert_count": (0, MAX_EXPERTS),
    "expert_used_count": (0, MAX_EXPERTS),
    "vocab_size": (1, MAX_TOKENS),
}
_FIGURES = {
    "attention.layer_norm_rms_epsilon": (0.0, 1.0),
    "attention.layer_norm_epsilon": (0.0, 1.0),
    "rope.freq_base": (1e-3, 1e15),
    "rope.scaling.factor": (0.0, 1e6),
    "rope.freq_scale": (0.0, 1e6),
}
# Lists of the vocabulary: the types that llama.cpp reads, and whether there is one for each
# token. It reads with the type that it expects, beyond the end of a list of smaller items.
_LISTS: dict[str, tuple[frozenset[int], bool]] = {
    "tokenizer.ggml.tokens": (frozenset({STRING}), True),
    "tokenizer.ggml.scores": (frozenset({FLOAT32}), True),
    "tokenizer.ggml.token_type": (frozenset({INT32}), True),
    "tokenizer.ggml.merges": (frozenset({STRING}), False),
    "tokenizer.ggml.precompiled_charsmap": (frozenset({UINT8, INT8}), False),
    "tokenizer.ggml.suppress_tokens": (frozenset({INT32}), False),
}
_TEXTS = (
    "general.architecture", "general.type", "general.name", "tokenizer.ggml.model",
    "tokenizer.ggml.pre", "tokenizer.chat_template", "adapter.type",
)  # fmt: skip
_NUMBERS = ("general.alignment", "general.file_type", "general.quantization_version")


@dataclass(frozen=True, slots=True)
class GgufList:
    """A list: the type number of its items, their count, and the items of a short one."""

    kind: int
    count: int
    values: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Metadata:
    """The pairs of a file: values of scalars and texts, lists, and the type of each key."""

    values: Mapping[str, Any]
    lists: Mapping[str, GgufList]
    kinds: Mapping[str, int]
    shapes: Mapping[str, tuple[int, ...]] = field(default_factory=dict)


def odd_key(key: str) -> str:
    """Return what is wrong with a key's own name, "" if nothing is."""
    return "" if _KEY.fullmatch(key) else f"the key {key[:80]!a} holds odd characters"


def odd_tensor_name(name: str) -> str:
    """Return what is wrong with a tensor's name, "" if nothing is (ggml: below 64 bytes)."""
    fits = _TENSOR.fullmatch(name)
    return "" if fits else f"the tensor {name[:80]!a} has a name that no tensor can have"


def odd_value(key: str, kind: int, value: Any) -> str:
    """Return what is wrong with a scalar or a text wherever it stands, "" if nothing is."""
    if isinstance(value, float) and not math.isfinite(value):
        return f"{key!r} is no finite number"
    if isinstance(value, str) and "\0" in value:
        return f"{key!r} holds a zero byte, where llama.cpp would end it"
    wanted = STRING if key in _TEXTS else kind
    wanted = UINT32 if key in _NUMBERS else wanted
    wanted = BOOL if _TRUTH.match(key) or key.endswith(".attention.causal") else wanted
    return "" if kind == wanted else f"{key!r} is of the wrong type"


def odd_metadata(found: Metadata) -> str:
    """Return the first thing that no whole model has, "" if there is none."""
    prefix = f"{found.values.get('general.architecture', '')}."
    for check in (_ranges, _figures, _lists, _special_tokens, _heads, _experts, _tensors):
        if reason := check(found, prefix):
            return reason
    return ""


def _ranges(found: Metadata, prefix: str) -> str:
    for name, (low, high) in _COUNTS.items():
        key = prefix + name
        if key not in found.kinds:
            continue
        numbers = _numbers(found, key)
        if not numbers or not all(type(number) is int for number in numbers):
            return f"{key!r} is no count"
        for number in numbers:
            if not low <= number <= high:
                return f"{key!r} is {number}, which no model has"
    layers = found.values.get(prefix + "block_count", 0)
    for name in _COUNTS:
        given = found.lists.get(prefix + name)
        if given is not None and given.count < layers:
            return f"{prefix + name!r} gives {given.count} values for {layers} layers"
    return ""


def _numbers(found: Metadata, key: str) -> tuple[Any, ...]:
    """Return a count's value, or its values for each layer; () for what is neither."""
    if key in found.values:
        # llama.cpp refuses a scalar of any other type with an exception.
        return (found.values[key],) if found.kinds[key] == UINT32 else ()
    given = found.lists[key]
    return given.values if given.kind in _WHOLE else ()


def _figures(found: Metadata, prefix: str) -> str:
    for name, (low, high) in _FIGURES.items():
        key = prefix + name
        if key not in found.kinds:
            continue
        if found.kinds[key] != FLOAT32:
            return f"{key!r} is no 32-bit number"
        if not low <= found.values[key] <= high:
            return f"{key!r} is {found.values[key]}, which no model has"
    return ""


def _lists(found: Metadata, prefix: str) -> str:
    del prefix
    tokens = found.lists.get("tokenizer.ggml.tokens", GgufList(STRING, 0)).count
    if tokens > MAX_TOKENS:
        return f"its vocabulary claims {tokens} tokens"
    for key, (kinds, for_each_token) in _LISTS.items():
        if key not in found.kinds:
            continue
        given = found.lists.get(key)
        if given is None or given.kind not in kinds:
            return f"{key!r} is no list of the right type"
        if for_each_token and given.count != tokens:
            return f"{key!r} has {given.count} entries for {tokens} tokens"
    return ""


def _special_tokens(found: Metadata, prefix: str) -> str:
    del prefix
    tokens = found.lists.get("tokenizer.ggml.tokens", GgufList(STRING, 0)).count
    for key in found.kinds:
        if not (key.startswith("tokenizer.ggml.") and key.endswith("_token_id")):
            continue
        number = found.values.get(key)
        if type(number) is not int or found.kinds[key] != UINT32:
            return f"{key!r} is no token"
        if number != _NO_TOKEN and not 0 <= number < tokens:
            return f"{key!r} is {number}, its vocabulary has {tokens} tokens"
    return ""


def _heads(found: Metadata, prefix: str) -> str:
    """Attention: heads share the width and are shared out over those of the keys."""
    heads = found.values.get(prefix + "attention.head_count")
    width = found.values.get(prefix + "embedding_length")
    if not heads or not width:
        return ""
    of_keys = found.values.get(prefix + "attention.head_count_kv", heads)
    if of_keys and heads % of_keys:
        return f"its {heads} heads can't be shared out over {of_keys}"
    length = found.values.get(prefix + "attention.key_length")
    if length is None and width % heads:
        return f"its width of {width} is no multiple of its {heads} heads"
    rotated = found.values.get(prefix + "rope.dimension_count", 0)
    if rotated > (length or width // heads) or rotated % 2:
        return f"it turns {rotated} dimensions of a head that has {length or width // heads}"
    return ""


def _experts(found: Metadata, prefix: str) -> str:
    experts = found.values.get(prefix + "expert_count", 0)
    used = found.values.get(prefix + "expert_used_count", 0)
    return f"it uses {used} of {experts} experts" if used > experts else ""


def _tensors(found: Metadata, prefix: str) -> str:
    """The tensors' names and shapes against what the pairs say."""
    if found.values.get("general.type") == "adapter":
        return ""
    layers = found.values.get(prefix + "block_count")
    for name in found.shapes:
        block = _BLOCK.match(name)
        if block and layers is not None and int(block[1]) >= layers:
            return f"it has the tensor {name!r} but {layers} layers"
    width = found.values.get(prefix + "embedding_length")
    for name, shape in found.shapes.items():
        if width and _WIDE.fullmatch(name) and shape != (width,):
            return f"the tensor {name!r} is not {width} wide"
    embedding = found.shapes.get("token_embd.weight")
    tokens = found.lists.get("tokenizer.ggml.tokens", GgufList(STRING, 0)).count
    if embedding is None or not tokens:
        return ""
    claimed = found.values.get(prefix + "vocab_size", tokens)
    if len(embedding) != 2 or embedding[1] != tokens or claimed < tokens:
        return f"its embedding is not for its vocabulary of {tokens} tokens"
    return "" if width in (None, embedding[0]) else f"its embedding is not {width} wide"
