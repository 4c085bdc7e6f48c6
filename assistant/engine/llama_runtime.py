"""One llama.cpp model and context, through the C interface.

The high-level `Llama` class is not used: it keeps a float32 array of vocabulary size for
every position of the context (400 MB at 2,048 positions) and can't be stopped inside a
prefill. Nothing here is safe for two threads at once except `tokenize` and `piece`.
"""

from __future__ import annotations

import ctypes
import os
import time
import weakref
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.engine.abort_callback import AbortFlag
from assistant.engine.llama_vocabulary import LlamaVocabulary
from assistant.engine.thread_tuner import ThreadTuner
from assistant.errors import EngineError, ModelError
from assistant.models.verified_file import PinnedFile, held, path_of

BATCH = 512
"""Tokens that are decoded at once. Measured: prefill is 2 to 7% slower with 256, for 14 MB
less memory, and slower still with 128."""

OUTPUT_BYTES = 4 << 20
"""What the logits of one decode may take, in bytes; at most `MAX_OUTPUTS` rows."""

MAX_OUTPUTS = 16

_ABORTED = 2

_messages: deque[str] = deque(maxlen=20)
_quiet: list[Any] = []


def library() -> Any:
    """Return the binding of llama.cpp, silenced: its log goes to memory, not to stderr."""
    # OpenMP's threads wait at a barrier by spinning, 300,000 turns long if it is not told
    # otherwise: where anything else wants a core, they spin against each other (measured on
    # 2 busy cores: prefill 86 to 148 tokens/s against 198 to 352 with this). It is read
    # when OpenMP is loaded, so it is set before; a person's own wish stands.
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", "3000")
    # Where a check of its own fails, ggml would start gdb on this very process.
    os.environ["GGML_NO_BACKTRACE"] = "1"
    try:
        import llama_cpp.llama_cpp as binding
    except (ImportError, OSError, RuntimeError) as error:
        raise ModelError(
            f"llama.cpp can't be loaded: {error}.", hint="Install the program again (make run)."
        ) from error
    if not _quiet:
        callback = binding.llama_log_callback(_keep_message)
        binding.llama_log_set(callback, None)
        binding.llama_backend_init()
        _quiet.append(callback)
    return binding


def _keep_message(level: int, text: bytes, user_data: Any) -> None:
    del user_data
    if level in (
        3,
        4,
    ):  # warnings and errors, as ggml.h counts (the package's own comment is wrong)
        _messages.append(text.decode("utf-8", "replace").strip())


def last_messages() -> str:
    """Return the latest warnings and errors of llama.cpp, oldest first."""
    return "; ".join(text for text in _messages if text)


class LlamaRuntime(LlamaVocabulary):
    """A loaded GGUF with a context of `context_length` tokens. Raises `ModelError`.

    A `PinnedFile` is hashed first, and what is loaded are the very bytes that were hashed.
    `adapter` is a LoRA GGUF that is computed beside the weights, which stay as they are
    (and stay mapped from the file: only the high-level `Llama` reads them into memory
    instead when it is given a LoRA).
    """

    def __init__(
        self,
        file: Path | PinnedFile,
        context_length: int,
        threads: int,
        adapter: Path | PinnedFile | None = None,
    ) -> None:
        self._lib = library()
        self._path = path_of(file)
        self._model = self._load_model(file)
        # Before the context, whose room for the graph's nodes is counted with its nodes.
        self._adapter = self._load_adapter(adapter) if adapter is not None else None
        super().__init__(self._lib, self._model)
        self.trained_context = int(self._lib.llama_model_n_ctx_train(self._model))
        self.context_length = max(1, min(context_length, self.trained_context))
        self.max_outputs = max(1, min(MAX_OUTPUTS, OUTPUT_BYTES // (4 * self.vocabulary_size)))
        """For how many tokens of one decode the logits can be had."""
        self.abort = AbortFlag(self._lib)
        self._threads = max(1, threads)
        self._thread_tuner = ThreadTuner(self._threads)
        self._context = self._make_context()
        self._memory = self._lib.llama_get_memory(self._context)
        self._close = weakref.finalize(
            self, _free, self._lib, self._context, self._adapter, self._model
        )

    def close(self) -> None:
        """Free model and context; nothing may be called afterwards."""
        self._close()

    def _load_model(self, file: Path | PinnedFile) -> Any:
        with held(file) as name:
            return self._model_of(name)

    def _model_of(self, name: str) -> Any:
        _messages.clear()
        params = self._lib.llama_model_default_params()
        params.n_gpu_layers = 0
        params.load_mode = self._lib.LLAMA_LOAD_MODE_MMAP
        model = self._lib.llama_model_load_from_file(name.encode(), params)
        if not model:
            raise ModelError(
                f"{self._path} can't be loaded by llama.cpp: "
                f"{last_messages() or 'no reason given'}.",
                hint="Use a GGUF model of an architecture that llama.cpp knows.",
            )
        return model

    def _load_adapter(self, file: Path | PinnedFile) -> Any:
        try:
            with held(file) as name:
                return self._adapter_of(name, path_of(file))
        except ModelError:
            self._lib.llama_model_free(self._model)
            raise

    def _adapter_of(self, name: str, shown: Path) -> Any:
        _messages.clear()
        adapter = self._lib.llama_adapter_lora_init(self._model, name.encode())
        if not adapter:
            raise ModelError(
                f"{shown} can't be loaded over {self._path} by llama.cpp: "
                f"{last_messages() or 'no reason given'}.",
                hint="Use the base that the adapter was trained over.",
            )
        return adapter

    def _make_context(self) -> Any:
        params = self._lib.llama_context_default_params()
        params.n_ctx = self.context_length
        params.n_batch = params.n_ubatch = BATCH
        # A few rows of logits, not one for each token of a batch (100 MB for this default).
        params.n_outputs_max = self.max_outputs
        params.n_threads = params.n_threads_batch = self._threads
        params.offload_kqv = params.op_offload = False
        # Flash attention adds in 16 bits and in an order that depends on the threads: the
        # same question could get another answer. Without it generation is faster as well.
        params.flash_attn_type = self._lib.LLAMA_FLASH_ATTN_TYPE_DISABLED
        params.abort_callback = self.abort.callback
        params.abort_callback_data = self.abort.data
        context = self._lib.llama_init_from_model(self._model, params)
        if not context:
            _free(self._lib, None, self._adapter, self._model)
            raise ModelError(
                f"There is no memory for {self._path} with a context of "
                f"{self.context_length} tokens: {last_messages()}.",
                hint="Set a smaller context_length in config.toml, or use a smaller model.",
            )
        if self._adapter is not None:
            adapters = (self._lib.llama_adapter_lora_p_ctypes * 1)(self._adapter)
            self._lib.llama_set_adapters_lora(context, adapters, 1, (ctypes.c_float * 1)(1.0))
        return context

    # -- computing -------------------------------------------------------------------

    def forget_from(self, position: int) -> bool:
        """Drop what is cached from `position` on; False if all had to be dropped."""
        if self._lib.llama_memory_seq_rm(self._memory, 0, position, -1):
            return True
        self.wipe()
        return False

    def wipe(self) -> None:
        """Drop all that is cached, and its numbers too.

        What is only dropped still lies in the cache and is multiplied by zero: were it NaN,
        every later answer would be NaN as well.
        """
        self._lib.llama_memory_clear(self._memory, True)

    def decode(self, tokens: Sequence[int], outputs: int = 1) -> bool:
        """Decode up to `BATCH` tokens after the cached ones; False if it was aborted.

        The logits of the last `outputs` of them (at most `max_outputs`) can be had then.
        Raises `EngineError` when llama.cpp fails. After an abort or an error the cache is
        in an unknown state: call `forget_from`.
        """
        if outputs > self.max_outputs:
            raise ValueError(f"{outputs} rows of logits are wanted of {self.max_outputs}")
        array = (self._lib.llama_token * len(tokens))(*tokens)
        batch = self._lib.llama_batch_get_one(array, len(tokens))
        if outputs > 1:
            wanted = [int(at >= len(tokens) - outputs) for at in range(len(tokens))]
            batch.logits = (ctypes.c_int8 * len(tokens))(*wanted)
        threads = self._thread_tuner.threads()
        self._lib.llama_set_n_threads(self._context, threads, self._threads)
        started = time.perf_counter()
        status = self._lib.llama_decode(self._context, batch)
        if len(tokens) == 1:
            self._thread_tuner.took(threads, time.perf_counter() - started)
        return _done(status)

    def logits(self, from_end: int = 1) -> NDArray[np.float32]:
        """Return a view of the logits of a decoded token, shape (vocabulary_size,).

        `from_end` 1 is the last token, 2 the one before; the next decode overwrites them.
        """
        pointer = self._lib.llama_get_logits_ith(self._context, -from_end)
        if not pointer:
            raise EngineError("llama.cpp gave no result.", hint="Ask again.")
        return np.ctypeslib.as_array(pointer, shape=(self.vocabulary_size,))

    def sample(self, sampler: Any) -> int:
        """Pick a token with a native sampler chain, which also remembers it."""
        return int(self._lib.llama_sampler_sample(sampler, self._context, -1))


def _done(status: int) -> bool:
    """Tell by llama.cpp's status whether it decoded; False if it was aborted."""
    if status == 0:
        return True
    if status == _ABORTED:
        return False
    raise EngineError(
        f"llama.cpp failed while it decoded (status {status}): {last_messages()}",
        hint="Ask again; if it happens again, check the model: assistant models verify",
    )


def _free(binding: Any, context: Any, adapter: Any, model: Any) -> None:
    """Free what was loaded, each before that which it refers to."""
    if context is not None:
        binding.llama_free(context)
    if adapter is not None:
        binding.llama_adapter_lora_free(adapter)
    binding.llama_model_free(model)
