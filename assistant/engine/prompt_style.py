"""Choose the prompt style of a loaded model: detected from its template, or as recorded."""

from __future__ import annotations

from pathlib import Path

from assistant.engine.chat_template import (
    ChatmlStyle,
    KnownStyle,
    PromptStyle,
    assert_style,
    choose_style,
    make_style,
)
from assistant.engine.llama_runtime import LlamaRuntime
from assistant.errors import ModelError
from assistant.models.template_approval import template_hash


def style_of(runtime: LlamaRuntime, path: Path, known: KnownStyle) -> PromptStyle:
    """Return the style that a loaded model's own template asks for, or the `known` one.

    A model that can't be asked is closed; raises `ModelError`.
    """
    template = runtime.template
    if not template:
        runtime.close()
        raise ModelError(
            f"{path} has no chat template, so how to ask it is unknown.",
            hint="Use an instruction-tuned model (its name often ends in Instruct or it).",
        )
    bos = runtime.token_text(runtime.bos)
    eos = runtime.token_text(runtime.eos)
    try:
        name, default_system = known.name, known.default_system
        # One recorded before a template could switch thinking off is looked at again.
        if not name or (name == ChatmlStyle.name and "enable_thinking" in template):
            name, default_system = choose_style(template, bos, eos)
        made = make_style(name, default_system, template, bos, eos)
        if template_hash(template) != known.template_sha256:
            assert_style(made, template, bos, eos)
    except ModelError as error:
        runtime.close()
        raise ModelError(f"{path}: {error.message}", hint=error.hint) from error
    return made
