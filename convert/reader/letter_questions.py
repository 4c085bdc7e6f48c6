"""Made letter heads, and questions for who wrote to whom, when, and of what.

In a letter the date, the sender and the subject stand alone on their lines, without a sentence that
says what they are. Public question sets have no such passages.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

from convert.reader.attribute_statements import made_words
from convert.reader.attribute_values import attribute_value
from convert.reader.reading_samples import ReadingSample

_QUESTIONS: Mapping[str, Sequence[str]] = {
    "sender": (
        "Who wrote the letter?", "Who sent this letter?", "From whom is the letter?",
        "Who is the sender?",
    ),
    "recipient": (
        "To whom is the letter addressed?", "Who is the recipient?", "Who received the letter?",
        "Who was written to?",
    ),
    "date": (
        "When was the letter written?", "What is the date of the letter?", "Of what date is it?",
        "When was this sent?",
    ),
    "subject": ("What is the letter about?", "What is the subject?", "What does it concern?"),
    "reference": ("What is the reference?", "Under what reference was it written?",
                  "What is the file number?"),
    "telephone": ("What is the sender's telephone number?", "Which number can be called?"),
}  # fmt: skip
_SUBJECTS = (
    "Your complaint of last week", "Termination of the lease", "Invoice 4711", "Change of address",
    "Repair of the roof", "Annual inspection", "Appointment in the heart clinic", "Final reminder",
    "Offer for the spare parts", "Discharge from hospital", "Notice of defects", "Parking permit",
)  # fmt: skip
_CLOSINGS = ("Yours sincerely,", "Kind regards,", "Yours faithfully,", "Best wishes,")
_LABELS: Mapping[str, Sequence[str]] = {
    "sender": ("From: ", "Sender: ", ""),
    "recipient": ("To: ", "For: ", ""),
    "date": ("Date: ", "", ""),
    "subject": ("Re: ", "Subject: ", "Concerning: "),
    "reference": ("Our ref.: ", "Ref. ", "File no. "),
    "telephone": ("Tel. ", "Telephone: ", "Phone "),
}


def letter_samples(
    count: int, share_without: float, rng: random.Random, fillers: Sequence[str] = ()
) -> list[ReadingSample]:
    """Return `count` samples, `share_without` of them for what the letter lacks."""
    return [_sample(rng, fillers, without=rng.random() < share_without) for _ in range(count)]


def _sample(rng: random.Random, fillers: Sequence[str], *, without: bool) -> ReadingSample:
    sender, recipient = _two_people(rng)
    values = {
        "sender": sender, "recipient": recipient,
        "date": attribute_value("date", made_words(), rng), "subject": rng.choice(_SUBJECTS),
        "reference": f"{rng.choice('ABKLRST')}{rng.randint(10, 999)}/{rng.randint(10, 30)}",
        "telephone": attribute_value("phone", made_words(), rng),
    }  # fmt: skip
    order = ["sender", "recipient", "date", "subject"]
    order += [kind for kind in ("reference", "telephone") if rng.random() < 0.5]
    absent = [kind for kind in ("date", "subject", "reference", "telephone") if kind not in order]
    if without and not absent:
        absent = [rng.choice(order[2:])]
    asked = rng.choice(absent) if without else rng.choice(order)
    order = [kind for kind in order if not without or kind != asked]
    rng.shuffle(order)
    lines, at = _lines(order, values, asked, rng)
    lines.append("")
    lines.append(f"Dear {values['recipient']},")
    lines += [rng.choice(fillers) for _ in range(rng.randint(1, 3)) if fillers]
    lines += [rng.choice(_CLOSINGS), values["sender"]]
    passage, question = "\n".join(lines), rng.choice(_QUESTIONS[asked])
    if without:
        return ReadingSample("letter, unanswered", question, passage, None, 0)
    return ReadingSample("letter", question, passage, (at, at + len(values[asked])), at)


def _lines(
    order: Sequence[str], values: Mapping[str, str], asked: str, rng: random.Random
) -> tuple[list[str], int]:
    lines: list[str] = []
    at = length = 0
    for kind in order:
        # Two names without a label could be either's.
        bare = kind in ("sender", "recipient") and len(lines) > 0
        label = rng.choice(_LABELS[kind][:2] if bare else _LABELS[kind])
        if kind == "recipient" and not label:
            label = _LABELS[kind][0]
        if kind == asked:
            at = length + len(label)
        lines.append(f"{label}{values[kind]}")
        length += len(lines[-1]) + 1
    return lines, at


def _two_people(rng: random.Random) -> list[str]:
    words = made_words()
    return rng.sample([*words["person"], *words["firm"]], 2)
