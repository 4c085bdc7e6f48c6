"""Our chat engine beside llama-cpp-python called bare: the same model, threads and prompt.

    python -m tests.bench.bench_generation [--json OUT] [--rounds N]

Each answer is made in a fresh process, the two in turns, so that what else the machine does
falls on both alike and neither shares the other's settings. Medians over the rounds.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from assistant.engine.chat_model import LlamaChat
from assistant.engine.chat_template import ChatmlStyle
from assistant.engine.thread_count import physical_cores
from assistant.models.catalogue import load_catalogue
from assistant.types import Message, Sampling
from tests.bench.report import (
    EXIT_SKIPPED,
    ROOT,
    Figure,
    add_json_option,
    at_least,
    models_folder,
    publish,
)

TOKENS = 96
CONTEXT = 2048
PASSAGE = (
    "The supplier warrants that the goods are free from defects for {n} months from delivery. "
    "If the buyer gives written notice of a defect within that time, the supplier repairs or "
    "replaces the goods at its own cost within {n} days. "
)
QUESTION = "Explain in detail what the supplier has to do when the goods are defective, and why."


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    add_json_option(parser)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--side", choices=["ours", "bare"], help=argparse.SUPPRESS)
    options = parser.parse_args()
    model = models_folder() / load_catalogue().default_chat.name / "model.gguf"
    if not model.is_file():
        print(f"{model} is missing: run `make models`")
        return EXIT_SKIPPED
    if options.side:
        print(json.dumps(one_side(options.side, model)))
        return 0
    figures, details = compare(options.rounds)
    publish("generation", figures, details, options.json)
    return 0


def compare(rounds: int) -> tuple[list[Figure], dict[str, Any]]:
    """Measure both in turns; return figures and all raw results."""
    runs: dict[str, list[dict[str, float]]] = {"ours": [], "bare": []}
    for number in range(rounds):
        for side in ("ours", "bare") if number % 2 else ("bare", "ours"):
            runs[side].append(in_child(side))
    middle = {
        side: {key: statistics.median(r[key] for r in results) for key in results[0]}
        for side, results in runs.items()
    }
    ratio = middle["ours"]["rate"] / middle["bare"]["rate"]
    note = f"medians of {rounds} rounds, {physical_cores()} threads"
    figures = [at_least("generation, ours / bare llama-cpp-python", ratio, 0.95, note=note)]
    for key, what, unit in (
        ("rate", "generation", "tokens/s"),
        ("prefill", "prefill", "tokens/s"),
        ("peak_mb", "peak memory of the chat engine", "MB"),
    ):
        figures += [Figure(f"{what}, {side}", middle[side][key], unit) for side in runs]
    return figures, {"runs": runs, "threads": physical_cores(), "context": CONTEXT}


def in_child(side: str) -> dict[str, float]:
    command = [sys.executable, "-m", "tests.bench.bench_generation", "--side", side]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    result: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
    return result


def one_side(side: str, model: Path) -> dict[str, float]:
    """Load one of the two, warm up, measure once; with this process's peak memory in MB."""
    if side == "ours":
        chat = ours(model)
        list(chat.generate(chat.render((Message("user", "Hello"),)), Sampling(max_tokens=4)))
        prompt = prompt_of(chat.render)
        pieces: Iterator[object] = chat.generate(prompt, Sampling(max_tokens=TOKENS))
        result = timed(pieces, chat.count_tokens(prompt))
    else:
        bare = bare_model(model)
        list(islice(bare.generate(bare.tokenize(b"Hello"), temp=0.0), 4))
        bare.reset()
        prompt = prompt_of(ChatmlStyle().render)
        tokens = bare.tokenize(prompt.encode(), add_bos=False, special=True)
        result = timed(bare_tokens(bare, tokens), len(tokens))
    status = Path("/proc/self/status").read_text(encoding="ascii")
    peak = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
    return {**result, "peak_mb": peak * 1024 / 1e6}


def ours(model: Path) -> LlamaChat:
    return LlamaChat(model, name="ours", context_length=CONTEXT, threads=physical_cores())


def bare_model(model: Path) -> Any:
    from llama_cpp import Llama

    threads = physical_cores()
    return Llama(
        str(model), n_ctx=CONTEXT, n_threads=threads, n_threads_batch=threads, verbose=False
    )


def prompt_of(render: Callable[[tuple[Message, ...]], str]) -> str:
    passages = "".join(PASSAGE.format(n=n + 1) for n in range(12))
    system = Message("system", "Answer at length from the passages.")
    return render((system, Message("user", f"{passages}\n\n{QUESTION}")))


def bare_tokens(bare: Any, tokens: list[int]) -> Iterator[object]:
    """`Llama.generate` and the text of each token: the least that any caller does."""
    for number, token in enumerate(bare.generate(tokens, temp=0.0, repeat_penalty=1.0)):
        if number == TOKENS or token == bare.token_eos():
            return
        yield bare.detokenize([token])


def timed(pieces: Iterator[object], prompt_tokens: int) -> dict[str, float]:
    """Consume a stream; rates in tokens a second, counted after the first token."""
    started = time.perf_counter()
    next(pieces)
    first = time.perf_counter()
    count = sum(1 for _ in pieces)
    ended = time.perf_counter()
    return {"prefill": prompt_tokens / (first - started), "rate": count / (ended - first)}


if __name__ == "__main__":
    sys.exit(main())
