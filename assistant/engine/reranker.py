"""The reranker: a small cross-encoder that scores a question and a passage together.

Where an embedder compares two vectors, a cross-encoder sees which word of the question
meets which of the passage; it is too slow for a whole library and good at ordering the
first hits. As with the embedder, each pair is one run of its own on one thread: the int8
activations are scaled over a run, so that a score does not depend on the other passages.
Made by `assistant-convert embedder export-reranker`; no torch.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import numpy as np

from assistant.config import Settings
from assistant.engine.embedder import load_session, load_tokenizer
from assistant.engine.thread_count import threads_for
from assistant.errors import EngineError
from assistant.models.embedder_folder import MODEL_FILE, TOKENIZER_FILE, read_description
from assistant.strict_reader import Meta, Sha256
from assistant.types import CancelToken

CONFIG_FILE = "reranker.json"
_HINT = "Make the folder with: assistant-convert embedder export-reranker MODEL FOLDER"
_SHARE_FOR_QUESTION = 0.5
_LONGEST_TEXT = 100_000


@dataclass(frozen=True, slots=True)
class RerankerInfo:
    """What is known of a reranker without loading it.

    `max_tokens` bounds question, passage and three special tokens together. `weight` is
    how much its ranking counts beside those of the search (`assistant.retrieval.rank_fusion`),
    chosen on held-out questions when it was tuned.
    """

    folder: Path
    name: str
    model_sha256: str
    tokenizer_sha256: str
    max_tokens: int
    weight: float


@dataclass(frozen=True, slots=True)
class _Description:
    architecture: Literal["bert"]
    model_sha256: Sha256
    tokenizer_sha256: Sha256
    max_tokens: Annotated[int, Meta(ge=16, le=8192)]
    weight: Annotated[float, Meta(ge=0, le=100)]


def reranker_info(folder: Path) -> RerankerInfo:
    """Describe an exported reranker. Raises `ModelError` for a folder that holds none."""
    found = read_description(folder / CONFIG_FILE, _Description, _HINT)
    return RerankerInfo(
        folder=folder,
        name=f"{folder.resolve().name}-{found.model_sha256[:8]}",
        model_sha256=found.model_sha256,
        tokenizer_sha256=found.tokenizer_sha256,
        max_tokens=found.max_tokens,
        weight=found.weight,
    )


class OnnxReranker:
    """Scores passages for a question. The files are checked before they are parsed.

    Raises `ModelError` if a file is missing or is not the one that is pinned.
    """

    def __init__(self, info: RerankerInfo, threads: int) -> None:
        self._info = info
        self._tokenizer = load_tokenizer(info.folder / TOKENIZER_FILE, info.tokenizer_sha256)
        self._session = load_session(info.folder / MODEL_FILE, info.model_sha256)
        self._begin, self._end = self._tokenizer.encode("", add_special_tokens=True).ids
        self._pool = ThreadPoolExecutor(max(1, threads), thread_name_prefix="reranker")
        self._lock = threading.Lock()

    @property
    def info(self) -> RerankerInfo:
        return self._info

    @property
    def weight(self) -> float:
        return self._info.weight

    def score(
        self, question: str, texts: Sequence[str], cancel: CancelToken | None = None
    ) -> list[float]:
        """Return one score for each text, higher is better (a logit: any real number).

        A text over the limit is cut at its end, a long question at half of the limit.
        Raises `EngineError` when the model fails, and `Cancelled`.
        """
        token = cancel or CancelToken()
        asked = self._ids(question)
        pending: list[Future[float]] = []
        with self._lock:
            try:
                pending = [
                    self._pool.submit(self._score, asked, self._ids(text), token) for text in texts
                ]
                return [future.result() for future in pending]
            finally:
                for future in pending:
                    future.cancel()

    def _ids(self, text: str) -> list[int]:
        # Half of a surrogate pair is no character, and the tokenizer refuses it.
        clean = text[:_LONGEST_TEXT].encode("utf-8", "replace").decode("utf-8")
        ids: list[int] = self._tokenizer.encode(clean, add_special_tokens=False).ids
        return ids

    def _score(self, question: list[int], text: list[int], token: CancelToken) -> float:
        token.raise_if_cancelled()
        room = self._info.max_tokens - 3
        first = question[: max(1, int(room * _SHARE_FOR_QUESTION))]
        second = text[: room - len(first)]
        head = [self._begin, *first, self._end]
        tail = [*second, self._end]
        ids = np.array([head + tail], dtype=np.int64)
        kinds = np.array([[0] * len(head) + [1] * len(tail)], dtype=np.int64)
        feeds = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": kinds}
        try:
            score = float(np.ravel(self._session.run(["score"], feeds)[0])[0])
        except Exception as error:  # ONNX Runtime's own exceptions share no base
            raise EngineError(f"The reranker failed: {error}.") from error
        if not np.isfinite(score):
            raise EngineError("The reranker gave a number that is not finite.")
        return score


def load_reranker(settings: Settings) -> OnnxReranker | None:
    """Load the reranker that the settings name; None if they name none.

    Raises `ModelError`.
    """
    if not settings.reranker:
        return None
    info = reranker_info(Path(settings.reranker).expanduser())
    return OnnxReranker(info, threads_for(settings.threads))
