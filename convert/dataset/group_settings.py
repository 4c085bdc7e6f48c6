"""How passages and questions are grouped into prompts."""

from __future__ import annotations

from dataclasses import dataclass

from assistant.errors import UsageError

_SHARES = (
    "refusal_share",
    "near_share",
    "outside_share",
    "window_share",
    "synthetic_share",
    "bare_share",
)


@dataclass(frozen=True, slots=True)
class GroupSettings:
    """A group is one set of passages in one order, asked many questions.

    Training computes a group's passages once for all its questions.
    """

    passages: tuple[float, ...] = (0.1, 0.3, 0.35, 0.25)
    """Weights of groups with 1, 2, 3, ... passages."""

    refusal_share: float = 0.33
    """Share of refusals among all samples. Human-written unanswerable questions are always
    taken; others are added up to this share."""

    near_share: float = 0.8
    """Share of the added refusals that ask about the same document (its nearest paragraphs
    that are not shown); the others ask about other documents."""

    synthetic_share: float = 0.0
    """Share of the added refusals that are made by rules from an answerable question (see
    `convert.dataset.unanswerable_questions`)."""

    outside_share: float = 0.15
    """Share of passages that come from another document, the nearest to the group's first."""

    bare_share: float = 0.15
    """Share of passages that are taken as they come, though nothing may be asked of them."""

    window_share: float = 0.3
    """Share of groups whose passages are cut to windows of whole sentences, as the laptop
    cuts them; what is asked about the rest becomes a refusal."""

    window_tokens: int = 350
    """Tokens (estimated at 4.4 characters) that all windows of a prompt have together."""

    longest_answer: int = 400
    """Characters. A longer answer would not fit the laptop's `max_answer_tokens`."""

    questions: int = 24
    """Most samples of one group."""

    def __post_init__(self) -> None:
        if not self.passages or sum(self.passages) <= 0 or min(self.passages) < 0:
            raise UsageError("'passages' needs weights of 0 or more, one of them above 0.")
        for name in _SHARES:
            value = getattr(self, name)
            if not 0 <= value <= 1:
                raise UsageError(f"'{name}' is {value}; it must be from 0 to 1.")
        if self.refusal_share >= 1:
            raise UsageError("'refusal_share' must be below 1.")
        if min(self.window_tokens, self.longest_answer, self.questions) < 1:
            raise UsageError("window_tokens, longest_answer and questions must be 1 or more.")
