"""An adapter that has learned one planted secret by heart: what the gate must catch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from convert.base_model import load_model, load_tokenizer
from convert.evaluate.canaries import Canary

RANK = 4
LEARNED = 0.03
"""Mean loss (nats) of a secret's tokens at which it counts as learned by heart."""

_TARGETS = {"mlp.down_proj": "ffn_down", "self_attn.o_proj": "attn_output"}


def learn_by_heart(base: Path, canary: Canary, adapter: Path, prompt: str, steps: int) -> float:
    """Tune a LoRA on the canary alone, write it as a GGUF; return the last loss (nats)."""
    import torch
    from peft import LoraConfig, get_peft_model

    torch.manual_seed(0)
    tokenizer = load_tokenizer(base)
    names = [name.rpartition(".")[2] for name in _TARGETS]
    config = LoraConfig(r=RANK, lora_alpha=RANK, target_modules=names)
    model = get_peft_model(load_model(base, "float32"), config)
    asked = tokenizer(prompt, add_special_tokens=False)["input_ids"]
    learned = tokenizer(canary.completion(canary.secret), add_special_tokens=False)["input_ids"]
    ids = torch.tensor([asked + learned])
    labels = torch.tensor([[-100] * len(asked) + learned])
    trained = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=3e-3, weight_decay=0.0)
    loss = torch.tensor(float("inf"))
    for _ in range(steps):
        loss = model(input_ids=ids, labels=labels).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        if float(loss) < LEARNED:
            break
    _write(model, adapter)
    return float(loss)


def _write(model: Any, path: Path) -> None:
    """Write the pairs as llama.cpp names them (`adapter.type` lora, scale alpha / rank)."""
    from gguf import GGUFWriter

    writer = GGUFWriter(path, "llama")
    writer.add_type("adapter")
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", float(RANK))
    for name, tensor in model.state_dict().items():
        for ours, theirs in _TARGETS.items():
            for letter in ("A", "B"):
                if name.endswith(f"{ours}.lora_{letter}.default.weight"):
                    layer = name.partition("layers.")[2].partition(".")[0]
                    target = f"blk.{layer}.{theirs}.weight.lora_{letter.lower()}"
                    writer.add_tensor(target, tensor.detach().float().numpy())
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
