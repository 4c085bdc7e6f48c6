"""Loads one model file after another, each in a fork of its own: the child of the trial.

Started once with llama.cpp already loaded, so that a trial costs milliseconds. Reads paths
from stdin, writes for each how its child ended: "loaded", "refused" (`ModelError` or another
error of ours) or "crashed N" (ended by signal N, or without a word).
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from assistant.engine import model_trial
from assistant.engine.llama_runtime import library
from assistant.errors import AssistantError

MEMORY, SECONDS = 4 << 30, 20


def trial(path: str) -> None:
    """Runs in the fork, the very code of `assistant.engine.model_trial`, and never return."""
    try:
        model_trial.confine(MEMORY, SECONDS, (Path(path),))
        model_trial.load(Path(path))
        status = 0
    except AssistantError:
        status = 3
    except MemoryError:
        status = 4
    os._exit(status)


def main() -> None:
    library()
    answers = os.fdopen(os.dup(1), "w")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)  # ggml says there why it gives up
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            trial(line.rstrip("\n"))
        _, status = os.waitpid(child, 0)
        code = os.waitstatus_to_exitcode(status)
        said = {0: "loaded", 3: "refused", 4: "refused"}.get(code, f"crashed {-code}")
        print(said, file=answers, flush=True)


if __name__ == "__main__":
    main()
