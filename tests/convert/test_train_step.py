"""The step as a whole on a random model of three layers: what it writes, and that it learns."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from click.testing import CliRunner
from peft import PeftModel
from safetensors.torch import load_file

from assistant.errors import UsageError
from assistant.prompts import PROMPT_VERSION, REFUSAL
from convert.base_model import check_base, load_model, load_tokenizer
from convert.cli.main import main
from convert.lora_adapter import check_adapter, check_fits, check_tokenizer
from convert.step_record import read_record
from convert.train.distributed import make_team
from convert.train.lora import LoraModel, build
from convert.train.tokenize_samples import SampleTokenizer
from convert.train.train_step import TrainResult, run_train, unfinished
from convert.train.training_events import Evaluated, Event, Saved, Started, StepDone
from convert.train.validation import GreedyDecoder, grade_sample, plain_attention
from convert.training_samples import read_samples
from tests.convert.train_data import TINY, group, write_dataset


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_dataset(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def events() -> list[Event]:
    return []


@pytest.fixture(scope="module")
def result(
    tiny_base: Path,
    dataset: Path,
    events: list[Event],
    tmp_path_factory: pytest.TempPathFactory,
) -> TrainResult:
    out = tmp_path_factory.mktemp("runs") / "tuned"
    return run_train(tiny_base, dataset, out, TINY, progress=events.append)


def held_out_loss(model: Any, base: Path, dataset: Path) -> float:
    """The loss of the validation samples computed by transformers alone, one by one."""
    tokenizer = SampleTokenizer(load_tokenizer(base), check_base(base).template)
    samples = read_samples(dataset / "validation.jsonl")
    total, labels = 0.0, 0
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        for one in tokenizer.tokenize(samples, longest=2048):
            ids = torch.tensor([one.prompt + one.completion])
            logits = model(ids).logits[0, len(one.prompt) - 1 : -1].float()
            target = torch.tensor(one.completion)
            total += float(torch.nn.functional.cross_entropy(logits, target, reduction="sum"))
            labels += len(one.completion)
    return total / labels


def test_the_model_learns(result: TrainResult) -> None:
    figures = result.record.figures
    assert figures["best"]["loss"] < figures["base"]["loss"] - 0.2
    assert figures["best"]["answered"] == 4


def test_the_adapter_is_one_that_peft_loads_and_gives_the_loss_recorded(
    result: TrainResult, tiny_base: Path, dataset: Path
) -> None:
    check_fits(check_adapter(result.adapter), tiny_base)
    check_tokenizer(result.adapter, tiny_base)
    model = load_model(tiny_base, "bfloat16")
    tuned = PeftModel.from_pretrained(model, str(result.adapter), local_files_only=True)
    loss = held_out_loss(tuned.eval(), tiny_base, dataset)
    assert loss == pytest.approx(result.record.figures["best"]["loss"], abs=0.01)


def test_the_habit_and_hyperparameters_are_saved_with_the_weights(
    result: TrainResult, tiny_base: Path
) -> None:
    saved = json.loads((result.adapter / "assistant.json").read_text())
    assert saved["prompt"]["version"] == PROMPT_VERSION
    assert saved["prompt"]["refusal"] == REFUSAL
    assert saved["prompt"]["style"] == "chatml"
    assert saved["hyperparameters"]["rank"] == 4
    assert saved["best"] == result.record.figures["best"]
    text = (result.adapter / "adapter_config.json").read_text()
    assert str(tiny_base.parent) not in text  # where the base lay is nobody's business
    assert json.loads(text)["base_model_name_or_path"] == tiny_base.name


def test_record_curves_and_report_are_there_and_nothing_else(result: TrainResult) -> None:
    names = {path.name for path in result.folder.iterdir()}
    assert names == {"adapter", "training.json", "curves.svg", "report.html", "step.json"}
    assert not unfinished(result.folder).exists()
    training = json.loads((result.folder / "training.json").read_text())
    assert [s["step"] for s in training["history"]["steps"]] == [1, 2, 3, 4, 5, 6]
    assert [e["step"] for e in training["history"]["evaluations"]] == [0, 3, 6]
    assert read_record(result.folder) == result.record


def test_who_watches_is_told_everything(result: TrainResult, events: list[Event]) -> None:
    started = next(e for e in events if isinstance(e, Started))
    assert started.total == 6
    assert started.alone > 1.5 * started.tokens  # what packing saves
    steps = [e for e in events if isinstance(e, StepDone)]
    assert [e.record.step for e in steps] == [1, 2, 3, 4, 5, 6]
    assert steps[-1].left == 0
    assert steps[-1].samples_per_second > 0
    assert sum(isinstance(e, Evaluated) for e in events) == 3
    assert [e.step for e in events if isinstance(e, Saved)] == [0, 1, 2, 3, 4, 5, 6]


def test_a_finished_run_is_left_as_it_is(
    result: TrainResult, tiny_base: Path, dataset: Path
) -> None:
    again = run_train(tiny_base, dataset, result.folder, TINY, resume=True)
    assert again.skipped
    assert again.record == result.record


def test_a_folder_with_something_else_is_not_touched(
    tiny_base: Path, dataset: Path, tmp_path: Path
) -> None:
    (tmp_path / "thesis.txt").write_text("five years of work")
    with pytest.raises(UsageError, match="something else"):
        run_train(tiny_base, dataset, tmp_path, TINY)
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.txt"]


def test_it_stops_early_and_keeps_the_best_weights(
    tiny_base: Path, dataset: Path, tmp_path: Path
) -> None:
    # An improvement by a whole nat is more than these few steps can bring.
    strict = replace(TINY, evaluate_steps=1, patience=2, min_improvement=1.0, score_samples=0)
    result = run_train(tiny_base, dataset, tmp_path / "out", strict)
    figures = result.record.figures
    assert figures["stopped_early"]
    assert (figures["steps"], figures["best"]["step"]) == (2, 0)
    weights = load_file(str(result.adapter / "adapter_model.safetensors"))
    assert all(not tensor.any() for name, tensor in weights.items() if "lora_B" in name)


def test_the_command_prints_the_result_as_json(
    tiny_base: Path, dataset: Path, tmp_path: Path
) -> None:
    recipe = tmp_path / "recipe.toml"
    recipe.write_text("[train]\nrank = 2\nscore_samples = 0\nepochs = 3\n")
    args = ["train", str(tiny_base), str(dataset), "--out", str(tmp_path / "out"), "--json"]
    args += ["--recipe", str(recipe), "--max-steps", "1", "--set", "device=cpu"]
    done = CliRunner().invoke(main, args)
    assert done.exit_code == 0, done.stderr
    printed = json.loads(done.stdout)
    assert printed["steps"] == 1
    config = json.loads((Path(printed["adapter"]) / "adapter_config.json").read_text())
    assert config["r"] == 2
    assert "held-out loss" in done.stderr


@pytest.fixture(scope="module")
def tuned(tiny_base: Path) -> LoraModel:
    return build(tiny_base, replace(TINY, precision="float32"), make_team(TINY))


def test_greedy_decoding_with_a_kept_prefix_is_that_of_transformers(
    tuned: LoraModel, tiny_base: Path, dataset: Path
) -> None:
    tokenizer = SampleTokenizer(load_tokenizer(tiny_base), check_base(tiny_base).template)
    one_by_one = load_model(tiny_base, "float32")
    tuned.eval()
    with torch.no_grad(), plain_attention(tuned):
        decoder = GreedyDecoder(tuned, tokenizer.end, longest=5)
        for one in tokenizer.tokenize([*group(1), *group(2)], longest=2048):
            ids = torch.tensor([one.prompt])
            expected = one_by_one.generate(ids, max_new_tokens=5, do_sample=False, pad_token_id=2)
            assert decoder.answer(one.prompt) == expected[0, len(one.prompt) :].tolist()


def test_answers_are_judged_by_the_task() -> None:
    answer, _, refusal = group(2)
    assert grade_sample(answer, '"5 minutes"').exact == 1.0
    assert grade_sample(answer, '"5 minutes"').verbatim is True
    made_up = grade_sample(answer, '"seven hours"')
    assert (made_up.exact, made_up.verbatim) == (0.0, False)
    assert grade_sample(answer, '"the ferry take"').verbatim is False  # from the question only
    assert grade_sample(answer, REFUSAL).refused
    right = grade_sample(refusal, REFUSAL)
    assert (right.refusable, right.refused, right.f1, right.verbatim) == (True, True, 1.0, None)
