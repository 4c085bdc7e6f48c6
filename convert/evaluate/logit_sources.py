"""Logits of the merged weights in torch, to compare with a GGUF's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from assistant.errors import EngineError
from convert.base_model import check_base, load_model


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
