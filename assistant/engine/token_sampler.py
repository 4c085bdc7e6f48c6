"""Sample the next token."""

from __future__ import annotations

from typing import Any

from assistant.engine.llama_runtime import LlamaRuntime, library
from assistant.types import Sampling

_PENALTY_WINDOW = 64


class Sampler:
    """Greedy by NumPy (a tenth of the native chain's cost), everything else natively.

    The repeat penalty looks at the answer only: punishing words of the prompt would keep
    the model from quoting the passages.
    """

    def __init__(self, runtime: LlamaRuntime, sampling: Sampling) -> None:
        self._runtime = runtime
        self._chain: Any = None
        if sampling.temperature > 0 or sampling.repeat_penalty != 1.0:
            self._chain = _chain(runtime, sampling)

    def close(self) -> None:
        """Free the native chain."""
        if self._chain is not None:
            library().llama_sampler_free(self._chain)
            self._chain = None

    def next(self) -> int:
        """Return the next token by the logits of the last one."""
        if self._chain is None:
            return int(self._runtime.logits().argmax())
        return self._runtime.sample(self._chain)


def _chain(runtime: LlamaRuntime, sampling: Sampling) -> Any:
    lib = library()
    chain = lib.llama_sampler_chain_init(lib.llama_sampler_chain_default_params())
    if sampling.repeat_penalty != 1.0:
        penalties = lib.llama_sampler_init_penalties(
            runtime.vocabulary_size, _PENALTY_WINDOW, sampling.repeat_penalty, 0.0, 0.0
        )
        lib.llama_sampler_chain_add(chain, penalties)
    if sampling.temperature <= 0:
        lib.llama_sampler_chain_add(chain, lib.llama_sampler_init_greedy())
        return chain
    if sampling.top_p < 1.0:
        lib.llama_sampler_chain_add(chain, lib.llama_sampler_init_top_p(sampling.top_p, 1))
    lib.llama_sampler_chain_add(chain, lib.llama_sampler_init_temp(sampling.temperature))
    lib.llama_sampler_chain_add(chain, lib.llama_sampler_init_dist(sampling.seed & 0xFFFFFFFF))
    return chain
