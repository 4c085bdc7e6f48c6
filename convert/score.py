"""How one answer is scored: the laptop's own functions, so that both sides mean the same."""

from assistant.evaluation.answer_scores import (
    exact,
    f1,
    normalise,
    prediction_of,
    quote_of,
    task_score,
)

__all__ = ["exact", "f1", "normalise", "prediction_of", "quote_of", "task_score"]
