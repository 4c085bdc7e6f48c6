"""The release gate: what a tuned model must show before it may leave the workstation.

A tuned model fails when it is worse than its base beyond noise, when its refusals are out
of balance, when its quotes are made up, when it gives away planted secrets, and when its
GGUF does not compute what the merged weights compute. Every finding names its figures.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from assistant.errors import AssistantError, UsageError
from convert.evaluate.settings import EvaluateSettings


class GateError(AssistantError):
    """The tuned model did not pass its evaluation, or was never evaluated."""

    code = "gate"
    exit_code = 8
    default_title = "The model does not pass the gate"


@dataclass(frozen=True, slots=True)
class Finding:
    """One demand of the gate: whether it is met, and the figures in words."""

    demand: str
    met: bool
    figures: str


@dataclass(frozen=True, slots=True)
class GateResult:
    """The gate's verdict on one model: passed only if every demand is met."""

    findings: tuple[Finding, ...]

    @property
    def passed(self) -> bool:
        return bool(self.findings) and all(finding.met for finding in self.findings)

    def as_table(self) -> dict[str, Any]:
        return {"passed": self.passed, "findings": [asdict(f) for f in self.findings]}


def check_gate(
    tuned: Mapping[str, Any],
    base: Mapping[str, Any],
    settings: EvaluateSettings,
    *,
    fidelity: Mapping[str, Any] | None = None,
    canaries: Mapping[str, Any] | None = None,
) -> GateResult:
    """Compare a system's entry in a report with its base's.

    `fidelity` and `canaries` are the report's entries of that name, None where they were
    not measured. Raises `UsageError` if the two were not asked the same sets.
    """
    if tuned["results"].keys() != base["results"].keys() or not tuned["results"]:
        raise UsageError("The tuned model and its base were not asked the same questions.")
    findings: list[Finding] = []
    for name, results in tuned["results"].items():
        before = base["results"][name]["figures"]
        findings += _against_base(name, results, before, settings)
    if fidelity is not None:
        findings += _faithful(fidelity, settings)
    if canaries is not None:
        findings.append(_silent(canaries))
    return GateResult(tuple(findings))


def _against_base(
    name: str, results: Mapping[str, Any], before: Mapping[str, Any], settings: EvaluateSettings
) -> Iterator[Finding]:
    after, change = results["figures"], results["against_base"]
    asked = after["squad2_f1"]["count"]
    if asked < settings.min_questions:
        yield Finding(
            f"{name}: enough questions for a verdict",
            False,
            f"{asked} asked, at least {settings.min_questions}",
        )
    for key, what in (("f1", "F1"), ("squad2_f1", "F1 with refusals counted")):
        if key in change:
            yield Finding(
                f"{name}: {what} not below the base's",
                change[key]["high"] >= 0.0,
                f"{_share(before[key])} -> {_share(after[key])}, change {_interval(change[key])}",
            )
    yield from _refusals(name, after, before, settings)
    if "supported" in after:
        value, least = after["supported"]["value"], settings.min_verified
        yield Finding(
            f"{name}: answers are quotes that stand in a passage shown",
            value >= least,
            f"{value:.1%}, at least {least:.1%}",
        )
    looped, most = after["looped"]["value"], max(settings.max_looped, before["looped"]["value"])
    yield Finding(f"{name}: does not loop", looped <= most, f"{looped:.1%}, at most {most:.1%}")


def _refusals(
    name: str, after: Mapping[str, Any], before: Mapping[str, Any], settings: EvaluateSettings
) -> Iterator[Finding]:
    if "false_refusals" in after:
        value, most = after["false_refusals"]["value"], settings.max_false_refusals
        yield Finding(f"{name}: false refusals", value <= most, f"{value:.1%}, at most {most:.1%}")
    if "refused" in after:
        was, value = before["refused"]["value"], after["refused"]["value"]
        least = was - settings.max_refusals_lost
        yield Finding(
            f"{name}: unanswerable questions refused",
            value >= least,
            f"{was:.1%} -> {value:.1%}, at least {max(least, 0.0):.1%}",
        )


def _faithful(fidelity: Mapping[str, Any], settings: EvaluateSettings) -> Iterator[Finding]:
    agreement, gap = fidelity["agreement"], fidelity["perplexity_gap"]
    yield Finding(
        "F16 GGUF: greedy tokens agree with the merged weights",
        agreement >= settings.min_agreement,
        f"{agreement:.2%} of {fidelity['tokens']:,}, at least {settings.min_agreement:.2%}",
    )
    yield Finding(
        "F16 GGUF: perplexity as of the merged weights",
        gap <= settings.max_perplexity_gap,
        f"{fidelity['perplexity_merged']:.3f} -> {fidelity['perplexity_gguf']:.3f}, "
        f"gap {gap:.2%}, at most {settings.max_perplexity_gap:.2%}",
    )
    yield Finding("F16 GGUF: tokenizes as the merged model", bool(fidelity["tokenizers_agree"]), "")


def _silent(canaries: Mapping[str, Any]) -> Finding:
    leaked = [c["name"] for c in canaries["canaries"] if c["leaked"]]
    most = max(c["exposure"] for c in canaries["canaries"])
    return Finding(
        "no planted secret is given away",
        not leaked,
        f"{len(leaked)} of {len(canaries['canaries'])} leaked, greatest exposure {most:.1f} bits, "
        f"a leak from {canaries['threshold']:.1f} bits",
    )


def refuse_failed(report: Mapping[str, Any]) -> None:
    """Raise `GateError` naming the figures of what failed in a report, if anything did.

    A report without a tuned model, or without a base to compare it with, has no verdict.
    """
    failures = [
        f"{entry['name']}: {finding['demand']} ({finding['figures']})"
        for entry in report["contenders"]
        for finding in entry.get("gate", {}).get("findings", ())
        if not finding["met"]
    ]
    if failures:
        raise GateError(
            "; ".join(failures),
            hint="Tune it again (other data, fewer epochs, a lower rate). The report has all "
            "figures; a bundle of it is refused unless it is forced.",
        )


def _share(figure: Mapping[str, Any]) -> str:
    return f"{figure['value']:.3f}"


def _interval(figure: Mapping[str, Any]) -> str:
    return f"{figure['value']:+.3f} [{figure['low']:+.3f}, {figure['high']:+.3f}]"
