"""Classify a question by its words.

Rules and no model: they are the same every day, cost nothing, and can be read. How often
they are right is measured on labelled questions (`tests/unit/session/strategies`). The rules are
for English, as the stop words are.
"""

from __future__ import annotations

import re

from assistant.text.stop_words import STOP_WORDS
from assistant.text.words import words

LOOK_UP = "look-up"
DEFINITION = "definition"
YES_NO = "yes/no"
PARTIES = "parties"
COUNT = "count"
SUMMARY = "summary"
LIST = "list"
TABLE = "table"
GREETING = "greeting"
HELP = "help"
DOCUMENTS = "documents"

KINDS = (
    LOOK_UP, YES_NO, PARTIES, DEFINITION, COUNT, LIST, TABLE, SUMMARY, GREETING, HELP, DOCUMENTS
)  # fmt: skip

_LONGEST = 1_000
"""Characters of a question that are looked at."""

_FEW = 8
"""Words with a meaning of their own that a follow-up has at most."""


def _rule(pattern: str) -> re.Pattern[str]:
    """Compile a rule. A blank in it is white space of a question, a line's end is nothing."""
    joined = "".join(line.strip(" ") for line in pattern.strip().split("\n"))
    return re.compile(joined, re.IGNORECASE)


_GREETING = _rule(r"""
(?:(?:hi|hello|hey|hiya|greetings|thanks?|thank you|cheers|bye|goodbye|welcome|great|perfect
|good (?:morning|afternoon|evening|day|night)|how are you(?: doing)?|ok(?:ay)?|see you
|there|so much|very much|a lot|again|everyone|assistant|today|later)[ ,.!?]*){1,6}
""")
_HELP = _rule(r"""
(?:please )?(?:help(?: me)?|what (?:can|do) you do(?: for me)?|what (?:can|may) i ask(?: you)?
|what are you(?: able to do| for)?|who are you|what is this(?: (?:app|program|tool|assistant))?
|what is your (?:name|purpose)|are you an? (?:robot|bot|human|ai|computer|person)
|how (?:do|does|can|should) (?:you|i|this|this app|this program) (?:work|use (?:you|this|it)
|use this (?:app|program|tool)|ask(?: you)?(?: a question)?))[ .!?]*
""")
_THINGS = r"(?:documents?|files?|pdfs?|sources?)"
_DOCUMENTS = _rule(
    rf"""
(?:(?:which|what|how many) {_THINGS} (?:do (?:you|we|i) (?:have|use|know|search|read)
|have (?:you|i|we)(?: got| added| read)?|can you (?:read|see|search|use)|did i add
|(?:are|is) (?:there|in (?:here|(?:the|my|your|this) library)|loaded|available|stored))
|(?:please )?(?:list|show|name|give)(?: me)?(?: a list of)?(?: all)?(?: (?:the|my|your))? {_THINGS}
(?: (?:you have|in (?:the|my|your|this) library|i (?:have )?added|there are))?
|what(?:'s| is) in (?:the|my|your|this) library)
(?: (?:here|now|in (?:the|my|your|this) library))?[ .!?]*"""
)
_TABLE = _rule(r"""
\b(?:tables?|rows?|columns?|spreadsheet|price ?list|fee schedule|tariffs?)\b
(?<!water table)(?<!round table)(?<!the table)(?<!operating table)
|\b(?:in|of|from) the [a-z -]{0,30}table\b
|\bthe cell (?:for|at|in)\b|\bthe table (?:of|say|show|give|list)
""")
_DEFINITION = _rule(r"""
^(?:(?:please )?(?:define|explain the (?:term|meaning))\b|(?:the )?(?:definition|meaning) of\b
|what do(?:es)? .{1,80} (?:mean|stand for|refer to)\b|what (?:is|are) (?:meant|understood) by\b
|what(?:'s| is) the (?:definition|meaning) of\b|how (?:is|are) .{1,80} defined\b
|what (?:counts|qualifies) as\b)
""")
_WHAT_IS = _rule(r"^what(?:'s| is) (an? )?((?:[\w'-]+ ){0,3}[\w'-]+)[ ?.!]*$")
_OF_SOMETHING = _rule(r"\b(?:the|my|your|our|this|its|their|of|in|for|on|at|by|to|due|left)\b")

_PLURAL = r"(?:[\w'-]+ ){0,2}?[\w'-]*[^suiW\W]s(?: of (?:the |an? )?[\w'-]+)?"
_ASKS_WHETHER = _rule(
    r"^(?:is|are|was|were|do|does|did|may|must|should|shall|will|would|has|have|had"
    r"|(?:can|could)(?! you\b))\b"
)
_PARTIES = _rule(r"""
^(?:who (?:are|were) (?:all )?(?:the )?(?:contracting |contract |two |signing )?
(?:parties|signatories|contractors|contract partners)\b
|(?:what|which) (?:parties|companies|persons) (?:are|were|have)(?: the)?(?: parties
| party| signed| entered| concluded| bound| involved)\b|between (?:whom|which|what)\b
|(?:who|which \w+) (?:has |have )?(?:signed|entered into|concluded) (?:the|this|it)\b
|who is (?:the |this )?(?:contract|agreement|lease|licen[cs]e) (?:with|between)\b
|(?:name|list|give)(?: me)? (?:all )?(?:the )?(?:contracting )?parties\b)
""")
_COUNT = _rule(r"""
^(?:how many(?! (?:(?:calendar|business|working) )?(?:days?|weeks?|months?|years?|hours?|minutes?
|seconds?|times|km|m|mm|cm|kg|g|mg|ml|l|litres?|liters?|metres?|meters?|milligrams?|grams?
|degrees?|percent|euros?|dollars?|pounds?|bar|volts?|watts?)\b)
|what is the number of|(?:please )?count\b)
""")
_SUMMARY = _rule(r"""
^(?:(?:can|could|would) you |please )*(?:summari[sz]e|sum up|outline)\b
|^(?:(?:can|could|would) you |please )*(?:give|show|write|make)(?: me)? (?:an?|the) (?:short |brief
|quick )?(?:summary|overview|outline|abstract)\b
|^what(?:'s| is) (?:the (?:gist|summary)|(?:the |this |that )?[\w '-]{1,60} (?:all )?about)[ ?.!]*$
""")
_LIST = (
    _rule(r"^(?:(?:can|could) you |please )?(?:list|enumerate|itemi[sz]e|highlight)\b"),
    _rule(r"^(?:please )?name (?:all|the|every|each|some|two|three|four|five)\b"),
    _rule(
        r"^(?:(?:can|could) you |please )?(?:give|show|find|tell|collect)(?: me)? (?:all|every)\b"
    ),
    _rule(
        rf"^(?:which|what) {_PLURAL} (?:are|were|do|does|did|have|has|must|may|can|should|shall"
        r"|will|need|apply|exist)\b"
    ),
    _rule(rf"^(?:which|what) {_PLURAL} .{{1,60}} (?:are|were) there\b"),
    _rule(rf"^(?:what|who) (?:are|were) (?:all )?(?:(?:the|its|their|our|some) )?{_PLURAL}"),
    _rule(r"^(?:which|what) (?:of the )?(?:following|persons|people|men|women|children)\b"),
    _rule(r"^(?:which|what|who|where)\b.*\b(?:all|every|each) (?:of )?(?:the )?[\w'-]+\b"),
)
_ASKS_FOR_A_NAME = _rule(
    r"\b(?:called|known as|named|nicknamed|termed|referred to as)(?: in [\w' -]{1,40})?[ ?.!]*$"
)
"""One name of many things: "What are engines with two cylinders called?"."""

_FIRST_THAT_FITS = (
    (TABLE, _TABLE),
    (DEFINITION, _DEFINITION),
    (SUMMARY, _SUMMARY),
    (PARTIES, _PARTIES),
    (COUNT, _COUNT),
    (YES_NO, _ASKS_WHETHER),
    (LOOK_UP, _ASKS_FOR_A_NAME),
)

_GOES_ON = _rule(r"""
^(?:(?:and|but|or|so|then|also|what about|how about|what if|for)\b|(?:what|anything|who) else\b
|(?:the )?same (?:for|with|question)\b|why(?: not| so| is that)?[ ?.!]*$|how so\b|really\b
|(?:go on|continue|more|tell me more|since when|until when|by when|for whom|for how long)[ ?.!]*$
|which one\b|the (?:latter|former|other|(?:first|second) one)\b)
""")
_EMPTY_WORDS = _rule(r"""
\b(?:(?:is|was|be) it (?:[\w-]+ ){1,2}(?:to|that|if|for)\b
|it (?:is|was) (?:[\w-]+ ){1,2}(?:to|that)\b
|(?:does|did|will|would) it (?:take|cost|matter)\b(?= .*\bto\b)
|(?:is|are|was|were|be) there\b|there (?:is|are|was|were)
|th(?:is|ese|ose) (?:agreement|contract|document|documents|policy|manual|guideline|report|plan
|study|paper|library|year|month|week|day|lease|licen[cs]e|text|letter)s?)\b
""")
_POINTS = _rule(r"""
\b(?P<named>it|its|itself|they|them|their|theirs|he|she|him|her|his|hers)\b
|\bth(?:is|ese|ose)\b|\b(?:is|was|does|did|do|can|will|would|has|if|for|of|about|after|before|with
|to|by|until) that\b|\bhappens? then\b|\bthe (?:same|latter|former|other one)\b
""")
_NAMED_BEFORE = _rule(r"""
\b(?:the|an?|any|every|each|all|no|some|our|my) [\w'-]+|(?<!who )\b[\w'-]{2,}[^suiaeW\W]s\b
""")

_NAME_BEFORE = re.compile(r"(?<=[\w,] )[A-Z][\w'-]*[a-z]")
"""A name: a capital letter inside the question."""


def kind_of(question: str) -> str:
    """Return the kind of a question, one of `KINDS`."""
    text = _plain(question)
    for kind, whole in ((GREETING, _GREETING), (HELP, _HELP), (DOCUMENTS, _DOCUMENTS)):
        if whole.fullmatch(text):
            return kind
    for kind, rule in _FIRST_THAT_FITS:
        if rule.search(text) or (kind == DEFINITION and _asks_what_it_is(text)):
            return kind
    return LIST if any(rule.search(text) for rule in _LIST) else LOOK_UP


_WHO_OR_WHAT = _rule(
    r"^(?:who|what)(?:'s| is| are| was| were) (?:the |an? )?((?:[\w'-]+ ){0,2}[\w'-]+)[ ?.!]*$"
)


def who_or_what(question: str) -> str:
    """Return what "Who is the bailiff?" or "What is cavitation?" asks about; "" for others."""
    asked = _WHO_OR_WHAT.search(" ".join(question[:_LONGEST].split()))
    found = asked.group(1) if asked else ""
    return "" if _OF_SOMETHING.search(found) else found


def asks_for_parties(question: str) -> bool:
    """Tell whether a question asks who made an agreement."""
    return _PARTIES.search(" ".join(question[:_LONGEST].split())) is not None


def asks_whether(question: str) -> bool:
    """Tell a question that is answered by yes or no: "May the tenant sublet?"."""
    return _ASKS_WHETHER.search(question.lstrip()) is not None


def leans(question: str) -> bool:
    """Tell whether a question is not whole without the one before it."""
    text = _plain(question)
    own = [word for word in words(text) if word not in STOP_WORDS]
    if len(own) > _FEW:
        return False
    if _GOES_ON.search(text) or (text and not own):
        return True
    bare = _EMPTY_WORDS.sub("", text)
    return any(
        match["named"] is None or not _named(bare[: match.start()])
        for match in _POINTS.finditer(bare)
    )


def _named(before: str) -> bool:
    """Tell whether something stands before a pronoun that it could mean."""
    return bool(_NAMED_BEFORE.search(before) or _NAME_BEFORE.search(before))


def _plain(question: str) -> str:
    return " ".join(question[:_LONGEST].replace("\u2019", "'").split())


def _asks_what_it_is(text: str) -> bool:
    """Tell "What is cavitation?" from "What is the notice period?"."""
    asked = _WHAT_IS.search(text)
    return asked is not None and not _OF_SOMETHING.search(asked.group(2))
