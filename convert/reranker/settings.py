"""Settings of a reranker's tuning."""

from __future__ import annotations

from dataclasses import dataclass

from convert.embedder.settings import TuneSettings


@dataclass(frozen=True, slots=True)
class RerankerSettings(TuneSettings):
    """How a cross-encoder is tuned: each question beside one right and several wrong passages."""

    held_out: int = 100
    """Held-out questions by which the tuning is judged; 0 is all. Each costs twenty runs."""

    negatives: int = 4
    """Hard negatives that stand beside the right passage of each question."""

    batch: int = 8
    """Questions of one step; each has 1 + `negatives` pairs."""

    max_tokens: int = 192
    """Tokens of question and passage together, in tuning and on the laptop."""

    learning_rate: float = 1e-4
    """Greatest learning rate (AdamW). The head is new, so it is higher than an embedder's."""
