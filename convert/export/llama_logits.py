"""Load a GGUF (and an adapter) in llama.cpp and return the logits of every position.

The laptop's runtime keeps the logits of one position only and needs no more; a comparison
with the weights that a GGUF was made from needs them all.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.engine.llama_runtime import last_messages, library
from assistant.engine.llama_vocabulary import LlamaVocabulary
from assistant.engine.thread_count import physical_cores
from assistant.errors import EngineError, ModelError

BATCH = 256


class GgufModel(LlamaVocabulary):
    """A loaded GGUF on the processor. Raises `ModelError`.

    `watch` is called for each node of the computation, as llama.cpp's `cb_eval`.
    """

    def __init__(
        self,
        path: Path,
        adapter: Path | None = None,
        *,
        context: int = 1024,
        threads: int = 0,
        watch: Callable[[int, bool, Any], bool] | None = None,
    ) -> None:
        lib = library()
        params = lib.llama_model_default_params()
        params.n_gpu_layers = 0
        model = lib.llama_model_load_from_file(str(path).encode(), params)
        if not model:
            raise ModelError(f"{path} can't be loaded by llama.cpp: {last_messages()}.")
        super().__init__(lib, model)
        self._threads = threads or physical_cores()
        self._context = self._make_context(path, context, watch)
        if adapter is not None:
            self._set_adapter(adapter)

    def _make_context(self, path: Path, context: int, watch: Any) -> Any:
        params = self._lib.llama_context_default_params()
        params.n_ctx = context
        params.n_batch = params.n_ubatch = BATCH
        params.n_threads = params.n_threads_batch = self._threads
        params.offload_kqv = params.op_offload = False
        # As the laptop computes.
        params.flash_attn_type = self._lib.LLAMA_FLASH_ATTN_TYPE_DISABLED
        if watch is not None:
            self._watch = self._lib.ggml_backend_sched_eval_callback(watch)
            params.cb_eval = self._watch
        made = self._lib.llama_init_from_model(self._model, params)
        if not made:
            raise ModelError(f"There is no memory for {path}: {last_messages()}.")
        return made

    def _set_adapter(self, path: Path) -> None:
        adapter = self._lib.llama_adapter_lora_init(self._model, str(path).encode())
        if not adapter:
            raise ModelError(
                f"{path} can't be loaded over the base by llama.cpp: {last_messages()}."
            )
        adapters = (ctypes.POINTER(ctypes.c_void_p) * 1)(adapter)
        scales = (ctypes.c_float * 1)(1.0)
        if self._lib.llama_set_adapters_lora(self._context, adapters, 1, scales) != 0:
            raise ModelError(f"{path} can't be applied to the base: {last_messages()}.")

    def close(self) -> None:
        """Free model and context; nothing may be called afterwards."""
        self._lib.llama_free(self._context)
        self._lib.llama_model_free(self._model)

    def logits(self, tokens: Sequence[int], first: int = 0) -> NDArray[np.float32]:
        """Return the logits after each token from `first` on, shape (tokens, vocabulary)."""
        self._lib.llama_memory_clear(self._lib.llama_get_memory(self._context), True)
        rows = []
        batch = self._lib.llama_batch_init(BATCH, 0, 1)
        try:
            for start in range(0, len(tokens), BATCH):
                part = tokens[start : start + BATCH]
                self._decode(batch, part, start, first)
                if wanted := max(0, start + len(part) - max(first, start)):
                    pointer = self._lib.llama_get_logits(self._context)
                    shape = (wanted, self.vocabulary_size)
                    rows.append(np.ctypeslib.as_array(pointer, shape=shape).copy())
        finally:
            self._lib.llama_batch_free(batch)
        return np.concatenate(rows)

    def _decode(self, batch: Any, tokens: Sequence[int], start: int, first: int) -> None:
        batch.n_tokens = len(tokens)
        for index, token in enumerate(tokens):
            batch.token[index] = token
            batch.pos[index] = start + index
            batch.n_seq_id[index] = 1
            batch.seq_id[index][0] = 0
            batch.logits[index] = int(start + index >= first)
        status = self._lib.llama_decode(self._context, batch)
        if status != 0:
            raise EngineError(f"llama.cpp failed (status {status}): {last_messages()}")
