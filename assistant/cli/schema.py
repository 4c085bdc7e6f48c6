"""The shapes of the library commands' `--json` output.

`docs/json-schema.json` is generated from them (and from those in the other `*_schema.py`),
and a test keeps it equal to them; see `console.json_output` for what all have in common.
"""

from __future__ import annotations

from typing import Literal

from assistant.console.json_output import Document, ErrorJson, Shape
from assistant.lockdown.report import Facility, Tier
from assistant.types import DocumentRecord
from assistant.types.library_check import FindingKind


class FileFailureJson(Shape, frozen=True):
    path: str
    error: ErrorJson


# -- the library -----------------------------------------------------------------------------


class AddedJson(Shape, frozen=True):
    """An added document; `replaced` is the id of the older version that it took over from
    (null if none), `note` what a person should know of it ("" if nothing).
    """

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
    dated: str
    tags: tuple[str, ...]
    replaced: int | None
    note: str


class GoneJson(Shape, frozen=True):
    """A document whose file is gone. `due` is when a sync will forget it ("" after `add`, which
    forgets nothing), `forgotten` whether it did.
    """

    id: int
    name: str
    source: str
    due: str
    forgotten: bool


class AddJson(Document, frozen=True):
    """The result for each file; `skipped` files in folders are of kinds that are not read."""

    skipped: int
    added: list[AddedJson]
    known: list[DocumentRecord]
    failed: list[FileFailureJson]
    gone: list[GoneJson]
    cancelled: bool


class MovedJson(Shape, frozen=True):
    """A document whose file was moved or renamed, from `before` to `source`."""

    id: int
    name: str
    before: str
    source: str


class KeptJson(Shape, frozen=True):
    """`files` below `folder` can't be found, but were hardly deleted: nothing was forgotten."""

    folder: str
    files: int
    error: ErrorJson


class SyncJson(Document, frozen=True):
    """What a sync found and did. `known` files were read and hold what the library has;
    `unchanged` ones were not read. `names_alike` differ in case or normal form only.
    """

    skipped: int
    added: list[AddedJson]
    known: list[DocumentRecord]
    moved: list[MovedJson]
    gone: list[GoneJson]
    kept: list[KeptJson]
    failed: list[FileFailureJson]
    names_alike: list[list[str]]
    unchanged: int
    cancelled: bool


class DocsJson(Document, frozen=True):
    library: str
    documents: list[DocumentRecord]


class TagsJson(Document, frozen=True):
    """The documents whose tags or dates were changed, as they are now."""

    documents: list[DocumentRecord]


class TagUseJson(Shape, frozen=True):
    tag: str
    documents: int


class TagListJson(Document, frozen=True):
    tags: list[TagUseJson]


class ReadingNoteJson(Shape, frozen=True):
    """What a person should know of how a document was read, and `advice` ("" if there is none)."""

    code: str
    text: str
    advice: str
    pages: list[int]


class ReadingJson(Shape, frozen=True):
    id: int
    name: str
    media_type: str
    pages: int
    characters: int
    chunks: int
    notes: list[ReadingNoteJson]


class ReEmbedJson(Document, frozen=True):
    """`done` of `chunks` have a vector of the new embedder; `finished`: these are in use now."""

    done: int
    chunks: int
    finished: bool


class FindingJson(Shape, frozen=True):
    """Something about documents (their ids), the worst first; `advice` is what to do."""

    kind: FindingKind
    documents: list[int]
    said: str
    advice: str


class LibraryCheckJson(Document, frozen=True):
    library: str
    documents: list[ReadingJson]
    findings: list[FindingJson]


class CertificateJson(Shape, frozen=True):
    """What a certificate of forgetting says; `public_key` (64 hex digits) signed it."""

    passed: bool
    problems: list[str]
    made_at: str
    content_sha256: str
    rows_before: int
    rows_after: int
    markers: int
    markers_left: int
    files_searched: int
    hits_in_files: int
    not_purged: list[str]
    public_key: str


class ForgetJson(Document, frozen=True):
    """`forgotten` is null where a certificate was only checked."""

    forgotten: DocumentRecord | None
    certificate: CertificateJson | None


class PassphraseStatusJson(Document, frozen=True):
    """How a library is opened. `mode`: "new library", "passphrase" or "key file".

    `argon2id_passes` and `argon2id_memory` (bytes) are 0 without a passphrase;
    `failed_tries` counts since the last right one, `wait_seconds` is until the next may come.
    `rekey_interrupted`: the next unlocking finishes or undoes it.
    """

    library: str
    mode: str
    recovery_key: bool
    argon2id_passes: int
    argon2id_memory: int
    failed_tries: int
    wait_seconds: float
    rekey_interrupted: bool


class PassphraseChangedJson(Document, frozen=True):
    """What was changed. `recovery_key`: "kept", "shown" (terminal), "file" or "none"."""

    library: str
    changed: list[str]
    recovery_key: str


# -- the machine -----------------------------------------------------------------------------


class HealthCheckJson(Shape, frozen=True):
    name: str
    status: Literal["ok", "warn", "fail"]
    detail: str
    remedy: str


class LockdownJson(Shape, frozen=True):
    """What is enforced. `tier` is "kernel" (Linux), "sandbox" (macOS), "reduced" or "none";
    `failed` names the self-probes that got through, of `probes` that were tried.
    """

    platform: str
    tier: Tier
    engaged: bool
    degraded: bool
    probes: int
    failed: list[str]
    facilities: list[Facility]


class DoctorJson(Document, frozen=True):
    version: str
    healthy: bool
    checks: list[HealthCheckJson]
    lockdown: LockdownJson
