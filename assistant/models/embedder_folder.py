"""The folder of an exported embedder, as `assistant-convert embedder export` makes it.

`embedder.json` describes `model.onnx` and `tokenizer.json` and pins their bytes. The name
of such an embedder ends in the beginning of its model's hash, so that no name stands for
two models and none for one of the catalogue.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from assistant.config import Settings
from assistant.errors import ModelError
from assistant.models.catalogue import EmbedderEntry, bundled_models_dir
from assistant.models.verified_file import verify_file
from assistant.strict_reader import Meta, Sha256, read_file, read_json, refused
from assistant.types import EmbedderIdentity

CONFIG_FILE = "embedder.json"
MODEL_FILE = "model.onnx"
TOKENIZER_FILE = "tokenizer.json"
_MAX_JSON = 1 << 20
_HINT = "Make the folder with: assistant-convert embedder export MODEL FOLDER"
_Kind = TypeVar("_Kind")
_Prefix = Annotated[str, Meta(max_length=200)]


@dataclass(frozen=True, slots=True)
class _Description:
    architecture: Literal["bert"]
    pooling: Literal["mean"]
    model_sha256: Sha256
    tokenizer_sha256: Sha256
    dimension: Annotated[int, Meta(ge=1, le=8192)]
    max_tokens: Annotated[int, Meta(ge=8, le=8192)]
    quantization: str = ""
    query_prefix: _Prefix = ""
    document_prefix: _Prefix = ""


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
    found = read_description(path, _Description, _HINT)
    name = folder.resolve().name
    return EmbedderEntry(
        name=f"{name}-{found.model_sha256[:8]}",
        title=name,
        licence="",
        package="",
        member="",
        source_sha256="",
        folder=folder.name,
        model_sha256=found.model_sha256,
        tokenizer_sha256=found.tokenizer_sha256,
        quantization=found.quantization,
        dimension=found.dimension,
        pooling=found.pooling,
        max_tokens=found.max_tokens,
        query_prefix=found.query_prefix,
        document_prefix=found.document_prefix,
    )


def embedder_home(entry: EmbedderEntry, settings: Settings) -> Path:
    """Return the folder that the folder of a catalogue entry lies in."""
    return settings.models_dir if entry.source_size else bundled_models_dir()


def has_embedder(entry: EmbedderEntry, settings: Settings) -> bool:
    """Whether the files are there (loading them still checks every byte)."""
    folder = embedder_home(entry, settings) / entry.folder
    return (folder / MODEL_FILE).is_file() and (folder / TOKENIZER_FILE).is_file()


def verify_embedder(entry: EmbedderEntry, settings: Settings) -> None:
    """Check the files against the catalogue. Raises `ModelError`."""
    folder = embedder_home(entry, settings) / entry.folder
    verify_file(folder / MODEL_FILE, entry.model_sha256)
    verify_file(folder / TOKENIZER_FILE, entry.tokenizer_sha256)


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


def read_description(path: Path, kind: type[_Kind], hint: str) -> _Kind:
    """Read the JSON object that describes a model; it may say more. Raises `ModelError`."""
    with refused(ModelError, f"{path} can't be read", hint=hint):
        return read_json(read_file(path, _MAX_JSON), kind, more_keys=True)
