"""The fakes behave as the real things do: the tests of a contract run against both.

Store and parser have theirs in `tests/store/test_store_contract.py` and
`tests/unit/documents/test_parser_contract.py`; the real chat model is in
`tests/acceptance/test_chat_contract.py`.
"""

from __future__ import annotations

import pytest

from assistant.engine.embedder import OnnxEmbedder
from assistant.models.catalogue import bundled_models_dir, load_catalogue
from assistant.types import ChatEngine, Embedder
from tests.fakes.contracts import ChatContract, EmbedderContract
from tests.fakes.embedder import FakeEmbedder
from tests.fakes.engine import FakeChat


class TestFakeEmbedder(EmbedderContract):
    @pytest.fixture
    def embedder(self) -> Embedder:
        return FakeEmbedder()


class TestBundledEmbedder(EmbedderContract):
    @pytest.fixture(scope="class")
    def embedder(self) -> Embedder:
        return OnnxEmbedder(load_catalogue().default_embedder, bundled_models_dir(), threads=2)


class TestFakeChat(ChatContract):
    @pytest.fixture
    def chat(self) -> ChatEngine:
        return FakeChat()
