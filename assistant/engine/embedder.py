"""The embedder: a BERT model exported to ONNX, run by ONNX Runtime without torch.

Each text is one run of its own on one thread, and as many texts run side by side as there
are threads. Measured on 2 cores this is twice as fast as batches whose operators are
split over the threads, needs no padding and a third of the memory; and because int8
activations are scaled over a whole run, it is the only way in which a text's vector does
not depend on the texts that happen to be embedded with it.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, cast

import numpy as np

from assistant.errors import EngineError, ModelError
from assistant.models.catalogue import EmbedderEntry
from assistant.models.embedder_folder import MODEL_FILE, TOKENIZER_FILE, identity_of
from assistant.models.onnx_check import check_onnx
from assistant.models.verified_file import PinnedFile, holding, not_pinned, verify_file
from assistant.types import CancelToken, EmbedderIdentity, Vectors

_LONGEST_QUERY = 100_000


class OnnxEmbedder:
    """An `Embedder`. The files are checked against the catalogue before they are parsed.

    Raises `ModelError` if a file is missing or is not the one that the catalogue pins.
    """

    def __init__(self, entry: EmbedderEntry, models_dir: Path, threads: int) -> None:
        folder = models_dir / entry.folder
        self._identity = identity_of(entry)
        self._tokenizer = load_tokenizer(folder / TOKENIZER_FILE, entry.tokenizer_sha256)
        self._session = load_session(folder / MODEL_FILE, entry.model_sha256)
        self._pool = ThreadPoolExecutor(max(1, threads), thread_name_prefix="embedder")
        self._lock = threading.Lock()

    @property
    def identity(self) -> EmbedderIdentity:
        return self._identity

    @property
    def text_token_limit(self) -> int:
        prefix = self._length(self._identity.document_prefix)
        return self._identity.max_tokens - 2 - prefix

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [self._length(text) for text in texts]

    def embed_documents(self, texts: Sequence[str], cancel: CancelToken | None = None) -> Vectors:
        prefix = self._identity.document_prefix
        rows = [self._encode(prefix + text) for text in texts]
        limit = self._identity.max_tokens
        longest = max(map(len, rows), default=0)
        if longest > limit:
            raise EngineError(
                f"A text of {longest} tokens is over the embedder's limit of {limit}.",
                hint="This is a fault of the program: please report it.",
            )
        return self._run(rows, cancel)

    def embed_query(self, text: str) -> Vectors:
        """Embed one query; the mean of its windows if it is over the limit."""
        prefix = self._identity.query_prefix
        ids = self._encode(prefix + text[:_LONGEST_QUERY])
        if len(ids) <= self._identity.max_tokens:
            return cast("Vectors", self._run([ids], None)[0])
        windows = self._windows(text[:_LONGEST_QUERY])
        return _unit(self._run(windows, None).mean(axis=0))

    def _windows(self, text: str) -> list[list[int]]:
        """Cut a long query into runs of tokens, each with prefix and special tokens."""
        begin, end = self._encode("")
        prefix = self._encode(self._identity.query_prefix, special=False)
        tokens = self._encode(text, special=False)
        room = self._identity.max_tokens - 2 - len(prefix)
        parts = (tokens[at : at + room] for at in range(0, len(tokens), room))
        return [[begin, *prefix, *part, end] for part in parts]

    def _encode(self, text: str, *, special: bool = True) -> list[int]:
        # Half of a surrogate pair is no character, and the tokenizer refuses it.
        clean = text.encode("utf-8", "replace").decode("utf-8")
        ids: list[int] = self._tokenizer.encode(clean, add_special_tokens=special).ids
        return ids

    def _length(self, text: str) -> int:
        return len(self._encode(text, special=False))

    def _run(self, rows: Sequence[list[int]], cancel: CancelToken | None) -> Vectors:
        """Embed token ids, longest first (so that the threads end together)."""
        out = np.empty((len(rows), self._identity.dimension), dtype=np.float32)
        order = sorted(range(len(rows)), key=lambda row: -len(rows[row]))
        with self._lock:
            if len(rows) == 1:
                out[0] = self._embed(rows[0])
                return out
            pending = [(row, self._pool.submit(self._embed, rows[row])) for row in order]
            try:
                for row, future in pending:
                    out[row] = future.result()
                    if cancel is not None:
                        cancel.raise_if_cancelled()
            finally:
                for _, future in pending:
                    future.cancel()
        return out

    def _embed(self, ids: list[int]) -> Vectors:
        array = np.array([ids], dtype=np.int64)
        feeds = {"input_ids": array, "attention_mask": np.ones_like(array)}
        try:
            vector: Vectors = self._session.run(["embedding"], feeds)[0][0]
        except Exception as error:  # ONNX Runtime's own exceptions share no base
            raise EngineError(f"The embedder failed: {error}.") from error
        if not np.isfinite(vector).all():
            raise EngineError(
                "The embedder gave numbers that are not finite.",
                hint="Its files may be damaged: check them with assistant models verify.",
            )
        return vector


def _unit(vector: Vectors) -> Vectors:
    return (vector / max(float(np.linalg.norm(vector)), 1e-9)).astype(np.float32)


def load_tokenizer(path: Path, sha256: str) -> Any:
    """Load a BERT tokenizer that has the pinned hash. Raises `ModelError`."""
    from tokenizers import Tokenizer

    verify_file(path, sha256)
    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:  # tokenizers raises bare Exception
        raise ModelError(f"{path} is no tokenizer: {error}.") from error
    if tokenizer.num_special_tokens_to_add(is_pair=False) != 2:
        raise ModelError(f"{path} does not put one special token before a text and one after.")
    # The file's own truncation would cut a text silently.
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def load_session(path: Path, sha256: str, threads: int = 1) -> Any:
    """Load an ONNX model that has the pinned hash. Raises `ModelError`."""
    # Versions from 1.29 on carry a telemetry client, which only this stops for good. The
    # pinned one has none: a second bolt on a door that is not there.
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    import onnxruntime as ort

    ort.set_default_logger_severity(4)
    options = ort.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # Texts differ in length: a memory plan kept for each length would only cost memory.
    options.enable_mem_pattern = False
    with holding(PinnedFile(path, sha256), check_onnx, partial(not_pinned, path)) as name:
        try:
            # By name: a session that is made from bytes keeps those bytes (26 MB) for ever.
            return ort.InferenceSession(name, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # ONNX Runtime's own exceptions share no base
            raise ModelError(f"{path} can't be loaded: {error}.") from error
