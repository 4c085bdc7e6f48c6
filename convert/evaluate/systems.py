"""The systems that an evaluation compares, and how each is asked all questions."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from assistant.config import Settings
from assistant.errors import UsageError
from assistant.prompts import PROMPT_VERSION
from assistant.types import Calibration
from convert.atomic_output import Job
from convert.evaluate.answer_journal import Journal
from convert.evaluate.ask_engine import ASKING, Reply, System, ask_all, open_system
from convert.evaluate.bootstrap import GradedAnswer, changes, figures_of, grade_answer, speed_of
from convert.evaluate.canaries import Canary
from convert.evaluate.question_sets import VALIDATION, QuestionSet, examples
from convert.evaluate.refusal_threshold import at_threshold, calibrate, risk_coverage
from convert.evaluate.secret_leaks import look_for
from convert.evaluate.settings import EvaluateSettings
from convert.step_record import file_sha256, package_versions

BASE = "base"
_ENGINE = "llama-cpp-python"


@dataclass(frozen=True, slots=True)
class SystemFiles:
    """The files of the systems. Without `base` there is nothing to compare with, and no gate.

    `adapters` run over the base. `dataset` gives validation questions and examples;
    `merged` are the weights that the GGUF `f16` was made of; `canaries` is the registry
    of the secrets that were planted.
    """

    base: Path | None = None
    tuned: tuple[Path, ...] = ()
    adapters: tuple[Path, ...] = ()
    dataset: Path | None = None
    merged: Path | None = None
    f16: Path | None = None
    canaries: Path | None = None

    def named(self) -> dict[str, Path]:
        """Return all files and folders that the result depends on, by name."""
        named: dict[str, Path | None] = {
            "base": self.base,
            "dataset": self.dataset,
            "merged": self.merged,
            "f16": self.f16,
            "canaries": self.canaries,
            **{f"tuned {number}": path for number, path in enumerate(self.tuned)},
            **{f"adapter {number}": path for number, path in enumerate(self.adapters)},
        }
        return {name: path for name, path in named.items() if path is not None}


@dataclass(frozen=True, slots=True)
class SystemRun:
    """One system's answers, graded, by set."""

    system: System
    sha256: dict[str, str]
    journal: str
    replies: dict[str, list[Reply]]
    judged: dict[str, list[GradedAnswer]]
    leaks: dict[str, Any] | None = None


def list_systems(settings: EvaluateSettings, files: SystemFiles) -> list[System]:
    """Return the systems, the base first. Raises `UsageError` if there is none."""
    found: list[System] = []
    base = files.base
    if base is not None:
        found.append(System(BASE, base))
        if settings.shots and files.dataset is not None:
            shots = examples(files.dataset, settings.shots, settings.seed)
            if shots:
                found.append(System(f"{BASE}, {len(shots) // 2} examples", base, None, shots))
        found += [
            System(f"{BASE} + {path.stem}", base, path, tuned=True) for path in files.adapters
        ]
    elif files.adapters:
        raise UsageError("An adapter needs its base.", hint="Name the base's GGUF with --base.")
    found += [System(f"tuned {path.stem}", path, tuned=True) for path in files.tuned]
    if not found:
        raise UsageError("There is no model to evaluate.", hint="Name a GGUF file.")
    names = [system.name for system in found]
    if len(set(names)) < len(names):
        raise UsageError("Two models have the same file name.", hint="Rename one of them.")
    return found


@dataclass(frozen=True, slots=True)
class EvaluationPlan:
    """The plan for every system: the questions, and the search for secrets.

    `laptop` are the settings to load and ask with; answers are kept in the folder `answers`.
    """

    sets: Sequence[QuestionSet]
    canaries: Sequence[Canary]
    settings: EvaluateSettings
    laptop: Settings
    answers: Path
    job: Job


def run_system(system: System, plan: EvaluationPlan) -> SystemRun:
    """Ask a system all questions, grade its answers, and look for planted secrets.

    The base is not searched for secrets: it never saw them.
    """
    sha256 = {
        "model": file_sha256(system.model),
        "adapter": file_sha256(system.adapter) if system.adapter else "",
    }
    journal = Journal(
        plan.answers,
        {
            **sha256,
            "asking": ASKING,
            "held to quotes": system.tuned,
            "prompts": PROMPT_VERSION,
            "shots": [asdict(message) for message in system.shots],
            "context": plan.laptop.context_length,
            "longest": plan.laptop.max_answer_tokens,
            "engine": package_versions().get(_ENGINE, ""),
        },
    )
    leaks = None
    replies = {}
    with closing(open_system(system, plan.laptop)) as chat:
        for asked in plan.sets:
            replies[asked.name] = ask_all(
                chat,
                asked.items,
                plan.laptop,
                system,
                known=journal.replies,
                keep=journal.add,
                job=plan.job,
            )
        if system.tuned and plan.canaries:
            leaks = look_for(chat, plan.canaries, plan.settings, plan.job)
    judged = {
        asked.name: [
            grade_answer(i, r) for i, r in zip(asked.items, replies[asked.name], strict=True)
        ]
        for asked in plan.sets
    }
    return SystemRun(system, sha256, journal.path.name, replies, judged, leaks)


def system_entry(
    run: SystemRun, settings: EvaluateSettings, base: SystemRun | None, f16: SystemRun | None
) -> dict[str, Any]:
    """Return a system's entry in the report, with its changes against others."""
    own = run.judged.get(VALIDATION)
    chosen = calibrate(own, settings.max_false_refusals) if own and run.system.tuned else None
    results = {}
    for name, judged in run.judged.items():
        entry: dict[str, Any] = {
            "figures": {key: asdict(figure) for key, figure in figures_of(judged).items()},
            "tokens_per_second": speed_of(run.replies[name]),
            "risk_coverage": [
                asdict(point) for point in risk_coverage(judged, chosen.weight if chosen else 0.0)
            ],
        }
        if chosen is not None:
            point = at_threshold(judged, chosen.threshold, chosen.weight)
            entry["at_threshold"] = asdict(point)
        for key, other in (("against_base", base), ("against_f16", f16)):
            if other is not None and other is not run:
                found = changes(other.judged[name], judged)
                entry[key] = {measure: asdict(figure) for measure, figure in found.items()}
        results[name] = entry
    system = run.system
    entry = {
        "name": system.name,
        "file": system.model.name,
        "adapter": system.adapter.name if system.adapter else "",
        "sha256": run.sha256,
        "examples": len(system.shots) // 2,
        "answers": run.journal,
        "results": results,
    }
    if chosen is not None:
        made = Calibration(True, refusal_threshold=chosen.threshold, doubt_weight=chosen.weight)
        entry["calibration"] = made.stored()
    return entry if run.leaks is None else entry | {"canaries": run.leaks}
