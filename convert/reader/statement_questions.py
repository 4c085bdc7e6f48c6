"""Yes/no questions made by rule of statements; the answer is the sentence that decides.

"The Amazon is the largest rainforest." becomes "Is the Amazon the largest rainforest?". Half
of them ask for another number or the opposite: the same sentence decides those too. Asked of
another paragraph of the article, they have no answer.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence

from assistant.text.sentences import split_sentences
from convert.dataset.articles import Article, quotable
from convert.dataset.unanswerable_questions import ANTONYMS
from convert.reader.number_changes import other_number
from convert.reader.reading_samples import ReadingSample

_WORD = r"[A-Za-z][\w'\u2019-]*"
_VERBS = "is|are|was|were|can|could|may|must|shall|will|would|has been|have been|had been|should"
_STATEMENT = re.compile(
    rf"(?P<subject>{_WORD}(?: {_WORD}){{0,6}}?) (?P<verb>{_VERBS})(?: not)? "
    r"(?P<rest>[^;:()\"]{12,140})[.]"
)
_PRONOUNS = frozenset("it he she they this these those there that we i you who which".split())
_LEADING = frozenset(
    "in on at by for with from after before during when while if as although".split()
)


def yes_no(
    articles: Sequence[Article], count: int, share_without: float, rng: random.Random
) -> list[ReadingSample]:
    """Return `count` yes/no samples, `share_without` of them asked of a passage without answer."""
    places = [(a, p) for a in articles for p in a.paragraphs if len(a.paragraphs) > 1]
    found: list[ReadingSample] = []
    for article, paragraph in rng.sample(places, len(places)):
        if len(found) >= count:
            break
        made = [(q, s) for s in split_sentences(paragraph.text) if (q := _asked(paragraph.text, s))]
        if not made:
            continue
        question, sentence = rng.choice(made)
        question = _varied(question, paragraph.text, rng)
        span = quotable(paragraph.text, sentence)
        if rng.random() < share_without:
            other = rng.choice([p for p in article.paragraphs if p is not paragraph])
            middle = len(other.text) // 2
            found.append(ReadingSample("yes/no, unanswered", question, other.text, None, middle))
        elif span:
            found.append(ReadingSample("yes/no", question, paragraph.text, span, span[0]))
    return found


def _asked(text: str, sentence: tuple[int, int]) -> str | None:
    match = _STATEMENT.fullmatch(text[slice(*sentence)])
    if match is None:
        return None
    subject, first = match["subject"], match["subject"].split()[0].lower()
    if first in _PRONOUNS or first in _LEADING or "," in subject:
        return None
    verb, *more = match["verb"].split()
    if first in ("the", "a", "an", "all", "each", "every", "most", "some"):
        subject = subject[0].lower() + subject[1:]
    words = [verb.capitalize(), subject, *more, match["rest"].split(", ")[0]]
    return " ".join(words) + "?"


def _varied(question: str, text: str, rng: random.Random) -> str:
    """Return the question as it is, or (one in two) with another number or an opposite."""
    if rng.random() < 0.5:
        return question
    words = question.split()
    for at, word in enumerate(words):
        if word.lower() in ANTONYMS:
            return " ".join([*words[:at], ANTONYMS[word.lower()], *words[at + 1 :]])
    return other_number(question, text, rng) or question
