"""Estimate what each option costs: training, disk, tokens and upkeep, each with its source."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from assistant.advice.evidence import Evidence
from assistant.advice.questionnaire import QuestionnaireAnswers
from assistant.errors import UsageError
from assistant.strict_reader import Meta, fitted, read_file, read_json, refused

REFERENCE_SPEED = 7.15
"""Training samples a second: SmolLM2-135M, LoRA of rank 32, two processor cores, SQuAD with
three paragraphs a prompt (docs/training.md)."""

REFERENCE_PARAMETERS = 135_000_000
EPOCHS = 2
USUAL_EXAMPLES = 1_000
"""Examples that a training is reckoned with if nobody says how many there are."""

HANDS_ON_HOURS = 1.0
"""A person's time for one training: preparing it, reading the gate's report, carrying the
bundle. A guess; said as one."""

ADDING_HOURS = 0.1
"""A person's time for adding changed files to a library. A guess; said as one."""

_MOST_BYTES = 64 << 20


@dataclass(frozen=True, slots=True)
class Sizes:
    """Bytes on disk, and the parameters of the base model; 0 for what is not there."""

    library: int = 0
    embedder: int = 0
    model: int = 0
    adapter: int = 0
    parameters: int = 0


@dataclass(frozen=True, slots=True)
class Speed:
    """Training samples a second, for a model of so many parameters, and who says so."""

    samples_per_second: float = REFERENCE_SPEED
    parameters: int = REFERENCE_PARAMETERS
    source: str = "measured with SmolLM2-135M on two processor cores (docs/training.md)"
    measured_here: bool = False


@dataclass(frozen=True, slots=True)
class Costs:
    """Hours of one training, of measuring what came out, and of all that one change needs."""

    training: float
    measuring: float
    examples: int
    source: str
    sizes: Sizes

    @property
    def retuning(self) -> float:
        """Hours for one change of what a model knows: training, measuring, a person's time."""
        return self.training + self.measuring + HANDS_ON_HOURS


def costs_of(
    answers: QuestionnaireAnswers, evidence: Evidence | None, sizes: Sizes, speed: Speed
) -> Costs:
    """Reckon the costs. The time of a training grows with examples and parameters."""
    examples = int(answers.examples) or USUAL_EXAMPLES
    scale = 1.0
    if not speed.measured_here and sizes.parameters:
        scale = sizes.parameters / speed.parameters
    training = EPOCHS * examples * scale / speed.samples_per_second / 3600
    measuring = 0.0
    if evidence is not None:
        measuring = evidence.questions * sum(arm.median for arm in evidence.arms) / 3600
    return Costs(training, measuring, examples, speed.source, sizes)


_Positive = Annotated[float, Meta(gt=0, lt=1e12)]


@dataclass(frozen=True, slots=True)
class _Step:
    samples: _Positive
    seconds: _Positive


@dataclass(frozen=True, slots=True)
class _History:
    steps: tuple[_Step, ...]


@dataclass(frozen=True, slots=True)
class _Training:
    history: _History


def read_speed(path: Path) -> Speed:
    """Read how fast a training was: `training.json` of `assistant-convert train`.

    Raises `UsageError`.
    """
    hint = "Name the training.json that `assistant-convert train` wrote."
    with refused(UsageError, f"{path} is no record of a training", hint=hint):
        table = read_json(read_file(path, _MOST_BYTES), dict[str, Any])
        whole = table if "history" in table else {"history": table}
        steps = fitted(whole, _Training, more_keys=True).history.steps
    if not steps:
        raise UsageError(f"{path.name} holds no step of a training.", hint=hint)
    speed = sum(step.samples for step in steps) / sum(step.seconds for step in steps)
    return Speed(speed, 0, f"measured in {path.name}", measured_here=True)
