"""What importing the core may bring along."""

from __future__ import annotations

import subprocess
import sys

import pytest

FORBIDDEN = {
    "assistant.answering": ("textual", "torch", "transformers", "llama_cpp", "onnxruntime", "apsw"),
    "assistant.ingest": ("textual", "torch", "llama_cpp", "onnxruntime", "apsw"),
    "assistant.cli.main": ("torch", "transformers", "llama_cpp", "onnxruntime", "textual"),
    "assistant.engine.engine_loader": ("torch", "llama_cpp", "onnxruntime", "tokenizers", "numpy"),
    "assistant.engine.chat_model": (
        "torch",
        "transformers",
        "huggingface_hub",
        "requests",
        "httpx",
    ),
}


@pytest.mark.parametrize(("module", "absent"), FORBIDDEN.items())
def test_importing_the_core_stays_light(module: str, absent: tuple[str, ...]) -> None:
    script = f"import {module}, sys; print([m for m in {absent!r} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_engines_bring_no_network_client() -> None:
    script = (
        "import onnxruntime, tokenizers, llama_cpp, sys;"
        "names = ('huggingface_hub', 'requests', 'httpx', 'urllib3', 'torch', 'google.protobuf');"
        "print([m for m in names if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
