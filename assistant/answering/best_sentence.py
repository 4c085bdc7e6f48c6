"""The best supporting sentence, word for word out of the passages, without a chat model.

Each sentence of the first passages gets the sum of its cosine similarity to the question,
the share of the question's weighted words that it holds, and a share for its passage's
place in the search. (Similarity and overlap find the answer's sentence equally often, and
together more often than either; `tests/bench/bench_answers.py` has the figures.)
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from assistant.text.canonical import joined_lines
from assistant.text.sentences import split_sentences
from assistant.text.words import content_stems, coverage
from assistant.types import CancelToken, Embedder, Hit, Sentence

OVERLAP_WEIGHT = 1.2
RANK_WEIGHT = 0.3
PASSAGES = 5
_MOST_SENTENCES = 40
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
_NUMBER = re.compile(
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
    question: str,
    hits: Sequence[Hit],
    embedder: Embedder,
    term_weights: Mapping[str, float],
    cancel: CancelToken | None = None,
) -> list[ScoredSentence]:
    """Score the sentences of the first `PASSAGES` hits, in the order of the text.

    If there are very many, those that share least with the question are left out (score
    without similarity is all they get). Raises `Cancelled` and what the embedder raises.
    """
    spans = [
        (number, start, end)
        for number, hit in enumerate(hits[:PASSAGES])
        for start, end in sentence_spans(hit.passage.text)
    ]
    overlaps = [
        coverage(term_weights, content_stems(hits[number].passage.text[start:end]))
        for number, start, end in spans
    ]
    chosen = sorted(range(len(spans)), key=lambda i: (-overlaps[i], spans[i][0], i))
    chosen = sorted(chosen[:_MOST_SENTENCES])
    similar = _similarities(
        question, [(i, _slice(hits, spans[i])) for i in chosen], embedder, cancel
    )
    best_fused = max((hit.scores.fused for hit in hits), default=0.0) or 1.0
    scored = []
    wants_number = _ASKS_FOR_NUMBER.search(question) is not None
    for index, (number, start, end) in enumerate(spans):
        score = OVERLAP_WEIGHT * overlaps[index] + similar.get(index, 0.0)
        score += RANK_WEIGHT * hits[number].scores.fused / best_fused
        score -= _penalty(_slice(hits, spans[index]))
        if wants_number and _NUMBER.search(_slice(hits, spans[index])):
            score += _NUMBER_BONUS
        scored.append(ScoredSentence(number, start, end, score))
    return scored


def best_extract(hits: Sequence[Hit], scored: Sequence[ScoredSentence]) -> Sentence | None:
    """Return the best sentence as a supported `Sentence`; None if there is no sentence.

    A short one that points back ("It ...") brings the sentence before it, and one that
    leads in a list ("... the following:") what comes after it.
    """
    if not scored:
        return None
    at = max(range(len(scored)), key=lambda i: (scored[i].score, -i))
    first, last = _with_neighbours(hits, scored, at)
    passage = hits[scored[at].hit].passage
    start, end = scored[first].start, scored[last].end
    return Sentence(
        text=joined_lines(passage.text[start:end]),
        supported=True,
        quotes=passage.cite(start, end),
        origin="extract",
    )


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


def _slice(hits: Sequence[Hit], span: tuple[int, int, int]) -> str:
    number, start, end = span
    return hits[number].passage.text[start:end]


def _similarities(
    question: str,
    numbered: Sequence[tuple[int, str]],
    embedder: Embedder,
    cancel: CancelToken | None,
) -> dict[int, float]:
    """Return the cosine of the question and each text that fits the embedder."""
    counts = embedder.count_tokens([text for _, text in numbered])
    fitting = [
        entry
        for entry, count in zip(numbered, counts, strict=True)
        if 0 < count <= embedder.text_token_limit
    ]
    if not fitting:
        return {}
    vectors = embedder.embed_documents([text for _, text in fitting], cancel)
    cosines = vectors @ embedder.embed_query(question)
    return {index: float(c) for (index, _), c in zip(fitting, cosines, strict=True)}


def is_fragment(text: str) -> bool:
    """Tell whether a text is a heading, caption, fragment or question: no answer at all."""
    return _penalty(text) > 0.0


def _penalty(text: str) -> float:
    """Headings, captions, fragments and questions are no answers."""
    stripped = text.rstrip("\"'\u201d\u2019)] \t\n")
    count = len(text.split())
    if stripped.endswith("?") or count < 3:
        return _FRAGMENT_PENALTY
    ended = stripped.endswith((".", "!", ";", ":"))
    heading = text.lstrip().startswith("#") or (text.isupper() and count < 12)
    if heading or (not ended and count < 8):
        return _FRAGMENT_PENALTY
    return 0.0


def _with_neighbours(
    hits: Sequence[Hit], scored: Sequence[ScoredSentence], at: int
) -> tuple[int, int]:
    chosen = scored[at]
    text = hits[chosen.hit].passage.text
    words = text[chosen.start : chosen.end].split()
    first = last = at
    before = at > 0 and scored[at - 1].hit == chosen.hit
    if before and len(words) <= _WORDS_OF_A_SHORT_ONE and _POINTS_BACK.match(" ".join(words[:3])):
        joined = text[scored[at - 1].end : chosen.start]
        if "\n\n" not in joined and not _penalty(text[scored[at - 1].start : scored[at - 1].end]):
            first = at - 1
    if text[: chosen.end].endswith(":"):
        while last + 1 < len(scored) and scored[last + 1].hit == chosen.hit:
            if scored[last + 1].end - chosen.start > _LEAD_IN_LENGTH:
                break
            last += 1
    return first, last
