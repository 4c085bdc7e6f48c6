"""Made passages in which things have codes, and questions for one of them, or for one that is not.

Public question sets hardly ever ask for part numbers, sections or lots; offices and workshops
do. What is learned is that one sign makes another thing.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from convert.base_model import read_json
from convert.reader.number_changes import other_code
from convert.reader.reading_samples import ReadingSample

_LETTERS = "ABCDEFGHKLMPRSTX"
_MONTHS = ("January", "March", "April", "May", "June", "July", "September", "October", "November")
_NAMES = (
    "Anna Keller", "Anne Keller", "Martin Hale", "Marten Hale", "J. Novak", "L. Novak",
    "Ruth Owens", "Ruth Owen", "Peter Lindqvist", "Petra Lindqvist", "Dr. Sato", "Dr. Saito",
    "Omar Haddad", "Omer Haddad",
)  # fmt: skip
"""Pairs that are easily mixed up."""

_FACTS = Path(__file__).with_name("code_tables.json")
_Fact = tuple[str, str, tuple[str, ...]]


def facts() -> tuple[_Fact, ...]:
    """Return (kind of thing, statement about one, questions that it answers).

    `{}` stands for the code, `{v}` for what is told of it.
    """
    table: dict[str, list[dict[str, Any]]] = read_json(_FACTS)
    return tuple(
        (kind, fact["statement"], tuple(fact["questions"]))
        for kind, told in table.items()
        for fact in told
    )


def code_samples(count: int, share_without: float, rng: random.Random) -> list[ReadingSample]:
    """Return `count` samples, `share_without` of them about a code that the passage lacks."""
    known = facts()
    return [_sample(known, rng, without=rng.random() < share_without) for _ in range(count)]


def _sample(known: Sequence[_Fact], rng: random.Random, *, without: bool) -> ReadingSample:
    kind = rng.choice([fact[0] for fact in known])
    own_facts = [fact for fact in known if fact[0] == kind]
    code = _code(kind, rng)
    codes = [code, *(_alike(kind, code, rng) for _ in range(rng.randint(1, 3)))]
    codes = list(dict.fromkeys(codes))
    absent = codes.pop() if without and len(codes) > 1 else _alike(kind, code, rng)
    told = [(c, fact, _value(fact[1], rng)) for c in codes for fact in own_facts]
    told = rng.sample(told, min(len(told), rng.randint(2, 6)))
    asked, fact, value = rng.choice(told)
    sentences = [f[1].replace("{v}", v).format(c) for c, f, v in told]
    passage = " ".join(sentences)
    wording = rng.choice(fact[2])
    if without and absent not in codes:
        return ReadingSample("code, unanswered", wording.format(absent), passage, None, 0)
    own = sentences[told.index((asked, fact, value))]
    start = passage.index(own) + own.rindex(value)
    span = start, start + len(value)
    return ReadingSample("code", wording.format(asked), passage, span, start)


def _code(kind: str, rng: random.Random) -> str:
    a, b, c = (rng.choice(_LETTERS) for _ in range(3))
    n = rng.randint(2, 9999)
    small = rng.randint(1, 40)
    made = {
        "part": (f"{a}{b}-{n}/{c}", f"{a}{b}{n}", f"{n}-{small}", f"{a}-{small}.{n % 10}"),
        "section": (
            f"section {small}({n % 9 + 1})", f"§ {small}({n % 9 + 1})",
            f"clause {small}.{n % 9 + 1}",
            f"Article {small}", f"Annex {rng.choice(['I', 'II', 'III', 'IV', 'V', 'VI'])}",
        ),
        "lot": (f"{a}{n}", f"{n}{a}", f"20{small + 10}-{n % 100:02d}"),
        "invoice": (f"{n}", f"20{n % 30:02d}/{small}", f"{a}{b}-{n}"),
        "type": (f"type {a}", f"class {n % 9 + 1}", f"grade {a}{n % 5 + 1}"),
        "person": _NAMES,
    }  # fmt: skip
    return rng.choice(made[kind])


def _alike(kind: str, code: str, rng: random.Random) -> str:
    if kind == "person":
        at = _NAMES.index(code) ^ 1
        return _NAMES[at] if rng.random() < 0.6 else rng.choice(_NAMES)
    word, _, number = code.rpartition(" ")
    if word == "Annex":
        return f"Annex {rng.choice(['I', 'II', 'III', 'IV', 'V', 'VI', 'VII', 'IX'])}"
    return f"{word} {other_code(number, rng)}".strip()


def _value(fact: str, rng: random.Random) -> str:
    n = rng.randint(2, 95)
    date = f"{rng.randint(1, 28)} {rng.choice(_MONTHS)} 20{rng.randint(10, 27)}"
    values = {
        "torque": f"{n} Nm", "weighs": f"{n}.{rng.randint(1, 9)} kg", "kept": f"shelf {n}",
        "holds": f"{n * rng.choice([1, 10])} pieces", "notice": f"{n} days", "fee": f"EUR {n * 10}",
        "over": f"EUR {n},{rng.randint(100, 999)}", "responsible": rng.choice(_NAMES),
        "approved": rng.choice(_NAMES), "checked": f"{n} months", "dose": f"{n / 2} mg",
        "room": f"{rng.choice('ABCD')}{n}",
    }  # fmt: skip
    return next((value for word, value in values.items() if word in fact), date)
