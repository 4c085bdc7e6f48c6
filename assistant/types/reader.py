"""What an extractive reader says of a question and a passage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from assistant.types.cancel import CancelToken


@dataclass(frozen=True, slots=True)
class ReadSpan:
    """The stretch `start:end` of a passage's text that may be the answer.

    `score` is the sum of its start's and its end's logit.
    """

    start: int
    end: int
    score: float


@dataclass(frozen=True, slots=True)
class Reading:
    """What the reader finds in one passage.

    `spans` are the best ones, best first, and overlap little; `no_answer` is the score, on the
    same scale, that the passage holds none; `relevance` is the logit that it answers at all.
    """

    spans: tuple[ReadSpan, ...]
    no_answer: float
    relevance: float = 0.0


@dataclass(frozen=True, slots=True)
class ReaderCalibration:
    """Figures that were measured for one reader.

    `weights` are those of the logistic function of `answering.reader_confidence` (nats for
    each feature); an answer is given from `threshold` (0..1) on. Without weights the margin
    between span and "no answer" decides alone.
    """

    weights: Mapping[str, float] = field(default_factory=dict)
    threshold: float = 0.5


class Reader(Protocol):
    """An extractive reader. Safe to use from several threads."""

    @property
    def name(self) -> str: ...

    @property
    def calibration(self) -> ReaderCalibration: ...

    def reads_whole(self, question: str) -> bool:
        """Whether a question is short enough; of a longer one only the beginning is read."""
        ...

    def read(
        self, question: str, passages: Sequence[str], cancel: CancelToken | None = None
    ) -> list[Reading]:
        """Read each passage for itself, in order; offsets are those of the passage's own text.

        A passage of any length is read by windows. Raises `EngineError` and `Cancelled`.
        """
        ...
