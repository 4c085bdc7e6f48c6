"""Check that two splits share no documents, questions or passages."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from convert.dataset.articles import Article, word_key
from convert.dataset.near_duplicates import NearIndex
from convert.dataset.prompt_blocks import passages_in
from convert.training_samples import Sample

_ASKED_EVERYWHERE = 2
_SHORT = 8


class Fingerprints:
    """Documents, questions and passages of samples that are held out.

    A question that is asked of more than two documents ("Which law governs the contract?")
    is a part of the task and no leak. Passages of fewer than eight words (a heading, a
    date) say nothing about where they come from.
    """

    def __init__(self, near: float) -> None:
        self._near = NearIndex(near) if near < 1 else None
        self.documents: set[str] = set()
        self._questions: dict[str, set[str]] = defaultdict(set)
        self._passages: set[str] = set()
        self._seen: dict[str, bool] = {}

    def add_samples(self, samples: Iterable[Sample]) -> None:
        for sample in samples:
            self.documents.add(sample.document)
            self._questions[word_key(sample.question)].add(sample.document)
            for passage in passages_in(sample):
                self._add_passage(passage)

    def add_articles(self, articles: Iterable[Article]) -> None:
        for article in articles:
            self.documents.add(article.name)
            for paragraph in article.paragraphs:
                self._add_passage(paragraph.text)
                for question in paragraph.questions:
                    self._questions[word_key(question.text)].add(article.name)

    def leak(self, sample: Sample, asked_of: int) -> str:
        """Return what a sample shares with these, or "".

        `asked_of` is of how many documents its own split asks the question.
        """
        if sample.document in self.documents:
            return "document"
        held = self._questions.get(word_key(sample.question), set()) if sample.question else set()
        if held and max(len(held), asked_of) <= _ASKED_EVERYWHERE:
            return "question"
        if any(self._known(passage) for passage in passages_in(sample)):
            return "passage"
        return ""

    def _add_passage(self, passage: str) -> None:
        key = word_key(passage)
        if key in self._passages or key.count(" ") < _SHORT:
            return
        self._passages.add(key)
        if self._near is not None:
            self._near.add(key[:40], passage)

    def _known(self, passage: str) -> bool:
        if passage not in self._seen:
            key = word_key(passage)
            known = key in self._passages
            if not known and self._near is not None and key.count(" ") >= _SHORT:
                known = self._near.find(passage) is not None
            self._seen[passage] = known
        return self._seen[passage]


def times_asked(samples: Iterable[Sample]) -> dict[str, int]:
    """Return of how many documents each question (without case, punctuation) is asked."""
    documents = defaultdict(set)
    for sample in samples:
        documents[word_key(sample.question)].add(sample.document)
    return {question: len(held) for question, held in documents.items()}
