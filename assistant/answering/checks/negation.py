"""Detect a sentence that denies what its passage says, or says what the passage denies.

A sentence is laid beside the sentences that it quotes, word by word (Ratcliff and Obershelp
1988, as `difflib` has it). A negation that stands on one side only, in what the two share,
turns the meaning round; so does a word in the place of its opposite.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from assistant.text.stop_words import STOP_WORDS
from assistant.text.words import stem

NOT = "<not>"
_MOST_WORDS = 160
_REACH = 3
"""Words before the first shared one in which a negation still belongs to it."""

_NEGATIONS = frozenset(
    """
    not never no none nobody nothing neither nor without except unless cannot hardly fails failed
    refuses refused lacks lacked excluding
    """.split()
)
_WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)*|[,;:()\u2014]")
_BOUNDS = re.compile(
    r"\b(?:(?:not|no)\s+(?:later|earlier|more|less|fewer|longer|greater|sooner)\s+than"
    r"|not\s+(?:to\s+)?exceed(?:ing)?|not\s+(?:only|just|merely|least|limited)|no\s+doubt"
    r"|no\.?\s*(?=\d)|whether\s+or\s+not|if\s+not)\b",
    re.IGNORECASE,
)
_BREAKS = frozenset(",;:()\u2014")
_CLAUSE_WORDS = frozenset("but and or which who that while although because if when".split())


def _key(word: str) -> str:
    """Return by what a word is compared: its stem. A stop word's would be no stop word."""
    return word if word in STOP_WORDS else stem(word)


_OPPOSITES = """
    may/must may/shall can/must before/after more/less more/fewer most/least maximum/minimum
    increase/decrease increase/reduce rise/fall rose/fell above/below over/under higher/lower
    greater/smaller longer/shorter accept/reject allow/prohibit allow/forbid permit/prohibit
    permit/forbid allowed/prohibited allowed/forbidden permitted/prohibited permitted/forbidden
    include/exclude with/without first/last buy/sell win/lose won/lost begin/end start/stop
    import/export always/never all/none mandatory/optional required/optional
    required/prohibited public/private internal/external early/late
    earlier/later open/closed agree/refuse agreed/refused grant/deny granted/denied
    true/false valid/void valid/invalid success/failure positive/negative north/south
    east/west northern/southern eastern/western buyer/seller landlord/tenant lessor/lessee
    licensor/licensee employer/employee supplier/customer oldest/youngest
    largest/smallest highest/lowest best/worst inside/outside
    inclusive/exclusive gain/loss
    """
_OPPOSITE: dict[str, set[str]] = {}
for _pair in _OPPOSITES.split():
    _one, _, _other = _pair.partition("/")
    _OPPOSITE.setdefault(_key(_one), set()).add(_key(_other))
    _OPPOSITE.setdefault(_key(_other), set()).add(_key(_one))
_VERDICT = re.compile(r"\A\s*(?:[-*\u2022]\s+)?(yes|no)\b\s*[,.:;\u2014-]\s*(?=\S)", re.IGNORECASE)
_PREFIXES = ("un", "in", "im", "il", "ir", "non", "dis")


@dataclass(frozen=True, slots=True)
class Words:
    """A text as words to compare: stems, negations all alike, breaks of clauses marked."""

    keys: tuple[str, ...]
    surfaces: tuple[str, ...]

    @classmethod
    def of(cls, text: str) -> Words:
        """Take at most the first 160 words of `text`."""
        plain = _BOUNDS.sub(lambda m: re.sub(r"\W+", "", m.group()), text.replace("\u2019", "'"))
        keys: list[str] = []
        surfaces: list[str] = []
        for match in _WORD.finditer(plain):
            if len(keys) >= _MOST_WORDS:
                break
            word = match.group().lower()
            if word.endswith("n't") or word == "cannot":
                keys += [word.removesuffix("n't").removesuffix("not"), NOT]
                surfaces += [match.group(), match.group()]
            else:
                keys.append(NOT if word in _NEGATIONS else _key(word))
                surfaces.append(match.group())
        return cls(tuple(keys), tuple(surfaces))

    def denies(self) -> bool:
        """Tell whether there is any negation."""
        return NOT in self.keys


@dataclass(frozen=True, slots=True)
class Aligned:
    """Words of a claim and of its source that have no partner, where the two overlap."""

    claim: Words
    source: Words
    claim_only: tuple[int, ...]
    source_only: tuple[int, ...]
    source_after: tuple[int, ...]
    """Words right after the last shared one, in its clause: one may stand for an opposite."""


def align(claim: Words, source: Words) -> Aligned | None:
    """Lay a claim beside its source; None if they share no word that says something."""
    blocks = SequenceMatcher(None, claim.keys, source.keys, autojunk=False).get_matching_blocks()
    pairs = [(b.a + n, b.b + n) for b in blocks for n in range(b.size)]
    telling = [pair for pair in pairs if _telling(claim.keys[pair[0]])]
    if not telling:
        return None
    first, last = telling[0][1], telling[-1][1]
    begin, end = _clause_end(source, first, -1), _clause_end(source, last, 1)
    mine, theirs = {a for a, _ in pairs}, {b for _, b in pairs}
    return Aligned(
        claim,
        source,
        tuple(a for a in range(len(claim.keys)) if a not in mine),
        tuple(b for b in range(begin, last + 1) if b not in theirs),
        tuple(b for b in range(last + 1, end + 1) if b not in theirs),
    )


def _telling(key: str) -> bool:
    return key not in STOP_WORDS and key not in _BREAKS and key != NOT


def _clause_end(source: Words, at: int, step: int) -> int:
    """Return the last word before (`step` -1) or after `at` in its clause, a few on at most."""
    for _ in range(_REACH):
        beside = at + step
        if not 0 <= beside < len(source.keys) or source.keys[beside] in _BREAKS | _CLAUSE_WORDS:
            break
        at = beside
    return at


def negation_flipped(aligned: Aligned, asked: Words) -> str | None:
    """Return the negation that stands on one side only; None if there is none.

    A claim may deny what the question denies already, and deny the same thing twice.
    """
    claim, source = aligned.claim, aligned.source
    mine = _unanswered(claim, aligned.claim_only, source)
    theirs = _unanswered(source, aligned.source_only, claim)
    if mine is not None and theirs is None and not asked.denies():
        return claim.surfaces[mine]
    if theirs is not None and mine is None:
        return source.surfaces[theirs]
    return None


def _unanswered(words: Words, alone: Sequence[int], other: Words) -> int | None:
    """Return the first negation without a partner that denies what `other` does not deny."""
    denied = {key for at, key in enumerate(other.keys) if key == NOT for key in _after(other, at)}
    for at in alone:
        if words.keys[at] == NOT and denied.isdisjoint(_after(words, at)):
            return at
    return None


def _after(words: Words, at: int) -> list[str]:
    """Return what a negation denies: the next two words that say something."""
    return [key for key in words.keys[at + 1 : at + 1 + 2 * _REACH] if _telling(key)][:2]


def opposite_word(aligned: Aligned) -> tuple[str, str] | None:
    """Return (the claim's word, the source's) that stand for each other and are opposites."""
    claimed = {aligned.claim.keys[a]: a for a in reversed(aligned.claim_only)}
    sourced = {
        aligned.source.keys[b]: b for b in reversed((*aligned.source_only, *aligned.source_after))
    }
    more = Counter(aligned.claim.keys)
    more.subtract(Counter(aligned.source.keys))
    for key, at in claimed.items():
        if more[key] <= 0:
            continue
        for other in opposites_of(key, sourced):
            if more[other] < 0:
                return aligned.claim.surfaces[at], aligned.source.surfaces[sourced[other]]
    return None


def opposites_of(key: str, among: Collection[str]) -> list[str]:
    """Return those of some stems that are opposites of the stem `key`."""
    listed = [other for other in _OPPOSITE.get(key, ()) if other in among]
    longer = [prefix + key for prefix in _PREFIXES if prefix + key in among]
    shorter = [
        key.removeprefix(prefix)
        for prefix in _PREFIXES
        if key.startswith(prefix) and len(key) > len(prefix) + 3 and key[len(prefix) :] in among
    ]
    return listed + (longer if len(key) > 3 else []) + shorter


def without_verdict(text: str) -> str:
    """Leave out the "Yes," or "No," before what a sentence says."""
    return _VERDICT.sub("", text)


def wrong_verdict(text: str, question: str) -> str | None:
    """Return the "Yes" or "No" that does not go with the rest of its sentence; None if it does.

    "Yes, the tenant may not sublet". Where the question denies something itself, either may.
    """
    verdict = _VERDICT.match(text)
    if verdict is None or Words.of(question).denies():
        return None
    denied = Words.of(text[verdict.end() :]).denies()
    return verdict[1] if denied == (verdict[1].lower() == "yes") else None


def cut_negation(before: Sequence[str]) -> str | None:
    """Return the negation at which a quote was cut: the words `before` it end with it."""
    for word in reversed(before[-2:]):
        lower = word.lower().replace("\u2019", "'")
        if lower in _NEGATIONS or lower.endswith("n't"):
            return word
        if lower not in ("be", "to", "been", "the", "a", "any"):
            return None
    return None
