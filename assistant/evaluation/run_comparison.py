"""Compare a run with a saved one: what got worse beyond noise.

The same questions are compared, so the difference is a paired one. A figure got worse if
the whole bootstrap interval of its change lies on the worse side. All the figures that are
compared together are wrong in at most 5 % of the cases (Bonferroni), so each interval is
wider than 95 %. Times and memory depend on what else the machine does: they are shown in
the report and judged by nobody.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assistant.errors import SuiteError
from assistant.evaluation.bootstrap import CONFIDENCE, Figure, differences, sample
from assistant.evaluation.grading import Row
from assistant.evaluation.metrics import BETTER, GATED
from assistant.evaluation.saved_run import ArmRun, SavedRun

RESAMPLES = 10_000
VERBATIM = "verbatim"


@dataclass(frozen=True, slots=True)
class ArmChange:
    """One arm then and now: changes of each measure, and what of it is worse or better.

    `newly_wrong` and `newly_right` are ids of questions; `compared` how many there were.
    """

    arm: str
    compared: int
    changes: dict[str, Figure]
    worse: tuple[str, ...]
    improved: tuple[str, ...]
    newly_wrong: tuple[str, ...]
    newly_right: tuple[str, ...]


def compare(before: SavedRun, after: Sequence[ArmRun]) -> list[ArmChange]:
    """Return the change of each arm that both runs have.

    Raises `SuiteError` if no arm, or no unchanged question of one, is in both.
    """
    require_common(before, [arm.name for arm in after])
    known = {arm.name: arm for arm in before.arms}
    common = [arm for arm in after if arm.name in known]
    pairs = [(arm.name, *_paired(known[arm.name].rows, arm.rows)) for arm in common]
    for name, rows, _ in pairs:
        if not rows:
            raise SuiteError(
                f"The saved run asked '{name}' none of these questions.",
                hint="Compare with a run of the same suite.",
            )
    confidence = 1 - (1 - CONFIDENCE) / (len(GATED) * len(pairs))
    return [_change(name, old, new, confidence) for name, old, new in pairs]


def require_common(before: SavedRun, names: Sequence[str]) -> None:
    """Raise `SuiteError` if the saved run has none of these arms."""
    known = sorted(arm.name for arm in before.arms)
    if not set(known) & set(names):
        raise SuiteError(
            f"The saved run has other arms: {', '.join(known)}.",
            hint="Name one of them with --arm.",
        )


def _paired(before: Sequence[Row], after: Sequence[Row]) -> tuple[list[Row], list[Row]]:
    """Return the rows of the questions that are in both, unchanged, in one order."""
    known = {(row.id, row.digest): row for row in before}
    new = [row for row in after if (row.id, row.digest) in known]
    return [known[row.id, row.digest] for row in new], new


def _change(name: str, old: list[Row], new: list[Row], confidence: float) -> ArmChange:
    sampled = sample({"before": old, "after": new}, resamples=RESAMPLES)
    found = differences(sampled["before"], sampled["after"], confidence)
    pairs = list(zip(old, new, strict=True))
    worse = [key for key in GATED if key in found and _beyond(found[key], -BETTER[key])]
    # That quotes are verbatim is promised, not measured: one that is not is no noise.
    if VERBATIM in found and found[VERBATIM].value < 0 and VERBATIM not in worse:
        worse.append(VERBATIM)
    return ArmChange(
        name,
        len(pairs),
        found,
        tuple(worse),
        tuple(key for key in GATED if key in found and _beyond(found[key], BETTER[key])),
        tuple(b.id for a, b in pairs if a.right and not b.right),
        tuple(b.id for a, b in pairs if b.right and not a.right),
    )


def _beyond(figure: Figure, direction: int) -> bool:
    """Whether the whole interval lies above (1) or below (-1) no change."""
    if figure.low is None or figure.high is None:
        return False
    return figure.low > 0 if direction > 0 else figure.high < 0
