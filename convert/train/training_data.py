"""Load the input of a run: base, tokenizer and dataset, checked and tokenized."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from assistant.errors import ModelError, UsageError
from assistant.models.template_approval import template_hash
from assistant.prompts import PROMPT_VERSION, REFUSAL
from convert.base_model import CONFIG_FILE, BaseInfo, check_base, load_tokenizer, read_object
from convert.step_record import file_sha256
from convert.train.settings import TrainSettings
from convert.train.start_adapter import check_start
from convert.train.tokenize_samples import SampleTokenizer, Tokenized
from convert.train.training_events import PreparationProgress, Watch
from convert.training_samples import TRAIN_FILE, VALIDATION_FILE, Sample, read_samples

_NOT_IDENTITY = ("start", "checkpoint_minutes", "keep_checkpoints", "device", "threads")
_GENERATION_FILE = "generation_config.json"


@dataclass(frozen=True, slots=True)
class Prepared:
    """Everything that a run is made of, but the model's weights."""

    base: BaseInfo
    tokenizer: SampleTokenizer
    train: list[Tokenized]
    validation: list[Tokenized]
    hashes: Mapping[str, str]

    def identity(self, settings: TrainSettings) -> dict[str, Any]:
        """Return what decides a run's curve: a checkpoint is continued only if it is equal."""
        table = {k: v for k, v in asdict(settings).items() if k not in _NOT_IDENTITY}
        return {**table, **self.hashes, "base": self.base.sha256, "prompt": PROMPT_VERSION}

    def prompt(self) -> dict[str, Any]:
        """Return how the model is asked, as merge and the laptop need to know it."""
        return {
            "version": PROMPT_VERSION,
            "refusal": REFUSAL,
            "style": self.tokenizer.style_name,
            "default_system": self.tokenizer.default_system,
            "end_of_turn": self.tokenizer.end,
            "template_sha256": template_hash(self.base.template),
        }


def prepare(base: Path, dataset: Path, settings: TrainSettings, watch: Watch) -> Prepared:
    """Read and check everything but the weights.

    Raises `ModelError` (hub name, pickle, no chat template), `UsageError` (no or empty
    dataset, a sample that is too long, a tokenizer that is not the base's, an adapter to
    go on from that is not like this run's).
    """
    info = check_base(base)
    started = check_start(settings, base)
    loaded = load_tokenizer(base)
    tokenizer = SampleTokenizer(loaded, info.template)
    longest = _longest(settings, info)
    parts = [
        _tokenized(dataset, name, tokenizer, longest, watch)
        for name in (TRAIN_FILE, VALIDATION_FILE)
    ]
    train, validation = parts
    ends = {tokenizer.end, loaded.eos_token_id}
    require_base_tokenizer(base, ends, [*train, *validation])
    hashes = {name: file_sha256(dataset / name) for name in (TRAIN_FILE, VALIDATION_FILE)}
    hashes |= started
    return Prepared(info, tokenizer, train, validation, hashes)


def require_base_tokenizer(base: Path, own: set[int | None], data: list[Tokenized]) -> None:
    """Raise `UsageError` if the folder's tokenizer can't be the one the model grew up with.

    It must make no token that the model has no embedding for, and one of its end tokens
    (`own`) must be one that the model's configuration names as an end.
    """
    config = read_object(base / CONFIG_FILE)
    size = config.get("vocab_size", config.get("text_config", {}).get("vocab_size"))
    largest = max((max(t.prompt + t.completion) for t in data), default=0)
    if isinstance(size, int) and largest >= size:
        raise _foreign(base, f"it makes the token {largest}, the model knows {size} tokens")
    ends: set[int] = set()
    generation = base / _GENERATION_FILE
    for table in (config, read_object(generation) if generation.exists() else {}):
        found = table.get("eos_token_id")
        ends |= {e for e in (found if isinstance(found, list) else [found]) if isinstance(e, int)}
    if ends and not ends & own:
        mine = sorted(e for e in own if e is not None)
        raise _foreign(base, f"its end tokens are {mine}, the model's {sorted(ends)}")


def _tokenized(
    dataset: Path, name: str, tokenizer: SampleTokenizer, longest: int, watch: Watch
) -> list[Tokenized]:
    samples = _samples(dataset, name)

    def tell(done: int) -> None:
        watch(PreparationProgress(f"tokenizing {name}", done, len(samples)))

    tell(0)
    return tokenizer.tokenize(samples, longest=longest, progress=tell)


def _foreign(base: Path, reason: str) -> UsageError:
    return UsageError(
        f"The tokenizer in {base} is not that of its model: {reason}.",
        hint="Take tokenizer.json and its companions from the very model that is tuned.",
    )


def _longest(settings: TrainSettings, info: BaseInfo) -> int:
    context = info.context_length
    if not context and not settings.longest_sample:
        raise ModelError(
            f"{info.folder / CONFIG_FILE} does not say how long the model's context is.",
            hint="Set longest_sample.",
        )
    wanted = settings.longest_sample or context
    return min(wanted, context) if context else wanted


def _samples(dataset: Path, name: str) -> list[Sample]:
    if not dataset.is_dir():
        raise UsageError(
            f"There is no folder {dataset}.",
            hint="Name the folder that `assistant-convert dataset` wrote. A hub's name is not "
            "accepted: this program downloads nothing.",
        )
    samples = list(read_samples(dataset / name))
    if not samples:
        raise UsageError(
            f"{dataset / name} holds no sample.",
            hint="Make the dataset with: assistant-convert dataset --help",
        )
    return samples
