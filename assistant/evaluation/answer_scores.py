"""How one answer is scored: pure functions, no model and no library needed.

Exact match and F1 are those of SQuAD's official script (Rajpurkar et al. 2016 and 2018,
evaluate-v2.0.py): lower case, no punctuation, no articles, words counted as a multiset,
the best of the accepted answers. No accepted answer means that refusing is right.

In one thing a person judges otherwise than that script, which makes "125" of "12.5" and "18"
of "-18": a number keeps its sign and its decimal point, and 1,500 is 1500.
"""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Sequence

from assistant.prompts import is_refusal
from assistant.text.canonical import plain_form
from assistant.text.quantities import read_decimal
from assistant.text.signs import QUOTE_MARKS
from assistant.text.units import family_of

_ARTICLES = re.compile(r"\b(a|an|the)\b")
_PUNCTUATION = str.maketrans("", "", string.punctuation)
_STRAIGHT = str.maketrans(dict.fromkeys(QUOTE_MARKS, '"'))
_NUMBER = re.compile(
    r"(?<![\w.,])(?P<number>(?:(?<![)\]])-|\bminus\s)?\d+(?:[.,']\d+)*)(?:(?P<unit>[a-z\u03bc%\u00b0]{1,4})(?!\w)|(?!\w))"
)
_MINUS, _POINT = "\u2212", "\u00b7"
"""Signs that are no ASCII punctuation."""

_BEFORE_OPENING = " \t\n([{-/"


def normalise(text: str) -> str:
    """Return a text as SQuAD compares it: lower case, without punctuation and articles.

    Numbers are words of their own, by their value: "12.5mg" is "12\u00b75 mg".
    """
    plain = _NUMBER.sub(_by_value, plain_form(text).lower())
    bare = plain.translate(_PUNCTUATION)
    return " ".join(_ARTICLES.sub(" ", bare).split())


def _by_value(match: re.Match[str]) -> str:
    """Write a number so that it survives the loss of all punctuation."""
    number, unit = read_decimal(match["number"].replace("minus ", "-")), match["unit"]
    if number is None:
        return match.group().replace(".", _POINT)
    if unit and (unit == "s" or family_of(unit) is None):
        return match.group()
    digits = format(number.normalize(), "f").replace("-", _MINUS).replace(".", _POINT)
    return f" {digits} {unit or ''}"


def exact(prediction: str, answers: Sequence[str]) -> float:
    """Return 1.0 if the prediction equals an accepted answer after `normalise`, else 0.0.

    Without accepted answers 1.0 stands for an empty prediction.
    """
    own = normalise(prediction)
    if not answers:
        return float(not own)
    return float(any(own == normalise(answer) for answer in answers))


def f1(prediction: str, answers: Sequence[str]) -> float:
    """Return the best F1 (0..1) over words of the prediction and one accepted answer.

    Where one side has no words, 1.0 if the other has none either.
    """
    own = normalise(prediction).split()
    if not answers:
        return float(not own)
    return max(_f1(own, normalise(answer).split()) for answer in answers)


def quote_of(text: str) -> str | None:
    """Return what stands between the first pair of quotation marks; None if there is none.

    A quote may hold quotes itself (`"the "Big Bang" theory"`): a mark that follows a space
    opens, one that follows a word closes. A quote that is not closed is none: it was cut
    off, and what the model would have claimed is unknown.
    """
    plain = text.translate(_STRAIGHT)
    start = plain.find('"')
    depth = 0
    for at in range(max(start, 0), len(plain)):
        if plain[at] != '"':
            continue
        opens = at == start or plain[at - 1] in _BEFORE_OPENING
        depth += 1 if opens else -1
        if depth == 0:
            return text[start + 1 : at].strip() or None
    return _flat(text, plain, start) if start >= 0 else None


def prediction_of(text: str) -> str:
    """Return what is compared with the accepted answers.

    "" for a refusal, else the quote, else (a model that was not tuned may forget the
    quotation marks) the whole text.
    """
    if is_refusal(text):
        return ""
    return quote_of(text) or text.strip()


def task_score(text: str, answers: Sequence[str]) -> tuple[float, float]:
    """Return (exact match, F1) of a model's answer, 0.0 to 1.0 each.

    With accepted answers a refusal scores 0; without any, only a refusal scores, and it
    scores 1. So the mean over a set with both kinds is SQuAD 2's own figure.
    """
    if not answers:
        refused = float(is_refusal(text))
        return refused, refused
    return quote_score(prediction_of(text), answers)


def quote_score(quote: str, answers: Sequence[str]) -> tuple[float, float]:
    """The same for the bare words of a quote, which is no refusal whatever they are."""
    if not answers or not quote:
        return 0.0, 0.0
    return exact(quote, answers), f1(quote, answers)


def _f1(own: Sequence[str], other: Sequence[str]) -> float:
    if not own or not other:
        return float(own == other)
    same = sum((Counter(own) & Counter(other)).values())
    if same == 0:
        return 0.0
    precision, recall = same / len(own), same / len(other)
    return 2 * precision * recall / (precision + recall)


def _flat(text: str, plain: str, start: int) -> str | None:
    """Take the first two marks as a pair where nesting found no end."""
    end = plain.find('"', start + 1)
    return text[start + 1 : end].strip() or None if end > start else None
