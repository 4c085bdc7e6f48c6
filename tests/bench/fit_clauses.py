"""Fit the words that tell CUAD's clauses (`models/cuad-clause-words/clause_words.json`).

    .venv-workstation/bin/python -m tests.bench.fit_clauses [--most N] [--try]

Contracts of CUAD's training part, without those that are kept for fitting confidence
(`convert.reader.held_out_names`); CUAD dev is not touched. A sentence is of a clause if half of
it, or half of a labelled part, is in the other. Logistic regression for all clauses at once
(L-BFGS, L2), then for each clause the `--most` heaviest words, and a second fit with the words
that are left. With `--try` every fifth contract is left out and measured instead of written.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import optimize, sparse

from assistant.answering.best_sentence import sentence_spans
from assistant.tabular.clause_words import ClauseWords, features, words_file
from convert.reader.held_out_names import is_for_calibration
from tests.bench.precision_recall import Case, area, curve, lists
from tests.bench.reading_sets import Span, separate_spans
from tests.bench.report import shared_data

SEED = 16
LEAST_SENTENCES = 8
"""Sentences that a word has to stand in."""

PENALTY = 0.15
SHARE_OF_OTHERS = 0.35
"""Of the sentences without a label so many are learned, each the heavier for it."""

STEPS = 60


@dataclass(frozen=True)
class Labelled:
    """A contract, its sentences, and the labelled parts of each category."""

    text: str
    sentences: Sequence[Span]
    parts: Sequence[Sequence[Span]]


def labelled_contracts() -> tuple[list[str], list[Labelled]]:
    """Return the names of the categories and the contracts. Raises `FileNotFoundError`."""
    with gzip.open(shared_data() / "cuad" / "train_rest.json.gz") as file:
        entries = json.load(file)["data"]
    dev = json.loads((shared_data() / "cuad" / "dev" / "qa.json").read_text())["data"]
    found = []
    for entry in entries:
        if not is_for_calibration(entry["title"]):
            (whole,) = entry["paragraphs"]
            parts = [separate_spans(qa["answers"]) for qa in whole["qas"]]
            text = whole["context"]
            found.append(Labelled(text, sentence_spans(text), parts))
    return [qa["category"] for qa in dev[0]["qas"]], found


def is_of(sentence: Span, parts: Sequence[Span]) -> bool:
    """Whether half of a sentence lies in a labelled part, or half of a part in the sentence."""
    shared = [(min(sentence[1], b) - max(sentence[0], a), b - a) for a, b in parts]
    half = 0.5 * (sentence[1] - sentence[0])
    return any(both > 0 and both >= min(half, 0.5 * size) for both, size in shared)


def fit(matrix: Any, labels: Any, weights: Any) -> tuple[Any, Any]:
    """Return the weights (words x clauses) and biases of least loss."""
    words, clauses = matrix.shape[1], labels.shape[1]
    transposed, cut = matrix.T.tocsr(), matrix.shape[1] * labels.shape[1]

    def loss(x: Any) -> tuple[float, Any]:
        own = x[:cut].reshape(words, clauses)
        scores = matrix @ own + x[cut:]
        value = (weights[:, None] * (np.logaddexp(0, scores) - labels * scores)).sum()
        wrong = weights[:, None] * (1 / (1 + np.exp(-scores)) - labels)
        slope = np.concatenate([(transposed @ wrong + PENALTY * own).ravel(), wrong.sum(0)])
        return value + 0.5 * PENALTY * (own * own).sum(), slope

    start = np.concatenate([np.zeros(cut), np.full(clauses, -5.0)])
    best = optimize.minimize(
        loss, start, jac=True, method="L-BFGS-B", options={"maxiter": STEPS, "maxcor": 6}
    )
    return best.x[:cut].reshape(words, clauses), best.x[cut:]


def matrix_of(bags: Sequence[set[str]], rarity: dict[str, float]) -> Any:
    """Return one row of unit length for each sentence, one column for each word."""
    column = {word: n for n, word in enumerate(rarity)}
    rows, columns, values = [], [], []
    for row, bag in enumerate(bags):
        # A set of strings has another order in each process, and so have its sums.
        known = sorted(word for word in bag if word in column)
        length = sum(rarity[word] ** 2 for word in known) ** 0.5
        rows += [row] * len(known)
        columns += [column[word] for word in known]
        values += [rarity[word] / length for word in known]
    return sparse.csr_matrix((values, (rows, columns)), shape=(len(bags), len(rarity)))


def fitted(names: Sequence[str], contracts: Sequence[Labelled], most: int) -> ClauseWords:
    draw = random.Random(SEED)
    bags, labels, weights = [], [], []
    for contract in contracts:
        for sentence in contract.sentences:
            of = [is_of(sentence, parts) for parts in contract.parts]
            if any(of) or draw.random() < SHARE_OF_OTHERS:
                bags.append(features(contract.text[slice(*sentence)]))
                labels.append(of)
                weights.append(1.0 if any(of) else 1 / SHARE_OF_OTHERS)
    counts = Counter(word for bag in bags for word in bag)
    kept = sorted(word for word, count in counts.items() if count >= LEAST_SENTENCES)
    rarity = {word: round(float(np.log(len(bags) / counts[word])) + 1, 2) for word in kept}
    target, loads = np.array(labels, dtype=float), np.array(weights)
    values, biases = fit(matrix_of(bags, rarity), target, loads)
    _, rarity = heaviest(values, rarity, most)
    values, biases = fit(matrix_of(bags, rarity), target, loads)
    # Words without a weight stay: their rarity counts for a sentence's length.
    least = np.sort(np.abs(values), axis=0)[-most]
    values = np.where(np.abs(values) >= least, values, 0.0)
    rounded = np.round(values, 1)
    words = {
        word: (rarity[word], {str(k): float(rounded[n, k]) for k in np.flatnonzero(rounded[n])})
        for n, word in enumerate(rarity)
    }
    return ClauseWords(tuple(names), tuple(float(b) for b in np.round(biases, 2)), words)


def heaviest(values: Any, rarity: dict[str, float], most: int) -> tuple[Any, dict[str, float]]:
    """Leave each clause its `most` heaviest words, and forget words that no clause has left."""
    least = np.sort(np.abs(values), axis=0)[-most]
    values = np.where(np.abs(values) >= least, values, 0.0)
    kept = np.flatnonzero(np.abs(values).sum(1))
    words = list(rarity)
    return values[kept], {words[n]: rarity[words[n]] for n in kept}


def measured(model: ClauseWords, contracts: Sequence[Labelled]) -> dict[str, float]:
    """Return the area under precision and recall, and lists' figures, of sentences as quotes."""
    cases = []
    for contract in contracts:
        for number, parts in enumerate(contract.parts):
            scored = [
                (model.log_odds(contract.text[a:b], model.clauses[number]), a, b)
                for a, b in contract.sentences
            ]
            scored.sort(key=lambda quote: -quote[0])
            listed = [quote for quote in scored if quote[0] >= -1.5]
            cases.append(Case(number, contract.text, parts, scored[:15], listed, ()))
    found, right, _ = lists(cases, "listed")
    return {"area": area(curve(cases, "quotes")), "parts found": found, "quotes right": right}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--most", type=int, default=600)
    parser.add_argument("--try", dest="attempt", action="store_true")
    options = parser.parse_args()
    names, contracts = labelled_contracts()
    learned = [c for n, c in enumerate(contracts) if n % 5 or not options.attempt]
    model = fitted(names, learned, options.most)
    print(len(model.words), "words", sum(len(w) for _, w in model.words.values()), "weights")
    if options.attempt:
        print(measured(model, contracts[::5]))
    else:
        written = {"clauses": model.clauses, "biases": model.biases}
        head = json.dumps(written)[:-1]
        rows = ",\n".join(f"{json.dumps(w)}: {json.dumps(v)}" for w, v in model.words.items())
        words_file().write_text(f'{head}, "words": {{\n{rows}\n}}}}\n', encoding="utf-8")


if __name__ == "__main__":
    main()
