"""Load the engines that the settings name."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import cast

from assistant.config import NO_READER, Settings
from assistant.engine.chat_template import KnownStyle
from assistant.engine.lazy_chat import LazyChat
from assistant.engine.thread_count import threads_for
from assistant.errors import ModelError, UsageError
from assistant.models.base_models import base_folder, size_of
from assistant.models.catalogue import EmbedderEntry, bundled_models_dir, load_catalogue
from assistant.models.embedder_folder import embedder_home, entry_of, identity_of
from assistant.models.installed_models import active_chat_name, model_folder
from assistant.models.installed_readers import chosen_reader, reader_info
from assistant.models.model_profile import profile_of
from assistant.models.model_record import MODEL_FILE, ModelRecord, read_record
from assistant.models.ocr_models import has_ocr, ocr_folder
from assistant.models.template_approval import require_approved
from assistant.models.verified_file import PinnedFile
from assistant.prompts import PROMPT_VERSION
from assistant.types import ChatEngine, Embedder, EmbedderIdentity, ModelProfile, Ocr, Reader


def has_chat_model(settings: Settings) -> bool:
    """Whether there is a chat model to load (loading it may still fail, and say why)."""
    return bool(active_chat_name(settings))


def load_chat(settings: Settings, profile: ModelProfile | None = None) -> ChatEngine:
    """Load the chat model in use, with its own profile or another. Raises `ModelError`."""
    from assistant.engine.chat_model import LlamaChat

    name, folder, record = _chat_record(settings)
    path = folder / record.file
    if size_of(path) != record.size:
        raise ModelError(f"{path} is missing or damaged.", hint=_add_again(name))
    _check_prompts(record)
    require_approved(record)
    file, adapter = PinnedFile(path, record.sha256), None
    if record.base:
        below = base_folder(record, folder.parent)
        adapter, file = file, PinnedFile(below / MODEL_FILE, read_record(below).sha256)
    return LlamaChat(
        file,
        name=name,
        context_length=settings.context_length,
        threads=threads_for(settings.threads),
        known=KnownStyle(record.prompt_style, record.default_system, record.template_sha256),
        adapter=adapter,
        calibration=record.calibration,
        profile=profile or profile_of(record, folder),
    )


def chat_when_needed(settings: Settings) -> ChatEngine:
    """Return the chat model in use, loaded now only if it writes freely.

    One that quotes or refuses is needed seldom where a reader answers. Raises as `load_chat`.
    """
    name, folder, record = _chat_record(settings)
    if not record.calibration.quotes_only:
        return load_chat(settings)
    profile = profile_of(record, folder)
    lazy = LazyChat(name, record.calibration, profile, lambda: load_chat(settings))
    return cast("ChatEngine", lazy)  # it passes all on that it does not know


def _chat_record(settings: Settings) -> tuple[str, Path, ModelRecord]:
    """Return name, folder and record of the chat model in use. Raises `ModelError`."""
    name = active_chat_name(settings)
    if not name:
        raise ModelError(
            "No chat model is installed.", hint="Add one: assistant models add FILE.gguf"
        )
    try:
        folder = model_folder(name, settings)
    except UsageError as error:
        raise ModelError(
            error.message, hint=f"{error.hint} Choose: assistant models use NAME"
        ) from error
    return name, folder, read_record(folder)


def load_embedder(settings: Settings) -> Embedder:
    """Load the embedder in use: of the catalogue, or of an exported folder.

    Raises `ModelError`.
    """
    # Not at the top: numpy starts threads, and who only wants to know the identity needs none.
    from assistant.engine.embedder import OnnxEmbedder

    entry, folder = _embedder(settings)
    return OnnxEmbedder(entry, folder, threads_for(settings.threads))


def load_reader(settings: Settings) -> Reader | None:
    """Load the extractive reader: of the settings, the chosen one, or that of the catalogue.

    None if the settings want none, or none came with the program. Raises `ModelError`.
    """
    if settings.reader == NO_READER:
        return None
    from assistant.engine.reader import OnnxReader

    named = Path(settings.reader).expanduser() if settings.reader else chosen_reader(settings)
    if named is not None:
        return OnnxReader(reader_info(named), threads_for(settings.threads))
    entry = load_catalogue().default_reader
    if entry is None:
        return None
    info = reader_info(bundled_models_dir() / entry.folder)
    if (info.model_sha256, info.tokenizer_sha256) != (entry.model_sha256, entry.tokenizer_sha256):
        raise ModelError(
            f"{info.folder} holds another reader than the one that came with this program.",
            hint="Install the program again.",
        )
    return OnnxReader(replace(info, name=entry.name), threads_for(settings.threads))


def load_ocr(settings: Settings) -> Ocr | None:
    """Return what reads pictures, None if its models are not installed.

    They are loaded with the first picture, which raises `ModelError` if they are damaged.
    """
    entry = load_catalogue().default_ocr
    if entry is None or not has_ocr(entry, settings):
        return None
    # Not at the top, as with the embedder.
    from assistant.engine.ocr.page_reader import PageReader

    return PageReader(entry, ocr_folder(entry, settings), threads_for(settings.threads))


def embedder_identity(settings: Settings) -> EmbedderIdentity:
    """Return the identity of the embedder in use; nothing is loaded. Raises `ModelError`."""
    return identity_of(_embedder(settings)[0])


def _add_again(name: str) -> str:
    return f"Add the model again: assistant models remove {name}, then add"


def _check_prompts(record: ModelRecord) -> None:
    """Refuse what was tuned with other prompts than it would be asked with."""
    if record.prompt_version not in (0, PROMPT_VERSION):
        other = record.base or "NAME"
        raise ModelError(
            f"{record.name} was tuned with prompts of version {record.prompt_version}; this "
            f"program asks with version {PROMPT_VERSION}.",
            hint=f"Use another until it was tuned again: assistant models use {other}",
        )


def _embedder(settings: Settings) -> tuple[EmbedderEntry, Path]:
    """Return the entry of the embedder in use, and the folder that its own folder lies in.

    A name with a slash is the path of an exported folder.
    """
    named = settings.embedder
    if "/" in named or "\\" in named:
        folder = Path(named).expanduser()
        return entry_of(folder), folder.parent
    catalogue = load_catalogue()
    entry = catalogue.find_embedder(named) if named else catalogue.default_embedder
    if entry is None:
        names = ", ".join(entry.name for entry in catalogue.embedders)
        raise ModelError(
            f"No embedder is named '{named}'.",
            hint=f"Known: {names}; or name the folder of an exported model.",
        )
    return entry, embedder_home(entry, settings)
