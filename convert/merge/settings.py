"""Settings of the merge: the table [merge] of a recipe."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from convert.settings import Settings


@dataclass(frozen=True, slots=True)
class MergeSettings(Settings):
    """How the merged weights are stored; they are computed in 32 bits in any case."""

    TABLE: ClassVar[str] = "merge"

    dtype: Literal["float16", "bfloat16"] = "float16"
    """Format of the stored weights. float16 keeps 11 bits of each weight and is the format
    of the GGUF that is made next; bfloat16 keeps 8 bits, and rounds away part of what a
    tuning changed (docs/export.md has the figures). Take it only for weights beyond float16's
    range (65504), which the merge refuses and names."""
