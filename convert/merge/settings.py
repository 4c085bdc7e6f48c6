"""Settings of the merge: the table [merge] of a recipe."""

from __future__ import annotations

from dataclasses import dataclass

from assistant.errors import UsageError

DTYPES = ("float16", "bfloat16")


@dataclass(frozen=True, slots=True)
class MergeSettings:
    """How the merged weights are stored; they are computed in 32 bits in any case."""

    dtype: str = "float16"
    """Format of the stored weights. float16 keeps 11 bits of each weight and is the format
    of the GGUF that is made next; bfloat16 keeps 8 bits, and rounds away part of what a
    tuning changed (docs/export.md has the figures). Take it only for weights beyond float16's
    range (65504), which the merge refuses and names."""

    def __post_init__(self) -> None:
        if self.dtype not in DTYPES:
            raise UsageError(
                f"[merge] dtype = {self.dtype!r} is none of {', '.join(DTYPES)}.",
                hint="A merge is stored in 16 bits; the export quantizes afterwards.",
            )
