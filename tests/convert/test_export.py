"""From a merged folder to GGUF on a random model: the file is what the weights are."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from assistant.errors import Cancelled, ModelError, UsageError
from assistant.models.gguf_header import read_header
from assistant.types import CancelToken
from convert.cli import main
from convert.export import ExportSettings, run_export
from convert.export.reference_logits import make_reference
from convert.export.verify_gguf import agreement, verify_model
from convert.merge import run_merge
from convert.step_record import read_record
from tests.convert.export_data import have_converter, small_adapter

adapter = small_adapter
WANTED = ("F16", "Q8_0", "Q4_K_M")


@pytest.fixture(scope="module")
def merged(tiny_base: Path, adapter: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return run_merge(tiny_base, adapter, tmp_path_factory.mktemp("merged") / "model").folder


@pytest.fixture(scope="module")
def exported(merged: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An export by the command, in a folder that tests only read."""
    out = tmp_path_factory.mktemp("exported")
    with pytest.MonkeyPatch.context() as patch:
        have_converter(patch)
        quantizations = [word for q in WANTED for word in ("-q", q)]
        arguments = ["export", str(merged), str(out), *quantizations, "--name", "tiny", "--json"]
        done = CliRunner().invoke(main, arguments)
    assert done.exit_code == 0, done.output
    assert set(json.loads(done.stdout)["files"]) == set(WANTED)
    return out


def test_each_file_says_what_it_is(exported: Path, merged: Path) -> None:
    sizes = []
    for quantization in WANTED:
        header = read_header(exported / f"tiny-{quantization}.gguf")
        assert header.quantization == quantization
        assert header.name == "tiny"
        assert header.chat_template == (merged / "chat_template.jinja").read_text()
        sizes.append(header.size)
    assert sizes == sorted(sizes, reverse=True)


def test_the_figures_are_recorded_and_good(exported: Path) -> None:
    record = read_record(exported)
    assert record is not None
    figures = record.figures
    assert figures["F16"]["cosine"] > 0.9999
    assert figures["F16"]["same_token"] > 0.97
    assert figures["Q8_0"]["cosine"] > 0.99
    assert all("odd_texts" not in figures[q] for q in WANTED)
    assert record.outputs.keys() == set(WANTED)


def test_no_path_of_this_machine_is_in_the_file(exported: Path, merged: Path) -> None:
    start = (exported / "tiny-Q8_0.gguf").read_bytes()[:8192]
    assert str(merged.parent).encode() not in start
    assert merged.parent.name.encode() not in start


def test_an_export_that_is_there_is_not_made_again(
    exported: Path, merged: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    have_converter(monkeypatch)
    before = {p: p.stat().st_mtime_ns for p in exported.iterdir()}
    settings = ExportSettings(WANTED, name="tiny")
    assert run_export(merged, exported, settings, resume=True).skipped
    assert {p: p.stat().st_mtime_ns for p in exported.iterdir()} == before


def _with(merged: Path, folder: Path, name: str, change: Callable[[dict], None]) -> Path:  # type: ignore[type-arg]
    shutil.copytree(merged, folder)
    table = json.loads((folder / name).read_text())
    change(table)
    (folder / name).write_text(json.dumps(table))
    return folder


def test_unknown_architectures_and_code_are_refused_by_name(
    merged: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    have_converter(monkeypatch)
    other = _with(
        merged, tmp_path / "other", "config.json",
        lambda t: t.update(architectures=["LamaForCausalLM"]),
    )  # fmt: skip
    with pytest.raises(ModelError, match="does not know the architecture 'LamaForCausalLM'") as e:
        run_export(other, tmp_path / "out")
    assert "LlamaForCausalLM" in e.value.hint
    coded = _with(
        merged, tmp_path / "coded", "tokenizer_config.json",
        lambda t: t.update(auto_map={"AutoTokenizer": ["evil.Tokenizer", None]}),
    )  # fmt: skip
    with pytest.raises(ModelError, match="code of its own"):
        run_export(coded, tmp_path / "out")
    with pytest.raises(ModelError, match="downloads nothing"):
        run_export(Path("org/model"), tmp_path / "out")
    assert not list(tmp_path.glob("out/*.gguf"))


def test_weights_of_another_model_are_noticed(
    exported: Path, tiny_base: Path, tmp_path: Path
) -> None:
    """The GGUF of the tuned model against the untuned weights: not what was converted."""
    path = exported / "tiny-F16.gguf"
    with pytest.raises(ModelError, match="does not compute what its weights compute"):
        verify_model(
            path, make_reference(tiny_base), "F16",
            shown=Path("shown.gguf"), scratch=tmp_path, cancel=CancelToken(),
        )  # fmt: skip


def test_a_tokenizer_or_template_that_differs_is_noticed(
    exported: Path, merged: Path, tmp_path: Path
) -> None:
    swapped = _with(merged, tmp_path / "swapped", "tokenizer.json", _swap_two_words)
    path = exported / "tiny-F16.gguf"
    ask = {"shown": path, "scratch": tmp_path, "cancel": CancelToken()}
    with pytest.raises(ModelError, match="into other tokens"):
        verify_model(path, make_reference(swapped), "F16", **ask)  # type: ignore[arg-type]
    (swapped / "chat_template.jinja").write_text(
        "{% for m in messages %}{{ m['content'] }}{% endfor %}"
    )
    with pytest.raises(ModelError, match="chat template"):
        verify_model(path, make_reference(swapped), "F16", **ask)  # type: ignore[arg-type]


def _swap_two_words(table: dict) -> None:  # type: ignore[type-arg]
    words = table["model"]["vocab"]
    words["Hello"], words["Ġworld"] = words["Ġworld"], words["Hello"]


def test_a_failed_export_keeps_the_older_files(
    exported: Path, merged: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    have_converter(monkeypatch)
    out = tmp_path / "out"
    shutil.copytree(exported, out)
    before = {p.name: p.read_bytes() for p in out.iterdir()}
    cancel = CancelToken()

    def stop(what: str, done: int, total: int) -> None:
        if what.startswith("Verifying Q8_0"):
            cancel.cancel()

    with pytest.raises(Cancelled):
        run_export(merged, out, ExportSettings(WANTED, name="tiny"), progress=stop, cancel=cancel)
    assert {p.name: p.read_bytes() for p in out.iterdir()} == before


def test_agreement_of_noise_is_near_zero_and_of_itself_one() -> None:
    rng = np.random.default_rng(0)
    one = [rng.normal(size=(50, 1000)).astype(np.float32) for _ in range(2)]
    same = agreement(one, [rows + 5 for rows in one])
    assert same.cosine == pytest.approx(1.0, abs=1e-6)
    assert same.same_token == 1.0
    noise = agreement(one, [rng.normal(size=(50, 1000)).astype(np.float32) for _ in range(2)])
    assert abs(noise.cosine) < 0.05


@pytest.mark.parametrize(
    "bad", [{"quantizations": ("Q9",)}, {"quantizations": ()}, {"name": "../x"}, {"name": ""}]
)
def test_bad_settings_are_refused(bad: dict) -> None:  # type: ignore[type-arg]
    with pytest.raises(UsageError):
        ExportSettings(**bad)
