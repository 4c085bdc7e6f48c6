"""The reader: a small encoder that finds the span of a passage that answers a question.

It looks at question and passage together and scores, for each token, how well an answer
begins and ends there, with "no answer" over the first token, and how well the passage answers
at all. As with the embedder, each window is one run of its own on one thread: the int8
activations are scaled over a run, so that a reading does not depend on the other passages.
Made by `assistant-convert reader export`; no torch.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from assistant.engine.embedder import load_session, load_tokenizer
from assistant.engine.reader_windows import ReaderWindow, TokenizedText, WindowMaker, tokenize
from assistant.engine.span_search import Scores, paragraph_breaks, window_spans, without_overlaps
from assistant.errors import EngineError, ModelError
from assistant.models.embedder_folder import MODEL_FILE, TOKENIZER_FILE
from assistant.models.installed_readers import MAKE_READER, ReaderInfo
from assistant.types import CancelToken, ReaderCalibration, Reading

OUTPUTS = ("starts", "ends", "relevance")
"""The model's outputs: shapes (batch, tokens), (batch, tokens) and (batch,); logits."""

_OVERLAP = 64
"""Tokens that two windows of a passage share: an answer shorter than that stands whole in one."""

_LONGEST_QUESTION = 100_000
_NOT_FINITE = "The reader gave numbers that are not finite."
NOTHING_READ = Reading((), 0.0, -100.0)
"""The reading of a passage without a word, or for a question without one."""


class OnnxReader:
    """A `Reader`. The files are checked before they are parsed.

    Raises `ModelError` if a file is missing or is not the one that is pinned, and for a model
    without the outputs of a reader.
    """

    def __init__(self, info: ReaderInfo, threads: int) -> None:
        self._info = info
        self._tokenizer = load_tokenizer(info.folder / TOKENIZER_FILE, info.tokenizer_sha256)
        self._session = load_session(info.folder / MODEL_FILE, info.model_sha256)
        if [output.name for output in self._session.get_outputs()] != list(OUTPUTS):
            raise ModelError(f"{info.folder / MODEL_FILE} is no reader.", hint=MAKE_READER)
        begin, end = self._tokenizer.encode("", add_special_tokens=True).ids
        self._maker = WindowMaker(begin, end, info.max_tokens)
        self._require_tokens(begin, self._tokenizer.get_vocab_size() - 1, end)
        self._pool = ThreadPoolExecutor(max(1, threads), thread_name_prefix="reader")
        self._lock = threading.Lock()

    def _require_tokens(self, *ids: int) -> None:
        """Refuse a model that does not know the last token of its tokenizer."""
        try:
            self._session.run(list(OUTPUTS), _feeds(ids, [0] * len(ids)))
        except Exception as error:  # ONNX Runtime's own exceptions share no base
            raise ModelError(
                f"{self._info.folder}: the reader was made for another tokenizer.", hint=MAKE_READER
            ) from error

    @property
    def name(self) -> str:
        return self._info.name

    @property
    def info(self) -> ReaderInfo:
        return self._info

    @property
    def calibration(self) -> ReaderCalibration:
        return self._info.calibration

    def reads_whole(self, question: str) -> bool:
        """Whether a question is short enough; of a longer one only the beginning is read."""
        return len(self._asked(question).ids) <= self._maker.question_room()

    def read(
        self, question: str, passages: Sequence[str], cancel: CancelToken | None = None
    ) -> list[Reading]:
        """Read each passage for itself; see `assistant.types.Reader`.

        Scores are log-odds: `no_answer` is 0, and a span above 0 likelier than none. Raises
        `EngineError` when the model fails, `ModelError` where it gives numbers that are not
        finite, and `Cancelled` within one window.
        """
        token = cancel or CancelToken()
        asked = self._asked(question)
        pending: list[list[Future[Reading]]] = []
        with self._lock:
            try:
                for passage in passages:
                    token.raise_if_cancelled()
                    pending.append(self._submitted(asked, passage, token))
                return [_joined([f.result() for f in futures]) for futures in pending]
            finally:
                for future in (f for futures in pending for f in futures):
                    future.cancel()

    def _asked(self, question: str) -> TokenizedText:
        return tokenize(self._tokenizer, question[:_LONGEST_QUESTION])

    def _submitted(
        self, asked: TokenizedText, passage: str, token: CancelToken
    ) -> list[Future[Reading]]:
        if not asked.ids:
            return []
        windows = self._maker.windows(asked, tokenize(self._tokenizer, passage), _OVERLAP)
        breaks = paragraph_breaks(passage)
        return [self._pool.submit(self._read, window, breaks, token) for window in windows]

    def _read(self, window: ReaderWindow, breaks: Sequence[int], token: CancelToken) -> Reading:
        token.raise_if_cancelled()
        feeds = _feeds(window.ids, window.kinds)
        try:
            starts, ends, relevance = self._session.run(list(OUTPUTS), feeds)
        except Exception as error:  # ONNX Runtime's own exceptions share no base
            raise EngineError(f"The reader failed: {error}.") from error
        return _window_reading(window, starts[0], ends[0], float(relevance[0]), breaks)


def _feeds(ids: Sequence[int], kinds: Sequence[int]) -> dict[str, NDArray[np.int64]]:
    tokens = np.array([ids], dtype=np.int64)
    segments = np.array([kinds], dtype=np.int64)
    return {"input_ids": tokens, "attention_mask": np.ones_like(tokens), "token_type_ids": segments}


def _window_reading(
    window: ReaderWindow, starts: Scores, ends: Scores, relevance: float, breaks: Sequence[int]
) -> Reading:
    if not (np.isfinite(starts).all() and np.isfinite(ends).all() and np.isfinite(relevance)):
        raise ModelError(_NOT_FINITE, hint="Its files may be damaged: install or export it again.")
    return Reading(without_overlaps(window_spans(window, starts, ends, breaks)), 0.0, relevance)


def _joined(windows: Sequence[Reading]) -> Reading:
    """Join the windows of one passage: their spans compete by their log-odds."""
    if not windows:
        return NOTHING_READ
    spans = without_overlaps(span for one in windows for span in one.spans)
    return Reading(spans, 0.0, max(one.relevance for one in windows))
