"""Give a whole library the vectors of another embedder, while it goes on being searched."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

import numpy as np

from assistant.documents.chunker import embedding_text
from assistant.types import CancelToken, Embedder, ReEmbedProgress, Vectors, VectorStaging

BATCH = 32
"""Chunks between two looks at progress and cancel; as many are lost by a kill at most."""


def re_embed(
    staging: VectorStaging, embedder: Embedder, cancel: CancelToken | None = None
) -> Iterator[ReEmbedProgress]:
    """Embed every chunk, then put the new vectors in the place of the old ones, all at once.

    What an earlier run that was stopped has made with this embedder is not made again; documents
    that are added meanwhile are embedded too. The last event is the finished one, or after a
    cancel one that is not. Raises what embedder and store raise.
    """
    token = cancel or CancelToken()
    staging.begin(embedder.identity)
    before, began = staging.counts()[0], time.monotonic()
    while not token.is_cancelled:
        done, total = staging.counts()
        rate = (done - before) / max(time.monotonic() - began, 1e-9)
        yield ReEmbedProgress(done, total, (total - done) / rate if rate > 0 else None)
        chunks = staging.left(BATCH)
        if chunks:
            texts = [embedding_text(chunk.heading, chunk.text) for chunk in chunks]
            staging.keep([chunk.chunk_id for chunk in chunks], _embedded(texts, embedder))
        elif staging.finish(embedder.identity):
            yield ReEmbedProgress(total, total, 0.0, finished=True)
            return


def _embedded(texts: Sequence[str], embedder: Embedder) -> Vectors:
    """Embed chunks that another tokenizer counted: one too long is the mean of its parts."""
    parts = [_parts(text, embedder) for text in texts]
    vectors = iter(embedder.embed_documents([part for own in parts for part in own]))
    means = np.stack([np.sum([next(vectors) for _ in own], axis=0) for own in parts])
    lengths = np.linalg.norm(means, axis=1, keepdims=True)
    return np.asarray(means / np.maximum(lengths, 1e-9), dtype=np.float32)


def _parts(text: str, embedder: Embedder) -> list[str]:
    """Halve a text until each part fits, between two words where it can be."""
    if len(text) < 2 or embedder.count_tokens([text])[0] <= embedder.text_token_limit:
        return [text]
    middle = len(text) // 2
    space = text.find(" ", middle)
    at = space if 0 < space < len(text) - 1 else middle
    return [*_parts(text[:at], embedder), *_parts(text[at:], embedder)]
