"""Settings of the packing: the table [bundle] of a recipe."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar, Self

from assistant.bundle.manifest import MAX_NAME, MAX_VERSION, Source, is_name
from assistant.errors import UsageError
from assistant.strict_reader import Meta, fitted, refused
from convert.settings import PathText, Settings, read_table

Line = Annotated[str, Meta(max_length=200, description="one line of at most 200 characters")]


@dataclass(frozen=True, slots=True)
class BundleSettings(Settings):
    """What the bundle is called and says of itself."""

    TABLE: ClassVar[str] = "bundle"

    key: PathText = ""
    """File with the secret signing key (`bundle keygen`); "" makes no bundle in a recipe."""

    name: str = ""
    """Name on the laptop: a-z, 0-9, dot, dash and underscore, at most 48."""

    version: Annotated[int, Meta(ge=0, le=MAX_VERSION)] = 0
    """From 1; each bundle of a name needs a higher one than any that was carried before."""

    label: Line = ""
    """The version for people, such as "2026-11 second ward round"."""

    title: Line = ""
    """Title in lists and on the card; "" is the name."""

    purpose: str = ""
    """What it is for and what not: a paragraph of the card."""

    licence: Line = ""
    """Licence of the model or library itself, such as "Apache-2.0"."""

    licences: tuple[PathText, ...] = ()
    """Files with the full texts of the licences that must travel with it."""

    sources: tuple[Source, ...] = ()
    """Data that went in: tables with `name`, `licence` and `attribution`."""

    payload: str = "adapter"
    """What a recipe packs: "adapter", or the name of one of its quantizations (Q8_0)."""

    force_without_gate: str = ""
    """Why it is packed though no evaluation passed; stands in the manifest for all to see."""

    def check(self) -> None:
        if self.name and not is_name(self.name):
            raise ValueError(
                f"name = {self.name[:80]!r} can't be one: use at most {MAX_NAME} of a-z, 0-9, "
                "dot, dash (no two together) and underscore; begin and end with a letter or a digit"
            )
        for name in ("label", "title", "licence"):
            if not getattr(self, name).isprintable():
                raise ValueError(f"'{name}' must be one line")

    @classmethod
    def from_table(cls, table: Mapping[str, Any], folder: Path = Path()) -> Self:
        """Make settings of a recipe's table, whose sources are tables too."""
        sources = sources_from(table.get("sources", []))
        return read_table(cls, {**table, "sources": sources}, cls.TABLE, folder)


@dataclass(frozen=True, slots=True)
class _Tables:
    sources: list[dict[str, str]]


@dataclass(frozen=True, slots=True)
class _Sources:
    sources: tuple[Source, ...]


def sources_from(rows: Any) -> tuple[Source, ...]:
    """Read a list of data sources; an attribution may be missing. Raises `UsageError`."""
    hint = (
        'sources = [{name = "SQuAD 2.0", licence = "CC BY-SA 4.0", '
        'attribution = "Rajpurkar et al., Wikipedia authors"}]'
    )
    with refused(UsageError, "[bundle]", hint):
        tables = fitted({"sources": rows}, _Tables).sources
        whole = {"sources": [{"attribution": "", **row} for row in tables]}
        return fitted(whole, _Sources).sources
