"""Tell a question that is asked of every document, and what each document is to be asked.

"Which contracts lack a non-compete clause?" is answered by no passage: each contract is asked
"Is there a non-compete clause?", and those that do not answer are counted. Rules for English,
as those of `answering.strategies.question_type`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from assistant.types.tabular import Column, ColumnType

Wanted = Literal["documents", "items"]

_KINDS = (
    r"(?P<kind>(?:\w+ )?(?:documents?|contracts?|agreements?|leases?|ndas?|letters?|files?|reports?"
    r"|papers?|studies|policies|guidelines?|invoices?|amendments?|licen[cs]es|records|deals))"
)
_HEAD = (
    r"(?:(?:please )?(?:list|show|name|give me|find|count|tell me)(?: me)?(?: all)?(?: of)?"
    r"(?: the| my| our)?|(?:in |from )?(?:which|how many)(?: of)?(?: the| my| our| these| all)?) "
)
_ABOUT_DOCUMENTS = re.compile(
    rf"^{_HEAD}{_KINDS}(?: (?:that|which|who))? (?P<said>.+?)[\s.?!]*$", re.IGNORECASE
)
_LACKING = re.compile(
    r"^(?:lack|lacks|miss|misses|are missing|is missing|are without|without|omit|omits"
    r"|(?:do|does|did) not (?:have|contain|include|mention|provide for|name|state|have)"
    r"|(?:do|does|did)n['\u2019]t (?:have|contain|include|mention|provide for|name|state)"
    r"|(?:have|has|contain|contains|include|includes|mention|mentions|with) no) (?P<what>.+)$",
    re.IGNORECASE,
)
_HOLDING = re.compile(
    r"^(?:have|has|with|contain|contains|include|includes|provide for|provides for|name|names|state"
    r"|states|is there|are there) (?P<what>.+)$",
    re.IGNORECASE,
)
_IS = re.compile(
    r"^(?P<verb>are|is|were|was|may|can|must|shall|will|has|have|had) (?P<rest>.+)$", re.IGNORECASE
)
_NOT = re.compile(
    r"^(?P<verb>are|is|were|was|may|can|must|shall|will) not (?P<rest>.+)$", re.IGNORECASE
)
_NO_VERB = re.compile(
    r"^(?:(?:are|were) there|in|of|on|from|about|between|under|(?:do|did|have|can|could|should|may"
    r"|must) (?:you|i|we|they|one|he|she)|(?:mention|speak of|talk about)s?)\b",
    re.IGNORECASE,
)
"""What is no statement about documents, or (the last ones) one that a search answers better."""

_GENERIC = re.compile(r"^(?:documents|files|records|papers|studies|policies|reports)$")
"""What may also be a thing that the documents speak of: "the documents that must be kept"."""

_ARTICLE = re.compile(r"^(?:an?|any|the|some|every|each|all)\b", re.IGNORECASE)
_ALL_ITEMS = re.compile(
    r"^(?:(?:please )?(?:list|enumerate|collect|show|give me|name)(?: me)? (?:all|every|each)"
    r"(?: of)?(?: the)?|how many|what are all(?: the)?|which) (?P<what>.+?)"
    r"(?P<everywhere> (?:in|of|from|across|over) (?:all|every|each)(?: of)?(?: the| my| our)? "
    r"\w+(?: \w+)?)?[\s.?!]*$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Exhaustive:
    """What each document is asked, and whether those are wanted that do not answer.

    `wanted` are the documents themselves, or all that answers in them. `kind` is what the
    question calls the documents.
    """

    column: Column
    wanted: Wanted
    lacking: bool = False
    kind: str = "documents"
    holds: bool = False
    """Whether it asks what a document has or lacks, and not what one is or does."""


def exhaustive(question: str, *, forced: bool = False) -> Exhaustive | None:
    """Return how a question is asked of every document; None for a question of one place.

    With `forced` (a person wants all read) a question of any form is: for its items.
    """
    text = " ".join(question.replace("\u2019", "'").split())
    match = _ABOUT_DOCUMENTS.match(text)
    if match and not _NO_VERB.match(match["said"]):
        kind = _plural(match["kind"].casefold())
        found = _of_documents(match["said"], kind)
        if forced or not _GENERIC.match(kind) or found.holds:
            return found
    items = _ALL_ITEMS.match(text)
    if items and (items["everywhere"] or forced):
        return Exhaustive(_column(f"Which {items['what']} are there?", "list"), "items")
    return Exhaustive(_column(text, "list"), "items") if forced else None


def _of_documents(said: str, kind: str) -> Exhaustive:
    for rule, lacking in ((_LACKING, True), (_HOLDING, False)):
        if match := rule.match(said):
            return Exhaustive(
                _column(_there(match["what"]), "yes-no"), "documents", lacking, kind, True
            )
    one = (
        "policy"
        if kind.endswith("policies")
        else "study"
        if kind.endswith("studies")
        else kind[:-1]
    )
    for rule, lacking in ((_NOT, True), (_IS, False)):
        if match := rule.match(said):
            asked = f"{_singular(match['verb']).capitalize()} the {one} {match['rest']}?"
            return Exhaustive(_column(asked, "yes-no"), "documents", lacking, kind)
    return Exhaustive(_column(f"Does the {one} {said}?", "yes-no"), "documents", False, kind)


def _plural(kind: str) -> str:
    return kind if kind.endswith("s") else f"{kind}s"


def _there(what: str) -> str:
    return f"Is there {what if _ARTICLE.match(what) else f'any {what}'}?"


def _singular(verb: str) -> str:
    return {"are": "is", "were": "was", "have": "has"}.get(verb.casefold(), verb.casefold())


def _column(question: str, kind: ColumnType) -> Column:
    return Column(question, question, kind)
