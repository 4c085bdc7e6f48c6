"""Check what the evaluation's report says of the very file that is packed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assistant.bundle.manifest import GateResult
from assistant.errors import UsageError
from assistant.strict_reader import read_file, read_json, refused
from convert.bundle.lineage import numbers, plain
from convert.evaluate.release_gate import GateError

REPORT_FILE = "evaluation.json"
_MAX_REPORT = 64 << 20


@dataclass(frozen=True, slots=True)
class _Finding:
    demand: str
    met: bool
    figures: str


@dataclass(frozen=True, slots=True)
class _Verdict:
    passed: bool | None = None
    findings: tuple[_Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class SystemReport:
    """A report's entry for one system. `calibration` was measured for the laptop to use."""

    sha256: dict[str, str]
    name: str = ""
    results: dict[str, dict[str, Any]] = field(default_factory=dict)
    calibration: dict[str, float] = field(default_factory=dict)
    gate: _Verdict = _Verdict()


@dataclass(frozen=True, slots=True)
class Report:
    """The report of an evaluation, as far as it is looked at."""

    contenders: tuple[SystemReport, ...]
    prompt_version: int | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    sets: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A report, and the part of it that is about one payload."""

    report: Report
    system: SystemReport

    @property
    def passed(self) -> bool:
        """The system's own verdict; the report's covers all systems."""
        return self.system.gate.passed is True

    @property
    def findings(self) -> list[tuple[str, bool, str]]:
        """What the gate demanded, whether it was met, and the figures in words."""
        return [(f.demand, f.met, f.figures) for f in self.system.gate.findings]

    @property
    def failures(self) -> list[str]:
        return [f"{demand} ({figures})" for demand, met, figures in self.findings if not met]

    @property
    def figures(self) -> Mapping[str, Any]:
        """The means of every measure, by set of questions."""
        return {
            name: {measure: f["value"] for measure, f in found.get("figures", {}).items()}
            for name, found in self.system.results.items()
        }


def read_evaluation(folder: Path, payload: str, base: str) -> Evaluation:
    """Find the payload (its SHA-256) in an evaluation; `base` is the base's for an adapter.

    Raises `UsageError` if the report can't be read, or is about other files.
    """
    path = folder / REPORT_FILE
    hint = "Name the folder that assistant-convert evaluate wrote."
    with refused(UsageError, str(path), hint):
        report = read_json(read_file(path, _MAX_REPORT), Report, more_keys=True)
    wanted = {"model": base, "adapter": payload} if base else {"model": payload, "adapter": ""}
    found = [entry for entry in report.contenders if entry.sha256 == wanted]
    if not found:
        raise UsageError(
            f"{path} is not about the file that is to be packed.",
            hint="Evaluate this very file (over this very base): assistant-convert evaluate",
        )
    return Evaluation(report, found[0])


def summary(evaluation: Evaluation) -> dict[str, Any]:
    """Return what of the report goes into a bundle: figures and verdicts, no texts of others.

    The report may name files, planted secrets and questions; those stay here.
    """
    report = evaluation.report
    return {
        "prompt_version": report.prompt_version,
        "settings": plain(report.settings),
        "sets": [plain(entry) for entry in report.sets],
        "contenders": [
            {
                "name": plain(entry.name),
                "sha256": plain(entry.sha256),
                "results": numbers(entry.results),
                "passed": entry.gate.passed,
            }
            for entry in report.contenders
        ],
        "findings": evaluation.findings,
    }


def decide(evaluation: Evaluation | None, forced: str) -> GateResult:
    """Return the manifest's gate. Raises `GateError` if it may not be packed."""
    if evaluation is not None and evaluation.passed:
        return GateResult(evaluated=True, passed=True, forced="")
    if not forced.strip():
        why = "it was not evaluated"
        if evaluation is not None:
            why = "; ".join(evaluation.failures) or "there was no base to compare it with"
        raise GateError(
            f"It is not packed: {why}.",
            hint="Evaluate it: assistant-convert evaluate. To pack it all the same, say why: "
            "--force-without-gate REASON (it will stand in the manifest).",
        )
    return GateResult(evaluated=evaluation is not None, passed=False, forced=forced.strip()[:200])
