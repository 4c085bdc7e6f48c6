"""Errors that a person can act on.

Every failure that reaches a front end is an `AssistantError`: what happened
(`title`), the particulars (`message`), and what to do about it (`hint`). Exceptions of
third-party libraries are translated at the seam where they are called, so nothing above
`engine`, `store` and `documents` ever catches a library's own type.
"""

from __future__ import annotations

from pathlib import PurePath
from traceback import extract_tb
from types import TracebackType
from typing import ClassVar


class AssistantError(Exception):
    """Base of all errors that front ends render.

    `code` is a stable, machine-readable name (it is the `error.code` of `--json` output);
    `exit_code` is the status with which the command line ends.
    """

    code: ClassVar[str] = "error"
    exit_code: ClassVar[int] = 1
    default_title: ClassVar[str] = "Something went wrong"

    def __init__(self, message: str, *, hint: str = "", title: str | None = None) -> None:
        super().__init__(message)
        self.title = title or self.default_title
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class UsageError(AssistantError):
    """The request itself can't be carried out as put (empty question, unknown name)."""

    code = "usage"
    exit_code = 2
    default_title = "That request can't be carried out"


class PassphraseError(UsageError):
    """A passphrase or recovery key can't be taken as it is given."""

    code = "passphrase"


class SuiteError(UsageError):
    """A file of questions, or a saved run of one, can't be used as it is."""

    code = "suite"
    default_title = "The questions can't be used"


class ConfigError(AssistantError):
    """The settings file or an environment variable holds something unusable."""

    code = "config"
    exit_code = 2
    default_title = "The settings can't be used"


class DocumentError(AssistantError):
    """One file can't be read as a document; other files are not affected."""

    code = "document"
    exit_code = 3
    default_title = "A document can't be added"


class StoreError(AssistantError):
    """The store can't be opened, read or written; its last committed state is intact."""

    code = "store"
    exit_code = 4
    default_title = "The library can't be used"


class WrongKeyError(StoreError):
    """The key does not open this store (or the file is no store)."""

    code = "wrong_key"


class LockedError(WrongKeyError):
    """The library has a passphrase, and none (or no right one) was given.

    `wait_seconds` is how long the next try has to wait; 0 is at once.
    """

    code = "locked"
    exit_code = 11
    default_title = "The library is locked"

    def __init__(
        self, message: str, *, hint: str = "", title: str | None = None, wait_seconds: float = 0.0
    ) -> None:
        super().__init__(message, hint=hint, title=title)
        self.wait_seconds = wait_seconds


class WrongPassphraseError(LockedError):
    """The passphrase or recovery key does not open this library."""

    code = "wrong_passphrase"


class TooManyTriesError(LockedError):
    """The last tries were wrong: the next one has to wait for `wait_seconds`."""

    code = "too_many_tries"


class NewerStoreError(StoreError):
    """The store was written by a newer version of this program."""

    code = "newer_store"


class EmbedderMismatchError(StoreError):
    """The store's vectors were made by another embedder than the one in use."""

    code = "embedder_mismatch"


class StoreBusyError(StoreError):
    """Another process is writing to the store and did not finish in time."""

    code = "store_busy"


class DiskFullError(StoreError):
    """There was no room to write; the transaction was rolled back."""

    code = "disk_full"


class ModelError(AssistantError):
    """A model file is missing, damaged, or of the wrong kind."""

    code = "model"
    exit_code = 5
    default_title = "The model can't be used"


class UnknownTemplateError(ModelError):
    """A model brings a chat template that nobody has approved: a person has to look at it.

    `template` is its text, hostile like all of the file, `sha256` its hash in hexadecimal.
    """

    code = "unknown_template"

    def __init__(self, message: str, *, template: str, sha256: str, hint: str) -> None:
        super().__init__(message, hint=hint)
        self.template = template
        self.sha256 = sha256


class EngineError(AssistantError):
    """The model was loaded but failed while it worked."""

    code = "engine"
    exit_code = 6
    default_title = "The model stopped"


class ContextOverflowError(EngineError):
    """The question alone does not fit the model's context."""

    code = "context_overflow"
    exit_code = 2
    default_title = "The question is too long"


class BundleError(AssistantError):
    """A bundle can't be trusted or read; nothing of it was installed."""

    code = "bundle"
    exit_code = 7
    default_title = "The bundle is refused"


class UntrustedKeyError(BundleError):
    """The bundle or key is signed by nobody who is trusted on this machine."""

    code = "untrusted_key"


class OlderBundleError(BundleError):
    """The bundle is not newer than what is, or was ever, installed under its name."""

    code = "older_bundle"


class AuditError(AssistantError):
    """The audit log can't be written or can't be trusted; the action was not carried out."""

    code = "audit"
    exit_code = 10
    default_title = "The audit log refuses"


class LockdownError(AssistantError):
    """The process could not be locked down as promised; no document or model was opened."""

    code = "lockdown"
    exit_code = 9
    default_title = "Refused to start unprotected"


class ProofError(AssistantError):
    """The proof could not be made, or a report of one is not what it claims to be."""

    code = "proof"
    exit_code = 1
    default_title = "No proof"


class Cancelled(AssistantError):  # noqa: N818 - a wish, not a fault
    """The person cancelled; nothing is left half done."""

    code = "cancelled"
    exit_code = 130
    default_title = "Cancelled"

    def __init__(self, message: str = "Cancelled.", *, hint: str = "") -> None:
        super().__init__(message, hint=hint)


def place_of(error: BaseException) -> str:
    """Return "Type at file:line" of the innermost frame: short, and free of content."""
    return place_in(type(error), error.__traceback__)


def place_in(kind: type[BaseException], trace: TracebackType | None) -> str:
    """As `place_of`, where there may be no more than the type and the frames."""
    frames = extract_tb(trace)
    if not frames:
        return kind.__name__
    return f"{kind.__name__} at {PurePath(frames[-1].filename).name}:{frames[-1].lineno}"
