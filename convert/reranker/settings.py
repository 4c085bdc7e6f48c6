"""Settings of a reranker's tuning."""

from __future__ import annotations

from dataclasses import dataclass

from convert.embedder.settings import Batch, Negatives, Rate, Tokens, TuneSettings
from convert.settings import Count


@dataclass(frozen=True, slots=True)
class RerankerSettings(TuneSettings):
    """How a cross-encoder is tuned: each question beside one right and several wrong passages."""

    held_out: Count = 100
    """Held-out questions by which the tuning is judged; 0 is all. Each costs twenty runs."""

    negatives: Negatives = 4
    """Hard negatives that stand beside the right passage of each question."""

    batch: Batch = 8
    """Questions of one step; each has 1 + `negatives` pairs."""

    max_tokens: Tokens = 192
    """Tokens of question and passage together, in tuning and on the laptop."""

    learning_rate: Rate = 1e-4
    """Greatest learning rate (AdamW). The head is new, so it is higher than an embedder's."""
