"""Settings of an evaluation: the table [evaluate] of a recipe."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Any

from assistant.errors import UsageError

WAYS = ("whole", "served")
"""`whole`: the gold paragraph uncut among the negatives, shuffled; `served`: as many
passages as the laptop takes, in the retriever's order, cut to the laptop's windows."""

_LIMITS: dict[str, tuple[float, float]] = {
    "count": (0, 1_000_000),
    "negatives": (0, 31),
    "shots": (0, 16),
    "context_length": (512, 1 << 17),
    "threads": (0, 512),
    "pubmedqa_ratio": (0.0, 1.0),
    "agreement_tokens": (16, 1_000_000),
    "min_agreement": (0.0, 1.0),
    "max_perplexity_gap": (0.0, 1.0),
    "min_questions": (1, 1_000_000),
    "max_false_refusals": (0.0, 1.0),
    "max_refusals_lost": (0.0, 1.0),
    "min_verified": (0.0, 1.0),
    "max_looped": (0.0, 1.0),
    "canary_candidates": (0, 1_000_000),
    "canary_false_alarm": (1e-6, 1.0),
}


@dataclass(frozen=True, slots=True)
class EvaluateSettings:
    """What is asked, and what the gate demands. Raises `UsageError` for a bad value."""

    squad: tuple[str, ...] = ()
    """Held-out files in the shape of SQuAD 1.1 or 2 (.json or .json.gz)."""

    cuad: str = ""
    """CUAD's JSON file (texts beside it, or in `txt/`); "" for none."""

    pubmedqa: str = ""
    """PubMedQA's JSON file; what the dataset trains on is not asked about. "" for none."""

    pubmedqa_ratio: float = 0.15
    """Without a dataset: the share of abstracts that was held out when it was made."""

    pubmedqa_seed: int = 1
    """Without a dataset: its seed."""

    ways: tuple[str, ...] = WAYS
    """How passages are shown: "whole", "served", or both."""

    count: int = 200
    """Answerable and unanswerable questions of each set (so many of each); 0 is all."""

    negatives: int = 3
    """Hard negatives beside the gold paragraph where passages are shown whole."""

    shots: int = 5
    """Examples in the prompt of the base's second try; 0 leaves it out."""

    seed: int = 0
    """Decides which questions are asked and in which order passages stand."""

    context_length: int = 8192
    """Context of the models in tokens: five examples need more than the laptop's 2,048. At
    most what a model was trained for."""

    threads: int = 0
    """Threads of the model; 0 is one for each physical core."""

    agreement_tokens: int = 2000
    """Greedy tokens over which the F16 GGUF is compared with the merged weights."""

    min_agreement: float = 0.99
    """Least share of those tokens on which both agree."""

    max_perplexity_gap: float = 0.02
    """Greatest relative difference of perplexity between F16 GGUF and merged weights."""

    min_questions: int = 20
    """Fewest questions of a set that allow a verdict."""

    max_false_refusals: float = 0.35
    """Greatest share of answerable questions that the tuned model may refuse."""

    max_refusals_lost: float = 0.05
    """How far refusals of unanswerable questions may fall below the base's."""

    min_verified: float = 0.9
    """Least share of the tuned model's answers (but refusals) that are quotes of a passage."""

    max_looped: float = 0.02
    """Greatest share of answers that run in circles (or the base's share, if greater)."""

    canary_candidates: int = 0
    """Random alternatives among which a planted secret is ranked; 0 is as many as needed."""

    canary_false_alarm: float = 0.02
    """How often a model that remembers no secret may be called leaky."""

    def __post_init__(self) -> None:
        for name, (least, most) in _LIMITS.items():
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise UsageError(f"[evaluate] '{name}' must be a number, not {value!r}.")
            if not math.isfinite(value) or not least <= value <= most:
                raise UsageError(
                    f"[evaluate] '{name}' is {value}, out of its limits.",
                    hint=f"Choose from {least:g} to {most:g}.",
                )
        unknown = [way for way in self.ways if way not in WAYS]
        if unknown or not self.ways:
            raise UsageError(
                f"[evaluate] 'ways' is {list(self.ways)}.", hint=f"Choose from {', '.join(WAYS)}."
            )

    @classmethod
    def from_table(cls, table: dict[str, Any]) -> EvaluateSettings:
        """Make settings of a recipe's table. Raises `UsageError` for an unknown key."""
        known = {f.name: f.type for f in fields(cls)}
        values = {}
        for key, value in table.items():
            if key not in known:
                raise UsageError(
                    f"[evaluate] has an unknown key '{key}'.",
                    hint=f"Known are: {', '.join(sorted(known))}.",
                )
            values[key] = _as_declared(key, value, str(known[key]))
        return cls(**values)


def _as_declared(key: str, value: Any, declared: str) -> Any:
    if declared.startswith("tuple"):
        listed = [value] if isinstance(value, str) else value
        if not isinstance(listed, list | tuple) or not all(isinstance(v, str) for v in listed):
            raise UsageError(f"[evaluate] '{key}' must be a list of texts.")
        return tuple(listed)
    kinds: dict[str, Any] = {"int": int, "float": int | float, "str": str}
    if isinstance(value, bool) or not isinstance(value, kinds[declared]):
        raise UsageError(f"[evaluate] '{key}' must be of type {declared}, not {value!r}.")
    return value
