"""How fast and how large are chat models of 1, 4 and 8 billion parameters on this machine?

    python -m tests.bench.bench_model_sizes [--json OUT] [--sizes 1B 4B 8B] [--folder TEMP]

Files of the true shapes with random weights (`random_models.py`) are made one at a time in a
temporary folder, measured as `assistant models tune-in` measures, and deleted. Seconds are
processor seconds for each thread, so that a busy machine counts little; beside them the wall's.
Run it with the workstation's interpreter: it needs the package `gguf`.
"""

from __future__ import annotations

import argparse
import importlib.util
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from assistant.answering.tune_in import sample_text, timed_read
from assistant.engine.chat_model import LlamaChat
from assistant.evaluation.memory_use import Memory
from assistant.models.model_profile import first_words, for_speed
from assistant.types import CancelToken, ModelProfile, Sampling
from tests.bench.random_models import SHAPES, write_random
from tests.bench.report import EXIT_SKIPPED, Figure, add_json_option, models_folder, publish

_TOKENS = {"1B": 256, "4B": 128, "8B": 64}
_WRITTEN = 12


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    add_json_option(parser)
    parser.add_argument("--sizes", nargs="+", choices=list(SHAPES), default=list(SHAPES))
    parser.add_argument("--folder", type=Path, help="where the files are made")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    if importlib.util.find_spec("gguf") is None:
        print("skipped: the package gguf is missing (run it with the workstation's interpreter)")
        return EXIT_SKIPPED
    like = models_folder() / "smollm2-135m-instruct" / "model.gguf"
    figures: list[Figure] = []
    for size in options.sizes:
        with tempfile.TemporaryDirectory(dir=options.folder) as folder:
            file = Path(folder) / f"{size}.gguf"
            write_random(SHAPES[size], like, file)
            figures += measured(size, file, options.threads)
    publish("model_sizes", figures, {"threads": options.threads}, options.json)
    return 0


def measured(size: str, file: Path, threads: int) -> Iterator[Figure]:
    """Load a file and measure it; the context is that of its profile."""
    memory = Memory()
    memory.look()
    before = memory.most
    profile = ModelProfile(prompt="sentences")
    with closing(
        LlamaChat(file, name=size, context_length=0, threads=threads, profile=profile)
    ) as chat:
        timed_read(chat, "Begin.", threads, CancelToken())
        wall, processor = time.perf_counter(), time.process_time()
        tokens, _ = timed_read(
            chat, sample_text(chat, _TOKENS[size], "one"), threads, CancelToken()
        )
        wall, processor = time.perf_counter() - wall, time.process_time() - processor
        memory.look()
        began, used, written = time.perf_counter(), 0.0, 0
        for _ in chat.generate("Go on.", Sampling(_WRITTEN)):
            written += 1
            if written == 1:
                began, used = time.perf_counter(), time.process_time()
        decode_wall = time.perf_counter() - began
        decode = (time.process_time() - used) / threads
        memory.look()
    prefill = tokens * threads / processor
    two = for_speed(2 * prefill, 32768)
    yield Figure(f"{size} file", file.stat().st_size / 1e9, "GB")
    yield Figure(f"{size} memory", (memory.most - before) / 2**30, "GiB")
    yield Figure(f"{size} reads", prefill, "tokens/s by thread")
    yield Figure(f"{size} reads, wall", tokens / wall, "tokens/s")
    yield Figure(f"{size} writes", (written - 1) / max(decode, 1e-9), "tokens/s by thread")
    yield Figure(f"{size} writes, wall", (written - 1) / decode_wall, "tokens/s")
    yield Figure(f"{size} passages on two cores", two.passages, "")
    yield Figure(f"{size} passage tokens on two cores", two.passage_tokens, "")
    yield Figure(f"{size} first words on two cores", first_words(two, 2 * prefill, 0.0), "s")


if __name__ == "__main__":
    raise SystemExit(main())
