"""The history of a run's losses, and what it says: overfitting, when to stop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

OVERFIT_RISE = 0.01
"""How far above its best (as a share) the held-out loss must be for a warning."""


@dataclass(frozen=True, slots=True)
class TrainingStepRecord:
    """One step. `loss` is the mean token loss in nats before the step, `rate` the learning
    rate, `gradient` the gradients' 2-norm before clipping, `seconds` the step's own time.
    """

    step: int
    epoch: int
    loss: float
    rate: float
    gradient: float
    samples: int
    tokens: int
    labels: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Evaluation:
    """One evaluation. `loss` is the held-out mean token loss in nats.

    Of the answered samples: `exact` and `f1` over those with an answer, `refused` the share
    of the others that were refused, `false_refusals` the share of answers that were
    refused, `verbatim` the share of quotes that stand in the passages, `score` the mean F1
    over all (refusing rightly is 1). None where nothing was there to be counted.
    """

    step: int
    loss: float
    seconds: float
    answered: int = 0
    exact: float | None = None
    f1: float | None = None
    refused: float | None = None
    false_refusals: float | None = None
    verbatim: float | None = None
    score: float | None = None


@dataclass
class History:
    """The curves of a run, and how long it took in all (interruptions not counted)."""

    steps: list[TrainingStepRecord] = field(default_factory=list)
    evaluations: list[Evaluation] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def last_step(self) -> int:
        return self.steps[-1].step if self.steps else 0


def best(evaluations: Sequence[Evaluation], by: str, least: float = 0.0) -> Evaluation | None:
    """Return the first evaluation that none after it bettered by more than `least`.

    `by` is "loss" (lower is better) or "score" (higher).
    """
    chosen: Evaluation | None = None
    for one in evaluations:
        if chosen is None or _value(one, by) < _value(chosen, by) - least:
            chosen = one
    return chosen


def should_stop(
    evaluations: Sequence[Evaluation], chosen: Evaluation | None, patience: int
) -> bool:
    """Tell whether `patience` evaluations (0: never) followed `chosen`, the best one, in vain.

    The evaluation before the first step counts as one that can be bettered, not as a try.
    """
    if chosen is None or not patience:
        return False
    return sum(one.step > chosen.step for one in evaluations) >= patience


def overfitting(history: History) -> str | None:
    """Return a warning if the held-out loss rises while the training loss falls.

    It must stand 1% above its best, and the mean training loss since the evaluation before
    must be lower than before the best evaluation.
    """
    seen = history.evaluations
    lowest = best(seen, "loss")
    if lowest is None or lowest is seen[-1] or len(seen) < 3:
        return None
    last = seen[-1]
    if last.loss < lowest.loss * (1 + OVERFIT_RISE):
        return None
    now = _mean_loss(history.steps, seen[-2].step, last.step)
    then = _mean_loss(history.steps, lowest.step - (last.step - seen[-2].step), lowest.step)
    if now is None or then is None or now >= then:
        return None
    return (
        f"Step {last.step}: the held-out loss has risen to {last.loss:.3f} (best {lowest.loss:.3f} "
        f"at step {lowest.step}) while the training loss fell from {then:.3f} to {now:.3f}: the "
        "model learns the samples by heart. The weights of the best evaluation are kept; more "
        "data, fewer epochs, a lower rank or dropout help."
    )


def _value(one: Evaluation, by: str) -> float:
    """Return the criterion as a number of which less is better."""
    if by == "loss":
        return one.loss
    return -(one.score if one.score is not None else 0.0)


def _mean_loss(steps: Sequence[TrainingStepRecord], after: int, until: int) -> float | None:
    seen = [s for s in steps if after < s.step <= until]
    labels = sum(s.labels for s in seen)
    return sum(s.loss * s.labels for s in seen) / labels if labels else None
