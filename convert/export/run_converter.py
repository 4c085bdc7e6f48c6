"""Run llama.cpp's converters on a model's folder or an adapter."""

from __future__ import annotations

import ast
import difflib
import re
from pathlib import Path

from assistant.errors import ModelError
from convert.atomic_output import Job
from convert.base_model import read_object
from convert.export.converter_source import LORA_SCRIPT, MODEL_SCRIPT
from convert.export.export_process import run_script

_WRITING = re.compile(r"Writing:\s+(\d+)%")


def convert_model(
    converter: Path, folder: Path, target: Path, outtype: str, name: str, job: Job
) -> None:
    """Convert a Hugging Face folder to `target` in `outtype` ("f16", "bf16", "f32").

    Raises `ModelError` for an architecture or a tokenizer that the converter lacks.
    """
    require_known(converter, folder)
    arguments = [str(folder), "--outtype", outtype, "--model-name", name]
    _convert(converter, MODEL_SCRIPT, arguments, target, job)


def convert_lora(
    converter: Path, adapter: Path, base: Path, target: Path, outtype: str, job: Job
) -> None:
    """Convert a peft adapter of the model in `base` to `target`. Raises `ModelError`."""
    require_known(converter, base)
    arguments = [str(adapter), "--outtype", outtype, "--base", str(base)]
    _convert(converter, LORA_SCRIPT, arguments, target, job)


def known_architectures(converter: Path) -> list[str]:
    """Return the architectures, as config.json names them, that the converter knows."""
    tree = ast.parse((converter / "conversion" / "__init__.py").read_text(encoding="utf-8"))
    for node in tree.body:
        if (
            isinstance(node, ast.AnnAssign)
            and isinstance(node.target, ast.Name)
            and node.target.id == "TEXT_MODEL_MAP"
            and node.value is not None
        ):
            return sorted(ast.literal_eval(node.value))
    raise ModelError("llama.cpp's converter does not list what it knows.")


def require_known(converter: Path, folder: Path) -> None:
    """Raise `ModelError` naming an architecture that the converter lacks."""
    named = read_object(folder / "config.json").get("architectures")
    architecture = str(named[0]) if isinstance(named, list) and named else ""
    known = known_architectures(converter)
    if architecture not in known:
        near = difflib.get_close_matches(architecture, known, n=4, cutoff=0.4)
        nearest = f"; the nearest by name: {', '.join(near)}" if near else ""
        raise ModelError(
            f"llama.cpp's converter does not know the architecture {architecture!r} of {folder}.",
            hint=f"It knows {len(known)}{nearest}. They are listed with: "
            "assistant-convert export --list-architectures",
        )


def _convert(converter: Path, script: str, arguments: list[str], target: Path, job: Job) -> None:
    """Run a script on its first argument. Raises `ModelError` if it makes no file."""

    def on_line(line: str) -> None:
        if found := _WRITING.search(line):
            job.progress("Converting", int(found[1]), 100)

    arguments = [*arguments, "--outfile", str(target)]
    ended = run_script(converter, script, arguments, on_line, job.cancel)
    source = arguments[0]
    if ended.status == 0 and target.is_file():
        return
    said = " ".join(ended.lines)
    if "pre-tokenizer was not recognized" in said:
        raise ModelError(
            f"llama.cpp does not know the tokenizer of {source}: it cuts texts into words in a "
            "way of its own.",
            hint="Use the tokenizer of a model that llama.cpp knows, unchanged.",
        )
    if "No space left on device" in said:
        raise OSError(28, "No space left on device")
    raise ModelError(
        f"llama.cpp's converter refused {source}: {ended.reason()}",
        hint="The model must be complete, and of an architecture as transformers saves it.",
    )
