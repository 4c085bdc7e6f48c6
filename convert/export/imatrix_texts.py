"""The texts for an importance matrix: the training set as the model is trained on it."""

from __future__ import annotations

from pathlib import Path

from assistant.errors import ModelError
from convert.base_model import load_tokenizer
from convert.export.imatrix import CHUNK
from convert.export.reference_logits import token_ids_of
from convert.training_samples import TRAIN_FILE, read_samples


def calibration_chunks(model: Path, dataset: Path, tokens: int) -> list[list[int]]:
    """Return whole conversations of the training part, in chunks, `tokens` in all.

    Each is rendered by the model's own template. Raises `UsageError` for a damaged file,
    `ModelError` if there are none.
    """
    from jinja2 import TemplateError

    tokenizer = load_tokenizer(model)
    rest: list[int] = []
    for sample in read_samples(dataset / TRAIN_FILE):
        turns = [{"role": m.role, "content": m.content} for m in sample.messages]
        try:
            text = tokenizer.apply_chat_template(turns, tokenize=False)
        except TemplateError as error:
            raise ModelError(f"The chat template refuses sample {sample.id}: {error}.") from error
        rest += token_ids_of(tokenizer, text)
        if len(rest) >= tokens:
            break
    rest = rest[:tokens]
    if len(rest) < CHUNK:
        raise ModelError(
            f"{dataset} holds too little text for an importance matrix ({len(rest)} tokens).",
            hint=f"At least {CHUNK} tokens are needed; some 30,000 are better.",
        )
    return [rest[start : start + CHUNK] for start in range(0, len(rest) - CHUNK + 1, CHUNK)]
