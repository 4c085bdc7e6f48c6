"""Installing, choosing and removing real models; damaged files, lies and signals."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from assistant.config import Settings
from assistant.engine.chat_model import LlamaChat
from assistant.engine.chat_template import KnownStyle
from assistant.engine.engine_loader import has_chat_model, load_chat
from assistant.engine.quantize import quantize
from assistant.errors import Cancelled, ModelError, UsageError
from assistant.models.add_model import add_model
from assistant.models.bundled_models import install_defaults
from assistant.models.catalogue import bundled_models_dir, load_catalogue
from assistant.models.gguf_header import read_header
from assistant.models.installed_models import (
    active_chat_name,
    list_models,
    remove_model,
    use_model,
    verify_models,
)
from assistant.types import CancelToken
from tests.unit.models.gguf_files import TENSORS, chat_pairs, gguf

pytestmark = pytest.mark.acceptance


@pytest.fixture(scope="module")
def model_file(default_models: Path) -> Path:
    return default_models / load_catalogue().default_chat.name / "model.gguf"


def test_what_is_installed(settings_with_models: Settings) -> None:
    settings = settings_with_models
    started = time.monotonic()
    install_defaults(Path("nowhere"), settings, quantize)
    assert time.monotonic() - started < 2
    models = {model.name: model for model in list_models(settings)}
    in_use = models[load_catalogue().default_names[0]]
    assert in_use.active
    assert in_use.problem == ""
    chat = models[load_catalogue().default_chat.name]
    assert chat.problem == ""
    assert chat.prompt_style == "chatml"
    assert (chat.architecture, chat.quantization, chat.context_length) == ("llama", "Q8_0", 8192)
    assert models[load_catalogue().default_embedder.name].role == "embedder"
    assert all(check.ok for check in verify_models(settings))
    assert load_chat(settings).name == in_use.name


def test_adding_choosing_damaging_and_removing(model_file: Path, tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "own")
    assert not has_chat_model(settings)
    source = tmp_path / "My Modèl\n\x1b[31m (1).GGUF"
    shutil.copyfile(model_file, source)
    seen: list[str] = []
    added = add_model(source, settings, progress=lambda what, *_: seen.append(what))
    assert added.name == "my-model-31m-1"
    assert {"Copying", "Testing"} <= set(seen)
    assert active_chat_name(settings) == added.name
    assert add_model(source, settings) == add_model(source, settings)
    assert [model.name for model in list_models(settings) if model.role == "chat"] == [added.name]

    add_model(source, settings, name="second")
    assert active_chat_name(settings) == ""
    assert use_model("second", settings).active
    assert active_chat_name(settings) == "second"
    with pytest.raises(UsageError, match="nonesuch"):
        use_model("nonesuch", settings)

    victim = settings.models_dir / "second" / "model.gguf"
    with victim.open("r+b") as file:
        file.seek(100_000_000)
        file.write(b"damaged")
    checks = {check.name: check for check in verify_models(settings)}
    assert not checks["second"].ok
    assert checks[added.name].ok
    remove_model("second", settings)
    assert active_chat_name(settings) == added.name
    assert not victim.parent.exists()
    with pytest.raises(ModelError, match="gone"):
        load_chat(replace(settings, chat_model="gone"))


def test_a_name_that_is_taken(model_file: Path, tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "own")
    add_model(model_file, settings, name="mine")
    other = tmp_path / "other.gguf"
    shutil.copyfile(model_file, other)
    with other.open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        file.write(b"?")
    with pytest.raises(ModelError, match="mine") as caught:
        add_model(other, settings, name="mine")
    assert "--name" in caught.value.hint
    assert [p.name for p in settings.models_dir.iterdir()] == ["mine"]


def test_bad_files_are_refused_and_leave_nothing(model_file: Path, tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "own")
    whole = model_file.read_bytes()
    head = whole[: 4 << 20]
    os.mkfifo(tmp_path / "pipe.gguf")
    bad: dict[str, tuple[bytes | None, str]] = {
        "empty.gguf": (b"", "is empty"),
        "random.gguf": (os.urandom(5000), "no GGUF file"),
        "truncated.gguf": (whole[:-1000], "truncated"),
        "head.gguf": (head, "truncated"),
        "embedder.gguf": (gguf(chat_pairs(llama__pooling_type=1), TENSORS), "embedding model"),
        "reranker.gguf": (gguf(chat_pairs(llama__pooling_type=4), TENSORS), "reranker"),
        "speechless.gguf": (gguf(chat_pairs(tokenizer__chat_template=None), TENSORS), "template"),
        "hollow.gguf": (gguf(chat_pairs(), TENSORS), "can't be"),
        "martian.gguf": (gguf(chat_pairs(general__architecture="martian"), TENSORS), "context"),
        "onnx.gguf": (
            (bundled_models_dir() / "all-minilm-l6-v2-int8/model.onnx").read_bytes(),
            "no GGUF file",
        ),
        "pipe.gguf": (None, "no plain file"),
    }
    for name, (data, said) in bad.items():
        path = tmp_path / name
        if data is not None:
            path.write_bytes(data)
        with pytest.raises(ModelError, match=said) as caught:
            add_model(path, settings)
        assert name in caught.value.message
        assert caught.value.hint
    with pytest.raises(ModelError, match=r"absent\.gguf"):
        add_model(tmp_path / "absent.gguf", settings)
    with pytest.raises(ModelError, match="no plain file"):
        add_model(tmp_path, settings)
    assert not settings.models_dir.exists() or list(settings.models_dir.iterdir()) == []


def test_cancel_while_copying_leaves_nothing(model_file: Path, tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "own")
    cancel = CancelToken()

    def stop_halfway(what: str, done: int, total: int) -> None:
        if done > total // 2:
            cancel.cancel()

    with pytest.raises(Cancelled):
        add_model(model_file, settings, progress=stop_halfway, cancel=cancel)
    assert list(settings.models_dir.iterdir()) == []


@pytest.mark.parametrize(("number", "to_group"), [(signal.SIGINT, True), (signal.SIGTERM, False)])
def test_a_signal_while_testing_leaves_nothing(
    number: signal.Signals, to_group: bool, model_file: Path, tmp_path: Path
) -> None:
    """Ctrl-C reaches every process of the terminal, a plain `kill` only the parent."""
    settings = Settings(data_dir=tmp_path / "own")
    code = (
        "import sys; from pathlib import Path; from assistant.console.interrupt import "
        "cancel_on_interrupt; from assistant.config import Settings; "
        "from assistant.models.add_model import add_model; "
        "from assistant.errors import AssistantError\n"
        "show = lambda what, *_: what == 'Testing' and print(what, flush=True)\n"
        "try:\n"
        "  with cancel_on_interrupt() as cancel: add_model(Path(sys.argv[1]), "
        "Settings(data_dir=Path(sys.argv[2])), progress=show, cancel=cancel)\n"
        "except AssistantError as error: print(error.code, flush=True)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(model_file), str(settings.data_dir)],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
        cwd=Path(__file__).parents[2],
    ) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == "Testing\n"
        time.sleep(0.1)
        (os.killpg if to_group else os.kill)(parent.pid, number)
        said, _ = parent.communicate(timeout=60)
    assert said == "cancelled\n"
    assert list(settings.models_dir.iterdir()) == []


def test_a_record_that_lies_about_the_style_is_noticed(model_file: Path) -> None:
    with pytest.raises(ModelError, match="not what this model was trained with"):
        LlamaChat(model_file, name="x", context_length=64, threads=1, known=KnownStyle("chatml"))


def test_the_header_of_the_real_model(model_file: Path) -> None:
    header = read_header(model_file)
    assert header.parameters == 134_515_008
    assert header.vocabulary == 49_152
