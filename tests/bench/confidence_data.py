"""Questions for fitting the confidence: of articles that the adapter was not tuned on.

Never A2. Answerable ones are those of SQuAD's development articles (none of them is in A1, A2
or the training part) and of the article of A1 that the tuning holds out. Unanswerable ones
are that article's own, written by people to mislead, and questions whose paragraph is left
out of the library while the rest of its article is in it.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from tests.bench.qa_data import A1, SQUAD_DEV, SQUAD_TRAIN, Text, squad

HELD_OUT = "Yuan dynasty"
LEFT_OUT = 0.35
"""Share of the development articles' paragraphs that are not in the library."""


@dataclass(frozen=True)
class Query:
    """A question; `answers` is empty if the library holds none. `kind` says why it is asked:
    "known", "left out", "written" (by people, to mislead), "clause" or "page" (that is absent).

    With `within` only the text of that number is searched; with `page` an answer out of that
    text is right, whatever its words.
    """

    id: str
    text: str
    answers: tuple[str, ...]
    kind: str
    article: str
    within: int | None = None
    page: int | None = None


@dataclass(frozen=True)
class Material:
    """A library's texts and the questions to be asked of it."""

    texts: list[Text]
    queries: list[Query]


def material(count: int, others: int, seed: int = 0) -> Material:
    """Take `count` questions of the development articles, all of the article that is held
    out, and `others` paragraphs of the training part to make the search hard.

    Raises `FileNotFoundError` where the data are absent.
    """
    rng = random.Random(seed)
    dev, a1, train = squad(SQUAD_DEV), squad(A1), squad(SQUAD_TRAIN)
    missing = {n for n in range(len(dev.paragraphs)) if rng.random() < LEFT_OUT}
    texts = [text for n, text in enumerate(dev.paragraphs) if n not in missing]
    texts += a1.paragraphs
    texts += rng.sample(train.paragraphs, min(others, len(train.paragraphs)))
    queries = [
        Query(
            f"dev-{at}",
            asked.question,
            () if asked.paragraph in missing else asked.answers,
            "left out" if asked.paragraph in missing else "known",
            article(dev.paragraphs[asked.paragraph]),
        )
        for at, asked in enumerate(dev.asked)
    ]
    queries = rng.sample(queries, min(count, len(queries)))
    queries += [
        Query(
            f"a1-{at}",
            asked.question,
            asked.answers,
            "known" if asked.answers else "written",
            f"{HELD_OUT} {asked.paragraph}",
        )
        for at, asked in enumerate(a1.asked)
        if article(a1.paragraphs[asked.paragraph]) == HELD_OUT
    ]
    return Material(texts, queries)


def article(paragraph: Text) -> str:
    """Return the title of a paragraph's article."""
    return paragraph.name.rsplit(" ", 1)[0]
