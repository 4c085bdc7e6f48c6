"""By what a model is known for good: its hash, and the base that an adapter was made for."""

from __future__ import annotations

from assistant.config import Settings
from assistant.models.catalogue import load_catalogue
from assistant.models.installed_models import list_models


def identified(name: str, settings: Settings) -> tuple[str, str]:
    """Return the SHA-256 and the base of a chat model or reader; "" for what is not known."""
    for model in list_models(settings):
        if model.role == "chat" and model.name == name:
            return model.sha256, model.base
    readers = load_catalogue().readers
    return next((entry.model_sha256 for entry in readers if entry.name == name), ""), ""


def chat_model_hash(settings: Settings) -> str:
    """Return the SHA-256 of the chat model in use; "" if there is none."""
    active = (model for model in list_models(settings) if model.active and model.role == "chat")
    return next((model.sha256 for model in active), "")
