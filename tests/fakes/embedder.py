"""An embedder without a model: hashed bags of words as unit vectors."""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping, Sequence

import numpy as np

from assistant.errors import EngineError
from assistant.retrieval import Query
from assistant.types import CancelToken, EmbedderIdentity, Vectors


def make_query(text: str, weights: Mapping[str, float] | None = None) -> Query:
    """A question as the retriever hands it on, with the vector of a `FakeEmbedder`."""
    return Query(text, FakeEmbedder().embed_query(text), weights or {})


class FakeEmbedder:
    """Deterministic: each word is a token and adds one (or minus one) to its own bucket.

    Texts that share words are similar, texts that share none are nearly orthogonal.
    `calls` records the texts of every `embed_documents`, `queries` those of `embed_query`.
    """

    def __init__(
        self,
        dimension: int = 384,
        token_limit: int = 254,
        *,
        name: str = "fake-embedder",
        fail_with: Exception | None = None,
    ) -> None:
        self._limit = token_limit
        self._identity = EmbedderIdentity(
            name=name,
            sha256=f"{zlib.crc32(name.encode()):08x}" * 8,
            dimension=dimension,
            pooling="mean",
            query_prefix="",
            document_prefix="",
            max_tokens=token_limit + 2,
        )
        self.fail_with = fail_with
        self.calls: list[list[str]] = []
        self.queries: list[str] = []

    @property
    def identity(self) -> EmbedderIdentity:
        return self._identity

    @property
    def text_token_limit(self) -> int:
        return self._limit

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(text.split()) for text in texts]

    def embed_documents(self, texts: Sequence[str], cancel: CancelToken | None = None) -> Vectors:
        self.calls.append(list(texts))
        if self.fail_with is not None:
            raise self.fail_with
        rows = np.zeros((len(texts), self._identity.dimension), dtype=np.float32)
        for row, text in enumerate(texts):
            if cancel is not None:
                cancel.raise_if_cancelled()
            if len(text.split()) > self._limit:
                raise EngineError(f"A text has more than {self._limit} tokens.")
            rows[row] = self._vector(text)
        return rows

    def embed_query(self, text: str) -> Vectors:
        self.queries.append(text)
        return self._vector(text)

    def _vector(self, text: str) -> Vectors:
        vector = np.zeros(self._identity.dimension, dtype=np.float32)
        for word in re.findall(r"\w+", text.lower()):
            code = zlib.crc32(word.encode())
            vector[code % len(vector)] += 1.0 if code & 0x80000000 else -1.0
        norm = float(np.linalg.norm(vector))
        if norm == 0.0:
            vector[0] = 1.0
            return vector
        return (vector / np.float32(norm)).astype(np.float32)
