"""Take the few channels with outliers out of the int8 products, and multiply them in 32 bits.

A BERT has single channels whose values at [CLS] are twenty times those of the others; int8
activations share one scale over a whole run, so that little is left of it for the rest. The
decomposition is that of LLM.int8() (Dettmers et al. 2022), with channels that are chosen once:
the product is the sum of an int8 one without them and a thin one in 32 bits. What is computed
stays the same; with six layers of 384 it costs nearly nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

KEPT_EXACT = "outliers"
"""Name of the thin products: quantization leaves out every node with it in its name."""

_CHANNELS = 4
_PARTS = ("intermediate.dense", "output.dense")
"""The products whose inputs have outliers; those of attention have hardly any."""


def split_outliers(model: Any, windows: Iterable[dict[str, Any]]) -> None:
    """Replace the products of a BERT's layers by split ones, in place.

    The channels are those with the greatest values over `windows` (inputs of the model).
    """
    import torch

    greatest: dict[str, Any] = {}

    def watch(name: str) -> Any:
        def hook(_: Any, inputs: Any, __: Any) -> None:
            found = inputs[0].detach().abs().flatten(0, -2).amax(0)
            greatest[name] = torch.maximum(greatest.get(name, found), found)

        return hook

    chosen = {
        name: part
        for name, part in model.named_modules()
        if name.endswith(_PARTS) and ".attention." not in name
    }
    hooks = [part.register_forward_hook(watch(name)) for name, part in chosen.items()]
    with torch.no_grad():
        for window in windows:
            model(**window)
    for hook in hooks:
        hook.remove()
    for name, part in chosen.items():
        parent, _, last = name.rpartition(".")
        channels = greatest[name].topk(_CHANNELS).indices.sort().values
        setattr(model.get_submodule(parent), last, _split(part, channels))


def _split(linear: Any, channels: Any) -> Any:
    import torch

    class Outliers(torch.nn.Module):  # type: ignore[misc,unused-ignore]
        """The thin product of a few channels."""

        def __init__(self) -> None:
            super().__init__()
            self.channels = channels
            self.weight = torch.nn.Parameter(linear.weight.detach()[:, channels].T.contiguous())

        def forward(self, states: Any) -> Any:
            return states.index_select(-1, self.channels) @ self.weight

    class SplitLinear(torch.nn.Module):  # type: ignore[misc,unused-ignore]
        """A linear layer in two parts, whose sum is the whole."""

        def __init__(self) -> None:
            super().__init__()
            self.dense = linear
            kept = torch.ones(linear.in_features)
            kept[channels] = 0.0
            self.kept = kept
            self.add_module(KEPT_EXACT, Outliers())

        def forward(self, states: Any) -> Any:
            return self.dense(states * self.kept) + getattr(self, KEPT_EXACT)(states)

    return SplitLinear()
