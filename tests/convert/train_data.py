"""Small datasets for the tests of training: real prompts, made-up documents."""

from __future__ import annotations

from pathlib import Path

from assistant.prompts import REFUSAL, PromptPassage, build_messages
from assistant.types import Message
from convert.train.settings import TrainSettings
from convert.training_samples import TRAIN_FILE, VALIDATION_FILE, Sample, write_samples

PLACES = ("Ulm", "Graz", "Basel", "Trier", "Lund", "Ghent", "Porto", "Turku")
TINY = TrainSettings(
    rank=4,
    alpha=8,
    learning_rate=5e-3,
    samples_per_step=6,
    row_tokens=400,
    max_steps=6,
    epochs=4,
    score_samples=4,
    score_tokens=4,
    evaluate_steps=3,
    checkpoint_minutes=0.0,
    device="cpu",
)
"""Settings with which a run takes seconds."""


def group(number: int) -> list[Sample]:
    """Three questions on one passage; the last one has no answer there."""
    place = PLACES[number % len(PLACES)]
    text = f"The ferry of {place} takes {number + 3} minutes. A ticket costs {number + 20} cents."
    passages = [PromptPassage(f"{place}.pdf", number + 1, text)]
    asked = (
        ("How long does the ferry take?", f"{number + 3} minutes"),
        ("What does a ticket cost?", f"{number + 20} cents"),
        ("Who is the captain?", ""),
    )
    found = []
    for index, (question, answer) in enumerate(asked):
        completion = f'"{answer}"' if answer else REFUSAL
        messages = (*build_messages(question, passages), Message("assistant", completion))
        found.append(
            Sample(
                id=f"s{number}-{index}",
                document=f"doc{number}",
                messages=messages,
                kind="answer" if answer else "refusal",
                group=f"g{number}",
                question=question,
                answers=(answer,) if answer else (),
            )
        )
    return found


def write_dataset(folder: Path, train: int = 8, validation: int = 2) -> Path:
    """Write a dataset with so many groups of three samples each."""
    folder.mkdir(parents=True, exist_ok=True)
    write_samples(folder / TRAIN_FILE, [s for n in range(train) for s in group(n)])
    numbers = range(train, train + validation)
    write_samples(folder / VALIDATION_FILE, [s for n in numbers for s in group(n)])
    return folder
