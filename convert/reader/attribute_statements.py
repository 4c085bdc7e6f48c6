"""Made passages that say a thing in other words than the question does.

People ask for "the maximum load" where the sign says "carries at most 630 kg", and for "the dose
given" where the letter says "was treated with 2.5 mg". Public sets and questions made of a
sentence's own words teach a reader that a word which is missing means "no answer". Here each
attribute of a thing has several statements and several questions that share few words, so that
what has to be learned is the attribute. Without an answer are questions for another attribute
that is told in the same unit, or for another thing.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from convert.base_model import read_json
from convert.reader.attribute_values import attribute_value
from convert.reader.reading_samples import ReadingSample

_FILE = Path(__file__).with_name("attribute_statements.json")
_LABEL = re.compile(r"What (?:is|are|was) the (?P<label>[^{}]+?)(?: of| in| for| to)? \{[xd]\}\?")
_HELD_OUT = 8
"""Every eighth attribute is never trained on: `attribute_samples(held_out=True)` asks for it."""

_LATER = {
    "vehicle": "it", "machine": "it", "drug": "it", "building": "it", "trip": "it",
    "project": "it", "contract": "it", "patient": "the patient", "employee": "the employee",
}  # fmt: skip
"""How a thing is named once a passage has said which it is."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """What can be told of a kind of thing; `{x}` is the thing, `{v}` the value, `{d}` a detail."""

    subject: str
    value: str
    statements: tuple[str, ...]
    questions: tuple[str, ...]

    @property
    def label(self) -> str:
        """The attribute's name as a form has it; empty if no question holds one."""
        labels = (match["label"] for q in self.questions if (match := _LABEL.fullmatch(q)))
        return next(labels, "").capitalize()


@dataclass(frozen=True, slots=True)
class _Told:
    attribute: Attribute
    text: str
    value: str
    filling: Mapping[str, str]


def attribute_samples(
    count: int,
    share_without: float,
    rng: random.Random,
    fillers: Sequence[str] = (),
    *,
    held_out: bool = False,
) -> list[ReadingSample]:
    """Return `count` samples, `share_without` of them without an answer.

    `fillers` are sentences of real texts that stand between the made ones in half of the
    passages. With `held_out` only attributes that are never trained on are asked for.
    """
    table = _table()
    by_kind: dict[str, list[Attribute]] = {}
    for number, attribute in enumerate(table.attributes):
        if (number % _HELD_OUT == 0) == held_out:
            by_kind.setdefault(attribute.subject, []).append(attribute)
    kinds = [kind for kind, known in sorted(by_kind.items()) if len(known) > 1]
    weights = [len(by_kind[kind]) for kind in kinds]
    return [
        _sample(by_kind[kind], table, fillers, rng, without=rng.random() < share_without)
        for kind in rng.choices(kinds, weights, k=count)
    ]


@dataclass(frozen=True, slots=True)
class _Table:
    names: Mapping[str, Sequence[str]]
    words: Mapping[str, Sequence[str]]
    details: Mapping[str, Sequence[str]]
    attributes: tuple[Attribute, ...]


@cache
def _table() -> _Table:
    table: dict[str, Any] = read_json(_FILE)
    attributes = tuple(
        Attribute(a["subject"], a["value"], tuple(a["statements"]), tuple(a["questions"]))
        for a in table["attributes"]
    )
    return _Table(table["names"], table["words"], table["details"], attributes)


def made_words() -> Mapping[str, Sequence[str]]:
    """Return the words that a value may be, by its kind."""
    return _table().words


def _sample(
    known: Sequence[Attribute],
    table: _Table,
    fillers: Sequence[str],
    rng: random.Random,
    *,
    without: bool,
) -> ReadingSample:
    kind = known[0].subject
    name, other = rng.sample(list(table.names[kind]), 2)
    chosen = rng.sample(known, min(len(known), rng.randint(2, 6)))
    told_apart = _is_specific(name) and _is_specific(other)
    about_missing = without and not (told_apart and rng.random() < 0.4)
    missing = _missing(chosen, known, rng) if about_missing else None
    as_form = rng.random() < 0.25
    told = [_told(a, name, table, rng, as_form=as_form) for a in chosen]
    asked = rng.choice(told)
    question = rng.choice((missing or asked.attribute).questions)
    filling = _filling(missing, name, table, rng) if missing else asked.filling
    about_other = without and not about_missing
    subject = other if about_other else name
    text = question.replace("{x}", subject).replace("{d}", filling.get("d", ""))
    if not about_other and rng.random() < 0.2:
        text = _without_subject(question) or text
    passage, at = _passage(told, asked, name, kind, fillers, rng, as_form=as_form)
    if missing or about_other:
        return ReadingSample("attribute, unanswered", text, passage, None, at[0])
    return ReadingSample("attribute", text, passage, at, at[0])


def _is_specific(name: str) -> bool:
    """Whether a thing has a name of its own: "the lease" may be "this contract" as well."""
    return name[0].isupper() or any(sign.isdigit() for sign in name)


def _missing(
    chosen: Sequence[Attribute], known: Sequence[Attribute], rng: random.Random
) -> Attribute | None:
    """Return an attribute that is not told, at best one with the unit of one that is."""
    units = {attribute.value for attribute in chosen}
    others = [attribute for attribute in known if attribute not in chosen]
    alike = [attribute for attribute in others if attribute.value in units]
    return rng.choice(alike or others) if others else None


def _told(
    attribute: Attribute, name: str, table: _Table, rng: random.Random, *, as_form: bool
) -> _Told:
    filling = _filling(attribute, name, table, rng)
    value = attribute_value(attribute.value, table.words, rng)
    statement = rng.choice(attribute.statements)
    if as_form and attribute.label:
        detail = f" ({filling['d']})" if filling["d"] else ""
        statement = f"{attribute.label}{detail}: {{v}}"
    return _Told(attribute, statement, value, filling)


def _filling(attribute: Attribute, name: str, table: _Table, rng: random.Random) -> dict[str, str]:
    needed = any("{d}" in text for text in attribute.statements)
    own = f"{attribute.subject}-{attribute.value}"
    choices = table.details.get(own) or table.details.get(attribute.subject, ("",))
    return {"x": name, "d": rng.choice(list(choices)) if needed else ""}


def _without_subject(question: str) -> str | None:
    """Return "What is the maximum load?" for "What is the maximum load of {x}?"; None if odd."""
    if "{d}" in question or not question.endswith((" of {x}?", " in {x}?", " for {x}?")):
        return None
    return question.rsplit(" ", 2)[0] + "?"


def _passage(
    told: Sequence[_Told],
    asked: _Told,
    name: str,
    kind: str,
    fillers: Sequence[str],
    rng: random.Random,
    *,
    as_form: bool,
) -> tuple[str, tuple[int, int]]:
    """Return a passage and where the value that is asked for stands in it."""
    pieces: list[tuple[str, _Told | None]] = []
    for number, one in enumerate(told):
        later = number > 0 and rng.random() < 0.5
        subject = _LATER[kind] if later else name
        pieces.append((one.text.replace("{x}", subject).replace("{d}", one.filling["d"]), one))
    if as_form:
        pieces.insert(0, (name, None))
    elif fillers and rng.random() < 0.5:
        for _ in range(rng.randint(1, 4)):
            pieces.insert(rng.randint(0, len(pieces)), (rng.choice(fillers), None))
    separator = rng.choice(("\n", "\n", " ")) if as_form else " "
    passage, at = "", (0, 0)
    for text, told_here in pieces:
        passage += separator if passage else ""
        if told_here is None:
            passage += text[:1].upper() + text[1:]
            continue
        before, after = text.split("{v}", 1)
        start = len(passage) + len(before)
        whole = f"{before}{told_here.value}{after}"
        passage += whole[:1].upper() + whole[1:]
        if told_here is asked:
            at = start, start + len(told_here.value)
    return passage, at
