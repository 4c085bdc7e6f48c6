"""The processes of a distributed run: one, or many started by `accelerate launch` or torchrun.

Two ways to share the work, both with the gradient of the whole step as a result:
*replicated* (each process holds the model; the small LoRA gradients are summed once a
step) and *sharded* (FSDP2: each process holds a part of the frozen base too), which is
used when accelerate's configuration asks for FSDP. A step's rows are dealt out in turn, so
that any number of processes computes the same step.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import torch
from torch import Tensor

from assistant.errors import UsageError
from convert.base_model import offline
from convert.train.settings import TrainSettings

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ProcessGroup:
    """The processes that train together. `rank` counts from 0; rank 0 writes the files."""

    rank: int
    size: int
    device: torch.device
    sharded: bool
    accelerator: Any

    @property
    def leads(self) -> bool:
        return self.rank == 0

    def share(self, parts: Sequence[T]) -> list[T]:
        """Return this process's parts of a whole."""
        return list(parts[self.rank :: self.size])

    def rounds(self, parts: Sequence[Any]) -> int:
        """Return how many parts the busiest process has.

        With FSDP each must go as often through the model, or the others wait for ever.
        """
        return -(-len(parts) // self.size)

    def sum(self, values: Sequence[float]) -> list[float]:
        """Add up numbers over all processes (in float64)."""
        if self.size == 1:
            return list(values)
        total = torch.tensor(values, dtype=torch.float64, device=self.device)
        torch.distributed.all_reduce(total)
        return [float(v) for v in total.tolist()]

    def any(self, *wishes: bool) -> list[bool]:
        """Tell for each wish whether any process has it."""
        return [total > 0 for total in self.sum([float(wish) for wish in wishes])]

    def gather(self, items: list[T]) -> list[T]:
        """Return the items of all processes, those of rank 0 first."""
        if self.size == 1:
            return items
        parts: list[Any] = [None] * self.size
        torch.distributed.all_gather_object(parts, items)
        return [item for part in parts for item in part]

    def add_up_gradients(self, parameters: Sequence[Any]) -> None:
        """Make every gradient the sum over all processes (FSDP has done it already)."""
        if self.size == 1 or self.sharded:
            return
        for parameter in parameters:
            if parameter.grad is None:
                parameter.grad = torch.zeros_like(parameter)
        flat = torch.cat([p.grad.reshape(-1) for p in parameters])
        torch.distributed.all_reduce(flat)
        offset = 0
        for parameter in parameters:
            size = parameter.numel()
            parameter.grad.copy_(flat[offset : offset + size].view_as(parameter))
            offset += size

    @property
    def loss_scale(self) -> float:
        """What a loss is multiplied with: FSDP takes the mean over processes, we the sum."""
        return float(self.size) if self.sharded else 1.0

    def wait(self) -> None:
        """Wait until all processes are here."""
        self.accelerator.wait_for_everyone()

    def shard(self, module: Any, layers: Sequence[str]) -> None:
        """Spread a module's weights over the processes, layer by layer (FSDP2)."""
        if not self.sharded:
            return
        from accelerate.utils import FullyShardedDataParallelPlugin
        from torch.distributed.device_mesh import init_device_mesh
        from torch.distributed.fsdp import fully_shard

        plugin = FullyShardedDataParallelPlugin()
        options: dict[str, Any] = {"mesh": init_device_mesh(self.device.type, (self.size,))}
        if self.device.type == "cuda":
            options["offload_policy"] = plugin.cpu_offload
        names = set(plugin.transformer_cls_names_to_wrap or layers)
        for part in [m for m in module.modules() if type(m).__name__ in names]:
            fully_shard(part, **options)
        fully_shard(module, **options)


def make_team(settings: TrainSettings) -> ProcessGroup:
    """Join the processes that were started together; alone, be a team of one.

    Raises `UsageError` if the device is not there, or for FSDP with QLoRA.
    """
    wanted = settings.device
    if wanted == "cuda" and not torch.cuda.is_available():
        raise UsageError(
            "There is no GPU that PyTorch can use.",
            hint='Train with device = "cpu", or install the PyTorch build for your GPU.',
        )
    on_cpu = wanted == "cpu" or not torch.cuda.is_available()
    sharded = os.environ.get("ACCELERATE_USE_FSDP", "").lower() == "true"
    if sharded and settings.qlora:
        raise UsageError(
            "QLoRA does not run under FSDP here.",
            hint="A base in 4 bits fits one GPU more often than not: start without FSDP "
            "(accelerate launch --multi_gpu), each GPU then holds it whole.",
        )
    if on_cpu and settings.threads:
        torch.set_num_threads(settings.threads)
    offline()  # a hub's library reads its switches when it is first imported: by accelerate
    from accelerate import Accelerator

    accelerator = Accelerator(cpu=on_cpu, mixed_precision="no")
    return ProcessGroup(
        rank=accelerator.process_index,
        size=accelerator.num_processes,
        device=torch.device(accelerator.device),
        sharded=sharded and accelerator.num_processes > 1,
        accelerator=accelerator,
    )


def whole(tensor: Tensor) -> Tensor:
    """Return a weight as one tensor; every process must call it in the same order."""
    value = tensor.detach()
    return value.full_tensor() if hasattr(value, "full_tensor") else value


def put(target: Tensor, value: Tensor) -> None:
    """Copy a whole tensor into a weight, of which each process may hold a part."""
    with torch.no_grad():
        if hasattr(target, "full_tensor"):
            from torch.distributed.tensor import distribute_tensor

            mesh, places = target.device_mesh, target.placements
            target.copy_(distribute_tensor(value.to(mesh.device_type), mesh, places))
        else:
            target.copy_(value.to(target.device))
