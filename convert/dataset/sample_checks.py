"""Check samples: empty, duplicate, too long, leaking between splits, personal."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache

from assistant.types import CancelToken
from convert.dataset.articles import Article, word_key
from convert.dataset.dataset_report import Report
from convert.dataset.near_duplicates import NearIndex
from convert.dataset.personal_data import find_personal, hint_of, masked
from convert.dataset.prompt_blocks import blocks_of, rewritten
from convert.dataset.settings import DatasetSettings
from convert.dataset.split_leakage import Fingerprints, times_asked
from convert.dataset.token_lengths import TokenCounter, percentiles
from convert.training_samples import Sample

_find = lru_cache(maxsize=1 << 14)(find_personal)

Filter = Callable[[Sample], Sample | None]


class Checker:
    """Applies every check to the splits; what it finds goes into `report`."""

    def __init__(
        self, settings: DatasetSettings, report: Report, cancel: CancelToken | None = None
    ) -> None:
        self._settings = settings
        self._report = report
        self._cancel = cancel or CancelToken()
        self._lengths = TokenCounter(settings.base, settings.context_length)

    def check(
        self, train: list[Sample], validation: list[Sample], never: Iterable[Article]
    ) -> tuple[list[Sample], list[Sample]]:
        """Return both splits without what may not stay in them.

        What validation shares with training is dropped from training.
        """
        kept = Fingerprints(self._settings.near_duplicate)
        kept.add_articles(never)
        validation = self._clean("validation", list(self._apart(validation, kept, "evaluation")))
        train = list(self._apart(train, kept, "evaluation"))
        held = Fingerprints(self._settings.near_duplicate)
        held.add_samples(validation)
        return self._clean("train", list(self._apart(train, held, "validation"))), validation

    def _clean(self, split: str, samples: list[Sample]) -> list[Sample]:
        lengths: list[int] = []
        steps: tuple[Filter, ...] = (
            self._not_empty,
            self._once(),
            self._not_near(),
            self._personal,
            self._fitting(lengths),
        )
        found = []
        for sample in samples:
            self._cancel.raise_if_cancelled()
            checked: Sample | None = sample
            for step in steps:
                checked = step(checked) if checked is not None else None
            if checked is not None:
                found.append(checked)
        self._report.lengths[split] = percentiles(lengths)
        return found

    def _apart(self, samples: list[Sample], held: Fingerprints, from_what: str) -> Iterator[Sample]:
        asked = times_asked(samples)
        for sample in samples:
            self._cancel.raise_if_cancelled()
            shared = held.leak(sample, asked[word_key(sample.question)])
            if shared:
                self._report.drop(f"{shared} shared with {from_what}", sample.id)
            else:
                yield sample

    def _not_empty(self, sample: Sample) -> Sample | None:
        if all(m.content.strip() for m in sample.messages):
            return sample
        self._report.drop("empty message", sample.id)
        return None

    def _once(self) -> Filter:
        seen: dict[bytes, str] = {}

        def step(sample: Sample) -> Sample | None:
            texts = (" ".join(m.content.split()).casefold() for m in sample.messages)
            digest = hashlib.sha256("\0".join(texts).encode("utf-8", "replace")).digest()
            if digest in seen:
                self._report.drop("exact duplicate", f"{sample.id} of {seen[digest]}")
                return None
            seen[digest] = sample.id
            return sample

        return step

    def _not_near(self) -> Filter:
        """Conversations are compared as a whole.

        Questions about passages are built to share all but a line, and are not compared.
        """
        index = NearIndex(self._settings.near_duplicate)

        def step(sample: Sample) -> Sample | None:
            if sample.kind != "chat" or self._settings.near_duplicate >= 1:
                return sample
            text = "\n".join(m.content for m in sample.messages if m.role != "system")
            twin = index.find(text)
            if twin is not None:
                self._report.drop("near duplicate", f"{sample.id} of {twin}")
                return None
            index.add(sample.id, text)
            return sample

        return step

    def _fitting(self, lengths: list[int]) -> Filter:
        def step(sample: Sample) -> Sample | None:
            tokens = self._lengths.tokens(sample)
            if tokens > self._settings.context_length:
                limit = self._settings.context_length
                self._report.drop(f"longer than {limit} tokens", f"{sample.id} ({tokens})")
                return None
            lengths.append(tokens)
            return sample

        return step

    def _personal(self, sample: Sample) -> Sample | None:
        kinds = set()
        for message in sample.messages:
            for block in blocks_of(message.content):
                for found in _find(block):
                    value = block[found.start : found.end]
                    place = f"{sample.document}, {sample.id}, {message.role}"
                    self._report.personal(found.kind, value, hint_of(value), place)
                    kinds.add(found.kind)
        for kind in kinds:
            self._report.personal_samples[kind] += 1
        if not kinds or self._settings.personal == "report":
            return sample
        if self._settings.personal == "drop":
            self._report.drop("personal identifier", sample.id)
            return None
        changed = rewritten(sample, lambda text: masked(text, _find(text)))
        if changed is None:
            self._report.drop("quote broken by masking", sample.id)
        return changed
