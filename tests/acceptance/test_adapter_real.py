"""Adapters over the real default model: answers, memory, and the one of this program."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from assistant.config import Settings
from assistant.engine.chat_model import LlamaChat
from assistant.engine.thread_count import threads_for
from assistant.errors import Cancelled, ModelError
from assistant.models.bundled_models import install_bundled
from assistant.models.catalogue import AdapterEntry, bundled_models_dir, load_catalogue
from assistant.models.installed_models import list_models
from assistant.models.model_record import read_record
from assistant.prompts import REFUSAL, PromptPassage, build_messages
from assistant.types import CancelToken, Message, Sampling
from tests.unit.models.lora_files import lora, matrices, smollm2_shapes

pytestmark = [pytest.mark.acceptance, pytest.mark.slow]

ROOT = Path(__file__).resolve().parents[2]
MATRICES = matrices(smollm2_shapes(), rank=4)
QUESTION = (Message("user", "What is the capital of France?"),)


@pytest.fixture(scope="module")
def model_file(default_models: Path) -> Path:
    return default_models / load_catalogue().default_chat.name / "model.gguf"


@pytest.fixture(scope="module")
def adapters(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an adapter without effect, and one with random matrices."""
    folder = tmp_path_factory.mktemp("adapters")
    (folder / "zero.gguf").write_bytes(lora(MATRICES))
    (folder / "random.gguf").write_bytes(lora(MATRICES, strength=0.1))
    return folder


def load(model: Path, adapter: Path | None = None) -> LlamaChat:
    return LlamaChat(model, name="x", context_length=512, threads=threads_for(2), adapter=adapter)


@pytest.fixture(scope="module")
def chat(model_file: Path) -> Iterator[LlamaChat]:
    engine = load(model_file)
    yield engine
    engine.close()


def answer(chat: LlamaChat, messages: Sequence[Message] = QUESTION) -> str:
    return "".join(chat.generate(chat.render(messages), Sampling(max_tokens=24)))


def test_an_adapter_without_effect_changes_nothing(
    chat: LlamaChat, model_file: Path, adapters: Path
) -> None:
    same = load(model_file, adapters / "zero.gguf")
    assert answer(same) == answer(chat)
    assert (same._runtime.logits() == chat._runtime.logits()).all()
    same.close()


def test_an_adapter_changes_answers_and_not_the_base(
    chat: LlamaChat, model_file: Path, adapters: Path
) -> None:
    before, bytes_before = answer(chat), hashlib.sha256(model_file.read_bytes()).digest()
    other = load(model_file, adapters / "random.gguf")
    changed = answer(other)
    assert changed != before
    assert answer(chat) == before
    # What is cached was computed with the adapter, and serves the next question.
    assert answer(other) == changed
    assert other.computed_tokens == 1
    other._decoder.keep(0)
    assert answer(other) == changed
    other.close()
    assert hashlib.sha256(model_file.read_bytes()).digest() == bytes_before


def test_the_base_stays_mapped_and_all_is_freed(model_file: Path, adapters: Path) -> None:
    """The base's weights are pages of its file, with an adapter as without."""
    code = (
        "import sys; from pathlib import Path; from assistant.engine.chat_model import LlamaChat\n"
        "from assistant.types import Sampling\n"
        "def kib(key): return next(int(line.split()[1]) for line in open('/proc/self/status') "
        "if line.startswith(key))\n"
        "adapter = Path(sys.argv[2]) if len(sys.argv) > 2 else None\n"
        "for _ in range(16):\n"
        "  c = LlamaChat(Path(sys.argv[1]), name='x', context_length=256, threads=1, "
        "adapter=adapter)\n"
        "  list(c.generate('Hello', Sampling(max_tokens=2)))\n"
        "  print(kib('RssFile'), kib('RssAnon')); c.close()"
    )
    if not Path("/proc/self/status").exists():
        pytest.skip("reads /proc")
    found = []
    for more in ([], [str(adapters / "random.gguf")]):
        done = subprocess.run(
            [sys.executable, "-c", code, str(model_file), *more],
            capture_output=True,
            check=True,
            cwd=ROOT,
        )
        found.append([int(number) / 1024 for number in done.stdout.split()])
    bare, with_adapter = found
    size = (adapters / "random.gguf").stat().st_size / 2**20
    assert min(with_adapter[0::2]) > 130  # MiB of the file are mapped
    assert with_adapter[1] - bare[1] < size + 10
    # All is freed: each of the last eight loads would else hold eight adapters and more. The
    # heap itself goes up and down by some of them, so the least of the eight is looked at.
    assert min(with_adapter[-15::2]) - with_adapter[1] < 4 * size


def test_an_adapter_that_llama_cpp_refuses(model_file: Path, tmp_path: Path) -> None:
    for name, data in {
        "shape.gguf": lora(matrices({"blk.0.attn_q.weight": (64, 64)})),
        "absent.gguf": lora(matrices({"blk.99.attn_q.weight": (576, 576)})),
        "other.gguf": lora(MATRICES, general__architecture="qwen2"),
        "junk.gguf": b"GGUF and nothing more",
    }.items():
        (tmp_path / name).write_bytes(data)
        with pytest.raises(ModelError, match=name) as caught:
            load(model_file, tmp_path / name)
        assert "base" in caught.value.hint


# -- the adapter of this program -----------------------------------------------------------


def entry_for(file: Path, **changes: Any) -> AdapterEntry:
    data = file.read_bytes()
    table: dict[str, Any] = {
        "name": "tuned-default",
        "title": "A tuned default",
        "licence": "CC-BY-SA-4.0",
        "base": load_catalogue().default_chat.name,
        "file": file.name,
        "sha256": hashlib.sha256(data).hexdigest(),
        "size": len(data),
        "prompt_style": "chatml",
        "prompt_version": 1,
        "card": "README.md",
        "figures": {"f1": 0.6},
        "calibration": {"refusal_margin": -0.5},
    }
    return AdapterEntry(**{**table, **changes})


@pytest.fixture
def own_models(model_file: Path, tmp_path: Path) -> Settings:
    """A data folder from before there were adapters: the default chat model only."""
    settings = Settings(data_dir=tmp_path / "data")
    folder = settings.models_dir / model_file.parent.name
    folder.mkdir(parents=True)
    shutil.copyfile(model_file.with_name("record.json"), folder / "record.json")
    (folder / "model.gguf").hardlink_to(model_file) if _one_disk(
        model_file, folder
    ) else shutil.copyfile(model_file, folder / "model.gguf")
    return settings


def _one_disk(one: Path, other: Path) -> bool:
    return one.stat().st_dev == other.stat().st_dev


def test_a_bundled_adapter_is_installed_once_and_renewed(
    own_models: Settings, adapters: Path
) -> None:
    settings, folder = own_models, own_models.models_dir / "tuned-default"
    with pytest.raises(ModelError, match="pins"):
        install_bundled(entry_for(adapters / "zero.gguf", sha256="0" * 64), adapters, settings)
    assert not folder.exists()
    first = entry_for(adapters / "zero.gguf")
    install_bundled(first, adapters, settings)
    record = read_record(folder)
    assert (record.title, record.licence) == (first.title, first.licence)
    assert (record.prompt_version, record.calibration.stored()) == (1, {"refusal_margin": -0.5})
    written = (folder / "record.json").stat().st_mtime_ns
    install_bundled(first, adapters, settings)
    assert (folder / "record.json").stat().st_mtime_ns == written
    newer = entry_for(adapters / "random.gguf")
    with pytest.raises(ModelError, match="prompt style"):
        install_bundled(entry_for(adapters / "random.gguf", prompt_style="x"), adapters, settings)
    assert read_record(folder).sha256 == first.sha256
    install_bundled(newer, adapters, settings)
    assert read_record(folder).sha256 == newer.sha256
    assert sorted(path.name for path in settings.models_dir.iterdir()) == [
        newer.base,
        "tuned-default",
    ]


def test_set_up_adds_the_adapter_and_uses_it(
    own_models: Settings, adapters: Path, tmp_path: Path
) -> None:
    """A copy of this program with an adapter in its catalogue, on a folder from before."""
    program = tmp_path / "program"
    shutil.copytree(
        ROOT / "assistant", program / "assistant", ignore=shutil.ignore_patterns("*.pyc")
    )
    bundled = program / "models"
    bundled.mkdir()
    here = [entry for entry in load_catalogue().embedders if not entry.source_size]
    for embedder in here:
        (bundled / embedder.folder).symlink_to(bundled_models_dir() / embedder.folder)
    shutil.copyfile(adapters / "random.gguf", bundled / "adapter.gguf")
    text = (bundled_models_dir() / "catalogue.toml").read_text(encoding="utf-8")
    text = re.sub(r"\[\[(adapter|ocr)\]\].*?(?=\[\[(?!\1)|\Z)", "", text, flags=re.DOTALL)
    made = re.compile(r"\[\[embedder\]\]\n(?:(?!\[\[).)*?source_size.*?(?=\[\[|\Z)", re.DOTALL)
    text = made.sub("", text)
    entry = entry_for(bundled / "adapter.gguf")
    rows = [f"{key} = {json.dumps(getattr(entry, key))}" for key in entry.__slots__[:-2]]
    tables = ["[adapter.figures]", "f1 = 0.6", "[adapter.calibration]", "refusal_margin = -0.5"]
    (bundled / "catalogue.toml").write_text(
        "\n".join([text, "[[adapter]]", *rows, *tables, ""]), encoding="utf-8"
    )

    def run(*arguments: str) -> Any:
        command = [sys.executable, "-m", "assistant", *arguments, "--json"]
        done = subprocess.run(
            [*command, "--data-dir", str(own_models.data_dir)],
            capture_output=True,
            check=False,
            cwd=program,
            env={"PYTHONPATH": str(program), "PATH": "/usr/bin:/bin"},
        )
        return json.loads(done.stdout)

    before = run("models", "list")["models"]
    assert next(m["name"] for m in before if m["active"]) == entry.base
    after = run("models", "setup", "--from", str(tmp_path))["models"]
    tuned = next(model for model in after if model["name"] == entry.name)
    assert tuned["active"]
    assert (tuned["base"], tuned["title"], tuned["problem"]) == (entry.base, entry.title, "")
    checks = {check["name"]: check for check in run("doctor")["checks"]}
    assert checks["chat model"]["detail"].startswith(entry.name)
    run("models", "use", entry.base)
    assert run("models", "setup", "--from", str(tmp_path))["models"][0]["active"]
    assert {m.name for m in list_models(own_models)} >= {entry.name, entry.base}


PASSAGES = (
    "The pump was bought in May 2019. Its warranty lasts 24 months (see annex B).",
    'Dr. Gómez said "never twice" about the café\'s second delivery.',
)


@pytest.mark.parametrize(
    "question",
    ["How long is the warranty?", "What did Dr. Gómez say?", "Write a poem about the sea."],
)
def test_a_quote_is_verbatim_whatever_is_asked(chat: LlamaChat, question: str) -> None:
    """Also that of the untuned model, which would write anything."""
    shown = [PromptPassage("a.pdf", 1, text) for text in PASSAGES]
    prompt = chat.render(build_messages(question, shown))
    quoted = chat.quote(prompt, PASSAGES, REFUSAL, max_tokens=32)
    assert quoted.text
    assert any(quoted.text in passage for passage in PASSAGES)
    # Its likelihood is what the model says of this very text, if it is spelled the same way.
    # Token by token and in one batch, llama.cpp rounds differently.
    likelihood = chat.score(prompt, [f'"{quoted.text}"'], ended=True)[0]
    if quoted.complete and quoted.tokens == likelihood.tokens - 2:
        mark = float(chat.next_log_probabilities(prompt)[chat.tokenize('"')[0]])
        wanted = likelihood.log_probability - mark
        assert quoted.log_probability == pytest.approx(wanted, rel=0.1)


def test_the_margin_is_that_of_the_first_token(chat: LlamaChat) -> None:
    prompt = chat.render(QUESTION)
    quoted = chat.quote(prompt, PASSAGES, REFUSAL, max_tokens=4)
    likely = chat.next_log_probabilities(prompt)
    wanted = likely[chat.tokenize(REFUSAL)[0]] - likely[chat.tokenize('"')[0]]
    assert quoted.margin == pytest.approx(float(wanted), abs=1e-3)
    assert quoted.tokens <= 4


def test_without_words_there_is_nothing_to_quote(chat: LlamaChat) -> None:
    quoted = chat.quote(chat.render(QUESTION), [" ", ""], REFUSAL)
    assert quoted.text == ""
    assert quoted.doubt(0.5) == float("inf")


def test_a_quote_can_be_cancelled(chat: LlamaChat) -> None:
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(Cancelled):
        chat.quote(chat.render(QUESTION), PASSAGES, REFUSAL, cancel)
