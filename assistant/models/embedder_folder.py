"""An exported embedder in a folder of its own: what `assistant-convert embedder export` makes.

`embedder.json` describes `model.onnx` and `tokenizer.json` and pins their bytes. The name
of such an embedder ends in the beginning of its model's hash, so that no name stands for
two models and none for one of the catalogue.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from assistant.errors import ModelError
from assistant.models.catalogue import EmbedderEntry
from assistant.models.model_record import read_table
from assistant.types import EmbedderIdentity

CONFIG_FILE = "embedder.json"
MODEL_FILE = "model.onnx"
TOKENIZER_FILE = "tokenizer.json"
_SHA256 = re.compile(r"[0-9a-f]{64}")
_HINT = "Make the folder with: assistant-convert embedder export MODEL FOLDER"
_LONGEST_PREFIX = 200


def entry_of(folder: Path) -> EmbedderEntry:
    """Describe an exported embedder, to be loaded from the folder's parent.

    Raises `ModelError` for a description that is missing, damaged or out of bounds, and for
    the folder of a sentence-transformers model, which earlier versions could run.
    """
    path = folder / CONFIG_FILE
    if not path.exists() and (folder / "modules.json").is_file():
        raise ModelError(
            f"{folder} holds a sentence-transformers model, which this program does not run.",
            hint=f"Export it: assistant-convert embedder export {folder} FOLDER; name that "
            "folder as `embedder` in config.toml and add the documents to a new library.",
        )
    table = read_table(path, _HINT)
    digest = sha256_in(table, "model_sha256", path, _HINT)
    pooling = table.get("pooling")
    if table.get("architecture") != "bert" or pooling != "mean":
        raise ModelError(f"{path} describes no BERT with mean pooling.", hint=_HINT)
    name = folder.resolve().name
    return EmbedderEntry(
        name=f"{name}-{digest[:8]}",
        title=name,
        licence="",
        package="",
        member="",
        source_sha256="",
        folder=folder.name,
        model_sha256=digest,
        tokenizer_sha256=sha256_in(table, "tokenizer_sha256", path, _HINT),
        quantization=str(table.get("quantization", "")),
        dimension=whole_number(table, "dimension", (1, 8192), path),
        pooling="mean",
        max_tokens=whole_number(table, "max_tokens", (8, 8192), path),
        query_prefix=_prefix(table, "query_prefix", path),
        document_prefix=_prefix(table, "document_prefix", path),
    )


def identity_of(entry: EmbedderEntry) -> EmbedderIdentity:
    """Return the identity of a catalogue entry; loads nothing."""
    return EmbedderIdentity(
        name=entry.name,
        sha256=entry.model_sha256,
        dimension=entry.dimension,
        pooling=entry.pooling,
        query_prefix=entry.query_prefix,
        document_prefix=entry.document_prefix,
        max_tokens=entry.max_tokens,
    )


def sha256_in(table: dict[str, Any], key: str, path: Path, hint: str) -> str:
    """Return the pinned hash under `key`. Raises `ModelError` if it is none."""
    value = table.get(key)
    if not isinstance(value, str) or not _SHA256.fullmatch(value):
        raise ModelError(f"{path}: '{key}' is no SHA-256.", hint=hint)
    return value


def whole_number(table: dict[str, Any], key: str, limits: tuple[int, int], path: Path) -> int:
    """Return the number under `key`. Raises `ModelError` if it is none within `limits`."""
    value = table.get(key)
    if not isinstance(value, int) or isinstance(value, bool):
        raise ModelError(f"{path}: '{key}' must be a whole number.")
    if not limits[0] <= value <= limits[1]:
        raise ModelError(f"{path}: '{key}' is {value}, out of its limits {limits}.")
    return value


def _prefix(table: dict[str, Any], key: str, path: Path) -> str:
    value = table.get(key, "")
    if not isinstance(value, str) or len(value) > _LONGEST_PREFIX:
        raise ModelError(f"{path}: '{key}' must be a short text.")
    return value
