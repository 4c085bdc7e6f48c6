"""Our chat engine beside llama-cpp-python called bare: the same model, threads and prompt.

    python -m tests.bench.bench_generation [--json OUT] [--rounds N]

Both are loaded in one process and take turns, so that what else the machine does falls
on both alike. Medians over the rounds. Memory is measured in processes of their own.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from assistant.catalogue import load_catalogue
from assistant.engine.chat import LlamaChat
from assistant.engine.threads import physical_cores
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
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--memory-of", choices=["ours", "bare"], help=argparse.SUPPRESS)
    options = parser.parse_args()
    model = models_folder() / load_catalogue().default_chat.name / "model.gguf"
    if not model.is_file():
        print(f"{model} is missing: run `make models`")
        return EXIT_SKIPPED
    if options.memory_of:
        print(json.dumps({"peak_mb": peak_of(options.memory_of, model)}))
        return 0
    figures, details = compare(model, options.rounds)
    publish("generation", figures, details, options.json)
    return 0


def compare(model: Path, rounds: int) -> tuple[list[Figure], dict[str, Any]]:
    """Measure both in turns; return figures and all raw timings."""
    chat, bare = ours(model), bare_model(model)
    runs: dict[str, list[dict[str, float]]] = {"ours": [], "bare": []}
    for number in range(rounds + 1):
        # A new beginning each round, so that neither can use what it has cached.
        prompt = prompt_of(chat, number)
        tokens = bare.tokenize(prompt.encode(), add_bos=False, special=True)
        pair = [("ours", timed(our_pieces(chat, prompt), len(tokens)))]
        pair.append(("bare", timed(bare_tokens(bare, tokens), len(tokens))))
        if number:  # the first round warms up
            for name, result in pair:
                runs[name].append(result)
    middle = {
        name: {key: statistics.median(r[key] for r in results) for key in results[0]}
        for name, results in runs.items()
    }
    ratios = [a["rate"] / b["rate"] for a, b in zip(runs["ours"], runs["bare"], strict=True)]
    peaks = {name: peak_in_child(name) for name in runs}
    figures = [
        at_least("generation, ours / bare llama-cpp-python", statistics.median(ratios), 0.95),
        *(Figure(f"generation, {n}", middle[n]["rate"], "tokens/s") for n in runs),
        *(Figure(f"prefill, {n}", middle[n]["prefill"], "tokens/s") for n in runs),
        *(Figure(f"peak memory of the chat engine, {n}", peaks[n], "MB") for n in runs),
    ]
    return figures, {"runs": runs, "threads": physical_cores(), "context": CONTEXT}


def ours(model: Path) -> LlamaChat:
    return LlamaChat(model, name="ours", context_length=CONTEXT, threads=physical_cores())


def bare_model(model: Path) -> Any:
    from llama_cpp import Llama

    threads = physical_cores()
    return Llama(
        str(model), n_ctx=CONTEXT, n_threads=threads, n_threads_batch=threads, verbose=False
    )


def prompt_of(chat: LlamaChat, number: int) -> str:
    passages = "".join(PASSAGE.format(n=number + n) for n in range(12))
    system = Message("system", f"Question {number}. Answer at length from the passages.")
    return chat.render((system, Message("user", f"{passages}\n\n{QUESTION}")))


def our_pieces(chat: LlamaChat, prompt: str) -> Iterator[object]:
    return chat.generate(prompt, Sampling(max_tokens=TOKENS))


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


def peak_of(name: str, model: Path) -> float:
    """Load one of the two, answer once, return this process's peak memory in MB."""
    if name == "ours":
        chat = ours(model)
        list(our_pieces(chat, prompt_of(chat, 0)))
    else:
        bare = bare_model(model)
        text = (PASSAGE.format(n=1) * 12 + QUESTION).encode()
        list(bare_tokens(bare, bare.tokenize(text, add_bos=False)))
    status = Path("/proc/self/status").read_text(encoding="ascii")
    peak = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
    return peak * 1024 / 1e6


def peak_in_child(name: str) -> float:
    command = [sys.executable, "-m", "tests.bench.bench_generation", "--memory-of", name]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    return float(json.loads(done.stdout.strip().splitlines()[-1])["peak_mb"])


if __name__ == "__main__":
    sys.exit(main())
