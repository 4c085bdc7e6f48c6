"""What every engine does, real or fake. A test class inherits one and has its fixture."""

from __future__ import annotations

import numpy as np
import pytest

from assistant.errors import Cancelled, ContextOverflowError, EngineError
from assistant.types import CancelToken, ChatEngine, Embedder, Message, Sampling

ASKED = (Message("system", "Answer briefly."), Message("user", "What is checked every year?"))
PASSAGES = ("The pump is checked every year.", "Nurses sign letters.")
REFUSAL = "I can't say."


def cancelled() -> CancelToken:
    token = CancelToken()
    token.cancel()
    return token


class EmbedderContract:
    """Needs a fixture `embedder`."""

    def test_rows_are_unit_vectors_of_the_dimension(self, embedder: Embedder) -> None:
        texts = ["The pump is checked.", "x", "", "\ud800 half a character", "\u0000"]
        rows = embedder.embed_documents(texts)
        assert rows.shape == (len(texts), embedder.identity.dimension)
        assert rows.dtype == np.float32
        assert np.allclose(np.linalg.norm(rows, axis=1), 1.0, atol=1e-3)
        assert embedder.embed_documents([]).shape == (0, embedder.identity.dimension)

    def test_a_vector_does_not_depend_on_its_neighbours(self, embedder: Embedder) -> None:
        alone = embedder.embed_documents(["The pump is checked."])
        among = embedder.embed_documents(["Nurses sign.", "The pump is checked.", "x"])
        assert np.array_equal(alone[0], among[1])

    def test_what_shares_words_is_nearer(self, embedder: Embedder) -> None:
        query = embedder.embed_query("When is the pump checked?")
        assert query.shape == (embedder.identity.dimension,)
        near, far = embedder.embed_documents(["The pump is checked in May.", "Nurses sign letters"])
        assert float(near @ query) > float(far @ query)

    def test_a_text_over_the_limit_is_refused(self, embedder: Embedder) -> None:
        most = embedder.text_token_limit
        assert 0 < most < embedder.identity.max_tokens
        assert embedder.count_tokens(["pump " * most, "", "pump"]) == [most, 0, 1]
        assert embedder.embed_documents(["pump " * most]).shape[0] == 1
        with pytest.raises(EngineError):
            embedder.embed_documents(["pump", "pump " * (most + 1)])

    def test_a_long_query_is_embedded(self, embedder: Embedder) -> None:
        vector = embedder.embed_query("pump " * (3 * embedder.text_token_limit))
        assert np.linalg.norm(vector) == pytest.approx(1.0, abs=1e-3)

    def test_a_cancel(self, embedder: Embedder) -> None:
        with pytest.raises(Cancelled):
            embedder.embed_documents(["one", "two", "three"], cancelled())


class ChatContract:
    """Needs a fixture `chat`."""

    def test_it_answers_in_pieces(self, chat: ChatEngine) -> None:
        prompt = chat.render(ASKED)
        assert all(message.content in prompt for message in ASKED)
        assert 0 < chat.count_tokens(prompt) < chat.context_length
        pieces = list(chat.generate(prompt, Sampling(max_tokens=8)))
        assert pieces
        assert all(isinstance(piece, str) for piece in pieces)
        assert list(chat.generate(prompt, Sampling(max_tokens=8))) == pieces

    def test_the_most_tokens_count(self, chat: ChatEngine) -> None:
        assert len(list(chat.generate(chat.render(ASKED), Sampling(max_tokens=1)))) <= 1

    def test_a_prompt_that_does_not_fit(self, chat: ChatEngine) -> None:
        long = "word " * (2 * chat.context_length)
        with pytest.raises(ContextOverflowError):
            next(chat.generate(long, Sampling()))
        with pytest.raises(ContextOverflowError):
            chat.quote(long, PASSAGES, REFUSAL)
        assert list(chat.generate(chat.render(ASKED), Sampling(max_tokens=2)))  # it goes on

    def test_a_cancel(self, chat: ChatEngine) -> None:
        prompt = chat.render(ASKED)
        with pytest.raises(Cancelled):
            list(chat.generate(prompt, Sampling(), cancelled()))
        with pytest.raises(Cancelled):
            chat.quote(prompt, PASSAGES, REFUSAL, cancelled())
        assert list(chat.generate(prompt, Sampling(max_tokens=2)))

    def test_an_answer_that_nobody_waits_for(self, chat: ChatEngine) -> None:
        pieces = chat.generate(chat.render(ASKED), Sampling(max_tokens=50))
        next(pieces)
        pieces.close()  # type: ignore[attr-defined]
        assert list(chat.generate(chat.render(ASKED), Sampling(max_tokens=2)))

    def test_a_quote_is_of_a_passage(self, chat: ChatEngine) -> None:
        quoted = chat.quote(chat.render(ASKED), PASSAGES, REFUSAL)
        assert quoted.text == "" or any(quoted.text in passage for passage in PASSAGES)
        assert (quoted.tokens > 0) == bool(quoted.text)
