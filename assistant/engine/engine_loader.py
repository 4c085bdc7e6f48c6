"""Loading the engines that the settings name."""

from __future__ import annotations

from pathlib import Path

from assistant.config import Settings
from assistant.engine.chat_template import KnownStyle
from assistant.engine.thread_count import threads_for
from assistant.errors import ModelError, UsageError
from assistant.models.base_models import base_folder, size_of
from assistant.models.catalogue import EmbedderEntry, bundled_models_dir, load_catalogue
from assistant.models.embedder_folder import entry_of, is_exported
from assistant.models.installed_models import active_chat_name, model_folder
from assistant.models.model_record import MODEL_FILE, ModelRecord, read_record
from assistant.models.template_approval import require_approved
from assistant.models.verified_file import PinnedFile
from assistant.prompts import PROMPT_VERSION
from assistant.types import ChatEngine, Embedder, EmbedderIdentity


def has_chat_model(settings: Settings) -> bool:
    """Whether there is a chat model to load (loading it may still fail, and say why)."""
    return bool(active_chat_name(settings))


def load_chat(settings: Settings) -> ChatEngine:
    """Load the chat model in use. Raises `ModelError` with what to do."""
    from assistant.engine.chat_model import LlamaChat

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
    record = read_record(folder)
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
        threads=_threads(settings),
        known=KnownStyle(record.prompt_style, record.default_system, record.template_sha256),
        adapter=adapter,
        calibration=record.calibration,
    )


def load_embedder(settings: Settings) -> Embedder:
    """Load the embedder in use: of the catalogue, an exported or sentence-transformers folder.

    Raises `ModelError`.
    """
    folder = _folder_named(settings)
    if folder is not None and is_exported(folder):
        from assistant.engine.embedder import OnnxEmbedder

        return OnnxEmbedder(entry_of(folder), folder.parent, _threads(settings))
    if folder is not None:
        from assistant.engine.st_embedder import SentenceTransformersEmbedder

        return SentenceTransformersEmbedder(folder, threads=_threads(settings))
    from assistant.engine.embedder import OnnxEmbedder

    return OnnxEmbedder(_entry(settings), bundled_models_dir(), _threads(settings))


def embedder_identity(settings: Settings) -> EmbedderIdentity:
    """Return the identity of the embedder in use; nothing is loaded for the bundled one."""
    folder = _folder_named(settings)
    if folder is not None and is_exported(folder):
        from assistant.engine.embedder import identity_of

        return identity_of(entry_of(folder))
    if folder is not None:
        from assistant.engine.st_embedder import folder_identity

        return folder_identity(folder)
    from assistant.engine.embedder import identity_of

    return identity_of(_entry(settings))


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


def _threads(settings: Settings) -> int:
    return threads_for(settings.threads)


def _folder_named(settings: Settings) -> Path | None:
    """A name with a slash is the folder of an exported or a sentence-transformers model."""
    named = settings.embedder
    return Path(named).expanduser() if "/" in named or "\\" in named else None


def _entry(settings: Settings) -> EmbedderEntry:
    catalogue = load_catalogue()
    if not settings.embedder:
        return catalogue.default_embedder
    entry = catalogue.find_embedder(settings.embedder)
    if entry is None:
        names = ", ".join(entry.name for entry in catalogue.embedders)
        raise ModelError(
            f"No embedder is named '{settings.embedder}'.",
            hint=f"Known: {names}; or name the folder of an exported model.",
        )
    return entry
