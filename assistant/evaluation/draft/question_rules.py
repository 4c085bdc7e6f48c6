"""Turn a sentence with a quantity into a question, where a rule can do it without a parser.

    The Supplier shall deliver Pumps within 30 Business Days of the confirmation of the Order.
    -> Within how many Business Days of the confirmation of the Order shall the Supplier
       deliver Pumps?

The rules know auxiliaries and some seventy verbs in the third person, and nothing else of
grammar: a sentence that they don't fit is left to be completed (`cloze`).
"""

from __future__ import annotations

import re
from collections.abc import Container
from dataclasses import dataclass

from assistant.evaluation.draft.candidates import as_subject, fold

_START = (
    r"(?!(?:If|When|Where|After|Before|Until|Unless|Upon|During|For|In|At|On|Within|By|With|"
    r"Without|Under|As|To|Subject|Notwithstanding|Except|Provided|Not|It|They|He|She|We|I|You|"
    r"This|These|That|Those|There|Such|Its|Their|His|Her|Here|Pursuant|And|Or|But|No|Please)\b)"
)
_WORD = r"[\w\u2019'&-]+"
_SUBJECT = rf"(?P<subject>{_START}(?(lead)[A-Za-z]|[A-Z])[\w\u2019'&-]*(?:\s+{_WORD}){{0,9}}?)"
"""Begins with a capital; not so after a clause that leads: "If it is late, the Buyer ..."."""
_LEAD = (
    r"(?P<lead>(?:If|When|Where|After|Before|Until|Unless|Upon|During|For|In|At|On|Under)\b"
    r"[^,;:()]{4,130},\s+)?"
)
_AUX = r"(?P<aux>shall|must|will|may|can|should|is|are|was|were)"
_MORE = (
    r"(?:(?:at\s+least|at\s+most|no\s+more\s+than|not\s+more\s+than|no\s+less\s+than|"
    r"not\s+less\s+than|up\s+to|more\s+than|less\s+than|about|approximately|a\s+period\s+of|"
    r"a\s+minimum\s+of|a\s+maximum\s+of)\s+)?"
)
_IN_TIME = (
    rf"(?P<by>(?:(?:no\s+later\s+than|not\s+later\s+than|no\s+longer\s+than|within|for|after|"
    rf"every|during|in|by|with|at|to|over|under|below|above)\s+)?{_MORE})"
)
_ON_DATE = r"(?P<by>(?:on|from|until|before|by|after|since|as\s+of|through|effective)\s+)"
_HOLE = "\ufffc"
"""Stands for the figure while a sentence is matched: nothing of a document can look like it."""

_INVERTED = re.compile(
    rf"^{_LEAD}{_SUBJECT}\s+{_AUX}(?P<predicate>\s[^;:()]{{2,150}}?)??\s"
    rf"{_IN_TIME}{_HOLE}(?P<rest>[^;:]{{0,160}})$"
)
_DATED = re.compile(
    rf"^{_LEAD}{_SUBJECT}\s+{_AUX}\s+(?P<predicate>[^;:()]{{2,150}}?)\s+"
    rf"{_ON_DATE}{_HOLE}(?P<rest>[^;:]{{0,120}})$"
)
_FRONT = (
    rf"^(?P<lead>(?P<by>(?:Within|After|For|Before|On|By|From|Until|Every|Effective)\s+{_MORE})"
    rf"{_HOLE}(?P<rest>[^,;:]{{0,100}})),\s+"
)
_FRONTED = re.compile(rf"{_FRONT}{_SUBJECT}\s+{_AUX}\s+(?P<predicate>[^;:()]{{2,200}})$")
_IS_VALUE = re.compile(
    rf"^(?P<lead>(?!))?{_SUBJECT}\s+(?P<aux>is|are|was|were|equals?)\s+(?P<by>{_MORE}){_HOLE}(?P<rest>.{{0,40}})$"
)
_VERBS = """
    apply arrive become begin bear bring call carry check claim close come comply confirm
    consist contain continue cost cover decide deliver describe destroy drop earn elapse
    employ end enter exceed expire extend fail fall follow function get give go grant grow
    handle have hold impose inform inspect issue keep last leave list lock lose make
    measure meet move need notify occur offer open operate own owe pass pay permit place
    print produce provide reach receive record reject remain renew repair replace report
    represent require reset return review rise run see sell send serve ship sign sit start
    stay stop store supply survive take tell terminate train transfer travel use visit
    wait weigh work write
""".split()
_IRREGULAR = {"has": "have", "goes": "go"}


def _third(verb: str) -> str:
    if verb == "have":
        return "has"
    if verb.endswith(("s", "x", "ch", "sh", "o")):
        return f"{verb}es"
    return f"{verb[:-1]}ies" if verb.endswith("y") and verb[-2] not in "aeiou" else f"{verb}s"


_BASE = {_third(verb): verb for verb in _VERBS} | _IRREGULAR
_PRESENT = re.compile(
    rf"^{_LEAD}{_SUBJECT}\s+(?P<verb>{'|'.join(sorted(_BASE, key=len, reverse=True))})"
    rf"(?:\s+(?P<both>and|or)\s+(?P<second>{'|'.join(_BASE)}))?(?P<predicate>\s[^;:()]{{0,150}}?)??\s"
    rf"{_IN_TIME}{_HOLE}(?P<rest>[^;:]{{0,160}})$"
)
_CLAUSE_END = re.compile(
    r"(?:,|\s(?:and|or|but|which|that|unless|if|provided|so|as|who|where|when|in\s+order)\b).*$",
    re.DOTALL,
)
_GOES_WITH = re.compile(
    r"\s*(?:old|of|from|after|before|following|prior|per|a|in|on|at|to|for|by)\b"
)
_RELATIVE = re.compile(r"\b(?:who|which|that|whose)\b")
_CLAUSE_IN = re.compile(
    r"\b(?:is|are|was|were|shall|must|will|may|can|has|have|does|do|when|if|unless|because|until|"
    r"where|while|then|therefore|only)\b"
)
_OPEN_END = re.compile(
    r"\b(?:as|these|those|between|among|over|under|into|of|upon|equal|after|before|about|than|to|in|"
    r"by|from|with|at|on|for|the|a|an|and|or|first|last)$"
)
_FINITE = re.compile(r"\b(?:is|are|was|were|shall|must|will|may|can|has|have|does|do)\b")


@dataclass(frozen=True, slots=True)
class Quantity:
    """What is asked for: its kind ("quantity", "percent", "money", "date") and its unit."""

    kind: str
    unit: str = ""

    @property
    def asked(self) -> str:
        """The words that stand in its place in a question."""
        return {
            "quantity": f"how many {_plural(self.unit)}",
            "percent": "what percentage",
            "money": "what amount",
            "date": "what date",
        }[self.kind]


def _plural(unit: str) -> str:
    """One year, but how many years; abbreviations have no plural."""
    return unit if unit.endswith("s") or len(unit) <= 2 or unit == "feet" else f"{unit}s"


def question_of(
    before: str, after: str, figure: Quantity, common: Container[str]
) -> tuple[str, float]:
    """Return a question for the figure between `before` and `after`, and a score (0..1).

    Both are one sentence's, without its number; `common` are words that are no names.
    Returns ("", 0) if no rule fits.
    """
    sentence = f"{before}{_HOLE}{after}".strip().rstrip(".").rstrip()
    if sentence.count(_HOLE) != 1 or after[:1] in ("'", "\u2019", "-"):
        return "", 0.0
    sentence = " ".join(sentence.split())
    for rule in (_value, _fronted, _inverted, _present):
        question = rule(sentence, figure, common)
        if question:
            return _polished(question), _score(question)
    return "", 0.0


def _value(sentence: str, figure: Quantity, common: Container[str]) -> str:
    """The longest permitted stay is 8 hours. -> What is the longest permitted stay?"""
    found = _IS_VALUE.match(sentence)
    if not found or _FINITE.search(found["subject"]) or found["by"].strip() or found["rest"]:
        return ""
    verb = "is" if found["aux"].startswith("equal") else found["aux"]
    if len(found["subject"].split()) < 2:
        return ""
    dated = figure.kind == "date" and "date" not in found["subject"].lower()
    return f"{'When' if dated else 'What'} {verb} {as_subject(found['subject'], common)}?"


def _inverted(sentence: str, figure: Quantity, common: Container[str]) -> str:
    """The auxiliary goes before the subject, the figure with its preposition to the front."""
    found = (_DATED if figure.kind == "date" else _INVERTED).match(sentence)
    if not found or _CLAUSE_IN.search(found["subject"]) or _RELATIVE.search(found["subject"]):
        return ""
    predicate = (found["predicate"] or "").strip()
    if _CLAUSE_IN.search(predicate) or "," in predicate:
        return ""
    bare_verb = not predicate and (found["by"].startswith("after") or not _kept_rest(found["rest"]))
    if _OPEN_END.search(predicate) or bare_verb:
        return ""
    if not predicate and found["aux"] in ("shall", "must", "will", "may", "can", "should"):
        return ""
    by = found["by"].strip()
    return _joined(found, f"{by} {figure.asked}", predicate, found["aux"], common)


def _fronted(sentence: str, figure: Quantity, common: Container[str]) -> str:
    """Within ____ days after the end of a month, Client will report. -> ... will Client report?"""
    found = _FRONTED.match(sentence)
    if not found or _CLAUSE_IN.search(found["subject"]) or _FINITE.search(found["rest"]):
        return ""
    predicate = _CLAUSE_END.sub("", found["predicate"])
    if len(predicate.split()) < 2 or _CLAUSE_IN.search(predicate):
        return ""
    subject = as_subject(found["subject"], common)
    by, rest = found["by"].strip(), found["rest"]
    return f"{by} {figure.asked}{rest} {found['aux']} {subject} {predicate}?"


def _present(sentence: str, figure: Quantity, common: Container[str]) -> str:
    """The same with `does` for a verb in the third person: lasts -> does ... last."""
    found = _PRESENT.match(sentence)
    if not found or figure.kind == "date" or _CLAUSE_IN.search(found["subject"]):
        return ""
    if _RELATIVE.search(found["subject"]):
        return ""
    predicate = (found["predicate"] or "").strip()
    if _CLAUSE_IN.search(predicate) or "," in predicate:
        return ""
    if _OPEN_END.search(predicate):
        return ""
    verb = _BASE[found["verb"]]
    if found["second"]:
        verb = f"{verb} {found['both']} {_BASE[found['second']]}"
    asked = f"{found['by'].strip()} {figure.asked}"
    return _joined(found, asked, f"{verb} {predicate}".strip(), "does", common)


def _joined(
    found: re.Match[str], asked: str, predicate: str, auxiliary: str, common: Container[str]
) -> str:
    rest = _kept_rest(found["rest"])
    lead = found["lead"] or ""
    # "of", "from", "after" belong to the figure; other places and times to the verb.
    close = re.match(r"\s*(?:old|of|from|after|before|following|prior|per)\b", rest)
    with_figure, with_verb = (rest, "") if close else ("", rest)
    subject = as_subject(found["subject"], common)
    return f"{lead}{asked}{with_figure} {auxiliary} {subject} {predicate}{with_verb}?"


def _kept_rest(rest: str) -> str:
    """Keep what belongs to the figure, up to the next clause."""
    rest = _CLAUSE_END.sub("", rest.rstrip())
    return rest if _GOES_WITH.match(rest) and not _FINITE.search(rest) else ""


def _polished(question: str) -> str:
    question = fold(question).replace(" ,", ",").replace(" ?", "?")
    return question[:1].upper() + question[1:]


def _score(question: str) -> float:
    count = len(question.split())
    return 0.86 - 0.012 * max(count - 16, 0) - 0.08 * (count < 6)
