"""Generate questions that the library can't answer, checked against all of its pages.

Three sorts. *Swapped*: a drafted question with a party or role, or a defined term, that no
page holds in the place of the one it had: all the other words lead to a passage that does
not answer. *Elsewhere*: a heading of one document, asked of another one that has none of it.
*Far*: a topic that no page speaks of.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from assistant.evaluation.draft.candidates import (
    CLOZE,
    DEFINITION,
    HEADING,
    TABLE,
    Candidate,
)
from assistant.evaluation.draft.page_word_index import WordIndex
from assistant.text.words import content_stems, stem, words

SWAPPED, ELSEWHERE, FAR = "swapped", "elsewhere", "far"

_ROLES = """
    guarantor surveyor notary underwriter broker archivist pharmacist midwife dietitian
    physiotherapist ombudsman architect lifeguard librarian conductor bailiff actuary
    beekeeper chaplain curator glazier harbourmaster interpreter locksmith navigator
    optician paralegal radiographer stevedore translator upholsterer veterinarian
""".split()
_NAMES = """
    Halvorsen Brackwater Thornfield Okonjo Lindqvist Marchetti Penhallow Zielinska
    Abernathy Vasquez Quillon Rosmer Tidewell Ormsby Farrow
""".split()
_TERMS = (
    "Escrow Deposit", "Quarantine Zone", "Harvest Quota", "Dormant Account", "Tidal Allowance",
    "Salvage Reserve", "Apprenticeship Levy", "Heritage Easement", "Ballast Certificate",
    "Witness Protocol", "Sabbatical Credit", "Orchard Plot", "Vaccination Window",
    "Moorage Fee", "Tuition Waiver", "Excavation Permit", "Fishing Ground", "Choral Rights",
    "Glacier Route", "Pasture Tenancy", "Observatory Slot", "Lottery Pool", "Kennel Standard",
    "Subletting Ban", "Cremation Notice",
)  # fmt: skip
_TOPICS = (
    "parental leave", "bicycle parking", "carbon offsets", "radiation badges", "school fees",
    "lottery winnings", "asbestos removal", "horse stabling", "library fines", "dental implants",
    "lightning protection", "funeral costs", "beehive inspection", "kitchen hygiene",
    "solar panels", "divorce proceedings", "avalanche warnings", "visa sponsorship",
    "wheelchair ramps", "vineyard irrigation", "elevator maintenance", "jury duty",
    "noise barriers", "swimming lessons", "museum loans", "ferry timetables", "tree pruning",
    "stage lighting", "poultry feed", "satellite launches", "snow clearance", "choir rehearsals",
    "fireworks storage", "glacier tours", "mushroom cultivation", "piano tuning",
    "pilot licensing", "chimney sweeping", "blood donation", "sabbatical leave",
)  # fmt: skip
_ROLE_WORDS = frozenset(
    """
    supplier buyer seller customer client company contractor consultant licensee licensor
    distributor manufacturer franchisee franchisor landlord tenant lender borrower vendor
    sponsor publisher executive employee employer agent provider recipient affiliate party
    parties nurse clinician physician doctor patient officer manager technician
    coordinator inspector operator user student teacher author editor director shareholder
    investor insurer carrier shipper transporter owner administrator auditor driver pilot
    visitor resident member
""".split()
)
_ROLE = re.compile(r"\b[A-Za-z]{4,20}\b")
_COMMON = content_stems("day month year week hour date business calendar term agreement part")
_NAME = re.compile(r"(?<=[a-z,] )(?<!Business )[A-Z][a-z]{3,20}\b(?! [A-Z])")


@dataclass(frozen=True, slots=True)
class UnanswerableQuestion:
    """An unanswerable question, how it was made, and why nothing answers it."""

    question: str
    sort: str
    why: str
    score: float
    document: str = ""


def swapped(
    candidates: Sequence[Candidate], index: WordIndex, rng: random.Random
) -> list[UnanswerableQuestion]:
    """Put a role or term that the library doesn't hold into drafted questions."""
    roles = [role for role in _ROLES if not index.holds(role)]
    names = [name for name in _NAMES if not index.holds(name.lower())]
    terms = [term for term in _TERMS if _is_far(term, index)]
    rng.shuffle(roles)
    rng.shuffle(names)
    rng.shuffle(terms)
    made: list[UnanswerableQuestion] = []
    for candidate in candidates:
        if candidate.kind == DEFINITION and candidate.question.startswith("What does"):
            made.extend(_other_term(candidate, terms))
        elif candidate.kind in (CLOZE, TABLE) and roles:
            made.extend(_other_role(candidate, roles, names, len(made)))
    return made


def _other_term(candidate: Candidate, terms: list[str]) -> Iterator[UnanswerableQuestion]:
    if terms:
        term = terms.pop()
        why = f'no page holds "{term}"'
        yield UnanswerableQuestion(
            f'What does "{term}" mean?', SWAPPED, why, 0.7, candidate.document
        )


def _names(question: str) -> Iterator[re.Match[str]]:
    return (m for m in _NAME.finditer(question) if stem(m.group().lower()) not in _COMMON)


def _other_role(
    candidate: Candidate, roles: Sequence[str], names: Sequence[str], number: int
) -> Iterator[UnanswerableQuestion]:
    question = candidate.question
    if question.startswith(("Complete", "In ")):
        return
    found = (m for m in _ROLE.finditer(question, 1) if m.group().lower() in _ROLE_WORDS)
    match = next(found, None)
    if match:
        old, new = match.group(), roles[number % len(roles)]
        new = new.capitalize() if old[0].isupper() else new
        new += "s" if old.endswith("s") and not old.endswith("ss") else ""
    elif names and (match := next(_names(question), None)):
        old, new = match.group(), names[number % len(names)]
    else:
        return
    changed = f"{question[: match.start()]}{new}{question[match.end() :]}"
    why = f'no page holds "{new}"; the documents say "{old}"'
    yield UnanswerableQuestion(changed, SWAPPED, why, candidate.score - 0.05, candidate.document)


def elsewhere(
    candidates: Sequence[Candidate],
    titles: Sequence[tuple[int, str, str]],
    index: WordIndex,
    rng: random.Random,
) -> list[UnanswerableQuestion]:
    """Ask one document for a heading of another one.

    `titles` are (id, name, title) of documents whose title is theirs alone. That the words of
    the heading stand together on no page of the document asked is what makes it certain.
    """
    made: list[UnanswerableQuestion] = []
    headed = [c for c in candidates if c.kind == HEADING and _is_topic(c)]
    if len(titles) < 2:
        return made
    for candidate in headed:
        number, name, title = titles[rng.randrange(len(titles))]
        wanted = content_stems(candidate.subject)
        if name == candidate.document or number in index.together(wanted):
            continue
        question = f'What does "{title}" say about {candidate.subject}?'
        why = f'"{name}" says nothing of it; "{candidate.document}" does'
        made.append(UnanswerableQuestion(question, ELSEWHERE, why, 0.55, name))
    return made


def _is_topic(candidate: Candidate) -> bool:
    return (
        candidate.question.startswith("What is said about")
        and len(content_stems(candidate.subject)) > 1
    )


def far(index: WordIndex, rng: random.Random) -> list[UnanswerableQuestion]:
    """Ask for topics of everyday life of which no page holds any word."""
    topics = [topic for topic in _TOPICS if _is_far(topic, index)]
    rng.shuffle(topics)
    return [
        UnanswerableQuestion(f"What is said about {topic}?", FAR, f'no page holds "{topic}"', 0.5)
        for topic in topics
    ]


def _is_far(topic: str, index: WordIndex) -> bool:
    return not any(index.holds(word) for word in words(topic))
