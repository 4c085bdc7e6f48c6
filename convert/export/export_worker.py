"""What runs in a child process of `convert.export.export_process`; never imported elsewhere.

ACTION REQUEST RESULT, where the request is a JSON file and the result an .npz. `observe`:
tokens and logits of a GGUF; `imatrix`: importance of each tensor's columns; `quantize` (which
has no result). What went wrong is the last line of stderr.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from assistant.errors import AssistantError


def main(arguments: list[str]) -> None:
    """Do one task; exit with 1 and the reason on stderr if it can't be done."""
    action, request, result = arguments
    wanted = json.loads(Path(request).read_bytes())
    try:
        if action == "observe":
            _observe(wanted, Path(result))
        elif action == "quantize":
            _quantize(wanted)
        elif action == "imatrix":
            _imatrix(wanted, Path(result))
    except AssistantError as error:
        sys.stderr.write(f"{error.message}\n")
        sys.exit(1)


def _observe(wanted: dict[str, Any], result: Path) -> None:
    from convert.export.llama_logits import GgufModel

    adapter = Path(wanted["adapter"]) if wanted.get("adapter") else None
    model = GgufModel(Path(wanted["model"]), adapter, context=int(wanted["context"]))
    found: dict[str, Any] = {"eos": np.asarray(model.eos, np.int32)}
    for index, text in enumerate(wanted["texts"]):
        found[f"tokens_{index}"] = np.asarray(model.tokenize(text, special=True), np.int32)
    for index, tokens in enumerate(wanted["sequences"]):
        found[f"logits_{index}"] = model.logits(tokens)
    np.savez(result, **found)


def _quantize(wanted: dict[str, Any]) -> None:
    from assistant.engine.quantize import quantize

    importance = None
    if wanted.get("imatrix"):
        with np.load(wanted["imatrix"], allow_pickle=False) as found:
            importance = {name: found[name] for name in found.files}
    quantize(Path(wanted["source"]), Path(wanted["target"]), wanted["quantization"], importance)


def _imatrix(wanted: dict[str, Any], result: Path) -> None:
    from convert.export.imatrix import importance_of

    total = len(wanted["sequences"])

    def done(count: int) -> None:
        sys.stderr.write(f"DONE {count}/{total}\n")

    found: dict[str, Any] = {**importance_of(Path(wanted["model"]), wanted["sequences"], done)}
    np.savez(result, **found)


if __name__ == "__main__":
    main(sys.argv[1:])
