"""Read from an evaluation run how well retrieval, tuning and both do on one person's questions."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from assistant.errors import SuiteError
from assistant.evaluation.bootstrap import Figure, Sampled, figures_of, interval, sample
from assistant.evaluation.grading import Row
from assistant.evaluation.saved_run import ArmRun, SavedRun

BARE, RETRIEVAL, TUNING, BOTH = "bare", "retrieval", "tuning", "both"
OPTIONS = (RETRIEVAL, TUNING, BOTH)
"""What can be recommended, the simplest first."""

RIGHT, SCORE = "right", "score"

EXTRACT_ROLE, SHOTS_ROLE = "extract", "shots"
_OPTION_OF = {
    EXTRACT_ROLE: RETRIEVAL, RETRIEVAL: RETRIEVAL, SHOTS_ROLE: RETRIEVAL, BARE: BARE,
    TUNING: TUNING, BOTH: BOTH,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Measured:
    """One arm: its figure, and what it costs to answer.

    Times in seconds, memory in bytes (0: not known), tokens are means over the questions.
    """

    arm: str
    role: str
    model: str
    figure: Figure
    figures: Mapping[str, Figure]
    median: float
    p95: float
    memory: int
    prompt_tokens: float
    tokens: float
    tokens_per_second: float


@dataclass(frozen=True, slots=True)
class Evidence:
    """A run, read for advice: its arms, and the paired differences between all of them.

    `changes` are by the names of two arms, from the first to the second.
    """

    made_at: str
    questions: int
    answerable: int
    measure: str
    arms: tuple[Measured, ...]
    changes: Mapping[tuple[str, str], Figure]

    @property
    def options(self) -> dict[str, Measured]:
        """The best arm of each option that was measured."""
        return self.best(lambda _: True)

    def best(self, fits: Callable[[Measured], bool]) -> dict[str, Measured]:
        """Return the best arm of each option, of those that fit where any does."""
        found: dict[str, Measured] = {}
        for arm in sorted(self.arms, key=lambda arm: (not fits(arm), -arm.figure.value)):
            found.setdefault(_OPTION_OF[arm.role], arm)
        return found

    def change(self, before: Measured, after: Measured) -> Figure:
        """Return how much better an arm is than another one, question by question."""
        return self.changes[before.arm, after.arm]

    def better(self, one: Measured, other: Measured) -> bool:
        """Whether an arm is better than another beyond noise (paired 95 % interval)."""
        low = self.change(other, one).low
        return low is not None and low > 0


def evidence_of(run: SavedRun, measure: str, tuned: Collection[str] = ()) -> Evidence:
    """Read a run. `tuned` names arms whose model was tuned, beside those that say so.

    Raises `SuiteError` for a run whose arms were asked different questions, and for a name
    in `tuned` that is no arm.
    """
    names = {arm.name for arm in run.arms}
    for name in tuned:
        if name not in names:
            raise SuiteError(f"The run has no arm '{name[:80]}'.", hint=f"It has: {_and(names)}.")
    try:
        sampled = sample({arm.name: arm.rows for arm in run.arms})
    except ValueError as error:
        raise SuiteError(
            "The arms of the run were asked different questions.",
            hint="Measure them in one run: assistant eval SUITE --for-advice",
        ) from error
    arms = tuple(_measured(arm, sampled[arm.name], measure, arm.name in tuned) for arm in run.arms)
    changes = {
        (one, other): _change(sampled[one], sampled[other], measure)
        for one in names
        for other in names
        if one != other
    }
    rows = run.arms[0].rows
    return Evidence(
        run.made_at,
        len(rows),
        sum(row.answerable for row in rows),
        measure,
        arms,
        changes,
    )


def role_of(arm: ArmRun, *, tuned: bool) -> str:
    """Return which part an arm plays in the comparison."""
    tuned = tuned or arm.tuned or arm.name.startswith("adapter:")
    if not arm.model:
        return EXTRACT_ROLE
    if arm.closed:
        return TUNING if tuned else BARE
    if tuned:
        return BOTH
    return SHOTS_ROLE if arm.shots else RETRIEVAL


def _change(before: Sampled, after: Sampled, measure: str) -> Figure:
    count = min(before.counts[measure], after.counts[measure])
    low, high = interval(after.draws[measure] - before.draws[measure], count)
    return Figure(after.values[measure] - before.values[measure], low, high, count)


def _measured(arm: ArmRun, sampled: Sampled, measure: str, tuned: bool) -> Measured:
    figures = figures_of(sampled)
    return Measured(
        arm.name,
        role_of(arm, tuned=tuned),
        arm.model,
        figures[measure],
        figures,
        _seconds(figures, "total_median"),
        _seconds(figures, "total_p95"),
        arm.memory,
        fmean(row.prompt_tokens for row in arm.rows),
        fmean(row.tokens for row in arm.rows),
        _speed(arm.rows),
    )


def _seconds(figures: Mapping[str, Figure], name: str) -> float:
    return figures[name].value / 1000 if name in figures else 0.0


def _speed(rows: Sequence[Row]) -> float:
    """Return tokens a second after the first one; 0 if nothing was written."""
    written = [r for r in rows if r.tokens > 1 and r.total_ms > r.first_token_ms >= 0]
    seconds = sum(r.total_ms - r.first_token_ms for r in written) / 1000
    return sum(r.tokens - 1 for r in written) / seconds if seconds else 0.0


def _and(names: Collection[str]) -> str:
    return ", ".join(sorted(names))
