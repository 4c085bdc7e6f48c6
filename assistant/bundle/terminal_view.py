"""Show a verified bundle in the terminal: facts, lineage, scores."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from assistant.bundle.manifest import Manifest
from assistant.console.output import Output

_HASH = 16
_MOST_SCORES = 200


def show_manifest(manifest: Manifest, key_name: str, output: Output) -> None:
    """Print what it is, who signed it, what it was made from and how good it is."""
    output.line((f"{manifest.title} ", "bold"), f"({manifest.installed_name}, {manifest.kind})")
    for name, value in _facts(manifest, key_name):
        output.line(f"  {name:<9} ", value)
    if not manifest.gate.passed and manifest.kind != "library":
        what = "did not pass its gate" if manifest.gate.evaluated else "was never evaluated"
        output.line((f"  It {what}. ", "bold red"), f"Packed because: {manifest.gate.forced}")
    if manifest.lineage:
        rows = [
            [step.step, step.finished_at[:16], _short(step.inputs), _short(step.outputs)]
            for step in manifest.lineage
        ]
        output.line()
        output.table(["step", "finished", "from", "made"], rows, right=frozenset())
    if scores := _scores(manifest):
        output.line()
        output.table(["evaluation", "figure", "value"], scores, right=frozenset({2}))


def _facts(manifest: Manifest, key_name: str) -> Iterator[tuple[str, str]]:
    label = f" ({manifest.label})" if manifest.label else ""
    yield "version", f"{manifest.version}{label}, packed {manifest.created[:10]}"
    yield "signed by", key_name
    yield "size", f"{sum(file.size for file in manifest.files) / 2**20:.1f} MiB"
    yield "licence", manifest.licence
    if manifest.base is not None:
        yield "base", f"{manifest.base.name}, SHA-256 {manifest.base.sha256}"
    if manifest.prompt is not None:
        yield "prompts", f"version {manifest.prompt.version}, {manifest.prompt.template}"
    yield "SHA-256", f"{manifest.payload.sha256} ({manifest.payload.name})"
    for source in manifest.sources:
        named = f" ({source.attribution})" if source.attribution else ""
        yield "data", f"{source.name}: {source.licence}{named}"


def _scores(manifest: Manifest) -> list[list[str]]:
    rows = []
    for step in manifest.lineage:
        if step.step == "evaluate":
            for path, value in _flat(step.figures, ()):
                text = f"{value:.4g}" if isinstance(value, float) else str(value)
                rows.append([", ".join(path[:-1]), path[-1], text])
    return rows[:_MOST_SCORES]


def _flat(
    table: Mapping[str, Any], before: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, value in table.items():
        if isinstance(value, Mapping):
            yield from _flat(value, (*before, name))
        elif isinstance(value, bool | int | float):
            yield (*before, name), value


def _short(hashes: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {digest[:_HASH]}" for name, digest in hashes.items())
