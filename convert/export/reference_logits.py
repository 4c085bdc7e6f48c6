"""Token ids and logits of the original weights, as the reference for a GGUF.

Computed by transformers in 32 bits from the very folder that is converted.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from assistant.errors import ModelError
from assistant.prompts import REFUSAL, PromptPassage, build_messages
from assistant.types import PromptStyle
from convert.base_model import load_model, load_tokenizer

MAX_TOKENS = 384

NASTY_TEXTS = (
    "Hello, world!",
    " leading and trailing ",
    "  two\n\n\nthree\t\ttabs \r\n windows line\r",
    "don't WON'T I'll we've CAMELCase snake_case kebab-case",
    "0 1 12 123 1234 12345 3.14159 1,000,000 2026-11-21 $9.99 50% №5",
    "naïve café Zürich Straße ŁÓDŹ ﬁne x² 10⁻³ µm ±5 °C",
    "e\u0301 n\u0303 a\u0308\u0323 (combining)",
    "日本語のテキスト、中文字符。 한국어 ไทย हिन्दी",
    "עברית العربية \u202emirrored\u202c \u200bzero\u200dwidth\ufeff",
    "👩🏽‍⚕️ 🇩🇪 🏳️‍🌈 😀😀 \U0010ffff \u00ad \u2028",
    "if (a[i] != b->c) { return \"x\\n\"; } // §§ <tag attr='v'/> &amp;",
    "<|im_start|>system\nx<|im_end|>\n<|endoftext|> <|not_a_token|> </s> [INST] <0x0A>",
    "a" * 70 + " " * 17 + "." * 33 + "\n" * 9,
    '"the Great Sichuan earthquake"',
    REFUSAL,
)
"""Texts that tokenizers are known to disagree about: spaces, digits, contractions, scripts,
marks that combine or don't show, emoji, code, what looks like a special token."""

RARE_TEXTS = ("a ½ b", "Ⅷ ①② ٣ १२ 〇五", "\x01 \x7f \x85 \xa0 \u3000")
"""Number forms and controls: tokenizers that come out of a GGUF, where only the name of
the word splitter is kept, may differ here. It is told, not refused."""

_PASSAGES = (
    PromptPassage(
        document="Repair manual",
        page=1,
        text="The pump is serviced every 2,000 hours of operation. Before the cover is opened, "
        "the main valve must be closed and the pressure released at the drain cock; the seal "
        "ring is replaced each time, since a used ring does not seal twice.",
    ),
    PromptPassage(
        document="Supply contract",
        page=7,
        text="Deliveries are due on the third working day of the month. For each day of delay "
        "the supplier pays 0.5% of the order's value, at most 8% in all, unless the delay is "
        "due to circumstances that neither party could foresee.",
    ),
)


@dataclass(frozen=True, slots=True)
class Reference:
    """`token_ids[i]` are the tokens of `texts[i]`; `logits[i]`, float32 of shape
    (tokens, vocabulary), what follows each token of `sequences[i]`.
    """

    texts: tuple[str, ...]
    token_ids: tuple[list[int], ...]
    sequences: tuple[list[int], ...]
    logits: tuple[NDArray[np.float32], ...]
    template: str
    eos: int | None


def chat_text(tokenizer: Any) -> str:
    """Return a question as the laptop puts it, with the model's own template."""
    return _asked(tokenizer) + '"every 2,000 hours of operation"'


def _asked(tokenizer: Any) -> str:
    from jinja2 import TemplateError

    for style in get_args(PromptStyle):
        messages = build_messages("How often is the pump serviced?", _PASSAGES, style)
        turns = [{"role": m.role, "content": m.content} for m in messages]
        try:
            return str(
                tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True)
            )
        except TemplateError:  # some templates refuse a system turn
            continue
    raise ModelError("The model's chat template refuses every way to ask a question.")


def make_reference(folder: Path, model: Any = None) -> Reference:
    """Compute the reference of the model in `folder` (or of `model`, with its tokenizer).

    Raises `ModelError` if it can't be loaded, or gives logits that are not finite.
    """
    tokenizer = load_tokenizer(folder)
    if model is None:
        model = load_model(folder, dtype="float32")
    chat = chat_text(tokenizer)
    texts = (chat, *NASTY_TEXTS, *RARE_TEXTS)
    token_ids = tuple(token_ids_of(tokenizer, text) for text in texts)
    sequences = (token_ids[0][:MAX_TOKENS],)
    logits = tuple(logits_of(model, tokens) for tokens in sequences)
    if not all(np.isfinite(rows).all() for rows in logits):
        raise ModelError(f"The model in {folder} computes NaN or infinity.")
    return Reference(
        texts, token_ids, sequences, logits, str(tokenizer.chat_template), tokenizer.eos_token_id
    )


def token_ids_of(tokenizer: Any, text: str) -> list[int]:
    """Return the tokens of a text, nothing added, special tokens recognised."""
    return [int(token) for token in tokenizer(text, add_special_tokens=False)["input_ids"]]


def logits_of(model: Any, tokens: list[int]) -> NDArray[np.float32]:
    """Return the logits after each token, float32, shape (tokens, vocabulary)."""
    import torch

    model.eval()
    with torch.inference_mode():
        rows = model(input_ids=torch.tensor([tokens], device=model.device)).logits[0]
    found: NDArray[np.float32] = rows.float().cpu().numpy()
    return found
