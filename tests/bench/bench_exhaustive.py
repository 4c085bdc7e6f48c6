"""Questions to every document, over made leases of which it is known what they hold.

    python -m tests.bench.bench_exhaustive [--documents N] [--questions N] [--json FILE]

**Made leases.** Each holds some of eight clauses, in one of three wordings, among sentences that
all have. Nothing of them was trained on, and the wordings avoid most words of the questions.

**Figures.** Over questions "Which leases have ...?" and "Which leases lack ...?": the precision
of what is said to match; the share of the truly matching leases that is said to match, or is
named as doubtful; and whether each answer read all. A lease that lacks a clause and is named as
doubtful costs nothing but a look.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Sequence
from dataclasses import dataclass

from assistant.config import load_settings
from assistant.engine.engine_loader import load_embedder, load_reader
from assistant.tabular.exhaustive_answer import answer_by_all
from assistant.tabular.exhaustive_question import exhaustive
from assistant.types import Finished
from tests.bench.libraries import library_of, text_number
from tests.bench.qa_data import Text
from tests.bench.report import Figure, add_json_option, at_least, models_folder, publish

SEED = 16
CLAUSES = {
    "an insurance clause": (
        "The tenant shall insure the premises against fire.",
        "Insurance against fire and water must be carried by the tenant.",
        "The landlord keeps the building insured and recovers the premium.",
    ),
    "a break clause": (
        "Either party may end this lease after the third year by six months' notice.",
        "The tenant can terminate the lease early, at the end of year two.",
        "A break clause allows the tenant to leave after 24 months.",
    ),
    "a deposit": (
        "The tenant pays a deposit of EUR 3,000 when the keys are handed over.",
        "A deposit equal to two months' rent is held by the landlord.",
        "The security deposit is returned within 30 days after the end.",
    ),
    "a parking space": (
        "One parking space in the yard belongs to the premises.",
        "The tenant may use parking space number 14.",
        "Two spaces for parking are let with the premises.",
    ),
    "an option to renew": (
        "The tenant has an option to renew the lease for five years.",
        "The lease may be renewed by the tenant once, for three years.",
        "An option for renewal can be exercised six months before the end.",
    ),
    "a guarantor": (
        "Ada Quill is the guarantor of the tenant's obligations.",
        "The rent is guaranteed by the tenant's parent company.",
        "A guarantor signs this lease together with the tenant.",
    ),
    "a ban on pets": (
        "Pets are not allowed on the premises.",
        "The tenant shall keep no dogs, cats or other pets.",
        "Keeping pets is forbidden.",
    ),
    "a rent review": (
        "The rent is reviewed every three years.",
        "On each third anniversary a rent review takes place.",
        "A review of the rent follows the consumer price index.",
    ),
}
_SAME = (
    "The landlord lets the premises at {n} Harbour Street to the tenant.",
    "The rent is due on the first working day of each month.",
    "The tenant keeps the premises clean and gives the keys back at the end.",
    "The landlord may enter the premises after written notice.",
)


@dataclass(frozen=True)
class Lease:
    text: str
    holds: frozenset[str]


def leases(count: int, draw: random.Random) -> list[Lease]:
    made = []
    for number in range(count):
        holds = [clause for clause in CLAUSES if draw.random() < 0.4]
        said = [sentence.format(n=number + 1) for sentence in _SAME]
        said += [draw.choice(CLAUSES[clause]) for clause in holds]
        draw.shuffle(said)
        made.append(Lease(f"Lease {number + 1}\n\n" + "\n\n".join(said), frozenset(holds)))
    return made


def questions(count: int) -> list[tuple[str, str, bool]]:
    """Return (question, clause, whether the leases without it are asked for)."""
    found = [
        (form.format(clause), clause, lacking)
        for form, lacking in (
            ("Which leases have {}?", False),
            ("Which leases lack {}?", True),
            ("How many of the leases contain {}?", False),
            ("List all leases without {}.", True),
            ("In which leases is there {}?", False),
        )
        for clause in CLAUSES
    ]
    return found[:count]


def judged(
    made: Sequence[Lease], asked: Sequence[tuple[str, str, bool]]
) -> tuple[list[Figure], dict[str, dict[str, int]]]:
    settings = load_settings(models_folder().parent)
    reader, embedder = load_reader(settings), load_embedder(settings)
    assert reader is not None
    right = said = truly = looked = covered = 0
    details: dict[str, dict[str, int]] = {}
    with library_of([Text("", "", lease.text) for lease in made], embedder) as store:
        records = store.documents()
        for question, clause, lacking in asked:
            found = exhaustive(question)
            assert found is not None, question
            *_, last = answer_by_all(question, found, records, store, reader, "")  # type: ignore[arg-type]
            assert isinstance(last, Finished)
            coverage = last.answer.coverage
            assert coverage is not None
            truth = {n for n, lease in enumerate(made) if (clause in lease.holds) != lacking}
            match = {text_number(name) for name in coverage.matching}
            doubt = {text_number(place.document) for place in coverage.doubtful}
            covered += coverage.read == len(made) == coverage.documents
            right += len(match & truth)
            said += len(match)
            truly += len(truth)
            looked += len((match | doubt) & truth)
            details[question] = {
                "true": len(truth), "matching": len(match), "right": len(match & truth),
                "doubtful": len(doubt),
            }  # fmt: skip
    figures = [
        at_least(
            "answers that read all", covered / len(asked), 1.0, note=f"{len(asked)} questions"
        ),
        at_least("precision of what matches", right / max(said, 1), 0.9, note=f"{said} said"),
        at_least(
            "recall, confirmed or doubtful", looked / max(truly, 1), 0.95, note=f"{truly} true"
        ),
        Figure("recall, confirmed", right / max(truly, 1)),
    ]
    return figures, details


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    add_json_option(parser)
    parser.add_argument("--documents", type=int, default=60)
    parser.add_argument("--questions", type=int, default=40)
    options = parser.parse_args()
    made = leases(options.documents, random.Random(SEED))
    figures, details = judged(made, questions(options.questions))
    publish("questions to every document", figures, details, options.json)


if __name__ == "__main__":
    main()
