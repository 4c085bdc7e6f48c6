"""How alike must a sentence and its passage be? Fitted on half of WiCE dev, checked on the other.

    python -m tests.bench.fit_support [--json OUT] [--write]

WiCE (Kamoi et al. 2023) has claims of Wikipedia with pieces of the pages that they cite, and
says whether these support the claim. The source of a claim is, as in an answer, a sentence of
the piece with its neighbours: the one that shares most words with the claim. With `--write`
the constants of `assistant/answering/checks/support_weights.py` are made new. A claim is
called unlike its source below the threshold under which `LOST` of the supported claims of
the fitting half lie: the check is to find what has nothing to do with its source, and to
leave alone what is merely said in other words.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass

import numpy as np

from assistant.answering.checks.support import coverage_of, embedder_similarity
from assistant.config import Settings
from assistant.engine.engine_loader import load_embedder
from tests.bench.libraries import remembering
from tests.bench.logistic import Array, Mask, Model, auc, fit
from tests.bench.report import (
    EXIT_SKIPPED,
    ROOT,
    Figure,
    add_json_option,
    models_folder,
    publish,
    shared_data,
)

DATA = "wice/oracle_chunks_claim_dev.jsonl"
LOST = 0.05
"""Share of supported claims that may be called unlike their source."""

_AROUND = 1


@dataclass(frozen=True)
class Claim:
    """A claim with the best window of its evidence; `group` is the same for the same claim."""

    text: str
    source: str
    label: str
    group: str


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    add_json_option(parser)
    parser.add_argument("--write", action="store_true", help="write the constants")
    options = parser.parse_args()
    path = shared_data() / DATA
    if not path.is_file():
        print(f"skipped: {path} is missing")
        return EXIT_SKIPPED
    claims = read(path.read_text(encoding="utf-8"))
    features = features_of(claims)
    groups = sorted({claim.group for claim in claims})
    chosen = set(np.random.default_rng(0).permutation(groups)[: len(groups) // 2].tolist())
    first = np.array([claim.group in chosen for claim in claims])
    clear = np.array([claim.label != "partially_supported" for claim in claims])
    good = np.array([float(claim.label == "supported") for claim in claims])
    model = fit(features[first & clear], good[first & clear])
    kept = np.sort(model.probabilities(features[first & (good > 0.5)]))
    threshold = float(kept[int(LOST * len(kept))])
    figures = checked(model, threshold, features, good, clear, ~first)
    source = f"WiCE dev, {int((first & clear).sum())} claims of {len(chosen)} groups"
    if options.write:
        write(model, threshold, source)
    details = {"intercept": model.intercept, "weights": model.weights, "threshold": threshold}
    publish("fit_support", figures, details, options.json)
    return 0


def read(text: str) -> list[Claim]:
    claims = []
    for row in map(json.loads, text.splitlines()):
        evidence = row["evidence"]
        shared = [coverage_of(row["claim"], sentence) for sentence in evidence]
        at = max(range(len(evidence)), key=lambda n: (shared[n], -n))
        window = evidence[max(0, at - _AROUND) : at + _AROUND + 1]
        claims.append(Claim(row["claim"], " ".join(window), row["label"], row["meta"]["id"]))
    return claims


def features_of(claims: list[Claim]) -> Array:
    """Return cosine and coverage of each claim; a text too long for the embedder has none."""
    embedder = remembering(load_embedder(Settings(data_dir=models_folder().parent)))
    cosines = embedder_similarity(embedder)([(claim.text, claim.source) for claim in claims])
    embedder.save()
    covered = [coverage_of(claim.text, claim.source) for claim in claims]
    known = [
        value if np.isnan(cosine) else cosine
        for cosine, value in zip(cosines, covered, strict=True)
    ]
    return np.column_stack([known, covered]).astype(np.float64)


def checked(
    model: Model, threshold: float, features: Array, good: Array, clear: Mask, held: Mask
) -> list[Figure]:
    """The figures on the half that was not fitted on."""
    scores = model.probabilities(features)
    own, labels = scores[held & clear], good[held & clear]
    passed = own >= threshold
    partial = scores[held & ~clear] >= threshold
    note = f"{len(labels)} claims held out"
    return [
        Figure("supported against not: AUC", auc(own, labels), note=note),
        Figure("the same, cosine alone", auc(features[held & clear, 0], labels)),
        Figure("the same, words alone", auc(features[held & clear, 1], labels)),
        Figure("supported claims that pass (recall)", float(passed[labels > 0.5].mean())),
        Figure("passed claims that are supported (precision)", float(labels[passed].mean())),
        Figure("not supported claims that are found", float((~passed[labels < 0.5]).mean())),
        Figure("partially supported claims that pass", float(partial.mean())),
    ]


def write(model: Model, threshold: float, source: str) -> None:
    cosine, coverage = model.weights
    lines = [
        '"""Constants that `python -m tests.bench.fit_support --write` writes; see there."""',
        "",
        f"INTERCEPT = {model.intercept:.4f}",
        f"COSINE = {cosine:.4f}",
        f"COVERAGE = {coverage:.4f}",
        f"THRESHOLD = {threshold:.4f}",
        f'PROVENANCE = "{source}; {LOST:.0%} of the supported ones lie below the threshold"',
    ]
    path = ROOT / "assistant" / "session" / "checks" / "support_weights.py"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
