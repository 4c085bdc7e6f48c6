"""Contradictions: how often a false alarm, and how many planted ones are said?

    python -m tests.bench.bench_contradictions [--json OUT] [--count N] [--shown FILE]

False alarms: questions of SQuAD's training part, with the five paragraphs of their article
that share most words with them; such paragraphs hardly ever contradict each other, so that
every contradiction found counts as false. Planted: the question's own paragraph once more,
as another document in which a number of the answer's sentence is another one, or
a negation is put in; it must be found. No model takes part: sentences are ranked
by shared words alone.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from assistant.answering.best_sentence import ScoredSentence, sentence_spans
from assistant.answering.contradictions import find_disagreements, statements
from assistant.text.words import content_stems, coverage, topic_words
from assistant.types import Contradiction, Hit, Scores
from tests.bench.qa_data import SQUAD_TRAIN, Asked, Squad, require, squad
from tests.bench.report import Figure, add_json_option, at_most, publish
from tests.fakes.passages import make_passage

PASSAGES = 5
_NUMBER = re.compile(r"(?<![\w.,:-])\d+(?![\w.,:-]*\w)")
_AUXILIARY = re.compile(r"\b(?:is|are|was|were|has|have|can|may|will|must|did)\b")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    add_json_option(parser)
    parser.add_argument("--count", type=int, default=2000, help="questions")
    parser.add_argument("--shown", type=Path, help="write the false alarms to this file")
    options = parser.parse_args()
    data = require(lambda: squad(SQUAD_TRAIN))
    rng = random.Random(0)
    alarms: list[str] = []
    planted, found = 0, 0
    began = time.perf_counter()
    for _ in range(options.count):
        asked = rng.choice(data.asked)
        near = neighbours(data, asked)
        for alarm in contradictions(asked.question, near)[:1]:
            sides = f"{alarm.first.text}\n  {alarm.second.text}"
            alarms.append(f"{asked.question} {alarm.values}\n  {sides}")
        changed = plant(data.paragraphs[asked.paragraph].text, asked, rng)
        if changed is not None:
            planted += 1
            found += bool(contradictions(asked.question, [near[0], changed, *near[1:3]]))
    seconds = time.perf_counter() - began
    if options.shown:
        options.shown.write_text("\n".join(alarms) + "\n", encoding="utf-8")
    figures = [
        at_most("false alarms", 100 * len(alarms) / options.count, 3, "%", f"{options.count}"),
        Figure("planted and found", 100 * found / max(1, planted), "%", note=f"{planted} planted"),
        Figure("one question, both ways", 1000 * seconds / options.count, "ms"),
    ]
    publish("contradictions", figures, {}, options.json)
    return 0


def neighbours(data: Squad, asked: Asked) -> list[str]:
    """Return the question's paragraph and those of its article that share most words with it."""
    weights = weights_of(asked.question)
    title = data.paragraphs[asked.paragraph].name.rsplit(" ", 1)[0]
    around = range(max(0, asked.paragraph - 60), min(len(data.paragraphs), asked.paragraph + 60))
    others = [
        data.paragraphs[n].text
        for n in around
        if n != asked.paragraph and data.paragraphs[n].name.rsplit(" ", 1)[0] == title
    ]
    others.sort(key=lambda text: -coverage(weights, content_stems(text)))
    return [data.paragraphs[asked.paragraph].text, *others[: PASSAGES - 1]]


def weights_of(question: str) -> dict[str, float]:
    return dict.fromkeys(content_stems(topic_words(question)), 1.0)


def contradictions(question: str, texts: Sequence[str]) -> tuple[Contradiction, ...]:
    weights = weights_of(question)
    hits = [
        Hit(make_passage(text, number=n, document=f"{n}.txt"), Scores(0.1))
        for n, text in enumerate(texts, start=1)
    ]
    scored = [
        ScoredSentence(number, start, end, coverage(weights, content_stems(text[start:end])))
        for number, text in enumerate(texts)
        for start, end in sentence_spans(text)
    ]
    return find_disagreements(question, hits, statements(hits, scored))


def plant(paragraph: str, asked: Asked, rng: random.Random) -> str | None:
    """Return the paragraph with another answer; None if there is nothing to change.

    A number of the answer is changed; of an answer without any its sentence is negated.
    """
    answer, at = asked.answers[0], asked.starts[0]
    number = _NUMBER.search(paragraph, at, at + len(answer))
    if number is not None:
        other = int(number.group()) + rng.randrange(1, 20)
        return f"{paragraph[: number.start()]}{other}{paragraph[number.end() :]}"
    for start, end in sentence_spans(paragraph):
        if start <= at < end and re.match(r"(?:is|are|was|were|do|does|did|can)\b", asked.question):
            verb = _AUXILIARY.search(paragraph, start, end)
            if verb is not None:
                return f"{paragraph[: verb.end()]} not{paragraph[verb.end() :]}"
    return None


if __name__ == "__main__":
    sys.exit(main())
