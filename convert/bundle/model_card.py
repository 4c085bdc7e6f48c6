"""Make the model card from the records: origin, quality, licence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from assistant.bundle.manifest import Base, GateResult, Manifest, Source, Step

_SHOWN_HASH = 16
_PERSONAL_DATA = (
    "A model remembers part of what it was tuned with. Treat this file as confidential as "
    "the data above."
)


def make_card(
    manifest: Manifest,
    purpose: str,
    scores: Sequence[tuple[str, Any]],
    findings: Sequence[tuple[str, bool, str]],
) -> str:
    """Return the card as Markdown; `manifest` still lacks its list of files.

    `scores` are the figures of the evaluation, as (name, value), `findings` what the gate
    demanded, whether that was met, and the figures in words.
    """
    parts = [
        f"# {manifest.title}",
        f"{_kind(manifest)}, version {manifest.version}"
        + (f" ({manifest.label})" if manifest.label else "")
        + f", packed {manifest.created[:10]}. Licence: {manifest.licence}.",
    ]
    if purpose:
        parts += ["## Purpose", purpose]
    if manifest.base is not None:
        parts += ["## Base", _base(manifest.base)]
    parts += ["## Data", "\n".join(_sources(manifest.sources))]
    if manifest.kind != "library":
        parts.append(_PERSONAL_DATA)
    parts += ["## Evaluation", _verdict(manifest.gate)]
    if findings:
        marks = [("met" if met else "NOT met", demand, said) for demand, met, said in findings]
        parts.append(_table(("", "the gate demands", "found"), marks))
    if scores:
        parts.append(_table(("figure", "value"), [(name, shown(value)) for name, value in scores]))
    if manifest.lineage:
        parts += ["## How it was made", _table(("step", "finished", "put out"), _steps(manifest))]
    if manifest.prompt is not None:
        prompt = manifest.prompt
        parts += [
            "## Prompts",
            (
                f"Tuned with prompts of version {prompt.version} ({prompt.style}), rendered as "
                f"{prompt.template}; SHA-256 of the chat template: {prompt.template_sha256}."
            ),
        ]
    return "\n\n".join(parts) + "\n"


def flat(table: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the numbers of nested figures as (path, value)."""
    for key, value in table.items():
        name = f"{before} {key}".strip()
        if isinstance(value, Mapping):
            yield from flat(value, name)
        elif isinstance(value, bool | int | float):
            yield name, value


def shown(value: Any) -> str:
    """Return a figure as it stands in tables."""
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _kind(manifest: Manifest) -> str:
    return {
        "model": "Chat model (GGUF)",
        "adapter": "LoRA adapter (GGUF) over an unchanged base",
        "reader": "Extractive reader (ONNX)",
        "library": "Prebuilt library (encrypted; its key travels separately)",
    }[manifest.kind]


def _base(base: Base) -> str:
    text = f"{base.name}, SHA-256 {base.sha256}"
    return text + (f", made from a file with {base.source_sha256}" if base.source_sha256 else "")


def _sources(sources: Iterable[Source]) -> Iterator[str]:
    found = list(sources)
    if not found:
        yield "No data sources were named."
    for source in found:
        named = f" ({source.attribution})" if source.attribution else ""
        yield f"* {source.name}: {source.licence}{named}"


def _verdict(gate: GateResult) -> str:
    if gate.passed:
        return "The evaluation's gate was passed."
    why = "The gate was NOT passed" if gate.evaluated else "It was NOT evaluated"
    return f"**{why}.** Packed all the same, because: {gate.forced}"


def _steps(manifest: Manifest) -> list[tuple[str, str, str]]:
    return [(step.step, step.finished_at[:16], _outputs(step)) for step in manifest.lineage]


def _outputs(step: Step) -> str:
    return ", ".join(f"{name} {digest[:_SHOWN_HASH]}" for name, digest in step.outputs.items())


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
