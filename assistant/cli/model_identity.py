"""By what a model is known for good: its hash, and the base that an adapter was made for."""

from __future__ import annotations

from assistant.config import Settings
from assistant.models.installed_models import list_models


def identified(name: str, settings: Settings) -> tuple[str, str]:
    """Return the SHA-256 and the base of a chat model or reader; "" for what is not known."""
    for model in list_models(settings):
        full = f"{model.name}-{model.sha256[:8]}"  # what a reader from a bundle is called
        if (model.role in ("chat", "reader") and model.name == name) or (
            model.role == "reader" and name == full
        ):
            return model.sha256, model.base
    return "", ""


def chat_model_hash(settings: Settings) -> str:
    """Return the SHA-256 of the chat model in use; "" if there is none."""
    active = (model for model in list_models(settings) if model.active and model.role == "chat")
    return next((model.sha256 for model in active), "")
