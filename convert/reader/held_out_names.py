"""Documents that no reader is ever trained on, by name, so that every run holds out the same."""

from __future__ import annotations

import zlib
from collections.abc import Collection, Iterable

from convert.dataset.articles import Article

EVALUATION = frozenset(
    """
    Steam_engine Immune_system French_and_Indian_War Harvard_University Huguenot Islamism Normans
    European_Union_law
    Super_Bowl_50 Nikola_Tesla Teacher Martin_Luther Apollo_program Newcastle_upon_Tyne
    Victoria_and_Albert_Museum American_Broadcasting_Company Genghis_Khan Doctor_Who Kenya
    Chloroplast United_Methodist_Church
    """.split()
)
"""The articles of SQuAD 2's A2, and those of SQuAD 1.1's development set: only for evaluation."""

DEVELOPMENT = frozenset({"Yuan_dynasty"})
"""Held out of every training of this project, to choose settings and thresholds on. The
articles of `development` data (`ReaderSettings`) are held out with it."""


def without(articles: Iterable[Article], names: Collection[str]) -> list[Article]:
    """Return the articles that are neither for evaluation, nor held out, nor among `names`."""
    kept_out = EVALUATION | DEVELOPMENT | frozenset(names)
    return [article for article in articles if article.name not in kept_out]


_ONE_IN = 16


def is_for_calibration(name: str) -> bool:
    """Whether a contract or a disease is kept for fitting confidence, and not trained on.

    One in sixteen is. Its name alone decides, so that every run keeps the same ones.
    """
    return zlib.crc32(name.encode()) % _ONE_IN == 0
