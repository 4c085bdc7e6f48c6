"""Calibration of one chat model: the figures measured for it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

MAX_FIGURES = 64
_CONFIDENCE = "confidence_"
_NUMBERS = (
    "refusal_threshold",
    "list_threshold",
    "doubt_weight",
    "answer_threshold",
)


class Doubtful(Protocol):
    """An answer with a doubt: how much speaks for refusing instead."""

    def doubt(self, weight: float) -> float: ...


@dataclass(frozen=True, slots=True)
class Calibration:
    """The figures of one chat model; without arguments those of a model that has none.

    Thresholds are doubts in nats (`Quoted.doubt`): above one, the answer is a refusal.
    """

    quotes_only: bool = False
    """The model was tuned to answer with a quote or a refusal and nothing else. It is then
    asked with `ChatEngine.quote`."""

    refusal_threshold: float = 0.0
    """For a question that is asked with all its passages. With 0 the likelier one wins: the
    first token of a refusal or that of a quote."""

    list_threshold: float | None = None
    """For the parts of long material that are asked one by one for a list. Without it
    `refusal_threshold` counts."""

    doubt_weight: float = 0.0
    """How much an unlikely quote counts for refusing; see `Quoted.doubt`."""

    answer_threshold: float | None = None
    """An answer that is right with a lower probability is not given. It takes the place of
    `refusal_threshold` where there are weights for the confidence."""

    confidence: Mapping[str, float] = field(default_factory=dict)
    """How sure an answer is: the weight of each feature by its name, and the "intercept"; see
    `assistant.answering.confidence`. Empty where nothing was fitted."""

    others: Mapping[str, float] = field(default_factory=dict)
    """Stored figures that this version has no use for, kept so that `stored` gives back what was
    read: a bundle's are signed."""

    def refuses(self, answer: Doubtful) -> bool:
        """Whether the doubt about an answer is too great to give it."""
        return self._above(answer, self.refusal_threshold)

    def refuses_part(self, answer: Doubtful) -> bool:
        """The same for one part of long material that is asked for a list."""
        return self._above(answer, self.list_threshold)

    def _above(self, answer: Doubtful, threshold: float | None) -> bool:
        limit = self.refusal_threshold if threshold is None else threshold
        return answer.doubt(self.doubt_weight) > limit

    def first_bias(self, refusal: str) -> tuple[tuple[str, float], ...]:
        """Return the `Sampling.first_bias` with which a model that writes freely refuses."""
        return ((refusal, -self.refusal_threshold),) if self.refusal_threshold else ()

    @classmethod
    def read(cls, stored: object) -> Calibration:
        """Read what `stored` gives: a table of numbers by name.

        Raises `ValueError`, which says what is wrong with it.
        """
        if not isinstance(stored, dict) or len(stored) > MAX_FIGURES:
            raise ValueError("it is no short table")
        others = {str(name): _number(name, value) for name, value in stored.items()}
        if others.get("quotes_only", 1.0) not in (0.0, 1.0):
            raise ValueError("'quotes_only' is neither 0 nor 1")
        quotes_only = others.get("quotes_only") == 1.0
        if quotes_only:
            del others["quotes_only"]
        usual = cls()
        said = [n for n in _NUMBERS if others.get(n) not in (None, getattr(usual, n))]
        known = {name: others.pop(name) for name in said}
        weights = [name for name in others if name.startswith(_CONFIDENCE)]
        return cls(
            quotes_only=quotes_only,
            **known,
            confidence={name.removeprefix(_CONFIDENCE): others.pop(name) for name in weights},
            others=others,
        )

    def stored(self) -> dict[str, float]:
        """Return the form that records, bundles and the catalogue keep: numbers by name.

        What is as in a model without figures is left out, but for what was read so.
        """
        usual = Calibration()
        return {
            **self.others,
            **({"quotes_only": 1.0} if self.quotes_only else {}),
            **{n: getattr(self, n) for n in _NUMBERS if getattr(self, n) != getattr(usual, n)},
            **{_CONFIDENCE + name: weight for name, weight in self.confidence.items()},
        }


def _number(name: object, value: object) -> float:
    try:
        if type(value) in (int, float) and math.isfinite(number := float(value)):  # type: ignore[arg-type]
            return number
    except OverflowError:  # a whole number of more digits than a float can hold
        pass
    raise ValueError(f"{str(name)[:80]!a} is no finite number")
