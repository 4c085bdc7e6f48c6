"""Loading the engines that the settings name."""

from __future__ import annotations

from pathlib import Path

from assistant.catalogue import EmbedderEntry, bundled_models_dir, load_catalogue
from assistant.config import Settings
from assistant.engine.installed import active_chat_name, model_folder
from assistant.engine.records import MODEL_FILE, read_record
from assistant.engine.threads import threads_for
from assistant.errors import ModelError, UsageError
from assistant.types import ChatEngine, Embedder, EmbedderIdentity


def has_chat_model(settings: Settings) -> bool:
    """Whether there is a chat model to load (loading it may still fail, and say why)."""
    return bool(active_chat_name(settings))


def load_chat(settings: Settings) -> ChatEngine:
    """Load the chat model in use. Raises `ModelError` with what to do."""
    from assistant.engine.chat import LlamaChat

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
    path = folder / MODEL_FILE
    if not path.is_file() or path.stat().st_size != record.size:
        raise ModelError(
            f"{path} is missing or damaged.",
            hint=f"Add the model again: assistant models remove {name}, then add",
        )
    return LlamaChat(
        path,
        name=name,
        context_length=settings.context_length,
        threads=_threads(settings),
        style=record.prompt_style,
        default_system=record.default_system,
        template_sha256=record.template_sha256,
    )


def load_embedder(settings: Settings) -> Embedder:
    """Load the embedder in use: of the catalogue, or a sentence-transformers folder.

    Raises `ModelError`.
    """
    folder = _folder_named(settings)
    if folder is not None:
        from assistant.engine.st_embedder import SentenceTransformersEmbedder

        return SentenceTransformersEmbedder(folder, threads=_threads(settings))
    from assistant.engine.embedder import OnnxEmbedder

    return OnnxEmbedder(_entry(settings), bundled_models_dir(), _threads(settings))


def embedder_identity(settings: Settings) -> EmbedderIdentity:
    """Return the identity of the embedder in use; nothing is loaded for the bundled one."""
    folder = _folder_named(settings)
    if folder is not None:
        from assistant.engine.st_embedder import folder_identity

        return folder_identity(folder)
    from assistant.engine.embedder import identity_of

    return identity_of(_entry(settings))


def _threads(settings: Settings) -> int:
    return threads_for(settings.threads)


def _folder_named(settings: Settings) -> Path | None:
    """A name with a slash is the folder of a sentence-transformers model."""
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
            hint=f"Known: {names}; or name the folder of a sentence-transformers model.",
        )
    return entry
