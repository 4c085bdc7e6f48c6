"""Answers that were tampered with: how many are shown as unsupported, how many true ones too?

    python -m tests.bench.bench_tampered [--json OUT] [--count N] [--seed N] [--misses FILE]

1,000 answers made of SQuAD's training paragraphs are tampered with in five ways, 200 each
(`tampering.py`), and checked as `AnswerSession` checks what a model writes, with the
laptop's embedder. As many true answers in the same shapes must stay supported.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from assistant.answering.checks.support import Similarity, embedder_similarity
from assistant.answering.verify import check_answer
from assistant.config import Settings
from assistant.engine.engine_loader import load_embedder
from tests.bench.libraries import remembering
from tests.bench.qa_data import SQUAD_TRAIN, Squad, require, squad
from tests.bench.report import Figure, add_json_option, at_least, models_folder, publish
from tests.bench.tampering import EXTRA, KINDS, TRUE, Sample, Source, make, source_of


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    add_json_option(parser)
    parser.add_argument("--count", type=int, default=1000, help="tampered answers")
    parser.add_argument("--seed", type=int, default=1, help="other answers; the checks were"
                        " mended with those of seed 0 in sight [default: 1]")  # fmt: skip
    parser.add_argument("--misses", type=Path, help="write what was not told apart to this file")
    options = parser.parse_args()
    data = require(lambda: squad(SQUAD_TRAIN, slice(0, 120)))
    embedder = remembering(load_embedder(Settings(data_dir=models_folder().parent)))
    samples = make_samples(data, options.count, options.seed)
    began = time.perf_counter()
    wrong = misjudged(samples, embedder_similarity(embedder))
    seconds = time.perf_counter() - began
    embedder.save()
    if options.misses:
        lines = [f"{s.kind} ({s.how}): {s.text}\n    {s.passages[0].text}\n" for s in wrong]
        options.misses.write_text("\n".join(lines), encoding="utf-8")
    publish("tampered", figures_of(samples, wrong, seconds), {}, options.json)
    return 0


def make_samples(data: Squad, count: int, seed: int = 0) -> list[Sample]:
    """Make `count` tampered answers, a fifth of each kind; a fifth more with changed names;
    and `count` true ones.
    """
    rng = random.Random(seed)
    wanted = {kind: count // len(KINDS) for kind in (*KINDS, EXTRA)} | {TRUE: count}
    made: list[Sample] = []
    for source in sources(data, rng):
        for kind in [kind for kind, left in wanted.items() if left > 0]:
            sample = make(source, kind, rng)
            if sample is not None:
                made.append(sample)
                wanted[kind] -= 1
        if not any(wanted.values()):
            break
    return made


def sources(data: Squad, rng: random.Random) -> Iterator[Source]:
    """Yield sources without end: a question, its paragraph, others of the article."""
    texts = [text.text for text in data.paragraphs]
    titles = [text.name.rsplit(" ", 1)[0] for text in data.paragraphs]
    while True:
        asked = rng.choice(data.asked)
        near = [n for n in range(asked.paragraph - 8, asked.paragraph + 9)
                if 0 <= n < len(texts) and titles[n] == titles[asked.paragraph]
                and n != asked.paragraph]  # fmt: skip
        far = [n for n in rng.sample(range(len(texts)), 6) if titles[n] != titles[asked.paragraph]]
        if len(near) < 3 or not far:
            continue
        paragraphs = [texts[asked.paragraph], *(texts[n] for n in rng.sample(near, 3))]
        made = source_of(asked.question, paragraphs, [texts[n] for n in far], rng)
        if made is not None:
            yield made


def misjudged(samples: Sequence[Sample], similarity: Similarity | None) -> list[Sample]:
    """Return the tampered answers that pass and the true ones that don't."""
    wrong = []
    for sample in samples:
        sentences = check_answer(
            sample.text, sample.passages, sample.question, similarity=similarity
        )
        passes = all(sentence.supported for sentence in sentences)
        if passes != (sample.kind == TRUE):
            wrong.append(sample)
    return wrong


def figures_of(samples: Sequence[Sample], wrong: Sequence[Sample], seconds: float) -> list[Figure]:
    counts, errors = Counter(s.kind for s in samples), Counter(s.kind for s in wrong)
    tampered = sum(counts[kind] for kind in KINDS)
    missed = sum(errors[kind] for kind in KINDS)
    found = 100 * (tampered - missed) / max(1, tampered)
    figures = [
        at_least("tampered, shown as unsupported", found, 95.0, "%", f"{tampered} answers"),
        Figure(
            "true, shown as unsupported (false alarms)",
            100 * errors[TRUE] / max(1, counts[TRUE]),
            "%",
            note=f"{counts[TRUE]} answers",
        ),
    ]
    for kind in (*KINDS, EXTRA):
        share = 100 * (counts[kind] - errors[kind]) / max(1, counts[kind])
        figures.append(Figure(f"{kind}: shown as unsupported", share, "%", note=f"{counts[kind]}"))
    figures.append(Figure("check of one answer", 1000 * seconds / max(1, len(samples)), "ms"))
    return figures


if __name__ == "__main__":
    sys.exit(main())
