"""Find the paragraphs most similar to a given one: BM25 over an index in memory (FTS5).

Hard negatives are what a search brings up beside the right passage. Without a library
there is no retriever, but the laptop's own lexical half is BM25 with the same stemmer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import apsw

from assistant.text.stop_words import STOP_WORDS
from assistant.text.words import plain_words
from convert.dataset.articles import Article

_QUERY_WORDS = 16

Key = tuple[int, int]
"""(article, paragraph): places in the list of articles."""


class ParagraphIndex:
    """An index of the paragraphs of a list of articles."""

    def __init__(self, articles: Sequence[Article]) -> None:
        self._keys = [(a, p) for a, one in enumerate(articles) for p in range(len(one.paragraphs))]
        self._known = Counter[str]()
        self._database = apsw.Connection(":memory:")
        self._database.execute(
            "CREATE VIRTUAL TABLE paragraph USING fts5(text, article, tokenize='porter unicode61')"
        )
        with self._database:
            places = ((a, p) for a, article in enumerate(articles) for p in article.paragraphs)
            for number, (article, paragraph) in enumerate(places, 1):
                self._known.update(set(plain_words(paragraph.text)))
                self._database.execute(
                    "INSERT INTO paragraph(rowid, text, article) VALUES (?, ?, ?)",
                    (number, paragraph.text, f"a{article}"),
                )

    def nearest(self, text: str, article: int, k: int, *, inside: bool = True) -> list[Key]:
        """Return the `k` paragraphs nearest to `text`, best first.

        Those of `article` only, or, with `inside` False, those of all others.
        """
        words = self._distinctive(text)
        if not words:
            return []
        query = " OR ".join(f'"{word}"' for word in words)
        place = "AND" if inside else "NOT"
        rows = self._database.execute(
            "SELECT rowid FROM paragraph WHERE paragraph MATCH ? ORDER BY rank LIMIT ?",
            (f"text : ({query}) {place} article : a{article}", k),
        )
        return [self._keys[int(row[0]) - 1] for row in rows]

    def _distinctive(self, text: str) -> list[str]:
        """Return the words that fewest paragraphs hold, so that a query stays short."""
        words = {w for w in plain_words(text) if len(w) > 2 and w not in STOP_WORDS}
        shared = [w for w in words if self._known[w] > 1]
        return sorted(shared, key=lambda w: (self._known[w], w))[:_QUERY_WORDS]
