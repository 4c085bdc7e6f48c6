"""Two readers of the same tokens: the laptop's engine, and the merged weights in torch."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from assistant.engine.llama_runtime import BATCH, LlamaRuntime
from assistant.errors import EngineError
from convert.base_model import check_base, load_model

Logits = NDArray[np.float32]


class GgufReader:
    """The laptop's engine, made to read given tokens and to tell its logits on the way."""

    def __init__(self, gguf: Path, context: int, threads: int) -> None:
        self._runtime = LlamaRuntime(gguf, context, threads)
        self.vocabulary_size = self._runtime.vocabulary_size
        self.context_length = self._runtime.context_length

    def close(self) -> None:
        self._runtime.close()

    def ends_answer(self, token: int) -> bool:
        return self._runtime.ends_answer(token)

    def loss(self, tokens: Sequence[int]) -> float:
        """Return the summed negative log-likelihood (nats) of all tokens but the first."""
        total = 0.0
        for logits, wanted in zip(
            self.logits_after(tokens[:1], tokens[1:]), tokens[1:], strict=False
        ):
            row = logits.astype(np.float64)
            top = row.max()
            total += float(top + np.log(np.exp(row - top).sum()) - row[wanted])
        return total

    def logits_after(self, prompt: Sequence[int], path: Sequence[int]) -> Iterator[Logits]:
        """Yield the logits, shape (vocabulary,), after the prompt and after each path token.

        Raises `EngineError` for logits that are not finite.
        """
        self._runtime.forget_from(0)
        for at in range(0, len(prompt), BATCH):
            self._runtime.decode(prompt[at : at + BATCH])
        yield self._logits(1)
        rows = self._runtime.max_outputs
        for at in range(0, len(path), rows):
            part = path[at : at + rows]
            self._runtime.decode(part, outputs=len(part))
            for row in range(len(part), 0, -1):
                yield self._logits(row)

    def _logits(self, from_end: int) -> Logits:
        logits = self._runtime.logits(from_end)
        if not math.isfinite(float(logits.max())):
            raise EngineError("The model computed numbers that are not finite.")
        return logits


class MergedReader:
    """The merged weights through torch in float32."""

    def __init__(self, folder: Path, threads: int) -> None:
        check_base(folder)
        import torch

        torch.set_num_threads(max(1, threads))
        self._torch = torch
        self._model = load_model(folder, "float32").eval()

    @property
    def vocabulary_size(self) -> int:
        return int(self._model.config.vocab_size)

    def greedy(self, prompt: Sequence[int], count: int, ends: Callable[[int], bool]) -> list[int]:
        """Return up to `count` greedy tokens; one for which `ends` is true is the last."""
        torch = self._torch
        path: list[int] = []
        with torch.inference_mode():
            step = self._model(torch.tensor([list(prompt)]), use_cache=True, logits_to_keep=1)
            while True:
                last = step.logits[0, -1]
                if not bool(torch.isfinite(last).all()):
                    raise EngineError("The merged model computed numbers that are not finite.")
                path.append(int(last.argmax()))
                if len(path) >= count or ends(path[-1]):
                    return path
                step = self._model(
                    torch.tensor([path[-1:]]), past_key_values=step.past_key_values, use_cache=True
                )

    def loss(self, tokens: Sequence[int]) -> float:
        """Return the summed negative log-likelihood (nats) of all tokens but the first."""
        torch = self._torch
        with torch.inference_mode():
            logits = self._model(torch.tensor([list(tokens)])).logits[0, :-1].float()
            wanted = torch.tensor(list(tokens[1:]))
            total = torch.nn.functional.cross_entropy(logits, wanted, reduction="sum")
        return float(total)
