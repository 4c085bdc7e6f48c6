"""A child process that gives a library new vectors, slowly, and says how far it is."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path

from assistant.ingest.re_embed import re_embed
from assistant.store import open_store
from assistant.types import CancelToken, Vectors
from tests.fakes.embedder import FakeEmbedder
from tests.store.adder import KEY

NEW = FakeEmbedder(dimension=128, token_limit=100_000)


class SlowEmbedder(FakeEmbedder):
    """Takes a while, so that there is time to be killed."""

    def embed_documents(self, texts: Sequence[str], cancel: CancelToken | None = None) -> Vectors:
        time.sleep(0.05)
        return super().embed_documents(texts, cancel)


def main(path: str) -> None:
    slow = SlowEmbedder(dimension=128, token_limit=100_000)
    with open_store(Path(path), KEY, create=False, embedder=None) as store:
        for event in re_embed(store.re_embedding, slow):
            print(event.done, flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
