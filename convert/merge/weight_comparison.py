"""Compare merged weights with the base's, tensor by tensor."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.errors import ModelError
from assistant.types import CancelToken
from convert.lora_adapter import AdapterInfo


@dataclass(frozen=True, slots=True)
class Comparison:
    """`changed` and `unchanged` are the tensors that the adapter targets.

    `changed_share` is the share of their weights that differ from the base's, both in the
    stored format; `rounding` the size (root of the sum of squares) of what storing in 16
    bits rounded away, as a share of the size of what the adapter changed.
    """

    changed: list[str]
    unchanged: list[str]
    changed_share: float
    rounding: float = 0.0

    def figures(self) -> dict[str, Any]:
        return {
            "changed": len(self.changed),
            "unchanged": self.unchanged,
            "changed_share": round(self.changed_share, 6),
            "rounding_to_change": round(self.rounding, 6),
        }


def rounding_share(model: Any, base: Path, info: AdapterInfo, dtype: Any) -> float:
    """Return what `dtype` will round away of the targeted layers, as a share of the change.

    Raises `ModelError` for weights that are not finite, or not in `dtype`.
    """
    import torch

    lost = change = 0.0
    parameters = dict(model.named_parameters())
    with open_weights(base) as weights, torch.no_grad():
        for module in info.modules:
            name = f"{module}.weight"
            merged = parameters[name].detach().float()
            stored = merged.to(dtype).float()
            _require_finite(name, stored, dtype)
            lost += float((stored - merged).double().square().sum())
            change += float((merged - weights.get(name).float()).double().square().sum())
    return (lost / change) ** 0.5 if change else 0.0


def compare_written(
    base: Path, merged: Path, info: AdapterInfo, dtype: Any, cancel: CancelToken
) -> Comparison:
    """Compare the files of two folders. Raises `ModelError`.

    Every weight must be finite; a tensor that the adapter does not target must be the
    base's, rounded to `dtype`; a tensor of the base must not be missing.
    """
    changed: list[str] = []
    unchanged: list[str] = []
    differing = total = 0
    targets = {f"{module}.weight" for module in info.modules}
    with open_weights(base) as before, open_weights(merged) as after:
        for name in before.names():
            cancel.raise_if_cancelled()
            if name not in after.names():
                raise ModelError(f"The merged model in {merged} lacks the tensor {name}.")
            old, new = before.get(name).to(dtype), after.get(name)
            _require_finite(name, new, dtype)
            count = int((old != new).sum())
            if name in targets:
                (changed if count else unchanged).append(name)
                differing, total = differing + count, total + new.numel()
            elif count:
                raise ModelError(
                    f"The merge changed {name}, which the adapter does not target.",
                    hint="Please report it: nothing else may change.",
                )
    if missing := targets - {*changed, *unchanged}:
        raise ModelError(f"The merged model lacks {min(missing)}.")
    return Comparison(changed, unchanged, differing / max(1, total))


class _Weights:
    """The tensors of a folder's safetensors files, read one at a time."""

    def __init__(self, files: list[Any]) -> None:
        self._where = {name: file for file in files for name in file.keys()}  # noqa: SIM118

    def names(self) -> list[str]:
        return sorted(self._where)

    def get(self, name: str) -> Any:
        if name not in self._where:
            raise ModelError(f"The base lacks the tensor {name}.")
        return self._where[name].get_tensor(name)


@contextmanager
def open_weights(folder: Path) -> Iterator[_Weights]:
    """Open all safetensors files of a folder."""
    from safetensors import safe_open

    with ExitStack() as stack:
        paths = sorted(folder.glob("*.safetensors"))
        files = [stack.enter_context(safe_open(str(p), framework="pt")) for p in paths]
        yield _Weights(files)


def _require_finite(name: str, tensor: Any, dtype: Any) -> None:
    import torch

    if torch.isfinite(tensor).all():
        return
    nan = bool(torch.isnan(tensor).any())
    what = "hold NaN" if nan else f"go beyond the range of {str(dtype).removeprefix('torch.')}"
    raise ModelError(
        f"The merged weights of {name} {what}.",
        hint="The adapter is broken: take an earlier checkpoint of the training."
        if nan
        else 'Store them as bfloat16: [merge] dtype = "bfloat16".',
    )
