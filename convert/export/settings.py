"""Settings of the exports: the tables [export] and [adapter] of a recipe."""

from __future__ import annotations

import re
from dataclasses import dataclass

from assistant.errors import UsageError

QUANTIZATIONS = ("F16", "Q8_0", "Q5_K_M", "Q4_K_M", "Q4_0")
OUTTYPES = ("F16", "Q8_0", "F32")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")


@dataclass(frozen=True, slots=True)
class ExportSettings:
    """Which GGUF files are made of a model."""

    quantizations: tuple[str, ...] = ("F16", "Q8_0", "Q4_K_M")
    """One file each. F16 is the model as merged; Q8_0 costs a model this small nothing and
    is what the laptop should get; docs/export.md has the figures of the others."""

    name: str = "model"
    """Beginning of the files' names, and the model's name inside them."""

    imatrix_tokens: int = 0
    """Tokens of the training set from which an importance matrix is computed for the
    quantizations that can use one (all but F16 and Q8_0); 0: none."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "quantizations", tuple(self.quantizations))
        unknown = [q for q in self.quantizations if q not in QUANTIZATIONS]
        if unknown or not self.quantizations:
            raise UsageError(
                f"[export] quantizations: {', '.join(map(repr, unknown)) or 'none'} given.",
                hint=f"Known: {', '.join(QUANTIZATIONS)}.",
            )
        check_name("export", self.name)
        if not 0 <= self.imatrix_tokens <= 1 << 24:
            raise UsageError("[export] imatrix_tokens must be a whole number, 0 or more.")


@dataclass(frozen=True, slots=True)
class AdapterSettings:
    """How an adapter is written as LoRA GGUF."""

    outtype: str = "F16"
    """Format of its matrices: F16; Q8_0 takes about half the room; F32."""

    name: str = "adapter"
    """Beginning of the file's name, and the adapter's name inside it."""

    def __post_init__(self) -> None:
        if self.outtype not in OUTTYPES:
            raise UsageError(
                f"[adapter] outtype = {self.outtype!r} is unknown.",
                hint=f"Known: {', '.join(OUTTYPES)}.",
            )
        check_name("adapter", self.name)


def check_name(table: str, name: str) -> None:
    """Raise `UsageError` if `name` can't begin a file's name."""
    if not _NAME.fullmatch(str(name)):
        raise UsageError(
            f"[{table}] name = {name!r} can't begin a file's name.",
            hint="Take letters, digits, dots, dashes and underscores.",
        )
