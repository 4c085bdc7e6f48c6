"""Check the file of a LoRA adapter before it is loaded over a base.

A LoRA GGUF holds two small matrices, A and B, for each tensor of the base that it changes;
llama.cpp computes alpha / rank * B(A(x)) beside the base's own product (Hu et al. 2021,
arXiv:2106.09685), so that the base's file is neither changed nor stored twice.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import NamedTuple

from assistant.errors import ModelError
from assistant.models.gguf_header import GgufHeader, read_header
from assistant.models.model_record import MODEL_FILE

MAX_RANK = 4096
_A, _B = ".lora_a", ".lora_b"
_EMBEDDING = "token_embd.weight"
_TYPES = {8: "Q8_0", 30: "BF16", 1: "F16", 0: "F32"}


class _Pair(NamedTuple):
    """Shapes, fastest dimension first: A is (in, rank), B is (rank, out)."""

    a: tuple[int, ...]
    b: tuple[int, ...]


def is_adapter(header: GgufHeader) -> bool:
    """Whether a file says that it is no model but belongs over one."""
    return header.kind == "adapter"


def read_adapter_header(path: Path, shown: Path) -> GgufHeader:
    """Read a header and check that it is that of a LoRA. Errors (`ModelError`) name `shown`."""
    header = read_header(path)
    if reason := why_not_adapter(header):
        raise ModelError(
            f"{shown} can't be used as an adapter: {reason}.",
            hint="Use a LoRA in one GGUF file, made by: assistant-convert adapter",
        )
    return header


def checked_adapter_header(path: Path, shown: Path, base: Path) -> GgufHeader:
    """Read the header of an adapter and check that it fits the installed model in `base`."""
    header = read_adapter_header(path, shown)
    if reason := why_not_over(header, read_header(base / MODEL_FILE)):
        raise ModelError(
            f"{shown} does not fit over {base.name}: {reason}.",
            hint="Name the model that it was trained over: --base NAME",
        )
    return header


def matrix_format(header: GgufHeader) -> str:
    """Return the format of an adapter's matrices, of several the smallest.

    llama.cpp's converter of adapters does not write the file's type.
    """
    return next(name for number, name in _TYPES.items() if number in header.tensor_types)


def why_not_adapter(header: GgufHeader) -> str:
    """Return why a file is no LoRA that can be loaded, or "" if it seems to be one."""
    odd_type = header.tensor_types - _TYPES.keys()
    reasons = {
        "it is a model of its own, no adapter": not is_adapter(header),
        f"it is of the type '{header.adapter_type}', not 'lora'": header.adapter_type != "lora",
        "it is a LoRA that waits for a trigger (aLoRA)": header.triggered,
        "it does not say its strength (alpha)": not math.isfinite(header.lora_alpha)
        or header.lora_alpha <= 0,
        f"its matrices are of another type than {', '.join(_TYPES.values())}": odd_type,
        "it holds no matrices": not header.shapes,
    }
    return next((reason for reason, holds in reasons.items() if holds), "") or _odd_tensor(header)


def _odd_tensor(header: GgufHeader) -> str:
    """Find what llama.cpp would refuse, or, for norms, ignore without a word."""
    for name in header.shapes:
        if not name.endswith((_A, _B)) or len(name) == len(_A):
            return f"it changes '{name}', which is no matrix of a LoRA"
        other = name[: -len(_A)] + (_B if name.endswith(_A) else _A)
        if other not in header.shapes:
            return f"'{name}' has no counterpart '{other}'"
    return ""


def why_not_over(adapter: GgufHeader, base: GgufHeader) -> str:
    """Return why an adapter does not fit over a base, or "" if all its matrices do."""
    if is_adapter(base):
        return "that is an adapter itself"
    if adapter.architecture != base.architecture:
        return f"it is for '{adapter.architecture}', that is a '{base.architecture}'"
    if adapter.parameters > base.parameters:
        return "it is bigger than the base"
    for name in adapter.shapes:
        if name.endswith(_A):
            tensor = name[: -len(_A)]
            pair = _Pair(adapter.shapes[name], adapter.shapes[tensor + _B])
            if reason := _misfit(tensor, pair, base.shapes.get(tensor)):
                return reason
    return ""


def _misfit(tensor: str, pair: _Pair, base: tuple[int, ...] | None) -> str:
    if base is None:
        return f"it changes '{tensor}', which the base does not have"
    if min(len(base), len(pair.a), len(pair.b)) < 2 or not pair.a[2:] == pair.b[2:] == base[2:]:
        return f"'{tensor}' is no matrix in both"
    # Of the embedding llama.cpp looks rows up, so there A and B have changed places.
    embedding = tensor.endswith(_EMBEDDING)
    rank, other_rank = (pair.a[0], pair.b[0]) if embedding else (pair.a[1], pair.b[0])
    width, height = (pair.b[1], pair.a[1]) if embedding else (pair.a[0], pair.b[1])
    if rank != other_rank or rank > MAX_RANK:
        return f"the ranks of '{tensor}' are {rank} and {other_rank}"
    if (width, height) != base[:2]:
        return f"'{tensor}' has {width} x {height} weights, the base's {base[0]} x {base[1]}"
    return ""
