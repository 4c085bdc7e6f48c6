"""The shapes of `assistant models ... --json`; see `schema.py` for the rules."""

from __future__ import annotations

from assistant.console.json_output import Document
from assistant.models.catalogue import RecommendedEntry
from assistant.models.installed_models import ModelCheck, ModelInfo
from assistant.types import ModelProfile


class ModelsJson(Document, frozen=True):
    models: list[ModelInfo]


class VerifyJson(Document, frozen=True):
    checks: list[ModelCheck]


class TuneInJson(Document, frozen=True):
    """`why` says in plain sentences how the profile follows from what was measured."""

    name: str
    profile: ModelProfile
    why: str


class RecommendJson(Document, frozen=True):
    """`memory` is that of this machine in bytes, 0 if it can't be told."""

    models: list[RecommendedEntry]
    memory: int
