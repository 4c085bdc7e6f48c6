"""Select the best candidates, spread over documents, pages and kinds."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from assistant.evaluation.draft.candidates import (
    CLOZE,
    DEFINITION,
    HEADING,
    LIST,
    Candidate,
    gives_away,
)
from assistant.evaluation.draft.page_word_index import WordIndex
from assistant.text.words import content_stems

LEAST_SCORE = 0.3
_PER_DOCUMENT, _PER_PLACE, _PER_KIND = 0.12, 0.2, 0.02
_JITTER = 0.04
_LONGEST_TITLE = 80
_ASKING = content_stems("complete many percentage amount date")


def distinct(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Leave out doubled questions, and subjects that one document speaks of several times."""
    asked = Counter(candidate.question.casefold() for candidate in candidates)
    spoken = Counter((c.kind, c.document, c.subject) for c in candidates)
    return [
        c
        for c in candidates
        if asked[c.question.casefold()] == 1 or c.kind in (DEFINITION, HEADING, LIST)
        if spoken[c.kind, c.document, c.subject] == 1
    ]


def told_apart(
    candidates: Sequence[Candidate],
    titles: Mapping[str, str],
    index: WordIndex,
    ids: Mapping[str, int],
) -> list[Candidate]:
    """Keep questions that one document only can be meant by.

    Where several documents define the term, have the heading, or hold all the words of the
    question on one page, the question names the document's title, if that is its own
    (`titles`: document to such a title); else it is left out.
    """
    holders: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for c in candidates:
        holders[c.kind, c.subject].add(c.document)
    kept = []
    for c in candidates:
        alone = len(holders[c.kind, c.subject]) == 1
        if alone and c.kind == CLOZE:
            alone = set(index.together(content_stems(c.question) - _ASKING)) <= {ids[c.document]}
        elif alone and c.kind == DEFINITION:
            alone = index.quoted(c.subject.removeprefix("party ")) <= {ids[c.document]}
        if alone:
            kept.append(c)
        elif named := _naming(c, titles.get(c.document, "")):
            kept.append(named)
    return kept


def _naming(candidate: Candidate, title: str) -> Candidate | None:
    if not title or len(title) > _LONGEST_TITLE:
        return None
    question = candidate.question
    first = question[:1].lower() + question[1:]
    named = f'In "{title}": {first}'
    if any(gives_away(named, answer) for answer in candidate.answers):
        return None
    return replace(candidate, question=named, score=candidate.score - 0.08)


def choose(
    candidates: Sequence[Candidate], count: int, seed: int, kinds: Sequence[str]
) -> list[Candidate]:
    """Return at most `count` candidates, best first; the same for the same seed.

    Each that is taken makes its document, its place and its kind dearer for the next, so
    that a library of forty documents gives forty a turn before one gets its tenth.
    """
    left = [
        (c.score + _JITTER * _chance(seed, c), c)
        for c in candidates
        if c.kind in kinds and c.score >= LEAST_SCORE
    ]
    left.sort(key=lambda pair: (-pair[0], pair[1].document, pair[1].page, pair[1].start))
    documents: Counter[str] = Counter()
    places: Counter[tuple[str, int, int]] = Counter()
    taken_kinds: Counter[str] = Counter()
    taken: list[tuple[float, Candidate]] = []
    while left and len(taken) < count:
        spread = 50 / max(count, 50)
        at = max(
            range(len(left)),
            key=lambda n: (
                left[n][0]
                - _PER_DOCUMENT * spread * documents[left[n][1].document]
                - _PER_PLACE * places[left[n][1].place]
                - _PER_KIND * spread * taken_kinds[left[n][1].kind]
            ),
        )
        score, chosen = left.pop(at)
        taken.append((score, chosen))
        documents[chosen.document] += 1
        places[chosen.place] += 1
        taken_kinds[chosen.kind] += 1
        left = [pair for pair in left if not _overlap(pair[1], chosen)]
    return [c for _, c in sorted(taken, key=lambda pair: -pair[0])]


def _overlap(one: Candidate, other: Candidate) -> bool:
    """Two figures of one sentence, or a cell asked for in two ways: one of them is enough."""
    if (one.document, one.page) != (other.document, other.page):
        return False
    if one.kind == other.kind and one.subject.split(" / ")[0] == other.subject.split(" / ")[0]:
        return True
    shared = min(one.end, other.end) - max(one.start, other.start)
    return shared > 0 and HEADING not in (one.kind, other.kind)


def _chance(seed: int, candidate: Candidate) -> float:
    """Return a number from 0 to 1 that depends on the seed and the question alone."""
    key = f"{seed}\n{candidate.document}\n{candidate.page}\n{candidate.question}"
    digest = hashlib.sha256(key.encode("utf-8", "replace")).digest()
    return int.from_bytes(digest[:6], "big") / 2**48
