"""Fit the weights of p(passage | question) for reading passages one by one.

A conditional logit (McFadden 1974) on questions of SQuAD 2 A1 and the developers' articles of
SQuAD, in one library of their paragraphs: among the first passages of a search, which one is the
paragraph that the question was written for? Fitted on half of the articles' questions, judged
on the other half by the mean log-probability of the right passage (nats; equal weights give
-log k). A2 is not touched.

    python -m tests.bench.fit_priors --count 400
"""

from __future__ import annotations

import argparse
import random
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assistant.answering.strategies.priors import WEIGHTS, features
from assistant.config import load_settings
from assistant.engine.engine_loader import load_embedder
from assistant.retrieval import Retriever
from tests.bench.libraries import library_of, remembering, text_number
from tests.bench.qa_data import A1, SQUAD_DEV, Asked, Text, require, squad
from tests.bench.report import Figure, add_json_option, models_folder, publish

PASSAGES = 3
SEED = 31
STEPS, RATE, RIDGE = 4_000, 0.5, 1e-3


@dataclass(frozen=True)
class Case:
    """What the search says of the passages of one question, and which of them is right."""

    features: NDArray[np.float64]
    right: int


def cases_of(retriever: Retriever, asked: list[Asked], passages: int) -> list[Case]:
    """Search each question; those whose paragraph is not among the passages say nothing."""
    found = []
    for question in asked:
        hits = retriever.search(question.question, 8).hits[:passages]
        numbers = [text_number(hit.passage.document) for hit in hits]
        if question.paragraph in numbers:
            found.append(Case(features(hits), numbers.index(question.paragraph)))
    return found


def likelihood(cases: list[Case], weights: NDArray[np.float64]) -> float:
    """Return the mean log-probability of the right passage."""
    scores = [case.features @ weights for case in cases]
    terms = [s[c.right] - np.logaddexp.reduce(s) for s, c in zip(scores, cases, strict=True)]
    return float(np.mean(terms))


def fit(cases: list[Case]) -> NDArray[np.float64]:
    """Maximise the likelihood by gradient ascent, with a ridge; it is concave."""
    weights = np.zeros(cases[0].features.shape[1])
    for _ in range(STEPS):
        gradient = -2 * RIDGE * weights
        for case in cases:
            scores = case.features @ weights
            chances = np.exp(scores - np.logaddexp.reduce(scores))
            gradient += (case.features[case.right] - chances @ case.features) / len(cases)
        weights += RATE * gradient
        if np.abs(gradient).max() < 1e-5:
            break
    return weights


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    add_json_option(parser)
    parser.add_argument("--count", type=int, default=400, help="questions of each file")
    parser.add_argument("--articles", type=int, default=12, help="articles of A1 in the library")
    options = parser.parse_args()
    embedder = remembering(load_embedder(load_settings(models_folder().parent)))
    texts: list[Text] = []
    asked: list[Asked] = []
    for data in require(lambda: (squad(A1, slice(0, options.articles)), squad(SQUAD_DEV))):
        base = len(texts)
        texts += data.paragraphs
        questions = data.answerable()
        random.Random(SEED).shuffle(questions)
        asked += [
            Asked(q.question, q.answers, q.starts, q.paragraph + base)
            for q in questions[: options.count]
        ]
    with library_of(texts, embedder) as store:
        embedder.save()
        cases = cases_of(Retriever(store, embedder), asked, PASSAGES)
    embedder.save()
    random.Random(SEED).shuffle(cases)
    fitting, judging = cases[::2], cases[1::2]
    weights = fit(fitting)
    names = ("cosine", "BM25's share", "fused rank's share")
    note = f"{len(fitting)} questions for the fit, {len(judging)} to judge; {len(texts)} paragraphs"
    figures = [
        Figure(f"prior's weight: {name}", float(w)) for name, w in zip(names, weights, strict=True)
    ]
    for name, w in (("equal", np.zeros(3)), ("in use", np.array(WEIGHTS)), ("fitted", weights)):
        value = likelihood(judging, w)
        figures.append(Figure(f"log-probability, {name}", value, "nats", note=note))
    publish("weights of passages", figures, {"weights": list(weights)}, options.json)


if __name__ == "__main__":
    main()
