"""Questions made by rule of single sentences: who, whether, when, how, what a term means.

SQuAD asks for names and numbers; people ask contracts, policies and guidelines who must do
something, whether it may be done, by when and how. "The Buyer shall pay each invoice by
bank transfer" becomes "Who must pay each invoice?", "Must the Buyer pay each invoice?" and "How
must the Buyer pay each invoice?". The words themselves tell which verb forms there are: those
that stand after "to", "shall", "may" or "can" somewhere in the texts.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Sequence

from assistant.text.sentences import split_sentences
from convert.dataset.articles import Article, Paragraph, Span, one_line, quotable
from convert.dataset.similar_paragraphs import ParagraphIndex
from convert.reader.reading_samples import ReadingSample

Made = tuple[str, str, Span]
"""Kind, question, and the span of the passage that answers."""

_WORD = r"[A-Za-z][\w'\u2019-]*"
_SUBJECT = (
    r"(?P<who>(?:The|Each|Either|Neither|Any|Every|All|No|This|These|A|An|Our|Your)\s+"
    rf"{_WORD}(?:\s+{_WORD}){{0,5}}?|[A-Z][\w'\u2019-]*(?:\s+{_WORD}){{0,3}}?)"
)
_DUTY = re.compile(
    rf"^(?:\W*\d[\d.()a-z]*\s+)?{_SUBJECT}\s+(?P<verb>shall|will|must|may|can|should)\s+"
    r"(?P<not>not\s+)?(?P<what>[a-z][a-z-]+\s[^;:()\"\u201c]{4,160}?)[.;]?$"
)
_PRESENT = re.compile(
    rf"^(?:\W*\d[\d.()a-z]*\s+)?{_SUBJECT}\s+(?P<verb>[a-z]{{3,14}})\s+"
    r"(?P<what>[a-z0-9][^;:()\"\u201c]{6,120}?)[.;]?$"
)
_DENIED = re.compile(
    rf"^(?:\W*\d[\d.()a-z]*\s+)?{_SUBJECT}\s+(?P<aux>does|do|did)\s+not\s+"
    r"(?P<what>[a-z]+\s[^;:()\"\u201c]{4,120}?)[.;]?$"
)
_MEANS = re.compile(
    r"[\"\u201c](?P<term>[A-Za-z][^\"\u201d]{2,40})[\"\u201d]\s+(?:shall\s+)?(?:means?|refers?\s+to|"
    r"has\s+the\s+meaning)\s+(?!(?:as\s+)?(?:set|given|ascribed|defined|assigned)\b)(?P<answer>[^;\"\u201c]{12,260}?)(?=[.;](?:\s|$)|,\s+(?:and|which)\s)"
)
_MONTH = (
    r"(?:January|February|March|April|May|June|July|August|September|October|November|December)"
)
_DATE = (
    rf"(?:{_MONTH}\s+\d{{1,2}}(?:st|nd|rd|th)?,?\s+\d{{4}}|\d{{1,2}}\s+{_MONTH}(?:\s+\d{{4}})?|"
    rf"{_MONTH}\s+\d{{4}}|(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day)"
)
_WHEN = re.compile(rf"\b(?:on|by|before|until|from|in|after|of)\s+(?P<answer>{_DATE})")
_HOW = re.compile(
    r"\s(?P<answer>(?:by\s+[a-z]+ing|by\s+means\s+of|through(?=\s+(?:a|an|the|its|their)\s)|in\s+writing|via)\b[^.;,]{0,120})"
)
_CUT = re.compile(
    r",|\s(?:upon|within|by|if|unless|without|with|for|provided|except|subject|as|when|where|"
    r"before|after|in\s+accordance|pursuant)\s"
)
_ROLE = re.compile(
    r"(?P<answer>[A-Z][\w&.'\u2019-]*(?:,?\s+[A-Z&][\w&.'\u2019-]*){0,6})"
    r"(?:,?\s+\(?(?:an?|the|of|with|having|whose|organi[sz]ed|incorporated)\s[^()\"\u201c]{0,200}?)?,?\s*"
    r"\((?:the\s+|hereinafter[^\"\u201c]{0,40}|together[^\"\u201c]{0,40})?[\"\u201c](?P<term>[A-Z][a-z]{2,16}(?:er|or|ee|ier|ant|ient|any|ank|rty|ity))[\"\u201d]"
)
_NOBODY = re.compile(
    r"(?:agreement|section|term|notice|fees?|clause|party's|provisions?|rights?|it|there|this|"
    r"that|obligations?|payments?|amount|period|date|information|liability|following|contract)$",
    re.IGNORECASE,
)
_NO_SUBJECT = re.compile(
    r"^(?:it|he|she|they|there|we|i|you|who|which|then|having|only|also|however|thus|when|while|"
    r"if|as|although|in|on|at|by|for|with|from|after|before|during|to)\b|^(?:this|these|those)$|"
    r"\b(?:is|are|was|were|be|been|who|which|that|shall|will|must|may|can|not|has|have|had)\b",
    re.IGNORECASE,
)
"""What can't begin, or stand in, a subject: pronouns lean on a sentence that isn't asked about."""
_AFTER_MODAL = re.compile(r"\b(?:to|shall|may|must|can|will|not)\s+([a-z]{3,14})\b")
_ASKED = {"shall": ("Must", "Shall", "Does"), "will": ("Will", "Does"), "must": ("Must",),
          "may": ("May", "Can"), "can": ("Can",), "should": ("Should",)}  # fmt: skip
_DETERMINERS = frozenset(
    "the each either neither any every all no this these a an our your some most many one both "
    "such several other certain nearly".split()
)
_NEAREST = 3


def sentence_questions(
    articles: Sequence[Article], count: int, share_without: float, rng: random.Random
) -> list[ReadingSample]:
    """Return `count` samples at most, `share_without` of them asked of another passage.

    A question that is asked of another passage gets one that a word search finds for it. Kinds
    are drawn as evenly as the texts allow.
    """
    index = ParagraphIndex(articles)
    verbs = base_verbs(p.text for a in articles for p in a.paragraphs)
    made: dict[str, list[tuple[int, Paragraph, str, Span]]] = {}
    for number, article in enumerate(articles):
        for paragraph in article.paragraphs:
            for kind, question, span in _of(paragraph.text, verbs, rng):
                made.setdefault(kind, []).append((number, paragraph, question, span))
    found: list[ReadingSample] = []
    left = len(made)
    for kind, items in sorted(made.items(), key=lambda item: len(item[1])):
        share = (count - len(found)) // left
        left -= 1
        for number, paragraph, question, span in rng.sample(items, min(share, len(items))):
            if rng.random() >= share_without:
                found.append(ReadingSample(kind, question, paragraph.text, span, span[0]))
            elif other := _another(articles, index, number, paragraph, question, span, rng):
                found.append(other)
    return found


def base_verbs(texts: Iterator[str]) -> frozenset[str]:
    """Return the words that stand after "to" or a modal in `texts` twice or more."""
    once: set[str] = set()
    twice: set[str] = set()
    for text in texts:
        for word in _AFTER_MODAL.findall(text):
            (twice if word in once else once).add(word)
    return frozenset(twice - {"the", "not", "any", "all", "have", "only", "also", "its", "such"})


def _another(
    articles: Sequence[Article],
    index: ParagraphIndex,
    number: int,
    own: Paragraph,
    question: str,
    span: Span,
    rng: random.Random,
) -> ReadingSample | None:
    """Return the question asked of a near passage that lacks the words of the answer."""
    answer = one_line(own.text[slice(*span)])
    near = [articles[a].paragraphs[p] for a, p in index.nearest(question, number, _NEAREST)]
    fitting = [p for p in near if p is not own and answer not in one_line(p.text)]
    if not fitting:
        return None
    text = rng.choice(fitting).text
    return ReadingSample("sentence, unanswered", question, text, None, len(text) // 2)


def _of(text: str, verbs: frozenset[str], rng: random.Random) -> Iterator[Made]:
    for start, end in split_sentences(text):
        if not 25 <= end - start <= 400:
            continue
        sentence = text[start:end].strip()
        at = text.index(sentence, start)
        for rule in _RULES:
            for kind, question, (a, b) in rule(sentence, verbs, rng):
                span = quotable(text, (at + a, at + b))
                if span and 12 <= len(question) <= 200:
                    yield kind, " ".join(question.split()), span


def _duties(sentence: str, verbs: frozenset[str], rng: random.Random) -> Iterator[Made]:
    """Who must, whether one may, how and when it is done: of "X shall do Y by Z"."""
    match = _DUTY.match(sentence)
    if match is None or _NO_SUBJECT.search(match["who"]):
        return
    who, verb, what, whole = match["who"], match["verb"], match["what"], (0, len(sentence))
    if what.split()[0] not in verbs and what.split()[0] != "be":
        return
    short = _cut(what)
    ways = _ASKED[verb]
    asked = rng.choice(ways if not what.startswith("be ") else ways[:1])
    if len(short.split()) > 1 and not who.startswith(("Neither", "No ")):
        used = short if rng.random() < 0.7 else what
        more = rng.choice((", and how", ", and when", " and on what conditions"))
        conditioned = len(short) < len(what) and verb in ("may", "can") and rng.random() < 0.3
        used = f"{short}{more}" if conditioned else used
        yield "whether", f"{asked} {_inside(who)} {used}?", whole
        modal = "can" if verb in ("may", "can") else "must" if verb != "will" else "will"
        if how := _HOW.search(what):
            before = _cut(what[: how.start()])
            yield "how", f"How {modal} {_inside(who)} {before}?", _at(match, "what", how)
        if when := _WHEN.search(what):
            before = _cut(what[: when.start()])
            yield "when", f"When {modal} {_inside(who)} {before}?", _at(match, "what", when)
    if not match["not"] and not _NOBODY.search(who) and what.split()[0] != "be":
        modal = rng.choice(
            {"may": ("may", "can"), "shall": ("must", "shall", "has to")}.get(verb, (verb,))
        )
        used = short if len(short.split()) > 2 else what
        yield "who", f"Who {modal} {used}?", match.span("who")


def _facts(sentence: str, verbs: frozenset[str], rng: random.Random) -> Iterator[Made]:
    """Whether, who and when: of "X keeps Y" and "X kept Y in 1990"."""
    whole = (0, len(sentence))
    if (denied := _DENIED.match(sentence)) and not _NO_SUBJECT.search(denied["who"]):
        yield (
            "whether",
            f"{denied['aux'].capitalize()} {_inside(denied['who'])} {_cut(denied['what'])}?",
            whole,
        )
        return
    match = _PRESENT.match(sentence)
    if match is None or _NO_SUBJECT.search(match["who"]) or len(match["who"]) < 4:
        return
    aux, base = _base(match["verb"], verbs)
    if not base:
        return
    who, what = match["who"], match["what"]
    used = _cut(what) if rng.random() < 0.6 else what
    yield "whether", f"{aux} {_inside(who)} {base} {used}?", whole
    if when := _WHEN.search(what):
        before = _cut(what[: when.start()])
        yield (
            "when",
            f"When {aux.lower()} {_inside(who)} {base} {before}?",
            _at(match, "what", when),
        )
    if how := _HOW.search(what):
        before = _cut(what[: how.start()])
        yield "how", f"How {aux.lower()} {_inside(who)} {base} {before}?", _at(match, "what", how)
    if not _NOBODY.search(who) and aux != "Do":
        yield (
            "who",
            f"{rng.choice(('Who', 'Who or what'))} {match['verb']} {used}?",
            match.span("who"),
        )


def _definitions(sentence: str, _verbs: frozenset[str], rng: random.Random) -> Iterator[Made]:
    """What a term means that the text defines."""
    for match in _MEANS.finditer(sentence):
        term = " ".join(match["term"].split()).strip(" ,")
        ways = (f'What does "{term}" mean?', f"What is meant by {term}?", f"How is {term} defined?",
                f"What is the definition of {term}?", f"What is {term.lower()}?")  # fmt: skip
        yield "definition", rng.choice(ways), match.span("answer")
    for match in _ROLE.finditer(sentence):
        if not _NOBODY.search(match["term"]):
            yield "role", f"Who is the {match['term']}?", match.span("answer")


_RULES: tuple[Callable[[str, frozenset[str], random.Random], Iterator[Made]], ...] = (
    _duties,
    _facts,
    _definitions,
)


def _base(verb: str, verbs: frozenset[str]) -> tuple[str, str]:
    """Return the auxiliary and the base form of a present or past verb; "" if it is none."""
    if verb.endswith("s"):
        forms = [
            verb[:-1],
            verb[:-2] if verb.endswith("es") else "",
            verb[:-3] + "y" if verb.endswith("ies") else "",
        ]
        return "Does", next((f for f in reversed(forms) if f in verbs), "")
    if verb.endswith("ed"):
        forms = [
            verb[:-2],
            verb[:-1],
            verb[:-3] if verb[-3:-2] == verb[-4:-3] else "",
            verb[:-3] + "y" if verb.endswith("ied") else "",
        ]
        return "Did", next((f for f in reversed(forms) if f in verbs), "")
    return "", ""


def _cut(what: str) -> str:
    """Cut a predicate before its first condition or circumstance."""
    match = _CUT.search(what, 8)
    return (what[: match.start()] if match else what).strip(" ,.")


def _at(match: re.Match[str], group: str, inner: re.Match[str]) -> Span:
    start = match.start(group)
    return start + inner.start("answer"), start + inner.end("answer")


def _inside(who: str) -> str:
    """Put a subject into the middle of a question: "The Buyer" becomes "the Buyer"."""
    first, _, rest = one_line(who).partition(" ")
    small = first.lower() in _DETERMINERS
    return f"{first.lower()} {rest}".strip() if small else one_line(who)
