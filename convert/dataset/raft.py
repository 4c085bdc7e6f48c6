"""RAFT: questions asked beside hard negatives (Zhang et al. 2024, arXiv 2403.10131).

A sample shows the passage that holds the answer (the oracle) among passages that the real
retriever finds for the question and that do not hold it. In a share of samples the oracle is
left out. There the paper and its reference code still train the answer, which teaches a model
to quote what it was not shown; here such a sample is a refusal. Answers are verbatim quotes
of a passage as it is shown: checked, else dropped.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence

from assistant.prompts import PromptPassage
from assistant.types import Hit, Scores
from convert.atomic_output import Job
from convert.dataset.articles import ShownText, one_line
from convert.dataset.dataset_report import Report
from convert.dataset.held_out_split import held_out
from convert.dataset.qa_pairs import Oracle, Pair, find_oracle, read_pairs
from convert.dataset.render_samples import qa_sample
from convert.dataset.settings import DatasetSettings, RaftSettings
from convert.dataset.split_samples import SPLITS
from convert.dataset.user_library import Library, open_library
from convert.training_samples import Sample

SplitOf = Callable[[str], str]


def raft_samples(
    settings: DatasetSettings, report: Report, job: Job
) -> Iterator[tuple[str, Sample]]:
    """Yield (split, sample) for the pairs of `settings.raft`.

    The library's documents are split; passages of the other split are never shown. What
    can't be used goes into the report.
    """
    raft = settings.raft
    if raft is None:
        return
    pairs = list(read_pairs(raft.pairs))
    with open_library(raft) as library:
        names = {record.name for record in library.documents()}
        held = held_out(names, settings.validation_ratio, settings.split_seed)
        held |= names.intersection(settings.validation_documents)

        def split_of(document: str) -> str:
            return SPLITS[document in held]

        maker = RaftMaker(library, raft, split_of, report, settings.seed)
        for number, pair in enumerate(pairs, 1):
            job.cancel.raise_if_cancelled()
            job.progress("Searching the library", number, len(pairs))
            sample = maker.sample(pair, number)
            if sample is not None:
                yield split_of(sample.document), sample


class RaftMaker:
    """Makes the sample of each pair; all chance comes from the seed and the pair's number."""

    def __init__(
        self,
        library: Library,
        settings: RaftSettings,
        split_of: SplitOf,
        report: Report,
        seed: int,
    ) -> None:
        self._library = library
        self._settings = settings
        self._split_of = split_of
        self._report = report
        self._seed = seed

    def sample(self, pair: Pair, number: int) -> Sample | None:
        """Return the sample of a pair; None if it can't be used (see the report)."""
        rng = random.Random(f"{self._seed}/{number}/{pair.question}")  # noqa: S311
        hits = self._library.search(pair.question, self._settings.search_depth)
        if pair.unanswerable:
            return self._unanswerable(pair, hits, rng, number)
        oracle = find_oracle(pair, self._library)
        if isinstance(oracle, str):
            self._report.drop(oracle if len(oracle) < 70 else "unusable answer", pair.where)
            return None
        negatives = self._negatives(oracle, pair, hits)
        if rng.random() < self._settings.without_oracle and negatives:
            shown = negatives[: self._settings.distractors + 1]
            passages = self._shown(pair, shown, rng)
            document = oracle.passage.document
            return self._sample(pair, number, document, passages, (), "without oracle")
        return self._with_oracle(pair, oracle, negatives, rng, number)

    def _with_oracle(
        self, pair: Pair, oracle: Oracle, negatives: list[Hit], rng: random.Random, number: int
    ) -> Sample | None:
        own = Hit(oracle.passage, Scores(fused=1.0))
        shown = [own, *negatives[: self._settings.distractors]]
        passages = self._shown(pair, shown, rng)
        at = _place(oracle.answer, passages)
        if not at:
            # The laptop's window left the answer out: it is shown whole instead.
            passages = self._whole(shown, rng)
            at = _place(oracle.answer, passages)
        if not at:
            self._report.drop("the answer is not in the passage as shown", pair.where)
            return None
        if len(passages) <= self._settings.distractors:
            self._report.note("fewer hard negatives than wanted", pair.where)
        document = oracle.passage.document
        return self._sample(pair, number, document, passages, (oracle.answer,), "oracle", at)

    def _unanswerable(
        self, pair: Pair, hits: Sequence[Hit], rng: random.Random, number: int
    ) -> Sample | None:
        """Show the best hits of one split: that of the first, or of the pair's document."""
        if not hits:
            self._report.drop("the search found nothing", pair.where)
            return None
        document = hits[0].passage.document
        if pair.document:
            document = self._library.store.resolve(pair.document).name
        own = self._same_split(hits, document)[: self._settings.distractors + 1]
        passages = self._shown(pair, own, rng)
        if not passages:
            self._report.drop("the search found nothing of the document's split", pair.where)
            return None
        return self._sample(pair, number, document, passages, (), "unanswerable")

    def _negatives(self, oracle: Oracle, pair: Pair, hits: Sequence[Hit]) -> list[Hit]:
        """Return the hits that neither are the oracle nor hold the answer, best first."""
        answers = [oracle.answer, *([pair.answer] if pair.answer else [])]
        return [
            hit
            for hit in self._same_split(hits, oracle.passage.document)
            if hit.passage.chunk_id != oracle.passage.chunk_id
            and not ShownText([hit.passage.text]).holds(answers)
        ]

    def _same_split(self, hits: Sequence[Hit], document: str) -> list[Hit]:
        split = self._split_of(document)
        return [hit for hit in hits if self._split_of(hit.passage.document) == split]

    def _shown(self, pair: Pair, hits: Sequence[Hit], rng: random.Random) -> list[PromptPassage]:
        if rng.random() >= self._settings.window_share or not hits:
            return self._whole(hits, rng)
        shuffled = rng.sample(list(hits), len(hits))
        return self._library.windows(pair.question, shuffled)

    def _whole(self, hits: Sequence[Hit], rng: random.Random) -> list[PromptPassage]:
        passages = [h.passage for h in rng.sample(list(hits), len(hits))]
        return [PromptPassage(p.document, p.page, p.text) for p in passages]

    def _sample(
        self,
        pair: Pair,
        number: int,
        document: str,
        passages: list[PromptPassage],
        answers: tuple[str, ...],
        origin: str,
        oracle: int = 0,
    ) -> Sample:
        extra: dict[str, object] = {"source": "raft", "origin": origin}
        if oracle:
            extra["oracle"] = oracle
        return qa_sample(
            identifier=f"raft/{number}",
            document=document,
            question=pair.question,
            passages=passages,
            answers=answers,
            extra=extra,
        )


def _place(answer: str, passages: Sequence[PromptPassage]) -> int:
    """Return the number (from 1) of the first passage that holds an answer, 0 if none does."""
    held = (n for n, passage in enumerate(passages, 1) if answer in one_line(passage.text))
    return next(held, 0)
