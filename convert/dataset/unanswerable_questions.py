"""Make unanswerable questions by rules from answerable ones.

The kinds are those that people used for SQuAD 2 (Rajpurkar et al. 2018, table 2): an entity
or number swapped, an antonym, a negation. Each new question must differ from the old one,
and the word that is new in it must not stand in the passages shown, so that they can't
support it.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

from assistant.text.words import plain_words
from convert.dataset.articles import Question, ShownText
from convert.dataset.named_entities import ANY_NAME, entities_of

_PAIRS = """
    first last, largest smallest, biggest smallest, highest lowest, oldest youngest, best worst,
    most least, before after, above below, increase decrease, increased decreased,
    rise fall, rose fell, win lose, won lost, began ended, start finish,
    started stopped, open close, opened closed, northern southern, eastern western, north south,
    east west, early late, earlier later, major minor, maximum minimum, positive negative,
    allowed forbidden, accept reject, accepted rejected, public private, internal external,
    strong weak, stronger weaker, high low, higher lower, long short, longer shorter, rich poor,
    older newer, similar different, support oppose, supported opposed, victory defeat,
    male female, men women, birth death, born buried, arrive leave, arrived left, import export,
    buy sell, bought sold, attack defend, attacked defended, always never, inside outside,
    majority minority, advantage disadvantage, success failure, successful failed,
    improve worsen, improved worsened, common rare, popular unpopular, legal illegal,
    agreed refused, join leave, joined left, present absent, day night, summer winter, hot cold,
    gain loss, gained lost, profit loss, include exclude, included excluded,
    create destroy, created destroyed, built demolished, founded dissolved, employer employee,
    buyer seller, landlord tenant, lender borrower, licensor licensee, terminate renew
"""
ANTONYMS: Mapping[str, str] = {
    a: b
    for pair in " ".join(_PAIRS.split()).split(", ")
    for a, b in (pair.split(), reversed(pair.split()))
}
_AUXILIARY = re.compile(
    r"\b(?:is|are|was|were|has|had|have|been)(?= (?:\w{2,}ed|known|made|built|found|written|held"
    r"|given|taken|sold|born|seen|shown|chosen|led|sent|won|allowed|able)\b)"
    r"|\b(?:can|could|will|would|should|must|may|might)(?= (?:be|have)\b)",
    re.IGNORECASE,
)
_DID = re.compile(r"\b(?:did|does|do)\b", re.IGNORECASE)
_NEGATED = re.compile(r"\b(?:not|never|no|without|except|neither|none)\b|n't\b", re.IGNORECASE)
_TRIES = 6

Change = tuple[str, str]
"""(new question, the word that is new in it)."""


def make_unanswerable(
    question: Question,
    shown: ShownText,
    others: Mapping[str, Sequence[str]],
    rng: random.Random,
) -> Question | None:
    """Return a question like `question` that the passages shown do not answer, or None.

    `others` are entities of the same document by kind, out of which swaps are chosen.
    """
    rules: list[Callable[[], Iterator[Change]]] = [
        lambda: _swapped(question.text, others, rng),
        lambda: _swapped(question.text, others, rng),
        lambda: _opposite(question.text),
        lambda: _negated(question.text),
    ]
    rng.shuffle(rules)
    for rule in rules:
        for text, new in rule():
            if _plausible(text, question.text) and (new == "not" or not shown.holds([new])):
                return replace(
                    question, id=f"{question.id}-changed", text=text, spans=(), rewordings=()
                )
    return None


def _swapped(
    text: str, others: Mapping[str, Sequence[str]], rng: random.Random
) -> Iterator[Change]:
    """Swap a name, number or year for another of its kind."""
    found = [entity for entity in entities_of(text) if entity.kind != ANY_NAME]
    for entity in rng.sample(found, len(found)):
        pool = [other for other in others.get(entity.kind, ()) if not _alike(other, entity.text)]
        for other in rng.sample(pool, min(_TRIES, len(pool))):
            yield text[: entity.start] + other + text[entity.end :], other


def _opposite(text: str) -> Iterator[Change]:
    """Swap a word for its opposite, in the case in which it was written."""
    for match in re.finditer(r"\b[A-Za-z]+\b", text):
        opposite = ANTONYMS.get(match[0].lower())
        if opposite and match[0].lower() != match[0].upper():
            cased = opposite.capitalize() if match[0][0].isupper() else opposite
            yield text[: match.start()] + cased + text[match.end() :], opposite


def _negated(text: str) -> Iterator[Change]:
    """Say the contrary: "When did X leave" to "When did X not leave", "is used" to "is not used".

    "Not" belongs before the main verb, which no rule finds for sure: only a short subject is
    stepped over, and an auxiliary must stand right before its participle.
    """
    if _NEGATED.search(text):
        return
    did = _DID.search(text)
    if did:
        subject = re.match(r" (?:(?:the|a|an) [a-z]+|[A-Z][\w-]+)(?= [a-z]{3,})", text[did.end() :])
        if subject:
            at = did.end() + subject.end()
            yield f"{text[:at]} not{text[at:]}", "not"
        return
    verb = _AUXILIARY.search(text)
    if verb:
        yield f"{text[: verb.end()]} not{text[verb.end() :]}", "not"


def _plausible(text: str, original: str) -> bool:
    """Whether a changed question differs by words, and says no word twice in a row."""
    words = plain_words(text)
    doubled = any(a == b for a, b in pairwise(words))
    was = plain_words(original)
    repeated = len(words) - len(set(words)) > len(was) - len(set(was)) + 1
    return words != was and not doubled and not repeated


def _alike(one: str, other: str) -> bool:
    """Whether two names share a word ("Pope Pius" and "Pius"): a swap would change little."""
    return bool(set(plain_words(one)) & set(plain_words(other)))
