"""The real chat model keeps the contract that the fake one is tested against."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.engine.chat_model import LlamaChat
from assistant.engine.thread_count import threads_for
from assistant.models.catalogue import load_catalogue
from assistant.types import ChatEngine
from tests.fakes.contracts import ChatContract

pytestmark = pytest.mark.acceptance


class TestDefaultChat(ChatContract):
    @pytest.fixture(scope="class")
    def chat(self, default_models: Path) -> Iterator[ChatEngine]:
        file = default_models / load_catalogue().default_chat.name / "model.gguf"
        engine = LlamaChat(file, name="default", context_length=2048, threads=threads_for(2))
        yield engine
        engine.close()
