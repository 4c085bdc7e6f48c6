"""Make the samples of both splits from articles and conversations, before any check."""

from __future__ import annotations

import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from assistant.types import CancelToken
from convert.atomic_output import Job
from convert.dataset.articles import Article
from convert.dataset.build_groups import GroupBuilder
from convert.dataset.held_out_split import held_out
from convert.dataset.prompt_group import Group
from convert.dataset.render_samples import render_group
from convert.dataset.row_conversion import Loaded
from convert.dataset.settings import DatasetSettings, SourceSettings
from convert.training_samples import Sample

SPLITS = ("train", "validation")


@dataclass(slots=True)
class SplitInput:
    """What one split is made of."""

    articles: list[Article] = field(default_factory=list)
    samples: list[Sample] = field(default_factory=list)


def divide(loaded: Sequence[Loaded], settings: DatasetSettings) -> dict[str, SplitInput]:
    """Put every document into one split, with all that belongs to it.

    A document that one source holds out is held out of every source.
    """
    parts = {split: SplitInput() for split in SPLITS}
    held = set(settings.validation_documents)
    for source, found in zip(settings.sources, loaded, strict=True):
        if source.split == "auto":
            held |= _held(source, found, settings)
    for source, found in zip(settings.sources, loaded, strict=True):
        for article in found.articles:
            parts[_split(article.name, source.split, held)].articles.append(article)
        for given, sample in found.samples:
            wanted = source.split if source.split != "auto" else given
            parts[_split(sample.document, wanted, held)].samples.append(sample)
    return parts


def _held(source: SourceSettings, found: Loaded, settings: DatasetSettings) -> frozenset[str]:
    names = {article.name for article in found.articles}
    names |= {sample.document for given, sample in found.samples if given not in SPLITS}
    own = source.validation_ratio
    ratio = settings.validation_ratio if own is None else own
    if own is None and any(given in SPLITS for given, _ in found.samples):
        ratio = 0.0  # the source brings its own splits
    return held_out(names, ratio, settings.split_seed)


def _split(document: str, wanted: str, held: Collection[str]) -> str:
    return wanted if wanted in SPLITS else SPLITS[document in held]


def samples_of(
    split: str, material: SplitInput, settings: DatasetSettings, job: Job
) -> list[Sample]:
    """Return a split's samples: those of a group together, groups in an order by chance."""
    seed = settings.seed * 2 + SPLITS.index(split)
    rng = random.Random(seed)  # noqa: S311 - chance, not a secret
    units: list[list[Sample]] = [[sample] for sample in material.samples]
    labels = [source.label for source in settings.sources]
    groups = _groups(split, material.articles, settings, seed, job.cancel)
    for number, group in enumerate(groups, 1):
        job.cancel.raise_if_cancelled()
        units.append(list(render_group(group, material.articles, labels, rng)))
        if number % 100 == 0 or number == len(groups):
            job.progress(f"Writing {split} prompts", number, len(groups))
    rng.shuffle(units)
    return [sample for unit in units for sample in unit]


def _groups(
    split: str,
    articles: Sequence[Article],
    settings: DatasetSettings,
    seed: int,
    cancel: CancelToken,
) -> list[Group]:
    if not articles:
        return []
    grouper = GroupBuilder(articles, settings.groups, seed)
    groups: list[Group] = []
    used = {article.source for article in articles}
    for number, source in enumerate(settings.sources):
        only = [i for i, article in enumerate(articles) if article.source == number]
        limit = _limit(split, source, settings, len(used))
        rounds = source.repeat if split == "train" else 1
        for _ in range(rounds if only else 0):
            for group in grouper.groups(only, -(-limit // rounds)):
                cancel.raise_if_cancelled()
                groups.append(group)
    grouper.refuser.add(groups)
    return groups


def _limit(split: str, source: SourceSettings, settings: DatasetSettings, sources: int) -> int:
    if split == "train":
        return source.limit
    return -(-settings.validation_limit // sources)
