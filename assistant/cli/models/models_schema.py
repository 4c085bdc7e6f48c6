"""The shapes of `assistant models ... --json`; see `schema.py` for the rules."""

from __future__ import annotations

from typing_extensions import TypedDict


class ModelJson(TypedDict):
    """A model; `size` in bytes, `context_length` in tokens, `problem` "" if it is usable.

    `base` names the model that an adapter is loaded over, "" for a model of its own; an
    adapter's `parameters`, `quantization`, `size` and `sha256` are those of its own file.
    `prompt_version` is that of the prompts it was tuned with, 0 if none or unknown.
    """

    name: str
    title: str
    role: str
    active: bool
    architecture: str
    parameters: int
    quantization: str
    context_length: int
    size: int
    sha256: str
    licence: str
    prompt_style: str
    template_sha256: str
    base: str
    prompt_version: int
    problem: str


class ModelsJson(TypedDict):
    format: int
    models: list[ModelJson]


class ModelCheckJson(TypedDict):
    name: str
    ok: bool
    detail: str


class VerifyJson(TypedDict):
    format: int
    checks: list[ModelCheckJson]
