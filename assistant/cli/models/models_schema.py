"""The shapes of `assistant models ... --json`; see `schema.py` for the rules."""

from __future__ import annotations

from assistant.console.json_output import Document
from assistant.models.installed_models import ModelCheck, ModelInfo


class ModelsJson(Document, frozen=True):
    models: list[ModelInfo]


class VerifyJson(Document, frozen=True):
    checks: list[ModelCheck]
