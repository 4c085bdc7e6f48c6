"""The catalogue of models that this program knows: `models/catalogue.toml`, typed.

The file lies in the checkout's `models/`, or in `assistant/bundled_models` of an installed
wheel. It pins each model's source and bytes; nothing that is not in it is ever trusted by
its name.
"""

from __future__ import annotations

import math
import tomllib
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

from assistant.errors import ModelError
from assistant.types import Calibration

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


@dataclass(frozen=True, slots=True)
class AdapterEntry:
    """An adapter (LoRA) over a chat model, whose file is part of this program.

    `base` is the name of the chat entry that it belongs over, `file` its place beside the
    catalogue (hash and `size` in bytes are the file's), `card` that of its model card.
    `prompt_style` names the renderer, `prompt_version` the `assistant.prompts` that it was
    tuned with. `figures` are those of its evaluation, `calibration` what the program needs
    to know to use it well; both by name, either may be empty.
    """

    name: str
    title: str
    licence: str
    base: str
    file: str
    sha256: str
    size: int
    prompt_style: str
    prompt_version: int
    card: str
    figures: dict[str, float]
    calibration: Calibration


@dataclass(frozen=True, slots=True)
class TemplateEntry:
    """A chat template that was read and found harmless; `sha256` is that of its text."""

    name: str
    sha256: str


_Entry = TypeVar("_Entry", ChatEntry, EmbedderEntry, AdapterEntry, TemplateEntry)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All entries; the first of each role is the default."""

    chat: tuple[ChatEntry, ...]
    embedders: tuple[EmbedderEntry, ...]
    adapters: tuple[AdapterEntry, ...] = ()
    templates: tuple[TemplateEntry, ...] = ()

    @property
    def default_chat(self) -> ChatEntry:
        return self.chat[0]

    @property
    def default_adapter(self) -> AdapterEntry | None:
        """The first adapter over the default chat model, None if there is none."""
        return next((entry for entry in self.adapters if entry.base == self.chat[0].name), None)

    @property
    def default_names(self) -> tuple[str, ...]:
        """The chat models to use if none was chosen: the first that is installed."""
        adapter = self.default_adapter
        return (*([adapter.name] if adapter else []), self.default_chat.name)

    @property
    def default_embedder(self) -> EmbedderEntry:
        return self.embedders[0]

    def find_chat(self, name: str) -> ChatEntry | None:
        return next((entry for entry in self.chat if entry.name == name), None)

    def find_template(self, sha256: str) -> TemplateEntry | None:
        return next((entry for entry in self.templates if entry.sha256 == sha256), None)

    def find_embedder(self, name: str) -> EmbedderEntry | None:
        return next((entry for entry in self.embedders if entry.name == name), None)


def bundled_models_dir() -> Path:
    """Return the folder with the catalogue and the bundled models. Raises `ModelError`."""
    package = Path(__file__).resolve().parents[1]
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
        adapters=tuple(_entry(AdapterEntry, row, path) for row in table.get("adapter", [])),
        templates=tuple(_entry(TemplateEntry, row, path) for row in table.get("template", [])),
    )
    if not catalogue.chat or not catalogue.embedders:
        raise ModelError(f"{path} lacks a chat model or an embedder.", hint=_HINT)
    for adapter in catalogue.adapters:
        if catalogue.find_chat(adapter.base) is None:
            raise ModelError(f"{path}: '{adapter.name}' has an unknown base.", hint=_HINT)
    return catalogue


def _entry(kind: type[_Entry], row: dict[str, Any], path: Path) -> _Entry:
    wanted = {field.name: field.type for field in fields(kind)}
    if row.keys() != wanted.keys():
        odd = ", ".join(sorted(row.keys() ^ wanted.keys()))
        raise ModelError(f"{path}: missing or unknown keys: {odd}.", hint=_HINT)
    if "calibration" in wanted:
        row = {**row, "calibration": _calibration(row["calibration"], path)}
    for key, value in row.items():
        if not _is_of(str(wanted[key]), value):
            raise ModelError(f"{path}: '{key}' must be of type {wanted[key]}.", hint=_HINT)
        digest = key.endswith("sha256")
        if digest and (len(value) != 64 or not set(value) <= set("0123456789abcdef")):
            raise ModelError(f"{path}: '{key}' is no SHA-256.", hint=_HINT)
        if key in ("file", "card") and not _is_inside(value):
            raise ModelError(f"{path}: '{key}' is no path below {path.parent}.", hint=_HINT)
    return kind(**row)


def _calibration(stored: object, path: Path) -> Calibration:
    try:
        return Calibration.read(stored)
    except ValueError as error:
        raise ModelError(f"{path}: 'calibration' is damaged: {error}.", hint=_HINT) from error


def _is_of(kind: str, value: object) -> bool:
    if kind != "dict[str, float]":
        return type(value).__name__ == kind
    return isinstance(value, dict) and all(
        type(number) in (int, float) and math.isfinite(number) for number in value.values()
    )


def _is_inside(text: str) -> bool:
    path = PurePosixPath(text)
    return not path.is_absolute() and bool(path.parts) and ".." not in path.parts
