"""Settings of the exports: the tables [export] and [adapter] of a recipe."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal, get_args

from assistant.strict_reader import Meta
from convert.settings import Settings

Quantization = Literal["F16", "Q8_0", "Q5_K_M", "Q4_K_M", "Q4_0"]
Outtype = Literal["F16", "Q8_0", "F32"]
QUANTIZATIONS: tuple[Quantization, ...] = get_args(Quantization)
OUTTYPES: tuple[Outtype, ...] = get_args(Outtype)
Name = Annotated[
    str,
    Meta(
        pattern=r"\A[A-Za-z0-9][A-Za-z0-9._-]{0,79}\Z",
        description="letters, digits, dots, dashes and underscores",
    ),
]


@dataclass(frozen=True, slots=True)
class ExportSettings(Settings):
    """Which GGUF files are made of a model."""

    TABLE: ClassVar[str] = "export"

    quantizations: Annotated[tuple[Quantization, ...], Meta(min_length=1)] = (
        "F16",
        "Q8_0",
        "Q4_K_M",
    )
    """One file each. F16 is the model as merged; Q8_0 costs a model this small nothing and
    is what the laptop should get; docs/export.md has the figures of the others."""

    name: Name = "model"
    """Beginning of the files' names, and the model's name inside them."""

    imatrix_tokens: Annotated[int, Meta(ge=0, le=1 << 24)] = 0
    """Tokens of the training set from which an importance matrix is computed for the
    quantizations that can use one (all but F16 and Q8_0); 0: none."""


@dataclass(frozen=True, slots=True)
class AdapterSettings(Settings):
    """How an adapter is written as LoRA GGUF."""

    TABLE: ClassVar[str] = "adapter"

    outtype: Outtype = "F16"
    """Format of its matrices: F16; Q8_0 takes about half the room; F32."""

    name: Name = "adapter"
    """Beginning of the file's name, and the adapter's name inside it."""
