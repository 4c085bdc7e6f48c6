"""Settings of RAFT samples: the table [dataset.raft] of a recipe."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from assistant.errors import UsageError


@dataclass(frozen=True, slots=True)
class RaftSettings:
    """Questions about a user's own library (Zhang et al. 2024, RAFT)."""

    pairs: Path
    """JSON lines, JSON, CSV or Parquet: question, and answer (verbatim), document, page,
    start and end, or unanswerable."""

    library: str = ""
    """Name of the library; the default one if empty."""

    data_dir: Path | None = None
    """Folder with the library, its key and the models; the user's own by default."""

    distractors: int = 2
    """Hard negatives beside the passage that holds the answer."""

    without_oracle: float = 0.2
    """Share of the answerable questions that are asked without the passage that holds the
    answer. They become refusals."""

    window_share: float = 0.5
    """Share of the samples whose passages are cut to windows as the laptop cuts them
    (`assistant.answering.prompt_budget`); the others show whole passages. Needs a chat model."""

    search_depth: int = 60
    """How many hits of the retriever the negatives are chosen from."""

    licence: str = ""
    """Licence of the documents, for the manifest."""

    def __post_init__(self) -> None:
        for name in ("without_oracle", "window_share"):
            value = getattr(self, name)
            if not 0 <= value <= 1:
                raise UsageError(f"[dataset.raft] '{name}' is {value}; it must be from 0 to 1.")
        if not 0 <= self.distractors <= 16:
            raise UsageError("[dataset.raft] 'distractors' must be from 0 to 16.")
        if not self.distractors < self.search_depth <= 1000:
            raise UsageError(
                "[dataset.raft] 'search_depth' must be over 'distractors' and at most 1000."
            )
