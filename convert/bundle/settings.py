"""Settings of the packing: the table [bundle] of a recipe."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from assistant.bundle.manifest import MAX_NAME, MAX_VERSION, Source, is_name
from assistant.errors import UsageError

_SHORT = ("label", "title", "licence")
_SOURCE_FIELDS = ("name", "licence", "attribution")


@dataclass(frozen=True, slots=True)
class BundleSettings:
    """What the bundle is called and says of itself. Raises `UsageError` for a bad value."""

    key: str = ""
    """File with the secret signing key (`bundle keygen`); "" makes no bundle in a recipe."""

    name: str = ""
    """Name on the laptop: a-z, 0-9, dot, dash and underscore, at most 48."""

    version: int = 0
    """From 1; each bundle of a name needs a higher one than any that was carried before."""

    label: str = ""
    """The version for people, such as "2026-11 second ward round"."""

    title: str = ""
    """Title in lists and on the card; "" is the name."""

    purpose: str = ""
    """What it is for and what not: a paragraph of the card."""

    licence: str = ""
    """Licence of the model or library itself, such as "Apache-2.0"."""

    licences: tuple[str, ...] = ()
    """Files with the full texts of the licences that must travel with it."""

    sources: tuple[Source, ...] = ()
    """Data that went in: tables with `name`, `licence` and `attribution`."""

    payload: str = "adapter"
    """What a recipe packs: "adapter", or the name of one of its quantizations (Q8_0)."""

    force_without_gate: str = ""
    """Why it is packed though no evaluation passed; stands in the manifest for all to see."""

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if type(value).__name__ != str(field.type).partition("[")[0]:
                raise UsageError(f"[bundle] '{field.name}' must be of type {field.type}.")
        if self.name and not is_name(self.name):
            raise UsageError(
                f"[bundle] name = {self.name[:80]!r} can't be one.",
                hint=f"Use at most {MAX_NAME} of a-z, 0-9, dot, dash (no two together) and "
                "underscore; begin and end with a letter or a digit.",
            )
        if not 0 <= self.version <= MAX_VERSION:
            raise UsageError(f"[bundle] version = {self.version} is out of its limits.")
        for name in _SHORT:
            text = getattr(self, name)
            if len(text) > 200 or not text.isprintable():
                raise UsageError(f"[bundle] '{name}' must be one line of at most 200 characters.")

    @classmethod
    def from_table(cls, table: Mapping[str, Any]) -> BundleSettings:
        """Make settings of a recipe's table. Raises `UsageError` for an unknown key."""
        known = {field.name for field in fields(cls)}
        for key in table:
            if key not in known:
                raise UsageError(
                    f"[bundle] has an unknown key '{key}'.",
                    hint=f"Known are: {', '.join(sorted(known))}.",
                )
        values = dict(table)
        if "sources" in values:
            values["sources"] = sources_from(values["sources"])
        if isinstance(values.get("licences"), list):
            values["licences"] = tuple(values["licences"])
        return cls(**values)


def sources_from(rows: Any) -> tuple[Source, ...]:
    """Read the list of data sources of a recipe. Raises `UsageError`."""
    if not isinstance(rows, list | tuple):
        raise UsageError("[bundle] 'sources' must be a list of tables.")
    return tuple(_source(row) for row in rows)


def _source(row: Any) -> Source:
    if isinstance(row, Source):
        return row
    table = {"attribution": "", **row} if isinstance(row, Mapping) else {}
    if table.keys() != set(_SOURCE_FIELDS) or not all(isinstance(v, str) for v in table.values()):
        raise UsageError(
            "[bundle] each source needs the texts 'name' and 'licence', and may have "
            "'attribution'.",
            hint='sources = [{name = "SQuAD 2.0", licence = "CC BY-SA 4.0", '
            'attribution = "Rajpurkar et al., Wikipedia authors"}]',
        )
    return Source(**table)
