"""Verify a GGUF against the weights that it was made from.

Merged weights can be right and the GGUF noise (unsloth #7792), so the file itself is
asked: it must be read and run by the laptop's own engine, cut texts into the same tokens,
carry the same chat template, and give the same logits as near as its format allows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.errors import EngineError, ModelError
from assistant.models.model_install import checked_chat_header, probe_model
from assistant.types import CancelToken
from convert.export.export_process import run_task
from convert.export.reference_logits import RARE_TEXTS, Reference

MIN_COSINE = {
    "F32": 0.999, "F16": 0.999, "BF16": 0.999, "Q8_0": 0.99,
    "Q5_K_M": 0.90, "Q4_K_M": 0.90, "Q4_0": 0.80,
}  # fmt: skip
"""Least mean cosine between the logits of a GGUF and of its weights, each centred. Measured
on the default with a small adapter: F16 0.9999997, Q8_0 0.9992, Q5_K_M 0.985, Q4_K_M 0.989,
Q4_0 0.940; a model whose weights went wrong comes near 0."""

MIN_SAME_TOKEN = {"F32": 0.97, "F16": 0.97}
"""Least share of positions at which the likeliest token is the same, where it is required."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """How near two series of logits are: mean and least cosine of the centred rows, the
    share of positions with the same likeliest token, how many positions. `odd_texts` are
    those rare ones that a GGUF cuts into other tokens.
    """

    cosine: float
    least_cosine: float
    same_token: float
    positions: int
    odd_texts: tuple[str, ...] = ()

    def figures(self) -> dict[str, Any]:
        odd = {"odd_texts": list(self.odd_texts)} if self.odd_texts else {}
        return {
            **odd,
            "cosine": round(self.cosine, 7),
            "least_cosine": round(self.least_cosine, 7),
            "same_token": round(self.same_token, 4),
            "positions": self.positions,
        }


@dataclass(frozen=True, slots=True)
class Observed:
    """A GGUF's output: the tokens of each text, the logits of each sequence."""

    token_ids: list[list[int]]
    logits: list[NDArray[np.float32]]
    eos: int


def verify_model(
    path: Path,
    reference: Reference,
    quantization: str,
    *,
    shown: Path,
    scratch: Path,
    cancel: CancelToken,
) -> Agreement:
    """Check a GGUF of a whole model. Raises `ModelError` naming `shown`, `Cancelled`."""
    header = checked_chat_header(path, shown)
    if header.quantization != quantization:
        raise ModelError(f"{shown} came out as {header.quantization}, not as {quantization}.")
    if header.chat_template != reference.template:
        raise ModelError(f"The chat template in {shown} is not that of its model.")
    probe_model(path, shown, cancel)
    seen = observe(path, reference.texts, reference.sequences, scratch=scratch, cancel=cancel)
    odd = require_same_tokens(seen, reference, shown)
    found = agreement(seen.logits, reference.logits)
    least = MIN_COSINE.get(quantization, 0.8)
    same = MIN_SAME_TOKEN.get(quantization, 0.0)
    if not found.cosine >= least or not found.same_token >= same:
        raise ModelError(
            f"{shown} does not compute what its weights compute: the cosine of their logits is "
            f"{found.cosine:.4f} (at least {least} for {quantization}), the likeliest token "
            f"is the same at {found.same_token:.0%} of {found.positions} positions.",
            hint="The file was not kept. Export as F16 to see whether the conversion or the "
            "quantization is at fault.",
        )
    return replace(found, odd_texts=odd)


def observe(
    path: Path,
    texts: Sequence[str],
    sequences: Sequence[Sequence[int]],
    *,
    scratch: Path,
    cancel: CancelToken,
    adapter: Path | None = None,
) -> Observed:
    """Ask a GGUF (with an adapter over it) in a child process.

    Raises `ModelError` if it can't be loaded or crashes.
    """
    wanted: dict[str, Any] = {
        "model": str(path),
        "adapter": str(adapter) if adapter else None,
        "context": max((len(tokens) for tokens in sequences), default=0) + 8,
        "texts": list(texts),
        "sequences": [list(map(int, tokens)) for tokens in sequences],
    }
    try:
        result = run_task("observe", wanted, scratch, cancel)
        with np.load(result, allow_pickle=False) as found:
            seen = Observed(
                token_ids=[found[f"tokens_{i}"].tolist() for i in range(len(texts))],
                logits=[found[f"logits_{i}"] for i in range(len(sequences))],
                eos=int(found["eos"]),
            )
    except EngineError as error:
        raise ModelError(f"{path} can't be run by llama.cpp: {error.message}.") from error
    result.unlink()
    return seen


def require_same_tokens(seen: Observed, reference: Reference, shown: Path) -> tuple[str, ...]:
    """Raise `ModelError` naming the text that is cut into other tokens; return rare ones."""
    odd = []
    for text, ours, theirs in zip(
        reference.texts, seen.token_ids, reference.token_ids, strict=True
    ):
        if ours == theirs:
            continue
        if text in RARE_TEXTS:
            odd.append(text)
        else:
            raise ModelError(
                f"{shown} cuts {text[:60]!r} into other tokens than its tokenizer: "
                f"{ours[:12]}, not {theirs[:12]}.",
                hint="llama.cpp does not know this tokenizer well enough; the model would "
                "read other words than it was trained on.",
            )
    if reference.eos is not None and seen.eos != reference.eos:
        raise ModelError(f"{shown} ends its answers with another token than its tokenizer.")
    return tuple(odd)


def agreement(
    one: Sequence[NDArray[np.float32]], other: Sequence[NDArray[np.float32]]
) -> Agreement:
    """Compare logits, shape (tokens, vocabulary) each; columns beyond the shorter are padding.

    Rows are centred first: softmax does not see what all logits of a row have in common.
    """
    cosines, same = [], []
    for left, right in zip(one, other, strict=True):
        width = min(left.shape[1], right.shape[1])
        a, b = left[:, :width], right[:, :width]
        a = a - a.mean(axis=1, keepdims=True)
        b = b - b.mean(axis=1, keepdims=True)
        size = np.sqrt((a * a).sum(axis=1) * (b * b).sum(axis=1))
        cosines.append((a * b).sum(axis=1) / np.maximum(size, 1e-30))
        same.append(a.argmax(axis=1) == b.argmax(axis=1))
    rows, hits = np.concatenate(cosines), np.concatenate(same)
    return Agreement(float(rows.mean()), float(rows.min()), float(hits.mean()), len(rows))
