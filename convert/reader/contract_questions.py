"""Reading samples of CUAD's contracts: a category asked as people ask, its clause the answer.

Most are yes/no and "how" questions, of which SQuAD has few. Where a contract has no such
clause, any of its passages is one that does not answer: those that a word search finds for
the category are taken.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from convert.base_model import read_json
from convert.dataset.articles import Article, Question
from convert.dataset.similar_paragraphs import ParagraphIndex
from convert.reader.reading_samples import ReadingSample

_CATEGORY = re.compile(r'related to "(?P<category>[^"]+)"')
_WORDINGS = Path(__file__).with_name("contract_questions.json")
_NEAREST = 3
_FOR_VALUE = re.compile(
    r"(?:how (?:much|long|many)|for how long|what percentage|which share|which (?:law|state)|"
    r"what law|under which|up to what|what is the (?:notice|warranty|renewal|maximum|minimum|"
    r"term|termination))",
    re.IGNORECASE,
)


def wordings() -> Mapping[str, Sequence[str]]:
    """Return the ways to ask for each of CUAD's 41 categories, by its name."""
    found: dict[str, list[str]] = read_json(_WORDINGS)
    return found


def clauses(contracts: Sequence[Article], count: int, rng: random.Random) -> list[ReadingSample]:
    """Return samples whose answer is a clause; rare categories are drawn as often as others."""
    by_category: dict[str, list[ReadingSample]] = {}
    for contract in contracts:
        for paragraph in contract.paragraphs:
            for question in paragraph.questions:
                if not question.spans:
                    continue
                category = category_of(question)
                span = rng.choice(question.spans)
                text = _asked(question, rng, whole=True)
                sample = ReadingSample("clause", text, paragraph.text, span, span[0])
                by_category.setdefault(category, []).append(sample)
    share = max(1, count // max(1, len(by_category)))
    found: list[ReadingSample] = []
    for samples in sorted(by_category.values(), key=len):
        found += rng.sample(samples, min(share, len(samples)))
    rest = [s for samples in by_category.values() for s in samples]
    return (found + rng.sample(rest, min(len(rest), max(0, count - len(found)))))[:count]


def absent_clauses(
    contracts: Sequence[Article], count: int, rng: random.Random
) -> list[ReadingSample]:
    """Return questions for clauses that a passage lacks, asked of what a search finds.

    Half are asked of a contract that has no such clause, half of another passage of one that
    has it.
    """
    index = ParagraphIndex(contracts)
    found: list[ReadingSample] = []
    for _ in range(count * 4):
        if len(found) >= count:
            break
        number = rng.randrange(len(contracts))
        contract = contracts[number]
        present = [q for p in contract.paragraphs for q in p.questions]
        pool = list(contract.unanswered) if rng.random() < 0.5 else present
        if not pool:
            continue
        question = rng.choice(pool)
        category, text = category_of(question), _asked(question, rng)
        keys = index.nearest(f"{text} {category}", number, _NEAREST)
        rng.shuffle(keys)
        for _, place in keys:
            paragraph = contract.paragraphs[place]
            if all(category_of(q) != category for q in paragraph.questions):
                middle = len(paragraph.text) // 2
                found.append(ReadingSample("absent clause", text, paragraph.text, None, middle))
                break
    return found


def category_of(question: Question) -> str:
    """Return the name of CUAD's category that a question asks for."""
    match = _CATEGORY.search(question.text)
    return match["category"] if match else question.text


def _asked(question: Question, rng: random.Random, *, whole: bool = False) -> str:
    """Return one way to ask; with `whole` one to which a whole clause is the answer."""
    own = [w for w in wordings_of(category_of(question)) if not (whole and asks_for_value(w))]
    return rng.choice([*own, *own, *question.rewordings[1:]])


_KNOWN: dict[str, Sequence[str]] = {}


def asks_for_value(question: str) -> bool:
    """Whether a time, an amount or a law is asked for, and not the clause that names it."""
    return _FOR_VALUE.match(question) is not None


def wordings_of(category: str) -> Sequence[str]:
    """Return the ways to ask for a category; none for one that is not CUAD's."""
    if not _KNOWN:
        _KNOWN.update(wordings())
    return _KNOWN.get(category, ())
