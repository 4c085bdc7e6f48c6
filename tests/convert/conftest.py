"""Fixtures of the workstation's tests: bases small and real.

They need the workstation's packages (torch, transformers, peft): without torch every test
here is skipped, or fails if `ASSISTANT_REQUIRE_WORKSTATION` is 1. `make test` runs them in
an environment of their own.
"""

from __future__ import annotations

import json
import os
import socket
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MODELS_VARIABLE = "ASSISTANT_TEST_MODELS"
REQUIRE_VARIABLE = "ASSISTANT_REQUIRE_WORKSTATION"
DEFAULT_MODEL = "smollm2-135m-instruct"

os.environ.update({"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"})

collect_ignore_glob = []
if find_spec("torch") is None or find_spec("peft") is None:
    if os.environ.get(REQUIRE_VARIABLE) == "1":
        raise RuntimeError(f"{REQUIRE_VARIABLE} is 1, but torch or peft is not installed")
    collect_ignore_glob = ["test_*.py"]


@pytest.fixture(scope="session", autouse=True)
def _one_thread_is_enough() -> None:
    import torch

    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "2")))


@pytest.fixture(autouse=True)
def _no_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    """No library asks a hub for anything while a test runs."""

    def refuse(*_: object) -> None:
        raise AssertionError("something wanted to connect")

    monkeypatch.setattr(socket.socket, "connect", refuse)


@pytest.fixture(scope="session")
def default_gguf() -> Path:
    """The installed default model (Q8_0), as `make` set it up."""
    models = Path(os.environ.get(MODELS_VARIABLE) or ROOT / ".run" / "models").absolute()
    path = models / DEFAULT_MODEL / "model.gguf"
    if not path.is_file():
        if os.environ.get("ASSISTANT_REQUIRE_MODELS") == "1":
            pytest.fail(f"{path} is missing; run: make models")
        pytest.skip(f"{path} is missing; run: make models")
    return path


@pytest.fixture(scope="session")
def default_base(default_gguf: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The default model in Hugging Face's layout, by the command (takes about 20 seconds)."""
    from click.testing import CliRunner

    from convert.cli import main

    folder = tmp_path_factory.mktemp("bases") / "default"
    done = CliRunner().invoke(main, ["base", str(default_gguf), str(folder), "--json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["architecture"] == "LlamaForCausalLM"
    return folder


@pytest.fixture(scope="session")
def tokenizer_folder(default_gguf: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The real tokenizer of the default model with its chat template, without weights."""
    from convert.base_model import tokenizer_of_gguf

    folder = tmp_path_factory.mktemp("tokenizer")
    tokenizer_of_gguf(default_gguf).save_pretrained(str(folder))
    return folder


@pytest.fixture(scope="session")
def tiny_base(tokenizer_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random llama of 3 layers with the real tokenizer: shared, so never write into it."""
    import shutil

    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    folder = tmp_path_factory.mktemp("bases") / "tiny"
    shutil.copytree(tokenizer_folder, folder)
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=49152,
        hidden_size=64,
        intermediate_size=192,
        num_hidden_layers=3,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=2048,
        rope_theta=100_000.0,
        tie_word_embeddings=True,
        bos_token_id=1,
        eos_token_id=2,
        pad_token_id=2,
    )
    LlamaForCausalLM(config).to(torch.bfloat16).save_pretrained(str(folder))
    return folder
