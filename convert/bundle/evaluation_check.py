"""What the evaluation says of the very file that is packed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.bundle.manifest import Gate
from assistant.errors import UsageError
from assistant.types import Calibration
from convert.bundle.lineage import numbers, plain
from convert.evaluate.release_gate import GateError

REPORT_FILE = "evaluation.json"
_MAX_REPORT = 64 << 20


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The report of an evaluation, and the part of it that is about one payload."""

    report: Mapping[str, Any]
    contender: Mapping[str, Any]
    passed: bool

    @property
    def calibration(self) -> Calibration:
        """What was measured for the laptop to use. Raises `UsageError` if it is damaged."""
        try:
            return Calibration.read(self.contender.get("calibration", {}))
        except ValueError as error:
            raise UsageError(
                f"The calibration in {REPORT_FILE} is damaged: {error}.",
                hint="Evaluate again: assistant-convert evaluate",
            ) from error

    @property
    def findings(self) -> list[tuple[str, bool, str]]:
        """What the gate demanded, whether it was met, and the figures in words."""
        rows = self.contender.get("gate", {}).get("findings", [])
        return [(str(r["demand"]), r["met"] is True, str(r["figures"])) for r in rows]

    @property
    def failures(self) -> list[str]:
        return [f"{demand} ({figures})" for demand, met, figures in self.findings if not met]

    @property
    def figures(self) -> Mapping[str, Any]:
        """The means of every measure, by set of questions."""
        results = self.contender.get("results", {})
        return {
            name: {
                measure: figure["value"]
                for measure, figure in found.get("figures", {}).items()
                if isinstance(figure, Mapping) and "value" in figure
            }
            for name, found in results.items()
            if isinstance(found, Mapping)
        }


def read_evaluation(folder: Path, payload: str, base: str) -> Evaluation:
    """Find the payload (its SHA-256) in an evaluation; `base` is the base's for an adapter.

    Raises `UsageError` if the report can't be read, or is about other files.
    """
    path = folder / REPORT_FILE
    try:
        with path.open("rb") as file:
            report = json.loads(file.read(_MAX_REPORT))
        contenders = report["contenders"]
        wanted = {"model": base, "adapter": payload} if base else {"model": payload, "adapter": ""}
        found = [entry for entry in contenders if entry["sha256"] == wanted]
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise UsageError(
            f"{path} can't be read: {type(error).__name__}.",
            hint="Name the folder that assistant-convert evaluate wrote.",
        ) from error
    if not found:
        raise UsageError(
            f"{path} is not about the file that is to be packed.",
            hint="Evaluate this very file (over this very base): assistant-convert evaluate",
        )
    # The contender's own verdict: the report's is about all that took part.
    gate = found[0].get("gate", {})
    return Evaluation(report, found[0], gate.get("passed") is True)


def summary(evaluation: Evaluation) -> dict[str, Any]:
    """Return what of the report goes into a bundle: figures and verdicts, no texts of others.

    The report may name files, planted secrets and questions; those stay here.
    """
    contenders = evaluation.report["contenders"]
    return {
        "prompt_version": evaluation.report.get("prompt_version"),
        "settings": plain(evaluation.report.get("settings", {})),
        "sets": [plain(entry) for entry in evaluation.report.get("sets", [])],
        "contenders": [
            {
                "name": plain(entry.get("name", "")),
                "sha256": plain(entry["sha256"]),
                "results": numbers(entry.get("results", {})),
                "passed": entry.get("gate", {}).get("passed"),
            }
            for entry in contenders
        ],
        "findings": evaluation.findings,
    }


def decide(evaluation: Evaluation | None, forced: str) -> Gate:
    """Return the manifest's gate. Raises `GateError` if it may not be packed."""
    if evaluation is not None and evaluation.passed:
        return Gate(evaluated=True, passed=True, forced="")
    if not forced.strip():
        why = "it was not evaluated"
        if evaluation is not None:
            why = "; ".join(evaluation.failures) or "there was no base to compare it with"
        raise GateError(
            f"It is not packed: {why}.",
            hint="Evaluate it: assistant-convert evaluate. To pack it all the same, say why: "
            "--force-without-gate REASON (it will stand in the manifest).",
        )
    return Gate(evaluated=evaluation is not None, passed=False, forced=forced.strip()[:200])
