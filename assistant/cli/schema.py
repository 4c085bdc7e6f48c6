"""The shapes of `--json` output, and how documents and errors become them.

The JSON schema in `docs/json-schema.json` is generated from these types, and a test keeps
it equal to them. Fields are only ever added; a change of meaning raises `FORMAT`.
"""

from __future__ import annotations

from typing import Literal

from typing_extensions import TypedDict

from assistant.errors import AssistantError
from assistant.types import (
    DocumentRecord,
)

FORMAT = 1


class DocumentJson(TypedDict):
    id: int
    name: str
    source: str
    title: str
    media_type: str
    content_hash: str
    pages: int
    characters: int
    chunks: int
    added_at: str


class ErrorJson(TypedDict):
    code: str
    title: str
    message: str
    hint: str


class FailureJson(TypedDict):
    """Every command's output when it fails as a whole."""

    format: int
    error: ErrorJson


class FileFailureJson(TypedDict):
    path: str
    error: ErrorJson


class AddedJson(DocumentJson):
    """An added document; `replaced` is the id of the older version that it took over from
    (null if none), `note` what a person should know of it ("" if nothing).
    """

    replaced: int | None
    note: str


class AddJson(TypedDict):
    """What became of each file; `skipped` files in folders are of kinds that are not read."""

    format: int
    skipped: int
    added: list[AddedJson]
    known: list[DocumentJson]
    failed: list[FileFailureJson]
    cancelled: bool


class DocsJson(TypedDict):
    format: int
    library: str
    documents: list[DocumentJson]


class ForgetJson(TypedDict):
    format: int
    forgotten: DocumentJson


class HealthCheckJson(TypedDict):
    name: str
    status: Literal["ok", "warn", "fail"]
    detail: str
    remedy: str


class FacilityJson(TypedDict):
    """One means of enforcement; one that is required and not in force degrades the whole."""

    name: str
    state: Literal["on", "partial", "absent", "failed"]
    detail: str
    required: bool


class LockdownJson(TypedDict):
    """What is enforced. `tier` is "kernel" (Linux), "sandbox" (macOS), "reduced" or "none";
    `failed` names the self-probes that got through, of `probes` that were tried.
    """

    platform: str
    tier: Literal["kernel", "sandbox", "reduced", "none"]
    engaged: bool
    degraded: bool
    probes: int
    failed: list[str]
    facilities: list[FacilityJson]


class DoctorJson(TypedDict):
    format: int
    version: str
    healthy: bool
    checks: list[HealthCheckJson]
    lockdown: LockdownJson


def document_json(record: DocumentRecord) -> DocumentJson:
    return {
        "id": record.id,
        "name": record.name,
        "source": record.source,
        "title": record.title,
        "media_type": record.media_type,
        "content_hash": record.content_hash,
        "pages": record.pages,
        "characters": record.characters,
        "chunks": record.chunks,
        "added_at": record.added_at,
    }


def error_json(error: AssistantError) -> ErrorJson:
    return {
        "code": error.code,
        "title": error.title,
        "message": error.message,
        "hint": error.hint,
    }
