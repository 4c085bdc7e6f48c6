"""A document that was forgotten before witnesses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from assistant.types.documents import DocumentRecord


@dataclass(frozen=True, slots=True)
class Forgotten:
    """The document, and the report of what was there and is left, which is to be signed."""

    record: DocumentRecord
    report: dict[str, Any]
