"""Pick the sentence of the passages that best supports an answer, without a chat model.

Each sentence of the first passages gets the sum of its cosine similarity to the question,
the share of the question's weighted words that it holds, and a share for its passage's
place in the search. (Similarity and overlap find the answer's sentence equally often, and
together more often than either; `tests/bench/bench_answers.py` has the figures.)
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from assistant.retrieval.hybrid_search import Query
from assistant.text.canonical import joined_lines
from assistant.text.sentences import split_sentences
from assistant.text.words import content_stems, coverage, words
from assistant.types import CancelToken, Embedder, Hit, Place, Sentence

OVERLAP_WEIGHT = 1.2
RANK_WEIGHT = 0.3
PASSAGES = 5
"""Passages from which the sentence that is shown first is taken."""

_SENTENCES_EACH = 8
_FRAGMENT_PENALTY = 0.6
_LONG = 420
_WORDS_OF_A_SHORT_ONE = 25
_LEAD_IN_LENGTH = 360
_POINTS_BACK = re.compile(
    r"(?:it|its|they|their|this|these|those|that|such|he|she|his|her|both|however|also|"
    r"in addition|otherwise|therefore|thus|the (?:former|latter))\b",
    re.IGNORECASE,
)
_NUMBER_BONUS = 0.1
_ASKS_FOR_NUMBER = re.compile(
    r"\b(?:how (?:many|much|long|often|old|far|soon|high|tall|large|big)|when|deadline"
    r"|what (?:year|date|time|percent\w*)|which year)\b",
    re.IGNORECASE,
)
NUMBER = re.compile(
    r"\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty"
    r"|fifty|sixty|ninety|hundred|thousand|million|billion|half|once|twice|daily|weekly|monthly"
    r"|annual\w*)\b",
    re.IGNORECASE,
)
_CLAUSE_END = re.compile(r";\s+")


@dataclass(frozen=True, slots=True)
class ScoredSentence:
    """The span `start:end` of the text of `hits[hit]`, and how well it answers."""

    hit: int
    start: int
    end: int
    score: float


def score_sentences(
    query: Query,
    hits: Sequence[Hit],
    embedder: Embedder,
    cancel: CancelToken | None = None,
    *,
    passages: int = PASSAGES,
) -> list[ScoredSentence]:
    """Score the sentences of the first `passages` hits, in the order of the text.

    If there are very many, those that share least with the question are left out (score
    without similarity is all they get). Raises `Cancelled` and what the embedder raises.
    """
    spans = [
        ScoredSentence(number, start, end, 0.0)
        for number, hit in enumerate(hits[:passages])
        for start, end in sentence_spans(hit.passage.text)
    ]
    texts = [text_of(hits, span) for span in spans]
    overlaps = [coverage(query.weights, content_stems(text)) for text in texts]
    chosen = sorted(range(len(spans)), key=lambda i: (-overlaps[i], i))
    numbers = sorted(chosen[: _SENTENCES_EACH * passages])
    similar = _similarities(query, {i: texts[i] for i in numbers}, embedder, cancel)
    best_fused = max((hit.scores.fused for hit in hits), default=0.0) or 1.0
    wants_number = _ASKS_FOR_NUMBER.search(query.text) is not None
    scored = []
    for index, (span, text) in enumerate(zip(spans, texts, strict=True)):
        score = OVERLAP_WEIGHT * overlaps[index] + similar.get(index, 0.0)
        score += RANK_WEIGHT * hits[span.hit].scores.fused / best_fused - _penalty(text)
        if wants_number and NUMBER.search(text):
            score += _NUMBER_BONUS
        scored.append(replace(span, score=score))
    return scored


def sentence_at(scored: Sequence[ScoredSentence], place: Place) -> ScoredSentence | None:
    """Return the sentence in which a place of the hits' passages begins; None if not scored."""
    mine = (s for s in scored if s.hit == place.passage and s.start <= place.start < s.end)
    return next(mine, None)


def best_extract(hits: Sequence[Hit], scored: Sequence[ScoredSentence]) -> Sentence | None:
    """Return the best sentence of the first `PASSAGES` hits as a supported `Sentence`.

    None if there is no sentence. A short one that points back ("It ...") brings the sentence
    before it, and one that leads in a list ("... the following:") what comes after it.
    """
    scored = [sentence for sentence in scored if sentence.hit < PASSAGES]
    if not scored:
        return None
    at = max(range(len(scored)), key=lambda i: (scored[i].score, -i))
    first, last = _with_neighbours(hits, scored, at)
    return copied(hits, scored[first], scored[last])


def copied(
    hits: Sequence[Hit], first: ScoredSentence, last: ScoredSentence | None = None
) -> Sentence:
    """Return a sentence of the hits (or all from the `first` to the `last`) as code copies it."""
    passage = hits[first.hit].passage
    start, end = first.start, (last or first).end
    text = joined_lines(passage.text[start:end])
    return Sentence(text, supported=True, quotes=passage.cite(start, end), origin="extract")


def text_of(hits: Sequence[Hit], sentence: ScoredSentence) -> str:
    """Return the text of a sentence of the hits."""
    return hits[sentence.hit].passage.text[sentence.start : sentence.end]


def sentence_spans(text: str) -> list[tuple[int, int]]:
    """Return the sentences of a passage; very long ones are cut at their semicolons."""
    spans: list[tuple[int, int]] = []
    for start, end in split_sentences(text):
        begin = start
        if end - start > _LONG:
            for match in _CLAUSE_END.finditer(text, start, end):
                if match.start() + 1 - begin >= _LONG // 4 and end - match.end() >= _LONG // 4:
                    spans.append((begin, match.start() + 1))
                    begin = match.end()
        spans.append((begin, end))
    return spans


def sentences_around(sentences: Sequence[tuple[int, int]], start: int, end: int) -> tuple[int, int]:
    """Return the stretch of those sentences that `start:end` touches, that itself included."""
    own = [s for s in sentences if s[0] < end and start < s[1]]
    return min([start, *(s[0] for s in own)]), max([end, *(s[1] for s in own)])


def _similarities(
    query: Query, texts: Mapping[int, str], embedder: Embedder, cancel: CancelToken | None
) -> dict[int, float]:
    """Return the cosine of the question and each text that fits the embedder."""
    counts = embedder.count_tokens(list(texts.values()))
    limit = embedder.text_token_limit
    fitting = [i for i, count in zip(texts, counts, strict=True) if 0 < count <= limit]
    if not fitting:
        return {}
    vectors = embedder.embed_documents([texts[i] for i in fitting], cancel)
    return dict(zip(fitting, (float(c) for c in vectors @ query.vector), strict=True))


def is_fragment(text: str) -> bool:
    """Tell whether a text is a heading, caption, fragment or question: no answer at all."""
    return _penalty(text) > 0.0


def _penalty(text: str) -> float:
    """Headings, captions, fragments and questions are no answers."""
    stripped = text.rstrip("\"'\u201d\u2019\u300d)] \t\n")
    count = len(text.split()) if text.isascii() else len(words(text))
    if stripped.endswith(("?", "\uff1f")) or count < 3:
        return _FRAGMENT_PENALTY
    ended = stripped.endswith((".", "!", ";", ":", "\u3002", "\uff01", "\uff1b", "\uff1a"))
    heading = text.lstrip().startswith("#") or (text.isupper() and count < 12)
    if heading or (not ended and count < 8):
        return _FRAGMENT_PENALTY
    return 0.0


def _with_neighbours(
    hits: Sequence[Hit], scored: Sequence[ScoredSentence], at: int
) -> tuple[int, int]:
    """Return the first and last of the sentences that belong to the one at `at`."""
    chosen = scored[at]
    text = hits[chosen.hit].passage.text
    first, last = with_lead(hits, scored, at), at
    if text[: chosen.end].endswith(":"):
        while last + 1 < len(scored) and scored[last + 1].hit == chosen.hit:
            if scored[last + 1].end - chosen.start > _LEAD_IN_LENGTH:
                break
            last += 1
    return first, last


def with_lead(hits: Sequence[Hit], scored: Sequence[ScoredSentence], at: int) -> int:
    """Return the index of the sentence that a short one at `at` points back to, else `at`."""
    chosen = scored[at]
    words = text_of(hits, chosen).split()
    before = scored[at - 1] if at > 0 and scored[at - 1].hit == chosen.hit else None
    short = len(words) <= _WORDS_OF_A_SHORT_ONE
    if before is None or not short or not _POINTS_BACK.match(" ".join(words[:3])):
        return at
    apart = "\n\n" in hits[chosen.hit].passage.text[before.end : chosen.start]
    return at if apart or is_fragment(text_of(hits, before)) else at - 1
