"""Training throughput: our loop beside plain `transformers.Trainer` + peft, in turn.

Both tune the same base with the same LoRA on the same samples, in bfloat16, with as many
samples a step, on the same device; both learn the completions only. Ours packs samples
into rows, computes what a group of them shares once, and makes logits only where something
is learned. The rival pads (`DataCollatorForSeq2Seq`), as in peft's own examples; it is
given samples sorted into batches by length as well, and the better of its two ways counts.

Runs in the workstation's environment. `--base` is a folder in Hugging Face's layout; the
default is unpacked from the installed default model.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from assistant.prompts import PromptPassage, build_messages
from assistant.types import Message
from convert.base_model import check_base, load_tokenizer, offline, unpack_gguf
from convert.train.settings import TrainSettings
from convert.training_samples import Sample, read_samples
from tests.bench.report import (
    EXIT_SKIPPED,
    Figure,
    add_json_option,
    at_least,
    models_folder,
    publish,
    shared_data,
)
from tests.bench.rival_trainer import Rival

PASSAGES = 3
PEAK_TERAFLOPS = {"H200": 989, "H100": 989, "A100": 312, "L40S": 362, "4090": 165, "A10": 125}
"""Dense bfloat16 peak of GPUs by a part of their name (makers' data sheets)."""


def squad_samples(count: int) -> list[Sample]:
    """Samples as the dataset step makes them: three paragraphs, all questions on them."""
    source = shared_data() / "squad" / "train-v1.1.rebuilt.json.gz"
    if not source.is_file():
        print(f"skipped: {source} is missing")
        sys.exit(EXIT_SKIPPED)
    with gzip.open(source) as file:
        articles = json.load(file)["data"]
    found: list[Sample] = []
    for article in articles:
        paragraphs = article["paragraphs"]
        for start in range(0, len(paragraphs) - PASSAGES + 1, PASSAGES):
            found += _group(article["title"], start, paragraphs[start : start + PASSAGES])
            if len(found) >= count:
                return found[:count]
    return found


def _group(title: str, start: int, paragraphs: Sequence[dict[str, Any]]) -> list[Sample]:
    passages = [PromptPassage(title, 1, p["context"]) for p in paragraphs]
    found = []
    for paragraph in paragraphs:
        for asked in paragraph["qas"]:
            answer = Message("assistant", f'"{asked["answers"][0]["text"]}"')
            messages = (*build_messages(asked["question"], passages), answer)
            group = f"{title}/{start}"
            found.append(Sample(asked["id"], title, messages, "answer", group, asked["question"]))
    return found


class Ours:
    """Our loop's own step, timed."""

    def __init__(self, base: Path, tokenized: list[Any], settings: TrainSettings) -> None:
        import torch

        from assistant.types import CancelToken
        from convert.train.checkpoints import Checkpoints
        from convert.train.distributed import ProcessGroup
        from convert.train.learning_rate import StepPlan
        from convert.train.lora import build
        from convert.train.training_events import unwatched
        from convert.train.training_loop import TrainingLoop
        from convert.train.validation import HeldOut

        device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        # No Accelerator: the rival's Trainer needs one of its own in this process.
        team = ProcessGroup(0, 1, device, sharded=False, accelerator=None)
        self.tuned = build(base, settings, team)
        self.plan = StepPlan(tokenized, settings)
        self.loop = TrainingLoop(
            tuned=self.tuned,
            plan=self.plan,
            held_out=HeldOut((), (), None, 1),  # type: ignore[arg-type]
            team=team,
            checkpoints=Checkpoints(Path(), {}, 1),
            settings=settings,
            watch=unwatched,
            cancel=CancelToken(),
        )
        self.next = 1

    def run(self, steps: int) -> dict[str, float]:
        began = time.perf_counter()
        records = []
        for _ in range(steps):
            step = self.plan.step((self.next - 1) % self.plan.total + 1)
            records.append(self.loop._step(step))
            self.next += 1
        seconds = time.perf_counter() - began
        samples = sum(r.samples for r in records if r)
        tokens = sum(r.tokens for r in records if r)
        return {"samples": samples, "tokens": tokens, "seconds": seconds}

    def flops(self, steps: int) -> float:
        """FLOPs that the model needs for the first `steps` steps with a frozen base.

        2 a weight and token forward, 2 for the gradient of its input (frozen weights need
        none of their own); logits only where a label stands; attention 4 and 8 for each
        pair of tokens that see each other, by head size and heads (Chowdhery et al. 2022,
        appendix B, without the weights' gradient).
        """
        from convert.train.packed_forward import visible

        model = self.tuned.model.get_base_model()
        head = model.get_output_embeddings().weight.numel()
        names = ("embed", "lm_head", "norm", "lora_")
        weights = sum(
            p.numel() for n, p in model.named_parameters() if not any(w in n for w in names)
        )
        trained = sum(p.numel() for p in self.tuned.trained.values())
        config = model.config
        width = config.num_attention_heads * getattr(
            config, "head_dim", config.hidden_size // config.num_attention_heads
        )
        total = 0.0
        for number in range(1, steps + 1):
            for row in self.plan.step(number).rows:
                pairs = int(visible(row).sum())
                total += len(row) * (4 * weights + 6 * trained) + 4 * head * row.label_tokens
                total += 12 * width * pairs * config.num_hidden_layers
        return total


def peak() -> float | None:
    """The GPU's peak in FLOP/s; None without a GPU that is known here."""
    import torch

    if not torch.cuda.is_available():
        return None
    name = torch.cuda.get_device_name()
    known = [value for part, value in PEAK_TERAFLOPS.items() if part in name]
    return known[0] * 1e12 if known else None


def speed(runs: Sequence[dict[str, float]]) -> float:
    """Samples a second, the median over the rounds."""
    return statistics.median(r["samples"] / r["seconds"] for r in runs)


def measure(options: argparse.Namespace, base: Path, folder: Path) -> tuple[list[Figure], Any]:
    from convert.train.tokenize_samples import SampleTokenizer

    settings = replace(
        TrainSettings(),
        samples_per_step=options.samples_per_step,
        row_tokens=options.row_tokens,
        threads=options.threads,
    )
    tokenizer = SampleTokenizer(load_tokenizer(base), check_base(base).template)
    source = options.dataset / "train.jsonl" if options.dataset else None
    samples = (
        list(read_samples(source))[: options.samples] if source else squad_samples(options.samples)
    )
    tokenized = tokenizer.tokenize(samples, longest=check_base(base).context_length)
    sides: dict[str, Any] = {
        "ours": Ours(base, tokenized, settings),
        "trainer": Rival(base, tokenized, settings, folder, by_length=False),
        "trainer, batches by length": Rival(base, tokenized, settings, folder, by_length=True),
    }
    runs: dict[str, list[dict[str, float]]] = {name: [] for name in sides}
    for side in sides.values():
        side.run(1)  # warm-up
    for number in range(options.rounds):
        order = list(sides) if number % 2 == 0 else list(reversed(sides))
        for name in order:
            runs[name].append(sides[name].run(options.steps))
            print(f"round {number + 1}: {name} {runs[name][-1]}", file=sys.stderr)
    ours, rival = speed(runs["ours"]), max(speed(v) for k, v in runs.items() if k != "ours")
    note = f"{ours:.2f} samples/s against {rival:.2f}, {options.rounds} rounds"
    figures = [
        at_least("training, samples/s, ours / Trainer + peft", ours / rival, 2.0, "x", note),
        Figure("training, tokens/s computed, ours",
               statistics.median(r["tokens"] / r["seconds"] for r in runs["ours"])),
    ]  # fmt: skip
    ceiling = peak()
    if ceiling:
        began = time.perf_counter()
        steps = min(options.steps * options.rounds, sides["ours"].plan.total)
        sides["ours"].next = 1
        sides["ours"].run(steps)
        used = sides["ours"].flops(steps) / (time.perf_counter() - began) / ceiling
        figures.append(at_least("training, model-FLOP utilisation", used, 0.4))
    return figures, {"runs": runs, "settings": vars(options) | {"dataset": str(options.dataset)}}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    add_json_option(parser)
    parser.add_argument("--base", type=Path, help="folder of the base")
    parser.add_argument("--dataset", type=Path, help="folder of a dataset [SQuAD train]")
    parser.add_argument("--samples", type=int, default=1500)
    parser.add_argument("--samples-per-step", type=int, default=32)
    parser.add_argument("--row-tokens", type=int, default=1600)
    parser.add_argument("--steps", type=int, default=2, help="steps of each side in a round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=0)
    options = parser.parse_args()
    if find_spec("torch") is None or find_spec("peft") is None:
        print("skipped: it runs in the workstation's environment (make setup-workstation)")
        sys.exit(EXIT_SKIPPED)
    offline()
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    import torch

    if options.threads:
        torch.set_num_threads(options.threads)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        base = options.base
        if base is None:
            gguf = models_folder() / "smollm2-135m-instruct" / "model.gguf"
            if not gguf.is_file():
                print(f"skipped: {gguf} is missing")
                sys.exit(EXIT_SKIPPED)
            base = unpack_gguf(gguf, folder / "base").folder
        figures, details = measure(options, base, folder / "trainer")
    for key in ("base", "json"):
        details["settings"][key] = str(details["settings"][key])
    publish("training throughput", figures, details, options.json)


if __name__ == "__main__":
    main()
