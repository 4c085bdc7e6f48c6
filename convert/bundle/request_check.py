"""What is to be packed, and the check that the request is whole."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from assistant.errors import UsageError
from assistant.models.embedder_folder import MODEL_FILE as READER_MODEL
from assistant.store.connection import PLAIN_HEADER, first_bytes
from convert.bundle.packed_library import TransferKeys
from convert.bundle.settings import BundleSettings

PAYLOAD_FILES = {
    "model": "model.gguf",
    "adapter": "adapter.gguf",
    "library": "library.db",
    "reader": READER_MODEL,
}


@dataclass(frozen=True, slots=True)
class Contents:
    """A bundle's content: the file, the base's GGUF (for an adapter), the steps' folders.

    `kind` is "model", "adapter", "library" or "reader", whose payload is its folder.
    `evaluation` is the folder of the evaluation
    (its record belongs to the lineage without naming it again); `recipe` is packed without
    its comments, and with paths cut to their last part. `sealing` is for a library that
    brings its key along, sealed.
    """

    kind: str
    payload: Path
    base: Path | None = None
    steps: tuple[Path, ...] = ()
    evaluation: Path | None = None
    recipe: Path | None = None
    sealing: TransferKeys | None = None


def check_request(settings: BundleSettings, contents: Contents) -> None:
    """Raise `UsageError` for what is missing or can't be packed."""
    missing = [
        name for name in ("key", "name", "version", "licence") if not getattr(settings, name)
    ]
    if missing:
        raise UsageError(
            f"[bundle] lacks {', '.join(missing)}.", hint="See: assistant-convert bundle pack -h"
        )
    if contents.kind not in PAYLOAD_FILES:
        raise UsageError(f"A bundle can't hold a {contents.kind!r}.")
    if contents.kind == "adapter" and contents.base is None:
        raise UsageError("An adapter needs its base.", hint="Name the base's GGUF: --base FILE")
    if contents.kind == "library":
        _check_library(contents.payload)
        return
    if not settings.licences:
        raise UsageError(
            "The text of the licence must travel with the model.",
            hint="Name the file that holds it: --licence-file FILE",
        )


def _check_library(path: Path) -> None:
    """Refuse a library that is open elsewhere or not encrypted; its key stays behind."""
    if not path.is_file():
        raise UsageError(f"There is no library {path}.")
    if first_bytes(path) == PLAIN_HEADER:
        raise UsageError(f"{path} is not encrypted; it is not packed.")
    for ending in ("-wal", "-journal"):
        log = Path(f"{path}{ending}")
        if log.exists() and log.stat().st_size:
            raise UsageError(
                f"{path} is in use, or was not closed: part of it is still in {log.name}.",
                hint="Close the program that uses it, then run: assistant docs",
            )
