"""A model that is added is tried before it is installed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from assistant.config import Settings
from assistant.engine.engine_loader import load_chat
from assistant.engine.thread_count import threads_for
from assistant.errors import Cancelled, ModelError
from assistant.models.add_model import add_model
from assistant.models.catalogue import load_catalogue
from assistant.models.model_install import probe_model
from assistant.types import CancelToken
from tests.unit.models.gguf_files import TENSORS, chat_pairs, gguf, toy_model


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data")


def test_an_embedders_name_is_taken(settings: Settings, tmp_path: Path) -> None:
    taken = load_catalogue().default_embedder.name
    named_so = tmp_path / f"{taken}.gguf"
    named_so.write_bytes(gguf(chat_pairs(), TENSORS))
    for name in (taken, ""):
        with pytest.raises(ModelError, match=taken) as caught:
            add_model(named_so, settings, name=name)
        assert "--name NAME" in caught.value.hint
    assert not settings.models_dir.exists()


def test_a_toy_model_is_added_and_tried(settings: Settings, tmp_path: Path) -> None:
    pytest.importorskip("llama_cpp")
    file = tmp_path / "toy.gguf"
    file.write_bytes(toy_model())
    assert add_model(file, settings, name="toy_1.0").prompt_style == "chatml"
    chat = load_chat(replace(settings, threads=512))
    assert chat.name == "toy_1.0"
    assert chat._runtime._threads == threads_for(512) < 512


def test_cancel_while_testing_installs_nothing(settings: Settings, tmp_path: Path) -> None:
    pytest.importorskip("llama_cpp")
    file = tmp_path / "toy.gguf"
    file.write_bytes(toy_model())
    cancel = CancelToken()

    def stop(what: str, done: int, total: int) -> None:
        if what == "Testing":
            cancel.cancel()

    with pytest.raises(Cancelled):
        add_model(file, settings, progress=stop, cancel=cancel)
    assert list(settings.models_dir.iterdir()) == []


def test_what_goes_wrong_in_the_trial_names_the_file(settings: Settings, tmp_path: Path) -> None:
    pytest.importorskip("llama_cpp")
    bad = {
        "garbage.gguf": (toy_model(weight=float("nan")), "not finite"),
        "narrow.gguf": (toy_model(llama__context_length=4), "tokens"),
    }
    for name, (data, said) in bad.items():
        (tmp_path / name).write_bytes(data)
        with pytest.raises(ModelError, match=said) as caught:
            add_model(tmp_path / name, settings)
        assert caught.value.message.startswith(str(tmp_path / name))
        assert "may be damaged" in caught.value.hint
        assert ".incoming" not in str(caught.value)
    with pytest.raises(ModelError) as caught:
        probe_model(tmp_path / "garbage.gguf", Path("shown.gguf"))
    assert caught.value.message.startswith("shown.gguf")
    assert str(tmp_path) not in str(caught.value)


def test_a_vocabulary_of_bytes_tokenizes_spaces(tmp_path: Path) -> None:
    """Three tokens for each byte of text: more than the room that is nearly always enough."""
    pytest.importorskip("llama_cpp")
    from assistant.engine.llama_runtime import LlamaRuntime

    file = tmp_path / "toy.gguf"
    file.write_bytes(toy_model())
    runtime = LlamaRuntime(file, 64, 1)
    tokens = runtime.tokenize(" " * 100, special=False)
    runtime.close()
    assert len(tokens) >= 300
